"""What JSON values do with one another: equal, before, plus. Numbers are numbers, whole or not.

Two values of this room are no JSON: `Maybe` (what `.?` gives until `orValue`) and `ABSENT` (a field of a `previous`
that does not exist: every comparison with it is false, everything else with it is absent again).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from fairlead.core.expressions.problems import DIVISION, LIMIT, OUT_OF_RANGE, UNFIT, Fault
from fairlead.core.json import DEPTH_MAX, Json
from fairlead.core.json import kind_of as json_kind_of

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
NAMES_MAX = 8  # fields that a message lists


class Maybe:
    """An optional value."""

    __slots__ = ("has_value", "value")

    def __init__(self, value: Json = None, has_value: bool = True) -> None:
        self.value = value
        self.has_value = has_value


NOTHING: Final = Maybe(has_value=False)


class _Absent:
    __slots__ = ()

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


class Meter:
    """What an evaluation may still cost."""

    __slots__ = ("bytes_left", "bytes_max", "steps_left", "steps_max")

    def __init__(self, steps_max: int, bytes_max: int) -> None:
        self.steps_left = self.steps_max = steps_max
        self.bytes_left = self.bytes_max = bytes_max

    def steps(self, count: int) -> None:
        """Count evaluation steps.

        Raises:
            Fault: there are no more.
        """
        self.steps_left -= count
        if self.steps_left < 0:
            raise Fault(LIMIT, f"the expression takes more than {self.steps_max:,} steps")

    def grow(self, size: int) -> None:
        """Count what is built: a character is one, a place in a list eight.

        Raises:
            Fault: it is too much.
        """
        self.bytes_left -= size
        if self.bytes_left < 0:
            raise Fault(LIMIT, f"the expression builds more than {self.bytes_max:,} bytes")


def kind_of(value: Json) -> str:
    """What *value* is, as a sentence says it; an expression may hold what JSON has not."""
    return "an optional value" if isinstance(value, Maybe) else json_kind_of(value)


def fields_of(value: Mapping[str, Json]) -> str:
    """What an object has instead of a field that it does not have, as the end of a sentence."""
    names = sorted(str(name) for name in value)
    if not names:
        return "; it is empty"
    return f"; it has: {', '.join(names[:NAMES_MAX])}{', …' * (len(names) > NAMES_MAX)}"


def are_equal(one: Json, other: Json, meter: Meter, depth: int = 0) -> bool:
    """CEL's equality: numbers by value, everything else only with its own kind, lists and objects by their parts."""
    first, second = type(one), type(other)
    if first is second and (first is str or first is int or first is float or first is bool):
        return bool(one == other)
    if one is ABSENT or other is ABSENT:
        return one is None or other is None
    if one is None or other is None:
        return one is other
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float):
        return isinstance(other, int | float) and one == other
    if isinstance(one, str):
        return isinstance(other, str) and one == other
    if depth > DEPTH_MAX:
        raise Fault(LIMIT, f"the values are nested more than {DEPTH_MAX} levels deep")
    if isinstance(one, list | tuple):
        if not isinstance(other, list | tuple) or len(one) != len(other):
            return False
        for left, right in zip(one, other, strict=True):
            meter.steps(1)
            if not are_equal(left, right, meter, depth + 1):
                return False
        return True
    if isinstance(one, Mapping):
        if not isinstance(other, Mapping) or len(one) != len(other):
            return False
        for name, left in one.items():
            meter.steps(1)
            if name not in other or not are_equal(left, other[name], meter, depth + 1):
                return False
        return True
    if isinstance(one, Maybe) and isinstance(other, Maybe):
        return one.has_value == other.has_value and are_equal(one.value, other.value, meter, depth + 1)
    return False


def contains(items: Json, value: Json, meter: Meter) -> bool:
    """`value in items`: among the items of a list, or among the names of an object."""
    if items is ABSENT or value is ABSENT:
        return False
    if isinstance(items, Mapping):
        if isinstance(value, bool | int | float):
            return False
        if not isinstance(value, str):
            raise Fault(UNFIT, f"the fields of an object are named by text, not by {kind_of(value)}")
        return value in items
    if not isinstance(items, list | tuple):
        raise Fault(UNFIT, f"`in` looks into a list or an object, not into {kind_of(items)}")
    meter.steps(len(items) >> 4)
    if type(value) is str:
        return value in items
    return any(are_equal(value, item, meter) for item in items)


