"""Questions and their answers, as every door and every report shows them."""

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from fairlead.core.ids import Micros
from fairlead.core.quorum import ALLOWED, answer
from fairlead.core.standing import StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Choice

Standing = Literal["open", "granted", "rejected", "changes_requested", "expired", "withdrawn"]


class DecisionView(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one person decided, and when."""

    by: str
    choice: Choice
    at: Micros
    comment: str = ""
    is_self: bool = False  # on what the person asked for
    selected: tuple[int, ...] = ()  # the numbers, as the card shows them: from 1


class ApprovalView(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last question about a step, and what became of it."""

    id: str
    status: Standing
    title: str
    asked_at: Micros
    decisions: tuple[DecisionView, ...] = ()


def approval_of(step: StepRun, run_status: str) -> ApprovalView | None:
    """The question about *step*; None when nobody was ever asked."""
    asked = step.asked
    if asked is None:
        return None
    status: Standing = answer(asked, step.decisions)
    if status == "open" and step.code == "FL-P003":
        status = "expired"
    elif status == "open" and (step.status != "waiting" or run_status in RUN_ENDED):
        status = "withdrawn"  # the run was cancelled, or ended otherwise
    return ApprovalView(asked.approval, status, asked.title, step.asked_at, decisions_of(step))


def decisions_of(step: StepRun) -> tuple[DecisionView, ...]:
    """The decisions that count, in their order."""
    return tuple(
        DecisionView(
            one.by, one.choice, at, one.comment, one.is_self, selected=tuple(number + 1 for number in one.selected)
        )
        for one, at in zip(step.decisions, step.decided_at, strict=True)
    )


def approval_lines(approval: ApprovalView | None, granted: str) -> Iterator[str]:
    """Who let a step happen, or did not, in words: the same in every list and report. Times are the caller's."""
    if approval is not None:
        for one in approval.decisions:
            yield _decision_text(one, approval.id)
        if approval.status in ("open", "expired", "withdrawn"):
            said = {"open": "nobody has decided yet", "expired": "nobody decided in time"}
            yield f"{approval.id}: {said.get(approval.status, 'withdrawn before it was decided')}"
    if granted == ALLOWED:
        yield "nobody was asked: such effects are allowed for this project"
    elif granted and (approval is None or approval.id != granted):
        yield f"covered by {granted}"


def _decision_text(one: DecisionView, approval: str) -> str:
    """`a-5kx2 approved by ann on 2026-11-21 10:14 UTC, on the own request: "fine"`."""
    verb = {"approve": "approved", "approve_subset": "approved in part", "reject": "rejected"}
    said = f"{approval} {verb.get(one.choice, 'sent back for changes')} by {one.by} on {_moment(one.at)}"
    if one.selected:
        said += f" ({_numbers(one.selected)})"
    own = ", ON THE OWN REQUEST" if one.is_self else ""
    return said + own + (f": {one.comment}" if one.comment else "")


def _numbers(selected: Sequence[int]) -> str:
    return "only " + ", ".join(map(str, selected))


def _moment(at: Micros) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%d %H:%M UTC")
