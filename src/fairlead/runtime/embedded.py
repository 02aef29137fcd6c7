"""One run inside this process: what the loop notes becomes one commit, then calls begin, then something finishes."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
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


class _UnderWay:
    """A call or a child run at its place, from the commit of its intent to its end."""

    __slots__ = ("has_begun", "task", "why", "work")

    def __init__(self, work: Admitted | Child) -> None:
        self.work = work
        self.task: asyncio.Task[None] | None = None
        self.has_begun = False  # its task has come to its first line
        self.why = ""  # it was abandoned

    @property
    def cancelled(self) -> AttemptCancelled:
        started = self.work.started
        return AttemptCancelled(started.place, started.attempt, self.why or "it was stopped")


class EmbeddedRun:
    """The `Runtime` of one run in this process.

    A step costs three turns of the event loop: the commit is heard of and its calls begin, a call ends, the interpreter
    looks. Each further one, of a future or a callback, would cost as much again.
    """

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
        self._is_writing = False  # a batch is on its way to the disk, with what shall begin after it:
        self._awaited: dict[Place, Admitted | Child] = {}
        self._is_resting = False  # whoever waits does so for the disk alone
        self._is_over = False  # nothing begins any more
        self._under_way: dict[Place, _UnderWay] = {}
        self._finished: deque[Event] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._is_superseded = False
        self._interrupted = ""
        self._grace_s = 0.0  # for what runs when the interruption comes
        self._hurried = asyncio.Event()  # nothing is waited for any more
        self._failure: Exception | None = None

    def refold(self) -> RunState:
        """The run's state as the journal has it.

        Raises:
            Fenced: it belongs to another worker meanwhile; what finished here fits it no longer.
        """
        state = self.refold_of(self._run)
        if state.epoch != self._epoch:
            raise Fenced(f"run {self._run} is at epoch {state.epoch}; this worker has epoch {self._epoch}")
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
        under_way = self._under_way.get(place)
        if under_way is not None and not under_way.why:
            under_way.why = reason
            if isinstance(under_way.work, Child):
                self._cancel_child(under_way.work.run, reason)
            else:
                self._stop(under_way)

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
        self._send()
        self._due = due
        while self._is_writing or not self._has_news():
            await self._woken()
        if self._failure is not None:
            raise self._failure
        if self._interrupted:
            return Wake(await self._close_as_lost(), interrupted=self._interrupted)
        is_superseded, self._is_superseded = self._is_superseded, False
        return Wake(self._drain(), is_superseded)

    def _has_news(self) -> bool:
        news = self._finished or self._is_superseded or self._interrupted or self._failure
        return bool(news) or self._is_due()

    def _is_due(self) -> bool:
        return self._due is not None and self._clock.now() >= self._due

    def tick(self) -> None:
        """Look whether something has become due; the engine calls this every few milliseconds."""
        if self._is_due():
            self._wake()

    async def rest(self) -> bool:
        """Commit what was noted; nothing runs and nothing shall begin."""
        self._send()
        self._is_resting = True
        while self._is_writing:
            await self._woken()
        self._is_resting = False
        if self._failure is not None:
            raise self._failure
        is_wanted, self._is_superseded = self._is_superseded, False
        return not is_wanted

    def _send(self) -> None:
        """Give what was noted to the journal; `_hear` is told what became of it."""
        if self._interrupted and self._admitted:  # whoever goes on decides again what begins
            begun = {id(work.started) for work in self._admitted.values()}
            self._intents = [event for event in self._intents if id(event) not in begun]
            self._admitted = {}
        if self._outcomes or self._intents:
            batch = Batch(self._run, self._epoch, self._applied, tuple(self._outcomes), tuple(self._intents))
            self._awaited = self._admitted
            self._outcomes, self._intents, self._admitted = [], [], {}
            self._is_writing = True
            self._journal.append(batch, self._hear)

    def _hear(self, answer: Written | Exception) -> None:
        """The batch is durable, and what it allows begins; or it is not."""
        self._is_writing = False
        if isinstance(answer, Exception):
            self._failure = answer
        elif not answer.are_intents_written:
            self._is_superseded = True
        else:
            self._applied = answer.last_seq
            if not self._is_over:
                self._begin()
        if self._is_resting or self._has_news():
            self._wake()

    def _begin(self) -> None:
        for place, work in self._awaited.items():
            under_way = self._under_way[place] = _UnderWay(work)
            under_way.task = asyncio.create_task(self._carry_out(place, under_way))

    async def _carry_out(self, place: Place, under_way: _UnderWay) -> None:
        """All that happens at *place*, up to the note of how it ended."""
        under_way.has_begun = True
        work = under_way.work
        event: Event | None = None
        try:
            if isinstance(work, Child):
                event = await self._perform_child(work, under_way)
                if under_way.why:
                    event = under_way.cancelled
            else:
                event = await self._gate.carry_out(work)
        except asyncio.CancelledError:
            event = under_way.cancelled
        except (JournalFailed, FairleadError) as problem:
            self._failure = problem  # the disk refused a blob or a tree: nothing more is acknowledged
        except Exception as problem:
            event = _crashed(work, problem)
        del self._under_way[place]
        if event is not None:
            self._finished.append(event)
        self._wake()

    async def _perform_child(self, child: Child, under_way: _UnderWay) -> Event:
        """Perform the child run, or follow whoever does; gives what it means for its step."""
        recorded = await asyncio.to_thread(self._journal.record, child.run, child.queued)
        if under_way.why:
            self._cancel_child(child.run, under_way.why)
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

    def _drain(self) -> tuple[Event, ...]:
        finished = tuple(self._finished)
        self._finished.clear()
        return finished

    async def _woken(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._is_writing and not self._waiter.done():
            self._waiter.set_result(None)

    def fail(self, error: Exception) -> None:
        """What the run needs is gone: `wait_any` raises *error*."""
        self._failure = error
        self._hurried.set()
        self._wake()

    def supersede(self, seq: Seq) -> None:
        """A request of this run was recorded at *seq* by somebody else."""
        if seq > self._applied:
            self._is_superseded = True
            self._wake()

    async def interrupt(self, reason: str, grace_s: float = 0.0) -> None:
        """Begin nothing more, let what runs end for so long, then end it as lost. Asked again, it waits no longer."""
        if self._interrupted or not grace_s:
            self._hurried.set()
        self._interrupted = reason
        self._grace_s = grace_s
        self._wake()

    async def _close_as_lost(self) -> tuple[Event, ...]:
        await self._let_end()
        stopped = set(self._under_way)
        await self.stop_all()
        finished = self._drain()
        # Whatever was killed by us reports itself as cancelled; what ended by itself in time keeps its outcome.
        return tuple(
            AttemptLost(event.place, event.attempt, self._interrupted)
            if isinstance(event, AttemptCancelled) and event.place in stopped
            else event
            for event in finished
        )

    async def _let_end(self) -> None:
        tasks = {one.task for one in self._under_way.values() if one.task is not None}
        if not tasks or self._hurried.is_set():
            return
        waits = {asyncio.create_task(asyncio.wait(tasks)), asyncio.create_task(self._hurried.wait())}
        await asyncio.wait(waits, timeout=self._grace_s, return_when=asyncio.FIRST_COMPLETED)
        for one in waits:
            one.cancel()

    async def stop_all(self) -> None:
        """Kill what still runs and wait until it is gone."""
        self._is_over = True
        while self._under_way:
            for under_way in list(self._under_way.values()):
                self._stop(under_way)
            tasks = [one.task for one in self._under_way.values() if one.task is not None]
            if tasks:
                await asyncio.wait(tasks)

    def _stop(self, under_way: _UnderWay) -> None:
        assert under_way.task is not None  # it was made together with its place
        under_way.task.cancel()
        if not under_way.has_begun:  # then no line of it ever runs, and nobody else says that it has ended
            del self._under_way[under_way.work.started.place]
            self._finished.append(under_way.cancelled)
            self._wake()


def _crashed(work: Admitted | Child, problem: Exception) -> AttemptFailed | AttemptLost:
    """How an attempt ended whose work raised something: that ends the attempt, not the worker."""
    started = work.started
    if isinstance(work, Child) and isinstance(problem, Interrupted | Fenced):
        return AttemptLost(started.place, started.attempt, str(problem))
    message = f"{type(problem).__name__}: {problem}"
    hint = "this is a bug in fairlead; `fairlead logs` has what the call wrote"
    return AttemptFailed(started.place, started.attempt, "platform", "FL-X002", message, hint, error="unknown")
