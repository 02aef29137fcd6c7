"""Child runs: a step of the kind `workflow` is a run of its own, with an id that follows from where it stands."""

from fairlead.core.events import AttemptFailed, AttemptStarted, AttemptSucceeded, RunQueued
from fairlead.core.expressions import EvaluationFailed
from fairlead.core.ids import Place, RunId
from fairlead.core.json import digest, encode
from fairlead.core.ports import Child
from fairlead.core.references import Unresolved, resolve
from fairlead.core.standing import RunState, StepRun
from fairlead.core.workflow import WorkflowAction
from fairlead.runtime.scope import Load, Scope
from fairlead.runtime.turns import looked_at

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def child_of(state: RunState, step: StepRun, attempt: int, load: Load) -> Child | AttemptFailed:
    """The child run of *step*: the same one in every replay, so that a lost worker's child is found again."""
    action = step.planned.step.action
    queued = state.queued
    assert isinstance(action, WorkflowAction)
    assert queued is not None
    try:
        inputs = resolve(step.planned.step.given, Scope(state, load, step))
    except (EvaluationFailed, Unresolved) as error:
        return looked_at(step.place, attempt, error)
    run = _id(state.run, step.place, step.retries)
    child = RunQueued(
        action.name,
        action.definition,
        inputs,
        queued.root,
        key=f"child {run}",
        requester=queued.requester,
        labels=queued.labels,
        commit=queued.commit,
        branch=queued.branch,
        changed=queued.changed,
        facts=queued.facts,
        requirements=queued.requirements,
        parent=state.run,
        parent_place=step.place,
    )
    call = digest(encode([action.definition, inputs]))
    started = AttemptStarted(step.place, attempt, f"workflow {action.name}", action.definition[7:19], call, child=run)
    return Child(step.place, attempt, run, child, started)


def _id(parent: RunId, place: Place, retries: int) -> RunId:
    number = int(digest(f"{parent} {place} {retries}".encode())[7:23], 16)
    letters = ""
    for _ in range(8):
        number, rest = divmod(number, len(_ALPHABET))
        letters += _ALPHABET[rest]
    return RunId(f"r-{letters}")


def outcome_of(child: Child, state: RunState) -> AttemptSucceeded | AttemptFailed:
    """What an ended child run means for the step that it is."""
    end = state.ended
    assert end is not None
    if end.status == "succeeded":
        return AttemptSucceeded(child.place, child.attempt, end.outputs, summary=f"run {child.run}")
    if end.status == "degraded":
        degraded = tuple(f"{child.run}: {reason}" for reason in end.reasons)
        return AttemptSucceeded(child.place, child.attempt, end.outputs, summary=f"run {child.run}", degraded=degraded)
    message = f"run {child.run} of {state.workflow.name} {_said(end.status)}"
    if end.reasons:
        message += f": {end.reasons[0]}"
    hint = f"fairlead runs show {child.run}"
    fault = end.fault or ("person" if end.status in ("rejected", "cancelled") else "result")
    return AttemptFailed(child.place, child.attempt, fault, end.code or "FL-R214", message, hint, output=end.outputs)


def _said(status: str) -> str:
    return {"failed": "failed", "rejected": "was rejected", "cancelled": "was cancelled"}[status]
