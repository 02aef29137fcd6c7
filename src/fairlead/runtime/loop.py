"""The interpreter's loop over one run: decide, admit, record, carry out, until nothing is left."""

from collections.abc import Awaitable, Callable

from fairlead.core.decide import (
    AskAgain,
    Command,
    ContinueRun,
    EndRun,
    EndWait,
    JudgeRound,
    Lapse,
    LoseAttempt,
    OpenBlock,
    ParkRun,
    SeedRun,
    StartAttempt,
    StopAttempt,
    decide,
    ended,
    how_lost,
    next_due,
)
from fairlead.core.events import (
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    AttemptUncertain,
    Event,
    RunContinued,
    RunParked,
)
from fairlead.core.expressions import EvaluationFailed
from fairlead.core.ids import Micros, Place
from fairlead.core.json import Json
from fairlead.core.outcomes import Ask
from fairlead.core.ports import Admitted, Call, Interrupted, Runtime
from fairlead.core.references import Unresolved, resolve
from fairlead.core.standing import RunState
from fairlead.core.state import apply
from fairlead.core.workflow import ApproveAction, WaitAction, WorkflowAction
from fairlead.runtime import turns
from fairlead.runtime.calls import call_for, is_covered
from fairlead.runtime.children import child_of
from fairlead.runtime.contents import Contents
from fairlead.runtime.scope import Scope
from fairlead.runtime.seeding import seeds
from fairlead.runtime.turns import is_wanted, looked_at

Covers = Callable[[tuple[str, ...]], str]  # arguments of an effect → the approval that granted all their values
Admit = Callable[[Call, Covers], Awaitable[Admitted | AttemptFailed | Ask]]
Refold = Callable[[], RunState]
Now = Callable[[], Micros]

_SLEEP_MICROS = 2_000_000  # a run that does nothing for so long may be put out of memory, and read again when it is due
_LOST = "the worker that performed it is gone"


