"""Deciding, as an operation: who may, on exactly what was shown, once. A real journal; a real people file."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import ApprovalAsked, ApprovalDecided, Event, RunParked, SignalReceived, WaitBegun
from fairlead.core.ids import Micros, Place, RunId
from fairlead.core.json import Digest, encode
from fairlead.core.workflow import ApproveAction, Approvers, Choice, Step, WaitAction, Workflow
from fairlead.service.approvals import Approval, approvals_of_tree, find_approval, open_approvals
from fairlead.service.deciding import COMMENT_MAX, Decision, decide, signal_run
from fairlead.service.permissions import allow, disallow, show_permissions
from fairlead.views.runs import project_run
from tests.proves import proves
from tests.service.parts import PaperParts

OK = Place("ok")
WORKFLOW = Workflow(
    "ship", (Step("ok", ApproveAction("Ship?")), Step("go", WaitAction(event="deployed"))), flow="graph"
)
PEOPLE = """\
people:
  ada: {teams: [security], roles: [maintainer]}
  bob: {teams: [security]}
  cy: {roles: [maintainer]}
"""


def asked(**more: object) -> ApprovalAsked:
    said = {"shown": [{"name": "file", "value": "a"}], "digest": Digest("d1"), **more}
    return ApprovalAsked(OK, str(said.pop("approval", "a-00aa11")), "approve", "Ship?", **said)  # type: ignore[arg-type]  # keywords of one test each


def ask(parts: PaperParts, *events: Event, run: str = "r-one00001", workflow: Workflow = WORKFLOW) -> Approval | None:
    """A run of ada's that has recorded *events*; gives its open question."""
    parts.record_run(run, events or (asked(),), workflow)
    found = approvals_of_tree(parts, parts.project(""), RunId(run))
    return found[0] if found else None


def open_one(parts: PaperParts, *events: Event) -> Approval:
    found = ask(parts, *events)
    assert found is not None
    return found


def say(parts: PaperParts, one: Approval, choice: Choice = "approve", user: str = "ada", **more: object) -> Decision:
    parts.user = user
    return decide(parts, parts.project(""), one, choice, **more)  # type: ignore[arg-type]  # as above


def refused(parts: PaperParts, one: Approval, choice: Choice = "approve", user: str = "ada", **more: object) -> str:
    before = recorded(parts, one.run)
    with pytest.raises(FairleadError) as caught:
        say(parts, one, choice, user, **more)
    assert recorded(parts, one.run) == before, "what is refused leaves no trace"
    first = caught.value.diagnostics[0]
    return f"{first.code} {first.message} {first.hints[0]} exit {caught.value.exit_code}"


def recorded(parts: PaperParts, run: RunId) -> list[Event]:
    return [one.event for one in parts.journal(parts.project("")).events_of(run)]


def write_people(parts: PaperParts, text: str = PEOPLE, name: str = "people.yaml") -> None:
    folder = parts.root / ".fairlead"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_a_decision_is_recorded_with_who_made_it_and_what_was_shown(parts: PaperParts) -> None:
    write_people(parts)
    one = open_one(parts, asked(approvers=(Approvers(team="security"),)))
    said = say(parts, one, user="bob", comment=" fine ")
    assert (said.by, said.is_self, said.is_open, said.outermost) == ("bob", False, False, one.run)
    decided = recorded(parts, one.run)[-1]
    assert decided == ApprovalDecided(OK, one.id, "approve", "bob", Digest("d1"), ("security",), comment="fine")
    assert open_approvals(parts, parts.project("")).approvals == ()


@proves("E2.2")
def test_of_50_racing_decisions_one_is_recorded_and_49_are_refused(parts: PaperParts) -> None:
    one = open_one(parts)

    def race(_: int) -> str:
        try:
            return say(parts, one).by
        except FairleadError as refusal:
            return refusal.diagnostics[0].code

    with ThreadPoolExecutor(50) as pool:
        answers = sorted(pool.map(race, range(50)))
    assert answers == ["FL-P006"] * 49 + ["ada"]
    assert sum(isinstance(event, ApprovalDecided) for event in recorded(parts, one.run)) == 1


@proves("E2.10")
def test_alone_one_decides_on_the_own_request_and_the_record_says_so(parts: PaperParts) -> None:
    assert say(parts, open_one(parts)).is_self
    decided = recorded(parts, RunId("r-one00001"))[-1]
    assert isinstance(decided, ApprovalDecided)
    assert decided.is_self


