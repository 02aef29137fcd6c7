"""Steps that are never performed: conditions that never hold, branches never taken, and whatever needs those."""

from fairlead.core.expressions import Malformed, parse
from fairlead.core.expressions.tree import Constant
from fairlead.core.workflow import ChooseAction
from fairlead.workflow.levels import Level, StepText
from fairlead.workflow.reading import Read
from fairlead.workflow.source import Source


def check_reach(read: Read, source: Source) -> None:
    """Warn of every step that no run can perform; what stands inside one is not said again."""
    for level in (read.steps, read.closing):
        _check_level(level, source)


def _check_level(level: Level, source: Source) -> None:
    never: dict[str, str] = {}  # step → why
    by_id = {text.step.id: text for text in level.texts}
    for text in _in_order(level, by_id):
        step = text.step
        if _constant(step.condition) is False:
            never[step.id] = "its condition never holds"
        else:
            blocked = next((name for name in step.needs if name in never and not _has_default(by_id[name])), None)
            if blocked is not None:
                never[step.id] = f"it needs `{blocked}`, which is never performed"
        if step.id in never:
            node = text.keys["if"].value if "if" in text.keys and "condition" in never[step.id] else text.id_node
            said = f"`{step.id}` is never performed: {never[step.id]}"
            source.add("FL-W135", said, node.start, node.end, "remove it, or mend the condition", is_warning=True)
            continue
        _check_inside(text, source)


def _check_inside(text: StepText, source: Source) -> None:
    action = text.step.action
    taken = ""
    for number, inner in enumerate(text.inner):
        why = ""
        if isinstance(action, ChooseAction) and number < len(action.branches):
            value = _constant(action.branches[number].condition)
            why = "its condition never holds" if value is False else taken
            if value is True:
                taken = "a branch above it is always taken"
        if why and inner.texts:
            node = inner.texts[0].id_node
            said = f"this branch of `{text.step.id}` is never taken: {why}"
            source.add("FL-W135", said, node.start, node.end, "remove it, or mend the condition", is_warning=True)
        else:
            _check_level(inner, source)


def _in_order(level: Level, by_id: dict[str, StepText]) -> list[StepText]:
    """The steps of a list, each after those that it needs. The edges are known to be without a circle."""
    order: list[StepText] = []
    done: set[str] = set()
    for first in level.texts:
        waiting = [first]
        while waiting:
            text = waiting[-1]
            missing = [by_id[name] for name in text.step.needs if name in by_id and name not in done]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            if text.step.id not in done:
                done.add(text.step.id)
                order.append(text)
    return order


def _has_default(text: StepText) -> bool:
    return text.step.optional and text.step.has_default


def _constant(condition: str) -> bool | None:
    """The value of a condition that reads nothing and is one of the two words; `None` for every other."""
    if not condition:
        return None
    try:
        tree = parse(condition).tree
    except Malformed:
        return None
    return tree.value if isinstance(tree, Constant) and isinstance(tree.value, bool) else None
