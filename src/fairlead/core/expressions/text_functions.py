"""The bodies of the functions of texts, each with a line in the table of `functions.py` that says what it gives.

They count what they look at and what they build.
"""

from collections.abc import Mapping

from fairlead.core.expressions.arguments import list_of, text_of, two_texts, whole_of
from fairlead.core.expressions.patterns import is_found
from fairlead.core.expressions.problems import OUT_OF_RANGE, UNFIT, Fault
from fairlead.core.expressions.values import Meter, are_equal, kind_of
from fairlead.core.json import Json


def size(meter: Meter, value: Json) -> Json:
    if not isinstance(value, str | list | tuple | Mapping):
        raise Fault(UNFIT, f"`size` counts text, lists and objects, not {kind_of(value)}")
    return len(value)


def contains(meter: Meter, one: Json, other: Json) -> Json:
    text, part = two_texts(meter, "contains", one, other)
    return part in text


def starts_with(meter: Meter, one: Json, other: Json) -> Json:
    text, part = two_texts(meter, "startsWith", one, other)
    return text.startswith(part)


def ends_with(meter: Meter, one: Json, other: Json) -> Json:
    text, part = two_texts(meter, "endsWith", one, other)
    return text.endswith(part)


def matches(meter: Meter, one: Json, other: Json) -> Json:
    text, pattern = two_texts(meter, "matches", one, other)
    return is_found(text, pattern, meter)


def split(meter: Meter, one: Json, other: Json, limit: Json = -1) -> Json:
    text, separator = two_texts(meter, "split", one, other)
    most = whole_of(limit, "split")
    meter.grow(len(text) + 8 * (text.count(separator) + 1))
    if most == 0:
        return []
    if separator == "":
        cut = len(text) if most < 0 else min(most - 1, len(text))
        return [*text[:cut], text[cut:]] if cut < len(text) or not text else list(text)
    return text.split(separator, most - 1 if most > 0 else -1)


def join(meter: Meter, value: Json, separator: Json = "") -> Json:
    items = list_of(value, "join")
    between = text_of(separator, "join", "as argument")
    for item in items:
        if not isinstance(item, str):
            raise Fault(UNFIT, f"`join` needs a list of texts, and one of them is {kind_of(item)}")
    meter.steps(len(items) >> 4)
    meter.grow(sum(map(len, items)) + len(between) * max(len(items) - 1, 0))
    return between.join(items)


def lower(meter: Meter, value: Json) -> Json:
    text = text_of(value, "lowerAscii", "before it")
    meter.grow(len(text))
    return text.translate(_TO_LOWER)


def upper(meter: Meter, value: Json) -> Json:
    text = text_of(value, "upperAscii", "before it")
    meter.grow(len(text))
    return text.translate(_TO_UPPER)


_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_TO_UPPER = {code + 32: code for code in _TO_LOWER}


def replace(meter: Meter, one: Json, other: Json, new: Json, limit: Json = -1) -> Json:
    text, old = two_texts(meter, "replace", one, other)
    by, most = text_of(new, "replace", "as second argument"), whole_of(limit, "replace")
    count = text.count(old)
    meter.grow(len(text) + (count if most < 0 else min(count, most)) * len(by))
    return text.replace(old, by, most)


# Unicode's white space, as CEL counts it; Python's own counts four control characters more.
_SPACES = "".join(map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))))
_SPACES += "\u2028\u2029\u202f\u205f\u3000"


def trim(meter: Meter, value: Json) -> Json:
    text = text_of(value, "trim", "before it")
    meter.grow(len(text))
    return text.strip(_SPACES)


def substring(meter: Meter, value: Json, start: Json, end: Json = None) -> Json:
    text = text_of(value, "substring", "before it")
    first = whole_of(start, "substring")
    last = len(text) if end is None else whole_of(end, "substring")
    if not 0 <= first <= last <= len(text):
        raise Fault(OUT_OF_RANGE, f"there is no part from {first} to {last} in a text of {len(text)} characters")
    meter.grow(last - first)
    return text[first:last]


def index_of(meter: Meter, value: Json, part: Json, start: Json = 0) -> Json:
    if isinstance(value, list | tuple):
        meter.steps(len(value) >> 4)
        return next((at for at, item in enumerate(value) if are_equal(item, part, meter)), -1)
    text, wanted = two_texts(meter, "indexOf", value, part)
    first = whole_of(start, "indexOf")
    if not 0 <= first <= len(text):
        raise Fault(OUT_OF_RANGE, f"a text of {len(text)} characters has no position {first}")
    return text.find(wanted, first)


def last_index_of(meter: Meter, value: Json, part: Json, last: Json = None) -> Json:
    if isinstance(value, list | tuple):
        meter.steps(len(value) >> 4)
        return next((at for at in range(len(value) - 1, -1, -1) if are_equal(value[at], part, meter)), -1)
    text, wanted = two_texts(meter, "lastIndexOf", value, part)
    most = len(text) if last is None else whole_of(last, "lastIndexOf")
    if not 0 <= most <= len(text):
        raise Fault(OUT_OF_RANGE, f"a text of {len(text)} characters has no position {most}")
    return text.rfind(wanted, 0, most + len(wanted))
