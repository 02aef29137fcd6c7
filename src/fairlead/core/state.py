"""What a run is, folded from its events: `apply` takes one event, in place, at a cost that does not grow with the run.

A step that is ready, skipped because of a need, or cancelled is never recorded: it follows from the attempts and the
workflow. What follows from values (a condition, the items of a list, the end of a round) is recorded by who looked.
"""

from collections import deque
from collections.abc import Iterable
from typing import get_args

from fairlead.core import retries
from fairlead.core.advance import (
    Todo,
    advance,
    doom,
    end,
    end_all,
    end_round,
    give_slot,
    open_block,
    release_roots,
    stop_waiting,
    take_up,
)
from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptOutcome,
    AttemptStarted,
    AttemptSucceeded,
    AttemptUncertain,
    Event,
    FindingAccepted,
    FindingReopened,
    Recorded,
    Remark,
    RoundEnded,
    RunCancelRequested,
    RunClaimed,
    RunContinued,
    RunEnded,
    RunImported,
    RunParked,
    RunPauseRequested,
    RunQueued,
    RunResumeRequested,
    SignalReceived,
    StepOpened,
    StepSkipped,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Micros
from fairlead.core.quorum import answer, is_late, refuse
from fairlead.core.standing import RunState, StepRun, is_leaf
from fairlead.core.transitions import ATTEMPT, RUN, STEP_ENDED, Impossible
from fairlead.core.workflow import Workflow

__all__ = ["RunState", "StepRun", "apply", "fold", "is_leaf"]

_REMARKS = frozenset(get_args(Remark))  # said perhaps long after the end of a run: its time stands still


def fold(workflow: Workflow, records: Iterable[Recorded]) -> RunState | None:
    """The state after *records*; None when there are none."""
    state: RunState | None = None
    for record in records:
        if state is None:
            state = RunState(workflow, record.run)
        apply(state, record.event, record.at, record.epoch)
        state.applied = record.seq
    return state


def apply(state: RunState, event: Event, at: Micros, epoch: Epoch) -> None:
    """Take one event into *state*.

    Raises:
        Impossible: no table of `core.transitions` allows the change.
    """
    if at > state.now and type(event) not in _REMARKS:
        state.now = at
    match event:  # what happens most often comes first
        case AttemptStarted():
            _start(state, event, epoch)
        case AttemptSucceeded() | AttemptFailed() | AttemptCancelled() | AttemptLost() | AttemptUncertain():
            _close(state, event)
        case StepSkipped():
            state.seeded = True
            step = state.steps[event.place]
            step.reason, step.is_by_choice = event.reason, True
            end(state, step, "skipped")
        case StepOpened():
            state.seeded = True
            open_block(state, event)
        case RoundEnded():
            end_round(state, event)
        case WaitBegun():
            _wait(state, event)
        case ApprovalAsked():
            _ask(state, event, at)
        case ApprovalDecided():
            _hear(state, event, at)
        case SignalReceived():
            state.signals.setdefault(event.name, deque()).append(event.data)
        case FindingAccepted() | FindingReopened():
            pass  # said of what the run found, perhaps long after its end: nothing in the run changes by it
        case RunImported():
            state.imported = event
        case RunQueued():
            _advance_run(state, "queued")
            state.queued, state.inputs, state.queued_at = event, event.inputs, at
            _leave_out(state, event)
            release_roots(state, is_closing=False)
        case _:
            _apply_to_run(state, event, epoch)


def _apply_to_run(
    state: RunState,
    event: RunClaimed
    | RunParked
    | RunContinued
    | RunCancelRequested
    | RunPauseRequested
    | RunResumeRequested
    | RunEnded,
    epoch: Epoch,
) -> None:
    match event:
        case RunClaimed():
            _advance_run(state, "claimed")
            if state.running and event.worker != state.worker:
                _count_death(state)
            state.epoch, state.worker = epoch, event.worker
            state.durability = event.durability or state.durability
            state.orphans = dict.fromkeys(state.running)
            _release_children(state)
        case RunParked():
            _advance_run(state, "parked")
            state.parked = event.reasons
        case RunContinued():
            _advance_run(state, "continued")
            state.parked = ()
        case RunCancelRequested():
            _advance_run(state, "cancel_requested")
            state.cancels += 1
            state.pause, state.parked = None, ()
            state.deaths.clear()  # a person has decided
            _cancel(state)
        case RunPauseRequested():
            _advance_run(state, "pause_requested")
            state.pause = event
        case RunResumeRequested():
            _advance_run(state, "resume_requested")
            state.pause, state.parked = None, ()
            state.deaths.clear()
            _release_children(state)
        case RunEnded():
            _advance_run(state, f"ended_{event.status}")
            state.ended = event


