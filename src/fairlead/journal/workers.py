"""How a worker proves life: it holds a lock on its file in `workers/`, and touches the file every ten seconds.

A free lock means that the process is gone: the kernel gives locks back. A lock that is held but was not touched for
thirty seconds means a process that was stopped. Either way another worker may take its runs; the higher epoch keeps a
sleeper that wakes from writing. Time is read from the monotonic clock, which all processes of one machine share, so
that no change of the wall clock takes a run from anybody.
"""

import fcntl
import os
import weakref
from typing import NamedTuple

import msgspec

from fairlead.core.ids import Micros, WorkerId
from fairlead.core.ports import Clock
from fairlead.journal.opening import Places, make_directory

SILENT_SECONDS = 30.0
_BYTES = 256  # a sheet is always written whole and in one piece of this length


class Sheet(msgspec.Struct, frozen=True):
    """What a worker says of itself in its file."""

    pid: int
    since: Micros
    beat: float  # monotonic seconds of the last touch


class Life(NamedTuple):
    """What can be seen of a worker from outside."""

    is_alive: bool
    sheet: Sheet | None = None  # None when it has no file, or no readable one
    silent_seconds: float = 0.0  # since its last touch


class WorkerLock:
    """The proof of life of a worker of this process."""

    def __init__(self, places: Places, worker: WorkerId, clock: Clock) -> None:
        make_directory(places.workers, places.disk)
        self._path = os.path.join(places.workers, worker)
        self._clock = clock
        self._since = clock.now()
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        _open_locks.add(self)
        self.beat()

    def beat(self) -> None:
        """Touch the file. Call it every ten seconds: two may be missed before the worker counts as silent."""
        sheet = Sheet(os.getpid(), self._since, self._clock.monotonic())
        os.pwrite(self._fd, msgspec.json.encode(sheet).ljust(_BYTES), 0)

    def release(self) -> None:
        os.unlink(self._path)
        self.forget()

    def forget(self) -> None:
        """Let go of the file without removing it."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


# A forked child shares the lock and would keep its dead parent alive: it lets go at once.
_open_locks: "weakref.WeakSet[WorkerLock]" = weakref.WeakSet()


def _forget_all() -> None:
    for lock in list(_open_locks):
        lock.forget()


os.register_at_fork(after_in_child=_forget_all)


def look_at(places: Places, worker: str, clock: Clock) -> Life:
    """What can be seen of *worker*. A reader changes nothing."""
    try:
        fd = os.open(os.path.join(places.workers, os.path.basename(worker)), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return Life(is_alive=False)
    try:
        if _is_free(fd):
            return Life(is_alive=False)
        sheet = msgspec.json.decode(os.pread(fd, _BYTES, 0), type=Sheet)
    except (OSError, msgspec.MsgspecError):
        return Life(is_alive=True)  # locked, and its first touch is yet to come
    finally:
        os.close(fd)
    silent = max(0.0, clock.monotonic() - sheet.beat)
    return Life(silent <= SILENT_SECONDS, sheet, silent)


def sweep(places: Places) -> None:
    """Remove the files of workers that are gone; their names never come back."""
    for name in os.listdir(places.workers):
        path = os.path.join(places.workers, name)
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # another process was faster
        try:
            # A worker that has made its file and not yet locked it would lose it here; an empty file is such a one.
            if os.fstat(fd).st_size and _is_free(fd):
                os.unlink(path)
        except FileNotFoundError:
            pass
        finally:
            os.close(fd)


def _is_free(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(fd, fcntl.LOCK_UN)
    return True