@proves("E2.10")
def test_among_several_nobody_decides_on_the_own_request_until_the_person_allows_it(parts: PaperParts) -> None:
    write_people(parts)
    one = open_one(parts)
    assert one.own == "refused"
    said = refused(parts, one)
    assert said.startswith("FL-P012 a-00aa11 cannot be decided by ada, who asked for the run (.fairlead/people.yaml")
    assert said.endswith("exit 5")
    allow(parts, parts.project(""), "self", "bob is on holiday")
    assert find_approval(parts, parts.project(""), "").own == "allowed"
    assert say(parts, one).is_self


@proves("E2.10")
def test_a_question_that_leaves_the_requester_out_does_so_also_alone(parts: PaperParts) -> None:
    one = open_one(parts, asked(not_by=("requester",)))
    assert "(not_by: requester)" in refused(parts, one)
    assert say(parts, one, user="bob").by == "bob"


@proves("E2.10")
def test_nobody_decides_alone_on_what_cannot_be_taken_back(parts: PaperParts) -> None:
    one = open_one(parts, asked(effect="irreversible"))
    allow(parts, parts.project(""), "self", "we are few")
    assert "FL-P012" in refused(parts, one)
    assert find_approval(parts, parts.project(""), "").lacking != ()


@proves("E2.9")
@pytest.mark.parametrize(
    ("choice", "user", "more", "said"),
    [
        ("approve", "bob", {}, "FL-P007 a-00aa11: bob is not asked, but 1 with role maintainer: ada, cy"),
        ("approve", "eve", {}, "FL-P007 a-00aa11: .fairlead/people.yaml names ada, bob, cy, and not eve"),
        ("request_changes", "cy", {"comment": " "}, "FL-P008 say what has to change"),
        ("request_changes", "cy", {"comment": "x"}, "FL-P005 a-00aa11: it can be answered with approve, reject, not"),
        ("approve", "cy", {"comment": "x" * (COMMENT_MAX + 1)}, "FL-P008 the comment is longer"),
        ("approve_subset", "cy", {"selected": (0,)}, "FL-P005"),
        ("approve", "cy", {"selected": (0,)}, "FL-P005 a-00aa11: only a subset can be selected from"),
    ],
)
def test_what_may_not_be_decided_is_refused_and_says_why(
    parts: PaperParts, choice: Choice, user: str, more: dict[str, object], said: str
) -> None:
    write_people(parts)
    one = open_one(parts, asked(approvers=(Approvers(role="maintainer"),)))
    assert refused(parts, one, choice, user, **more).startswith(said)


@proves("E2.9")
def test_a_role_that_was_taken_away_counts_no_more(parts: PaperParts) -> None:
    write_people(parts)
    one = open_one(parts, asked(approvers=(Approvers(team="security"),)))
    write_people(parts, PEOPLE.replace("bob: {teams: [security]}", "bob: {}"))
    assert refused(parts, one, user="bob").startswith("FL-P007")


def test_a_subset_is_recorded_with_the_digest_of_what_was_selected(parts: PaperParts) -> None:
    items = parts.journal(parts.project("")).put(encode(["x", "y", "z"]))
    one = open_one(parts, asked(choices=("approve_subset", "reject"), selectable=3, selectable_ref=items))
    assert one.selectable == ("x", "y", "z")
    assert refused(parts, one, "approve_subset", selected=(3,)).startswith("FL-P005 a-00aa11: the list has the numbers")
    say(parts, one, "approve_subset", selected=(0, 2))
    decided = recorded(parts, one.run)[-1]
    assert isinstance(decided, ApprovalDecided)
    from fairlead.core.json import digest

    assert (decided.selected, decided.covers) == ((0, 2), digest(encode(["x", "z"])))


@proves("E2.5")
def test_what_was_shown_and_is_asked_anew_is_refused_with_the_difference(parts: PaperParts) -> None:
    anew = asked(approval="a-00bb22", shown=[{"name": "file", "value": "b"}], digest=Digest("d2"), before="a-00aa11")
    shown = open_one(parts, asked(), anew)
    old = msgspec.structs.replace(shown, id="a-00aa11", digest=Digest("d1"), shown=())
    said = refused(parts, old)
    assert said.startswith(
        "FL-P031 what a-00aa11 showed is not what would run: file changed; it is asked anew as a-00bb22"
    )
    with pytest.raises(FairleadError) as caught:
        find_approval(parts, parts.project(""), "a-00aa")
    assert caught.value.diagnostics[0].code == "FL-P031"
    assert "file changed" in caught.value.diagnostics[0].message


@proves("E2.9")
def test_a_digest_that_is_not_the_one_shown_is_refused(parts: PaperParts) -> None:
    one = open_one(parts)
    forged = msgspec.structs.replace(one, digest=Digest("d0"))
    assert refused(parts, forged).startswith("FL-P031")


