"""Runs as people look at them: one line of a list, and one run with its steps."""

from collections.abc import Mapping, Sequence

import msgspec

from fairlead.core.errors import Diagnostic, error
from fairlead.core.events import AttemptFailed, AttemptLost, AttemptStarted, RunQueued
from fairlead.core.groups import runs_before
from fairlead.core.ids import Micros, RunId, Seq
from fairlead.core.json import Json
from fairlead.core.outcomes import Check
from fairlead.core.ports import RunRow
from fairlead.core.state import RunState, StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Workflow
from fairlead.views.approvals import ApprovalView, approval_of
from fairlead.views.controls import ControlView, controls_of
from fairlead.views.facts import Projection, kept_from, seconds_of, statuses_of, stopped_because
from fairlead.views.findings import FindingView, findings_of, totals
from fairlead.views.outputs import HIDDEN
from fairlead.views.reading import Readable

NOT_ISOLATED = "L0 · not isolated"
_NAMED_MAX = 5
_EARLIER_MAX = 20  # attempts of one step that a view names


class RunLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the list of runs. `unowned_since` is set when nobody works on a run that has not ended."""

    run: RunId
    workflow: str
    status: str
    queued_at: Micros
    root: str
    ended_at: Micros = Micros(0)
    unowned_since: Micros = Micros(0)
    requester: str = ""
    labels: dict[str, str] = {}
    commit: str = ""
    branch: str = ""
    rerun_of: str = ""
    parent: str = ""  # the run of which this one is a step
    kept_from: str = ""  # the run whose work this one goes on with


class RoundView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finished round of a loop."""

    number: int
    status: str
    metric: float | None = None
    is_kept: bool = False
    reason: str = ""  # why it failed
    summary: str = ""


class WaitView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a step waits for without holding a process."""

    due: Micros = Micros(0)  # the moment at which it goes on, or gives up
    signal: str = ""
    child: str = ""  # a run that itself waits


class AttemptView(msgspec.Struct, frozen=True, omit_defaults=True):
    """An attempt that was not the last one, and what followed it."""

    attempt: int
    agent: str
    status: str  # failed or lost
    error: str = ""  # its class, which decides whether it is repeated
    code: str = ""
    message: str = ""
    seconds: float = 0.0
    wait_s: float = 0.0  # until the next one began


class StepView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a run, as far as it has come."""

    step: str
    status: str
    title: str = ""
    agent: str = ""
    version: str = ""  # of the agent: what exactly was called
    parent: str = ""  # the block that holds it
    optional: bool = False
    attempts: int = 0
    seconds: float = 0.0
    summary: str = ""
    degraded: tuple[str, ...] = ()
    reason: str = ""  # why it was skipped or cancelled
    fault: str = ""
    code: str = ""
    message: str = ""
    hint: str = ""
    argv: tuple[str, ...] = ()
    exit_code: int | None = None
    cpu_seconds: float = 0.0  # of the call's own processes
    memory_bytes: int = 0  # the highest resident size of one of them
    isolation: str = ""  # of what a project brings: the level that was in force, "L2", or "L0 · not isolated"
    limits: tuple[str, ...] = ()  # what was in force with it, in words
    violations: tuple[str, ...] = ()  # what it did to the repository that it may not touch
    output: Json = None  # of a step that failed: what there is all the same
    approval: ApprovalView | None = None  # the last question about it
    granted: str = (
        ""  # the approval that let it happen; "allowed": nobody was asked, the person lets such effects happen
    )
    kind: str = ""  # of the action: agent, run, parallel, loop, …; item or round where it is one; each for a fan-out
    items: dict[str, int] = {}  # of a fan-out: how many of its items stand how
    rounds: tuple[RoundView, ...] = ()  # of a loop
    rounds_max: int = 0
    best: float | None = None  # the metric of the best round
    stopped_because: str = ""  # until, stall, max or failure
    kept_from: str = ""  # the run that did the work; nothing was performed here, and it cost nothing
    child: str = ""  # the run that performs the step
    waits: WaitView | None = None
    retry_at: Micros = Micros(0)  # when the next attempt is due
    checks: tuple[Check, ...] = ()  # what was expected of it
    earlier: tuple[AttemptView, ...] = ()  # attempts before the last one


class Previous(msgspec.Struct, frozen=True):
    """What changed since an earlier run of the same workflow over the same places: fingerprints."""

    run: RunId
    new: tuple[str, ...]  # reported now and not then
    fixed: tuple[str, ...]  # reported then, and now proven to be gone


