"""A disk that is watched: each call is asked for first, done for real, and noted in order.

It stands below the journal in both ways: as the `Disk` of what Python does, and as a file layer of SQLite (VFS) for
the database and its log. What SQLite keeps in shared memory (`-shm`) is no part of it: that never outlives a power cut,
and SQLite offers no place to stand between.
"""

import errno
import os
from collections import Counter
from collections.abc import Callable
from itertools import count
from types import TracebackType
from typing import NamedTuple, Self

import apsw

from fairlead.journal.disk import Disk

_numbers = count(1)  # SQLite knows its file layers by name, one name for the whole process


class Call(NamedTuple):
    """One call on a file, as it was done."""

    kind: str  # open, make, read, write, sync, truncate, unlink, rename, mkdir, sync directory, …
    path: str  # below the disk's root
    offset: int = 0  # of a write; of a truncate, the new size
    data: bytes = b""  # of a write
    to: str = ""  # of a rename
    by_sqlite: bool = False
    is_failed: bool = False  # of a sync: what it should have made durable is in nobody's care from here on


class Refusal(NamedTuple):
    """How a call is refused."""

    errno: int
    is_short: bool = False  # a write is done in part; Python is told how far it came, SQLite that there is no room
    is_death: bool = False  # who asks is dead: the disk never hears of the call


Before = Callable[[Call], Refusal | None]  # asked before each call; None lets it be done


