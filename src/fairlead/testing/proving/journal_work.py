"""A journal at work on a watched disk: what is done is drawn from a seed, and what was acknowledged is noted.

The pen is driven as the writer's thread drives it, but in this thread, so that one seed always gives the same calls.
"""

import errno
import os
import random
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from fairlead.core.events import (
    AttemptStarted,
    AttemptSucceeded,
    Event,
    Recorded,
    RunCancelRequested,
    RunEnded,
    RunQueued,
)
from fairlead.core.ids import Epoch, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest
from fairlead.core.ports import Batch, Written
from fairlead.journal import pen as pens
from fairlead.journal.blobs import Blobs
from fairlead.journal.opening import Mode, Places, connect_unchecked, rows_from
from fairlead.journal.pen import ClaimRun, Pen, RecordRequest, What
from fairlead.testing.clock import FakeClock
from fairlead.testing.disks import Call, Refusal, WatchedDisk

STATE = "state"  # the state directory below the disk's root: that it is made belongs to what may be cut
_SIZES = (0, 0, 10, 300, 3_000, 20_000)  # bytes of a payload or a content
_CALLS_BEFORE_DEATH = 80
_NONE = Digest("")


class Acknowledged(NamedTuple):
    """What had been promised by the time that so many calls on the disk were done."""

    calls: int
    seq: int = 0  # all events up to this one
    blob: Digest = _NONE  # or this content


class OpenJournal:
    """One process that has the journal open."""

    def __init__(self, work: "Work") -> None:
        self._work = work
        self._blobs = Blobs(work.places)
        self._pen = Pen(work.places, work.clock, work.mode)
        self._owned: list[tuple[RunId, Epoch]] = []

    def act(self) -> None:
        """Do one thing that a process does."""
        draw, clock = self._work.draw, self._work.clock
        match draw.randrange(8):
            case 0:
                self.put(draw.randbytes(draw.choice(_SIZES)))
            case 1:
                clock.move(2.0)
                if self._pen.has_loose_ends():
                    self._pen.tidy()
            case _:
                self.write([self._what() for _ in range(draw.choice((1, 1, 1, 2, 5)))])
                clock.move(0.3)
                self._pen.tidy_while_busy()

    def write(self, what: Sequence[What]) -> None:
        """Write one group. Refusals by the rules of the record are answers as good as any."""
        answers = self._pen.write(what)
        if any(isinstance(answer, Written | Recorded) for answer in answers):
            self._work.acknowledge(seq=self._pen.groups.head.seq)
        for answer in answers:
            if isinstance(answer, Recorded) and answer.epoch:
                self._owned.append((answer.run, answer.epoch))

    def put(self, data: bytes) -> Digest:
        name = self._blobs.put(data)
        self._work.acknowledge(blob=name)
        return name

    def start_run(self) -> None:
        """Start a run that nobody has started yet, and let some time pass."""
        head = self.head()
        self.write([self._start()])
        if self._work.ends[-1] != head + 1:
            raise AssertionError(f"the event after {head} became {self._work.ends[-1]}")
        self._pen.tidy_while_busy()

    def head(self) -> int:
        """Where the journal ends, as a writer sees it that has written nothing yet."""
        self._pen.write(())
        return self._pen.groups.head.seq

    def close(self, *, is_sound: bool) -> None:
        self._pen.close(is_sound=is_sound)

    def _what(self) -> What:
        runs, draw = self._work.runs, self._work.draw
        text = "x" * draw.choice(_SIZES)
        kind = draw.randrange(8)
        if kind == 0 or not runs:
            return self._start(text)
        if kind == 1:
            return RecordRequest(draw.choice(runs), RunCancelRequested())
        if kind == 2 or not self._owned:
            return ClaimRun(draw.choice(runs), WorkerId("w-1"))
        run, epoch = draw.choice(self._owned)
        place = Place(f"s{draw.randrange(1000)}")
        outcome: Event = AttemptSucceeded(place, 1, {"text": text})
        if kind == 3:
            outcome = AttemptSucceeded(place, 1, output_ref=self.put(text.encode() + bytes(draw.randrange(3))))
        elif kind == 4 and draw.random() < 0.3:
            return Batch(run, epoch, Seq(0), (RunEnded("succeeded"),), ())
        return Batch(run, epoch, Seq(1 << 60), (outcome,), (AttemptStarted(place, 2, "a", "1", Digest("d")),))

    def _start(self, text: str = "") -> What:
        run = RunId(f"r-{self._work.draw.randrange(10**12):012}")
        self._work.runs.append(run)
        return RecordRequest(run, RunQueued("w", self.put(b"{}"), {"text": text}, "/src", requester="ada"))


