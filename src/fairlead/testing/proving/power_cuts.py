"""The power goes at any moment: what was acknowledged is there, nothing is half there, and the journal goes on.

A kill cannot show this: the kernel keeps what a dead process wrote. Here a journal lives a life that is drawn from the
seed, over a disk that keeps what was not synced apart. Each cut lays files as such a disk could have left them, looks
at them with the product's own eyes, and lets the journal go on over such a disk again, where the power goes once more.
"""

import os
import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import NamedTuple

from fairlead.core.errors import FairleadError
from fairlead.core.json import Digest
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.journal import verify
from fairlead.journal.blobs import Blobs
from fairlead.journal.opening import Mode, Places
from fairlead.testing.clock import FakeClock
from fairlead.testing.disks import Call, Image, Platter, WatchedDisk
from fairlead.testing.proving.journal_work import STATE, Work, read_chain, small_logs, temporary_root

CUTS: dict[Lane, int] = {"fast": 2_000, "full": 100_000}
_CUTS_OF_A_LIFE = 40  # half of them while it recovers from the other half
_CALLS_OF_MAKING = 60  # in which a journal comes to be
_PROMISE = (
    "Whatever a power cut leaves of what was not synced, every acknowledged event and content is there and verifies, "
    "the events are a prefix without holes, no group is half there, and the journal goes on writing."
)
_COUNTS = ("lives", "calls", "cuts", "during_recovery", "events", "contents", "lost", "holes", "refused")


class Tried(NamedTuple):
    """What one life came to."""

    counts: Counter[str]
    problems: list[str]


class Expected(NamedTuple):
    """What has to be there after a cut."""

    ends: tuple[int, ...]  # the last event is one of these
    contents: set[Digest]
    chain: dict[int, bytes]  # the h of each event of the life that was cut


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Cut the power as often as the lane asks."""
    return try_power_cuts(CUTS[lane], seed, tell, processes=2 if lane == "full" else 1)


def try_power_cuts(cuts: int, seed: int, tell: Tell, *, mode: Mode = "full", processes: int = 1) -> Figure:
    """Cut the power at least *cuts* times. In mode "process" much is lost: it promises no more."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    for tried in _lives(-(-cuts // _CUTS_OF_A_LIFE), seed, mode, processes):
        counts.update(tried.counts)
        problems.extend(tried.problems)
        if counts["lives"] % 10 == 0:
            tell(f"{counts['cuts']} of {cuts} power cuts, {len(problems)} problems")
    return Figure("power-cuts", _PROMISE, seed, {name: counts[name] for name in _COUNTS}, bounded(problems))


def _lives(count: int, seed: int, mode: Mode, processes: int) -> Iterator[Tried]:
    if processes == 1:
        yield from (try_life(seed, life, mode) for life in range(count))
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(try_life, repeat(seed, count), range(count), repeat(mode), chunksize=4)


def try_life(seed: int, life: int, mode: Mode = "full") -> Tried:
    """Let a journal live one life, and cut it at moments drawn from the seed."""
    draw = random.Random(f"{seed}/{life}")
    with small_logs(), temporary_root("cuts") as root:
        top = os.path.join(root, "life")
        os.mkdir(top)
        with WatchedDisk(top) as disk:
            work = Work(disk, draw, mode)
            trial = _Trial(root, draw, mode, f"seed {seed}, life {life}")
            trial.counts.update(lives=1)
            try:
                work.live(draw.randrange(2, 6))
            except Exception as refusal:  # nothing but a death was in its way
                trial.note(_Broken("refused", f"it broke by itself: {type(refusal).__name__}: {refusal}"))
        trial.counts.update(calls=len(disk.calls))
        trial.cut_often(disk.calls, work)
    return Tried(trial.counts, trial.problems)


