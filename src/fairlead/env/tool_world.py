"""What a tool's function touches the world through, inside its child process. Limits and a clean environment: level L1.

Nothing here isolates: a function that wants to can reach round it. It keeps honest tools honest. Only the programs that
a tool of ours performs for the project are shut in, where the call says so.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from tempfile import TemporaryDirectory

from fairlead.core.json import Json
from fairlead.core.tools import DATA_BYTES_MAX, FILE_BYTES_MAX, ProcessResult, TreeFile, Unreadable
from fairlead.env.files import TreeReader
from fairlead.env.git import filters_of, is_reading, run_git, run_here
from fairlead.env.listing import Listing, list_tree
from fairlead.env.shared_listing import listed
from fairlead.env.surroundings import clean_environment
from fairlead.env.tree_writer import TreeWriter
from fairlead.env.watching import Bounds

PROGRESS_SECONDS_MIN = 0.2  # between two progress lines; what comes faster is dropped, the count is not
_FILES_WITHIN = "/tmp"  # the folder's name is drawn, and it is for its owner only


def _files_prefix(leader: int) -> str:
    return f"fairlead-files-{leader}-"


def remove_files_of(leader: int) -> None:
    """Remove what `with_files` of a tool that was killed has left: *leader* is its process id."""
    for name in os.listdir(_FILES_WITHIN):
        if name.startswith(_files_prefix(leader)):
            shutil.rmtree(os.path.join(_FILES_WITHIN, name), ignore_errors=True)


class LocalToolWorld:
    """Implements `fairlead.core.tools.ToolWorld` over a directory. The tree is listed when it is first asked for."""

    def __init__(
        self,
        root: str,
        *,
        paths: Sequence[str] = (),
        leave_out: Sequence[str] = (),
        writes: Sequence[str] = (),
        is_whole: bool = False,
        data_dir: str = "",
        confined: Mapping[str, Json] | None = None,
        listing: str = "",
        today: str = "",
        tell: Callable[[str, int], None] = lambda text, found: None,
    ) -> None:
        self.root = root
        self.today = today or time.strftime("%Y-%m-%d", time.gmtime())
        self._data_dir = data_dir
        self._confined = confined
        self._paths = paths
        self._leave_out = leave_out
        self._writer = TreeWriter(root, writes)
        self._is_whole = is_whole
        self._shared = listing
        self._tell = tell
        self._text = ""
        self._found = 0
        self._told: tuple[str, int] = ("", 0)
        self._told_at = float("-inf")

    @property
    def files(self) -> Sequence[TreeFile]:
        return self._listing.files

    @property
    def files_left_out(self) -> int:
        return self._listing.left_out

    @property
    def repositories_inside(self) -> Sequence[str]:
        return self._listing.submodules

    @property
    def is_git(self) -> bool:
        return self._listing.is_git

    def read(self, path: str, limit: int = FILE_BYTES_MAX) -> bytes:
        return self._reader.read(path, limit)

    def stamp(self, path: str) -> str:
        return self._reader.stamp(path)

    def write(self, path: str, data: bytes) -> None:
        self._writer.write(path, data)

    def data(self, name: str) -> bytes | None:
        if not self._data_dir or not os.path.lexists(os.path.join(self._data_dir, name)):
            return None
        return self._data_reader.read(name, DATA_BYTES_MAX)

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
        bounds = Bounds(timeout_s, stdout_max)
        if self._confined is not None:
            from fairlead.env.sandbox.inside_tools import run_confined

            return run_confined(argv, self.root, env or {}, self._confined, bounds, stdin)
        return run_here(argv, cwd or self.root, clean_environment(env), bounds, stdin)

    def git(self, *args: str, timeout_s: float = 20.0, stdout_max: int = 10_000_000) -> ProcessResult:
        if not is_reading(args):
            asked = " ".join(args[:2]).encode("utf-8", "backslashreplace")
            return ProcessResult(129, b"", b"git " + asked + b": only commands that read are allowed here\n", 0.0)
        return run_git(self.root, *args, filters=self._filters, timeout_s=timeout_s, stdout_max=stdout_max)

    @contextmanager
    def with_files(self, contents: Mapping[str, bytes]) -> Iterator["LocalToolWorld"]:
        with TemporaryDirectory(prefix=_files_prefix(os.getsid(0)), dir=_FILES_WITHIN) as folder:
            writer = TreeWriter(folder, ("**",))
            for path, data in contents.items():
                writer.write(path, data)
            yield LocalToolWorld(folder, is_whole=True, data_dir=self._data_dir, today=self.today)

    def progress(self, text: str) -> None:
        self._text = text
        self._tell_at_times()

    def found(self, count: int = 1) -> None:
        self._found += count
        self._tell_at_times()

    def flush(self) -> None:
        """Tell what has not been told yet: the last count must be the right one."""
        if self._told != (self._text, self._found):
            self._told = (self._text, self._found)
            self._tell(self._text, self._found)

    def _tell_at_times(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= PROGRESS_SECONDS_MIN:
            self._told_at = now
            self.flush()

    @cached_property
    def _listing(self) -> Listing:
        return listed(self._shared, self._list) if self._shared else self._list()

    def _list(self) -> Listing:
        return list_tree(self.root, paths=self._paths, leave_out=self._leave_out, is_whole=self._is_whole)

    @cached_property
    def _reader(self) -> TreeReader:
        return TreeReader(self.root)

    @cached_property
    def _data_reader(self) -> TreeReader:
        try:
            return TreeReader(self._data_dir)
        except OSError as error:
            raise Unreadable(error.strerror or str(error)) from None

    @cached_property
    def _filters(self) -> tuple[str, ...]:
        return filters_of(self.root) if self.is_git else ()