class Work:
    """The life of a journal, as it is seen by who uses it."""

    def __init__(self, disk: WatchedDisk, draw: random.Random, mode: Mode = "full", seq: int = 0) -> None:
        self.disk = disk
        self.places = Places(os.path.join(disk.root, STATE), disk)
        self.draw = draw
        self.mode: Mode = mode
        self.clock = FakeClock()
        self.runs: list[RunId] = []
        self.acknowledged: list[Acknowledged] = []
        self.ends: list[int] = [seq]  # the last event of each group that is in the journal, acknowledged or not

    def acknowledge(self, *, seq: int = 0, blob: Digest = _NONE) -> None:
        self.acknowledged.append(Acknowledged(len(self.disk.calls), seq, blob))
        self.end_at(seq)

    def live(self, processes: int) -> None:
        """So many processes use the journal, most of them one after the other; some of them die."""
        for _ in range(processes):
            if self.draw.random() < 0.35:
                self._die_at(self.draw.randrange(1, _CALLS_BEFORE_DEATH))
            opened: list[OpenJournal] = []
            try:
                for _ in range(self.draw.choice((1, 1, 2))):
                    opened.append(OpenJournal(self))
                    self.end_at(opened[-1].head())
                for _ in range(self.draw.randrange(3, 12)):
                    self.draw.choice(opened).act()
                for one in opened:
                    one.close(is_sound=self.draw.random() < 0.6)
                opened.clear()
            except Exception:
                if self.disk.before is None:
                    raise  # nobody has killed it
            finally:
                for one in opened:
                    one.close(is_sound=False)
                self.disk.before = None

    def go_on(self) -> None:
        """What the next process does after a cut: it opens the journal, keeps a content, starts a run, and ends."""
        one = OpenJournal(self)
        try:
            self.end_at(one.head())
            one.start_run()
            self.clock.move(2.0)
            one.start_run()
        except BaseException:
            one.close(is_sound=False)
            raise
        one.close(is_sound=self.draw.random() < 0.5)

    def end_at(self, seq: int) -> None:
        """A group ends here. One of somebody who died may be there although nobody has acknowledged it."""
        if seq > self.ends[-1]:
            self.ends.append(seq)

    def _die_at(self, number: int) -> None:
        """From this call on nothing more is done: the process is dead, and what it did before is still there."""
        seen = 0

        def before(call: Call) -> Refusal | None:
            nonlocal seen
            seen += 1
            return Refusal(errno.EIO, is_death=True) if seen >= number else None

        self.disk.before = before

    # --------------------------------------------------------------------------- what a cut after some calls may leave

    def seq_at(self, calls: int) -> int:
        """The last event that had been acknowledged when so many calls were done."""
        return max(self.ends[0], *(one.seq for one in self.acknowledged if one.calls <= calls), 0)

    def contents_at(self, calls: int) -> set[Digest]:
        return {one.blob for one in self.acknowledged if one.blob and one.calls <= calls}

    def ends_at(self, calls: int) -> tuple[int, ...]:
        """Where the journal may end: at the last acknowledged event, or at the end of a group that came after it.

        Several may have: one of a process that died before it said so, and one that was under way.
        """
        seq = self.seq_at(calls)
        later = [one.seq for one in self.acknowledged if one.seq > seq and one.calls > calls]
        last = min(later, default=self.ends[-1])
        return (seq, *(end for end in self.ends if seq < end <= last))


def read_chain(work: Work) -> dict[int, bytes]:
    """The h of each event that is in the journal when *work* is over, and the end of what nobody acknowledged."""
    connection = connect_unchecked(Places(work.places.directory))  # not the watched disk: looking is no part of it
    if connection is None:
        return {}
    try:
        chain = {row.seq: row.h for row in rows_from(connection, 1)}
    finally:
        connection.close()
    work.end_at(max(chain, default=0))
    return chain


@contextmanager
def temporary_root(name: str) -> Iterator[str]:
    """A directory in memory where the system has such a place: what a sync means is simulated, not waited for."""
    where = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=where, prefix=f"fairlead-{name}-") as root:
        yield root


@contextmanager
def small_logs(pages: int = 6) -> Iterator[None]:
    """Checkpoints come after so few pages that a short life has several."""
    idle, busy = pens.WAL_PAGES_IDLE_MAX, pens.WAL_PAGES_BUSY_MAX
    pens.WAL_PAGES_IDLE_MAX, pens.WAL_PAGES_BUSY_MAX = pages, 2 * pages
    try:
        yield
    finally:
        pens.WAL_PAGES_IDLE_MAX, pens.WAL_PAGES_BUSY_MAX = idle, busy
