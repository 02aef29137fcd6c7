"""Changed files that no test names."""

from pathlib import Path

import pytest

from fairlead.agents.builtin.code_reviewer.scan import scan
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld, commit_all

CODE = "def price(order):\n    return order.total\n"


def untested(root: Path) -> list[str]:
    outcome = scan({}, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    return [one["path"] for one in outcome.output["findings"] if one["rule"] == "review/missing-tests"]


def repository(root: Path, **files: str) -> None:
    """A repository with these files in the last commit; `__` in a name stands for a slash."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    commit_all(root)


def test_a_changed_file_that_no_test_names_is_a_hint(tmp_path: Path) -> None:
    repository(tmp_path, orders=CODE, other=CODE, tests__test_x="import x\n")
    assert untested(tmp_path) == []
    (tmp_path / "orders.py").write_text(CODE + "# more\n")
    assert untested(tmp_path) == ["orders.py"]


@pytest.mark.parametrize(
    "test", ["import orders\n", "from shop.orders import x\n", "price(1)\n", "'shop.orders.price'\n"]
)
def test_a_test_that_names_the_file_or_a_part_of_it_is_enough(test: str, tmp_path: Path) -> None:
    repository(tmp_path, orders=CODE, tests__test_x=test)
    (tmp_path / "orders.py").write_text(CODE + "# more\n")
    assert untested(tmp_path) == []


def test_a_test_that_is_new_counts(tmp_path: Path) -> None:
    repository(tmp_path, orders=CODE, tests__test_x="import x\n")
    (tmp_path / "orders.py").write_text(CODE + "# more\n")
    (tmp_path / "test_orders.py").write_text("import orders\n")
    assert untested(tmp_path) == []


def test_without_any_test_nothing_is_asked_for(tmp_path: Path) -> None:
    repository(tmp_path, orders=CODE)
    (tmp_path / "orders.py").write_text(CODE + "# more\n")
    assert untested(tmp_path) == []


@pytest.mark.parametrize("name", ["setup", "shop/migrations/first", "scripts/once", "shop/__init__", "settings"])
def test_files_without_behaviour_of_their_own_are_left_out(name: str, tmp_path: Path) -> None:
    repository(tmp_path, x=CODE, tests__test_x="import x\n")
    path = tmp_path / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(CODE.replace("price", "weight"))
    assert untested(tmp_path) == []
