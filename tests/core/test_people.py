"""Who may decide, and what is said where nobody can."""

import pytest

from fairlead.core.events import ApprovalAsked
from fairlead.core.ids import Place
from fairlead.core.json import Digest
from fairlead.core.people import People, Person, lacking, refuses_requester, who_is_asked
from fairlead.core.workflow import Approvers
from tests.proves import proves

ANN = Person("ann", "ann", ("security",), ("maintainer",))
BOB = Person("bob", "bob", ("security",))
FILE = ".fairlead/people.yaml"
ALONE = People()
PAIR = People((ANN, BOB), FILE)


def asked(*approvers: Approvers, not_by: tuple[str, ...] = (), effect: str = "") -> ApprovalAsked:
    return ApprovalAsked(
        Place("ok"), "a-1", "approve", "Go on?", digest=Digest("d"), approvers=approvers, not_by=not_by, effect=effect
    )


@proves("E2.10")
@pytest.mark.parametrize(
    ("question", "people", "is_refused"),
    [
        (asked(), ALONE, False),
        (asked(), People((ANN,), FILE), False),
        (asked(), PAIR, True),
        (asked(), People((ANN, BOB), FILE, is_self_allowed=True), False),
        (asked(not_by=("requester",)), ALONE, True),
        (asked(not_by=("requester",)), People(is_self_allowed=True), False),
        (asked(effect="keyed"), ALONE, False),
        (asked(effect="irreversible"), ALONE, True),
        (asked(effect="irreversible"), People(is_self_allowed=True), True),
    ],
)
def test_who_asked_may_decide_only_where_nobody_else_is_and_nothing_forbids_it(
    question: ApprovalAsked, people: People, is_refused: bool
) -> None:
    assert refuses_requester(question, people) is is_refused


@pytest.mark.parametrize(
    ("question", "people"),
    [
        (asked(), ALONE),
        (asked(), PAIR),
        (asked(Approvers(team="security")), PAIR),
        (asked(Approvers(user="bob")), ALONE),
        (asked(Approvers(team="security"), Approvers(role="maintainer")), People((BOB, ANN), FILE, True)),
        (asked(Approvers(min=2)), People((ANN, BOB, Person("eve", "eve")), FILE)),
    ],
)
def test_a_question_that_somebody_can_answer_lacks_nothing(question: ApprovalAsked, people: People) -> None:
    assert lacking(question, people, "ann") == ()


@proves("E2.11")
@pytest.mark.parametrize(
    ("question", "people", "said"),
    [
        (asked(Approvers(team="ops")), ALONE, "1 of team ops must decide, and nobody here can: add"),
        (asked(Approvers(role="lead")), PAIR, "`NAME: {user: LOGIN, roles: [lead]}`"),
        (asked(Approvers(min=2)), ALONE, "2 people must decide, and nobody here can (ann, who asked for the run"),
        (asked(Approvers(team="security", min=2)), PAIR, "2 of team security must decide, and only 1 can (ann,"),
        (asked(Approvers(user="ann")), PAIR, "ann must decide, and nobody here can (ann, who asked"),
        (asked(Approvers(user="zoe")), PAIR, "add below `people:` in .fairlead/people.yaml: `NAME: {user: zoe}`"),
        (asked(not_by=("requester",)), ALONE, "`fairlead approvals allow self --reason TEXT`"),
        (asked(effect="irreversible"), ALONE, "anybody must decide, and nobody here can (ann, who asked for the run"),
    ],
)
def test_a_question_that_nobody_can_answer_says_what_is_lacking(
    question: ApprovalAsked, people: People, said: str
) -> None:
    (found,) = lacking(question, people, "ann")
    assert said in found
    assert ("allow self" in found) is (question.effect != "irreversible" and "ann" in found and "2 " not in found)


def test_each_entry_of_a_question_is_judged_by_itself() -> None:
    question = asked(Approvers(team="ops"), Approvers(team="security"), Approvers(role="lead", min=3))
    assert [text.partition(" must")[0] for text in lacking(question, PAIR, "eve")] == [
        "1 of team ops",
        "3 with role lead",
    ]


def test_a_people_file_names_everybody_who_may_decide() -> None:
    assert PAIR.find("eve") is None
    assert PAIR.find("bob") == BOB
    assert ALONE.find("eve") == Person("eve", "eve")
    assert who_is_asked(()) == who_is_asked((Approvers(),)) == "anybody"
    assert who_is_asked((Approvers(team="ops", min=2), Approvers(user="ann"))) == "2 of team ops and ann"
