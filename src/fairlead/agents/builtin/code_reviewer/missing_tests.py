"""Changed files that no test names: a hint, because a test may reach them by another way."""

import ast
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from fairlead.agents.builtin.code_reviewer.found import Found, SourceFile

# Files that hold settings, steps or an entry rather than behaviour of their own.
_WITHOUT_TESTS = re.compile(
    r"(^|/)(migrations|versions|locale|scripts?|tools?|bin|build|ci)/"
    r"|(^|/)(__init__|__main__|setup|conftest|manage|settings|config|urls|wsgi|asgi|apps|admin|version|_version|constants|types|noxfile"
    r"|tasks|fabfile)\.py$|\.pyi$"
)
_TEST_FILE = re.compile(r"(^|/)(tests?|__tests__|specs?)/|(^|/)test_[^/]*$|[^/]*(_tests?|\.test|\.spec)\.\w+$")
_SOURCE = re.compile(r"\.(py|pyi|jsx?|tsx?|mjs|cjs|mts|cts|feature|robot|txt|rst|md)$")
_WORD = re.compile(r"[A-Za-z_]\w+")


class Candidate:
    """A changed file with something to test, and the words by which a test would name it."""

    __slots__ = ("found", "words")

    def __init__(self, found: Found, words: frozenset[str]) -> None:
        self.found = found
        self.words = words


def candidate(file: SourceFile, tree: ast.Module) -> Candidate | None:
    """*file* as something that a test should name, if it changed and there is something to test in it."""
    if not file.is_changed or file.is_test or file.is_example or _WITHOUT_TESTS.search(file.path):
        return None
    names = [
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and not node.name.startswith("_")
    ]
    if not names:
        return None
    module = posixpath.basename(file.path).partition(".")[0]
    message = f"{file.path} changed, and no test names {module} or anything that it defines."
    return Candidate(Found("review/missing-tests", file.path, 0, 0, message, text=module), frozenset((module, *names)))


def is_test_file(path: str) -> bool:
    """Whether *path* is a file whose words count as a test's."""
    return _TEST_FILE.search(path) is not None and _SOURCE.search(path) is not None


def untested(
    candidates: Sequence[Candidate], tests: Sequence[str], text_of: Callable[[str], str | None]
) -> Iterator[Found]:
    """The candidates that none of the files *tests* names."""
    if not tests:
        return
    waiting = list(candidates)
    for path in _nearest_first(tests, waiting):
        if not waiting:
            return
        text = text_of(path)
        if text is not None:
            words = set(_WORD.findall(text))
            waiting = [one for one in waiting if words.isdisjoint(one.words)]
    yield from (one.found for one in waiting)


def _nearest_first(tests: Iterable[str], candidates: Sequence[Candidate]) -> list[str]:
    """The tests whose names speak of a candidate first: most are settled by them, and the rest need not be read."""
    modules = {one.found.text for one in candidates}
    return sorted(tests, key=lambda path: not any(module in posixpath.basename(path) for module in modules))
