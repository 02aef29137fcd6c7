"""One run inside this process: what the loop notes becomes one commit, then calls begin, then something finishes."""

import asyncio
from collections import deque
from collections.abc import Sequence
from functools import partial
from itertools import chain

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import (
    INTERPRETER,
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptOutcome,
    AttemptStarted,
    Event,
    RunQueued,
    decode_definition,
)
from fairlead.core.ids import Epoch, Place, RunId, Seq
from fairlead.core.ports import Admitted, Batch, Journal, JournalFailed, Wake, Written
from fairlead.core.state import RunState, fold
from fairlead.gate.gate import Gate


class Interrupted(Exception):
    """Whoever performs the runs was asked to stop: attempts ended as lost, and any worker can go on."""


class EmbeddedRun:
    """The `Runtime` of one run in this process."""

    def __init__(self, run: RunId, epoch: Epoch, journal: Journal, gate: Gate) -> None:
        self._run = run
        self._epoch = epoch
        self._journal = journal
        self._gate = gate
        self._applied = Seq(0)
        self._outcomes: list[Event] = []  # applied, not yet recorded
        self._intents: list[Event] = []  # noted, in the order of the commands
        self._admitted: dict[Place, Admitted] = {}  # noted calls, to begin when their intents are durable
        self._calls: dict[Place, asyncio.Task[AttemptOutcome]] = {}
        self._why: dict[Place, str] = {}  # abandoned attempts
        self._finished: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_superseded = False
        self._interrupted = ""
        self._failure: Exception | None = None

    def refold(self) -> RunState:
        """The run's state as the journal has it."""
        records = iter(self._journal.events_of(self._run))
        first = next(records)
        assert isinstance(first.event, RunQueued)  # the journal lets no other event be a run's first
        if first.event.interpreter != INTERPRETER:
            raise error(
                "FL-R402",
                f"run {self._run} was queued for interpreter {first.event.interpreter}; this build has {INTERPRETER}",
                "go on with it by the version of Fairlead that started it",
            )
        workflow = decode_definition(self._journal.get(first.event.definition))
        state = fold(workflow, chain((first,), records))
        assert state is not None
        self._applied = state.applied
        return state

    def step(self, admitted: Admitted) -> None:
        """Note the intent; the call begins when it is durable. The same place twice is one call."""
        if admitted.call.place not in self._admitted:
            self._admitted[admitted.call.place] = admitted
            self._intents.append(admitted.started)

    def abandon(self, place: Place, reason: str) -> None:
        """Stop the attempt at *place*."""
        if place in self._calls and place not in self._why:
            self._why[place] = reason
            self._calls[place].cancel()

    def emit(self, event: Event) -> None:
        """Record *event* with the intents."""
        self._intents.append(event)

    def seen(self, outcomes: Sequence[Event]) -> None:
        """Put applied outcomes into the next commit."""
        self._outcomes.extend(outcomes)

    async def wait_any(self) -> Wake:
        """One commit, then the calls it allows, then whatever finishes first."""
        recorded: tuple[Event, ...] = ()
        if self._outcomes or self._intents:
            written, recorded = await self._commit()
            if not written.are_intents_written or self._is_superseded:
                self._is_superseded = False
                return Wake(recorded, (), is_superseded=True)
            if any(not isinstance(event, AttemptStarted) for event in recorded):
                return Wake(recorded, self._drain())
        while not (self._finished or self._is_superseded or self._interrupted or self._failure):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._failure is not None:
            raise self._failure
        if self._interrupted:
            await self._close_as_lost()
            raise Interrupted(self._interrupted)
        if self._is_superseded:
            return await self._give_way(recorded)
        return Wake(recorded, self._drain())

    async def rest(self) -> bool:
        """Commit what was applied; nothing runs and nothing shall begin."""
        if self._outcomes and not (await self._commit())[0].are_intents_written:
            self._is_superseded = True
        is_wanted, self._is_superseded = self._is_superseded, False
        return not is_wanted

    async def _give_way(self, recorded: tuple[Event, ...]) -> Wake:
        """Somebody asked for something: record what has finished, so that reading the run again misses nothing."""
        self._is_superseded = False
        self._outcomes.extend(self._drain())
        if self._outcomes:
            await self._commit()
        return Wake(recorded, (), is_superseded=True)

    async def _commit(self) -> tuple[Written, tuple[Event, ...]]:
        outcomes, intents = tuple(self._outcomes), tuple(self._intents)
        admitted = self._admitted
        self._outcomes, self._intents, self._admitted = [], [], {}
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._journal.append(Batch(self._run, self._epoch, self._applied, outcomes, intents), done)
        written = await done
        if not written.are_intents_written:
            return written, ()
        self._applied = written.last_seq
        for place, one in admitted.items():
            task = asyncio.create_task(self._gate.carry_out(one))
            task.add_done_callback(partial(self._finish, one))
            self._calls[place] = task
        return written, intents

    def _finish(self, admitted: Admitted, task: "asyncio.Task[AttemptOutcome]") -> None:
        """The call at its place has ended, in whatever way."""
        place, attempt = admitted.started.place, admitted.started.attempt
        del self._calls[place]
        why = self._why.pop(place, "it was stopped")
        if task.cancelled():
            self._finished.append(AttemptCancelled(place, attempt, why))
        elif (problem := task.exception()) is None:
            self._finished.append(task.result())
        elif isinstance(problem, JournalFailed | FairleadError):
            self.fail(problem)  # the disk refused a blob or a tree: nothing more is acknowledged
        else:
            # Whatever an adapter raises ends its own attempt, not the worker.
            message = f"{type(problem).__name__}: {problem}"
            hint = "this is a bug in fairlead; `fairlead logs` has what the call wrote"
            self._finished.append(AttemptFailed(place, attempt, "platform", "FL-X002", message, hint))
        self._wake()

    def _drain(self) -> tuple[Event, ...]:
        finished = tuple(self._finished)
        self._finished.clear()
        return finished

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def fail(self, error: Exception) -> None:
        """What the run needs is gone: `wait_any` raises *error*."""
        self._failure = error
        self._wake()

    def supersede(self, seq: Seq) -> None:
        """A request of this run was recorded at *seq* by somebody else."""
        if seq > self._applied:
            self._is_superseded = True
            self._wake()

    async def interrupt(self, reason: str) -> None:
        """End running attempts as lost and stop."""
        self._interrupted = reason
        self._wake()

    async def _close_as_lost(self) -> None:
        stopped = set(self._calls)
        await self.stop_all()
        finished = self._drain()
        # Whatever was killed by us reports itself as cancelled; what ended by itself in time keeps its outcome.
        self._outcomes.extend(
            AttemptLost(event.place, event.attempt, self._interrupted)
            if isinstance(event, AttemptCancelled) and event.place in stopped
            else event
            for event in finished
        )
        if self._outcomes:
            await self._commit()

    async def stop_all(self) -> None:
        """Kill what still runs and wait until it is gone."""
        while self._calls:  # the callbacks of ended tasks take them out
            for task in self._calls.values():
                task.cancel()
            await asyncio.wait(self._calls.values())
