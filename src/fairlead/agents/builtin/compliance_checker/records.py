"""What the parts of the compliance checker tell: evidence for a control, and violations of rules."""

from dataclasses import dataclass, field

import msgspec

from fairlead.core.findings import Severity


class Place(msgspec.Struct, frozen=True, order=True):
    """Where something stands, and what it is. `line` 0 means the file as a whole."""

    path: str  # as `os.fsdecode` gives it
    line: int
    what: str


class Violation(msgspec.Struct, frozen=True):
    """A rule that is broken at one place. Without `severity` and `reason` those of the rule's table entry hold."""

    rule: str
    path: str
    line: int
    message: str
    key: str  # what the fingerprint is made of beside rule and path: it must survive a move of the line
    severity: Severity | None = None
    reason: str = ""
    excerpt: str | None = None  # what is shown in place of the line; a line with a secret is never shown


@dataclass
class Check:
    """What was learnt for one control. Evidence alone is not enough: whatever is `lacking` keeps the control open."""

    evidence: list[Place] = field(default_factory=list)
    lacking: list[str] = field(default_factory=list)  # whole sentences
    not_applicable: str = ""  # the reason, a whole sentence; "" when the control applies

    @property
    def state(self) -> str:
        """`met`, `open` or `not applicable`. Without evidence a control is open, never passed."""
        if self.lacking:
            return "open"
        if self.evidence:
            return "met"
        return "not applicable" if self.not_applicable else "open"
