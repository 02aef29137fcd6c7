"""A public name has a caller outside its file, or it gets a leading underscore, or it goes.

A test is no caller. These count as called without one:
- what stands in the signature, the fields, the bases or the union of a public name that is called;
- an exception that such a name raises;
- tables in capitals that are read through a module found at run time (`module.CODES`);
- limits (`…_MAX`, `…_MIN`): they are named so that a test can reach them;
- names that package data mentions as `module:name` (the entry points of agents), and the commands of pyproject.toml;
- everything in `fairlead.testing`, whose callers are other people's tests.
"""

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

from tests.house.source import SourceFile, plant, source_files

# Full name → why it has no caller in the source. An entry that is not needed any more fails the last test.
ALLOWED: dict[str, str] = {"fairlead.workflow.roots.described": "tools/reference.py prints the page from it"}

_DATA = (".md", ".toml", ".yaml", ".yml", ".json")
_ENTRY_POINT = re.compile(r"\b(fairlead(?:\.\w+)+):(\w+)")


def uncalled_names(root: Path, allowed: AbstractSet[str] = frozenset()) -> list[str]:
    """Every public name under *root* that nobody outside its file uses, as `place: module.name`, but *allowed* ones."""
    files = source_files(root)
    called = _entry_points(root, files)
    for file in files:  # a file's own names are not among its references
        called |= {use.name for use in file.references}
    called = set(_with_parents(called))
    return [
        line
        for file in files
        for line in _uncalled_in(file, called)
        if file.room != "testing" and line.rpartition(" ")[2] not in allowed
    ]


def _with_parents(names: set[str]) -> Iterator[str]:
    """`fairlead.core.json.Digest.x` uses `fairlead.core.json.Digest` too."""
    for name in names:
        while "." in name:
            yield name
            if name.startswith("*"):
                break
            name = name.rpartition(".")[0]


def _entry_points(root: Path, files: list[SourceFile]) -> set[str]:
    texts = [path.read_text("utf-8") for path in (root / "src").rglob("*") if path.suffix in _DATA]
    texts += [file.text for file in files]
    if (root / "pyproject.toml").exists():
        texts.append((root / "pyproject.toml").read_text("utf-8"))
    return {f"{module}.{name}" for text in texts for module, name in _ENTRY_POINT.findall(text)}


def _uncalled_in(file: SourceFile, called: set[str]) -> list[str]:
    definitions = dict(_definitions(file.tree))
    known = {name for name in definitions if f"{file.module}.{name}" in called}
    waiting = list(known)
    while waiting:
        for name in _belongs_to(definitions[waiting.pop()]):
            if name in definitions and name not in known:
                known.add(name)
                waiting.append(name)
    return [
        f"{file.at(definition.lineno)}: {file.module}.{name}"
        for name, definition in definitions.items()
        if name not in known
        and not (name.isupper() and f"*.{name}" in called)
        and not name.startswith("_")
        and not name.endswith(("_MAX", "_MIN"))
    ]


def _definitions(tree: ast.Module) -> Iterator[tuple[str, ast.stmt]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node


def _belongs_to(definition: ast.stmt) -> Iterator[str]:
    """The names in what a caller of *definition* has to know: signature, fields, bases, alias, exceptions."""
    for part in _interface(definition):
        for node in ast.walk(part):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
                yield node.value  # a forward reference in quotes


def _interface(definition: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(definition, ast.FunctionDef | ast.AsyncFunctionDef):
        yield definition.args
        if definition.returns:
            yield definition.returns
    elif isinstance(definition, ast.ClassDef):
        yield from definition.bases
        for inner in definition.body:
            if isinstance(inner, ast.AnnAssign):
                yield inner.annotation
            elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith("_"):
                yield from _interface(inner)
            elif isinstance(inner, ast.FunctionDef) and inner.name == "__init__":
                yield inner.args
    elif isinstance(definition, ast.Assign):
        yield definition.value
    elif isinstance(definition, ast.AnnAssign):
        yield definition.annotation
        if definition.value:
            yield definition.value
    for node in ast.walk(definition):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield node.exc.func


def test_every_public_name_has_a_caller(project: Path) -> None:
    found = uncalled_names(project, ALLOWED.keys())
    assert not found, "\n".join(found)


def test_a_name_without_a_caller_is_found(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "src/fairlead/core/wine.py",
        "YEAR = 1\nBOTTLES_MAX = 6\n\ndef pour() -> None:\n    _cork()\n\n"
        "def _cork() -> None: ...\n\nclass Glass: ...\n",
    )
    plant(tmp_path, "src/fairlead/core/bar.py", "from fairlead.core.wine import pour\npour()\n")
    plant(tmp_path, "tests/test_wine.py", "from fairlead.core.wine import Glass\n")
    assert uncalled_names(tmp_path) == [
        "src/fairlead/core/wine.py:1: fairlead.core.wine.YEAR",
        "src/fairlead/core/wine.py:9: fairlead.core.wine.Glass",
    ]


def test_what_belongs_to_a_called_name_counts_as_called(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "src/fairlead/core/wine.py",
        "Colour = str\n\nclass Empty(Exception): ...\n\nclass Glass:\n    colour: Colour\n\n"
        "def pour(glass: Glass) -> None:\n    raise Empty('no wine')\n",
    )
    plant(tmp_path, "src/fairlead/core/bar.py", "from fairlead.core import wine\nwine.pour(None)\n")
    assert uncalled_names(tmp_path) == []


def test_entry_points_in_package_data_and_pyproject_are_callers(tmp_path: Path) -> None:
    plant(tmp_path, "src/fairlead/agents/count.py", "def perform() -> None: ...\n")
    plant(tmp_path, "src/fairlead/agents/count.md", "---\nentry: fairlead.agents.count:perform\n---\n")
    plant(tmp_path, "src/fairlead/app.py", "def main() -> None: ...\n")
    assert uncalled_names(tmp_path) == ["src/fairlead/app.py:1: fairlead.app.main"]
    plant(tmp_path, "pyproject.toml", '[project.scripts]\nfairlead = "fairlead.app:main"\n')
    assert uncalled_names(tmp_path) == []


def test_every_allowed_name_still_exists_and_still_needs_it(project: Path) -> None:
    assert ALLOWED.keys() - {line.rpartition(" ")[2] for line in uncalled_names(project)} == set()
