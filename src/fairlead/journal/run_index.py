"""The list of runs, made again from the events: what the table `runs` should say, and what the events name.

The table is an index that is written in the same commit as its events. Whoever checks it, and whoever makes a journal
from events, follows them here.
"""

from fairlead.core.events import (
    Asking,
    Event,
    RunClaimed,
    RunContinued,
    RunEnded,
    RunParked,
    RunQueued,
    contents_of,
    happening_of,
)
from fairlead.core.ids import RunId
from fairlead.core.json import Digest
from fairlead.core.transitions import RUN
from fairlead.journal import chain

_ID, _STATUS, _ENDED_AT, _EPOCH, _WORKER, _LAST_REQUEST = 1, 6, 8, 9, 10, 11  # columns of a line


class RunIndex:
    """What follows from the events that were seen so far."""

    def __init__(self) -> None:
        self.lines: dict[int, list[object]] = {}  # by the run's number, in the order of the table's columns
        self.named: dict[Digest, int] = {}  # contents, and the first event that names them

    @property
    def runs(self) -> list[RunId]:
        """The ids of all runs, in the order of their starts."""
        return [RunId(str(line[_ID])) for line in self.lines.values()]

    def follow(self, row: chain.Row, event: Event) -> None:
        """Take one more event in; events come in their order."""
        for digest in contents_of(event):
            self.named.setdefault(digest, row.seq)
        if isinstance(event, RunQueued):
            self.lines[row.seq] = [
                *(row.seq, row.place.decode(), event.key or None, event.workflow, event.root, event.requester),
                *("queued", row.at, 0, 0, "", row.seq),
            ]
            return
        line = self.lines.get(row.run)
        if line is None:
            return  # its run.queued is damaged, and that has been noted
        if chain.is_request(row.kind):
            line[_LAST_REQUEST] = row.seq
            if isinstance(event, Asking):
                line[_STATUS] = _status_after(line[_STATUS], event)
        elif isinstance(event, RunClaimed):
            line[_STATUS] = _status_after(line[_STATUS], event)
            line[_EPOCH], line[_WORKER] = row.epoch, event.worker
        elif isinstance(event, RunParked | RunContinued):
            line[_STATUS] = _status_after(line[_STATUS], event)
        elif isinstance(event, RunEnded):
            line[_STATUS], line[_ENDED_AT] = event.status, row.at or 1


def _status_after(status: object, event: Event) -> object:
    """The status of a run after *event*; unchanged where no table allows it, which the fold of the run will say."""
    return RUN.get(str(status), {}).get(happening_of(event), status)  # type: ignore[arg-type]  # only of these kinds
