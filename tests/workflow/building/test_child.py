"""What a Python file does instead of writing a workflow down is told with its code, and its line where it has one."""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fairlead.core.errors import Diagnostic
from fairlead.core.outcomes import Succeeded
from fairlead.core.tools import ToolCode
from fairlead.env.tool_world import LocalToolWorld
from fairlead.workflow.building.built import Built
from fairlead.workflow.building.checked import check_built
from fairlead.workflow.building.child import TREE_BYTES_MAX, build
from tests.proves import proves

HEAD = "from fairlead import Workflow, steps\nwf = Workflow('look')\n"

# What the file holds → code, line and a part of what is said.
SAID: dict[str, tuple[str, str, int, str]] = {
    "no workflow": ("x = 1", "FL-W330", 1, "no workflow"),
    "nothing": ("", "FL-W330", 1, "no workflow"),
    "several": (
        "from fairlead import Workflow\na = Workflow('a')\nb = Workflow('b')",
        "FL-W330",
        1,
        "several workflows: a, b",
    ),
    "no Python": ("x = (\n  1 2\n)", "FL-W331", 2, "not Python"),
    "an error": (HEAD + "def f():\n    return 1 / 0\nf()\n", "FL-W331", 4, "ZeroDivisionError: division by zero"),
    "an end": ("import sys\nsys.exit('done')", "FL-W331", 2, "SystemExit: done"),
    "a module that is not there": ("import nothing_of_that_name", "FL-W331", 1, "nothing_of_that_name"),
    "a name that is not there": (HEAD + "steps_.x", "FL-W331", 3, "NameError"),
    "a NUL": ("x = '\0'", "FL-W331", 1, "null bytes"),
    "endless calls": ("def f(): f()\nf()", "FL-W331", 1, "RecursionError"),
    "a strange message": ("raise ValueError('\\ud800\\0' + 'x' * 999)", "FL-W331", 1, "ValueError: \\ud800�xxx"),
    "a truth test": (HEAD + "\nif steps.a.ok:\n    pass\n", "FL-E021", 4, "no truth value"),
    "an unknown key": (HEAD + "wf.run('a', 'date',\n    tiemout='5m')", "FL-W320", 3, "takes no `tiemout`"),
    "a large workflow": (HEAD + f"wf.run('a', 'x' * {TREE_BYTES_MAX})", "FL-W333", 1, "1,000,000"),
    "a print": (HEAD + "print('one\\n' * 100_000)\nwf.run('a', 'date')", "FL-W334", 1, "400,001 characters"),
}


def answer(text: str, beside: str = "") -> tuple[Any, list[Diagnostic]]:  # the tree, of any shape
    given = performed(text, beside)
    return given["tree"], msgspec.convert(given["diagnostics"], list[Diagnostic])


def performed(text: str, beside: str = "") -> dict[str, Any]:  # as above
    """What the child answers for the file `flow.py`; *beside* is the directory that it lies in."""

    class World(LocalToolWorld):
        root = beside

        def __init__(self) -> None:
            """Nothing of the tree is looked at."""

    outcome = build(ToolCode("workflow", "flow.py", "", {"flow.py": text}))({}, World())
    assert isinstance(outcome, Succeeded)
    given: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(outcome.output))
    return given


@proves("J7")
@pytest.mark.parametrize("name", SAID)
def test_what_a_file_does_wrong_is_told(name: str) -> None:
    text, code, line, part = SAID[name]
    tree, (found,) = answer(text)
    assert (found.code, found.file) == (code, "flow.py")
    assert part in found.message
    assert found.span is not None
    assert found.span.line == line
    assert found.hints
    assert (tree is not None) is found.is_warning
    assert found.is_warning is (code == "FL-W334")


def test_of_several_workflows_the_one_called_wf_is_meant() -> None:
    tree, found = answer(HEAD + "wf.run('a', 'date')\nother = Workflow('other')\nsame = wf")
    assert (tree["name"], found) == ("look", [])


def test_a_file_leaves_nothing_behind_in_the_process() -> None:
    before = (list(sys.path), sys.stdout, set(sys.modules))
    answer(HEAD + "import sys\nsys.path.append('x')\nraise ValueError")
    answer(HEAD)
    assert (sys.stdout, set(sys.modules)) == before[1:]
    assert [path for path in sys.path if path != "x"] == before[0]
    sys.path.remove("x")


def test_modules_beside_the_file_are_found_and_shadow_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shared_shapes.py").write_text(
        "def look(wf):\n    wf.run('a', 'date')\n    if wf.run('b', 'date').ok:\n        pass\n"
    )
    (tmp_path / "json.py").write_text("raise ValueError('shadowed')\n")
    text = HEAD + "import json\nimport shared_shapes\nshared_shapes.look(wf)\n"
    tree, (found,) = answer(text, str(tmp_path))
    assert tree is None
    assert found.code == "FL-E021"
    assert (found.file, found.span and found.span.line, found.source) == ("flow.py", 5, "shared_shapes.look(wf)")
    assert found.message.endswith("(shared_shapes.py, line 3)")
    monkeypatch.delitem(sys.modules, "shared_shapes")


def test_the_places_of_calls_are_those_of_the_file() -> None:
    text = HEAD + "ä = wf.run('ä', 'date'); b = wf.run('b', 'date', timeout='soon')\nwf.run('b', 'x')\n"
    given = performed(text)
    tree, _ = answer(text)
    built = Built(tree, msgspec.convert(given["places"], Built.__annotations__["places"]), text)
    found = {one.code: one for one in check_built("flow.py", built, None).diagnostics}
    assert sorted(found) == ["FL-W026", "FL-W101", "FL-W102"]
    spans = {code: (one.span.line, one.span.column, one.span.end_column) for code, one in found.items() if one.span}
    assert spans == {"FL-W026": (3, 30, 65), "FL-W101": (3, 5, 24), "FL-W102": (4, 1, 17)}
    assert check_built("flow.py", built, None).edits == ()
