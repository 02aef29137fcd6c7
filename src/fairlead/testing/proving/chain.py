"""The chain of events: whatever is altered, cut off, swapped or written anew in a journal's headers is noticed.

The journal is held in memory as rows, exactly as the table `events` has them, and looked at with the functions that
the journal itself looks with. Nothing is sampled: every bit is flipped.
"""

import random
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

from fairlead.core import events as kinds
from fairlead.core.events import Event
from fairlead.core.ids import Place
from fairlead.core.json import Digest
from fairlead.core.outcomes import Check
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.journal import chain
from fairlead.journal.anchor import Mark

EVENTS: dict[Lane, int] = {"fast": 1_000, "full": 5_000}
PROMISE = "Whatever is altered, cut off, swapped or written anew in the chain of events is noticed."
_NUMBER_BITS = {"seq": 64, "run": 64, "kind": 8, "epoch": 32, "at": 64}  # as the chain's header has them
_BYTES = ("place", "digest", "h", "payload", "salt")
_TELL_EVERY = 50  # events
_FORGE_EVERY = 10  # events: each chains anew all that come after

CheckRow = Callable[[bytes, chain.Row], None]


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Alter a journal of 1,000 events, or 5,000 in the full lane, in every way there is."""
    return try_chain(EVENTS[lane], seed, tell)


def check_row(prev: bytes, row: chain.Row) -> None:
    """What the journal looks at in one row.

    Raises:
        Altered: it is not what was written.
    """
    chain.check_link(prev, row)
    chain.event_of(row)


def try_chain(count: int, seed: int, tell: Tell, check: CheckRow = check_row) -> Figure:
    """The proof with *count* events. *check* is what looks at a row: a test hands in one that overlooks something."""
    rows = journal(count, random.Random(seed))
    trial = _Trial(rows, check)
    trial.untouched()
    for number in range(count):
        if number % _TELL_EVERY == 0:
            tell(f"event {number:,} of {count:,}: {trial.counts['bits']:,} bits flipped")
        trial.bits(number)
        trial.rewrite(number)
    for number in range(0, count, _FORGE_EVERY):
        trial.rewrite_all_from(number)
    for number in range(count):
        if number % _TELL_EVERY == 0:
            tell(f"event {number:,} of {count:,}: {trial.counts['cuts']:,} cuts")
        trial.cut(number)
    for number in range(count - 1):
        trial.swap(number)
    return Figure("chain", PROMISE, seed, trial.counts, bounded(trial.problems))


def journal(count: int, chance: random.Random) -> list[chain.Row]:
    """*count* events of some runs as a journal holds them, chained."""
    rows: list[chain.Row] = []
    prev, run, at = chain.START, 0, 1_700_000_000_000_000
    for seq in range(1, count + 1):
        at += chance.randrange(1_000_000)
        event = _event(chance) if run else _queued(chance)
        kind, place, payload = chain.pack_event(event)
        if isinstance(event, kinds.RunQueued):
            run, place = seq, f"r-{chance.randrange(36**7):07d}"
        epoch = 0 if chain.is_request(kind) else chance.randrange(1, 4)
        row = chain.Row(seq, run, kind, place.encode(), epoch, at, payload, chance.randbytes(16), b"", b"")
        rows.append(_relinked(prev, row))
        prev = rows[-1].h
    return rows


def first_bad(rows: Sequence[chain.Row], anchor: Mark, check: CheckRow = check_row) -> int:
    """The seq of the first event that is not what was written, as the journal finds it; 0 when all is right."""
    head = Mark(0, chain.START)
    for row in rows:
        if row.seq != head.seq + 1:
            return head.seq + 1
        try:
            check(head.h, row)
        except chain.Altered:
            return row.seq
        if row.seq == anchor.seq and row.h != anchor.h:
            return row.seq
        head = Mark(row.seq, row.h)
    return head.seq + 1 if head.seq < anchor.seq else 0


class _Trial:
    def __init__(self, rows: list[chain.Row], check: CheckRow) -> None:
        self._rows = rows
        self._check = check
        self._anchor = Mark(rows[-1].seq, rows[-1].h)
        self.counts = {"events": len(rows), "bits": 0, "rewrites": 0, "cuts": 0, "swaps": 0, "unnoticed": 0}
        self.problems: list[str] = []

    def untouched(self) -> None:
        """A check that always says no would notice everything."""
        bad = first_bad(self._rows, self._anchor, self._check)
        if bad:
            self.problems.append(f"event {bad} of a journal that nobody touched is called altered")

    def bits(self, number: int) -> None:
        """Flip each bit of one row, one at a time."""
        row, prev = self._rows[number], self._before(number)
        value: Any  # a column may hold anything
        for name, width in _NUMBER_BITS.items():
            value = getattr(row, name)
            for bit in range(width):
                self._flipped(prev, _with(row, name, value ^ (1 << bit)), name, bit)
        for name in _BYTES:
            value = getattr(row, name)
            whole = int.from_bytes(value, "big")
            for bit in range(len(value) * 8):
                changed = (whole ^ (1 << bit)).to_bytes(len(value), "big")
                self._flipped(prev, _with(row, name, changed), name, bit)

    def _flipped(self, prev: bytes, changed: chain.Row, name: str, bit: int) -> None:
        self.counts["bits"] += 1
        try:
            self._check(prev, changed)
        except chain.Altered:
            return
        self._unnoticed(f"bit {bit} of the {name} of one event was flipped ({changed.place!r}, event {changed.seq})")

    def rewrite(self, number: int) -> None:
        """Another event in its place, with an `h` that is right for it: its successor, or the anchor, knows better."""
        self.counts["rewrites"] += 1
        forged = _relinked(self._before(number), self._rows[number]._replace(at=self._rows[number].at + 1))
        if number + 1 < len(self._rows):
            self._must_notice(forged.h, self._rows[number + 1], f"event {forged.seq} was written anew")
        elif forged.h == self._anchor.h:
            self._unnoticed(f"event {forged.seq} was written anew")

    def rewrite_all_from(self, number: int) -> None:
        """One event and all after it, chained anew without a flaw: only the anchor can know."""
        self.counts["rewrites"] += 1
        forged = [_relinked(self._before(number), self._rows[number]._replace(at=self._rows[number].at + 1))]
        for row in self._rows[number + 1 :]:
            forged.append(_relinked(forged[-1].h, row))
        if first_bad([*self._rows[:number], *forged], self._anchor, chain.check_link) != self._anchor.seq:
            self._unnoticed(f"the events from {number + 1} on were written anew")

    def cut(self, number: int) -> None:
        """Cut off all events from one on, and all up to it: both are noticed, at the right number."""
        self.counts["cuts"] += 2
        seq = self._rows[number].seq
        if first_bad(self._rows[:number], self._anchor, chain.check_link) != seq:
            self._unnoticed(f"the events from {seq} on were cut off")
        if first_bad(self._rows[number + 1 :], self._anchor, chain.check_link) != 1:
            self._unnoticed(f"the events up to {seq} were cut off")

    def swap(self, number: int) -> None:
        """Two neighbours in each other's place, each with the number of the place."""
        self.counts["swaps"] += 1
        first, second = self._rows[number], self._rows[number + 1]
        what = f"events {first.seq} and {second.seq} were swapped"
        self._must_notice(self._before(number), second._replace(seq=first.seq), what)

    def _before(self, number: int) -> bytes:
        return self._rows[number - 1].h if number else chain.START

    def _must_notice(self, prev: bytes, row: chain.Row, what: str) -> None:
        try:
            self._check(prev, row)
        except chain.Altered:
            return
        self._unnoticed(what)

    def _unnoticed(self, what: str) -> None:
        self.counts["unnoticed"] += 1
        self.problems.append(f"{what}, and nothing noticed it")


