"""One evaluation, and what every closure of it shares: how it fails, and how it counts what it builds."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fairlead.core.expressions.problems import UNFIT, EvaluationFailed, Fault
from fairlead.core.expressions.tree import Part
from fairlead.core.expressions.values import ABSENT, Maybe, Meter
from fairlead.core.json import Json


class Frame:
    """One evaluation: what it reads, what it may cost, and the variables of its comprehensions."""

    __slots__ = ("meter", "scope", "variables")

    def __init__(self, scope: Mapping[str, Json], meter: Meter, variables: int) -> None:
        self.scope = scope
        self.meter = meter
        self.variables: list[Json] = [None] * variables


# A closure gives JSON, and Json is Any.
Step: TypeAlias = Callable[[Frame], Any]


def failed_at(code: str, message: str, place: Part) -> EvaluationFailed:
    return EvaluationFailed(code, message, place.start, place.end)


def grow(frame: Frame, size: int, place: Part) -> None:
    try:
        frame.meter.grow(size)
    except Fault as fault:
        raise failed_at(fault.code, fault.message, place) from None


def within(value: Json, place: Part) -> Json:
    """A value that becomes a part of another: nothing optional, and null for what is absent."""
    if isinstance(value, Maybe):
        raise failed_at(UNFIT, "an optional value cannot be a part of a list or an object: add `.orValue(…)`", place)
    return None if value is ABSENT else value


def raising(code: str, message: str, place: Part) -> Step:
    def fail(frame: Frame) -> Json:
        raise failed_at(code, message, place)

    return fail
