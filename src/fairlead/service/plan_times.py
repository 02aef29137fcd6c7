"""How long a workflow and its steps took before, from its own history: fewer than three runs say nothing."""

from typing import NamedTuple

from fairlead.core.standing import RunState
from fairlead.service.parts import Parts, Project
from fairlead.service.plan_records import Seconds
from fairlead.views.runs import project_run

RUNS_MIN = 3
RUNS_MAX = 10  # the newest ones; older ones tell of another repository
_LOOKED_THROUGH_MAX = 200


class Times(NamedTuple):
    """What is known of the past."""

    whole: Seconds | None
    steps: dict[str, Seconds]
    basis: str  # why `whole` is not known


def times_of(parts: Parts, project: Project, workflow: str) -> Times:
    """The times of the newest runs of *workflow* that ended well and did all of their work themselves."""
    reader = parts.reader(project)
    states: list[RunState] = []
    for row in () if reader is None else reader.runs(_LOOKED_THROUGH_MAX):
        if len(states) == RUNS_MAX:
            break
        if reader is None or row.workflow != workflow or row.status not in ("succeeded", "degraded"):
            continue
        state = project_run(reader, row.run).state
        if state.queued is not None and not (state.queued.kept or state.queued.only or state.imported):
            states.append(state)
    found: dict[str, list[float]] = {}
    for state in states:
        for name, seconds in _seconds_of(state).items():
            found.setdefault(name, []).append(seconds)
    whole = _range([(state.now - state.queued_at) / 1e6 for state in states])
    steps = {name: known for name, seconds in found.items() if (known := _range(seconds)) is not None}
    count = len(states)
    return Times(whole, steps, f"{count} of at least {RUNS_MIN} runs ended well" if count else "no run has ended well")


def _seconds_of(state: RunState) -> dict[str, float]:
    """From the first begin of a step to its last end, its items and rounds together."""
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    for step in state.steps.values():
        name = step.planned.step.id
        if not step.started_at or not step.ended_at or step.planned.is_block:
            continue
        begun[name] = min(begun.get(name, step.started_at), step.started_at)
        ended[name] = max(ended.get(name, 0), step.ended_at)
    return {name: (ended[name] - begun[name]) / 1e6 for name in begun}


def _range(seconds: list[float]) -> Seconds | None:
    if len(seconds) < RUNS_MIN:
        return None
    return Seconds(round(min(seconds), 3), round(max(seconds), 3), len(seconds))
