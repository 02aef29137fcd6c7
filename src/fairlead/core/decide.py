"""What may happen next. `decide` only looks: it changes nothing, and the same state gives the same commands."""

from itertools import islice

import msgspec

from fairlead.core.events import RunEnded
from fairlead.core.ids import Place
from fairlead.core.outcomes import Fault
from fairlead.core.state import RunState, StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Workflow


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
    """An attempt of an earlier owner is not running any more: record it as lost."""

    place: Place
    attempt: int


class EndRun(msgspec.Struct, frozen=True):
    """Nothing is left to do."""

    status: str
    reasons: tuple[str, ...]
    fault: Fault | None
    code: str


Command = StartAttempt | StopAttempt | LoseAttempt | EndRun


def decide(workflow: Workflow, state: RunState) -> tuple[Command, ...]:
    """The commands that follow from *state*, in a stable order; never more starts than the run has free slots."""
    if state.status in RUN_ENDED or state.status in ("", "queued"):
        return ()
    if state.orphans:
        return tuple(LoseAttempt(place, state.steps[place].attempts) for place in state.orphans)
    commands: list[Command] = []
    for place, why in state.doomed.items():
        commands.append(StopAttempt(place, state.steps[place].attempts, why))
    free = workflow.parallel_max - len(state.running)
    if free > 0 and state.ready and state.status != "waiting":
        for place in islice(state.ready, free):
            commands.append(StartAttempt(place, state.steps[place].attempts + 1))
    if not state.ready and not state.running and not state.open_main and not state.open_closing:
        commands.append(_end(state))
    return tuple(commands)


# How a run ends, worst first: the first status that one of its steps gives is the run's.
def _end(state: RunState) -> EndRun:
    worst = sorted(state.worst, key=_rank)
    reasons = tuple(dict.fromkeys(reason for step in worst for reason in _reasons(step)))
    if state.cancels:
        return EndRun("cancelled", reasons, "person", "")
    failed = next((step for step in worst if _counts_as_failed(state, step)), None)
    if failed is not None:
        return EndRun("failed", reasons, failed.fault, failed.code)
    return EndRun("degraded" if reasons else "succeeded", reasons, None, "")


def _counts_as_failed(state: RunState, step: StepRun) -> bool:
    """A failed step fails the run unless it, or a block around it, is optional."""
    if step.status != "failed":
        return False
    place: Place | None = step.place
    while place is not None:
        planned = state.workflow.plan[place]
        if planned.step.optional:
            return False
        place = planned.parent
    return True


def _rank(step: StepRun) -> int:
    return {"failed": 0, "degraded": 1, "cancelled": 2, "skipped": 3}.get(step.status, 4)


def _reasons(step: StepRun) -> tuple[str, ...]:
    if step.is_block:
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
