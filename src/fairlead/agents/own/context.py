"""What the function of an agent of one's own is given: files of the tree, git, programs, a place for findings."""

import re
from collections.abc import Iterator, Sequence
from os import PathLike, fspath

import msgspec

from fairlead.agents.own.findings import Findings, WrongUse
from fairlead.core.findings import path_from_text, path_text
from fairlead.core.tools import ProcessResult, ToolWorld, TreeFile, Unreadable

_BINARY_LOOK = 8_000  # bytes at the start of a file in which a NUL means that it is no text
PROGRAM_SECONDS_DEFAULT = 60.0
EVERYTHING = "**"  # a tree without a file that `reads` names is no mistake of whoever asks for all of them


class Ran(msgspec.Struct, frozen=True):
    """How a program ended. `exit_code` is negative for a signal and 127 when it could not be started."""

    exit_code: int
    stdout: str
    stderr: str
    is_timed_out: bool = False
    is_cut: bool = False  # it wrote more than is kept, and was stopped


class File:
    """One file of the tree. `os.fspath(file)` is its path as programs take it."""

    def __init__(self, file: TreeFile, context: "Context") -> None:
        self.path = path_text(file.path)
        self.size = file.size
        self.is_changed = file.is_changed
        self._raw = file.path
        self._context = context

    def __fspath__(self) -> str:
        return self._raw

    def __repr__(self) -> str:
        return f"File({self.path!r})"

    def data(self) -> bytes:
        """The bytes; nothing when it cannot be read, which is counted and reported."""
        return self._context.read(self._raw)

    def text(self) -> str:
        """The content as text. Nothing for a binary file, and for one that cannot be read; both are counted."""
        return self._context.text(self._raw)

    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return _lines(self.text())


class Context:
    """The world of one call. Its files are those that git does not ignore, changed ones first."""

    def __init__(self, agent: str, reads: Sequence[str], world: ToolWorld) -> None:
        self.agent = agent
        self.root = world.root
        self.unread: dict[str, str] = {}  # path → why
        self.binary: set[str] = set()
        self.seen: set[str] = set()
        self._golden = f"tests/agents/{agent}/"
        self._reads = [_pattern(glob) for glob in reads]
        self._world = world
        self._last: tuple[str, list[str]] = ("", [])

    def files(self, glob: str = EVERYTHING) -> Iterator[File]:
        """The files whose path fits *glob*: `*` stands for anything but `/`, `**/` for any folders.

        Only files that the agent's `reads` names are given; without *glob*, all of these. Its golden folders are left
        out: what lies there was put there to be found.

        Raises:
            WrongUse: there are files that *glob* fits, and `reads` names none of them.
        """
        wanted = _pattern(glob)
        is_any = is_allowed = False
        for file in self._world.files:
            name = path_text(file.path)
            if not wanted.fullmatch(name) or name.startswith(self._golden):
                continue
            is_any = True
            if any(pattern.fullmatch(name) for pattern in self._reads):
                is_allowed = True
                yield File(file, self)
        if is_any and not is_allowed and glob != EVERYTHING:
            raise WrongUse(f"ctx.files({glob!r}): the agent's `reads` names none of these files; add the pattern there")

    def findings(self) -> Findings:
        """A place for findings; return it from the function."""
        return Findings(self.agent, self._lines_of, self._world.found)

    def progress(self, text: str) -> None:
        """Tell whoever watches what is being done; may be dropped."""
        self._world.progress(str(text))

    def run(
        self,
        argv: "Sequence[str | PathLike[str]]",
        *,
        timeout_s: float = PROGRAM_SECONDS_DEFAULT,
        stdin: str = "",
    ) -> Ran:
        """Run a program in the tree as argv, without a shell, in a clean environment."""
        if isinstance(argv, str) or not argv:
            raise WrongUse(f'ctx.run({argv!r}): a program is a list of words: ["git", "status"]')
        words = [word if isinstance(word, str) else fspath(word) for word in argv]
        return _ran(self._world.run(words, timeout_s=timeout_s, stdin=stdin.encode("utf-8", "surrogateescape")))

    def git(self, *words: str, timeout_s: float = 20.0) -> Ran:
        """Ask git about the repository; only commands that read."""
        return _ran(self._world.git(*words, timeout_s=timeout_s))

    def read(self, path: str) -> bytes:
        """The bytes of a file of the tree, by its path as `os.fsdecode` gives it."""
        self.seen.add(path)
        try:
            return self._world.read(path)
        except Unreadable as error:
            self.unread[path_text(path)] = str(error)
            return b""

    def text(self, path: str) -> str:
        """The text of a file of the tree."""
        data = self.read(path)
        if b"\0" in data[:_BINARY_LOOK]:
            self.binary.add(path)
            return ""
        text = data.decode("utf-8-sig", "replace")
        self._last = (path_text(path), _lines(text))
        return text

    def _lines_of(self, name: str) -> list[str]:
        if self._last[0] != name:
            seen, unread = set(self.seen), dict(self.unread)
            try:
                self._last = (name, _lines(self.text(path_from_text(name))))
            finally:
                self.seen, self.unread = seen, unread  # looking up an excerpt is not reading
        return self._last[1]

    @property
    def left_out(self) -> int:
        """How many files of the tree are not shown because of the limit on their number."""
        return self._world.files_left_out


def _ran(ended: ProcessResult) -> Ran:
    stdout, stderr = (data.decode("utf-8", "replace") for data in (ended.stdout, ended.stderr))
    return Ran(ended.exit_code, stdout, stderr, ended.is_timed_out, ended.is_cut)


def _lines(text: str) -> list[str]:
    # Not `splitlines`: it also splits at characters that no editor counts as a line's end.
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _pattern(glob: str) -> re.Pattern[str]:
    """*glob* as a pattern for whole paths."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part) or re.escape(part) for part in parts), re.DOTALL)
