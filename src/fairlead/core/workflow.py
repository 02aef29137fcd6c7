"""A workflow as the engine knows it: checked, immutable, named by its digest. Files and builders both end here."""

from functools import cached_property
from typing import Literal

import msgspec

from fairlead.core.ids import Place
from fairlead.core.json import Digest, Json, digest, encode

Flow = Literal["sequence", "graph"]
InputType = Literal["string", "number", "integer", "boolean", "array", "object", "path"]

TIMEOUT_S_DEFAULT = 300.0
TIMEOUT_S_MAX = 3600.0
PARALLEL_DEFAULT = 4
STEPS_MAX = 2_000


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """A declared input of a workflow. An input without a default must be given."""

    type: InputType
    description: str = ""
    default: Json = None
    has_default: bool = False


class AgentAction(msgspec.Struct, frozen=True, tag="agent", omit_defaults=True):
    """Call the agent *name*: the one that ships, or with a digest the project's own, as it was when the run began."""

    name: str
    definition: Digest = Digest("")


class RunAction(msgspec.Struct, frozen=True, tag="run"):
    """Perform a program as argv, without a shell. A word may hold `${ reference }` parts, which stay inside it."""

    argv: tuple[str, ...]


class ParallelAction(msgspec.Struct, frozen=True, tag="parallel", omit_defaults=True):
    """Steps side by side. With `fail_fast`, the first failure skips the rest and cancels what runs."""

    steps: "tuple[Step, ...]"
    max: int = 0  # 0: as many as the run allows
    fail_fast: bool = True


class GroupAction(msgspec.Struct, frozen=True, tag="steps"):
    """Steps one after the other, as one step."""

    steps: "tuple[Step, ...]"


Action = AgentAction | RunAction | ParallelAction | GroupAction


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit of a workflow: exactly one action, and how its end counts."""

    id: str
    action: Action
    title: str = ""
    given: dict[str, Json] = {}  # the file's `with`; strings may hold `${ reference }`
    needs: tuple[str, ...] = ()  # must be usable
    after: tuple[str, ...] = ()  # must have ended
    optional: bool = False
    default: Json = None
    has_default: bool = False
    timeout_s: float = TIMEOUT_S_DEFAULT


class Workflow(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """A checked definition."""

    name: str
    steps: tuple[Step, ...]
    title: str = ""
    description: str = ""
    flow: Flow = "sequence"
    inputs: dict[str, Input] = {}
    finally_: tuple[Step, ...] = ()
    outputs: dict[str, Json] = {}
    parallel_max: int = PARALLEL_DEFAULT  # `agent` and `run` steps at once

    @cached_property
    def digest(self) -> Digest:
        """Names this definition: equal definitions have equal digests, however they were written."""
        return digest(encode(self))

    @cached_property
    def plan(self) -> "dict[Place, Planned]":
        """Every step with its edges resolved, in file order. Computed once; the engine works on this."""
        plan: dict[Place, Planned] = {}
        _lay(self.steps, self.flow == "sequence", None, False, plan)
        _lay(self.finally_, True, None, True, plan)
        for place, planned in plan.items():
            for needed in planned.needs:
                plan[needed].successors.append(place)
            for earlier in planned.after:
                plan[earlier].successors.append(place)
        return plan


class Planned(msgspec.Struct):
    """A step with its edges. `parent` is the block that holds it; a block ends when all its children have ended."""

    step: Step
    index: int
    parent: Place | None
    needs: list[Place]  # must be usable
    after: list[Place]  # must have ended
    is_closing: bool  # stands under `finally`
    children: list[Place] = []
    successors: list[Place] = []


def _lay(
    steps: tuple[Step, ...], is_sequence: bool, parent: Place | None, is_closing: bool, plan: "dict[Place, Planned]"
) -> list[Place]:
    """Put *steps* and everything inside them into *plan*; gives the places of *steps* themselves."""
    places: list[Place] = []
    for step in steps:
        place = Place(step.id)
        needs = [Place(name) for name in step.needs]
        after = [Place(name) for name in step.after]
        if is_sequence and places:
            # Under `finally` every step runs whatever became of the one before: closing work must not be lost. And an
            # optional step without a default gives nothing that the next one could need: it only comes first.
            before = plan[places[-1]].step
            is_order_only = (is_closing and parent is None) or (before.optional and not before.has_default)
            (after if is_order_only else needs).append(places[-1])
        planned = Planned(step, len(plan), parent, needs, after, is_closing)
        plan[place] = planned
        places.append(place)
        if isinstance(step.action, ParallelAction | GroupAction):
            inner_sequence = isinstance(step.action, GroupAction)
            planned.children = _lay(step.action.steps, inner_sequence, place, is_closing, plan)
    return places
