"""The files of the tree as the parts of the checker ask for them, and what could not be read of them."""

import re
from collections.abc import Iterable
from functools import cached_property

from fairlead.core.findings import path_text
from fairlead.core.tools import FILE_BYTES_MAX, ToolWorld, Unreadable

LOCK_BYTES_MAX = 20_000_000  # a lock file of a large project is longer than any source file
BROKEN_TOLD_MAX = 20  # files that could not be understood and are named; the number of the others is said
_BINARY_HEAD = 8_000  # bytes: git looks at as many for a NUL

# Copied in from elsewhere or made by a tool: nothing there was decided by the project.
_FOREIGN = re.compile(
    r"(^|/)(node_modules|bower_components|vendor|vendored|_vendor|third[_-]party|site-packages|\.venv|venv|dist|build|[^/]+\.dist-info)/",
    re.IGNORECASE,
)
# Folders around the project: what stands there is not what runs or is handed on.
_AROUND = re.compile(
    r"(^|/)(tests?|testing|__tests__|__fixtures__|__mocks__|specs?|e2e|fixtures?|testdata|test_data|test-d|examples?|samples?|demos?|docs?|docs_src"
    r"|documentation|tutorials?|bench|benchmarks?|golden|corpora|corpus|templates?|project_template|playgrounds?)/",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(^|/)(test_[^/]*|tests?\.py|conftest\.py|[^/]*_test\.\w+|[^/]*\.(test|spec|bench)\.\w+)$", re.IGNORECASE
)


def is_foreign(path: str) -> bool:
    """Whether *path* lies among files that were copied in or made."""
    return _FOREIGN.search(path) is not None


def is_around(path: str) -> bool:
    """Whether *path* serves tests, examples or documentation."""
    return _AROUND.search(path) is not None or _TEST.search(path) is not None


def is_own(path: str) -> bool:
    """Whether *path* belongs to what the project itself runs or hands on."""
    return not is_foreign(path) and not is_around(path)


class TextFile:
    """One file that was read."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def text(self) -> str:
        """The text without a byte order mark; what is not UTF-8 is read as Latin-1, which knows every byte."""
        if self.data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return self.data.decode("utf-16", "replace")
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.data.decode("latin-1")

    @cached_property
    def lines(self) -> list[str]:
        return re.split(r"\r\n|\r|\n", self.text)

    def line_of(self, pattern: str) -> int:
        """The number of the first line that *pattern* is found in; 0 if there is none."""
        wanted = re.compile(pattern)
        return next((number for number, line in enumerate(self.lines, 1) if wanted.search(line)), 0)

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""


class Tree:
    """The files to look at, and a note of each that could not be looked into."""

    def __init__(self, world: ToolWorld, *, is_whole: bool) -> None:
        self._world = world
        self.is_whole = is_whole  # False: only some paths were asked for, so what is missing proves nothing
        self.paths = [file.path for file in world.files]
        self.names = frozenset(self.paths) | (_names_of_git(world) if world.files_left_out else frozenset())
        self.read_paths: set[str] = set()
        self._broken: dict[str, str] = {}

    def read(self, path: str, limit: int = FILE_BYTES_MAX, *, is_needed: bool = False) -> TextFile | None:
        """The file at *path*, or None for one that is binary or cannot be read; with *is_needed* that is told."""
        try:
            data = self._world.read(path, limit)
        except Unreadable as error:
            if is_needed:
                self.broken("FL-A144", path, f"was not read: {error}")
            return None
        self.read_paths.add(path)
        if b"\0" in data[:_BINARY_HEAD] and not data.startswith((b"\xff\xfe", b"\xfe\xff")):
            if is_needed:
                self.broken("FL-A143", path, "is binary, not text")
            return None
        return TextFile(path, data)

    def broken(self, code: str, path: str, reason: str) -> None:
        """Note that *path* is not what its name promises. Broken files of tests and examples are often meant to be."""
        if not is_around(path):
            self._broken.setdefault(path, f"{code}: {path_text(path)} {' '.join(reason.split())[:300]}.")

    @property
    def is_git(self) -> bool:
        return self._world.is_git

    def tracked(self, *patterns: str) -> set[str]:
        """The files that git has recorded, by its path patterns."""
        answer = self._world.git("ls-files", "-z", "--", *patterns)
        return {name.decode("utf-8", "surrogateescape") for name in answer.stdout.split(b"\0") if name}

    def degraded(self) -> list[str]:
        """What could not be judged, in whole sentences."""
        told = [self._broken[path] for path in sorted(self._broken)]
        if len(told) > BROKEN_TOLD_MAX:
            return [*told[:BROKEN_TOLD_MAX], f"{len(told) - BROKEN_TOLD_MAX} more files could not be understood."]
        return told


def shortest(paths: Iterable[str]) -> list[str]:
    """*paths* with those nearest to the top first."""
    return sorted(paths, key=lambda path: (path.count("/"), path))


def _names_of_git(world: ToolWorld) -> frozenset[str]:
    answer = world.git("ls-files", "-z", stdout_max=100_000_000)
    return frozenset(name.decode("utf-8", "surrogateescape") for name in answer.stdout.split(b"\0") if name)
