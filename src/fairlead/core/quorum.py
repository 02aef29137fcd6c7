"""Whether the decisions of people answer a question. Rules, not state: the same question and decisions, one answer."""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

from fairlead.core.events import ApprovalAsked, ApprovalDecided
from fairlead.core.ids import Micros
from fairlead.core.json import Digest, Json
from fairlead.core.people import fits, who_is_asked
from fairlead.core.workflow import Approvers

ALLOWED = "allowed"  # stands for an approval where a person lets such effects happen unasked
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


class Refusal(NamedTuple):
    """Why a decision does not count."""

    code: str
    why: str  # a clause


def refuse(asked: ApprovalAsked, decisions: Sequence[ApprovalDecided], decided: ApprovalDecided) -> Refusal | None:
    """Why *decided* does not count; None when it does."""
    if decided.shown != asked.digest:
        return Refusal("FL-P031", "what was shown has changed since")
    if any(one.by == decided.by for one in decisions):
        return Refusal("FL-P006", f"{decided.by} has decided already")
    if decided.choice not in asked.choices:
        choices = ", ".join(choice.replace("_", " ") for choice in asked.choices)
        return Refusal("FL-P005", f"it can be answered with {choices}, not with {decided.choice.replace('_', ' ')}")
    if decided.choice == "approve_subset" and not decided.selected:
        return Refusal("FL-P005", "no number of the list is named")
    if decided.choice != "approve_subset" and decided.selected:
        return Refusal("FL-P005", "only a subset can be selected from")
    if any(not 0 <= number < asked.selectable for number in decided.selected):
        return Refusal("FL-P005", f"the list has the numbers 1 to {asked.selectable}")
    if len(set(decided.selected)) != len(decided.selected):
        return Refusal("FL-P005", "a number of the list is named twice")
    if asked.approvers and not any(_fits(one, decided) for one in asked.approvers):
        return Refusal("FL-P007", f"{decided.by} is not asked, but {who_is_asked(asked.approvers)}")
    return None


def _is_filled(wanted: Approvers, decisions: Sequence[ApprovalDecided]) -> bool:
    fitting = [decided for decided in decisions if _fits(wanted, decided)]
    if wanted.min > 1:  # deciding on one's own request never counts towards more than one
        fitting = [decided for decided in fitting if not decided.is_self]
    return len(fitting) >= wanted.min


def _fits(wanted: Approvers, decided: ApprovalDecided) -> bool:
    return fits(wanted, decided.by, decided.teams, decided.roles)
