"""In which order the steps of a workflow come, and which chain of them is the longest. Nothing here is performed."""

from collections.abc import Callable
from typing import NamedTuple

from fairlead.core.workflow import Planned, Workflow


class Moment(NamedTuple):
    """The beginning of a step, or the end of a block: a step that is no block has no end of its own here."""

    step: str
    is_end: bool = False


class Chain(NamedTuple):
    """The longest way through a workflow."""

    length: float
    steps: tuple[str, ...]  # those that are no blocks


def moments(workflow: Workflow) -> list[Moment]:
    """All moments, each after everything that it waits for; those that wait for the same stand in file order.

    The steps under `finally` come after all others, whatever happened to these.
    """
    waits = {moment: _before(moment, workflow) for moment in _all(workflow)}
    position = {moment: number for number, moment in enumerate(waits)}
    followers: dict[Moment, list[Moment]] = {moment: [] for moment in waits}
    open_count = {}
    for moment, earlier in waits.items():
        open_count[moment] = len(earlier)
        for one in earlier:
            followers[one].append(moment)
    from heapq import heappop, heappush

    ready = [position[moment] for moment, count in open_count.items() if not count]
    ready.sort()
    by_position = list(waits)
    found: list[Moment] = []
    while ready:
        moment = by_position[heappop(ready)]
        found.append(moment)
        for follower in followers[moment]:
            open_count[follower] -= 1
            if not open_count[follower]:
                heappush(ready, position[follower])
    return found


def _before(moment: Moment, workflow: Workflow) -> list[Moment]:
    """What *moment* waits for."""
    plan = workflow.plan
    planned = plan[moment.step]
    if moment.is_end:
        return [Moment(planned.step.id), *(_end_of(plan[name]) for name in planned.children)]
    earlier = [_end_of(plan[name]) for name in dict.fromkeys((*planned.needs, *planned.after))]
    if planned.parent is not None:
        earlier.append(Moment(planned.parent))
    elif planned.is_closing and not earlier:
        earlier = [_end_of(one) for one in plan.values() if one.parent is None and not one.is_closing]
    return earlier


def _end_of(planned: Planned) -> Moment:
    """When the step has ended."""
    return Moment(planned.step.id, planned.is_block)


def stages_of(workflow: Workflow) -> tuple[tuple[str, ...], ...]:
    """The steps that are no blocks, by the earliest moment at which they can begin: side by side in one stage.

    Items and rounds count once, and the branches of a choice as if each were taken.
    """
    ends: dict[Moment, int] = {}
    stages: list[list[str]] = []
    for moment in moments(workflow):
        begins = max((ends[one] for one in _before(moment, workflow)), default=0)
        if moment.is_end or workflow.plan[moment.step].is_block:
            ends[moment] = begins
            continue
        ends[moment] = begins + 1
        while len(stages) <= begins:
            stages.append([])
        stages[begins].append(moment.step)
    return tuple(map(tuple, stages))


def longest_chain(workflow: Workflow, weight: Callable[[str], float]) -> Chain:
    """The chain of steps that takes longest when each takes what *weight* says. Of equal ones the first is taken.

    A step with the weight 0 is left out of it.
    """
    lengths: dict[Moment, float] = {}
    came_from: dict[Moment, Moment | None] = {}
    longest: Moment | None = None
    for moment in moments(workflow):
        cause: Moment | None = None
        for one in _before(moment, workflow):
            if cause is None or lengths[one] > lengths[cause]:
                cause = one
        own = 0.0 if moment.is_end or workflow.plan[moment.step].is_block else weight(moment.step)
        lengths[moment] = (lengths[cause] if cause is not None else 0.0) + own
        came_from[moment] = cause
        if longest is None or lengths[moment] > lengths[longest]:
            longest = moment
    if longest is None:
        return Chain(0.0, ())
    steps: list[str] = []
    at: Moment | None = longest
    while at is not None:
        if not at.is_end and not workflow.plan[at.step].is_block and weight(at.step) > 0:
            steps.append(at.step)
        at = came_from[at]
    return Chain(lengths[longest], tuple(reversed(steps)))


def isolated_steps(workflow: Workflow) -> tuple[str, ...]:
    """The outermost steps of a graph that no edge joins to another one."""
    outermost = [one for one in workflow.plan.values() if one.parent is None and not one.is_closing]
    if workflow.flow != "graph" or len(outermost) < 2:
        return ()
    return tuple(one.step.id for one in outermost if not (one.needs or one.after or one.successors))


def _all(workflow: Workflow) -> list[Moment]:
    """All moments in file order: the end of a block comes after the steps inside it."""
    found: list[Moment] = []
    left = [
        Moment(one.step.id, is_end)
        for one in reversed([one for one in workflow.plan.values() if one.parent is None])
        for is_end in (True, False)
        if not is_end or one.is_block
    ]
    while left:
        moment = left.pop()
        found.append(moment)
        planned = workflow.plan[moment.step]
        if not moment.is_end:
            for name in reversed(planned.children):
                child = workflow.plan[name]
                left += [Moment(name, True), Moment(name)] if child.is_block else [Moment(name)]
    return found
