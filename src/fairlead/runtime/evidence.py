"""What a run has proved so far, for whoever writes a verdict about it: `run.evidence`."""

from collections.abc import Callable

import msgspec

from fairlead.core.json import Digest, Json
from fairlead.core.standing import RunState, StepRun
from fairlead.core.transitions import STEP_ENDED

Load = Callable[[Digest], Json]


def evidence_of(state: RunState, load: Load) -> Json:
    """The steps that have ended, and each requirement with the checks that speak for or against it."""
    steps = [step for step in state.in_order() if step.status in STEP_ENDED and not step.suffix]
    return {
        "run": state.run,
        "workflow": state.workflow.name,
        "steps": [_step(step) for step in steps],
        "requirements": _requirements(state, load),
    }


def _step(step: StepRun) -> Json:
    return {
        "id": str(step.place),
        "title": step.planned.step.title,
        "kind": str(step.planned.step.action.__struct_config__.tag),
        "status": step.status,
        "summary": step.summary,
        "agent": step.agent,
        "degraded": list(step.degraded),
        "reason": step.message or step.reason,
        "decisions": [{"by": one.by, "choice": one.choice, "is_self": one.is_self} for one in step.decisions],
        "checks": [msgspec.to_builtins(check) for check in step.checks],
    }


def _requirements(state: RunState, load: Load) -> Json:
    queued = state.queued
    if queued is None or not queued.requirements:
        return []
    asked: list[dict[str, Json]] = load(queued.requirements)
    found: dict[str, list[Json]] = {}
    for step in state.in_order():
        if step.status not in STEP_ENDED or step.status in ("skipped", "cancelled"):
            continue
        for name in step.planned.step.satisfies:
            said = "" if step.is_usable else step.message
            row = {"step": str(step.place), "check": "", "holds": step.status == "succeeded", "say": said}
            found.setdefault(name, []).append(row)
        for check in step.checks:
            for name in check.satisfies:
                row = {"step": str(step.place), "check": check.that, "holds": check.holds, "say": check.say}
                if check.is_warning:
                    row["is_warning"] = True
                found.setdefault(name, []).append(row)
    return [{**one, "evidence": found.get(str(one.get("id")), [])} for one in asked]