def _count_death(state: RunState) -> None:
    """Whoever owned the run is gone, and has not said how these attempts ended: each of them may be why.

    But for those that were orphans before: that owner had only taken the run, and never performed them.
    """
    for place in state.running:
        if place not in state.orphans:
            state.deaths[place] = state.deaths.get(place, 0) + 1


def _advance_run(state: RunState, happening: str) -> None:
    try:
        state.status = RUN[state.status][happening]
    except KeyError:
        raise Impossible(f"run {state.run}: {happening} while {state.status or 'unborn'}") from None


def _advance_attempt(step: StepRun, attempt: int, happening: str) -> None:
    is_new = attempt == step.attempts + 1
    before = "" if is_new else step.attempt_status
    if not is_new and attempt != step.attempts:
        raise Impossible(f"step {step.place}: attempt {attempt} after {step.attempts}")
    try:
        step.attempt_status = ATTEMPT[before][happening]
    except KeyError:
        raise Impossible(f"step {step.place}, attempt {attempt}: {happening} while {before or 'unborn'}") from None
    step.attempts = attempt


def _leave_out(state: RunState, queued: RunQueued) -> None:
    """Skip what the run was asked not to perform."""
    if not queued.only:
        return
    for step in list(state.steps.values()):
        name = step.planned.step.id
        if step.parent is None and not step.planned.is_closing and name not in (*queued.only, *queued.kept):
            step.reason, step.is_by_choice = "it was not asked for", True
            end(state, step, "skipped")


# ------------------------------------------------------------------------------------------------------------- attempts


def _start(state: RunState, event: AttemptStarted, epoch: Epoch) -> None:
    state.seeded = True
    step = state.steps[event.place]
    _advance_attempt(step, event.attempt, "started")
    advance(step, "started")
    state.ready.pop(event.place, None)
    state.sleeping.drop(event.place)
    state.running[event.place] = None
    step.agent, step.version, step.tree, step.epoch = event.agent, event.version, event.tree, epoch
    step.effect, step.child, step.kept_from, step.let_by = event.effect, event.child, event.kept_from, event.granted
    if not step.started_at:
        step.started_at = state.now


def _close(state: RunState, event: AttemptOutcome) -> None:
    step = state.steps[event.place]
    place = event.place
    is_begun = place in state.running or step.status == "waiting"
    doomed = state.doomed.pop(place, "")
    if place in state.running:
        del state.running[place]
        state.orphans.pop(place, None)
    elif not is_begun:
        state.sleeping.drop(place)
        step.started_at = step.started_at or state.now
    if state.deaths and not isinstance(event, AttemptLost):
        state.deaths.pop(place, None)
    match event:
        case AttemptSucceeded():
            _advance_attempt(step, event.attempt, "succeeded")
            if step.wait is not None and step.wait.signal:
                state.signals[step.wait.signal].popleft()
            _keep(state, step, event)
            degraded = event.degraded
            if step.alternative:
                degraded = (*step.tried, f"{step.agent} did it instead", *degraded)
            step.degraded = degraded
            end(state, step, "degraded" if degraded else "succeeded")
        case AttemptFailed():
            _advance_attempt(step, event.attempt, "failed" if event.attempt == step.attempts else "refused")
            step.fault, step.code, step.message, step.hint = event.fault, event.code, event.message, event.hint
            step.output, step.output_ref = event.output, event.output_ref
            step.receipt, step.checks = event.receipt, event.checks
            if step.status == "waiting" and step.asked is not None:  # no answer in time was said to be a no
                _reject(state, step)
            _after_failure(state, step, event, is_begun, doomed)
        case AttemptCancelled():
            _advance_attempt(step, event.attempt, "cancelled")
            step.reason = event.reason
            end(state, step, "cancelled")
        case AttemptLost():
            _advance_attempt(step, event.attempt, "lost")
            step.reason = event.reason
            step.lost += 1
            if why := doomed or _why_stopped(state, step):
                step.reason = why
                end(state, step, "cancelled")
            else:
                advance(step, "lost")
                state.ready[place] = None
        case AttemptUncertain():
            _advance_attempt(step, event.attempt, "uncertain")
            step.reason = event.reason
            if why := doomed or _why_stopped(state, step):  # it shall not be done again: there is nothing to ask
                step.reason = f"{why}; {event.reason}"
                end(state, step, "cancelled")
            else:
                advance(step, "asked")
                step.asked = None
                state.waiting[place] = state.uncertain[place] = None
                give_slot(state, step)


