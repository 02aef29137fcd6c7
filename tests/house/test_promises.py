"""Each promise of docs/promises.md is carried by a test, and each number in the tests is a promise listed there."""

import ast
import re
from pathlib import Path

from tests.house.source import plant

_ROW = re.compile(r"^\|\s*([A-Z]\d*(?:\.\d+)?)\s*\|")
_NUMBER = re.compile(r"[A-Z]\d+(\.\d+)?")


def listed(root: Path) -> list[str]:
    """The numbers in the first column of the list."""
    lines = (root / "docs/promises.md").read_text("utf-8").splitlines()
    return [found[1] for line in lines if (found := _ROW.match(line))]


def proven(root: Path) -> dict[str, str]:
    """The numbers that tests carry, each with the place of one test."""
    places: dict[str, str] = {}
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                for decorator in node.decorator_list:
                    for number in _numbers(decorator):
                        places[number] = f"{path.relative_to(root).as_posix()}:{node.lineno}"
    return places


def _numbers(decorator: ast.expr) -> list[str]:
    if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Name | ast.Attribute):
        return []
    name = decorator.func.id if isinstance(decorator.func, ast.Name) else decorator.func.attr
    if name != "proves":
        return []
    values = (argument.value for argument in decorator.args if isinstance(argument, ast.Constant))
    return [value for value in values if isinstance(value, str)]


def compare(root: Path) -> list[str]:
    """What does not fit between the list and the tests."""
    promises, tests = listed(root), proven(root)
    return [
        *(f"{number} stands twice in the list" for number in sorted({n for n in promises if promises.count(n) > 1})),
        *(f"{number} is promised and no test carries it" for number in promises if number not in tests),
        *(
            f"{place} carries {number}, which is not in the list"
            for number, place in tests.items()
            if number not in promises
        ),
        *(
            f"{place} carries {number}, which is no number"
            for number, place in tests.items()
            if not _NUMBER.fullmatch(number)
        ),
    ]


def test_promises_and_tests_fit(project: Path) -> None:
    found = compare(project)
    assert not found, "\n".join(found)


def test_a_promise_without_a_test_and_a_number_without_a_promise_are_found(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "docs/promises.md",
        "| Number | Promise |\n|---|---|\n| A2.1 | Order. |\n| B1 | Resume. |\n| B1 | Again. |\n",
    )
    plant(
        tmp_path,
        "tests/core/test_order.py",
        "from tests.proves import proves\n@proves('A2.1', 'A2.2')\ndef test_order() -> None: ...\n",
    )
    assert compare(tmp_path) == [
        "B1 stands twice in the list",
        "B1 is promised and no test carries it",
        "B1 is promised and no test carries it",
        "tests/core/test_order.py:3 carries A2.2, which is not in the list",
    ]
