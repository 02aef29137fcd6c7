"""Evaluate an expression: pure, bounded, and its value is plain JSON."""

from collections.abc import Mapping

from fairlead.core.expressions.compiling import Frame, Program
from fairlead.core.expressions.parser import Expression
from fairlead.core.expressions.problems import LIMIT, NOT_BOOLEAN, OUT_OF_RANGE, EvaluationFailed, Fault
from fairlead.core.expressions.reads import static_path
from fairlead.core.expressions.values import ABSENT, Maybe, Meter, kind_of
from fairlead.core.json import DEPTH_MAX, INTEGER_MAX, Json

STEPS_MAX = 10_000
BYTES_MAX = 1_000_000


def evaluate(
    expression: Expression, scope: Mapping[str, Json], *, steps_max: int = STEPS_MAX, bytes_max: int = BYTES_MAX
) -> Json:
    """The value of *expression*. *scope* holds its roots; mappings in it may work out their values when they are read.

    An expression that only names a value gives that very object, whatever its size.

    Raises:
        EvaluationFailed: a value is missing or does not fit, or a limit was reached (FL-E030).
    """
    value = _evaluated(expression, scope, steps_max, bytes_max)
    if value is None or value is ABSENT:
        return None
    kind = type(value)
    if kind is bool or kind is str or kind is float:
        return value
    if kind is dict and static_path(expression.tree):
        return value
    try:
        return _plain(value, Meter(steps_max, bytes_max), 1, bool(static_path(expression.tree)))
    except Fault as fault:
        raise EvaluationFailed(fault.code, fault.message, expression.tree.start, expression.tree.end) from None


def holds(
    expression: Expression, scope: Mapping[str, Json], *, steps_max: int = STEPS_MAX, bytes_max: int = BYTES_MAX
) -> bool:
    """Whether a condition holds. Only `true` and `false` are answers; what compares with an absent value is false.

    Raises:
        EvaluationFailed: as `evaluate`, and when the value is no boolean.
    """
    value = _evaluated(expression, scope, steps_max, bytes_max)
    if value is True:
        return True
    if value is False or value is ABSENT:
        return False
    tree = expression.tree
    raise EvaluationFailed(
        NOT_BOOLEAN, f"a condition has to be true or false, and this is {kind_of(value)}", tree.start, tree.end
    )


def _evaluated(expression: Expression, scope: Mapping[str, Json], steps_max: int, bytes_max: int) -> Json:
    program = expression.program
    if not isinstance(program, Program):
        expression.program = program = Program(expression.text, expression.tree)
    meter = Meter(steps_max, bytes_max)
    meter.steps_left -= program.steps
    if meter.steps_left < 0:
        tree = expression.tree
        raise EvaluationFailed(LIMIT, f"the expression takes more than {steps_max:,} steps", tree.start, tree.end)
    return program.evaluate(Frame(scope, meter, program.variables))


def _plain(value: Json, meter: Meter, depth: int, is_named: bool) -> Json:
    """*value* as JSON, its size counted while it is walked: what shares its parts in memory does not in a text.

    A value that was only named is taken as it is, but for mappings that work out their values.
    """
    match value:
        case bool() | None | float():
            return value
        case int():
            if abs(value) > INTEGER_MAX:
                raise Fault(OUT_OF_RANGE, f"{value} is beyond 2**53, where JSON's readers lose digits")
            return value
        case str():
            if not is_named:
                meter.grow(len(value))
            return value
        case Maybe():
            return _plain(value.value, meter, depth, is_named)
    if value is ABSENT:
        return None
    if depth > DEPTH_MAX:
        raise Fault(LIMIT, f"the value is nested more than {DEPTH_MAX} levels deep")
    if is_named and type(value) in (dict, list):
        return value
    if not is_named:
        meter.grow(8 + 8 * len(value))
    if isinstance(value, Mapping):
        plain = {name: _plain(item, meter, depth + 1, is_named) for name, item in value.items()}
        if not is_named:
            meter.grow(sum(map(len, plain)))
        return plain
    return [_plain(item, meter, depth + 1, is_named) for item in value]
