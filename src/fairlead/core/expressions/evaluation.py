"""Evaluate an expression: pure, bounded, and its value is plain JSON."""

from collections.abc import Mapping

from fairlead.core.expressions.compiling import Program
from fairlead.core.expressions.frames import Frame
from fairlead.core.expressions.handing import handed_out
from fairlead.core.expressions.parser import Expression
from fairlead.core.expressions.problems import LIMIT, NOT_BOOLEAN, EvaluationFailed, Fault
from fairlead.core.expressions.values import ABSENT, Meter, kind_of
from fairlead.core.json import Json

STEPS_MAX = 10_000
BYTES_MAX = 1_000_000  # of what is built on the way, and of the value as JSON


def evaluate(
    expression: Expression, scope: Mapping[str, Json], *, steps_max: int = STEPS_MAX, bytes_max: int = BYTES_MAX
) -> Json:
    """The value of *expression*. *scope* holds its roots; mappings in it may work out their values when they are read.

    An expression that only names a value gives that very object, whatever its size.

    Raises:
        EvaluationFailed: a value is missing or does not fit, or a limit was reached (FL-E030).
    """
    value, building = _evaluated(expression, scope, steps_max, bytes_max)
    try:
        return handed_out(value, building, bytes_max)
    except Fault as fault:
        raise EvaluationFailed(fault.code, fault.message, expression.tree.start, expression.tree.end) from None


def holds(
    expression: Expression, scope: Mapping[str, Json], *, steps_max: int = STEPS_MAX, bytes_max: int = BYTES_MAX
) -> bool:
    """Whether a condition holds. Only `true` and `false` are answers; what compares with an absent value is false.

    Raises:
        EvaluationFailed: as `evaluate`, and when the value is no boolean.
    """
    value, _ = _evaluated(expression, scope, steps_max, bytes_max)
    if value is True:
        return True
    if value is False or value is ABSENT:
        return False
    tree = expression.tree
    raise EvaluationFailed(
        NOT_BOOLEAN, f"a condition has to be true or false, and this is {kind_of(value)}", tree.start, tree.end
    )


def _evaluated(expression: Expression, scope: Mapping[str, Json], steps_max: int, bytes_max: int) -> tuple[Json, int]:
    """The value, and how far the expression put it together."""
    program = expression.program
    if not isinstance(program, Program):
        expression.program = program = Program(expression.text, expression.tree)
    meter = Meter(steps_max, bytes_max)
    meter.steps_left -= program.steps
    if meter.steps_left < 0:
        tree = expression.tree
        raise EvaluationFailed(LIMIT, f"the expression takes more than {steps_max:,} steps", tree.start, tree.end)
    return program.evaluate(Frame(scope, meter, program.variables)), program.building
