"""What happened in a run, as people and other programs are told: one fact at a time, in order.

The names are the public ones (`step.succeeded`, `run.degraded`). They are a projection of the journal's events by one
table, with what the events only imply: a step that was skipped leaves no event of its own. Every door and both screens
of the command line are fed from here, so none can know more than another.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    AttemptUncertain,
    Event,
    FindingAccepted,
    FindingReopened,
    Recorded,
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
from fairlead.core.ids import Micros, Place, RunId, Seq
from fairlead.core.standing import Round
from fairlead.core.state import RunState, StepRun, apply
from fairlead.core.workflow import Workflow

_NEVER = Micros(0)

FactType = Literal[
    "run.queued",
    "run.started",
    "run.resumed",
    "run.paused",
    "run.continued",
    "run.cancelling",
    "run.waiting",
    "run.unowned",
    "run.held",
    "run.succeeded",
    "run.degraded",
    "run.failed",
    "run.rejected",
    "run.cancelled",
    "run.signalled",
    "approval.asked",
    "approval.decided",
    "step.waiting",
    "step.opened",
    "step.started",
    "step.progress",
    "step.retrying",
    "step.succeeded",
    "step.degraded",
    "step.failed",
    "step.skipped",
    "step.cancelled",
]

_RUN_END: dict[str, FactType] = {
    "succeeded": "run.succeeded",
    "degraded": "run.degraded",
    "failed": "run.failed",
    "rejected": "run.rejected",
    "cancelled": "run.cancelled",
}
STEP_END: dict[str, FactType] = {
    "succeeded": "step.succeeded",
    "degraded": "step.degraded",
    "failed": "step.failed",
    "skipped": "step.skipped",
    "cancelled": "step.cancelled",
}


class Fact(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happened. `seq` is 0 for what no journal holds: progress, and a worker that is gone."""

    type: FactType
    run: RunId
    at: Micros
    seq: Seq = Seq(0)
    step: str = ""
    agent: str = ""
    attempt: int = 0
    seconds: float = 0.0  # how long the step, or the run, took
    summary: str = ""  # one line: the step's own words, or what it is doing
    found: int = 0  # findings so far, with progress
    reasons: tuple[str, ...] = ()  # why it is less than succeeded; for a run, worst first
    fault: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    kind: str = ""  # each or loop: the end of a block, which has as many `items`, or rounds
    items: int = 0  # how many the fan-out around the step has: the largest one, where there are several
    statuses: dict[str, int] = {}  # of a fan-out: how many of its items ended how
    metric: float | None = None  # of a round, or the best one of a loop
    stopped_because: str = ""  # of a loop: until, stall, max or failure
    is_kept: bool = False  # the round was better than those before
    kept_from: str = ""  # the run that did the work; nothing was performed here
    child: str = ""  # the run that performs the step
    due: Micros = Micros(0)  # when the next attempt follows, or until when a step waits
    error: str = ""  # the class of a failure, which decides whether it is repeated
    receipt: str = ""  # of the end of a run, where a program reads along: that it is durable, to be kept elsewhere


