"""`watch_run`: what happened since I last asked. Screens, `runs watch` and later doors all hold one of these.

Two sources: the journal, which is exact, and the owner's `live/RUN.jsonl`, which is not. A line of the latter is
`{"at": micros, "place": "scan", "attempt": 1, "text": "src/app.py", "found": 12}`; what cannot be read is dropped.
"""

from collections.abc import Callable, Sequence

import msgspec

from fairlead.core.events import RunQueued
from fairlead.core.groups import runs_before
from fairlead.core.ids import Micros, Place, RunId, Seq
from fairlead.core.state import RunState
from fairlead.core.transitions import RUN_ENDED
from fairlead.views.facts import Fact, Projection
from fairlead.views.reading import Readable
from fairlead.views.runs import read_workflow_of

_OWNER_CHECK_SECONDS = 1.0
_NAMED_MAX = 5
QUEUED_SECONDS_MAX = 15.0  # a run that nobody claimed for so long is called unowned
LIVE_BYTES_MAX = 200_000  # of progress read at one poll; more is skipped


class _LiveLine(msgspec.Struct):
    """One line of progress, as the owner of a run writes it."""

    place: str
    at: int = 0
    attempt: int = 0
    text: str = ""
    found: int = 0


_decode_line = msgspec.json.Decoder(_LiveLine).decode

ReadLive = Callable[[int], bytes | None]  # offset → what stands behind it; None when there is no file


class Watch:
    """Follows one run from *after*; `poll` never waits."""

    def __init__(
        self,
        journal: Readable,
        run: RunId,
        monotonic: Callable[[], float],
        *,
        after: Seq = Seq(0),  # noqa: B008 - a NewType of int makes no object
        read_live: ReadLive | None = None,
    ) -> None:
        self._journal = journal
        self._run = run
        self._after = after
        self._monotonic = monotonic
        self._read_live = read_live
        self._offset = 0
        self._projection: Projection | None = None
        self._seen = self._head = Seq(0)
        self._asked_at = self._started_at = monotonic()
        self._behind: tuple[RunId, ...] = ()  # the runs of its group that it waits for
        self.is_unowned = False  # nobody works on it, and it has not ended

    @property
    def state(self) -> RunState | None:
        return self._projection.state if self._projection is not None else None

    @property
    def is_ended(self) -> bool:
        return self.state is not None and self.state.status in RUN_ENDED

    @property
    def is_waiting(self) -> bool:
        """Whether the run is paused and nothing in it runs any more: only a person can change that."""
        return self.state is not None and self.state.status == "waiting" and not self.state.running

    def poll(self) -> list[Fact]:
        """The facts since the last call: recorded ones first, then progress of steps that still run."""
        facts: list[Fact] = []
        # `has_changed` may be asked by somebody else on the same connection; the head is everybody's.
        head = self._journal.head()
        if head != self._head:
            self._head = head
            facts += self._recorded()
        if not self.is_ended:
            facts += self._progress()
            facts += self._ownership()
        return facts

    def _recorded(self) -> list[Fact]:
        facts: list[Fact] = []
        for record in self._journal.events_of(self._run, self._seen):
            if self._projection is None:
                if not isinstance(record.event, RunQueued):
                    break
                self._projection = Projection(read_workflow_of(self._journal, record.event), self._run)
            found = self._projection.take(record)
            self._seen = record.seq
            if record.seq > self._after:
                facts += found
        return facts

    def _progress(self) -> list[Fact]:
        state = self.state
        data = self._read_live(self._offset) if self._read_live is not None else None
        if not data or state is None:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self._offset += len(whole)
        newest: dict[str, _LiveLine] = {}  # a watcher is only interested in where a step stands now
        for line in whole.splitlines()[-2000:]:
            try:
                told = _decode_line(line)
            except msgspec.DecodeError:
                continue
            newest[told.place] = told
        return [
            Fact(
                "step.progress",
                self._run,
                Micros(told.at),
                step=told.place,
                attempt=told.attempt,
                summary=told.text,
                found=told.found,
            )
            for told in newest.values()
            if Place(told.place) in state.running
        ]

    def _ownership(self) -> list[Fact]:
        now = self._monotonic()
        state = self.state
        if state is None or now - self._asked_at < _OWNER_CHECK_SECONDS:
            return []
        self._asked_at = now
        if state.status == "waiting":
            is_unowned = False  # it waits for a person, not for a worker
        elif state.status == "queued":
            behind = tuple(row.run for row in runs_before(self._journal, self._run))
            if behind:
                self._started_at = now
            told, self._behind = self._behind, behind
            if behind and behind != told:
                summary = _held_text(behind, state)
                return [Fact("run.held", self._run, state.now, summary=summary)]
            is_unowned = now - self._started_at > QUEUED_SECONDS_MAX
        else:
            is_unowned = not self._journal.is_alive(state.worker)
        if is_unowned and not self.is_unowned:
            self.is_unowned = True
            return [Fact("run.unowned", self._run, state.now)]
        self.is_unowned = is_unowned
        return []


def _held_text(behind: Sequence[RunId], state: RunState) -> str:
    """`behind r-7q2k of the group deploy`."""
    assert state.queued is not None  # a run that was read begins with run.queued
    more = f" and {len(behind) - _NAMED_MAX} more" if len(behind) > _NAMED_MAX else ""
    return f"behind {', '.join(behind[:_NAMED_MAX])}{more} of the group {state.queued.group}"
