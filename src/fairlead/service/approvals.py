"""Questions to people: which are open, what they show, and which one somebody means."""

from collections.abc import Iterator

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.events import ApprovalAsked
from fairlead.core.ids import Micros, Place, RunId
from fairlead.core.json import Digest, Json
from fairlead.core.people import People, lacking, refuses_requester, who_is_asked
from fairlead.core.quorum import differences, shown_in
from fairlead.core.standing import RunState, StepRun
from fairlead.core.workflow import Approvers, Choice
from fairlead.service.parts import Parts, Project
from fairlead.service.people import people_or_why
from fairlead.service.runs import LIST_MAX, find_run
from fairlead.views.approvals import DecisionView, decisions_of
from fairlead.views.reading import Readable
from fairlead.views.runs import project_run, queued_of

_PAST_RUNS_MAX = 200  # in which a question is looked for that is not open any more


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
    asked_at: Micros
    digest: Digest  # of all that is asked
    asks: str  # who must decide, in words
    body: str = ""
    shown: tuple[Shown, ...] = ()
    selectable: tuple[Json, ...] = ()  # of which a subset may be approved, in the order of their numbers
    approvers: tuple[Approvers, ...] = ()
    not_by: tuple[str, ...] = ()
    decisions: tuple[DecisionView, ...] = ()  # the valid ones so far
    due: Micros = Micros(0)
    on_timeout: str = "hold"
    effect: str = ""  # the class of what would be performed
    before: str = ""  # the approval of the same step that holds no longer
    lacking: tuple[str, ...] = ()  # why nobody here can answer it, and what would change that
    own: str = ""  # what deciding on the own request comes to here: refused, allowed, or "" where it is another's


