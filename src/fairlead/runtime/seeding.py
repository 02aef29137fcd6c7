"""What a run keeps of another one: the outcomes of finished steps, told again as events of its own."""

from collections.abc import Callable, Iterator

from fairlead.core.events import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    RoundEnded,
    StepOpened,
    StepSkipped,
)
from fairlead.core.ids import Micros, Place, RunId
from fairlead.core.json import Digest
from fairlead.core.standing import RunState, StepRun
from fairlead.core.state import apply
from fairlead.core.workflow import ApproveAction
from fairlead.runtime.scope import Load, output_of

_NOTHING = Digest("")


def seeds(state: RunState, refold_of: Callable[[RunId], RunState], load: Load) -> Iterator[Event]:
    """The events that take over what `RunQueued.kept` names, in an order in which they can be applied.

    *state* is a copy that only serves to find this order: it is changed. In a block that failed, what failed is done
    again; in one that ended well, failures that it allowed belong to what is kept.
    """
    queued = state.queued
    assert queued is not None  # a run that decides anything has been queued
    origin = refold_of(RunId(queued.origin))
    is_moving = True
    while is_moving:
        is_moving = False
        for place in [*state.judging, *state.opening, *state.ready]:
            step = state.steps[place]
            done = origin.steps.get(place)
            if done is None or _root(state, step).planned.step.id not in queued.kept:
                continue
            with_failures = origin.steps[_root(state, step).place].is_usable
            for event in _told_again(step, done, origin, load, with_failures, is_fork=not queued.rerun_of):
                apply(state, event, Micros(0), state.epoch)
                yield event
                is_moving = True
            if is_moving:
                break


def _root(state: RunState, step: StepRun) -> StepRun:
    while step.parent is not None:
        step = state.steps[step.parent]
    return step


def _told_again(
    step: StepRun, done: StepRun, origin: RunState, load: Load, with_failures: bool, *, is_fork: bool
) -> Iterator[Event]:
    # A fork goes on with the files as they were; whoever does a run again means the files as they are now.
    place: Place = step.place
    if done.status == "skipped":
        if done.is_by_choice:
            yield StepSkipped(place, done.reason)
        return
    is_closed = done.status == "failed" and not done.children  # a leaf, or a block that could not even begin
    if is_closed and with_failures:
        yield from _failure(step, done, origin)
    elif step.kind == "round":
        yield from _round(step, done, origin)
    elif step.is_block:
        yield from _opened(step, done, origin)
    elif done.status in ("succeeded", "degraded"):
        yield AttemptStarted(
            place,
            1,
            done.agent,
            done.version,
            _NOTHING,
            tree=origin.lineage.get(done.tree, ""),
            kept_from=_origin(done, origin),
        )
        output, ref = done.output, done.output_ref
        if isinstance(step.planned.step.action, ApproveAction):
            output = output_of(origin, done.place, load)
        tree = done.tree if done.tree in origin.lineage and (is_fork or done.has_changed_files) else ""
        yield AttemptSucceeded(
            place, 1, output, ref, done.summary, done.degraded, tree, done.tree_before, done.receipt, done.checks
        )


def _failure(step: StepRun, done: StepRun, origin: RunState) -> Iterator[Event]:
    if not step.is_block:
        kept_from = _origin(done, origin)
        yield AttemptStarted(step.place, 1, done.agent, done.version, _NOTHING, kept_from=kept_from)
    # The class is one that nothing is repeated for: whatever was to be tried has been tried there.
    yield AttemptFailed(
        *(step.place, 1, done.fault or "result", done.code, done.message, done.hint, done.output, done.receipt),
        output_ref=done.output_ref,
        error="validation",
        checks=done.checks,
    )


def _origin(done: StepRun, origin: RunState) -> str:
    return done.kept_from or origin.run


def _round(step: StepRun, done: StepRun, origin: RunState) -> Iterator[Event]:
    loop = origin.steps[done.parent or done.place]
    if loop.rounds is None:
        return
    for one in loop.rounds.done:
        if one.number == done.number:
            is_met = isinstance(done.output, dict) and bool(done.output.get("is_met"))
            yield RoundEnded(step.place, one.metric, is_met, one.tree)


def _opened(step: StepRun, done: StepRun, origin: RunState) -> Iterator[Event]:
    if done.is_each:
        keys = tuple(origin.steps[place].key for place in done.children)
        yield StepOpened(step.place, keys, done.item, done.opened_ref)
    elif done.rounds is not None:
        yield StepOpened(step.place, rounds_max=done.rounds.max, start=done.rounds.start, tree=done.rounds.first_tree)
    else:
        taken = [
            origin.steps[place] for place in done.children if origin.steps[place].reason != "another branch was taken"
        ]
        yield StepOpened(step.place, branch=taken[0].planned.branch if taken else -1)
