"""What a person lets happen unasked in one project: kept for the person, outside of every checkout."""

import difflib

import msgspec

from fairlead.core.errors import error
from fairlead.service.parts import Parts, Project
from fairlead.service.people import SELF

REASON_MAX = 1_000


class Allowed(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that happens without a question."""

    what: str  # a kind of effect, or `self`
    by: str
    since: str  # the day in UTC
    reason: str
    note: str = ""  # why it has no effect all the same


class Permissions(msgspec.Struct, frozen=True):
    """What holds for a project and this person."""

    allowed: tuple[Allowed, ...]
    kinds: tuple[str, ...]  # that could be allowed
    asking: tuple[str, ...]  # that are always asked about: what they do cannot be taken back


def show_permissions(parts: Parts, project: Project) -> Permissions:
    """What is allowed, and what could be."""
    cards = parts.effect_cards()
    asking = tuple(sorted(kind for kind, card in cards.items() if card.effect_class == "irreversible"))
    allowed = []
    for one in sorted(parts.permissions(project), key=lambda one: one.what):
        note = ""
        if one.what in asking:
            note = "it cannot be taken back, so it is asked about all the same"
        elif one.what != SELF and one.what not in cards:
            note = "this build performs no such effect"
        allowed.append(Allowed(one.what, one.by, one.since, one.reason, note))
    return Permissions(tuple(allowed), tuple(sorted(set(cards) - set(asking))), asking)


def allow(parts: Parts, project: Project, what: str, reason: str) -> Permissions:
    """Let effects of the kind *what* happen unasked here, or with `self` decisions on one's own requests.

    Raises:
        FairleadError: FL-P008 there is no reason, FL-P009 *what* cannot be allowed, FL-P020 it cannot be written.
    """
    now = show_permissions(parts, project)
    if what in now.asking:
        said = f"{what} cannot be taken back, so each one is asked about"
        raise error("FL-P009", said, "fairlead approvals", exit_code=5)
    if what != SELF and what not in now.kinds:
        near = difflib.get_close_matches(what, (*now.kinds, SELF), 1)
        hint = f"did you mean {near[0]}?" if near else f"one of {', '.join((*now.kinds, SELF))}"
        raise error("FL-P009", f"there is no effect named {what[:60]}", hint, exit_code=2)
    if not reason.strip() or len(reason) > REASON_MAX:
        why = "is missing" if not reason.strip() else f"is longer than {REASON_MAX:,} characters"
        raise error("FL-P008", f"the reason {why}", f"fairlead approvals allow {what} --reason TEXT", exit_code=2)
    return _change(parts, project, what, is_allowed=True, reason=reason.strip())


def disallow(parts: Parts, project: Project, what: str) -> Permissions:
    """Ask about it again; nothing happens when it was not allowed.

    Raises:
        FairleadError: FL-P009 there is nothing of that name, FL-P020 it cannot be written.
    """
    now = show_permissions(parts, project)
    if what not in (SELF, *now.kinds, *now.asking, *(one.what for one in now.allowed)):
        raise error("FL-P009", f"there is no effect named {what[:60]}", "fairlead approvals allowed", exit_code=2)
    return _change(parts, project, what, is_allowed=False, reason="")


def _change(parts: Parts, project: Project, what: str, *, is_allowed: bool, reason: str) -> Permissions:
    try:
        parts.change_permission(project, what, is_allowed=is_allowed, reason=reason)
    except OSError as refusal:
        said = f"what is allowed cannot be written: {refusal.strerror}"
        raise error("FL-P020", said, "fairlead doctor", exit_code=8) from None
    return show_permissions(parts, project)