class _Broken(Exception):
    """A promise that did not hold after a cut."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind  # lost, holes, refused


class _Trial:
    """Cuts, looks at what is left, and lets the journal go on."""

    def __init__(self, root: str, draw: random.Random, mode: Mode, life: str) -> None:
        self._first, self._second = os.path.join(root, "first"), os.path.join(root, "second")
        self._draw = draw
        self._mode: Mode = mode
        self._life = life
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []

    def cut_often(self, calls: list[Call], work: Work) -> None:
        """Cut one life at many moments, in the order of time, so that the disk is followed only once."""
        chain, platter, done = read_chain(work), Platter(), 0
        for at in self._moments(len(calls)):
            for call in calls[done:at]:
                platter.perform(call)
            done = at
            try:
                self._cut_twice(platter.cut(self._draw), Expected(work.ends_at(at), work.contents_at(at), chain))
            except _Broken as broken:
                self.note(broken, f"cut before call {at}: ")

    def note(self, broken: _Broken, where: str = "") -> None:
        """Keep what was found."""
        self.counts[broken.kind] += 1
        self.problems.append(f"{self._life}, {where}{broken}")

    def _moments(self, calls: int) -> list[int]:
        """When to cut, in the order of time: anywhere, and more often while the journal is made."""
        count = _CUTS_OF_A_LIFE // 2
        early = [self._draw.randint(0, min(calls, _CALLS_OF_MAKING)) for _ in range(count // 3)]
        return sorted(early + [self._draw.randint(0, calls) for _ in range(count - len(early))])

    def _cut_twice(self, image: Image, expected: Expected) -> None:
        """Look at *image*, go on from it, and cut that too."""
        image.lay(self._first)
        head = self._look(self._first, expected)
        work, calls = self._go_on(self._first, head)
        platter, at = Platter(image), self._draw.randint(0, len(calls))
        for call in calls[:at]:
            platter.perform(call)
        platter.cut(self._draw).lay(self._second)
        self.counts["during_recovery"] += 1
        try:
            contents = expected.contents | work.contents_at(at)
            head = self._look(self._second, Expected(work.ends_at(at), contents, read_chain(work)))
            self._go_on(self._second, head)
        except _Broken as broken:
            raise _Broken(broken.kind, f"and again before call {at} of the recovery: {broken}") from None

    def _look(self, top: str, expected: Expected) -> int:
        """Look at all of the journal; gives its last event."""
        self.counts["cuts"] += 1
        state = os.path.join(top, STATE)
        report = verify(state, clock=FakeClock())
        if report.head < expected.ends[0]:
            text = f"event {expected.ends[0]} was acknowledged; the journal ends at {report.head}"
            raise _Broken("lost", "; ".join([text, *(problem.text for problem in report.problems[:1])]))
        if report.problems:
            first = report.problems[0]
            kind = "lost" if first.code == "FL-L006" else "holes"
            raise _Broken(kind, f"{first.code} at event {first.seq}: {first.text}")
        if report.head not in expected.ends:
            raise _Broken("holes", f"it ends at event {report.head}, inside a group; groups end at {expected.ends}")
        if report.head and bytes.fromhex(report.h) != expected.chain[report.head]:
            raise _Broken("holes", f"event {report.head} is not the one that was written")
        self._look_at_contents(state, expected.contents)
        self.counts.update(events=report.events, contents=len(expected.contents))
        return report.head

    def _look_at_contents(self, state: str, contents: set[Digest]) -> None:
        blobs = Blobs(Places(state))
        for name in sorted(contents):
            try:
                blobs.get(name)
            except FairleadError as refusal:
                raise _Broken("lost", str(refusal)) from None

    def _go_on(self, top: str, head: int) -> tuple[Work, list[Call]]:
        """Open the journal as the next process does, and write."""
        with WatchedDisk(top) as disk:
            work = Work(disk, self._draw, self._mode, head)
            try:
                work.go_on()
            except Exception as refusal:  # whatever it is, the journal does not go on
                raise _Broken("refused", f"it does not go on: {type(refusal).__name__}: {refusal}") from refusal
        return work, disk.calls
