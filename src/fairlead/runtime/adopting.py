"""Going on with what others have left: each open run without a living owner is claimed at once, and performed in turn.

Claims are durable in a few commits, whatever the number of runs; a run is read when its turn comes, and only so many
are in memory at a time. One in which nothing happens for long is put out of memory and read again when it is due, or
when somebody asks something of it. What waits for a person is left alone until that person has answered.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from zlib import crc32

from fairlead.core.adoption import Adoption
from fairlead.core.agenda import Agenda
from fairlead.core.decide import is_suspect, next_due
from fairlead.core.errors import FairleadError
from fairlead.core.events import RunPauseRequested, RunQueued
from fairlead.core.groups import runs_before
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.ports import Clock, Fenced, Interrupted, Journal, JournalFailed, OpenRun
from fairlead.core.standing import RunState
from fairlead.runtime.engine import Engine

OPEN_RUNS_MAX = 100_000  # that are looked at
CLAIMS_MAX = 250  # in one commit: two workers that start at once share what there is
_LOOK_S = 1.0  # between two looks at the record
_BEGIN_S = 15.0  # a run that nobody has ever claimed belongs for so long to whoever asked for it, and is about to begin
_SUSPECT_WAIT_S = 60.0  # a run under which workers died waits for a quiet moment, but not longer
_TAKEN = ("FL-R102", "FL-R401")  # it has ended meanwhile; somebody else performs it


class _Asked(NamedTuple):
    """What of the way in which a run was asked for says when it may be taken up."""

    parent: RunId
    group: str


class Adopting:
    """One worker that takes over the runs of the checkout *root*."""

    def __init__(
        self, engine: Engine, journal: Journal, clock: Clock, root: str, at_once: int, tally: Adoption
    ) -> None:
        self._engine = engine
        self._journal = journal
        self._clock = clock
        self._root = root
        self._at_once = at_once
        self.tally = tally
        self._fresh: deque[tuple[RunId, Epoch | None]] = deque()  # to be performed, with a claim that is unused
        self._turns: list[RunId] = []  # of a group, oldest first: claimed when their turn has come
        self._suspects: dict[RunId, float] = {}  # → since when they wait to be performed alone
        self._sleeping = Agenda()  # runs by the moment at which they are due
        self._active: dict[RunId, asyncio.Task[RunState]] = {}
        self._is_alone = False  # what is performed is a suspect
        self._heard: dict[RunId, Seq] = {}  # run → the last news of it, and of runs below it, that were taken up
        self._known: dict[RunId, _Asked] = {}  # of the open runs
        self._turns_looked = 0.0  # when it was last seen whether a turn has come
        self._passed_over: set[RunId] = set()  # runs that cannot be performed here

    async def perform(self, *, stays: bool) -> None:
        """Go on with all there is; who *stays* waits for more, else it ends when nothing can go on without a person.

        Raises:
            Interrupted: `Engine.interrupt` was called; what was performed is closed, any worker can go on.
            JournalFailed: as `Engine.perform`.
        """
        began = self._clock.monotonic()
        grace_s = _BEGIN_S if stays else 0.0
        await self._look(grace_s)
        looked = self._clock.monotonic()
        self.tally.adopted_s = looked - began
        try:
            while True:
                self._begin()
                if not stays and self._is_idle() and not await self._look(grace_s):
                    return
                await self._wait()
                if self._clock.monotonic() - looked >= _LOOK_S:
                    await self._look(grace_s)
                    looked = self._clock.monotonic()
        finally:
            for task in self._active.values():
                task.cancel()
            await asyncio.gather(*self._active.values(), return_exceptions=True)

    def _is_idle(self) -> bool:
        return not (self._active or self._fresh or self._turns or self._suspects or self._sleeping)

    # --------------------------------------------------------------------------------------------- what there is to do

    async def _look(self, grace_s: float) -> bool:
        """Take up what has news; False when there was nothing."""
        rows = {row.run: row for row in self._journal.open_runs(OPEN_RUNS_MAX)}
        self._forget(rows)
        wanted = self._wanted(rows, grace_s)
        left: list[RunId] = []
        for run, news in wanted.items():
            self._heard[run] = news
            self._sleeping.drop(Place(run))
            if self._known[run].group:
                self._turns.append(run)
            elif rows[run].worker == self._engine.worker:
                self._fresh.append((run, None))
            else:
                left.append(run)
        await self._adopt(left)
        return bool(wanted)

    def _forget(self, rows: Mapping[RunId, OpenRun]) -> None:
        """Let go of what is remembered of runs that have ended."""
        self.tally.open = len(rows)
        for run in self._known.keys() - rows.keys():
            del self._known[run]
            self._heard.pop(run, None)
            self._sleeping.drop(Place(run))
            self._passed_over.discard(run)

    def _wanted(self, rows: Mapping[RunId, OpenRun], grace_s: float) -> dict[RunId, Seq]:
        """The outermost runs that somebody has to take up, oldest first, and the last news of each."""
        living: dict[str, bool] = {self._engine.worker: True}
        busy = {*self._active, *self._suspects, *self._turns, *(run for run, _ in self._fresh)}
        latest: dict[RunId, Seq] = {}
        elsewhere: set[RunId] = set()
        for row in rows.values():
            outer = self._outermost(row.run, rows)
            if rows[outer].root != self._root:
                elsewhere.add(outer)
                continue
            if outer in busy or outer in self._passed_over:
                continue
            news = self._news_of(row, is_asleep=Place(outer) in self._sleeping)
            if news > max(self._heard.get(outer, 0), latest.get(outer, 0)):
                latest[outer] = news
        self.tally.elsewhere = len(elsewhere)
        return {
            run: news
            for run, news in sorted(latest.items(), key=lambda one: self._order(rows[one[0]]))
            if self._is_left(rows[run], living, grace_s)
        }

    @staticmethod
    def _order(row: OpenRun) -> tuple[Micros, RunId]:
        return row.queued_at, row.run

    def _outermost(self, run: RunId, rows: Mapping[RunId, OpenRun]) -> RunId:
        while True:
            if run not in self._known:
                first = next(iter(self._journal.events_of(run))).event
                assert isinstance(first, RunQueued)  # the journal lets no other event be a run's first
                self._known[run] = _Asked(RunId(first.parent), first.group)
            parent = self._known[run].parent
            if parent not in rows:  # "" for none, or it has ended and left this one behind
                return run
            run = parent

    def _news_of(self, row: OpenRun, *, is_asleep: bool) -> Seq:
        """The number of the last event that lets the run go on; 0 when it waits for its moment, or for a person."""
        if row.status != "waiting" and not is_asleep:
            return row.last_seq
        if is_asleep or row.last_request_seq < row.last_seq:
            return Seq(row.last_request_seq if is_asleep else 0)
        last = next(iter(self._journal.events_of(row.run, Seq(row.last_seq - 1)))).event
        return Seq(0) if isinstance(last, RunPauseRequested) else row.last_seq

    def _is_left(self, row: OpenRun, living: dict[str, bool], grace_s: float) -> bool:
        """Whether nobody else performs it, or is about to."""
        if row.worker == "":
            return self._clock.now() - row.queued_at >= grace_s * 1e6
        if row.worker not in living:
            living[row.worker] = self._journal.is_alive(row.worker)
        return row.worker == self._engine.worker or not living[row.worker]

    async def _adopt(self, runs: Sequence[RunId]) -> None:
        """Claim *runs*, many in one commit. Each worker begins elsewhere, so that those who start together share."""
        groups = [runs[start : start + CLAIMS_MAX] for start in range(0, len(runs), CLAIMS_MAX)]
        first = crc32(self._engine.worker.encode()) % max(len(groups), 1)
        epochs: dict[RunId, Epoch] = {}
        for group in groups[first:] + groups[:first]:
            if self._engine.is_interrupted:
                break
            for run, claim in zip(group, await self._engine.claim(group), strict=True):
                if isinstance(claim, FairleadError) and claim.diagnostics[0].code in _TAKEN:
                    continue
                if isinstance(claim, BaseException):
                    raise claim
                epochs[run] = claim.epoch
                self.tally.adopted += 1
        self._fresh.extend((run, epochs[run]) for run in runs if run in epochs)

    # ------------------------------------------------------------------------------------------------------ doing it

    def _begin(self) -> None:
        """Begin as many runs as there is room for."""
        for place in list(self._sleeping.due(self._clock.now())):
            self._sleeping.drop(place)
            self._fresh.append((RunId(place), None))
        if self._turns and self._clock.monotonic() - self._turns_looked >= _LOOK_S:
            self._begin_turns()
        if self._is_suspect_next():
            if not self._active:
                run = next(iter(self._suspects))
                del self._suspects[run]
                self._is_alone = True
                self._start(run, None)
            return
        while self._fresh and self._has_room():
            self._start(*self._fresh.popleft())

    def _has_room(self) -> bool:
        return len(self._active) < self._at_once and not self._is_alone and not self._engine.is_interrupted

    def _is_suspect_next(self) -> bool:
        if not self._suspects or self._is_alone or self._engine.is_interrupted:
            return False
        since = next(iter(self._suspects.values()))
        return not (self._fresh or self._active) or self._clock.monotonic() - since > _SUSPECT_WAIT_S

    def _begin_turns(self) -> None:
        """Begin those runs of groups that no other one of their group stands before."""
        self._turns_looked = self._clock.monotonic()
        held: set[str] = set()  # groups in which an earlier run still waits
        for run in tuple(self._turns):
            group = self._known[run].group if run in self._known else ""  # it has ended meanwhile
            if group in held or not self._has_room() or runs_before(self._journal, run):
                held.add(group)
                continue
            self._turns.remove(run)
            self.tally.adopted += 1
            self._start(run, None)

    def _start(self, run: RunId, epoch: Epoch | None) -> None:
        going_on = self._engine.go_on(run, epoch, is_alone=self._is_alone)
        self._active[run] = asyncio.get_running_loop().create_task(going_on)
        self.tally.performing = len(self._active)

    async def _wait(self) -> None:
        """Wait until a run has come to something, or it is time to look again."""
        if self._active:
            seconds = self._seconds_to_sleep() if self._has_room() else _LOOK_S
            await asyncio.wait(self._active.values(), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(self._seconds_to_sleep())
        if self._engine.is_interrupted:
            await asyncio.gather(*self._active.values(), return_exceptions=True)
        self._gather([run for run, task in self._active.items() if task.done()])
        if self._engine.is_interrupted:
            raise Interrupted("it was interrupted")

    def _seconds_to_sleep(self) -> float:
        due = self._sleeping.first()
        return _LOOK_S if due is None else min(_LOOK_S, max(0.0, (due - self._clock.now()) / 1e6))

    def _gather(self, runs: Iterable[RunId]) -> None:
        for run in runs:
            task = self._active.pop(run)
            was_alone, self._is_alone = self._is_alone, False
            problem = task.exception()
            if problem is None:
                self._file(run, task.result(), was_alone=was_alone)
            elif isinstance(problem, JournalFailed):
                raise problem
            elif isinstance(problem, FairleadError):
                if problem.diagnostics[0].code not in _TAKEN:
                    self._pass_over(run, str(problem))
            elif not isinstance(problem, Fenced | Interrupted):
                # A run that the engine stumbles over must not take the others with it.
                self._pass_over(run, f"FL-X002: {type(problem).__name__}: {problem}")
        self.tally.performing, self.tally.sleeping = len(self._active), len(self._sleeping)

    def _pass_over(self, run: RunId, why: str) -> None:
        self._passed_over.add(run)
        self.tally.blame(run, why)

    def _file(self, run: RunId, state: RunState, *, was_alone: bool) -> None:
        """Put a run that was performed where it belongs."""
        self._heard[run] = max(self._heard.get(run, Seq(0)), state.applied)
        if state.ended is not None:
            self.tally.ended[state.ended.status] = self.tally.ended.get(state.ended.status, 0) + 1
        elif state.status == "waiting":
            self.tally.waiting += 1
        elif is_suspect(state) and not was_alone:  # it was looked at, and not begun
            self._suspects[run] = self._clock.monotonic()
        elif (due := next_due(state)) is not None:
            self._sleeping.note(Place(run), due)
