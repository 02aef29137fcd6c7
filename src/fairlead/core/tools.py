"""What a tool agent's Python function is given: it runs in a child process and touches the world only through this."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome

DATA_BYTES_MAX = 50_000_000  # of one file of the machine's shared data
WRITTEN_BYTES_MAX = 20_000_000  # of one file that a tool writes
FILE_BYTES_MAX = 2_000_000  # a source file above this is counted and named as "not read", never silently skipped


class TreeFile(msgspec.Struct, frozen=True):
    """One file of the tree. `path` is relative, with `/`, as `os.fsdecode` gives it (it may hold surrogates)."""

    path: str
    size: int  # bytes
    is_changed: bool = False  # differs from HEAD, or git does not know it


class ToolCode(msgspec.Struct, frozen=True):
    """The code of an agent that does not ship: exactly what its digest names, handed to the child that imports it."""

    name: str  # of the agent
    path: str  # of the file that holds the function, from the root of the project
    function: str
    files: dict[str, str]  # path → text: that file, and the modules beside it that it imports
    reads: tuple[str, ...] = ()  # patterns of the files that it is shown; none: what its decorator says


class ProcessResult(msgspec.Struct, frozen=True):
    """What a child process left behind. `exit_code` is negative for a signal, as in `subprocess`."""

    exit_code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    is_timed_out: bool = False
    is_cut: bool = False  # it wrote more than the cap; the rest was dropped and the process killed
    reached: str = ""  # the limit of its sandbox that it went over and was killed for, in words


class Unreadable(Exception):
    """A file cannot be read; the text says why. Count it as an `info` finding, never as clean."""


class Unwritable(Exception):
    """A file cannot be written; the text says why. Nothing of it was."""


class ToolWorld(Protocol):
    """The only way a tool function reaches files and programs."""

    root: str  # absolute path of the tree
    today: str  # the day in UTC, "2026-11-21": a tool asks no clock itself, so that its tests can choose the day

    @property
    def files(self) -> Sequence[TreeFile]:
        """What to look at: changed files first, then by path."""
        ...

    @property
    def files_left_out(self) -> int:
        """How many files of the tree `files` leaves out because of the limit on their number."""
        ...

    @property
    def repositories_inside(self) -> Sequence[str]:
        """Paths of submodules and nested repositories: named here, and not entered."""
        ...

    @property
    def is_git(self) -> bool:
        """Whether the tree is, or lies in, a git repository."""
        ...

    def read(self, path: str, limit: int = FILE_BYTES_MAX) -> bytes:
        """The whole content of a regular file of the tree.

        Raises:
            Unreadable: it is larger than *limit*, gone, no regular file, outside of the tree, or may not be read.
        """
        ...

    def stamp(self, path: str) -> str:
        """What becomes another text whenever the file at *path* is written anew, with equal bytes too; "" for none."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Put *data* at *path* in the call's own working copy: whole, or not at all. A file keeps its mode.

        Only an agent whose card names the path under `writes` may; it then works in a copy that the gate has opened.

        Raises:
            Unwritable: the card does not name it, or it leads out of the tree, over a link or into git's own files.
        """
        ...

    def data(self, name: str) -> bytes | None:
        """One file of the data that all projects of this machine share, such as advisories; None when there is none.

        *name* is relative, with `/`. What lies there was brought by `fairlead data import`.

        Raises:
            Unreadable: it is there and cannot be read, or is larger than `DATA_BYTES_MAX`.
        """
        ...

    def run(
        self,
        argv: Sequence[str],
        *,
        timeout_s: float,
        stdin: bytes = b"",
        stdout_max: int = 10_000_000,
        env: Mapping[str, str] | None = None,
        cwd: str | None = None,
    ) -> ProcessResult:
        """Run a program as argv, without a shell, in a clean environment plus *env*.

        A program that is missing gives exit code 127 with the reason on `stderr`.
        """
        ...

    def git(self, *args: str, timeout_s: float = 20.0, stdout_max: int = 10_000_000) -> ProcessResult:
        """Ask git about the repository, with hooks, monitors, pagers and optional locks off. Reading commands only."""
        ...

    def with_files(self, contents: Mapping[str, bytes]) -> AbstractContextManager["ToolWorld"]:
        """Another world, over a folder that holds nothing but *contents* and is gone afterwards.

        For looking at files as they were. Nobody is told what is found there.

        Raises:
            Unwritable: a path leads out of the folder, or the disk refuses.
        """
        ...

    def progress(self, text: str) -> None:
        """Tell whoever watches what is being done; may be dropped."""
        ...

    def found(self, count: int = 1) -> None:
        """Tell whoever watches that *count* more findings exist; the findings themselves go into the output."""
        ...


ToolFunction = Callable[[Mapping[str, Json], ToolWorld], Outcome]
ToolMaker = Callable[[ToolCode], ToolFunction]  # makes the function out of code that does not ship
