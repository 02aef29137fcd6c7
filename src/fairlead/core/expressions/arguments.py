"""What functions ask of what they are given."""

from fairlead.core.expressions.problems import UNFIT, Fault
from fairlead.core.expressions.values import Meter, kind_of
from fairlead.core.json import Json

_TEXT_STEP = 4_096  # characters that a function may look at for one step


def text_of(value: Json, name: str, what: str) -> str:
    if not isinstance(value, str):
        raise Fault(UNFIT, f"`{name}` needs text {what}, not {kind_of(value)}")
    return value


def whole_of(value: Json, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(UNFIT, f"`{name}` needs a whole number, not {kind_of(value)}")
    return value


def list_of(value: Json, name: str) -> list[Json] | tuple[Json, ...]:
    if not isinstance(value, list | tuple):
        raise Fault(UNFIT, f"`{name}` is a function of lists, not of {kind_of(value)}")
    return value


def two_texts(meter: Meter, name: str, one: Json, other: Json) -> tuple[str, str]:
    text = text_of(one, name, "before it")
    meter.steps(len(text) // _TEXT_STEP)
    return text, text_of(other, name, "as argument")