class WatchedDisk(Disk):
    """While this is entered, `disk.vfs` names a file layer of SQLite, and every call is noted in `calls`.

    With *reads* also what leaves no trace is asked for: reading, looking, locking. It costs time.
    """

    def __init__(self, root: str, before: Before | None = None, *, reads: bool = False) -> None:
        self.root = root
        self.before = before
        self.reads = reads
        self.calls: list[Call] = []
        self.counted: Counter[tuple[str, str]] = Counter()  # by kind and the file's name
        self.layer = f"watched-{next(_numbers)}"
        self.vfs = self.layer
        self._paths: dict[int, str] = {}  # of the open descriptors
        self._layer: _Layer | None = None

    def __enter__(self) -> Self:
        self._layer = _Layer(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._layer is not None:
            self._layer.unregister()
            self._layer = None

    # ------------------------------------------------------------------------------------------- what Python asks for

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        call = Call("make" if flags & os.O_CREAT else "open", self.below(path))
        self._ask(call)
        fd = super().open(path, flags, mode)
        self._paths[fd] = call.path
        self.note(call)
        if flags & os.O_TRUNC:
            self.note(Call("truncate", call.path))
        return fd

    def close(self, fd: int) -> None:
        self._paths.pop(fd, None)
        super().close(fd)

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        self._ask(Call("read", self._paths[fd]), is_read=True)
        return super().pread(fd, size, offset)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        call = Call("write", self._paths[fd], offset, data)
        if self._ask(call, may_be_short=True):
            call = call._replace(data=data[: len(data) // 2])
        super().pwrite(fd, call.data, offset)
        self.note(call)
        return len(call.data)

    def write(self, fd: int, data: memoryview) -> int:
        call = Call("write", self._paths[fd], os.lseek(fd, 0, os.SEEK_CUR), bytes(data))
        if self._ask(call, may_be_short=True):
            call = call._replace(data=call.data[: len(data) // 2])
        super().write(fd, memoryview(call.data))
        self.note(call)
        return len(call.data)

    def fdatasync(self, fd: int) -> None:
        call = Call("sync", self._paths[fd])
        self._ask(call)
        super().fdatasync(fd)
        self.note(call)

    def rename(self, old: str, new: str) -> None:
        call = Call("rename", self.below(old), to=self.below(new))
        self._ask(call)
        super().rename(old, new)
        self.note(call)

    def unlink(self, path: str) -> None:
        call = Call("unlink", self.below(path))
        self._ask(call)
        super().unlink(path)
        self.note(call)

    def mkdir(self, path: str) -> None:
        call = Call("mkdir", self.below(path))
        self._ask(call)
        super().mkdir(path)
        self.note(call)

    def read_file(self, path: str) -> bytes:
        self._ask(Call("read", self.below(path)), is_read=True)
        return super().read_file(path)

    def sync_directory(self, path: str) -> None:
        call = Call("sync directory", self.below(path))
        self._ask(call)
        super().sync_directory(path)
        self.note(call)

    def _ask(self, call: Call, *, is_read: bool = False, may_be_short: bool = False) -> bool:
        """Ask for *call*; whether it is to be done in part."""
        refusal = None if is_read and not self.reads else self.refusal_of(call)
        if refusal is None:
            return False
        if may_be_short and refusal.is_short:
            return True
        raise OSError(refusal.errno, os.strerror(refusal.errno))

    # -------------------------------------------------------------------------------------------------- for both ways

    def below(self, path: str) -> str:
        """*path* without the root; the root itself is ""."""
        return path.removeprefix(self.root).lstrip("/")

    def refusal_of(self, call: Call) -> Refusal | None:
        """What stands against *call*."""
        self.counted[call.kind, os.path.basename(call.path)] += 1
        refusal = None if self.before is None else self.before(call)
        if refusal is not None and not refusal.is_death and call.kind == "sync":
            self.note(call._replace(is_failed=True))
        return refusal

    def note(self, call: Call) -> None:
        self.calls.append(call)


class _Layer(apsw.VFS):
    """The disk as a file layer of SQLite."""

    def __init__(self, disk: WatchedDisk) -> None:
        self._disk = disk
        self._errno = 0
        super().__init__(disk.layer, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        if path is None:  # a temporary file of SQLite's own: nothing that has to last
            return apsw.VFSFile("", name, flags)
        below, wants = self._disk.below(path), flags[0]
        call = Call("make" if wants & apsw.SQLITE_OPEN_CREATE else "open", below, by_sqlite=True)
        self.ask(call, apsw.SQLITE_CANTOPEN)
        kind = _ReadFile if self._disk.reads else _File
        file = kind(self, self._disk, below, name, flags)
        self._disk.note(call)
        return file

    def xDelete(self, filename: str, syncdir: bool) -> None:
        call = Call("unlink", self._disk.below(filename), by_sqlite=True)
        self.ask(call, apsw.SQLITE_IOERR_DELETE)
        super().xDelete(filename, syncdir)
        self._disk.note(call)
        if syncdir:
            self._disk.note(Call("sync directory", os.path.dirname(call.path), by_sqlite=True))

    def xAccess(self, pathname: str, flags: int) -> bool:
        if self._disk.reads:
            self.ask(Call("look", self._disk.below(pathname), by_sqlite=True), apsw.SQLITE_IOERR_ACCESS)
        return super().xAccess(pathname, flags)

    def xGetLastError(self) -> tuple[int, str | None]:
        return (self._errno, os.strerror(self._errno)) if self._errno else super().xGetLastError()

    def excepthook(
        self, etype: type[BaseException] | None, evalue: BaseException | None, etraceback: TracebackType | None
    ) -> bool:
        return True  # what SQLite cannot report is no fault of this disk

    def ask(self, call: Call, code: int) -> None:
        refusal = self._disk.refusal_of(call)
        if refusal is not None:
            raise self.refused(refusal, code)

    def refused(self, refusal: Refusal, code: int) -> Exception:
        """The exception that SQLite's own layer would answer with."""
        self._errno = refusal.errno
        has_no_room = refusal.errno == errno.ENOSPC and code == apsw.SQLITE_IOERR_WRITE
        error = apsw.exception_for(apsw.SQLITE_FULL if has_no_room else code)
        error.args = (os.strerror(refusal.errno),)
        return error


class _File(apsw.VFSFile):
    """An open file of SQLite."""

    def __init__(
        self, layer: _Layer, disk: WatchedDisk, path: str, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> None:
        self._layer = layer
        self._disk = disk
        self._path = path
        # SQLite's layer syncs the directory too when it first syncs a log that it may have made (UNIXFILE_DIRSYNC).
        log = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
        self._is_name_loose = bool(flags[0] & apsw.SQLITE_OPEN_CREATE and flags[0] & log)
        super().__init__("", name, flags)

    def excepthook(
        self, etype: type[BaseException] | None, evalue: BaseException | None, etraceback: TracebackType | None
    ) -> bool:
        return True

    def xWrite(self, data: bytes, offset: int) -> None:
        call = Call("write", self._path, offset, bytes(data), by_sqlite=True)
        refusal = self._disk.refusal_of(call)
        if refusal is None:
            super().xWrite(data, offset)
            self._disk.note(call)
            return
        if refusal.is_short:
            call = call._replace(data=call.data[: len(call.data) // 2])
            super().xWrite(call.data, offset)
            self._disk.note(call)
        raise self._layer.refused(refusal, apsw.SQLITE_IOERR_WRITE)

    def xSync(self, flags: int) -> None:
        call = Call("sync", self._path, by_sqlite=True)
        self._layer.ask(call, apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)
        self._disk.note(call)
        if self._is_name_loose:
            self._is_name_loose = False
            self._disk.note(Call("sync directory", os.path.dirname(self._path), by_sqlite=True))

    def xTruncate(self, newsize: int) -> None:
        call = Call("truncate", self._path, newsize, by_sqlite=True)
        self._layer.ask(call, apsw.SQLITE_IOERR_TRUNCATE)
        super().xTruncate(newsize)
        self._disk.note(call)


class _ReadFile(_File):
    """An open file of SQLite whose reading, measuring and locking is asked for too."""

    def xRead(self, amount: int, offset: int) -> bytes:
        self._layer.ask(Call("read", self._path, by_sqlite=True), apsw.SQLITE_IOERR_READ)
        return super().xRead(amount, offset)

    def xFileSize(self) -> int:
        self._layer.ask(Call("measure", self._path, by_sqlite=True), apsw.SQLITE_IOERR_FSTAT)
        return super().xFileSize()

    def xLock(self, level: int) -> None:
        self._layer.ask(Call("lock", self._path, by_sqlite=True), apsw.SQLITE_IOERR_LOCK)
        super().xLock(level)


def refuse_at(number: int, refusal: Refusal, *, is_sticky: bool = False) -> Before:
    """Refuse the call of this number, counted from 1; from there on every call, when sticky."""
    numbers = count(1)  # several threads ask

    def before(call: Call) -> Refusal | None:
        seen = next(numbers)
        return refusal if seen == number or (is_sticky and seen > number) else None

    return before
