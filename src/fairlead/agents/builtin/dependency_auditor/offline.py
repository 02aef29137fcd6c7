"""The dependency-auditor without the machine's data: what takes over when they cannot be asked, and says so."""

from collections.abc import Mapping

import msgspec

from fairlead.agents.builtin.dependency_auditor.audit import audit_with
from fairlead.agents.builtin.dependency_auditor.known import Known, age_clause, shipped_counts
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld


def audit(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Audit by the small set that ships, whatever was imported. It is always degraded, with the day of the data."""
    outcome = audit_with(inputs, world, Known(world, is_only_shipped=True))
    if not isinstance(outcome, Succeeded):
        return outcome
    _, day, _ = shipped_counts()
    reason = (
        f"Only the advisories that ship were asked, as of {day}{age_clause(day, world.today)}:"
        " what they do not know is not clean."
    )
    others = [said for said in outcome.degraded if "the small set that ships" not in said]  # the same, said shorter
    return msgspec.structs.replace(outcome, degraded=(reason, *others))
