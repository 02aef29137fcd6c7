"""Questions to people: which are open, what they show, and what somebody decides."""

from collections.abc import Iterator, Sequence

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import ApprovalAsked, ApprovalDecided
from fairlead.core.ids import Micros, Place, RunId
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.quorum import refuse
from fairlead.core.standing import RunState, StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Approvers, Choice
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import LIST_MAX, find_run
from fairlead.views.reading import Readable
from fairlead.views.runs import project_run

_TRIES_MAX = 20  # how often a decision is made anew because somebody else asked something of the run meanwhile


class Shown(msgspec.Struct, frozen=True):
    """One thing that the person is to see before deciding."""

    name: str
    value: Json


class Approval(msgspec.Struct, frozen=True, omit_defaults=True):
    """One question, as every door shows it."""

    id: str
    run: RunId
    workflow: str
    step: Place
    about: str  # approve, effect or uncertain
    title: str
    choices: tuple[Choice, ...]
    asked_by: str  # who started the run
    digest: Digest  # of all that is asked
    body: str = ""
    shown: tuple[Shown, ...] = ()
    selectable: tuple[Json, ...] = ()  # of which a subset may be approved, in the order of their numbers
    approvers: tuple[Approvers, ...] = ()
    not_by: tuple[str, ...] = ()
    decided: tuple[ApprovalDecided, ...] = ()  # the valid decisions so far
    due: Micros = Micros(0)


class Decision(msgspec.Struct, frozen=True):
    """What was recorded, and what it came to."""

    approval: str
    run: RunId  # that asked
    outermost: RunId  # that goes on
    choice: Choice
    by: str
    is_self: bool
    is_open: bool  # more people have to decide


def open_approvals(parts: Parts, project: Project) -> tuple[Approval, ...]:
    """Every open question of the project's runs, newest run first."""
    journal = parts.reader(project)
    if journal is None:
        return ()
    found: list[Approval] = []
    for row in journal.runs(LIST_MAX):
        if row.status in ("running", "waiting"):
            found.extend(_open_of(project_run(journal, row.run).state, journal))
    return tuple(found)


def _open_of(state: RunState, journal: Readable) -> Iterator[Approval]:
    for place in state.waiting:
        step = state.steps[place]
        if step.asked is not None:
            yield _view(state, step, step.asked, journal)


def _view(state: RunState, step: StepRun, asked: ApprovalAsked, journal: Readable) -> Approval:
    shown = msgspec.json.decode(journal.get(asked.shown_ref)) if asked.shown_ref else asked.shown
    selectable = msgspec.json.decode(journal.get(asked.selectable_ref)) if asked.selectable_ref else []
    return Approval(
        id=asked.approval,
        run=state.run,
        workflow=state.workflow.name,
        step=step.place,
        about=asked.about,
        title=asked.title,
        choices=asked.choices,
        asked_by=state.queued.requester if state.queued is not None else "",
        digest=asked.digest,
        body=asked.body,
        shown=tuple(Shown(str(one.get("name")), one.get("value")) for one in shown or ()),
        selectable=tuple(selectable),
        approvers=asked.approvers,
        not_by=asked.not_by,
        decided=tuple(step.decisions),
        due=asked.due,
    )


def find_approval(parts: Parts, project: Project, text: str) -> Approval:
    """The open question that *text* means: the beginning of its id, a run with one question, "" for the only one.

    Raises:
        FairleadError: FL-P004 there is none, or more than one.
    """
    known = open_approvals(parts, project)
    wanted = text.strip().lower().replace("_", "-")
    found = [one for one in known if not wanted or one.id.startswith(wanted)]
    if wanted and not found:
        run = find_run(parts, project, text)
        found = [one for one in known if one.run == run]
    if len(found) == 1:
        return found[0]
    if not found:
        raise error("FL-P004", f"no open question is called {text or 'anything'}", "fairlead approvals", exit_code=2)
    names = ", ".join(one.id for one in found)
    raise error("FL-P004", f"{len(found)} questions are open: {names}", "name one of them", exit_code=2)


def decide(
    parts: Parts,
    project: Project,
    approval: Approval,
    choice: Choice,
    *,
    comment: str = "",
    selected: Sequence[int] = (),
) -> Decision:
    """Record what the person of this process decides on *approval*, exactly as it was shown.

    Raises:
        FairleadError: FL-P005 it does not count, with the reason; FL-P012 who asked may not decide; FL-P031 what was
            shown has changed.
    """
    journal = parts.journal(project)
    for _ in range(_TRIES_MAX):
        state = project_run(journal, approval.run).state
        step = state.steps[approval.step]
        asked = step.asked
        if state.status in RUN_ENDED or asked is None or step.status != "waiting" or asked.approval != approval.id:
            raise error(
                "FL-P006", f"{approval.id} is decided already", f"fairlead runs show {approval.run}", exit_code=2
            )
        is_self = approval.asked_by == parts.user
        if is_self and not _may_decide_on_own(parts, project, asked):
            raise _own(approval)
        covers = Digest("")
        if selected:
            covers = digest(encode([approval.selectable[number] for number in selected]))
        decided = ApprovalDecided(
            approval.step,
            approval.id,
            choice,
            parts.user,
            approval.digest,
            selected=tuple(selected),
            covers=covers,
            comment=comment,
            is_self=is_self,
        )
        if why := refuse(asked, step.decisions, decided):
            code = "FL-P031" if approval.digest != asked.digest else "FL-P005"
            raise error(code, f"{approval.id}: {why}", f"fairlead approvals show {approval.id}", exit_code=2)
        try:
            journal.record(approval.run, decided, after=state.applied)
        except FairleadError as refusal:
            if refusal.diagnostics[0].code != "FL-R105":
                raise
            continue
        after = project_run(journal, approval.run).state
        is_open = after.steps[approval.step].status == "waiting"
        outermost = _outermost(journal, approval.run)
        return Decision(approval.id, approval.run, outermost, choice, parts.user, is_self, is_open)
    raise error("FL-P006", f"{approval.id} changes all the time", "try again", exit_code=2)


def _may_decide_on_own(parts: Parts, project: Project, asked: ApprovalAsked) -> bool:
    return "requester" not in asked.not_by or parts.is_allowed(project, "self")


def _own(approval: Approval) -> FairleadError:
    return error(
        "FL-P012",
        f"{approval.id} may not be decided by {approval.asked_by}, who asked for the run (not_by: requester)",
        "let somebody else decide, or allow it for this project: fairlead approvals allow self",
        exit_code=5,
    )


def _outermost(journal: Readable, run: RunId) -> RunId:
    from fairlead.views.runs import queued_of

    while parent := queued_of(journal, run).parent:
        run = RunId(parent)
    return run
