"""What a run is, folded from its events: `apply` takes one event, in place, at a cost that does not grow with the run.

Every step leaves `pending` once and ends once, so walking the edges of what ended is linear over the whole run. A step
that is ready, skipped or cancelled is never recorded: it follows from the attempts and the workflow.
"""

from collections import deque
from collections.abc import Iterable

from fairlead.core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptOutcome,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    FindingAccepted,
    FindingReopened,
    Recorded,
    RunCancelRequested,
    RunClaimed,
    RunEnded,
    RunImported,
    RunPauseRequested,
    RunQueued,
    RunResumeRequested,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Fault
from fairlead.core.receipts import Receipt
from fairlead.core.transitions import ATTEMPT, RUN, STEP, STEP_ENDED, Impossible, StepStatus
from fairlead.core.workflow import AgentAction, ParallelAction, Planned, RunAction, Workflow

_NO_RECEIPT = Receipt()


class StepRun:
    """One step within one run: where it stands and what its last attempt left."""

    __slots__ = (
        "agent",
        "attempt_status",
        "attempts",
        "children_open",
        "code",
        "degraded",
        "ended_at",
        "epoch",
        "fault",
        "held",
        "hint",
        "message",
        "output",
        "output_ref",
        "place",
        "planned",
        "reason",
        "receipt",
        "slots",
        "started_at",
        "status",
        "summary",
        "tree",
        "version",
        "waits",
    )

    def __init__(self, place: Place, planned: Planned) -> None:
        self.place = place
        self.planned = planned
        self.status: StepStatus = "pending"
        self.reason = ""  # why it was skipped or cancelled
        self.attempts = 0
        self.attempt_status = ""  # of the last attempt
        self.epoch = Epoch(0)  # under which the last attempt was started
        self.agent = ""
        self.version = ""
        self.summary = ""
        self.degraded: tuple[str, ...] = ()
        self.fault: Fault | None = None
        self.code = ""
        self.message = ""
        self.hint = ""
        self.output: Json = None
        self.output_ref = Digest("")
        self.tree = ""  # the tree it started from, then the one it left
        self.receipt = _NO_RECEIPT
        self.started_at = Micros(0)
        self.ended_at = Micros(0)
        self.waits = len(planned.needs) + len(planned.after) + (planned.parent is not None)
        # Blocks only: children that have not ended, children that wait for a slot, free slots.
        self.children_open = len(planned.children)
        self.held: deque[Place] = deque()
        self.slots = 0

    @property
    def is_block(self) -> bool:
        return bool(self.planned.children)

    @property
    def is_usable(self) -> bool:
        """Whether a step that needs this one may start: it has an output, its own or its `default`."""
        if self.status in ("succeeded", "degraded"):
            return True
        step = self.planned.step
        return step.optional and step.has_default and self.status in ("failed", "skipped")


class RunState:
    """The fold of a run's events. Only `apply` changes it."""

    def __init__(self, workflow: Workflow, run: RunId) -> None:
        self.run = run
        self.workflow = workflow
        self.status = ""
        self.queued: RunQueued | None = None
        self.inputs: dict[str, Json] = {}
        self.epoch = Epoch(0)
        self.worker = ""
        self.applied = Seq(0)  # the last recorded seq of this run
        self.now = Micros(0)  # the latest recorded time
        self.queued_at = Micros(0)
        self.ended: RunEnded | None = None
        self.pause: RunPauseRequested | None = None  # the request under which the run waits
        self.imported: RunImported | None = None
        self.cancels = 0  # how often cancelling was asked for
        self.steps: dict[Place, StepRun] = {place: StepRun(place, planned) for place, planned in workflow.plan.items()}
        # Small indexes, so that `decide` looks only at what there is to do. Dictionaries serve as ordered sets.
        self.ready: dict[Place, None] = {}
        self.running: dict[Place, None] = {}
        self.orphans: dict[Place, None] = {}  # running attempts of an earlier epoch
        self.doomed: dict[Place, str] = {}  # running attempts that shall stop, and why
        self.open_main = sum(1 for p in workflow.plan.values() if p.parent is None and not p.is_closing)
        self.open_closing = sum(1 for p in workflow.plan.values() if p.parent is None and p.is_closing)
        self.worst: list[StepRun] = []  # steps that did not simply succeed, in the order of their end
        self.lineage: dict[str, str] = {}  # a tree that a step left → the tree it started from

    def output_of(self, place: Place) -> Json:
        """The small output of a step, or its default where an optional step has none."""
        step = self.steps[place]
        if step.status in ("succeeded", "degraded"):
            return step.output
        return step.planned.step.default if step.is_usable else None


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
    if isinstance(event, FindingAccepted | FindingReopened):
        return  # said of what the run found, perhaps long after its end: nothing in the run changes by it
    if isinstance(event, RunImported):
        state.imported = event
        return
    if at > state.now:
        state.now = at
    match event:
        case AttemptStarted():
            _start(state, event, epoch)
        case AttemptSucceeded() | AttemptFailed() | AttemptCancelled() | AttemptLost():
            _close(state, event)
        case RunQueued():
            _advance_run(state, "queued")
            state.queued, state.inputs, state.queued_at = event, event.inputs, at
            _release_roots(state, is_closing=False)
        case RunClaimed():
            _advance_run(state, "claimed")
            state.epoch, state.worker = epoch, event.worker
            state.orphans = dict.fromkeys(state.running)
        case RunCancelRequested():
            _advance_run(state, "cancel_requested")
            state.cancels += 1
            state.pause = None
            _cancel(state)
        case RunPauseRequested():
            _advance_run(state, "pause_requested")
            state.pause = event
        case RunResumeRequested():
            _advance_run(state, "resume_requested")
            state.pause = None
        case RunEnded():
            _advance_run(state, f"ended_{event.status}")
            state.ended = event


