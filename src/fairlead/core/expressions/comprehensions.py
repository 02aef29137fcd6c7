"""The six macros: what each does with the items that it goes through."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fairlead.core.expressions.frames import Frame, Step
from fairlead.core.expressions.problems import LIMIT, UNFIT, EvaluationFailed, Fault
from fairlead.core.expressions.tree import Comprehension
from fairlead.core.expressions.values import ABSENT, Maybe, kind_of, sorted_by
from fairlead.core.json import Json


class Loop(NamedTuple):
    """A comprehension, compiled: where its variable lives, its bodies, and the steps that one item costs."""

    slot: int
    bodies: tuple[Step, ...]
    steps: int
    tree: Comprehension

    def enter(self, frame: Frame, item: Json) -> None:
        """Take *item* as the variable, and count it."""
        meter = frame.meter
        meter.steps_left -= self.steps
        if meter.steps_left < 0:
            raise EvaluationFailed(
                LIMIT, f"the expression takes more than {meter.steps_max:,} steps", self.tree.start, self.tree.end
            )
        frame.variables[self.slot] = item

    def holds(self, frame: Frame) -> bool:
        """Whether the condition holds for the item that was entered."""
        value = self.bodies[0](frame)
        if value is True:
            return True
        if value is False or value is ABSENT:
            return False
        body = self.tree.bodies[0]
        said = f"`{self.tree.macro}` needs a condition, and this is {kind_of(value)}"
        raise EvaluationFailed(UNFIT, said, body.start, body.end)

    def keep(self, frame: Frame, kept: list[Json], item: Json) -> None:
        """Add *item* to what is built, and count it."""
        if isinstance(item, Maybe):
            said = "an optional value cannot be a part of a list: add `.orValue(…)`"
            raise EvaluationFailed(UNFIT, said, self.tree.start, self.tree.end)
        self.grow(frame, 8)
        kept.append(None if item is ABSENT else item)

    def grow(self, frame: Frame, size: int) -> None:
        """Count what is built."""
        try:
            frame.meter.grow(size)
        except Fault as fault:
            raise EvaluationFailed(fault.code, fault.message, self.tree.start, self.tree.end) from None


Items = Sequence[Json]


def _decided(loop: Loop, frame: Frame, items: Items, decisive: bool) -> bool:
    """`all` and `exists`: one item decides, and only if none does, a failure counts."""
    failure: EvaluationFailed | None = None
    for item in items:
        loop.enter(frame, item)
        try:
            if loop.holds(frame) is decisive:
                return decisive
        except EvaluationFailed as failed:
            if failed.is_limit:
                raise
            failure = failure or failed
    if failure:
        raise failure
    return not decisive


def _all(loop: Loop, frame: Frame, items: Items) -> Json:
    return _decided(loop, frame, items, False)


def _exists(loop: Loop, frame: Frame, items: Items) -> Json:
    return _decided(loop, frame, items, True)


def _exists_one(loop: Loop, frame: Frame, items: Items) -> Json:
    count = 0
    for item in items:
        loop.enter(frame, item)
        count += loop.holds(frame)
    return count == 1


def _filter(loop: Loop, frame: Frame, items: Items) -> Json:
    kept: list[Json] = []
    for item in items:
        loop.enter(frame, item)
        if loop.holds(frame):
            loop.keep(frame, kept, item)
    return kept


def _map(loop: Loop, frame: Frame, items: Items) -> Json:
    kept: list[Json] = []
    body = loop.bodies[-1]
    has_condition = len(loop.bodies) == 2
    for item in items:
        loop.enter(frame, item)
        if not has_condition or loop.holds(frame):
            loop.keep(frame, kept, body(frame))
    return kept


def _sort_by(loop: Loop, frame: Frame, items: Items) -> Json:
    keys: list[Json] = []
    for item in items:
        loop.enter(frame, item)
        loop.keep(frame, keys, loop.bodies[0](frame))
    try:
        return sorted_by(items, keys, "sortBy", frame.meter)
    except Fault as fault:
        raise EvaluationFailed(fault.code, fault.message, loop.tree.start, loop.tree.end) from None


MACRO_BODIES: dict[str, Callable[[Loop, Frame, Items], Json]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "filter": _filter,
    "map": _map,
    "sortBy": _sort_by,
}
