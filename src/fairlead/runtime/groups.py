"""Runs of one group do not overlap: a run waits for its turn before anybody owns it."""

from fairlead.core.events import RunCancelRequested, RunQueued
from fairlead.core.ids import RunId
from fairlead.core.ports import Journal, RunRow
from fairlead.core.transitions import RUN_ENDED

_LOOKED_THROUGH_MAX = 1_000  # runs, newest first: an older one that is still open is not waited for


def runs_before(journal: Journal, run: RunId) -> tuple[RunId, ...]:
    """The runs that *run* has to wait for, oldest first; none when it is its turn, or when it shall be cancelled.

    A run that nobody works on holds nothing up, unless it waits for a person: that is part of its work.
    """
    events = iter(journal.events_of(run))
    queued = next(events).event
    if not isinstance(queued, RunQueued) or not queued.group:
        return ()
    if any(isinstance(record.event, RunCancelRequested) for record in events):
        return ()
    rows = journal.runs(_LOOKED_THROUGH_MAX)
    own = next((row for row in rows if row.run == run), None)
    earlier = [
        row
        for row in rows
        if own is not None
        and row.first_seq < own.first_seq
        and row.status not in RUN_ENDED
        and _group_of(journal, row.run) == queued.group
        and _holds(journal, row)
    ]
    earlier.reverse()
    return tuple(row.run for row in earlier) if len(earlier) >= queued.group_max else ()


def _group_of(journal: Journal, run: RunId) -> str:
    first = next(iter(journal.events_of(run))).event
    return first.group if isinstance(first, RunQueued) else ""


def _holds(journal: Journal, row: RunRow) -> bool:
    if row.status in ("waiting", "queued"):
        return True
    return bool(row.worker) and journal.is_alive(row.worker)
