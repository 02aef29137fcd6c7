"""What only several files together show: names that no other file uses, and bodies that a subclass fills."""

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile
from fairlead.agents.builtin.code_reviewer.python_outline import Outline

PRIVATE_NAMES_MAX = 200_000  # different words with an underscore before them; beyond it, no private function is judged

_PRIVATE = re.compile(r"\b_[A-Za-z]\w*")
_IMPORTED = re.compile(r"`(?:[^`]*\bas )?(?:[\w.]*\.)?(\w+)`")


class Across:
    """Gathers while the files are read one by one, and settles what waited at the end."""

    def __init__(self) -> None:
        self.unused_imports: list[Found] = []
        self.unfilled: list[tuple[str, Found]] = []  # with the class that a subclass may fill
        self._bases: set[str] = set()
        self._taken: set[tuple[str, str]] = set()  # (module, name) that some file takes from a module
        self._words: dict[str, int] = {}  # private words and in how many places they stand
        self._private: list[tuple[str, Found]] = []

    def take(self, file: SourceFile, tree: ast.Module, outline: Outline) -> None:
        """Note what *file* defines and what it takes from others."""
        for owner in outline.classes:
            self._bases.update(_name_of(parent) for parent in owner.bases)
        if "import" in file.text:
            for node in tree.body:
                self._note_imports(node, file.path)
        self.see(file.text)
        for function in outline.functions if not file.path.endswith(".pyi") else ():
            name = function.node.name
            is_private = name[0] == "_" and not name.startswith("__") and len(name) > 1
            if not is_private or function.owner is not None or function.is_nested or function.node.decorator_list:
                continue
            message = f"Nothing calls {name}: its name stands nowhere else in the tree."
            column = function.node.col_offset + 5
            line = function.node.lineno
            found = Found("review/unused-private-function", file.path, line, column, message, line, 0, text=name)
            self._private.append((name, found))

    def see(self, text: str) -> None:
        """Note the private words of a text, also of one that is not reviewed."""
        words = self._words
        if len(words) < PRIVATE_NAMES_MAX:
            for word in _PRIVATE.findall(text):
                words[word] = words.get(word, 0) + 1

    def settled(self, others: Callable[[], Iterable[str]]) -> Iterator[Found]:
        """What is left when every file has been read; *others* gives the texts of files that were not reviewed."""
        for found in self.unused_imports:
            imported = _IMPORTED.search(found.message)
            if imported is None or (_module(found.path), imported[1]) not in self._taken:
                yield found
        yield from (found for owner, found in self.unfilled if owner not in self._bases)
        waiting = [(name, found) for name, found in self._private if self._words.get(name) == 1]
        if not waiting:
            return
        for text in others():
            self.see(text)
        if len(self._words) < PRIVATE_NAMES_MAX:
            yield from (found for name, found in waiting if self._words.get(name) == 1)

    def _note_imports(self, node: ast.stmt, path: str) -> None:
        for inner in ast.walk(node) if isinstance(node, (ast.If, ast.Try)) else (node,):
            if isinstance(inner, ast.ImportFrom):
                module = (inner.module or "").rpartition(".")[2] or posixpath.basename(posixpath.dirname(path))
                self._taken.update((module, alias.name) for alias in inner.names)


def _module(path: str) -> str:
    return posixpath.basename(path).partition(".")[0]


def _name_of(parent: ast.expr) -> str:
    while isinstance(parent, (ast.Subscript, ast.Call)):
        parent = parent.value if isinstance(parent, ast.Subscript) else parent.func
    if isinstance(parent, ast.Attribute):
        return parent.attr
    return parent.id if isinstance(parent, ast.Name) else ""
