"""Where a run and each of its steps stand: the records that `core.state.apply` changes, and nothing else does."""

from collections import deque
from collections.abc import Iterator, Sequence

import msgspec

from fairlead.core.agenda import Agenda
from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    RunEnded,
    RunImported,
    RunPauseRequested,
    RunQueued,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Check, Fault
from fairlead.core.receipts import Receipt
from fairlead.core.transitions import StepStatus
from fairlead.core.workflow import ChooseAction, LoopAction, Planned, Workflow, place_of

_NO_RECEIPT = Receipt()
_NO_CHILDREN: list[Place] = []  # of all that are no blocks: there are tens of thousands of them


class Round(msgspec.Struct, frozen=True):
    """One finished round of a loop."""

    number: int
    status: str
    is_kept: bool
    metric: float | None
    tree: str
    summary: str
    reason: str = ""  # why it failed


class Rounds:
    """How far a loop has come."""

    __slots__ = ("best", "done", "first_tree", "max", "stalled", "start", "tree")

    def __init__(self, rounds_max: int, start: float | None, tree: str) -> None:
        self.max = rounds_max
        self.start = self.best = start
        self.first_tree = self.tree = tree  # that the next round starts from
        self.done: list[Round] = []
        self.stalled = 0  # rounds in a row that gained too little