def compare(sign: str, one: Json, other: Json) -> Json:
    """`<`, `<=`, `>`, `>=` between numbers, texts or booleans."""
    if one is ABSENT or other is ABSENT:
        return False
    if not (
        (_is_number(one) and _is_number(other))
        or (isinstance(one, str) and isinstance(other, str))
        or (isinstance(one, bool) and isinstance(other, bool))
    ):
        raise Fault(UNFIT, f"`{sign}` cannot compare {kind_of(one)} with {kind_of(other)}")
    return _COMPARISONS[sign](one, other)


_COMPARISONS: dict[str, Callable[[Json, Json], bool]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
}


def calculate(sign: str, one: Json, other: Json, meter: Meter) -> Json:
    """`+ - * / %` between numbers; `+` between texts and between lists too."""
    if one is ABSENT or other is ABSENT:
        return ABSENT
    if _is_number(one) and _is_number(other):
        return _number(sign, one, other)
    if sign == "+":
        if isinstance(one, str) and isinstance(other, str):
            meter.grow(len(one) + len(other))
            return one + other
        if isinstance(one, list | tuple) and isinstance(other, list | tuple):
            meter.grow(8 * (len(one) + len(other)))
            return [*one, *other]
    raise Fault(UNFIT, f"`{sign}` does not fit {kind_of(one)} and {kind_of(other)}")


def negated(value: Json) -> Json:
    """`-value`."""
    if value is ABSENT:
        return ABSENT
    if not _is_number(value):
        raise Fault(UNFIT, f"`-` does not fit {kind_of(value)}")
    return checked_number(-value)


def checked_number(number: int | float) -> int | float:
    """*number*, when the language has it.

    Raises:
        Fault: it is beyond 64 bits, infinite, or no number.
    """
    if isinstance(number, int):
        if not INT_MIN <= number <= INT_MAX:
            raise Fault(OUT_OF_RANGE, "the whole number is beyond 64 bits")
    elif not math.isfinite(number):
        raise Fault(OUT_OF_RANGE, "the number is beyond what JSON can say")
    return number


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(sign: str, one: int | float, other: int | float) -> int | float:
    is_whole = isinstance(one, int) and isinstance(other, int)
    if sign in "/%" and other == 0:
        raise Fault(DIVISION, "division by zero" if sign == "/" else "modulo by zero")
    if sign == "%" and other == -1 and one == INT_MIN:
        # The quotient is beyond 64 bits; CEL fails here as it does for `/`, though the rest would be 0.
        raise Fault(OUT_OF_RANGE, "the whole number is beyond 64 bits")
    try:
        match sign:
            case "+":
                found = one + other
            case "-":
                found = one - other
            case "*":
                found = one * other
            case "/":
                found = _quotient(int(one), int(other)) if is_whole else one / other
            case _:
                if not is_whole:
                    raise Fault(UNFIT, "`%` needs two whole numbers")
                found = one - other * _quotient(int(one), int(other))
    except OverflowError:
        raise Fault(OUT_OF_RANGE, "the number is beyond what JSON can say") from None
    return checked_number(found)


def _quotient(one: int, other: int) -> int:
    """The whole quotient, cut towards zero as CEL (and C) does it; Python's own goes down."""
    found = abs(one) // abs(other)
    return found if (one < 0) == (other < 0) else -found


def sorted_by(items: Sequence[Json], keys: Sequence[Json], name: str, meter: Meter) -> list[Json]:
    """*items* in the order of their *keys*, equal ones as they stood; all keys numbers, or texts, or booleans."""
    meter.steps(len(items))
    meter.grow(8 * len(items))
    for one, other in zip(keys, keys[1:] or keys, strict=False):
        try:
            compare("<", one, other)
        except Fault:
            said = f"`{name}` cannot order {kind_of(one)} and {kind_of(other)}"
            raise Fault(
                UNFIT, said if kind_of(one) != kind_of(other) else f"`{name}` cannot order {kind_of(one)}"
            ) from None
    order = sorted(range(len(items)), key=keys.__getitem__)
    return [items[at] for at in order]
