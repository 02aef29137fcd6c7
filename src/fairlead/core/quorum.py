"""Whether the decisions of people answer a question. Rules, not state: the same question and decisions, one answer."""

from collections.abc import Sequence
from typing import Literal

from fairlead.core.events import ApprovalAsked, ApprovalDecided
from fairlead.core.workflow import Approvers

Answer = Literal["open", "granted", "rejected", "changes_requested"]


def answer(asked: ApprovalAsked, decisions: Sequence[ApprovalDecided]) -> Answer:
    """What *decisions* come to. One no is a no; a yes needs everybody whom the question asks for."""
    for decided in decisions:
        if decided.choice == "reject":
            return "rejected"
        if decided.choice == "request_changes":
            return "changes_requested"
    if not decisions:
        return "open"
    return "granted" if all(_is_filled(one, decisions) for one in asked.approvers) else "open"


def refuse(asked: ApprovalAsked, decisions: Sequence[ApprovalDecided], decided: ApprovalDecided) -> str:
    """Why *decided* does not count, as a clause; "" when it does."""
    if decided.shown != asked.digest:
        return "what was shown has changed since"
    if any(one.by == decided.by for one in decisions):
        return f"{decided.by} has decided already"
    if decided.choice not in asked.choices:
        return f"the question has no choice {decided.choice!r}"
    if decided.choice != "approve_subset" and decided.selected:
        return "only a subset can be selected from"
    if any(not 0 <= number < asked.selectable for number in decided.selected):
        return f"the list has {asked.selectable} items"
    if asked.approvers and not any(_fits(one, decided) for one in asked.approvers):
        return f"{decided.by} is not among those who are asked"
    return ""


def _is_filled(wanted: Approvers, decisions: Sequence[ApprovalDecided]) -> bool:
    fitting = [decided for decided in decisions if _fits(wanted, decided)]
    if wanted.min > 1:  # deciding on one's own request never counts towards more than one
        fitting = [decided for decided in fitting if not decided.is_self]
    return len(fitting) >= wanted.min


def _fits(wanted: Approvers, decided: ApprovalDecided) -> bool:
    if wanted.user:
        return decided.by == wanted.user
    if wanted.team:
        return wanted.team in decided.teams
    return not wanted.role or wanted.role in decided.roles
