"""Whether the decisions of people answer a question. Rules, not state: the same question and decisions, one answer."""

from collections.abc import Callable, Sequence
from typing import Literal

from fairlead.core.events import ApprovalAsked, ApprovalDecided
from fairlead.core.ids import Micros
from fairlead.core.json import Digest, Json
from fairlead.core.workflow import Approvers

GRANT_S_MAX = 86_400  # a decision that was not used for so long is asked for again

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


def shown_in(asked: ApprovalAsked, load: Callable[[Digest], Json]) -> Json:
    """All that the question shows, wherever it lies: a list of {name, value}."""
    return load(asked.shown_ref) if asked.shown_ref else asked.shown


def differences(before: Json, after: Json) -> list[str]:
    """The names of what is not in both lists of {name, value} with the same value."""
    one, other = ({str(item["name"]): item["value"] for item in shown or ()} for shown in (before, after))
    return [name for name in {**one, **other} if name not in one or name not in other or one[name] != other[name]]


def is_late(asked: ApprovalAsked, at: Micros) -> bool:
    """Whether a decision made at *at* comes too late: no answer has become a no meanwhile."""
    return bool(asked.due) and asked.on_timeout == "reject" and at >= asked.due


def is_lapsed(granted_at: Micros, now: Micros) -> bool:
    """Whether what a person granted at *granted_at* may no longer be used: the world has moved on."""
    return now - granted_at > GRANT_S_MAX * 1_000_000


def refuse(asked: ApprovalAsked, decisions: Sequence[ApprovalDecided], decided: ApprovalDecided) -> str:
    """Why *decided* does not count, as a clause; "" when it does."""
    if decided.shown != asked.digest:
        return "what was shown has changed since"
    if any(one.by == decided.by for one in decisions):
        return f"{decided.by} has decided already"
    if decided.choice not in asked.choices:
        return f"the question has no choice {decided.choice!r}"
    if decided.choice == "approve_subset" and not decided.selected:
        return "no number of the list is named"
    if decided.choice != "approve_subset" and decided.selected:
        return "only a subset can be selected from"
    if any(not 0 <= number < asked.selectable for number in decided.selected):
        return f"the list has {asked.selectable} items"
    if len(set(decided.selected)) != len(decided.selected):
        return "a number of the list is named twice"
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
