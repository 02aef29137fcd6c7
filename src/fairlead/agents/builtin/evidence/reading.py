"""The evidence of a run as it is handed in: requirements with their checks, steps with what became of them."""

from collections.abc import Mapping, Sequence

import msgspec

from fairlead.core.json import Json

NOT_ENDED = frozenset({"pending", "ready", "running", "waiting"})  # the step that asks is always one of these


class Shown(msgspec.Struct, frozen=True):
    """One check of a step that speaks for a requirement, or against it."""

    step: str
    holds: bool
    check: str = ""  # the expression; "" when the step's own success is the evidence
    say: str = ""  # why it does not hold
    is_warning: bool = False


class Requirement(msgspec.Struct, frozen=True):
    """What was asked for, and what shows it."""

    id: str
    title: str = ""
    status: str = ""  # open, in_progress, partial, met, failed, blocked; "" when nobody judged
    evidence: Sequence[Shown] = ()


class Step(msgspec.Struct, frozen=True):
    """What became of one step."""

    id: str
    status: str
    summary: str = ""
    degraded: bool | Sequence[str] = False  # what is less than was asked for
    reason: str = ""  # why it failed or was skipped
    reasons: Sequence[str] = ()

    @property
    def is_degraded(self) -> bool:
        """Whether it gave less than was asked for."""
        return self.status == "degraded" or bool(self.degraded)

    @property
    def said(self) -> str:
        """Why, in its own words."""
        reasons = [*(() if isinstance(self.degraded, bool) else self.degraded), self.reason, *self.reasons]
        return "; ".join(dict.fromkeys(filter(None, reasons))) or self.summary or "no reason was given"


class Evidence(msgspec.Struct, frozen=True):
    """All of it."""

    requirements: Sequence[Requirement] = ()
    steps: Sequence[Step] = ()
    findings: Mapping[str, int] = {}  # by severity


def read_evidence(value: Mapping[str, Json]) -> Evidence:
    """The evidence in *value*, which the agent's schema has judged; what this build does not know is passed over."""
    found = msgspec.convert({name: value[name] for name in ("requirements", "steps") if name in value}, Evidence)
    counts = value.get("findings")
    totals = counts if isinstance(counts, Mapping) else {}
    return msgspec.structs.replace(found, findings={name: n for name, n in totals.items() if isinstance(n, int)})
