"""Who let a step happen, in the words of every list and report."""

import pytest

from fairlead.core.events import ApprovalAsked, ApprovalDecided, AttemptFailed, RunCancelRequested, RunQueued
from fairlead.core.ids import Epoch, Micros, Place, RunId
from fairlead.core.json import Digest
from fairlead.core.standing import RunState
from fairlead.core.state import apply
from fairlead.core.workflow import ApproveAction, Step, Workflow
from fairlead.views.approvals import ApprovalView, DecisionView, approval_lines, approval_of

AT = Micros(1_790_000_000_000_000)
OK = Place("ok")


def state_after(*events: object) -> RunState:
    state = RunState(Workflow("w", (Step("ok", ApproveAction("Go?")),)), RunId("r-1"))
    asked = ApprovalAsked(OK, "a-1", "approve", "Go?", digest=Digest("d"))
    for event in (RunQueued("w", Digest(""), {}, "/tree"), asked, *events):
        apply(state, event, AT, Epoch(0))  # type: ignore[arg-type]  # events of one test each
    return state


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (None, "open"),
        (ApprovalDecided(OK, "a-1", "approve", "ann", Digest("d")), "granted"),
        (ApprovalDecided(OK, "a-1", "reject", "ann", Digest("d")), "rejected"),
        (AttemptFailed(OK, 1, "person", "FL-P003", "nobody decided in time"), "expired"),
        (RunCancelRequested(), "withdrawn"),
    ],
)
def test_a_question_has_one_status(event: object, status: str) -> None:
    state = state_after(*([event] if event is not None else []))
    view = approval_of(state.steps[OK], state.status)
    assert view is not None
    assert (view.id, view.status, view.asked_at) == ("a-1", status, AT)


def test_a_step_that_never_asked_has_none() -> None:
    state = RunState(Workflow("w", (Step("ok", ApproveAction("Go?")),)), RunId("r-1"))
    assert approval_of(state.steps[OK], "running") is None


def lines(*decisions: DecisionView, status: str = "granted", granted: str = "") -> list[str]:
    view = ApprovalView("a-1", status, "Go?", AT, decisions)  # type: ignore[arg-type]  # one of its words
    return list(approval_lines(view, granted))


def test_each_decision_is_told_with_who_when_and_what() -> None:
    told = lines(
        DecisionView("ann", "approve_subset", AT, "2 needs a test", True, (1, 3)),
        DecisionView("bob", "approve", AT),
        DecisionView("eve", "request_changes", AT, "smaller"),
    )
    when = "2026-09-21 14:13 UTC"
    assert told == [
        f"a-1 approved in part by ann on {when} (only 1, 3), ON THE OWN REQUEST: 2 needs a test",
        f"a-1 approved by bob on {when}",
        f"a-1 sent back for changes by eve on {when}: smaller",
    ]


def test_what_nobody_decided_and_what_nobody_was_asked_is_told() -> None:
    assert lines(status="open") == ["a-1: nobody has decided yet"]
    assert lines(status="expired") == ["a-1: nobody decided in time"]
    assert lines(status="withdrawn") == ["a-1: withdrawn before it was decided"]
    assert list(approval_lines(None, "a-7")) == ["covered by a-7"]
    assert list(approval_lines(None, "allowed")) == ["nobody was asked: such effects are allowed for this project"]
    assert list(approval_lines(None, "")) == []
