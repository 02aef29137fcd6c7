"""Every planted place in Python is found with its rule and weight, and nothing else is reported."""

from collections import Counter
from pathlib import Path

import pytest

from fairlead.agents.builtin.code_reviewer.scan import scan
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld
from tests.corpora import review_python
from tests.corpora.marks import Planted, planted
from tests.proves import proves

TABLES = {
    "structure": review_python.STRUCTURE,
    "placeholders": review_python.PLACEHOLDERS,
    "tools": review_python.TOOLS,
}


def written(root: Path, files: dict[str, str]) -> dict[str, Planted]:
    """Write marked files, and give back what must be reported in them."""
    every: dict[str, Planted] = {}
    for path, marked in files.items():
        every[path] = planted(marked, "review")
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(every[path].text)
    return every


def reviewed(root: Path, **inputs: Json) -> Succeeded:
    outcome = scan(inputs, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    return outcome


@pytest.mark.parametrize("name", TABLES)
def test_exactly_what_is_planted_is_found(name: str, tmp_path: Path) -> None:
    files = written(tmp_path, TABLES[name])
    found = reviewed(tmp_path).output["findings"]
    wanted = sorted((path, fault.line, fault.rule) for path, file in files.items() for fault in file.faults)
    wanted += [(path, 0, rule) for path, rule in review_python.OF_FILES.items() if path in files]
    places = Counter((one["path"], one["line"], one["rule"]) for one in found)
    assert (Counter(wanted) - places, places - Counter(wanted)) == (Counter(), Counter())
    weights = {(one["path"], one["line"], one["rule"]): one["severity"] for one in found}
    for path, file in files.items():
        for fault in file.faults:
            if fault.severity is not None:
                assert weights[path, fault.line, fault.rule] == fault.severity, (path, fault)


@proves("D3.1")
def test_sixty_placeholders_are_all_found(tmp_path: Path) -> None:
    """Each in a file of its own, in the forms in which they are left behind."""
    later = "implemented"
    forms = [
        "value = 1  # TO{0}DO read it\n",
        "# FIX{0}ME\nvalue = 1\n",
        "value = 1  # HA{0}CK\n",
        "# X{0}XX what\nvalue = 1\n",
        "# com{0}ing soon\nvalue = 1\n",
        f"# not {{0}}{later} yet\nvalue = 1\n",
        "def page():\n    return 'Com{0}ing soon'\n",
        "def page():\n    return 'lorem ip{0}sum dolor'\n",
        "def page():\n    return {{'text': 'Not imple{0}mented'}}\n",
        "def page():\n    raise NotImplemented{0}Error\n",
        "def page():\n    raise ValueError('not imple{0}mented')\n",
        "class Shop:\n    def pay(self):\n        raise NotImplemented{0}Error('later')\n".replace("later", "not yet"),
        "def save_order(order):\n    pass{0}\n",
        "def send_order(order):\n    '''Send it.'''{0}\n",
        "def check_order(order):\n    return True{0}\n",
        "class Shop:\n    def validate(self, order):\n        return []{0}\n",
        "def mo{0}ck_payment(order):\n    return order.paid\n",
        "__place{0}holder__ = 1\n",
        "API = 'https://api.exam{0}ple.com/v1'\n",
        "def send(a):\n    try:\n        a.send()\n    except Exception:\n        pass{0}\n",
    ]
    files = {f"{number}_{form}.py": text for form, text in enumerate(forms) for number in range(3)}
    assert len(files) == 60
    for path, text in files.items():
        (tmp_path / path).write_text(text.format("") + f"\n\nNUMBER = {path!r}\n")
    found = reviewed(tmp_path).output["findings"]
    assert Counter(one["path"] for one in found) == Counter(files.keys())
    kinds = {one["rule"] for one in found}
    assert kinds == {
        f"review/{name}"
        for name in (
            *("todo-marker", "unfinished-text", "not-implemented", "empty-function", "pretending-function"),
            *("placeholder-name", "example-address", "swallowed-exception"),
        )
    }


# By hand, after McCabe: 1, and one more for each place where the path divides.
KNOWN = {
    "def f():\n    return 1\n": 1,
    "def f(a):\n    if a:\n        return 1\n    return 2\n": 2,
    "def f(a):\n    if a:\n        return 1\n    elif a > 2:\n        return 3\n    else:\n        return 2\n": 3,
    "def f(a):\n    for b in a:\n        while b:\n            b.pop()\n": 3,
    "def f(a):\n    try:\n        a()\n    except ValueError:\n        pass\n    except KeyError:\n        pass\n": 3,
    "def f(a):\n    return [b for b in a]\n": 1,
    "async def f(a):\n    async for b in a:\n        if b:\n            return b\n": 3,
    # The inner function counts for itself: 3 and 2, not 5.
    "def f(a):\n    def g(b):\n        if b:\n            return b\n    if a:\n        for c in a:\n"
    "            g(c)\n": 3,
}


@proves("C9")
@pytest.mark.parametrize("text", KNOWN)
def test_complexity_is_that_of_the_function_itself(text: str, tmp_path: Path) -> None:
    (tmp_path / "f.py").write_text(text)
    metrics = reviewed(tmp_path).output["metrics"]
    assert metrics["complexity_highest"] == {"complexity": KNOWN[text], "path": "f.py", "line": 1, "function": "f"}


def test_the_average_is_over_all_functions_outside_of_tests(tmp_path: Path) -> None:
    for number, text in enumerate(list(KNOWN)[:4]):
        (tmp_path / f"f{number}.py").write_text(text)
    (tmp_path / "test_f.py").write_text(list(KNOWN)[4])
    metrics = reviewed(tmp_path).output["metrics"]
    assert (metrics["functions"], metrics["complexity_average"]) == (4, (1 + 2 + 3 + 3) / 4)
