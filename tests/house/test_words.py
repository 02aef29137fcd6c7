"""One thing, one word: the words that the glossary avoids are not the whole name of anything that others see.

Decided, because the rule would otherwise only be loud:
- looked at are the names of modules, classes, functions, methods, parameters, fields and module-level variables. A
  local variable may be called what it likes;
- a whole name counts (`task`, `Task`, `_task`), not a part of one (`workflow`, `base64_text`, `node_modules`);
  for classes the last word counts too, for `RunManager` is no clearer than `Manager`;
- `uuid` counts as a part as well;
- *thread* is left out, because operating-system threads exist; *action* is left out, because a step has one;
  *checkpoint* is SQLite's own word in the journal; *node* is what every parser calls a piece of a syntax tree.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import SourceFile, plant, source_files

AVOIDED = frozenset(
    {
        *("task", "job", "flow", "node", "activity", "execution", "session", "checkpoint", "result"),
        *("manager", "handler", "processor", "helper", "helpers", "utils", "util", "common", "base", "info"),
    }
)
VAGUE_ENDINGS = frozenset({"Manager", "Handler", "Processor", "Helper", "Helpers", "Util", "Utils"})

# Word → the paths (as prefixes) where it is the right one, because it is somebody else's word.
AT_HOME: dict[str, tuple[str, ...]] = {
    "checkpoint": ("src/fairlead/journal/",),
    # A key of the workflow file (`flow: sequence`), and what security people call the way of a value.
    "flow": ("src/fairlead/core/workflow.py", "src/fairlead/workflow/", "src/fairlead/agents/builtin/security/"),
    "task": ("src/fairlead/runtime/",),  # asyncio's own
    "job": ("src/fairlead/agents/builtin/security/ci",),  # what CI systems call it
    "node": ("src/fairlead/agents/", "src/fairlead/workflow/"),
}


def avoided_words(root: Path) -> list[str]:
    """Every name under *root* that is a word to avoid."""
    return sorted({line for file in source_files(root) for line in _avoided_in(file)})


def _avoided_in(file: SourceFile) -> Iterator[str]:
    for name, line in _names(file):
        word = _plain(name)
        is_avoided = word in AVOIDED and not file.path.startswith(AT_HOME.get(word, ()))
        is_vague = name[:1].isupper() and re.sub(r".*(?=[A-Z])", "", name) in VAGUE_ENDINGS
        if is_avoided or is_vague or "uuid" in word:
            yield f"{file.at(line)}: {name}"


def _plain(name: str) -> str:
    return name.strip("_").lower()


def _names(file: SourceFile) -> Iterator[tuple[str, int]]:
    yield file.module.rpartition(".")[2], 1
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and _is_self(node.value):
            yield node.attr, node.lineno  # a field of our own; what is set on another object has that object's names
        if isinstance(node, ast.Module | ast.ClassDef):
            yield from _assigned(node)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


def _assigned(node: ast.Module | ast.ClassDef) -> Iterator[tuple[str, int]]:
    for statement in node.body:
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        if isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        for target in targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.lineno


def test_no_name_is_a_word_to_avoid(project: Path) -> None:
    found = avoided_words(project)
    assert not found, "\n".join(found)


def test_avoided_words_are_found(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "src/fairlead/core/utils.py",
        "class RunManager:\n    session: int\n\ndef job(info: str, run_uuid: str) -> None:\n    result = 1\n\n"
        "class Task: ...\nbase = 1\nSessionUUID = 2\n",
    )
    assert avoided_words(tmp_path) == [
        "src/fairlead/core/utils.py:1: RunManager",
        "src/fairlead/core/utils.py:1: utils",
        "src/fairlead/core/utils.py:2: session",
        "src/fairlead/core/utils.py:4: info",
        "src/fairlead/core/utils.py:4: job",
        "src/fairlead/core/utils.py:4: run_uuid",
        "src/fairlead/core/utils.py:7: Task",
        "src/fairlead/core/utils.py:8: base",
        "src/fairlead/core/utils.py:9: SessionUUID",
    ]


def test_parts_of_names_and_local_variables_are_left_alone(tmp_path: Path) -> None:
    plant(
        tmp_path,
        "src/fairlead/agents/tree.py",
        "def visit(node: object) -> None:\n    result = info = base64_text = 1\n\n"
        "class WorkflowTree: ...\nnode_modules = 1\n",
    )
    plant(tmp_path, "src/fairlead/journal/wal.py", "def checkpoint() -> None: ...\n")
    assert avoided_words(tmp_path) == []
