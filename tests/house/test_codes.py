"""A code that the source can say is registered, and a registered code is said somewhere in the source."""

import ast
import re
from collections.abc import Set as AbstractSet
from pathlib import Path

import pytest

from fairlead.core.codes import FAMILIES, all_codes
from tests.house.source import plant, source_files
from tests.proves import proves

_CODE = re.compile(r"\bFL-[A-Z]\d{3}\b")
_TABLES = "src/fairlead/core/codes/"
_DATA = (".md", ".toml", ".yaml", ".yml", ".json", ".sql")


def codes_said(root: Path) -> dict[str, str]:
    """Every code that code or package data under *root* mentions outside the tables, with the first place.

    Comments and docstrings do not count: a code in a docstring is an example, not something that can happen.
    """
    said: dict[str, str] = {}
    for file in source_files(root):
        if file.path.startswith(_TABLES):
            continue
        texts = _docstrings(file.tree)
        for node in ast.walk(file.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
                for code in _CODE.findall(node.value):
                    said.setdefault(code, file.at(node.lineno))
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in _DATA:
            for code in _CODE.findall(path.read_text("utf-8")):
                said.setdefault(code, path.relative_to(root).as_posix())
    return said


def _docstrings(tree: ast.Module) -> AbstractSet[int]:
    """The constants that stand alone as a statement, whether or not they are docstrings by position."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def compare(said: dict[str, str], registered: AbstractSet[str]) -> list[str]:
    """What does not fit between what is said and what is registered."""
    unknown = [f"{place}: {code} is not registered" for code, place in said.items() if code not in registered]
    silent = [f"{code} is registered and said nowhere in src" for code in registered if code not in said]
    return sorted(unknown) + sorted(silent)


@proves("J2")
def test_codes_in_the_source_and_in_the_tables_are_the_same(project: Path) -> None:
    found = compare(codes_said(project), all_codes().keys())
    assert not found, "\n".join(found)


def test_an_unregistered_and_a_silent_code_are_found(tmp_path: Path) -> None:
    said, only_documented, silent = (f"FL-{tail}" for tail in ("W999", "W998", "W997"))
    plant(
        tmp_path,
        "src/fairlead/workflow/read.py",
        f'"""Says `{only_documented}`."""\n# {only_documented}\ndef f() -> str:\n    return f"[{said}] {{1}}"\n',
    )
    assert compare(codes_said(tmp_path), {silent}) == [
        f"src/fairlead/workflow/read.py:4: {said} is not registered",
        f"{silent} is registered and said nowhere in src",
    ]


@pytest.mark.parametrize("name", sorted(all_codes()))
def test_a_code_explains_itself(name: str) -> None:
    code = all_codes()[name]
    assert _CODE.fullmatch(code.code)
    assert code.code[3].lower() in FAMILIES
    assert code.title
    assert not code.title.endswith(".")
    assert code.why.endswith((".", "!", "?"))
    assert code.hint
    assert bool(code.bad) == bool(code.good), "a bad example needs its mended twin, and the other way round"


def test_no_code_is_registered_twice() -> None:
    from importlib import import_module

    names = [code.code for family in FAMILIES for code in import_module(f"fairlead.core.codes.{family}").CODES]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_code_stands_in_the_table_of_its_family(family: str) -> None:
    from importlib import import_module

    for code in import_module(f"fairlead.core.codes.{family}").CODES:
        assert code.code.startswith(f"FL-{family.upper()}")