class Approvals(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that is open."""

    approvals: tuple[Approval, ...]
    problems: tuple[Diagnostic, ...] = ()  # of the people file


def open_approvals(parts: Parts, project: Project) -> Approvals:
    """Every open question of the project's runs, newest run first, and in a run as it asked them."""
    journal = parts.reader(project)
    if journal is None:
        return Approvals(())
    people, problems = people_or_why(parts, project)
    found: list[Approval] = []
    for row in journal.runs(LIST_MAX):
        if row.status in ("running", "waiting"):
            state = project_run(journal, row.run).state
            found.extend(_open_of(state, journal, people, parts.user))
    return Approvals(tuple(found), problems)


def approvals_of_tree(parts: Parts, project: Project, run: RunId) -> tuple[Approval, ...]:
    """The open questions of *run* and of the runs below it."""
    journal = parts.reader(project)
    if journal is None:
        return ()
    people, _ = people_or_why(parts, project)
    found: list[Approval] = []
    left = [run]
    while left:
        state = project_run(journal, left.pop()).state
        found.extend(_open_of(state, journal, people, parts.user))
        left.extend(RunId(state.steps[place].child) for place in state.waiting if state.steps[place].child)
    return tuple(found)


def _open_of(state: RunState, journal: Readable, people: People | None, user: str) -> Iterator[Approval]:
    for place in state.waiting:
        step = state.steps[place]
        if step.asked is not None:
            yield _view(state, step, step.asked, journal, people, user)


def _view(
    state: RunState, step: StepRun, asked: ApprovalAsked, journal: Readable, people: People | None, user: str
) -> Approval:
    shown = shown_in(asked, lambda name: msgspec.json.decode(journal.get(name)))
    selectable = msgspec.json.decode(journal.get(asked.selectable_ref)) if asked.selectable_ref else []
    requester = state.queued.requester if state.queued is not None else ""
    own = ""
    if requester == user and people is not None:
        own = "refused" if refuses_requester(asked, people) else "allowed"
    return Approval(
        id=asked.approval,
        run=state.run,
        workflow=state.workflow.name,
        step=step.place,
        about=asked.about,
        title=asked.title,
        choices=asked.choices,
        asked_by=requester,
        asked_at=step.asked_at,
        digest=asked.digest,
        asks=who_is_asked(asked.approvers),
        body=asked.body,
        shown=tuple(Shown(str(one.get("name")), one.get("value")) for one in shown or ()),
        selectable=tuple(selectable),
        approvers=asked.approvers,
        not_by=asked.not_by,
        decisions=decisions_of(step),
        due=asked.due,
        on_timeout=asked.on_timeout,
        effect=asked.effect,
        before=asked.before,
        lacking=lacking(asked, people, requester) if people is not None else (),
        own=own,
    )


def find_approval(parts: Parts, project: Project, text: str) -> Approval:
    """The open question that *text* means: the beginning of its id, a run with one question, "" for the only one.

    Raises:
        FairleadError: FL-P004 there is none, or more than one; FL-P006 it is decided; FL-P031 it is asked anew.
    """
    known = open_approvals(parts, project).approvals
    wanted = text.strip().lower().replace("_", "-")
    found = [one for one in known if not wanted or one.id.startswith(wanted)]
    if wanted and not found:
        if wanted.startswith("a-"):
            raise _not_open(parts, project, wanted)
        run = find_run(parts, project, text)
        below = {one.id for one in approvals_of_tree(parts, project, run)}
        found = [one for one in known if one.id in below]
    if len(found) == 1:
        return found[0]
    if not found:
        said = f"no question is open that {text} could mean" if text else "no question is open"
        raise error("FL-P004", said, "fairlead approvals", exit_code=2)
    names = ", ".join(one.id for one in found)
    raise error("FL-P004", f"{len(found)} questions are open: {names}", "name one of them", exit_code=2)


def _not_open(parts: Parts, project: Project, wanted: str) -> FairleadError:
    """What became of the question *wanted*, which is not open."""
    journal = parts.reader(project)
    if journal is not None:
        for row in journal.runs(_PAST_RUNS_MAX):
            state = project_run(journal, row.run).state
            for name, place in state.approvals.items():
                if name.startswith(wanted):
                    return became_of(state, place, name, journal)
    return error("FL-P004", f"there is no question named {wanted}", "fairlead approvals", exit_code=2)


def became_of(state: RunState, place: Place, approval: str, journal: Readable) -> FairleadError:
    """Why the question *approval* about *place* cannot be decided any more."""
    step = state.steps[place]
    show = f"fairlead runs show {state.run}"
    asked = step.asked
    if asked is not None and asked.approval != approval:
        before = next(
            record.event
            for record in journal.events_of(state.run)
            if isinstance(record.event, ApprovalAsked) and record.event.approval == approval
        )
        return stale(before, asked, journal)
    if step.code == "FL-P003":
        return error("FL-P003", f"nobody decided on {approval} in time", show, exit_code=2)
    if step.decisions:
        by = ", ".join(one.by for one in step.decisions)
        return error("FL-P006", f"{approval} is decided already, by {by}", show, exit_code=2)
    return error("FL-P006", f"{approval} was withdrawn: {step.place} is {step.status}", show, exit_code=2)


def stale(before: ApprovalAsked, now: ApprovalAsked, journal: Readable) -> FairleadError:
    """What was shown has changed: the names of what did."""

    def load(name: Digest) -> Json:
        return msgspec.json.decode(journal.get(name))

    changed = differences(shown_in(before, load), shown_in(now, load))
    changed += [name for name in ("title", "body") if getattr(before, name) != getattr(now, name)]
    changed += ["the list to choose from"] if before.selectable_ref != now.selectable_ref else []
    said = (
        f"what {before.approval} showed is not what would run: {', '.join(changed) or 'the call'} changed;"
        f" it is asked anew as {now.approval}, and nothing was performed"
    )
    return error("FL-P031", said, f"fairlead approvals show {now.approval}", exit_code=2)


def outermost(journal: Readable, run: RunId) -> RunId:
    """The run at the top of the tree that *run* is in."""
    while parent := queued_of(journal, run).parent:
        run = RunId(parent)
    return run