class Interpreter:
    """Brings one claimed run to its end, or to where it waits for a person."""

    def __init__(self, engine: Runtime, admit: Admit, refold: Refold, contents: Contents, now: Now) -> None:
        self._engine = engine
        self._admit = admit
        self._refold = refold
        self._contents = contents
        self._now = now
        self._state = refold()

    @property
    def state(self) -> RunState:
        """The run as it stands."""
        return self._state

    async def perform(self, *, rests: bool = False) -> RunState:
        """Perform until nothing is left to do here; gives the last state.

        One that *rests* also ends where nothing happens for long: who performs many runs keeps none in memory to wait.

        Raises:
            Interrupted: whoever performs it was asked to stop; any worker can go on.
            Fenced: another worker has claimed the run meanwhile.
            JournalFailed: the disk refused a write; the run goes on at the next start.
        """
        while True:
            await self._turn()
            state = self._state
            is_parked = state.status == "waiting" and not state.running
            if state.ended is not None or is_parked or (rests and self._sleeps()):
                if await self._engine.rest():
                    return state
                self._state = self._refold()
                continue
            wake = await self._engine.wait_any(next_due(state))
            if wake.is_superseded:
                self._state = self._refold()
            finished = tuple(self._judged(event) for event in wake.finished)
            for event in finished:
                self._apply(event)
            self._engine.seen(finished)
            if wake.interrupted:
                await self._engine.rest()
                raise Interrupted(wake.interrupted)

    def _sleeps(self) -> bool:
        due = None if self._state.running else next_due(self._state)
        return due is not None and due - self._now() > _SLEEP_MICROS

    async def _turn(self) -> None:
        """Do what follows from the state, and what follows from that, until only others can make it go on."""
        has_changed = True
        while has_changed and self._state.ended is None:
            has_changed = False
            for command in decide(self._state.workflow, self._state, self._now()):
                if isinstance(command, StopAttempt):
                    self._engine.abandon(command.place, command.reason)
                    continue
                if not await self._obey(command):
                    has_changed = True
                    break  # what was found out may have ended what the next commands were about: decide again

    def _judged(self, event: Event) -> Event:
        if isinstance(event, AttemptSucceeded | AttemptFailed):
            return turns.expected(self._state, event, self._contents)
        if isinstance(event, AttemptLost):  # whoever stopped it does not know what it is
            return _lost(event.place, event.attempt, how_lost(self._state.steps[event.place]), event.reason)
        return event

    def _apply(self, event: Event) -> None:
        apply(self._state, event, self._now(), self._state.epoch)

    def _note(self, event: Event) -> None:
        """What was found out holds at once here; nothing outside sees it, or is begun by it, before it is durable."""
        self._engine.emit(event)
        self._apply(event)

    async def _obey(self, command: Command) -> bool:
        """Do what *command* asks for; False when what was found out changes what may come next."""
        state, contents = self._state, self._contents
        match command:
            case StartAttempt(place, attempt):
                return await self._start(place, attempt)
            case StopAttempt():
                raise AssertionError("stopping changes nothing by itself")
            case LoseAttempt(place, attempt, how):
                self._note(_lost(place, attempt, how))
            case OpenBlock(place):
                self._note(turns.open_block(state, place, contents, contents.put))
            case JudgeRound(place):
                self._note(turns.judge_round(state, place, contents))
            case EndWait(place, attempt, signal):
                self._note(turns.end_wait(state, place, attempt, signal, self._now()))
            case AskAgain(place):
                self._note(turns.ask_again(state, place, self._given(place), contents.put))
            case Lapse(place):
                self._note(turns.lapsed(state, place))
            case SeedRun():
                for event in list(seeds(self._engine.refold_of(state.run), self._engine.refold_of, contents)):
                    self._note(event)
                state.seeded = True
            case ContinueRun():
                self._note(RunContinued())
            case ParkRun(reasons):
                self._note(RunParked(reasons))
            case EndRun():
                self._note(self._end(command))
        return False

    async def _start(self, place: Place, attempt: int) -> bool:
        state, contents = self._state, self._contents
        step = state.steps[place]
        action = step.planned.step.action
        try:
            skipped = is_wanted(state, step, contents)
        except EvaluationFailed as error:
            self._note(looked_at(place, attempt, error))
            return False
        if skipped is not None:
            self._note(skipped)
            return False
        match action:
            case ApproveAction():
                self._note(turns.ask(state, place, self._now(), contents, contents.put))
                return False
            case WaitAction():
                self._note(turns.begin_wait(state, place, attempt, self._now(), contents))
                return False
            case WorkflowAction():
                child = child_of(state, step, attempt, contents)
                if isinstance(child, AttemptFailed):
                    self._note(child)
                    return False
                self._engine.child(child)
                self._apply(child.started)
                return True
            case _:
                return await self._call(place, attempt)

    async def _call(self, place: Place, attempt: int) -> bool:
        state = self._state
        call = call_for(state, place, attempt, self._contents)
        if isinstance(call, AttemptFailed):
            self._note(call)
            return False
        admitted = await self._admit(call, lambda names: is_covered(state, call, names))
        if isinstance(admitted, Admitted):
            self._engine.step(admitted)
            self._apply(admitted.started)
            return True
        if isinstance(admitted, Ask):
            self._note(turns.ask_about(state, place, admitted, self._contents, self._contents.put))
            return False
        self._note(admitted)
        return False

    def _given(self, place: Place) -> Json:
        """What the call at *place* is given, for a person to see."""
        call = call_for(self._state, place, self._state.steps[place].attempts, self._contents)
        return None if isinstance(call, AttemptFailed) else call.inputs

    def _end(self, command: EndRun) -> Event:
        outputs: dict[str, Json] = {}
        scope = Scope(self._state, self._contents)
        for name, text in self._state.workflow.outputs.items() if command.status != "cancelled" else ():
            try:
                outputs[name] = resolve(text, scope)
            except (Unresolved, EvaluationFailed) as error:
                outputs[name] = None
                if command.status in ("failed", "rejected") or turns.reads_what_was_left_out(self._state, text):
                    continue
                reason = f"the workflow's output {name}: {error}"
                return ended(EndRun("failed", (reason, *command.reasons), "author", "FL-E101"), {})
        return ended(command, outputs)


def _lost(place: Place, attempt: int, how: str, why: str = _LOST) -> Event:
    match how:
        case "uncertain":
            return AttemptUncertain(place, attempt, f"{why}; whether the effect happened is not known")
        case "undelivered":
            return AttemptSucceeded(
                place, attempt, {"delivered": [], "failed": []}, degraded=(f"perhaps not delivered: {why}",)
            )
        case _:
            return AttemptLost(place, attempt, why)