class StepRun:
    """One step within one run, or one item or round of it: where it stands and what its last attempt left."""

    __slots__ = (
        "agent",
        "alternative",
        "asked",
        "asked_at",
        "attempt_status",
        "attempts",
        "bad",
        "checks",
        "child",
        "children",
        "children_open",
        "code",
        "codes",
        "decided_at",
        "decisions",
        "degraded",
        "effect",
        "ended_at",
        "epoch",
        "failed_before",
        "fault",
        "good",
        "granted",
        "has_slot",
        "held",
        "hint",
        "is_block",
        "is_by_choice",
        "is_each",
        "is_loop",
        "is_stopping",
        "item",
        "kept_from",
        "key",
        "kind",
        "let_by",
        "lost",
        "message",
        "number",
        "opened_ref",
        "output",
        "output_ref",
        "parent",
        "place",
        "planned",
        "questions",
        "reason",
        "receipt",
        "retries",
        "rounds",
        "slots",
        "started_at",
        "status",
        "suffix",
        "summary",
        "tree",
        "tree_before",
        "tried",
        "version",
        "wait",
        "waits",
    )

    def __init__(self, planned: Planned, suffix: tuple[str, ...], parent: Place | None, kind: str) -> None:
        self.place = place_of(planned.step.id, suffix)
        self.planned = planned
        self.suffix = suffix  # the items and rounds that it stands in, and its own if it is one
        self.parent = parent
        self.kind = kind  # step, item or round
        # What it is, asked for at every event: a fan-out has items as its children, a loop rounds; a block is
        # performed by what is inside it.
        self.is_each = kind == "step" and planned.step.each is not None
        self.is_loop = kind != "round" and not self.is_each and isinstance(planned.step.action, LoopAction)
        self.is_block = kind == "round" or self.is_each or planned.is_block
        self.status: StepStatus = "pending"
        self.reason = ""  # why it was skipped or cancelled
        self.is_by_choice = False  # skipped because its own condition did not hold
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
        self.checks: tuple[Check, ...] = ()
        self.tree = ""  # the tree it started from, then the one it left
        self.tree_before = ""  # the tree that it found, when it may write
        self.receipt = _NO_RECEIPT
        self.effect = ""  # the class of the effect that its last attempt has
        self.child = ""  # the run that performs it
        self.kept_from = ""  # the run that did the work
        self.let_by = ""  # the approval that let its last attempt happen, or "allowed"
        self.started_at = Micros(0)
        self.ended_at = Micros(0)
        # Repeating: which alternative is in use, its retries so far, and what failed before.
        self.alternative = 0
        self.retries = 0
        self.lost = 0
        self.failed_before = ""
        self.codes: tuple[str, ...] = ()  # of every attempt that failed
        self.tried: tuple[str, ...] = ()  # a sentence for each agent that could not do it
        # Waiting: the question that is open, the valid decisions on it, and the approval that was granted.
        self.questions = 0  # asked so far
        self.asked: ApprovalAsked | None = None
        self.asked_at = Micros(0)
        self.decisions: Sequence[ApprovalDecided] = ()
        self.decided_at: Sequence[Micros] = ()  # when each of them was
        self.granted = ""
        self.wait: WaitBegun | None = None
        # Items and rounds.
        self.key = ""  # of an item
        self.number = 0  # of an item, from 0; of a round, from 1
        self.item: Json = None  # the list of an `each`, when it is small
        self.opened_ref = Digest("")
        self.rounds: Rounds | None = None
        self.waits = 0
        if kind == "step":
            self.waits = len(planned.needs) + len(planned.after)
        self.waits += parent is not None
        # Blocks only: what is inside, what of it has not ended, ended well, failed, waits for a slot; free slots.
        self.children: list[Place] = [] if self.is_block else _NO_CHILDREN
        self.children_open = 0
        self.good = 0
        self.bad = 0
        self.held: deque[Place] | None = None
        self.slots = 0
        self.has_slot = False  # whether it takes one of the slots of the block around it
        self.is_stopping = False  # its end is certain: what is inside has been stopped

    @property
    def is_opened_by_values(self) -> bool:
        """Whether it is a block whose shape or whose very beginning depends on values."""
        if self.kind == "round" or not self.is_block:
            return False
        has_condition = self.kind == "step" and bool(self.planned.step.condition)
        return has_condition or self.is_each or isinstance(self.planned.step.action, LoopAction | ChooseAction)

    @property
    def is_usable(self) -> bool:
        """Whether a step that needs this one may start: it has an output, its own or its `default`."""
        if self.status in ("succeeded", "degraded"):
            return True
        step = self.planned.step
        return self.kind == "step" and step.optional and step.has_default and self.status in ("failed", "skipped")

    @property
    def has_changed_files(self) -> bool:
        """Whether what it left differs from what it found."""
        return bool(self.tree_before and self.tree) and self.tree != self.tree_before

    @property
    def counts_as_failure(self) -> bool:
        """Whether its end is one that the block around it cannot overlook."""
        is_optional = self.kind == "step" and self.planned.step.optional
        return self.status == "failed" and not is_optional


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
        self.parked: tuple[str, ...] = ()  # why nothing can go on by itself
        self.imported: RunImported | None = None
        self.cancels = 0  # how often cancelling was asked for
        self.rejected = ""  # the sentence of the person who said no
        self.seeded = False  # the outcomes that it keeps of another run have been taken over
        self.steps: dict[Place, StepRun] = {}
        # Small indexes, so that `decide` looks only at what there is to do. Dictionaries serve as ordered sets.
        self.ready: dict[Place, None] = {}
        self.opening: dict[Place, None] = {}  # blocks that wait for the values which say what they are
        self.judging: dict[Place, None] = {}  # rounds whose steps have ended
        self.running: dict[Place, None] = {}
        self.sleeping = Agenda()  # steps of which another attempt is due
        self.waiting: dict[Place, None] = {}  # steps that hold no process; some of them are
        self.timed = Agenda()  # those that wait for a moment
        self.lapsing = Agenda()  # questions that are a no when nobody has answered by then
        self.listening: dict[str, dict[Place, None]] = {}  # those that wait for a signal of this name
        self.uncertain: dict[Place, None] = {}  # effects of unknown end, of which nobody has been asked
        self.approvals: dict[str, Place] = {}  # every approval that was ever asked for
        self.signals: dict[str, deque[Json]] = {}  # received and not yet taken
        self.granted: dict[Digest, str] = {}  # what a person has granted → the approval
        self.granted_at: dict[str, Micros] = {}  # approval → when: one that is not used lapses
        self.orphans: dict[Place, None] = {}  # running attempts of an earlier epoch
        self.doomed: dict[Place, str] = {}  # running attempts that shall stop, and why
        self.worst: list[StepRun] = []  # steps that did not simply succeed, in the order of their end
        self.lineage: dict[str, str] = {}  # a tree that a step left → the tree it started from
        for planned in workflow.plan.values():
            if planned.parent is None:
                create(self, planned, (), None)
        roots = [step for step in self.steps.values() if step.parent is None]
        self.open_main = sum(not step.planned.is_closing for step in roots)
        self.open_closing = len(roots) - self.open_main

    def output_of(self, place: Place) -> Json:
        """The small output of a step, or its default where an optional step has none."""
        step = self.steps[place]
        if step.status in ("succeeded", "degraded"):
            return step.output
        return step.planned.step.default if step.is_usable else None

    def in_order(self) -> Iterator[StepRun]:
        """Every step with its items and rounds, as the file has them."""
        for planned in self.workflow.plan.values():
            if planned.parent is None:
                yield from self._below(self.steps[place_of(planned.step.id, ())])

    def _below(self, step: StepRun) -> Iterator[StepRun]:
        yield step
        for place in step.children:
            yield from self._below(self.steps[place])


def create(
    state: RunState, planned: Planned, suffix: tuple[str, ...], parent: Place | None, kind: str = "step"
) -> StepRun:
    """Put a step, an item or a round into *state*, with all inside it that is known before it begins."""
    step = StepRun(planned, suffix, parent, kind)
    state.steps[step.place] = step
    if kind == "round" or not (step.is_each or step.is_loop):
        for name in planned.children:
            step.children.append(create(state, state.workflow.plan[name], suffix, step.place).place)
        step.children_open = len(step.children)
    return step


def is_leaf(step: StepRun) -> bool:
    """Whether the step is performed by a call, not by the steps inside it."""
    return not step.is_block