def _relinked(prev: bytes, row: chain.Row) -> chain.Row:
    """*row* with the digest and the `h` that are right for it behind *prev*."""
    digest = sha256(row.salt + row.payload).digest()
    h = chain.link(prev, row.seq, row.run, row.kind, row.place, row.epoch, row.at, digest)
    return row._replace(digest=digest, h=h)


def _with(row: chain.Row, name: str, value: Any) -> chain.Row:
    """*row* with another value in one column."""
    return row._replace(**{name: value})


def _queued(chance: random.Random) -> Event:
    return kinds.RunQueued("sample", Digest("sha256:" + chance.randbytes(32).hex()), {"number": 1}, "/project")


def _event(chance: random.Random) -> Event:
    """One event of any sort, with as much in it as there is in most."""
    place, attempt = Place(f"step{chance.randrange(40)}"), chance.randrange(1, 4)
    match chance.randrange(8):
        case 0:
            return kinds.RunClaimed(f"w-{chance.randrange(9)}")
        case 1:
            call = Digest("sha256:" + chance.randbytes(32).hex())
            return kinds.AttemptStarted(place, attempt, "scanner", "1", call)
        case 2:
            return kinds.AttemptSucceeded(place, attempt, {"count": chance.randrange(99)}, summary="all right")
        case 3:
            checks = (Check("output.count == 0", False),)
            return kinds.AttemptFailed(place, attempt, "agent", "FL-R230", "it failed", checks=checks)
        case 4:
            return kinds.StepOpened(place, ("a", "b", f"c{chance.randrange(9)}"))
        case 5:
            return kinds.SignalReceived("deployed", {"version": chance.randrange(99)})
        case 6:
            return kinds.AttemptLost(place, attempt, "its worker died")
        case _:
            return _queued(chance) if chance.randrange(4) == 0 else kinds.StepSkipped(place, "it need not be")
