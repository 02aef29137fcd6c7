"""The disk and the effects of a process that is to be disturbed: they count, and at one moment they do it.

Nothing of this is in the product: the journal is given another `Disk`, and what performs effects is wrapped.
"""

import errno
import os
import random
import signal
from typing import NamedTuple, NoReturn

from fairlead.testing.certifying.points import Kill, Moment, Point, Seam
from fairlead.testing.disks import Call, Platter, Refusal, WatchedDisk

_LOG = "journal.db-wal"
_NO_ROOM = Refusal(errno.ENOSPC)


class Life(NamedTuple):
    """What shall happen to one process."""

    kill: Kill | None = None
    torn: int = 0  # at this commit the power goes
    full: int = 0  # from this commit on the disk has no room
    fenced: int = 0  # after this commit the process is stopped, until somebody lets it go on


def lives_of(point: Point) -> tuple[Life, ...]:
    """The processes that *point* disturbs, in order; the next one is left alone."""
    match point.kind:
        case "kill" | "kill twice":
            return tuple(Life(kill=kill) for kill in point.kills)
        case "torn write":
            return (Life(torn=point.number),)
        case "full disk":
            return (Life(full=point.number),)
        case "lost lock":
            return (Life(fenced=point.number),)


def die() -> NoReturn:
    """As if somebody had sent `kill -9`: nothing is tidied up."""
    while True:
        os.kill(os.getpid(), signal.SIGKILL)


class Breaking:
    """Counts the moments of one process, and does at one of them what its life says."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.counts: dict[Seam, int] = {"commit": 0, "effect": 0}
        self._was_stopped = False

    def reach(self, seam: Seam, moment: Moment) -> None:
        """The process has come to this moment of the commit, or the effect, that is under way."""
        if self.life.kill == Kill(seam, self.counts[seam], moment):
            die()

    def deliver(self) -> None:
        """What was committed is about to be heard of. Here nobody holds the lock of the journal, which a process that
        is stopped would hold for ever.
        """
        if self.life.fenced and not self._was_stopped and self.counts["commit"] >= self.life.fenced:
            self._was_stopped = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def begin(self, seam: Seam) -> None:
        """The next commit, or effect, begins."""
        self.counts[seam] += 1
        self.reach(seam, "before")


class BreakingDisk(WatchedDisk):
    """What the journal lies on. A commit begins with the first write to the log, and ends when the log is synced."""

    def __init__(self, root: str, breaking: Breaking, seed: str) -> None:
        super().__init__(root, self._look)
        self._breaking = breaking
        self._seed = seed
        self._is_within = False  # a commit
        self._is_full = False
        # Only a power cut asks later what was done; else that would be memory for nothing.
        self._is_noting = bool(breaking.life.torn)

    def _look(self, call: Call) -> Refusal | None:
        if os.path.basename(call.path) == _LOG:
            if call.kind == "write" and not self._is_within:
                self._is_within = True
                self._breaking.begin("commit")
                self._is_full = self._breaking.counts["commit"] == self._breaking.life.full or self._is_full
            elif call.kind == "sync" and self._breaking.counts["commit"] == self._breaking.life.torn:
                self._cut()
        return _NO_ROOM if self._is_full and call.kind in ("write", "make", "mkdir") else None

    def note(self, call: Call) -> None:
        if self._is_noting:
            super().note(call)
        if call.kind == "sync" and self._is_within and os.path.basename(call.path) == _LOG:
            self._is_within = False
            self._breaking.reach("commit", "after")

    def _cut(self) -> NoReturn:
        """Leave of the journal what a power cut can leave, and end."""
        platter = Platter()
        for call in self.calls:
            platter.perform(call)
        image = platter.cut(random.Random(self._seed))
        for path in {call.path for call in self.calls if call.kind == "make"} - image.files.keys():
            _remove(os.path.join(self.root, path))
        for path, data in image.files.items():
            with open(os.path.join(self.root, path), "wb") as file:
                file.write(data)
        _remove(os.path.join(self.root, "journal.db-shm"))  # memory: it never outlives a power cut
        die()


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass  # it was removed already, or is a lock that is made anew
