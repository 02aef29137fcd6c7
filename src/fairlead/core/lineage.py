"""Which tree a step starts from: the newest of those that the steps before it left."""

from fairlead.core.ids import Place
from fairlead.core.state import RunState, StepRun


class SideBySide(Exception):
    """Two steps changed the tree side by side, and a third wants to start from both."""


def tree_before(state: RunState, place: Place) -> str:
    """The recorded tree that the step at *place* starts from; "" is the checkout as it is.

    It is the newest tree among the steps before it: one that descends from all the others.

    Raises:
        SideBySide: there is no such one.
    """
    if not state.lineage:
        return ""
    found: set[str] = set()
    at: Place | None = place
    while at is not None and not found:
        planned = state.workflow.plan[at]
        for earlier in (*planned.needs, *planned.after):
            found |= _trees_left(state, state.steps[earlier])
        if planned.is_closing and planned.parent is None:
            for other, its in state.workflow.plan.items():
                if its.parent is None and not its.is_closing:
                    found |= _trees_left(state, state.steps[other])
        at = planned.parent
    newest = [tree for tree in found if all(other in _ancestry(state, tree) for other in found)]
    if found and not newest:
        raise SideBySide(f"{place} follows steps that changed the tree side by side")
    return newest[0] if newest else ""


def _trees_left(state: RunState, step: StepRun) -> set[str]:
    if step.status not in ("succeeded", "degraded"):
        return set()
    if not step.is_block:
        return {step.tree} - {""}
    return {tree for place in step.planned.children for tree in _trees_left(state, state.steps[place])}


def _ancestry(state: RunState, tree: str) -> set[str]:
    found = {tree}
    while tree and (tree := state.lineage[tree]) not in found:
        found.add(tree)
    return found
