"""Which tree a step starts from: the newest of those that the steps before it left."""

from collections.abc import Sequence

from fairlead.core.ids import Place
from fairlead.core.standing import RunState, StepRun
from fairlead.core.workflow import place_of


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
    found: list[str] = []
    at: StepRun | None = state.steps[place]
    while at is not None and not found:
        if at.kind == "round" and at.parent is not None:
            rounds = state.steps[at.parent].rounds
            return rounds.tree if rounds is not None else ""  # each round starts from what was kept
        planned = at.planned
        if at.kind == "step":
            for earlier in (*planned.needs, *planned.after):
                found += _trees_left(state, state.steps[place_of(earlier, at.suffix)])
        if planned.is_closing and at.parent is None:
            for other in state.workflow.plan.values():
                if other.parent is None and not other.is_closing:
                    found += _trees_left(state, state.steps[place_of(other.step.id, ())])
        at = state.steps[at.parent] if at.parent is not None else None
    return _newest(state, found, place)


def tree_after(state: RunState, place: Place) -> str:
    """The newest of the trees that the steps in the block at *place* left; "" when none wrote.

    Raises:
        SideBySide: two of them changed the tree side by side.
    """
    found = [tree for child in state.steps[place].children for tree in _trees_left(state, state.steps[child])]
    return _newest(state, found, place)


def _newest(state: RunState, found: Sequence[str], place: Place) -> str:
    """The one that descends from all others; of several, where a change was taken back again, the last."""
    newest = [tree for tree in found if all(other in _ancestry(state, tree) for other in found)]
    if found and not newest:
        raise SideBySide(f"{place} follows steps that changed the tree side by side")
    return newest[-1] if newest else ""


def _trees_left(state: RunState, step: StepRun) -> list[str]:
    if step.status not in ("succeeded", "degraded"):
        return []
    if step.is_each:
        return []  # each item worked on a copy of its own: what they give is in their outputs
    if not step.is_block and step.tree and step.tree not in state.lineage:
        # It looked at a commit or another tree and left nothing: what comes after goes on from where it stood itself.
        return _some(tree_before(state, step.place))
    if not step.is_block or step.is_loop:
        return _some(step.tree)
    return [tree for place in step.children for tree in _trees_left(state, state.steps[place])]


def _some(tree: str) -> list[str]:
    return [tree] if tree else []


def _ancestry(state: RunState, tree: str) -> set[str]:
    found = {tree}
    while tree and (tree := state.lineage.get(tree, "")) not in found:
        found.add(tree)
    return found