def _advance_run(state: RunState, happening: str) -> None:
    try:
        state.status = RUN[state.status][happening]
    except KeyError:
        raise Impossible(f"run {state.run}: {happening} while {state.status or 'unborn'}") from None


def _advance(step: StepRun, happening: str) -> None:
    try:
        step.status = STEP[step.status][happening]
    except KeyError:
        raise Impossible(f"step {step.place}: {happening} while {step.status}") from None


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


def _start(state: RunState, event: AttemptStarted, epoch: Epoch) -> None:
    step = state.steps[event.place]
    _advance_attempt(step, event.attempt, "started")
    _advance(step, "started")
    del state.ready[event.place]
    state.running[event.place] = None
    step.agent, step.version, step.tree, step.epoch = event.agent, event.version, event.tree, epoch
    if not step.started_at:
        step.started_at = state.now


def _close(state: RunState, event: AttemptOutcome) -> None:
    step = state.steps[event.place]
    place = event.place
    is_begun = place in state.running
    doom = state.doomed.pop(place, "")
    if is_begun:
        del state.running[place]
        state.orphans.pop(place, None)
    elif state.ready.pop(place, 0) is None:
        step.started_at = state.now
    match event:
        case AttemptSucceeded():
            _advance_attempt(step, event.attempt, "succeeded")
            step.output, step.output_ref, step.summary = event.output, event.output_ref, event.summary
            step.degraded, step.receipt = event.degraded, event.receipt
            if event.tree:
                state.lineage[event.tree] = step.tree
                step.tree = event.tree
            _end(state, step, "degraded" if event.degraded else "succeeded")
        case AttemptFailed():
            _advance_attempt(step, event.attempt, "failed" if is_begun else "refused")
            step.fault, step.code, step.message, step.hint = event.fault, event.code, event.message, event.hint
            step.output, step.receipt = event.output, event.receipt
            _end(state, step, "failed" if is_begun else "refused")
        case AttemptCancelled():
            _advance_attempt(step, event.attempt, "cancelled")
            step.reason = event.reason
            _end(state, step, "cancelled")
        case AttemptLost():
            _advance_attempt(step, event.attempt, "lost")
            step.reason = doom or event.reason
            if doom:
                _end(state, step, "cancelled")
            else:
                _advance(step, "lost")
                state.ready[place] = None


def _release_roots(state: RunState, *, is_closing: bool) -> None:
    for place, planned in state.workflow.plan.items():
        step = state.steps[place]
        if planned.parent is None and planned.is_closing is is_closing and step.waits == 0 and step.status == "pending":
            _release(state, step)


def _release(state: RunState, step: StepRun) -> None:
    """Nothing stands before *step* any more: it is ready, or, being a block, opens."""
    parent = state.steps[step.planned.parent] if step.planned.parent is not None else None
    if parent is not None and parent.slots == 0:
        parent.held.append(step.place)
        return
    if parent is not None:
        parent.slots -= 1
    if not step.is_block:
        _advance(step, "released")
        state.ready[step.place] = None
        return
    _advance(step, "opened")
    step.started_at = state.now
    action = step.planned.step.action
    step.slots = (action.max if isinstance(action, ParallelAction) else 0) or len(step.planned.children)
    for child in step.planned.children:
        _count_down(state, state.steps[child])


def _count_down(state: RunState, step: StepRun) -> None:
    step.waits -= 1
    if step.waits == 0 and step.status == "pending":
        _release(state, step)


