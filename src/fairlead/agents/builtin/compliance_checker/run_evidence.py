"""What a run has recorded of itself as evidence for controls: who approved, and what its checks showed."""

from collections.abc import Mapping, Sequence

from fairlead.agents.builtin.compliance_checker.records import Check, Place
from fairlead.core.json import Json

APPROVED, SHOWN = "run-approved", "run-shown"


def checks(evidence: Mapping[str, Json]) -> dict[str, Check]:
    """The checks of the run's own evidence, as `run.evidence` gives it."""
    run = str(evidence.get("run") or "the run")
    return {
        APPROVED: _approved(run, evidence.get("steps") or ()),
        SHOWN: _shown(run, evidence.get("requirements") or ()),
    }


def _approved(run: str, steps: Sequence[Mapping[str, Json]]) -> Check:
    """Every decision of a person counts; an effect that nobody was asked about keeps the control open."""
    check = Check()
    for step in steps:
        people = [one for one in step.get("decisions") or () if one.get("choice") in ("approve", "approve_subset")]
        for one in people:
            said = f"approved by {one.get('by')}" + (", who asked for the run" if one.get("is_self") else "")
            check.evidence.append(Place(f"{run}/{step['id']}", 0, said))
    if not check.evidence:
        if any(step.get("kind") == "effect" and step.get("status") in ("succeeded", "degraded") for step in steps):
            check.lacking.append("The run changed something outside, and nobody approved anything in it.")
        else:
            check.not_applicable = "The run has changed nothing outside so far."
    return check


def _shown(run: str, requirements: Sequence[Mapping[str, Json]]) -> Check:
    check = Check()
    for one in requirements:
        shown = one.get("evidence") or ()
        name = f"{one['id']} ({one['title']})" if one.get("title") else str(one["id"])
        against = [row for row in shown if not row.get("holds") and not row.get("is_warning")]
        if against:
            said = "; ".join(str(row.get("say") or row.get("check") or row.get("step")) for row in against)
            check.lacking.append(f"{name} is not met: {said}")
        elif shown:
            steps = ", ".join(dict.fromkeys(str(row.get("step")) for row in shown))
            check.evidence.append(Place(f"{run}/{shown[0].get('step')}", 0, f"{name}: {steps}"))
    if not requirements:
        check.not_applicable = "The workflow names no requirements."
    return check
