"""From a step that may start to the call it makes: references become values."""

from collections.abc import Callable, Iterator, Mapping

import msgspec

from fairlead.core.events import AttemptFailed
from fairlead.core.findings import path_from_text
from fairlead.core.ids import Place
from fairlead.core.json import Digest, Json
from fairlead.core.lineage import SideBySide, tree_before
from fairlead.core.ports import Call
from fairlead.core.references import Unresolved, resolve
from fairlead.core.state import RunState
from fairlead.core.workflow import AgentAction, RunAction

Load = Callable[[Digest], bytes]


def call_for(state: RunState, place: Place, attempt: int, load: Load) -> Call | AttemptFailed:
    """The call of the step at *place*, or why its author's text cannot become one."""
    planned = state.workflow.plan[place]
    assert state.queued is not None  # a run that may start steps has been queued
    step = planned.step
    argv: tuple[str, ...] = ()
    definition = Digest("")
    try:
        scope = Scope(state, load)
        given = resolve(step.given, scope)
        tree = tree_before(state, place)
        match step.action:
            case AgentAction(name, definition):
                agent = name
            case RunAction(words):
                agent, argv = "run", tuple(_word(resolve(word, scope)) for word in words)
            case _:
                raise AssertionError(f"{place} is a block: it makes no call")
    except Unresolved as error:
        return AttemptFailed(place, attempt, "author", "FL-E101", str(error), "fairlead check shows the place")
    except SideBySide as error:
        hint = "put the steps that write one after the other"
        return AttemptFailed(place, attempt, "author", "FL-R211", str(error), hint)
    root = path_from_text(state.queued.root)
    return Call(state.run, place, attempt, agent, given, root, argv, step.timeout_s, tree, definition)


def _word(value: Json) -> str:
    """One word of an argv: text as it is, everything else as its JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class Scope(Mapping[str, Json]):
    """What a reference may read: `inputs`, `steps` and `run`. Large outputs are loaded when one is read."""

    def __init__(self, state: RunState, load: Load) -> None:
        self._state = state
        self._load = load

    def __getitem__(self, root: str) -> Json:
        if root == "inputs":
            return self._state.inputs
        if root == "run":
            return {"id": self._state.run}
        if root == "steps":
            return _Steps(self._state, self._load)
        raise KeyError(root)

    def __iter__(self) -> Iterator[str]:
        return iter(("inputs", "run", "steps"))

    def __len__(self) -> int:
        return 3


class _Steps(Mapping[str, Json]):
    def __init__(self, state: RunState, load: Load) -> None:
        self._state = state
        self._load = load

    def __getitem__(self, name: str) -> Json:
        place = Place(name)
        step = self._state.steps[place]
        facts: dict[str, Json] = {"status": step.status}
        if step.output_ref and step.is_usable:
            facts["output"] = msgspec.json.decode(self._load(step.output_ref))
        elif step.is_usable:
            facts["output"] = self._state.output_of(place)
        return facts

    def __iter__(self) -> Iterator[str]:
        return iter(self._state.steps)

    def __len__(self) -> int:
        return len(self._state.steps)