class Projection:
    """Follows one run: takes its events in order and says what they mean."""

    def __init__(self, workflow: Workflow, run: RunId) -> None:
        self.state = RunState(workflow, run)
        self._told = 0  # how many of `state.worst` were told
        self._closed: set[Place] = set()  # fan-outs and loops whose end was told

    def take(self, record: Recorded) -> list[Fact]:
        """The facts that *record* brings; the state moves on with it."""
        apply(self.state, record.event, record.at, record.epoch)
        self.state.applied = record.seq
        found = [fact for fact in self._of_event(record.event, record) if fact is not None]
        fresh = self.state.worst[self._told :]
        self._told = len(self.state.worst)
        ended = [step for step in fresh if not step.is_block]
        return found + [self._step_end(step, record) for step in (*ended, *self._newly_closed(record.event, fresh))]

    def take_all(self, records: Iterable[Recorded]) -> list[Fact]:
        return [fact for record in records for fact in self.take(record)]

    def _of_event(self, event: Event, record: Recorded) -> list[Fact | None]:
        match event:
            case RunQueued():
                return [self._run_fact("run.queued", record, summary=self.state.workflow.title or event.workflow)]
            case RunClaimed():
                return [self._run_fact("run.started" if record.epoch == 1 else "run.resumed", record)]
            case RunPauseRequested():
                return [self._run_fact("run.paused", record, summary=event.reason)]
            case RunResumeRequested():
                return [self._run_fact("run.continued", record)]
            case RunCancelRequested():
                return [self._run_fact("run.cancelling", record, summary=event.reason)]
            case AttemptStarted():
                step = self.state.steps[event.place]
                return [
                    Fact(
                        "step.started",
                        self.state.run,
                        record.at,
                        record.seq,
                        step=event.place,
                        agent=step.agent,
                        attempt=event.attempt,
                        summary=step.planned.step.title,
                        items=self._items(step),
                        child=event.child,
                        kept_from=event.kept_from,
                    )
                ]
            case AttemptSucceeded() if self.state.steps[event.place].status == "succeeded":
                return [self._step_end(self.state.steps[event.place], record)]
            case AttemptLost() | AttemptFailed() if self.state.steps[event.place].status == "ready":
                error = event.error if isinstance(event, AttemptFailed) else ""
                return [self._retry(self.state.steps[event.place], record, error)]
            case StepSkipped():
                self._closed.add(event.place)
                return [self._step_end(self.state.steps[event.place], record)]
            case StepOpened():
                return [self._step_fact("step.opened", event.place, record, _opened(event), items=len(event.keys))]
            case RoundEnded():
                return [self._step_end(self.state.steps[event.place], record)]
            case WaitBegun():
                return [self._waiting(event, record)]
            case AttemptUncertain():
                return [self._step_fact("step.waiting", event.place, record, event.reason)]
            case ApprovalAsked():
                return [self._step_fact("approval.asked", event.place, record, f"{event.title} ({event.approval})")]
            case ApprovalDecided():
                own = ", on the own request" if event.is_self else ""
                said = f"{event.by}: {event.choice}{own}" + (f", {event.comment}" if event.comment else "")
                found: list[Fact | None] = [self._step_fact("approval.decided", event.place, record, said)]
                decided = self.state.steps[event.place]
                return [*found, self._step_end(decided, record)] if decided.status == "succeeded" else found
            case SignalReceived():
                return [self._run_fact("run.signalled", record, summary=event.name)]
            case RunParked():
                return [self._run_fact("run.waiting", record, summary="; ".join(event.reasons))]
            case RunContinued():
                return [self._run_fact("run.continued", record)]
            case RunEnded():
                return [self._run_end(event, record)]
            case RunImported() | FindingAccepted() | FindingReopened():
                return []  # said of the run, not by it
            case AttemptSucceeded() | AttemptFailed() | AttemptCancelled() | AttemptLost():
                return []  # what is not simply succeeded is told from `state.worst`, with what follows from it

    def _newly_closed(self, event: Event, fresh: Iterable[StepRun]) -> list[StepRun]:
        """Fan-outs and loops that ended with *event*: those around its step, and those that did not end well."""
        found: list[StepRun] = []
        place = getattr(event, "place", None)
        around = self.state.steps.get(place) if place is not None else None
        ended = list(fresh)
        while around is not None:
            ended.append(around)
            around = self.state.steps[around.parent] if around.parent is not None else None
        for step in ended:
            if (step.is_each or step.is_loop) and step.status in STEP_END and step.place not in self._closed:
                self._closed.add(step.place)
                found.append(step)
        return found

    def _items(self, step: StepRun) -> int:
        """How many items the largest fan-out around *step* has."""
        most, at = 0, step
        while at.parent is not None:
            at = self.state.steps[at.parent]
            if at.is_each:
                most = max(most, len(at.children))
        return most

    def _waiting(self, event: WaitBegun, record: Recorded) -> Fact:
        return self._step_fact(
            "step.waiting", event.place, record, _awaited(event), due=event.due, child=event.child or ""
        )

    def _step_fact(
        self,
        kind: FactType,
        place: Place,
        record: Recorded,
        summary: str,
        *,
        items: int = 0,
        due: Micros = _NEVER,
        child: str = "",
    ) -> Fact:
        step = self.state.steps[place]
        return Fact(
            kind,
            self.state.run,
            record.at,
            record.seq,
            step=place,
            agent=step.agent,
            attempt=step.attempts,
            summary=summary,
            items=items or self._items(step),
            due=due,
            child=child,
        )

    def _run_fact(self, kind: FactType, record: Recorded, *, summary: str = "") -> Fact:
        return Fact(kind, self.state.run, record.at, record.seq, summary=summary)

    def _retry(self, step: StepRun, record: Recorded, error: str) -> Fact:
        return Fact(
            "step.retrying",
            self.state.run,
            record.at,
            record.seq,
            step=step.place,
            agent=step.agent,
            attempt=step.attempts + 1,
            summary=step.reason if step.attempt_status == "lost" else step.message,
            code="" if step.attempt_status == "lost" else step.code,
            items=self._items(step),
            due=self.state.sleeping.when(step.place) or _NEVER,
            error=error,
        )

    def _step_end(self, step: StepRun, record: Recorded) -> Fact:
        is_round = step.kind == "round"
        told = _round_of(self.state, step) if is_round else None
        return Fact(
            STEP_END[step.status],
            self.state.run,
            record.at,
            record.seq,
            step=step.place,
            agent=step.agent,
            attempt=step.attempts,
            seconds=seconds_of(step),
            summary=step.summary,
            reasons=step.degraded or ((step.reason,) if step.reason else ()),
            fault=step.fault or "",
            code=step.code,
            message=step.message,
            hint=step.hint,
            kind="each" if step.is_each else "loop" if step.is_loop else "round" if is_round else "",
            items=len(step.children) if step.is_each or step.is_loop else self._items(step),
            statuses=statuses_of(self.state, step) if step.is_each else {},
            metric=told.metric if told is not None else step.rounds.best if step.rounds is not None else None,
            is_kept=told is not None and told.is_kept,
            stopped_because=stopped_because(step),
            kept_from=kept_from(self.state, step),
            child=step.child,
        )

    def _run_end(self, event: RunEnded, record: Recorded) -> Fact:
        return Fact(
            _RUN_END[event.status],
            self.state.run,
            record.at,
            record.seq,
            seconds=max(0.0, (record.at - self.state.queued_at) / 1e6),
            reasons=event.reasons,
            fault=event.fault or "",
            code=event.code,
        )


