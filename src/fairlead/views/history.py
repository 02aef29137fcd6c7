"""The history of workflows: how often they end how, how long they and their steps take, what they find."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from fairlead.core.ids import Micros, RunId
from fairlead.core.transitions import RUN_ENDED
from fairlead.views.runs import RunLine, RunView, StepView

REASONS_MAX = 5  # of one step, the most frequent ones


class Times(msgspec.Struct, frozen=True):
    """Seconds over several runs; all 0 without one. A percentile is the smallest value that so many do not exceed."""

    count: int
    p50: float
    p95: float


class WorkflowLine(msgspec.Struct, frozen=True):
    """One workflow of the project."""

    workflow: str
    runs: int
    statuses: dict[str, int]
    success: float  # share of those that ended which simply succeeded, 0 to 1; only `succeeded` counts
    seconds: Times
    last: RunId
    last_status: str
    last_at: Micros


class StepHistory(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step over the runs."""

    step: str
    agent: str
    statuses: dict[str, int]
    seconds: Times
    repeated: int = 0  # attempts beyond the first
    reasons: dict[str, int] = {}  # why it was less than succeeded, with how often


class RunPoint(msgspec.Struct, frozen=True):
    """One run in the course of things, oldest first."""

    run: RunId
    status: str
    queued_at: Micros
    seconds: float
    commit: str
    totals: dict[str, int]


class WorkflowHistory(msgspec.Struct, frozen=True):
    """One workflow, its steps, and its runs from the oldest of those looked at."""

    line: WorkflowLine
    steps: tuple[StepHistory, ...]
    runs: tuple[RunPoint, ...]


def workflow_lines(runs: Iterable[RunLine]) -> tuple[WorkflowLine, ...]:
    """One line per workflow, the one with the newest run first. *runs* are newest first."""
    by_name: dict[str, list[RunLine]] = {}
    for run in runs:
        by_name.setdefault(run.workflow, []).append(run)
    return tuple(_line(name, lines) for name, lines in by_name.items())


def _line(name: str, runs: Sequence[RunLine]) -> WorkflowLine:
    statuses = Counter(run.status for run in runs)
    ended = [run for run in runs if run.status in RUN_ENDED]
    return WorkflowLine(
        name,
        len(runs),
        dict(sorted(statuses.items())),
        statuses["succeeded"] / len(ended) if ended else 0.0,
        _times([(run.ended_at - run.queued_at) / 1e6 for run in ended]),
        runs[0].run,
        runs[0].status,
        runs[0].queued_at,
    )


def workflow_history(runs: Sequence[RunLine], views: Sequence[RunView]) -> WorkflowHistory:
    """*runs* and *views* are of one workflow, newest first; at least one."""
    steps: dict[str, list[tuple[RunView, int]]] = {}
    for view in views:
        for number, step in enumerate(view.steps):
            if step.agent or step.attempts:
                steps.setdefault(step.step, []).append((view, number))
    points = [
        RunPoint(view.run, view.status, view.queued_at, view.seconds, view.commit, view.totals)
        for view in reversed(views)
    ]
    return WorkflowHistory(
        _line(views[0].workflow, runs),
        tuple(_step_history(name, [view.steps[number] for view, number in found]) for name, found in steps.items()),
        tuple(points),
    )


def _step_history(name: str, steps: Sequence[StepView]) -> StepHistory:
    reasons = Counter(reason for step in steps for reason in (step.degraded or filter(None, (step.message,))))
    return StepHistory(
        name,
        steps[0].agent,
        dict(sorted(Counter(step.status for step in steps).items())),
        _times([step.seconds for step in steps if step.seconds]),
        sum(max(0, step.attempts - 1) for step in steps),
        dict(reasons.most_common(REASONS_MAX)),
    )


def _times(seconds: Sequence[float]) -> Times:
    ordered = sorted(max(0.0, one) for one in seconds)
    if not ordered:
        return Times(0, 0.0, 0.0)
    # The nearest-rank percentile: the value at ceil(share * count), counted from 1.
    return Times(len(ordered), ordered[-(-len(ordered) * 50 // 100) - 1], ordered[-(-len(ordered) * 95 // 100) - 1])
