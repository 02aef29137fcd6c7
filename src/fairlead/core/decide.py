"""What may happen next. `decide` only looks: it changes nothing, and the same state gives the same commands."""

from itertools import chain, islice

import msgspec

from fairlead.core.events import RunEnded
from fairlead.core.ids import Micros, Place
from fairlead.core.outcomes import Fault
from fairlead.core.standing import RunState, StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import EffectAction, NotifyAction, WaitAction, Workflow

REASONS_MAX = 50  # of a run; what is beyond is counted
DEATHS_MAX = 3  # of workers under one step, before only a person goes on with its run


class SeedRun(msgspec.Struct, frozen=True):
    """Take over the outcomes that the run keeps of another one."""


class ContinueRun(msgspec.Struct, frozen=True):
    """What the parked run waited for has come."""


class StartAttempt(msgspec.Struct, frozen=True):
    """Call what the step at *place* names."""

    place: Place
    attempt: int


class StopAttempt(msgspec.Struct, frozen=True):
    """Stop a running attempt; it ends as cancelled."""

    place: Place
    attempt: int
    reason: str


class LoseAttempt(msgspec.Struct, frozen=True):
    """An attempt of an earlier owner is not running any more: record it as lost, or as what its action makes of that.

    With *how* "uncertain" an effect may have happened, and nobody may repeat it; with "undelivered" a message may have
    been sent, and it is not worth asking anybody.
    """

    place: Place
    attempt: int
    how: str = "lost"


class OpenBlock(msgspec.Struct, frozen=True):
    """Look at the values that say what the block at *place* is."""

    place: Place


class JudgeRound(msgspec.Struct, frozen=True):
    """Look at the values that a finished round came to."""

    place: Place


class EndWait(msgspec.Struct, frozen=True):
    """What the step at *place* waited for has come: its moment, or with *signal* a signal."""

    place: Place
    attempt: int
    signal: str = ""


class AskAgain(msgspec.Struct, frozen=True):
    """Nobody knows whether the effect at *place* happened: ask a person."""

    place: Place


class Lapse(msgspec.Struct, frozen=True):
    """Nobody has decided in time."""

    place: Place


class ParkRun(msgspec.Struct, frozen=True):
    """Nothing can go on by itself."""

    reasons: tuple[str, ...]


class EndRun(msgspec.Struct, frozen=True):
    """Nothing is left to do."""

    status: str
    reasons: tuple[str, ...]
    fault: Fault | None
    code: str


Command = (
    SeedRun
    | ContinueRun
    | StartAttempt
    | StopAttempt
    | LoseAttempt
    | OpenBlock
    | JudgeRound
    | EndWait
    | AskAgain
    | Lapse
    | ParkRun
    | EndRun
)


def decide(workflow: Workflow, state: RunState, now: Micros) -> tuple[Command, ...]:
    """The commands that follow from *state*, in a stable order; never more starts than the run has free slots."""
    if state.status in RUN_ENDED or state.status in ("", "queued"):
        return ()
    for place in state.orphans:
        return (LoseAttempt(place, state.steps[place].attempts, how_lost(state.steps[place])),)
    commands: list[Command] = []
    for place, why in state.doomed.items():
        commands.append(StopAttempt(place, state.steps[place].attempts, why))
    if state.pause is not None:
        return (*commands, *_ending(state, is_paused=True))
    if state.deaths and (killer := poison_of(state)) is not None:
        return (*commands, *_put_away(state, killer))
    if state.queued is not None and state.queued.origin and not state.seeded:
        return (*commands, SeedRun())
    going_on = _going_on(workflow, state, now)
    if state.status == "waiting" and (going_on or not _is_open(state)):
        return (*commands, ContinueRun())
    return (*commands, *(going_on or _ending(state, is_paused=False)))


def poison_of(state: RunState) -> Place | None:
    """The step under which so many workers died that it is not tried again by itself; None when there is none.

    A step that is a run of its own is not meant: that run is put away, and this one then waits for it.
    """
    for place, deaths in state.deaths.items():
        if deaths >= DEATHS_MAX and not state.steps[place].child:
            return place
    return None


def is_suspect(state: RunState) -> bool:
    """Whether one more death puts the run away: whoever performs it performs nothing beside it."""
    return any(deaths >= DEATHS_MAX - 1 for deaths in state.deaths.values())


def _put_away(state: RunState, killer: Place) -> list[Command]:
    if state.status == "waiting" or state.running:
        return []
    run = state.run
    decision = f"`fairlead resume {run}` tries it once more, `fairlead cancel {run}` ends the run"
    return [ParkRun((f"FL-R440: {DEATHS_MAX} workers died while {killer} was under way; {decision}",))]


def _going_on(workflow: Workflow, state: RunState, now: Micros) -> list[Command]:
    """One look at values, for it may change all the rest; else as many starts as there are free slots."""
    found = _to_look_at(state, now)
    if found is not None:
        return [found]
    free = workflow.parallel_max - len(state.running)
    if free <= 0:
        return []
    starting = islice(chain(state.sleeping.due(now), state.ready), free)
    return [StartAttempt(place, state.steps[place].attempts + 1) for place in starting]