def _keep(state: RunState, step: StepRun, event: AttemptSucceeded) -> None:
    step.output, step.output_ref, step.summary = event.output, event.output_ref, event.summary
    step.receipt, step.checks = event.receipt, event.checks
    step.code = step.message = step.hint = ""
    step.fault = None
    step.tree_before = event.tree_before
    if event.tree and event.tree != step.tree:  # one that changed nothing is not its own origin
        state.lineage[event.tree] = step.tree
        step.tree = event.tree


def _after_failure(state: RunState, step: StepRun, failed: AttemptFailed, is_begun: bool, doomed: str) -> None:
    if step.is_block:
        advance_from = "failed" if step.status == "running" else "refused"
        state.opening.pop(step.place, None)
        for place in step.children:
            state.steps[place].reason = f"{step.place} failed"
        end(state, step, advance_from)
        return
    name = step.planned.step.action.name if hasattr(step.planned.step.action, "name") else step.agent
    seed = f"{state.run} {step.place}"
    following = retries.follow(step.planned.step, failed, step.alternative, step.retries, step.failed_before, seed)
    step.codes = (*step.codes, failed.code)
    if following is None or doomed or _why_stopped(state, step):
        step.message = retries.used_up(failed, step.codes)
        end(state, step, "failed" if is_begun else "refused")
        return
    step.failed_before = retries.mark(failed)
    if following.alternative != step.alternative:
        agent = step.planned.step.fallback[step.alternative - 1] if step.alternative else name
        step.tried = (*step.tried, f"{agent} was unavailable ({failed.code}: {failed.message})")
        step.alternative, step.retries, step.failed_before = following.alternative, 0, ""
    else:
        step.retries += 1
    advance(step, "retrying")
    if following.wait_s:
        state.ready.pop(step.place, None)
        state.sleeping.note(step.place, Micros(state.now + round(following.wait_s * 1e6)))
    else:
        state.ready[step.place] = None


# -------------------------------------------------------------------------------------------------------------- waiting


def _wait(state: RunState, event: WaitBegun) -> None:
    step = state.steps[event.place]
    _advance_attempt(step, event.attempt, "waits")
    advance(step, "waits")
    state.ready.pop(event.place, None)
    state.sleeping.drop(event.place)
    state.running.pop(event.place, None)
    state.orphans.pop(event.place, None)
    state.deaths.pop(event.place, None)
    step.wait, step.child = event, event.child
    state.waiting[event.place] = None
    if event.due:
        state.timed.note(event.place, event.due)
    if event.signal:
        state.listening.setdefault(event.signal, {})[event.place] = None
    step.started_at = step.started_at or state.now
    if why := state.doomed.pop(event.place, "") or _why_stopped(state, step):
        step.reason = why
        end(state, step, "cancelled")
    give_slot(state, step)


def _release_waiting(state: RunState, step: StepRun) -> None:
    stop_waiting(state, step)
    advance(step, "released")
    take_up(state, step)


def _release_children(state: RunState) -> None:
    """Look at every child run that waits once more: it may have gone on meanwhile."""
    for place in [place for place in state.waiting if state.steps[place].child and state.steps[place].wait]:
        _release_waiting(state, state.steps[place])


def _ask(state: RunState, event: ApprovalAsked, at: Micros) -> None:
    step = state.steps[event.place]
    advance(step, "asked")
    state.ready.pop(event.place, None)
    state.sleeping.drop(event.place)
    state.uncertain.pop(event.place, None)
    state.waiting[event.place] = None
    if event.due and event.on_timeout == "reject":
        state.lapsing.note(event.place, event.due)
    state.approvals[event.approval] = event.place
    step.questions += 1
    step.asked, step.asked_at, step.decisions, step.decided_at, step.granted = event, at, (), (), ""
    step.started_at = step.started_at or state.now
    give_slot(state, step)


