"""A disk that counts, refuses, or pulls the plug: SQLite's own file layer with a hook before each call.

`Disk` registers itself as SQLite's default: the journal under test is the one that ships, without a switch in it.
"""

from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple, Self

import apsw

Before = Callable[[str, str], None]  # the call ("write", "sync", "truncate") and the end of the file's name


class Done(NamedTuple):
    """One call that was done. The size is the offset of a "truncate"."""

    call: str
    name: str
    offset: int = 0
    data: bytes = b""


class Disk(apsw.VFS):
    """While this is entered, every call on files of SQLite asks `before` first, and is counted."""

    def __init__(self, before: Before | None = None) -> None:
        self.before = before
        self.done: list[Done] = []  # in order; kept only while `is_logging`
        self.is_logging = False
        self.calls: Counter[tuple[str, str]] = Counter()
        self._name = f"disk-{id(self)}"
        self.beneath = apsw.vfs_names()[0]  # the default; once this is entered, that is this

    def __enter__(self) -> Self:
        super().__init__(self._name, self.beneath, makedefault=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unregister()

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> "DiskFile":
        return DiskFile(self, name, flags)

    def ask(self, call: str, name: str) -> None:
        self.calls[call, name] += 1
        if self.before is not None:
            self.before(call, name)

    def note(self, done: Done) -> None:
        if self.is_logging:
            self.done.append(done)


class DiskFile(apsw.VFSFile):
    """One open file. Named by what follows the database's name: "" for itself, "-wal" for the log."""

    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        path = name.filename() if isinstance(name, apsw.URIFilename) else name or ""
        self._end = path.rpartition("journal.db")[2]
        super().__init__(disk.beneath, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.ask("write", self._end)
        super().xWrite(data, offset)
        self._disk.note(Done("write", self._end, offset, bytes(data)))

    def xSync(self, flags: int) -> None:
        self._disk.ask("sync", self._end)
        super().xSync(flags)
        self._disk.note(Done("sync", self._end))

    def xTruncate(self, newsize: int) -> None:
        self._disk.ask("truncate", self._end)
        super().xTruncate(newsize)
        self._disk.note(Done("truncate", self._end, newsize))


def refuse_at(number: int, error: BaseException, *, is_sticky: bool) -> Before:
    """Raise *error* at the call of this number, counted from 1; from there on always, when sticky."""
    seen = 0

    def before(call: str, name: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number or (is_sticky and seen > number):
            raise error

    return before
