"""Which of the six shapes a workflow has: what `check`, `plan` and `workflows show` call it."""

from typing import Literal

from fairlead.core.readings import readings_of_step
from fairlead.core.workflow import ChooseAction, LoopAction, ParallelAction, Planned, Workflow

Shape = Literal["sequential", "parallel", "conditional", "iterative", "pipeline", "graph"]

# What each shape promises, for people; the order is that in which a workflow with several of them is named.
SHAPES: dict[Shape, str] = {
    "graph": "only `needs` and `after` say what comes first",
    "iterative": "steps again and again, each round from what was kept",
    "parallel": "steps or items side by side; outputs in the order of the inputs",
    "conditional": "which steps run depends on values",
    "pipeline": "each stage is given what the stage before it put out, and nothing else",
    "sequential": "each step after the one above",
}


def shapes_of(workflow: Workflow) -> tuple[Shape, ...]:
    """All shapes that appear in *workflow*; the first one names it."""
    found: set[Shape] = {one for planned in workflow.plan.values() for one in _shapes_of_step(planned)}
    if workflow.flow == "graph":
        found.add("graph")
    elif not found & {"parallel", "conditional", "iterative"}:
        found.add("pipeline" if _is_pipeline(workflow) else "sequential")
    return tuple(shape for shape in SHAPES if shape in found)


def _is_pipeline(workflow: Workflow) -> bool:
    """Whether each step after the first reads what the step before it put out, and no other step."""
    stages = [planned.step for planned in workflow.plan.values() if planned.parent is None and not planned.is_closing]
    if workflow.flow != "sequence" or len(stages) < 2:
        return False
    for earlier, stage in zip((None, *stages), stages, strict=False):
        read = {str(one.path[0]) for one in readings_of_step(stage) if one.root == "steps" and one.path}
        if read != ({earlier.id} if earlier is not None else set()):
            return False
    return True


def _shapes_of_step(planned: Planned) -> set[Shape]:
    step = planned.step
    found: set[Shape] = set()
    if isinstance(step.action, ParallelAction) or step.each is not None:
        found.add("parallel")
    if isinstance(step.action, ChooseAction) or step.condition:
        found.add("conditional")
    if isinstance(step.action, LoopAction):
        found.add("iterative")
    return found
