"""From one kind of value to another, and numbers as people write them: durations, percentages."""

from fairlead.core.durations import parse_duration
from fairlead.core.expressions.arguments import text_of
from fairlead.core.expressions.problems import OUT_OF_RANGE, UNCONVERTIBLE, UNFIT, Fault
from fairlead.core.expressions.values import INT_MAX, INT_MIN, Meter, checked_number, kind_of
from fairlead.core.json import Json


def int_of(meter: Meter, value: Json) -> Json:
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("-", "+") else value
        if not (digits.isascii() and digits.isdigit()) or len(digits) > 40:
            raise Fault(UNCONVERTIBLE, f"`{value[:40]}` is no whole number")
        return checked_number(int(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault(UNFIT, f"`int` does not fit {kind_of(value)}")
    # The smallest whole number is left out when it comes with a point, as in CEL: what was rounded to it is beyond.
    if isinstance(value, float) and not INT_MIN < value < INT_MAX:
        raise Fault(OUT_OF_RANGE, "the number is beyond 64 bits")
    return int(value)


def double_of(meter: Meter, value: Json) -> Json:
    if isinstance(value, str):
        try:
            number = float(value) if value.isascii() and "_" not in value and value == value.strip() else None
        except ValueError:
            number = None
        if number is None:
            raise Fault(UNCONVERTIBLE, f"`{value[:40]}` is no number")
        return checked_number(number)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Fault(UNFIT, f"`double` does not fit {kind_of(value)}")
    return float(value)


def string_of(meter: Meter, value: Json) -> Json:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case float():
            meter.grow(24)
            return repr(value).removesuffix(".0")
        case int():
            meter.grow(20)
            return str(value)
        case _:
            raise Fault(UNFIT, f"`string` does not fit {kind_of(value)}")


_TRUTHS = {
    **dict.fromkeys(("1", "t", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "false", "FALSE", "False"), False),
}


def bool_of(meter: Meter, value: Json) -> Json:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUTHS:
        return _TRUTHS[value]
    if isinstance(value, str):
        raise Fault(UNCONVERTIBLE, f"`{value[:40]}` is neither true nor false")
    raise Fault(UNFIT, f"`bool` does not fit {kind_of(value)}")


def dyn_of(meter: Meter, value: Json) -> Json:
    return value


def seconds_of(text: str) -> int | float:
    """The seconds of a duration as people write it.

    Raises:
        Fault: *text* is none.
    """
    seconds = parse_duration(text.removeprefix("-"))
    if seconds is None:
        raise Fault(UNCONVERTIBLE, f"`{text[:40]}` is no duration: write one like 90s, 5m or 1h30m")
    signed = -seconds if text.startswith("-") else seconds
    return int(signed) if signed.is_integer() else signed


def duration(meter: Meter, value: Json) -> Json:
    return seconds_of(text_of(value, "duration", "as argument"))


def share_of(text: str) -> int | float:
    """`2%` is 0.02.

    Raises:
        Fault: *text* is no number followed by `%`.
    """
    digits = text.removesuffix("%").strip()
    try:
        number = float(digits) if digits.isascii() and text.endswith("%") and "_" not in digits else None
    except ValueError:
        number = None
    if number is None:
        raise Fault(UNCONVERTIBLE, f"`{text[:40]}` is no percentage: write one like 2% or 0.5%")
    return checked_number(number / 100)


def percent(meter: Meter, value: Json) -> Json:
    return share_of(text_of(value, "percent", "as argument"))
