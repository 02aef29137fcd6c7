"""What a plain scalar means in the core schema of YAML 1.2: never what YAML 1.1 made of `on`, `no` and `12:30`."""

import re
from typing import NamedTuple

from fairlead.core.json import INTEGER_MAX, Json


class Unfit(NamedTuple):
    """A number that JSON cannot hold, and what to do about it."""

    reason: str
    hint: str


_CONSTANTS: dict[str, Json] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_A_NUMBER = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)


def resolve_scalar(text: str) -> "Json | Unfit":
    """What a plain scalar means in the core schema of YAML 1.2."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _INTEGER.fullmatch(text):
        if len(text) > 20:
            return Unfit("an integer beyond 2**53 loses digits in JSON", "put it in quotes to keep it as text")
        number = int(text[2:], 8 if text[1] == "o" else 16) if text[:2] in ("0o", "0x") else int(text)
        if abs(number) > INTEGER_MAX:
            return Unfit("an integer beyond 2**53 loses digits in JSON", "put it in quotes to keep it as text")
        return number
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value if abs(value) != float("inf") else Unfit("the number is too large", "put it in quotes")
    if _NOT_A_NUMBER.fullmatch(text):
        return Unfit("infinity and not-a-number have no form in JSON", "put it in quotes to keep it as text")
    return text
