"""The expressions of the four example workflows, which the benchmark measures, have values and are found right."""

import pytest

from benchmarks.expressions import EXPRESSIONS, SCOPE
from fairlead.core.expressions import ANY, evaluate, parse, typed
from fairlead.core.json import encode


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_each_has_a_value_and_nothing_is_called_wrong(text: str) -> None:
    expression = parse(text)
    assert typed(expression, dict.fromkeys(SCOPE, ANY)).problems == ()
    assert encode(evaluate(expression, SCOPE))
    assert expression.reads


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (6, False),
        (8, False),
        (9, 1),
        (13, True),
        (17, ["one", "two"]),
        (20, True),
        (23, True),
        (29, "update"),
        (34, False),
    ],
)
def test_some_of_their_values(index: int, value: object) -> None:
    assert evaluate(parse(EXPRESSIONS[index]), SCOPE) == value
