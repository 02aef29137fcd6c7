"""Google's implementation of CEL as a second opinion on expressions of the profile."""

from collections import Counter
from typing import Any, NamedTuple

import pytest

from fairlead.core.expressions import ANY, EvaluationFailed, Malformed, Type, evaluate, list_of, parse, typed
from fairlead.core.expressions.types import BOOL, INT, NUMBER, STRING
from fairlead.core.json import Json
from tests.core.expressions.generator import SCOPE, TYPES

_REASON = "cel-expr-python has no wheel for this machine"
cel: Any = pytest.importorskip("cel_expr_python.cel", reason=_REASON)
ext_optional: Any = pytest.importorskip("cel_expr_python.ext.ext_optional", reason=_REASON)
ext_strings: Any = pytest.importorskip("cel_expr_python.ext.ext_strings", reason=_REASON)


class Answer(NamedTuple):
    """A value, or that there is none."""

    value: Json
    error: str = ""  # empty when there is a value
    is_typed: bool = True  # the type check had nothing to say

    def is_same(self, other: "Answer") -> bool:
        """Both have no value, or equal ones of the same type through and through."""
        if self.error or other.error:
            return bool(self.error) == bool(other.error)
        return bool(_shape(self.value) == _shape(other.value))


def _shape(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_shape(item) for item in value]
    return (type(value).__name__, value)


class Oracle:
    """The same scope in both languages."""

    def __init__(self) -> None:
        kinds = {
            "int": cel.Type.INT,
            "double": cel.Type.DOUBLE,
            "string": cel.Type.STRING,
            "bool": cel.Type.BOOL,
            "list(int)": cel.Type.List(cel.Type.INT),
            "list(string)": cel.Type.List(cel.Type.STRING),
            "map": cel.Type.Map(cel.Type.STRING, cel.Type.INT),
            "any": cel.Type.DYN,
        }
        self._env = cel.NewEnv(
            variables={name: kinds[kind] for name, kind in TYPES.items()},
            extensions=[ext_strings.ExtStrings(), ext_optional.ExtOptional()],
        )

    def answer(self, text: str) -> Answer:
        """What the oracle makes of *text*; an expression that it finds ill typed is evaluated all the same."""
        is_typed = True
        try:
            compiled = self._env.compile(text)
        except RuntimeError:
            is_typed = False
            try:
                compiled = self._env.compile(text, disable_check=True)
            except RuntimeError as error:
                return Answer(None, f"refused: {error}", False)
        try:
            value = compiled.eval(data=SCOPE)
        except RuntimeError as error:
            return Answer(None, str(error), is_typed)
        if value.type() == cel.Type.ERROR:
            return Answer(None, str(value.value()), is_typed)
        return Answer(value.plain_value(), "", is_typed)


_OURS: dict[str, Type] = {
    "int": INT,
    "double": NUMBER,
    "string": STRING,
    "bool": BOOL,
    "list(int)": list_of(INT),
    "list(string)": list_of(STRING),
    "map": Type("object", INT),
    "any": ANY,
}
ROOTS = {name: _OURS[kind] for name, kind in TYPES.items()}


def ours(text: str) -> Answer:
    """What Fairlead makes of *text*."""
    try:
        expression = parse(text)
    except Malformed as error:
        return Answer(None, f"refused: {error}", False)
    is_typed = not typed(expression, ROOTS).problems
    try:
        return Answer(evaluate(expression, SCOPE, steps_max=1_000_000), "", is_typed)
    except EvaluationFailed as failed:
        return Answer(None, f"{failed.code} {failed.message}", is_typed)


class Difference(NamedTuple):
    """Two answers to one expression that nothing explains."""

    text: str
    theirs: Answer
    ours: Answer


# What ours says where the profile decides otherwise, and why; docs/reference/expressions.md says the same to authors.
DECIDED_BY_US = {
    "the number is beyond what JSON can say": "JSON has neither infinity nor NaN",
    "division by zero": "JSON has neither infinity nor NaN: numbers are not divided by 0.0 either",
    "is beyond 2**53": "beyond 2**53 readers of JSON lose digits: computed, and given to nobody",
    "the fields of an object are named by text": "the names of an object's fields are text in JSON",
    "`int` does not fit a boolean": "a boolean is no number",
    "`double` does not fit a boolean": "a boolean is no number",
}
# What theirs says where it departs from its own documentation, or lacks a function that ours has.
EXCUSED_OF_THEM = {
    **dict.fromkeys(
        (f"_{sign}_({kinds})" for sign in "+-*/" for kinds in ("double, int64", "int64, double")),
        "whole numbers and others mix",
    ),
    "<start> or <end> is greater than <string>.size()": "a part may end where the text ends",
    "duplicate key in map": "a field that stands twice is a failure like others, which `||` may pass over",
    "(list).indexOf(": "lists have indexOf too",
    "(list).lastIndexOf(": "lists have lastIndexOf too",
}


def explanation(theirs: Answer, own: Answer) -> str:
    """Why two answers may differ; empty when they may not."""
    for table, said in ((DECIDED_BY_US, own.error), (EXCUSED_OF_THEM, theirs.error)):
        for words, why in table.items():
            if words in said:
                return why
    return ""


class Tally:
    """What a comparison of many expressions came to."""

    def __init__(self) -> None:
        self.count = 0
        self.values = 0
        self.explained: Counter[str] = Counter()
        self.differences: list[Difference] = []
        self.false_alarms: list[str] = []

    def compare(self, oracle: Oracle, text: str) -> None:
        """Ask both."""
        theirs, own = oracle.answer(text), ours(text)
        if "is beyond 2**53" in own.error and type(theirs.value) is int:
            # It is handed to nobody, but it is computed: compare what it is written as.
            theirs, own = theirs._replace(value=str(theirs.value)), ours(f"string({text})")
        self.count += 1
        self.values += not theirs.error and not own.error
        if not theirs.is_same(own):
            if why := explanation(theirs, own):
                self.explained[why] += 1
            else:
                self.differences.append(Difference(text, theirs, own))
        if theirs.is_typed and not own.is_typed and not (alarm_is_decided(text)):
            self.false_alarms.append(text)


def alarm_is_decided(text: str) -> bool:
    """The type check finds only what the profile decides: names of fields that are not text, or stand twice."""
    found = typed(parse(text), ROOTS).problems
    return all(one.code == "FL-E026" or "the fields of an object are named by text" in one.message for one in found)