def _end(state: RunState, first: StepRun, happening: str) -> None:
    """End *first*, then everything that ends because of it: skipped successors, closed blocks, cancelled siblings."""
    todo: deque[tuple[StepRun, str]] = deque([(first, happening)])
    while todo:
        step, what = todo.popleft()
        if step.status in STEP_ENDED:
            continue
        held_slot = step.status in ("ready", "running")
        if step.status == "ready":
            state.ready.pop(step.place, None)
        _advance(step, what)
        step.ended_at = state.now
        if step.status != "succeeded":
            state.worst.append(step)
        for place in step.planned.children:
            # Only of a block that is skipped or cancelled as a whole; a block in it may have opened a moment ago.
            child = state.steps[place]
            if child.status not in STEP_ENDED:
                child.reason = step.reason
                todo.append((child, "cancelled" if step.status == "cancelled" else "skipped"))
        for place in step.planned.successors:
            follower = state.steps[place]
            if follower.status != "pending":
                continue
            if not step.is_usable and step.place in follower.planned.needs:
                follower.reason = f"needs {step.place}, which {_ended_how(step)}"
                todo.append((follower, "skipped"))
            else:
                _count_down(state, follower)
        _tell_parent(state, step, held_slot, todo)


def _ended_how(step: StepRun) -> str:
    return {"failed": "failed", "skipped": "was skipped", "cancelled": "was cancelled"}.get(
        step.status, "did not end well"
    )


def _tell_parent(state: RunState, step: StepRun, held_slot: bool, todo: deque[tuple[StepRun, str]]) -> None:
    parent_place = step.planned.parent
    if parent_place is None:
        _end_root(state, step)
        return
    parent = state.steps[parent_place]
    parent.children_open -= 1
    if parent.status in STEP_ENDED:
        return
    action = parent.planned.step.action
    if isinstance(action, ParallelAction) and action.fail_fast and _is_failure(step):
        _stop_siblings(state, parent, f"{step.place} failed", todo)
    if held_slot:
        parent.slots += 1
        while parent.held and parent.slots:
            waiting = state.steps[parent.held.popleft()]
            if waiting.status == "pending":
                _release(state, waiting)
    if parent.children_open == 0:
        todo.append((parent, _block_end(state, parent)))


def _is_failure(step: StepRun) -> bool:
    return step.status == "failed" and not step.planned.step.optional


def _stop_siblings(state: RunState, parent: StepRun, why: str, todo: deque[tuple[StepRun, str]]) -> None:
    for place in parent.planned.children:
        sibling = state.steps[place]
        if sibling.status in ("pending", "ready"):
            sibling.reason = why
            todo.append((sibling, "skipped"))
        elif sibling.status == "running":
            _doom(state, sibling, why, todo)


def _doom(state: RunState, step: StepRun, why: str, todo: deque[tuple[StepRun, str]]) -> None:
    """Stop what runs in *step*; what is inside and has not begun is cancelled at once."""
    if not step.is_block:
        state.doomed[step.place] = why
        return
    for place in step.planned.children:
        child = state.steps[place]
        if child.status in ("pending", "ready"):
            child.reason = why
            todo.append((child, "cancelled"))
        elif child.status == "running":
            _doom(state, child, why, todo)


def _block_end(state: RunState, block: StepRun) -> str:
    children = [state.steps[place] for place in block.planned.children]
    statuses = {child.status for child in children if not child.planned.step.optional}
    if "failed" in statuses:
        failed = next(child for child in children if _is_failure(child))
        block.fault, block.code, block.message = failed.fault, failed.code, f"{failed.place} failed: {failed.message}"
        return "failed"
    if "cancelled" in statuses:
        return "cancelled"
    if statuses == {"skipped"}:
        block.reason = "all its steps were skipped"
        return "skipped"
    is_whole = all(child.status == "succeeded" for child in children)
    block.output = {}
    return "succeeded" if is_whole else "degraded"


def _end_root(state: RunState, step: StepRun) -> None:
    if step.planned.is_closing:
        state.open_closing -= 1
        return
    state.open_main -= 1
    if state.open_main == 0:
        _release_roots(state, is_closing=True)


def _cancel(state: RunState) -> None:
    """Cancel what has not begun and doom what runs: the main steps at the first request, `finally` at the second."""
    why = "the run was cancelled"
    todo: deque[tuple[StepRun, str]] = deque()
    for step in list(state.steps.values()):
        if step.planned.is_closing is not (state.cancels > 1) or step.planned.parent is not None:
            continue
        if step.status in ("pending", "ready"):
            step.reason = why
            todo.append((step, "cancelled"))
        elif step.status == "running":
            _doom(state, step, why, todo)
    for step, what in todo:
        _end(state, step, what)


def is_leaf(step: StepRun) -> bool:
    """Whether the step is performed by a call, not by the steps inside it."""
    return isinstance(step.planned.step.action, AgentAction | RunAction)