def _to_look_at(state: RunState, now: Micros) -> Command | None:
    for place in state.judging:
        return JudgeRound(place)
    for place in state.opening:
        return OpenBlock(place)
    for place in state.uncertain:
        return AskAgain(place)
    for place in state.lapsing.due(now):
        return Lapse(place)
    for name, places in state.listening.items():
        if state.signals.get(name):
            for place in places:
                return EndWait(place, state.steps[place].attempts, name)
    for place in state.timed.due(now):
        return EndWait(place, state.steps[place].attempts)
    return None


def next_due(state: RunState) -> Micros | None:
    """The earliest moment at which something can go on by itself; None: only others can make it go on.

    A repeat that finds no free slot waits for an end, not for its moment. A question that lapses keeps nobody waiting:
    it is looked at when the run next has a worker.
    """
    if state.pause is not None:
        return None
    first = [state.timed.first()]
    if len(state.running) < state.workflow.parallel_max:
        first.append(state.sleeping.first())
    return min((when for when in first if when is not None), default=None)


def how_lost(step: StepRun) -> str:
    """What it means that the running attempt of *step* is cut short, as in `LoseAttempt`."""
    if isinstance(step.planned.step.action, EffectAction) and step.effect not in ("read_only", "keyed"):
        return "uncertain"
    return "undelivered" if isinstance(step.planned.step.action, NotifyAction) else "lost"


def _is_open(state: RunState) -> bool:
    return bool(state.open_main or state.open_closing)


def _ending(state: RunState, *, is_paused: bool) -> list[Command]:
    if state.running or state.ready or state.opening or state.judging:
        return []
    if not _is_open(state):
        return [_end(state)]
    if is_paused or state.status == "waiting" or not state.waiting or next_due(state) is not None:
        return []
    return [ParkRun(tuple(_awaited(state.steps[place]) for place in islice(state.waiting, REASONS_MAX)))]


def _awaited(step: StepRun) -> str:
    """What a waiting step waits for, as a person reads it."""
    if step.asked is not None:
        return f"{step.place} waits for a decision: {step.asked.title}"
    if step.child:
        return f"{step.place} waits for its run {step.child}"
    if isinstance(step.planned.step.action, WaitAction) and step.wait is not None and step.wait.signal:
        return f"{step.place} waits for the signal {step.wait.signal}"
    return f"{step.place} waits"


# How a run ends, worst first: the first status that one of its steps gives is the run's.
def _end(state: RunState) -> EndRun:
    worst = sorted((step for step in state.worst if _speaks(step)), key=_rank)
    reasons = list(dict.fromkeys(reason for step in worst for reason in _reasons(step)))
    if len(reasons) > REASONS_MAX:
        reasons[REASONS_MAX:] = [f"and {len(reasons) - REASONS_MAX} more"]
    if state.cancels:
        return EndRun("cancelled", tuple(reasons), "person", "")
    if state.rejected:
        code = next((step.code for step in worst if step.fault == "person"), "FL-P001")
        return EndRun("rejected", tuple(reasons), "person", code)
    failed = next((step for step in worst if _counts_as_failed(state, step)), None)
    if failed is not None:
        return EndRun("failed", tuple(reasons), failed.fault, failed.code)
    return EndRun("degraded" if reasons else "succeeded", tuple(reasons), None, "")


def status_so_far(state: RunState) -> EndRun:
    """What the run would end as, were it to end now: what `run.status` says under `finally` and in `outputs`."""
    return _end(state)


def _speaks(step: StepRun) -> bool:
    """Whether its end is told as it is: a fan-out and a loop speak for what is inside them."""
    return not step.suffix


def _counts_as_failed(state: RunState, step: StepRun) -> bool:
    """A failed step fails the run unless it, or a block around it, is optional or ended otherwise."""
    if step.status != "failed":
        return False
    at: StepRun | None = step
    while at is not None:
        if not at.counts_as_failure:
            return False
        at = state.steps[at.parent] if at.parent is not None else None
    return True


def _rank(step: StepRun) -> int:
    return {"failed": 0, "degraded": 1, "cancelled": 2, "skipped": 3}.get(step.status, 4)


def _reasons(step: StepRun) -> tuple[str, ...]:
    if step.is_block and not (step.is_each or step.is_loop):
        return ()  # its steps speak for themselves
    match step.status:
        case "failed":
            return (f"{step.place} failed: {step.message}",)
        case "degraded":
            return tuple(f"{step.place}: {reason}" for reason in step.degraded)
        case "skipped":
            return (f"{step.place} was skipped: {step.reason}",)
        case _:
            return ()


def ended(end: EndRun, outputs: dict[str, object]) -> RunEnded:
    """The event that *end* becomes."""
    return RunEnded(end.status, end.reasons, end.fault, end.code, outputs)
