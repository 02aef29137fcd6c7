"""Where a run and each of its steps stand: the records that `core.state.apply` changes, and nothing else does."""

from collections import deque
from collections.abc import Iterator

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


class StepRun(msgspec.Struct, eq=False, gc=False):
    """One step within one run, or one item or round of it: where it stands and what its last attempt left.

    `create` makes it. It holds nothing that leads back to it, so the collector need not look at the tens of thousands.
    """

    place: Place
    planned: Planned
    suffix: tuple[str, ...]  # the items and rounds that it stands in, and its own if it is one
    parent: Place | None
    kind: str  # step, item or round
    # What it is, asked for at every event: a fan-out has items as its children, a loop rounds; a block is performed by
    # what is inside it.
    is_each: bool
    is_loop: bool
    is_block: bool
    waits: int  # for so many ends of other steps, and for the block around it to open
    children: list[Place]  # of a block
    status: StepStatus = "pending"
    reason: str = ""  # why it was skipped or cancelled
    is_by_choice: bool = False  # skipped because its own condition did not hold
    attempts: int = 0
    attempt_status: str = ""  # of the last attempt
    epoch: Epoch = Epoch(0)  # under which the last attempt was started
    agent: str = ""
    version: str = ""
    summary: str = ""
    degraded: tuple[str, ...] = ()
    fault: Fault | None = None
    code: str = ""
    message: str = ""
    hint: str = ""
    output: Json = None
    output_ref: Digest = Digest("")
    checks: tuple[Check, ...] = ()
    tree: str = ""  # the tree it started from, then the one it left
    tree_before: str = ""  # the tree that it found, when it may write
    receipt: Receipt = _NO_RECEIPT
    effect: str = ""  # the class of the effect that its last attempt has
    child: str = ""  # the run that performs it
    kept_from: str = ""  # the run that did the work
    let_by: str = ""  # the approval that let its last attempt happen, or "allowed"
    started_at: Micros = Micros(0)
    ended_at: Micros = Micros(0)
    # Repeating: which alternative is in use, its retries so far, and what failed before.
    alternative: int = 0
    retries: int = 0
    lost: int = 0
    failed_before: str = ""
    codes: tuple[str, ...] = ()  # of every attempt that failed
    tried: tuple[str, ...] = ()  # a sentence for each agent that could not do it
    # Waiting: the question that is open, the valid decisions on it, and the approval that was granted.
    questions: int = 0  # asked so far
    asked: ApprovalAsked | None = None
    asked_at: Micros = Micros(0)
    decisions: tuple[ApprovalDecided, ...] = ()
    decided_at: tuple[Micros, ...] = ()  # when each of them was
    granted: str = ""
    wait: WaitBegun | None = None
    # Items and rounds.
    key: str = ""  # of an item
    number: int = 0  # of an item, from 0; of a round, from 1
    item: Json = None  # the list of an `each`, when it is small
    opened_ref: Digest = Digest("")
    rounds: Rounds | None = None
    # Blocks only: what of what is inside has not ended, ended well, failed, waits for a slot; free slots.
    children_open: int = 0
    good: int = 0
    bad: int = 0
    held: deque[Place] | None = None
    slots: int = 0
    has_slot: bool = False  # whether it takes one of the slots of the block around it
    is_stopping: bool = False  # its end is certain: what is inside has been stopped

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
        self.durability = ""  # the weakest under which any of it was recorded: "process"; "" survives a power cut
        self.deaths: dict[Place, int] = {}  # workers that died while the step was under way, since its last outcome
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
    written = planned.step
    is_each = kind == "step" and written.each is not None
    is_loop = kind != "round" and not is_each and isinstance(written.action, LoopAction)
    is_block = kind == "round" or is_each or planned.is_block
    waits = int(parent is not None)
    if kind == "step":
        waits += len(planned.needs) + len(planned.after)
    step = StepRun(
        place_of(written.id, suffix),
        planned,
        suffix,
        parent,
        kind,
        is_each,
        is_loop,
        is_block,
        waits,
        [] if is_block else _NO_CHILDREN,
    )
    state.steps[step.place] = step
    if kind == "round" or not (step.is_each or step.is_loop):
        for name in planned.children:
            step.children.append(create(state, state.workflow.plan[name], suffix, step.place).place)
        step.children_open = len(step.children)
    return step


def is_leaf(step: StepRun) -> bool:
    """Whether the step is performed by a call, not by the steps inside it."""
    return not step.is_block