def _hear(state: RunState, event: ApprovalDecided, at: Micros) -> None:
    step = state.steps.get(event.place)
    if step is None or step.asked is None or step.status != "waiting" or step.asked.approval != event.approval:
        return  # decided before, or of an earlier question: recorded, and without effect
    if is_late(step.asked, at) or refuse(step.asked, step.decisions, event):
        return
    step.decisions, step.decided_at = (*step.decisions, event), (*step.decided_at, at)
    said = answer(step.asked, step.decisions)
    if said == "granted":
        _grant(state, step, event)
    elif said != "open":
        step.fault, step.code = "person", "FL-P001" if said == "rejected" else "FL-P002"
        how = "rejected it" if said == "rejected" else "asked for changes"
        step.message = f"{event.by} {how}" + (f": {event.comment}" if event.comment else "")
        step.output = _decision_of(step)
        _reject(state, step)
        end(state, step, "failed")


def _reject(state: RunState, step: StepRun) -> None:
    """The answer of *step* is a no: the run ends by it, unless the step is optional."""
    if not step.planned.step.optional and not step.planned.is_closing:
        state.rejected = f"{step.place}: {step.message}"
        _stop_beginning(state, f"{step.place} was rejected", step)


def _grant(state: RunState, step: StepRun, decided: ApprovalDecided) -> None:
    asked = step.asked
    assert asked is not None  # who decides has been asked
    for granted in (asked.digest, *asked.covers, decided.covers):
        if granted:
            state.granted[granted] = asked.approval
    state.granted_at[asked.approval] = step.decided_at[-1]
    if asked.about == "approve":
        step.output = _decision_of(step)
        step.agent, step.summary = "approve", _said(step)
        end(state, step, "succeeded")
        return
    step.granted = asked.approval
    if asked.about == "uncertain":  # a person says that it did not happen: it may be done again
        _advance_attempt(step, step.attempts, "lost")
    _release_waiting(state, step)


def _said(step: StepRun) -> str:
    """Who approved, and how much of it."""
    assert step.asked is not None  # who decides has been asked
    subset = next((one for one in step.decisions if one.choice == "approve_subset"), None)
    part = f" {len(subset.selected)} of {step.asked.selectable}" if subset is not None else ""
    return f"{', '.join(one.by for one in step.decisions)} approved{part}"


def _decision_of(step: StepRun) -> dict[str, object]:
    """The output of a decided approval, but for the list of what was selected: that lies in the content store."""
    last = step.decisions[-1]
    choices = {one.choice for one in step.decisions}
    subset = next((one for one in step.decisions if one.choice == "approve_subset"), None)
    return {
        "decision": last.choice
        if choices & {"reject", "request_changes"}
        else ("approve_subset" if subset else "approve"),
        "by": [one.by for one in step.decisions],
        "comment": "; ".join(one.comment for one in step.decisions if one.comment),
        "positions": list(subset.selected) if subset else None,
    }


# ------------------------------------------------------------------------------------------------------------- stopping


def _why_stopped(state: RunState, step: StepRun) -> str:
    """Why nothing of the part of the run that *step* belongs to begins any more, not even again; "" when it may."""
    if step.planned.is_closing:
        return "the run was cancelled" if state.cancels > 1 else ""
    return "the run was cancelled" if state.cancels else state.rejected


def _cancel(state: RunState) -> None:
    """Cancel what has not begun and doom what runs: the main steps at the first request, `finally` at the second."""
    why = "the run was cancelled"
    todo: Todo = deque()
    for step in list(state.steps.values()):
        if step.planned.is_closing is not (state.cancels > 1) or step.parent is not None:
            continue
        if step.status in ("pending", "ready"):
            step.reason = why
            todo.append((step, "cancelled"))
        elif step.status in ("running", "waiting"):
            doom(state, step, why, todo)
    end_all(state, todo)


def _stop_beginning(state: RunState, why: str, but: StepRun) -> None:
    """Nothing new starts; what runs may end, and *but* ends in its own way."""
    todo: Todo = deque()
    left = deque(step for step in state.steps.values() if step.parent is None and not step.planned.is_closing)
    while left:
        step = left.popleft()
        if step is but or step.status in STEP_ENDED:
            continue
        if step.status == "running":
            step.reason = step.reason or (why if step.is_block else "")  # a loop begins no further round
            left.extend(state.steps[place] for place in step.children)
        else:
            step.reason = why
            todo.append((step, "skipped"))
    end_all(state, todo)
