"""Which agents a run calls is settled when it is recorded: those that ship, or the project's as they are then."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from fairlead.core.errors import Diagnostic
from fairlead.core.json import Digest
from fairlead.core.ports import Catalog
from fairlead.core.workflow import (
    Action,
    AgentAction,
    ChooseAction,
    GroupAction,
    LoopAction,
    ParallelAction,
    Step,
    Workflow,
)

_SHIPPED = "builtin/"  # how the source of a card that ships begins

_Pin = Callable[[str], Digest]


def pin_agents(workflow: Workflow, catalog: Catalog) -> Workflow:
    """*workflow* with the digest of every agent of the project that it calls."""
    pins: dict[str, Digest] = {}

    def pin(name: str) -> Digest:
        if name not in pins:
            card = catalog.find(name)
            pins[name] = card.digest if card is not None and _is_own(card.source) else Digest("")
        return pins[name]

    return msgspec.structs.replace(
        workflow, steps=_pinned(workflow.steps, pin), finally_=_pinned(workflow.finally_, pin)
    )


def pin_again(workflow: Workflow, catalog: Catalog) -> tuple[Workflow, tuple[str, ...]]:
    """*workflow* with the agents of the project as they are now, and the names of those that are not there any more.

    A step that called an agent that ships goes on calling that one, whatever the project's files are called.
    """
    owned = {name for name, definition in called_agents(workflow) if definition}
    cards = {name: catalog.find(name) for name in sorted(owned)}
    pins = {name: card.digest for name, card in cards.items() if card and not card.problem and _is_own(card.source)}

    def pin(name: str) -> Digest:
        return pins.get(name, Digest(""))

    pinned = msgspec.structs.replace(
        workflow, steps=_pinned(workflow.steps, pin), finally_=_pinned(workflow.finally_, pin)
    )
    return pinned, tuple(sorted(owned - pins.keys()))


def _is_own(source: str) -> bool:
    """Whether a card with this source does not ship: a file of the project, of the person or of a package."""
    return not source.startswith(_SHIPPED)


def hidden_agents(workflow: Workflow, hiding: Iterable[tuple[str, str]], *, calls_own: bool) -> tuple[Diagnostic, ...]:
    """Warnings, one for each agent that a step names and that *hiding*, names and files of the project, hides."""
    names = {name for name, _ in called_agents(workflow)}
    found = []
    for name, file in hiding:
        if name not in names:
            continue
        if calls_own:
            said = f"`{name}` is the project's own agent {file}, not the one that ships"
            hint = "rename yours to call the one that ships"
        else:
            said = f"{file} has the name of an agent that ships; this workflow calls the one that ships"
            hint = "a workflow of your own calls yours: `fairlead init` writes one to start from"
        found.append(Diagnostic("FL-A016", said, is_warning=True, hints=(hint,)))
    return tuple(found)


def rebuilt(steps: tuple[Step, ...], change: Callable[[Step], Step]) -> tuple[Step, ...]:
    """*steps* and all steps inside them, each as *change* makes it."""
    return tuple(change(msgspec.structs.replace(step, action=_inside(step.action, change))) for step in steps)


def _inside(action: Action, change: Callable[[Step], Step]) -> Action:
    match action:
        case ParallelAction() | GroupAction() | LoopAction():
            return msgspec.structs.replace(action, steps=rebuilt(action.steps, change))
        case ChooseAction(branches):
            return ChooseAction(
                tuple(msgspec.structs.replace(one, steps=rebuilt(one.steps, change)) for one in branches)
            )
        case other:
            return other


def _pinned(steps: tuple[Step, ...], pin: _Pin) -> tuple[Step, ...]:
    def change(step: Step) -> Step:
        action = step.action
        if isinstance(action, AgentAction):
            action = msgspec.structs.replace(action, definition=pin(action.name))
        definitions = tuple(pin(name) for name in step.fallback)
        return msgspec.structs.replace(
            step, action=action, fallback_definitions=definitions if any(definitions) else ()
        )

    return rebuilt(steps, change)


def called_agents(workflow: Workflow) -> Iterator[tuple[str, Digest]]:
    """Name and definition of every agent that a step of *workflow* may call, fallbacks too."""
    for planned in workflow.plan.values():
        step = planned.step
        if isinstance(step.action, AgentAction):
            yield step.action.name, step.action.definition
        known = step.fallback_definitions or (Digest(""),) * len(step.fallback)
        yield from zip(step.fallback, known, strict=True)
