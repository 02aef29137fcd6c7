"""What was asked for: the requirements that steps and their checks claim to satisfy."""

from typing import Literal, get_args

import msgspec

Kind = Literal["feature", "technical"]
Priority = Literal["critical", "high", "medium", "low"]
KINDS: tuple[Kind, ...] = get_args(Kind)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)

REQUIREMENTS_MAX = 2_000


class Requirement(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was asked for. Whether it is met is never said here: evidence says it."""

    id: str  # "REQ-SEC-1"
    title: str
    description: str = ""
    kind: Kind = "feature"
    priority: Priority = "medium"
    acceptance: tuple[str, ...] = ()  # sentences for people: what must be seen
    depends_on: tuple[str, ...] = ()  # ids: it is not met before they are
    deliverables: tuple[str, ...] = ()  # path patterns
