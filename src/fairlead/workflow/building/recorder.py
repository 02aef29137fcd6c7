"""What calls of the builder have recorded so far: steps, on the level on which each of them stands."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Literal

from fairlead.core.json import Json
from fairlead.workflow.building.calls import calling_place, refuse
from fairlead.workflow.building.functions import field
from fairlead.workflow.building.recording import Recorded, bare_name, fan_out, plain, unknown_names
from fairlead.workflow.building.symbols import Symbol
from fairlead.workflow.keys import ACTIONS, STEP, TAKEN_BY

_NOT_GIVEN = frozenset(("id", *ACTIONS))


class Recorder:
    """The steps of one workflow. `steps` and `closing` are what the file has under `steps` and `finally`."""

    def __init__(self) -> None:
        self.steps: list[Json] = []
        self.closing: list[Json] = []
        self._open: list[list[Json]] = [self.steps]  # the lists that calls add to, the innermost last
        self._branches: list[list[Json]] = []  # those of each open `choose`

    def step(
        self, action: str, id: str, value: Json, modifiers: Mapping[str, object], inner: Sequence[str] = ()
    ) -> Symbol:
        """Record one step; keys that are *inner* belong to the action, the others to the step."""
        given = fan_out({bare_name(name): one for name, one in modifiers.items() if name != "x"})
        taken = [key for key in STEP.names if action in TAKEN_BY.get(key, (action,)) and key not in _NOT_GIVEN]
        unknown_names(given, [*inner, *taken], f"`{action}`")
        step: dict[str, Json] = {"id": plain(id), action: value}
        for key, one in given.items():
            target = value if key in inner else step
            target[key] = plain(one, key)
        step.update(extra(modifiers.get("x")))
        if self._branches and self._branches[-1] is self._open[-1]:
            refuse("FL-W327", "a step stands in `choose` outside of its branches", "put it into `with wf.when(…):`")
        self._open[-1].append(Recorded(calling_place(), step))
        return field("steps", str(step["id"]))

    def block(
        self,
        action: Literal["parallel", "loop", "steps", "choose"],
        id: str,
        given: dict[str, Json] | None,
        modifiers: Mapping[str, object],
        inner: Sequence[str] = (),
    ) -> AbstractContextManager[Symbol]:
        """Record a block; the calls inside its `with` statement add to it."""
        inside: list[Json] = []
        value: Json = inside if given is None else {**given, "steps": inside}
        symbol = self.step(action, id, value, modifiers, [key for key in inner if key != "steps"])
        return self._filled(symbol, inside, action == "choose")

    @contextmanager
    def branch(self, branch: dict[str, Json]) -> Iterator[None]:
        """Record a branch of the innermost `choose`; the calls inside add to it."""
        if not self._branches or self._branches[-1] is not self._open[-1]:
            refuse("FL-W327", "a branch stands outside of `choose`", "put it into `with wf.choose(…):`")
        inside: list[Json] = []
        self._branches[-1].append(Recorded(calling_place(), {**branch, "steps": inside}))
        with self.inside(inside):
            yield

    @contextmanager
    def inside(self, steps: list[Json]) -> Iterator[None]:
        """Calls add to *steps* until the block ends."""
        self._open.append(steps)
        try:
            yield
        finally:
            self._open.pop()

    @contextmanager
    def _filled(self, symbol: Symbol, inside: list[Json], is_choice: bool) -> Iterator[Symbol]:
        if is_choice:
            self._branches.append(inside)
        try:
            with self.inside(inside):
                yield symbol
        finally:
            if is_choice:
                self._branches.pop()


def extra(given: object) -> dict[str, Json]:
    """The keys that Fairlead carries and does not read, each with its `x-`."""
    if not isinstance(given, Mapping):
        return {}
    return {f"x-{str(name).removeprefix('x-')}": plain(value, "with") for name, value in given.items()}
