"""Runs of one group do not overlap: a run waits for its turn before anybody owns it."""

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from fairlead.core.events import Recorded, RunCancelRequested, RunQueued
from fairlead.core.ids import RunId
from fairlead.core.ports import RunRow
from fairlead.core.transitions import RUN_ENDED

_LOOKED_THROUGH_MAX = 1_000  # runs, newest first: an older one that is still open is not waited for


class Record(Protocol):
    """What of a journal is read here."""

    def events_of(self, run: RunId) -> Iterator[Recorded]: ...
    def runs(self, limit: int) -> Sequence[RunRow]: ...
    def is_alive(self, worker: str) -> bool: ...


def open_runs(journal: Record, group: str) -> tuple[RunRow, ...]:
    """The runs of *group* that have not ended, oldest first."""
    rows = (row for row in journal.runs(_LOOKED_THROUGH_MAX) if row.status not in RUN_ENDED)
    found = [row for row in rows if _queued(journal, row.run).group == group]
    return tuple(sorted(found, key=lambda row: row.first_seq))


def runs_before(journal: Record, run: RunId, passed_over: Collection[RunId] = ()) -> tuple[RunRow, ...]:
    """What *run* has to wait for, oldest first; nothing when it is its turn, or when it shall be cancelled.

    A run that nobody works on any more holds nothing up, unless it waits for a person: that is part of its work. Those
    in *passed_over* had their turn and did not take it.
    """
    queued = _queued(journal, run)
    if not queued.group or _is_cancelled(journal, run):
        return ()
    rows = open_runs(journal, queued.group)
    own = next((row.first_seq for row in rows if row.run == run), None)
    if own is None:
        return ()
    before = tuple(
        row
        for row in rows
        if row.run != run and row.run not in passed_over and _holds(journal, row, is_earlier=row.first_seq < own)
    )
    return before if len(before) >= queued.group_max else ()


def due_of(journal: Record, run: RunId, before: Sequence[RunRow]) -> tuple[RunId, ...]:
    """Those of *before* that could begin now, and have not."""
    room = _queued(journal, run).group_max
    return tuple(row.run for number, row in enumerate(before) if number < room and not row.epoch)


def _queued(journal: Record, run: RunId) -> RunQueued:
    first = next(iter(journal.events_of(run)), None)
    assert first is not None, f"{run} is recorded"
    assert isinstance(first.event, RunQueued)  # the journal lets no other event be a run's first
    return first.event


def _is_cancelled(journal: Record, run: RunId) -> bool:
    return any(isinstance(record.event, RunCancelRequested) for record in journal.events_of(run))


def _holds(journal: Record, row: RunRow, *, is_earlier: bool) -> bool:
    if not row.epoch:  # nobody has ever worked on it: its place in the queue is all that it has
        return is_earlier and row.status == "queued" and not _is_cancelled(journal, row.run)
    return row.status == "waiting" or (bool(row.worker) and journal.is_alive(row.worker))
