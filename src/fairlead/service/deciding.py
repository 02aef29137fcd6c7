"""What a person says to a run: a decision on exactly what was shown, or a signal. Recorded, with who said it."""

from collections.abc import Sequence

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import ApprovalAsked, ApprovalDecided, SignalReceived
from fairlead.core.ids import RunId
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.people import People, Person, fits, refuses_requester
from fairlead.core.quorum import is_late, refuse
from fairlead.core.standing import StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Choice, WaitAction
from fairlead.service.approvals import Approval, became_of, outermost, stale
from fairlead.service.parts import Parts, Project
from fairlead.service.people import people_of
from fairlead.service.runs import require_reader
from fairlead.views.reading import Readable
from fairlead.views.runs import project_run

_TRIES_MAX = 200  # how often a decision is made anew because somebody else asked something of the run meanwhile
COMMENT_MAX = 10_000
SIGNAL_BYTES_MAX = 256_000
_USAGE, _REFUSED = 2, 5


class Decision(msgspec.Struct, frozen=True):
    """What was recorded, and what it came to."""

    approval: str
    run: RunId  # that asked
    outermost: RunId  # that goes on
    choice: Choice
    by: str
    is_self: bool
    is_open: bool  # more people have to decide
    decided: int  # people who have decided


class Signalled(msgspec.Struct, frozen=True):
    """What was recorded."""

    run: RunId
    name: str
    outermost: RunId  # that goes on


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
        FairleadError: FL-P003 too late, FL-P005 no such choice, FL-P006 decided already, FL-P007 not asked, FL-P008
            no reason, FL-P012 who asked may not decide, FL-P031 what was shown has changed. Nothing is recorded then.
    """
    if choice == "request_changes" and not comment.strip():
        hint = f'fairlead request-changes {approval.id} -m "…"'
        raise error("FL-P008", "say what has to change", hint, exit_code=_USAGE)
    if len(comment) > COMMENT_MAX:
        said = f"the comment is longer than {COMMENT_MAX:,} characters"
        raise error("FL-P008", said, "shorten it, or name a document", exit_code=_USAGE)
    people = people_of(parts, project)
    person = _person(parts, people, approval)
    journal = parts.journal(project)
    for _ in range(_TRIES_MAX):
        state = project_run(journal, approval.run).state
        step = state.steps[approval.step]
        asked = step.asked
        if state.status in RUN_ENDED or asked is None or step.status != "waiting":
            raise became_of(state, approval.step, approval.id, journal)
        if asked.approval != approval.id:
            raise _asked_anew(approval, asked, journal)
        if is_late(asked, parts.clock.now()):
            hint = f"fairlead resume {outermost(journal, approval.run)}"
            raise error("FL-P003", f"{approval.id} was to be decided earlier", hint, exit_code=_USAGE)
        decided = _decided(parts, person, approval, choice, comment, selected)
        _require(asked, step, decided, people)
        try:
            recorded = journal.record(approval.run, decided, after=state.applied)
        except FairleadError as refusal:
            if refusal.diagnostics[0].code != "FL-R105":
                raise
            continue
        after = project_run(journal, approval.run, until=recorded.seq).state.steps[approval.step]
        if decided not in after.decisions:  # its owner asked anew in the same moment: it has no effect
            raise _asked_anew(approval, after.asked or asked, journal)
        return Decision(
            approval.id,
            approval.run,
            outermost(journal, approval.run),
            choice,
            person.user,
            decided.is_self,
            after.status == "waiting",
            len(after.decisions),
        )
    raise error("FL-P006", f"others decide on {approval.id} all the time", "try again", exit_code=_USAGE)


def _person(parts: Parts, people: People, approval: Approval) -> Person:
    person = people.find(parts.user)
    if person is None:
        known = ", ".join(one.user for one in people.known[:10]) or "nobody"
        said = f"{approval.id}: {people.path} names {known}, and not {parts.user}"
        raise error("FL-P007", said, f"add yourself there: `NAME: {{user: {parts.user}}}`", exit_code=_REFUSED)
    return person


def _decided(
    parts: Parts, person: Person, approval: Approval, choice: Choice, comment: str, selected: Sequence[int]
) -> ApprovalDecided:
    covers = Digest("")
    if selected and all(0 <= number < len(approval.selectable) for number in selected):
        covers = digest(encode([approval.selectable[number] for number in selected]))
    return ApprovalDecided(
        approval.step,
        approval.id,
        choice,
        person.user,
        approval.digest,
        person.teams,
        person.roles,
        selected=tuple(selected),
        covers=covers,
        comment=comment.strip(),
        is_self=approval.asked_by == parts.user,
    )


def _require(asked: ApprovalAsked, step: StepRun, decided: ApprovalDecided, people: People) -> None:
    """That the decision counts: the same rules with which it is read later, and those of the project."""
    refusal = refuse(asked, step.decisions, decided)
    show = f"fairlead approvals show {asked.approval}"
    if refusal is not None:
        code = _REFUSED if refusal.code == "FL-P007" else _USAGE
        raise error(
            refusal.code, f"{asked.approval}: {refusal.why}{_names(refusal.code, asked, people)}", show, exit_code=code
        )
    if decided.is_self and refuses_requester(asked, people):
        if asked.effect == "irreversible":
            why, hint = "what it does cannot be taken back", "let somebody else decide"
        elif "requester" in asked.not_by:
            why = "not_by: requester"
            hint = "let somebody else decide, or: fairlead approvals allow self --reason TEXT"
        else:
            why = f"{people.path} names {len(people.known)} people"
            hint = "let somebody else decide, or: fairlead approvals allow self --reason TEXT"
        said = f"{asked.approval} cannot be decided by {decided.by}, who asked for the run ({why})"
        raise error("FL-P012", said, hint, exit_code=_REFUSED)


def _names(code: str, asked: ApprovalAsked, people: People) -> str:
    """Who of the people file is asked."""
    if code != "FL-P007" or not people.path:
        return ""
    users = [
        person.user
        for person in people.known
        if any(fits(one, person.user, person.teams, person.roles) for one in asked.approvers)
    ]
    return f": {', '.join(users[:10])}" if users else f", and {people.path} has nobody there"


def _asked_anew(approval: Approval, now: ApprovalAsked, journal: Readable) -> FairleadError:
    shown = [msgspec.to_builtins(one) for one in approval.shown]
    before = msgspec.structs.replace(
        now, approval=approval.id, title=approval.title, body=approval.body, shown=shown, shown_ref=Digest("")
    )
    return stale(before, now, journal)


def signal_run(parts: Parts, project: Project, run: RunId, name: str, data: Json) -> Signalled:
    """Deliver *name* to a run that waits for it, now or later.

    Raises:
        FairleadError: FL-S081 the run never waits for it; FL-S082 the data are too large; FL-R102 it has ended.
    """
    journal = parts.journal(project)
    state = project_run(require_reader(parts, project), run).state
    actions = (planned.step.action for planned in state.workflow.plan.values())
    known = list(dict.fromkeys(one.event for one in actions if isinstance(one, WaitAction) and one.event))
    if name not in known:
        waits = f"it waits for {', '.join(known)}" if known else "it waits for none"
        raise error(
            "FL-S081", f"run {run} never waits for the signal {name[:60]}: {waits}", f"fairlead runs show {run}"
        )
    if len(encode(data)) > SIGNAL_BYTES_MAX:
        said = f"the data are larger than {SIGNAL_BYTES_MAX:,} bytes"
        raise error("FL-S082", said, "send a path or a digest instead")
    journal.record(run, SignalReceived(name, data, parts.user))
    return Signalled(run, name, outermost(journal, run))