@proves("E2.9")
def test_a_question_is_decided_once_and_says_by_whom(parts: PaperParts) -> None:
    one = open_one(parts)
    say(parts, one, "reject")
    assert refused(parts, one).startswith("FL-P006 a-00aa11 is decided already, by ada")
    with pytest.raises(FairleadError) as caught:
        find_approval(parts, parts.project(""), "a-00aa")
    assert caught.value.diagnostics[0].code == "FL-P006"


@proves("E2.6")
def test_what_comes_too_late_is_refused(parts: PaperParts) -> None:
    due = Micros(parts.clock.now() + 30_000_000)
    one = open_one(parts, asked(due=due, on_timeout="reject"))  # writing the run takes a minute on paper
    assert refused(parts, one).startswith("FL-P003 a-00aa11 was to be decided earlier")


def test_one_question_is_meant_by_the_beginning_of_its_id_its_run_or_nothing(parts: PaperParts) -> None:
    project = parts.project("")
    ask(parts, asked(approval="a-00aa11"), run="r-one00001")
    assert find_approval(parts, project, "").id == "a-00aa11"
    ask(parts, asked(approval="a-00bb22"), run="r-two00002")
    assert find_approval(parts, project, "a-00b").id == "a-00bb22"
    assert find_approval(parts, project, "A_00A").id == "a-00aa11"
    assert find_approval(parts, project, "r-two").run == "r-two00002"
    for text, said in (
        ("", "2 questions are open: a-00bb22, a-00aa11"),
        ("a-00", "2 questions"),
        ("a-ff", "no question"),
    ):
        with pytest.raises(FairleadError) as caught:
            find_approval(parts, project, text)
        assert (caught.value.diagnostics[0].code, caught.value.exit_code) == ("FL-P004", 2)
        assert said in caught.value.diagnostics[0].message


@proves("E2.12")
@pytest.mark.parametrize(
    ("files", "code"),
    [
        ((("people.yaml", "people: [ada]\n"),), "FL-W020"),
        ((("people.yaml", PEOPLE), ("people.json", "{}")), "FL-P041"),
        ((("people.json", '{"people": {"ada": {}, "eve": {"user": "ada"}}}'),), "FL-P040"),
    ],
)
def test_with_a_broken_people_file_nobody_decides_and_the_question_is_shown_all_the_same(
    parts: PaperParts, files: Sequence[tuple[str, str]], code: str
) -> None:
    one = open_one(parts)
    for name, text in files:
        write_people(parts, text, name)
    assert refused(parts, one).startswith(code)
    found = open_approvals(parts, parts.project(""))
    assert [one.id for one in found.approvals] == ["a-00aa11"]
    assert [problem.code for problem in found.problems] == [code]


def test_a_signal_is_recorded_for_a_run_that_waits_for_it_and_for_no_other(parts: PaperParts) -> None:
    ask(parts, WaitBegun(Place("go"), 1, signal="deployed"), RunParked())
    project, run = parts.project(""), RunId("r-one00001")
    with pytest.raises(FairleadError) as caught:
        signal_run(parts, project, run, "deploied", None)
    assert caught.value.diagnostics[0].code == "FL-S081"
    with pytest.raises(FairleadError) as caught:
        signal_run(parts, project, run, "deployed", "x" * 300_000)
    assert caught.value.diagnostics[0].code == "FL-S082"
    assert signal_run(parts, project, run, "deployed", {"n": 1}).outermost == run
    assert recorded(parts, run)[-1] == SignalReceived("deployed", {"n": 1}, "ada")


@proves("E2.14")
def test_what_is_allowed_is_kept_outside_of_the_project_with_its_reason(parts: PaperParts) -> None:
    project = parts.project("")
    assert show_permissions(parts, project).allowed == ()
    for what, reason, code in (("git.comit", "x", "FL-P009"), ("git.commit", "  ", "FL-P008")):
        with pytest.raises(FairleadError) as caught:
            allow(parts, project, what, reason)
        assert caught.value.diagnostics[0].code == code
    allow(parts, project, "git.commit", "on my branch")
    found = allow(parts, project, "git.commit", "on any branch").allowed
    assert [(one.what, one.by, one.reason) for one in found] == [("git.commit", "ada", "on any branch")]
    assert list(parts.root.iterdir()) == []
    assert disallow(parts, project, "git.commit").allowed == ()


def test_what_was_decided_is_shown_with_the_step(parts: PaperParts) -> None:
    from fairlead.service.runs import show_run

    one = open_one(parts)
    assert show_run(parts, parts.project(""), one.run).steps[0].approval is not None
    say(parts, one, comment="fine")
    step = show_run(parts, parts.project(""), one.run).steps[0]
    assert step.approval is not None
    assert (step.approval.status, [each.by for each in step.approval.decisions]) == ("granted", ["ada"])
    assert step.approval.decisions[0].at == project_run(parts.journal(parts.project("")), one.run).state.now
