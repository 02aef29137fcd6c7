"""Closures of the operators. The common case stands in the closure itself; everything else is in `values.py`."""

from fairlead.core.expressions.frames import Frame, Step, failed_at
from fairlead.core.expressions.problems import OUT_OF_RANGE, UNFIT, EvaluationFailed, Fault
from fairlead.core.expressions.tree import Binary, Tree, Unary
from fairlead.core.expressions.values import (
    ABSENT,
    INT_MAX,
    INT_MIN,
    are_equal,
    calculate,
    compare,
    contains,
    kind_of,
    negated,
)
from fairlead.core.json import Json


def inverted(operand: Step, tree: Unary) -> Step:
    def invert(frame: Frame) -> Json:
        value = operand(frame)
        if value is True:
            return False
        if value is False:
            return True
        if value is ABSENT:
            return ABSENT
        raise failed_at(UNFIT, f"`!` needs a boolean, not {kind_of(value)}", tree)

    return invert


def negation(operand: Step, tree: Unary) -> Step:
    def minus(frame: Frame) -> Json:
        try:
            return negated(operand(frame))
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None

    return minus


def logic(sign: str, operands: tuple[tuple[Step, Tree], ...]) -> Step:
    """`&&` and `||`: one decisive operand decides, whatever the others do, and in whatever order they stand."""
    decisive = sign == "||"

    def logic(frame: Frame) -> Json:
        failure: EvaluationFailed | None = None
        for operand, place in operands:
            try:
                value = operand(frame)
            except EvaluationFailed as failed:
                if failed.is_limit:
                    raise
                failure = failure or failed
                continue
            if value is decisive:
                return decisive
            if value is not True and value is not False and value is not ABSENT:
                said = f"`{sign}` needs booleans, not {kind_of(value)}"
                failure = failure or failed_at(UNFIT, said, place)
            elif value is ABSENT and not decisive:
                return False
        if failure:
            raise failure
        return not decisive

    return logic


def choice(condition: Step, then: Step, otherwise: Step, place: Tree) -> Step:
    def choose(frame: Frame) -> Json:
        value = condition(frame)
        if value is True:
            return then(frame)
        if value is False or value is ABSENT:
            return otherwise(frame)
        raise failed_at(UNFIT, f"the condition before `?` has to be a boolean, not {kind_of(value)}", place)

    return choose


def equality(left: Step, right: Step, tree: Binary, wanted: bool) -> Step:
    def equal(frame: Frame) -> Json:
        one, other = left(frame), right(frame)
        kind = type(one)
        if kind is type(other) and (kind is str or kind is int):
            return (one == other) is wanted
        try:
            if are_equal(one, other, frame.meter):
                return wanted
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None
        return not wanted and one is not ABSENT and other is not ABSENT

    return equal


def comparison(sign: str, left: Step, right: Step, tree: Binary) -> Step:
    is_less, with_equal = sign[0] == "<", len(sign) == 2

    def compared(frame: Frame) -> Json:
        one, other = left(frame), right(frame)
        first, second = type(one), type(other)
        if (first is int or first is float) and (second is int or second is float):
            if with_equal and one == other:
                return True
            return one < other if is_less else one > other
        try:
            return compare(sign, one, other)
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None

    return compared


def membership(left: Step, right: Step, tree: Binary) -> Step:
    def within(frame: Frame) -> Json:
        value = left(frame)
        try:
            return contains(right(frame), value, frame.meter)
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None

    return within


def arithmetic(sign: str, left: Step, right: Step, tree: Binary) -> Step:
    def slow(frame: Frame, one: Json, other: Json) -> Json:
        try:
            return calculate(sign, one, other, frame.meter)
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None

    if sign not in "+-":
        return lambda frame: slow(frame, left(frame), right(frame))
    is_plus = sign == "+"

    def added(frame: Frame) -> Json:
        one, other = left(frame), right(frame)
        if type(one) is int and type(other) is int:
            found = one + other if is_plus else one - other
            if INT_MIN <= found <= INT_MAX:
                return found
            raise failed_at(OUT_OF_RANGE, "the whole number is beyond 64 bits", tree)
        return slow(frame, one, other)

    return added
