"""What decisions come to, and which of them count."""

import itertools

import pytest

from fairlead.core.events import ApprovalAsked, ApprovalDecided
from fairlead.core.ids import Micros, Place
from fairlead.core.json import Digest
from fairlead.core.quorum import GRANT_S_MAX, answer, differences, is_lapsed, is_late, refuse
from fairlead.core.workflow import Approvers, Choice
from tests.proves import proves

BOTH = (Approvers(team="security"), Approvers(role="maintainer"))


def asked(*approvers: Approvers, choices: tuple[Choice, ...] = ("approve", "reject"), items: int = 0) -> ApprovalAsked:
    return ApprovalAsked(
        Place("ok"), "a-1", "approve", "?", digest=Digest("d"), approvers=approvers, choices=choices, selectable=items
    )


def decided(by: str, choice: Choice = "approve", **more: object) -> ApprovalDecided:
    return ApprovalDecided(Place("ok"), "a-1", choice, by, Digest(str(more.pop("shown", "d"))), **more)  # type: ignore[arg-type]  # keywords of one test each


ANN = decided("ann", teams=("security",))
BOB = decided("bob", roles=("maintainer",))
NO = decided("eve", "reject", teams=("security",))


def test_a_yes_needs_everybody_whom_the_question_names_in_any_order() -> None:
    for order in itertools.permutations((ANN, BOB)):
        assert answer(asked(*BOTH), order[:1]) == "open"
        assert answer(asked(*BOTH), order) == "granted"


def test_one_no_is_a_no_whatever_else_was_said() -> None:
    for order in itertools.permutations((ANN, BOB, NO)):
        assert answer(asked(*BOTH), order) == "rejected"


@proves("E2.10")
def test_a_decision_on_the_own_request_never_counts_towards_more_than_one() -> None:
    own = decided("ann", is_self=True)
    assert answer(asked(Approvers(min=1)), (own,)) == "granted"
    assert answer(asked(Approvers(min=2)), (own, decided("bob"))) == "open"
    assert answer(asked(Approvers(min=2)), (own, decided("bob"), decided("eve"))) == "granted"


@proves("E2.9")
@pytest.mark.parametrize(
    ("question", "before", "decision", "code"),
    [
        (asked(), (), decided("ann", shown="e"), "FL-P031"),
        (asked(Approvers(min=2)), (ANN,), ANN, "FL-P006"),
        (asked(), (), decided("ann", "request_changes"), "FL-P005"),
        (asked(choices=("approve_subset",), items=2), (), decided("ann", "approve_subset"), "FL-P005"),
        (asked(choices=("approve_subset",), items=2), (), decided("ann", "approve_subset", selected=(2,)), "FL-P005"),
        (asked(choices=("approve_subset",), items=2), (), decided("ann", "approve_subset", selected=(-1,)), "FL-P005"),
        (asked(choices=("approve_subset",), items=2), (), decided("ann", "approve_subset", selected=(1, 1)), "FL-P005"),
        (asked(items=2), (), decided("ann", selected=(0,)), "FL-P005"),
        (asked(*BOTH), (), decided("eve", teams=("ops",)), "FL-P007"),
        (asked(Approvers(user="bob")), (), decided("ann"), "FL-P007"),
    ],
)
def test_what_does_not_count_says_why(
    question: ApprovalAsked, before: tuple[ApprovalDecided, ...], decision: ApprovalDecided, code: str
) -> None:
    refusal = refuse(question, before, decision)
    assert refusal is not None
    assert refusal.code == code


def test_what_counts_is_not_refused() -> None:
    assert refuse(asked(*BOTH), (ANN,), BOB) is None
    subset = decided("ann", "approve_subset", selected=(0, 1))
    assert refuse(asked(choices=("approve_subset",), items=2), (), subset) is None


def test_a_question_that_holds_is_never_too_late() -> None:
    holding = ApprovalAsked(Place("ok"), "a-1", "approve", "?", due=Micros(10))
    rejecting = ApprovalAsked(Place("ok"), "a-1", "approve", "?", due=Micros(10), on_timeout="reject")
    assert [is_late(holding, Micros(at)) for at in (9, 10)] == [False, False]
    assert [is_late(rejecting, Micros(at)) for at in (9, 10)] == [False, True]


def test_a_grant_lapses_after_a_day_and_not_before() -> None:
    day = GRANT_S_MAX * 1_000_000
    assert [is_lapsed(Micros(5), Micros(5 + later)) for later in (0, day, day + 1)] == [False, False, True]


def test_the_difference_between_two_showings_is_named() -> None:
    one = [{"name": "file", "value": "a"}, {"name": "gone", "value": 1}, {"name": "same", "value": [1]}]
    other = [{"name": "file", "value": "b"}, {"name": "same", "value": [1]}, {"name": "new", "value": None}]
    assert differences(one, other) == ["file", "gone", "new"]
    assert differences(None, None) == []