def _opened(event: StepOpened) -> str:
    if event.keys:
        return f"{len(event.keys)} items"
    if event.rounds_max:
        return f"at most {event.rounds_max} rounds"
    return f"branch {event.branch + 1}" if event.branch >= 0 else ""


def _awaited(event: WaitBegun) -> str:
    if event.child:
        return f"waits for run {event.child}"
    if event.signal:
        return f"waits for the signal {event.signal}"
    return "waits"


def kept_from(state: RunState, step: StepRun) -> str:
    """The run that did the work of *step*: of a block, when all in it that was performed at all was kept."""
    if not step.children:
        return step.kept_from
    inside = [state.steps[place] for place in step.children]
    found = [kept_from(state, one) for one in inside if one.status != "skipped"]
    return found[0] if found and all(found) else ""


def statuses_of(state: RunState, step: StepRun) -> dict[str, int]:
    """How many of the items of a fan-out stand how, in the order in which the first of each is met."""
    found: dict[str, int] = {}
    for place in step.children:
        status = state.steps[place].status
        found[status] = found.get(status, 0) + 1
    return found


def stopped_because(step: StepRun) -> str:
    """Why a loop began no further round."""
    return str(step.output.get("stopped_because", "")) if step.is_loop and isinstance(step.output, dict) else ""


def _round_of(state: RunState, step: StepRun) -> Round | None:
    """What the loop has noted of its round *step*; None while that has not ended."""
    loop = state.steps[step.parent] if step.parent is not None else step
    done = loop.rounds.done if loop.rounds is not None else []
    return next((one for one in reversed(done) if one.number == step.number), None)


def seconds_of(step: StepRun) -> float:
    """How long the last attempt took, as the gate saw it; for a step without a receipt, from start to end.

    What is kept of another run took no time here.
    """
    if step.kept_from:
        return 0.0
    if step.receipt.seconds:
        return step.receipt.seconds
    return max(0.0, (step.ended_at - step.started_at) / 1e6) if step.ended_at and step.started_at else 0.0