class RunView(msgspec.Struct, frozen=True, omit_defaults=True):
    """One run with its steps and findings."""

    run: RunId
    workflow: str
    status: str
    root: str
    queued_at: Micros
    seq: Seq  # the last event that this view has seen
    steps: tuple[StepView, ...]
    totals: dict[str, int]  # of the findings that nobody has accepted
    findings: tuple[FindingView, ...] = ()  # all of them, accepted ones too
    controls: tuple[ControlView, ...] = ()  # with the evidence that was found for each
    title: str = ""
    ended_at: Micros = Micros(0)
    seconds: float = 0.0
    unowned_since: Micros = Micros(0)
    worker: str = ""
    requester: str = ""
    inputs: dict[str, Json] = {}
    outputs: dict[str, Json] = {}
    reasons: tuple[str, ...] = ()
    fault: str = ""
    code: str = ""
    previous: Previous | None = None  # only where it was asked for: at the end of a run, and in lists of what is new
    warnings: tuple[Diagnostic, ...] = ()  # about what is remembered: entries of .fairlead/accepted.json that are none
    baseline: str = ""  # what findings were compared with, "origin/main @ 4f2c1e9"; "" for nothing
    labels: dict[str, str] = {}
    commit: str = ""  # what was checked out when the run was asked for, and how many files differed from it
    branch: str = ""
    changed: int = 0
    rerun_of: str = ""
    isolation: str = ""  # "L0 · not isolated: build, tests", when that is so of any step
    pause_reason: str = ""
    parked: tuple[str, ...] = ()  # what a waiting run waits for, when nobody has paused it
    parent: str = ""  # the run of which this one is a step, and which step
    parent_place: str = ""
    kept_from: str = ""  # the run whose work this one goes on with
    group: str = ""  # of runs that may not overlap
    behind: tuple[RunId, ...] = ()  # those of the group that it waits for
    durability: str = ""  # "process": some of it was recorded so that it survives kill -9 and not a power cut
    imported_by: str = ""  # who took the run over from another record; "" for one that was performed here
    receipt: str = ""  # for the event `seq`: that it is durable, to be kept elsewhere; "" where nobody asked for it


def _run_line(row: RunRow, journal: Readable) -> RunLine:
    """The row of a list; asks whether its worker lives only when that matters."""
    since = Micros(0)
    # A paused run waits for a person: that nobody works on it is as it should be.
    if row.status not in (*RUN_ENDED, "waiting") and not (row.worker and journal.is_alive(row.worker)):
        since = row.queued_at
        for record in journal.events_of(row.run, Seq(max(0, row.last_seq - 1))):
            since = record.at
    first = queued_of(journal, row.run)
    return RunLine(
        *(row.run, row.workflow, row.status, row.queued_at, row.root, row.ended_at, since, row.requester),
        labels=first.labels,
        commit=first.commit,
        branch=first.branch,
        rerun_of=first.rerun_of,
        parent=first.parent,
        kept_from=first.origin,
    )


def queued_of(journal: Readable, run: RunId) -> RunQueued:
    """How a run was asked for: its first event.

    Raises:
        FairleadError: FL-R101 when the journal holds no such run.
    """
    first = next(journal.events_of(run), None)
    if first is None or not isinstance(first.event, RunQueued):
        raise error("FL-R101", f"no run has the id {run}", "fairlead runs list")
    return first.event


def run_lines(rows: Sequence[RunRow], journal: Readable) -> tuple[RunLine, ...]:
    return tuple(_run_line(row, journal) for row in rows)


def read_workflow_of(journal: Readable, queued: RunQueued) -> Workflow:
    """The definition that a run performs, from the content store."""
    return msgspec.json.decode(journal.get(queued.definition), type=Workflow)


def project_run(journal: Readable, run: RunId, *, until: Seq | None = None) -> Projection:
    """The run folded up to now, or to its event *until*.

    Raises:
        FairleadError: FL-R101 when the journal holds no such run.
    """
    projection: Projection | None = None
    for record in journal.events_of(run):
        if projection is None:
            if not isinstance(record.event, RunQueued):
                break
            projection = Projection(read_workflow_of(journal, record.event), run)
        projection.take(record)
        if record.seq == until:
            break
    if projection is None:
        raise error("FL-R101", f"no run has the id {run}", "fairlead runs list")
    return projection


def view_run(state: RunState, journal: Readable, *, is_unowned: bool | None = None) -> RunView:
    """Everything that there is to say of a run."""
    queued, ended = state.queued, state.ended
    assert queued is not None, "a state that was read begins with run.queued"
    behind = tuple(row.run for row in runs_before(journal, state.run)) if state.status == "queued" else ()
    if is_unowned is None:
        is_left = ended is None and state.status != "waiting" and not behind
        is_unowned = is_left and not (state.worker and journal.is_alive(state.worker))
    findings = findings_of(state, journal)
    earlier = _earlier_attempts(state, journal)
    return RunView(
        run=state.run,
        workflow=queued.workflow,
        title=state.workflow.title,
        status=state.status,
        root=queued.root,
        queued_at=state.queued_at,
        seq=state.applied,
        ended_at=state.now if ended is not None else Micros(0),
        seconds=max(0.0, (state.now - state.queued_at) / 1e6),
        unowned_since=state.now if is_unowned else Micros(0),
        worker=state.worker,
        requester=queued.requester,
        inputs=state.inputs,
        outputs=ended.outputs if ended is not None else {},
        reasons=_in_order(ended.reasons, state) if ended is not None else (),
        fault=(ended.fault or "") if ended is not None else "",
        code=ended.code if ended is not None else "",
        labels=queued.labels,
        commit=queued.commit,
        branch=queued.branch,
        changed=queued.changed,
        rerun_of=queued.rerun_of,
        isolation=_not_isolated(state),
        parent=queued.parent,
        parent_place=queued.parent_place,
        kept_from=queued.origin,
        group=queued.group,
        behind=behind,
        pause_reason=state.pause.reason if state.pause is not None else "",
        parked=state.parked if state.pause is None else (),
        durability=state.durability,
        imported_by=state.imported.requester if state.imported is not None else "",
        steps=tuple(_view_step(step, state, earlier) for step in state.in_order()),
        totals=totals(findings),
        findings=findings,
        controls=controls_of(state, journal),
    )


