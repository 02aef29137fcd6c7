"""One run inside this process: what the loop notes becomes one commit, then calls begin, then something finishes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from itertools import chain

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import (
    INTERPRETER,
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    Event,
    RunCancelRequested,
    RunQueued,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest
from fairlead.core.ports import (
    Admitted,
    Batch,
    Child,
    Clock,
    Fenced,
    Interrupted,
    Journal,
    JournalFailed,
    Wake,
    Written,
)
from fairlead.core.state import RunState, fold
from fairlead.core.workflow import Workflow
from fairlead.gate.gate import Gate
from fairlead.runtime.children import outcome_of

Perform = Callable[[RunId], Awaitable[RunState]]
DefinitionOf = Callable[[Digest], Workflow]

_ANOTHER_OWNER_S = 0.2  # how often a child run that somebody else performs is looked at


class EmbeddedRun:
    """The `Runtime` of one run in this process."""

    def __init__(
        self,
        run: RunId,
        epoch: Epoch,
        journal: Journal,
        gate: Gate,
        clock: Clock,
        perform: Perform,
        definition_of: DefinitionOf,
    ) -> None:
        self._run = run
        self._epoch = epoch
        self._journal = journal
        self._gate = gate
        self._clock = clock
        self._perform = perform  # another run, in this process
        self._definition_of = definition_of
        self._due: Micros | None = None
        self._applied = Seq(0)
        self._outcomes: list[Event] = []  # applied, not yet recorded
        self._intents: list[Event] = []  # noted, in the order of the commands
        self._admitted: dict[Place, Admitted | Child] = {}  # noted calls, to begin when their intents are durable
        self._children: dict[Place, RunId] = {}  # those that are performed
        self._calls: dict[Place, asyncio.Task[Event]] = {}
        self._why: dict[Place, str] = {}  # abandoned attempts
        self._finished: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_superseded = False
        self._interrupted = ""
        self._failure: Exception | None = None

    def refold(self) -> RunState:
        """The run's state as the journal has it."""
        state = self.refold_of(self._run)
        self._applied = state.applied
        return state

    def refold_of(self, run: RunId) -> RunState:
        """The state of any run as the journal has it; for reading."""
        records = iter(self._journal.events_of(run))
        first = next(records)
        assert isinstance(first.event, RunQueued)  # the journal lets no other event be a run's first
        if first.event.interpreter != INTERPRETER:
            raise error(
                "FL-R402",
                f"run {run} was queued for interpreter {first.event.interpreter}; this build has {INTERPRETER}",
                "go on with it by the version of Fairlead that started it",
            )
        state = fold(self._definition_of(first.event.definition), chain((first,), records))
        assert state is not None
        return state

    def step(self, admitted: Admitted) -> None:
        """Note the intent; the call begins when it is durable. The same place twice is one call."""
        if admitted.call.place not in self._admitted:
            self._admitted[admitted.call.place] = admitted
            self._intents.append(admitted.started)

    def child(self, child: Child) -> None:
        """Note the intent of a child run; it begins when that is durable."""
        self._admitted[child.place] = child
        self._intents.append(child.started)

    def abandon(self, place: Place, reason: str) -> None:
        """Stop the attempt at *place*."""
        if place in self._calls and place not in self._why:
            self._why[place] = reason
            if place in self._children:
                self._cancel_child(self._children[place], reason)
            else:
                self._calls[place].cancel()

    def _cancel_child(self, run: RunId, reason: str) -> None:
        # A run is asked, not killed: what stands under its `finally` is still to be done. Whoever cancels the parent
        # asks too, and twice would stop `finally`.
        while next(iter(self._journal.events_of(run)), None) is not None:
            state = self.refold_of(run)
            if state.cancels or state.ended is not None:
                return
            try:
                self._journal.record(run, RunCancelRequested(reason=reason), after=state.applied)
            except FairleadError as refusal:
                if refusal.diagnostics[0].code != "FL-R105":
                    return  # it has ended meanwhile

    def emit(self, event: Event) -> None:
        """Record *event* with the intents."""
        self._intents.append(event)

    def seen(self, outcomes: Sequence[Event]) -> None:
        """Put applied outcomes into the next commit."""
        self._outcomes.extend(outcomes)

    async def wait_any(self, due: Micros | None) -> Wake:
        """One commit, then the calls it allows, then whatever finishes first, or the moment *due*."""
        if (self._outcomes or self._intents) and not (await self._commit()).are_intents_written:
            self._is_superseded = True
        self._due = due
        while not (self._finished or self._is_superseded or self._interrupted or self._failure or self._is_due()):
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        if self._failure is not None:
            raise self._failure
        if self._interrupted:
            return Wake(await self._close_as_lost(), interrupted=self._interrupted)
        is_superseded, self._is_superseded = self._is_superseded, False
        return Wake(self._drain(), is_superseded)

    def _is_due(self) -> bool:
        return self._due is not None and self._clock.now() >= self._due

    def tick(self) -> None:
        """Look whether something has become due; the engine calls this every few milliseconds."""
        if self._is_due():
            self._wake()

    async def rest(self) -> bool:
        """Commit what was noted; nothing runs and nothing shall begin."""
        if (self._outcomes or self._intents) and not (await self._commit()).are_intents_written:
            self._is_superseded = True
        is_wanted, self._is_superseded = self._is_superseded, False
        return not is_wanted

    async def _commit(self) -> Written:
        outcomes, intents = tuple(self._outcomes), tuple(self._intents)
        admitted = self._admitted
        self._outcomes, self._intents, self._admitted = [], [], {}
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        self._journal.append(Batch(self._run, self._epoch, self._applied, outcomes, intents), done)
        written = await done
        if not written.are_intents_written:
            return written
        self._applied = written.last_seq
        for place, one in admitted.items():
            if isinstance(one, Child):
                self._children[place] = one.run
                task = asyncio.create_task(self._perform_child(one))
            else:
                task = asyncio.create_task(self._gate.carry_out(one))
            task.add_done_callback(partial(self._finish, place, one.started.attempt))
            self._calls[place] = task
        return written

    async def _perform_child(self, child: Child) -> Event:
        """Perform the child run, or follow whoever does; gives what it means for its step."""
        recorded = await asyncio.to_thread(self._journal.record, child.run, child.queued)
        if child.place in self._why:
            self._cancel_child(child.run, self._why[child.place])
        while True:
            state = self.refold_of(recorded.run)
            if state.ended is not None:
                return outcome_of(child, state)
            try:
                state = await self._perform(child.run)
            except FairleadError as refusal:
                if refusal.diagnostics[0].code not in ("FL-R102", "FL-R401"):
                    raise
                await asyncio.sleep(_ANOTHER_OWNER_S)
                continue
            if state.ended is not None:
                return outcome_of(child, state)
            return WaitBegun(child.place, child.attempt, child=child.run)

    def _finish(self, place: Place, attempt: int, task: "asyncio.Task[Event]") -> None:
        """The call at its place has ended, in whatever way."""
        del self._calls[place]
        is_child = self._children.pop(place, None) is not None
        is_abandoned = place in self._why
        why = self._why.pop(place, "it was stopped")
        if task.cancelled() or (is_child and is_abandoned and task.exception() is None):
            self._finished.append(AttemptCancelled(place, attempt, why))
        elif (problem := task.exception()) is None:
            self._finished.append(task.result())
        elif is_child and isinstance(problem, Interrupted | Fenced):
            self._finished.append(AttemptLost(place, attempt, str(problem)))
        elif isinstance(problem, JournalFailed | FairleadError):
            self.fail(problem)  # the disk refused a blob or a tree: nothing more is acknowledged
        else:
            # Whatever an adapter raises ends its own attempt, not the worker.
            message = f"{type(problem).__name__}: {problem}"
            hint = "this is a bug in fairlead; `fairlead logs` has what the call wrote"
            failed = AttemptFailed(place, attempt, "platform", "FL-X002", message, hint, error="unknown")
            self._finished.append(failed)
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

    async def _close_as_lost(self) -> tuple[Event, ...]:
        stopped = set(self._calls)
        await self.stop_all()
        finished = self._drain()
        # Whatever was killed by us reports itself as cancelled; what ended by itself in time keeps its outcome.
        return tuple(
            AttemptLost(event.place, event.attempt, self._interrupted)
            if isinstance(event, AttemptCancelled) and event.place in stopped
            else event
            for event in finished
        )

    async def stop_all(self) -> None:
        """Kill what still runs and wait until it is gone."""
        while self._calls:  # the callbacks of ended tasks take them out
            for task in self._calls.values():
                task.cancel()
            await asyncio.wait(self._calls.values())
