"""A workflow as a picture: lines of text, Mermaid's flowchart language, or SVG. Drawn from the definition alone."""

from collections.abc import Iterator
from typing import NamedTuple

from fairlead.core.stages import stages_of
from fairlead.core.workflow import (
    AgentAction,
    ApproveAction,
    ChooseAction,
    EffectAction,
    GroupAction,
    LoopAction,
    NotifyAction,
    ParallelAction,
    Planned,
    RunAction,
    WaitAction,
    Workflow,
    WorkflowAction,
)

LABEL_CHARACTERS_MAX = 60


class Arrow(NamedTuple):
    """One edge between two steps of the same list."""

    before: str
    to: str
    is_order_only: bool  # `after`: whatever became of the one before


def arrows_of(workflow: Workflow) -> list[Arrow]:
    """All edges, those that follow from a sequence too, in file order of the later step."""
    found: list[Arrow] = []
    for name, planned in workflow.plan.items():
        found += [Arrow(earlier, name, False) for earlier in dict.fromkeys(planned.needs)]
        found += [Arrow(earlier, name, True) for earlier in dict.fromkeys(planned.after)]
    return found


def label_of(planned: Planned) -> str:
    """What a step does, in few words."""
    step = planned.step
    match step.action:
        case AgentAction(name):
            said = name
        case RunAction(argv):
            said = " ".join(argv)
        case ApproveAction():
            said = "a person decides"
        case EffectAction(kind):
            said = kind
        case NotifyAction(to):
            said = f"tell {', '.join(to)}"
        case WaitAction():
            said = f"wait for {step.action.event or step.action.for_ or step.action.until}"
        case WorkflowAction(name):
            said = f"workflow {name}"
        case ParallelAction():
            said = "side by side"
        case LoopAction():
            said = f"up to {step.action.max} rounds" if isinstance(step.action.max, int) else "rounds"
        case ChooseAction():
            said = "the first branch that holds"
        case GroupAction():
            said = "one after the other"
    if step.each is not None:
        said += f", for each of {step.each.over}"
    return _cut(said)


def condition_of(planned: Planned, workflow: Workflow) -> str:
    """What has to hold for the step to be performed, in words; "" when nothing has."""
    found: list[str] = []
    parent = workflow.plan[planned.parent].step.action if planned.parent is not None else None
    if isinstance(parent, ChooseAction):
        condition = parent.branches[planned.branch].condition
        found.append(f"if {condition}" if condition else "else")
    if planned.step.condition:
        found.append(f"if {planned.step.condition}")
    if planned.is_closing and planned.parent is None:
        found.append("always")
    return _cut(", ".join(found))


def text_graph(workflow: Workflow) -> Iterator[str]:
    """One line for each step: its stage, what it does, and what it comes after."""
    stage_of = {name: number for number, names in enumerate(stages_of(workflow), start=1) for name in names}
    earlier: dict[str, list[str]] = {}
    for arrow in arrows_of(workflow):
        earlier.setdefault(arrow.to, []).append(arrow.before + (" (only after)" if arrow.is_order_only else ""))
    rows: list[tuple[str, str, str]] = []
    for name, planned in workflow.plan.items():
        indent = "  " * _depth(planned, workflow)
        said = ", ".join(filter(None, (label_of(planned), condition_of(planned, workflow))))
        rows.append((f"{stage_of.get(name, ''):>3}  {indent}{name}", said, ", ".join(earlier.get(name, ()))))
    wide = max(len(first) for first, _, _ in rows)
    for first, said, before in rows:
        yield f"{first:<{wide}}  {said}" + (f"  <- {before}" if before else "")


def mermaid_graph(workflow: Workflow) -> Iterator[str]:
    """The flowchart; blocks are subgraphs. Ids get a prefix: words such as `end` mean something there."""
    yield "flowchart TD"
    for planned in workflow.plan.values():
        if planned.parent is None:
            yield from _mermaid_step(planned, workflow, 1)
    for arrow in arrows_of(workflow):
        condition = condition_of(workflow.plan[arrow.to], workflow)
        line = "-.->" if arrow.is_order_only else "-->"
        label = f'|"{_mermaid_text(condition)}"|' if condition else ""
        yield f"  s_{arrow.before} {line}{label} s_{arrow.to}"


# The brackets around a label are the form of a box.
_FORMS: dict[type, tuple[str, str]] = {
    ApproveAction: ("{{", "}}"),
    EffectAction: ("[/", "/]"),
    NotifyAction: (">", "]"),
    WaitAction: ("([", "])"),
    WorkflowAction: ("[[", "]]"),
}


def _mermaid_step(planned: Planned, workflow: Workflow, depth: int) -> Iterator[str]:
    indent = "  " * depth
    # A condition stands on the arrows that lead to its step; without one, in its box.
    condition = "" if planned.needs or planned.after else condition_of(planned, workflow)
    said = f"{planned.step.id}: {label_of(planned)}"
    label = _mermaid_text(f"{said}, {condition}" if condition else said)
    if not planned.is_block:
        begin, end = _FORMS.get(type(planned.step.action), ("[", "]"))
        yield f'{indent}s_{planned.step.id}{begin}"{label}"{end}'
        return
    yield f'{indent}subgraph s_{planned.step.id}["{label}"]'
    for name in planned.children:
        yield from _mermaid_step(workflow.plan[name], workflow, depth + 1)
    yield f"{indent}end"


def _mermaid_text(text: str) -> str:
    """Text that may stand between quotes: what means something there becomes its number."""
    return "".join(f"#{ord(one)};" if one in '"#&;<>`\\' or not one.isprintable() else one for one in text)


def _depth(planned: Planned, workflow: Workflow) -> int:
    depth = 0
    while planned.parent is not None:
        planned = workflow.plan[planned.parent]
        depth += 1
    return depth


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LABEL_CHARACTERS_MAX else text[: LABEL_CHARACTERS_MAX - 1] + "…"
