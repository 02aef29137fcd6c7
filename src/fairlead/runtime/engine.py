"""The engine inside one process: many runs, one journal, one gate; children do the work."""

import asyncio
from collections.abc import Callable, Sequence

from fairlead.core.decide import decide, is_suspect
from fairlead.core.errors import FairleadError
from fairlead.core.events import Recorded, RunCancelRequested, RunEnded, RunQueued
from fairlead.core.groups import due_of, runs_before
from fairlead.core.ids import Epoch, RunId, WorkerId
from fairlead.core.ports import Clock, Interrupted, Journal, Written
from fairlead.core.state import RunState
from fairlead.gate.gate import Gate
from fairlead.runtime.contents import Contents, Definitions
from fairlead.runtime.embedded import EmbeddedRun
from fairlead.runtime.loop import Interpreter
from fairlead.runtime.steady import SteadyClock

_POLL_S = 0.05  # how often another process's requests are looked for
_TURN_S = 0.2  # how often a run that waits for its turn looks whether it has come
TURN_S_MAX = 15.0  # a run that has had its turn for so long and has not begun is passed over: its process is gone
_BEAT_S = 10.0  # how often a worker proves that it lives


class Engine:
    """Performs runs in this process. Create it, give its `deliver` to the journal, then perform."""

    def __init__(self, clock: Clock, worker: WorkerId) -> None:
        self._clock = clock
        self.worker = worker
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runs: dict[RunId, EmbeddedRun] = {}
        self._interrupted = ""
        self.let_go: Callable[[RunId], None] = lambda run: None  # of what is kept for a run while it is performed

    @property
    def is_interrupted(self) -> bool:
        """Whether nothing more shall begin."""
        return bool(self._interrupted)

    def join(self, journal: Journal, gate: Gate) -> None:
        """Hand over the parts that need the engine's `deliver` to exist first."""
        self._journal = journal
        self._gate = gate
        self._definitions = Definitions(journal.get)
        self._seen = journal.head()

    def deliver(self, results: Sequence[tuple[object, Written | Recorded | Exception]]) -> None:
        """Called by the journal's writer once per commit."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(_resolve, results)

    async def claim(self, runs: Sequence[RunId]) -> Sequence[Recorded | BaseException]:
        """Claim all of *runs* in one commit; gives for each its claim, or why it is refused."""
        self._loop = asyncio.get_running_loop()
        claims: list[asyncio.Future[Recorded]] = [self._loop.create_future() for _ in runs]
        for run, claim in zip(runs, claims, strict=True):
            self._journal.claim_later(run, self.worker, claim)
        return await asyncio.gather(*claims, return_exceptions=True)

    async def go_on(self, run: RunId, epoch: Epoch | None = None, *, is_alone: bool = False) -> RunState:
        """Perform *run* until it ends, waits for somebody, or sleeps for long; gives its state then.

        With the *epoch* of a claim of this worker that has not been used; else it is claimed. A run under which workers
        have died is not begun unless it *is_alone* in this process: the next death must blame nobody else.

        Raises:
            As `perform`.
        """
        if epoch is None:
            (claimed,) = await self.claim((run,))
            if isinstance(claimed, BaseException):
                raise claimed
            epoch = claimed.epoch
        return await self._carry(run, epoch, rests=True, is_alone=is_alone)

    async def perform(self, run: RunId) -> RunState:
        """Claim *run* and bring it to its end.

        Raises:
            FairleadError: it cannot be claimed.
            Interrupted: `interrupt` was called.
            Fenced, JournalFailed: as in `perform_run`.
        """
        self._loop = asyncio.get_running_loop()
        await self._take_turn(run)
        claim: asyncio.Future[Recorded] = self._loop.create_future()
        self._journal.claim_later(run, self.worker, claim)
        claimed = await claim
        return await self._carry(run, claimed.epoch)

    async def _carry(self, run: RunId, epoch: Epoch, *, rests: bool = False, is_alone: bool = True) -> RunState:
        """Perform a run that is claimed."""
        if epoch > 1:
            await self._gate.sweep(run)
        if self._interrupted:
            raise Interrupted(self._interrupted)
        clock = SteadyClock(self._clock)
        embedded = EmbeddedRun(run, epoch, self._journal, self._gate, clock, self.perform, self._definitions)
        self._runs[run] = embedded
        contents = Contents(self._journal.get, self._journal.put)
        try:
            interpreter = Interpreter(embedded, self._gate.admit, embedded.refold, contents, clock.now)
            if not is_alone and is_suspect(interpreter.state):
                return interpreter.state
            state = await interpreter.perform(rests=rests)
        finally:
            del self._runs[run]
            await embedded.stop_all()
            self.let_go(run)
        if epoch > 1:  # a program of the killed owner may have gone on writing for a moment
            await self._gate.sweep(run)
        if state.ended is not None:
            await self._close_children(state)
        elif state.pause is None and self._can_a_child_go_on(state, embedded):
            # Somebody answered a child run while this one was busy beside it.
            return await (self.go_on(run, is_alone=is_alone) if rests else self.perform(run))
        return state

    def _can_a_child_go_on(self, state: RunState, embedded: EmbeddedRun) -> bool:
        for place in state.waiting:
            wait = state.steps[place].wait
            if wait is None or not wait.child:
                continue
            child = embedded.refold_of(RunId(wait.child))
            if child.ended is not None or decide(child.workflow, child, self._clock.now()):
                return True
            if self._can_a_child_go_on(child, embedded):
                return True
        return False

    async def _close_children(self, state: RunState) -> None:
        """Bring those child runs to their end that were cancelled while they, and so their parent, only waited."""
        for step in state.steps.values():
            child = RunId(step.child)
            if not child or step.status not in ("cancelled", "skipped"):
                continue  # what it came to is known
            if next(iter(self._journal.events_of(child)), None) is None:
                continue  # the intent is all that there is of it
            if not any(isinstance(record.event, RunEnded) for record in self._journal.events_of(child)):
                self._cancel(child, f"{state.run} has ended")
                try:
                    await self.perform(child)
                except FairleadError as refusal:
                    if refusal.diagnostics[0].code not in ("FL-R102", "FL-R401"):  # somebody else is at it
                        raise

    def _cancel(self, run: RunId, reason: str) -> None:
        if not any(isinstance(record.event, RunCancelRequested) for record in self._journal.events_of(run)):
            self._journal.record(run, RunCancelRequested(reason=reason))

    async def _take_turn(self, run: RunId) -> None:
        """Wait until no run of the same group stands before *run*."""
        gone: set[RunId] = set()
        since: dict[RunId, float] = {}
        while before := runs_before(self._journal, run, gone):
            now = self._clock.monotonic()
            since = {one: since.get(one, now) for one in due_of(self._journal, run, before)}
            gone |= {one for one, first in since.items() if now - first > TURN_S_MAX}
            await asyncio.sleep(_TURN_S)
            if self._interrupted:
                raise Interrupted(self._interrupted)

    async def watch_over(self) -> None:
        """Look for requests and prove life until cancelled; one coroutine per engine. Its failure fails the runs."""
        beaten = self._clock.monotonic()
        try:
            while True:
                await asyncio.sleep(_POLL_S)
                if self._journal.has_changed():
                    self._hand_out_requests()
                for embedded in self._runs.values():
                    embedded.tick()
                if self._clock.monotonic() - beaten >= _BEAT_S:
                    beaten = self._clock.monotonic()
                    self._journal.beat()
        except Exception as error:
            for embedded in self._runs.values():
                embedded.fail(error)
            raise

    def _hand_out_requests(self) -> None:
        for record in self._journal.requests_after(self._seen):
            self._seen = record.seq
            if record.run in self._runs and not isinstance(record.event, RunQueued):
                self._runs[record.run].supersede(record.seq)

    async def interrupt(self, reason: str, grace_s: float = 0.0) -> None:
        """Stop the children of every run and record their attempts as lost; `perform` then raises `Interrupted`."""
        self._interrupted = reason
        for embedded in list(self._runs.values()):
            await embedded.interrupt(reason, grace_s)


def _resolve(results: Sequence[tuple[object, Written | Recorded | Exception]]) -> None:
    for token, result in results:
        if not isinstance(token, asyncio.Future):
            assert callable(token)  # of a run: what it is told goes on at once, without a turn of the loop in between
            token(result)
        elif not token.done():
            if isinstance(result, Exception):
                token.set_exception(result)
            else:
                token.set_result(result)