def _not_isolated(state: RunState) -> str:
    """What everybody must know who reads of the run: programs of it could do whatever the person may do."""
    names = [step.place for step in state.steps.values() if step.receipt.isolation == "L0"]
    more = f" and {len(names) - _NAMED_MAX} more" if len(names) > _NAMED_MAX else ""
    return f"{NOT_ISOLATED}: {', '.join(names[:_NAMED_MAX])}{more}" if names else ""


def _in_order(reasons: Sequence[str], state: RunState) -> tuple[str, ...]:
    """The reasons worst first, then as the workflow has its steps: which of them ended first must change nothing."""
    ranks = {"failed": 0, "degraded": 1, "skipped": 2}
    places = {}
    for number, step in enumerate(state.in_order()):
        for told in (f"{step.place} failed", step.place, f"{step.place} was skipped"):
            places[told] = (ranks.get(step.status, 3), number)
    return tuple(sorted(reasons, key=lambda reason: places.get(reason.partition(": ")[0], (-1, 0))))


def _shown_output(step: StepRun) -> Json:
    if step.status != "failed" or step.output is None:
        return None
    return HIDDEN if step.planned.step.is_hidden else step.output


def _view_step(step: StepRun, state: RunState, earlier: Mapping[str, Sequence[AttemptView]]) -> StepView:
    return StepView(
        step=step.place,
        status=step.status,
        title=step.planned.step.title,
        agent=step.agent,
        version=step.version,
        parent=step.parent or "",
        optional=step.planned.step.optional,
        attempts=step.attempts,
        seconds=seconds_of(step),
        summary=step.summary,
        degraded=step.degraded,
        reason=step.reason,
        fault=step.fault or "",
        code=step.code,
        message=step.message,
        hint=step.hint,
        argv=step.receipt.argv,
        exit_code=step.receipt.exit_code,
        cpu_seconds=0.0 if step.kept_from else step.receipt.cpu_seconds,
        memory_bytes=0 if step.kept_from else step.receipt.memory_bytes,
        isolation=NOT_ISOLATED if step.receipt.isolation == "L0" else step.receipt.isolation,
        limits=step.receipt.limits,
        violations=step.receipt.violations,
        output=_shown_output(step),
        approval=approval_of(step, state.status),
        granted=step.let_by,
        kind=_kind(step),
        items=statuses_of(state, step) if step.is_each else {},
        rounds=tuple(
            RoundView(one.number, one.status, one.metric, one.is_kept, one.reason, one.summary)
            for one in (step.rounds.done if step.rounds is not None else ())
        ),
        rounds_max=step.rounds.max if step.rounds is not None else 0,
        best=step.rounds.best if step.rounds is not None else None,
        stopped_because=stopped_because(step),
        kept_from=kept_from(state, step),
        child=step.child,
        waits=WaitView(step.wait.due, step.wait.signal, step.wait.child) if step.wait is not None else None,
        retry_at=state.sleeping.when(step.place) or Micros(0),
        checks=step.checks,
        earlier=tuple(earlier.get(step.place, ())),
    )


def _kind(step: StepRun) -> str:
    if step.kind != "step":
        return step.kind
    return "each" if step.is_each else str(step.planned.step.action.__struct_config__.tag)


def _earlier_attempts(state: RunState, journal: Readable) -> dict[str, list[AttemptView]]:
    """Every attempt that another one followed; the record is read again only when there is any."""
    repeated = {step.place for step in state.steps.values() if step.attempts > 1}
    found: dict[str, list[AttemptView]] = {}
    begun: dict[str, AttemptStarted] = {}
    ended: dict[str, tuple[AttemptView, Micros]] = {}
    for record in journal.events_of(state.run) if repeated else ():
        event = record.event
        place = getattr(event, "place", "")
        if place not in repeated or record.seq > state.applied:
            continue
        if isinstance(event, AttemptStarted):
            begun[place] = event
            if place in ended and len(found.setdefault(place, [])) < _EARLIER_MAX:
                view, at = ended.pop(place)
                wait_s = round(max(0.0, (record.at - at) / 1e6), 3)
                found[place].append(msgspec.structs.replace(view, wait_s=wait_s))
        elif isinstance(event, AttemptFailed | AttemptLost):
            agent = begun[place].agent if place in begun else ""
            if isinstance(event, AttemptLost):
                view = AttemptView(event.attempt, agent, "lost", message=event.reason)
            else:
                seconds = event.receipt.seconds
                view = AttemptView(event.attempt, agent, "failed", event.error, event.code, event.message, seconds)
            ended[place] = (view, record.at)
    return found
