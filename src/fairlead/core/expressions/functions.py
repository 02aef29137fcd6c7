"""The functions of the language: one table for the evaluator, the type check and the reference page."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

from fairlead.core.durations import parse_duration
from fairlead.core.expressions.globs import changed_paths, tree_digest
from fairlead.core.expressions.patterns import matches
from fairlead.core.expressions.problems import OUT_OF_RANGE, UNCONVERTIBLE, UNFIT, Fault
from fairlead.core.expressions.values import (
    INT_MAX,
    INT_MIN,
    Maybe,
    Meter,
    are_equal,
    calculate,
    checked_number,
    compare,
    kind_of,
    sorted_by,
)
from fairlead.core.json import Json

Body: TypeAlias = Callable[..., Json]  # a meter, then the target if there is one, then the arguments


class Function(NamedTuple):
    """One function in one of its forms.

    A signature says how it is called and what it gives: `string.split(string, [int]) -> list(string)`. `T` stands for
    any type, the same one wherever it occurs; what stands in brackets may be left out.
    """

    name: str
    signatures: tuple[str, ...]
    does: str
    example: str
    gives: str  # what the example evaluates to, as JSON
    body: Body

    @property
    def is_member(self) -> bool:
        """It is written after its target: `x.size()`."""
        return f".{self.name}(" in self.signatures[0]


_TEXT_STEP = 4_096  # characters that a function may look at for one step


def _text(value: Json, name: str, what: str) -> str:
    if not isinstance(value, str):
        raise Fault(UNFIT, f"`{name}` needs text {what}, not {kind_of(value)}")
    return value


def _whole(value: Json, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Fault(UNFIT, f"`{name}` needs a whole number, not {kind_of(value)}")
    return value


def _list(value: Json, name: str) -> list[Json] | tuple[Json, ...]:
    if not isinstance(value, list | tuple):
        raise Fault(UNFIT, f"`{name}` is a function of lists, not of {kind_of(value)}")
    return value


def _two_texts(meter: Meter, name: str, one: Json, other: Json) -> tuple[str, str]:
    text = _text(one, name, "before it")
    meter.steps(len(text) // _TEXT_STEP)
    return text, _text(other, name, "as argument")


def _size(meter: Meter, value: Json) -> Json:
    if not isinstance(value, str | list | tuple | Mapping):
        raise Fault(UNFIT, f"`size` counts text, lists and objects, not {kind_of(value)}")
    return len(value)


# — texts —


def _contains(meter: Meter, one: Json, other: Json) -> Json:
    text, part = _two_texts(meter, "contains", one, other)
    return part in text


def _starts_with(meter: Meter, one: Json, other: Json) -> Json:
    text, part = _two_texts(meter, "startsWith", one, other)
    return text.startswith(part)


def _ends_with(meter: Meter, one: Json, other: Json) -> Json:
    text, part = _two_texts(meter, "endsWith", one, other)
    return text.endswith(part)


def _matches(meter: Meter, one: Json, other: Json) -> Json:
    text, pattern = _two_texts(meter, "matches", one, other)
    return matches(text, pattern, meter)


def _split(meter: Meter, one: Json, other: Json, limit: Json = -1) -> Json:
    text, separator = _two_texts(meter, "split", one, other)
    most = _whole(limit, "split")
    meter.grow(len(text) + 8 * (text.count(separator) + 1))
    if most == 0:
        return []
    if separator == "":
        cut = len(text) if most < 0 else min(most - 1, len(text))
        return [*text[:cut], text[cut:]] if cut < len(text) or not text else list(text)
    return text.split(separator, most - 1 if most > 0 else -1)


def _join(meter: Meter, value: Json, separator: Json = "") -> Json:
    items = _list(value, "join")
    between = _text(separator, "join", "as argument")
    for item in items:
        if not isinstance(item, str):
            raise Fault(UNFIT, f"`join` needs a list of texts, and one of them is {kind_of(item)}")
    meter.steps(len(items) >> 4)
    meter.grow(sum(map(len, items)) + len(between) * max(len(items) - 1, 0))
    return between.join(items)


def _lower(meter: Meter, value: Json) -> Json:
    text = _text(value, "lowerAscii", "before it")
    meter.grow(len(text))
    return text.translate(_TO_LOWER)


def _upper(meter: Meter, value: Json) -> Json:
    text = _text(value, "upperAscii", "before it")
    meter.grow(len(text))
    return text.translate(_TO_UPPER)


_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
_TO_UPPER = {code + 32: code for code in _TO_LOWER}


def _replace(meter: Meter, one: Json, other: Json, new: Json, limit: Json = -1) -> Json:
    text, old = _two_texts(meter, "replace", one, other)
    by, most = _text(new, "replace", "as second argument"), _whole(limit, "replace")
    count = text.count(old)
    meter.grow(len(text) + (count if most < 0 else min(count, most)) * len(by))
    return text.replace(old, by, most)


# Unicode's white space, as CEL counts it; Python's own counts four control characters more.
_SPACES = "".join(map(chr, (*range(9, 14), 32, 0x85, 0xA0, 0x1680, *range(0x2000, 0x200B))))
_SPACES += "\u2028\u2029\u202f\u205f\u3000"


def _trim(meter: Meter, value: Json) -> Json:
    text = _text(value, "trim", "before it")
    meter.grow(len(text))
    return text.strip(_SPACES)


def _substring(meter: Meter, value: Json, start: Json, end: Json = None) -> Json:
    text = _text(value, "substring", "before it")
    first = _whole(start, "substring")
    last = len(text) if end is None else _whole(end, "substring")
    if not 0 <= first <= last <= len(text):
        raise Fault(OUT_OF_RANGE, f"there is no part from {first} to {last} in a text of {len(text)} characters")
    meter.grow(last - first)
    return text[first:last]


def _index_of(meter: Meter, value: Json, part: Json, start: Json = 0) -> Json:
    if isinstance(value, list | tuple):
        meter.steps(len(value) >> 4)
        return next((at for at, item in enumerate(value) if are_equal(item, part, meter)), -1)
    text, wanted = _two_texts(meter, "indexOf", value, part)
    first = _whole(start, "indexOf")
    if not 0 <= first <= len(text):
        raise Fault(OUT_OF_RANGE, f"a text of {len(text)} characters has no position {first}")
    return text.find(wanted, first)


def _last_index_of(meter: Meter, value: Json, part: Json, last: Json = None) -> Json:
    if isinstance(value, list | tuple):
        meter.steps(len(value) >> 4)
        return next((at for at in range(len(value) - 1, -1, -1) if are_equal(value[at], part, meter)), -1)
    text, wanted = _two_texts(meter, "lastIndexOf", value, part)
    most = len(text) if last is None else _whole(last, "lastIndexOf")
    if not 0 <= most <= len(text):
        raise Fault(OUT_OF_RANGE, f"a text of {len(text)} characters has no position {most}")
    return text.rfind(wanted, 0, most + len(wanted))


# — lists —


def _sum(meter: Meter, value: Json) -> Json:
    items = _list(value, "sum")
    meter.steps(len(items) >> 4)
    total: Json = 0
    for item in items:
        if isinstance(item, str | list | tuple):
            raise Fault(UNFIT, f"`sum` adds numbers, and one of the items is {kind_of(item)}")
        total = calculate("+", total, item, meter)
    return total


def _min(meter: Meter, value: Json) -> Json:
    return _extreme(meter, value, "min", "<")


def _max(meter: Meter, value: Json) -> Json:
    return _extreme(meter, value, "max", ">")


def _extreme(meter: Meter, value: Json, name: str, sign: str) -> Json:
    items = _list(value, name)
    meter.steps(len(items) >> 4)
    if not items:
        raise Fault(OUT_OF_RANGE, f"an empty list has no `{name}`")
    best = items[0]
    compare(sign, best, best)  # a single item has to be one that can be compared, too
    for item in items[1:]:
        if compare(sign, item, best):
            best = item
    return best


def _distinct(meter: Meter, value: Json) -> Json:
    items = _list(value, "distinct")
    meter.steps(len(items) >> 4)
    meter.grow(8 * len(items))
    seen: set[tuple[bool, Json]] = set()
    kept: list[Json] = []
    composite: list[Json] = []
    for item in items:
        if item is None or isinstance(item, str | int | float):
            mark = (isinstance(item, bool), item)
            if mark not in seen:
                seen.add(mark)
                kept.append(item)
        elif not any(are_equal(item, other, meter) for other in composite):
            meter.steps(len(composite) + 1)
            composite.append(item)
            kept.append(item)
    return kept


def _sort(meter: Meter, value: Json) -> Json:
    items = _list(value, "sort")
    return sorted_by(items, items, "sort", meter)


def _is_sorted(meter: Meter, value: Json) -> Json:
    items = _list(value, "isSorted")
    meter.steps(len(items) >> 4)
    # The first item is compared with itself: a single one has to be of a kind that has an order, too.
    return not any(compare(">", items[max(at - 1, 0)], item) for at, item in enumerate(items))


def _flatten(meter: Meter, value: Json) -> Json:
    flat: list[Json] = []
    for item in _list(value, "flatten"):
        if isinstance(item, list | tuple):
            meter.grow(8 * len(item))
            flat.extend(item)
        else:
            meter.grow(8)
            flat.append(item)
    return flat


def _reverse(meter: Meter, value: Json) -> Json:
    items = _list(value, "reverse")
    meter.grow(8 * len(items))
    return list(reversed(items))


def _slice(meter: Meter, value: Json, start: Json, end: Json) -> Json:
    items = _list(value, "slice")
    first, last = _whole(start, "slice"), _whole(end, "slice")
    if not 0 <= first <= last <= len(items):
        raise Fault(OUT_OF_RANGE, f"there is no part from {first} to {last} in a list of {len(items)} items")
    meter.grow(8 * (last - first))
    return list(items[first:last])


# — conversions —


def _int(meter: Meter, value: Json) -> Json:
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


def _double(meter: Meter, value: Json) -> Json:
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


def _string(meter: Meter, value: Json) -> Json:
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


def _bool(meter: Meter, value: Json) -> Json:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in _TRUTHS:
        return _TRUTHS[value]
    if isinstance(value, str):
        raise Fault(UNCONVERTIBLE, f"`{value[:40]}` is neither true nor false")
    raise Fault(UNFIT, f"`bool` does not fit {kind_of(value)}")


def _dyn(meter: Meter, value: Json) -> Json:
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


def _duration(meter: Meter, value: Json) -> Json:
    return seconds_of(_text(value, "duration", "as argument"))


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


def _percent(meter: Meter, value: Json) -> Json:
    return share_of(_text(value, "percent", "as argument"))


# — optional values —


def _maybe(value: Json, name: str) -> Maybe:
    if not isinstance(value, Maybe):
        raise Fault(UNFIT, f"`{name}` belongs after `.?` or `[?…]`; this is {kind_of(value)} already")
    return value


def _or_value(meter: Meter, value: Json, otherwise: Json) -> Json:
    maybe = _maybe(value, "orValue")
    return maybe.value if maybe.has_value else otherwise


def _or(meter: Meter, value: Json, otherwise: Json) -> Json:
    maybe = _maybe(value, "or")
    return maybe if maybe.has_value else _maybe(otherwise, "or")


def _has_value(meter: Meter, value: Json) -> Json:
    return _maybe(value, "hasValue").has_value


def _value(meter: Meter, value: Json) -> Json:
    maybe = _maybe(value, "value")
    if not maybe.has_value:
        raise Fault(OUT_OF_RANGE, "there is no value; `orValue(…)` says what to take instead")
    return maybe.value


# — git —


def _git_changed(meter: Meter, paths: Json, glob: Json) -> Json:
    return changed_paths(_list(paths, "git.changed"), _text(glob, "git.changed", "as argument"), meter)


def _git_tree(meter: Meter, blobs: Json, glob: Json) -> Json:
    if not isinstance(blobs, Mapping):
        raise Fault(UNFIT, f"`git.tree` needs the files of a tree, not {kind_of(blobs)}")
    return tree_digest(blobs, _text(glob, "git.tree", "as argument"), meter)


FUNCTIONS: tuple[Function, ...] = (
    Function(
        "size",
        ("string.size() -> int", "list(T).size() -> int", "map(T).size() -> int"),
        "how many characters, items or fields there are",
        "['a', 'b'].size()",
        "2",
        _size,
    ),
    Function(
        "size",
        ("size(string) -> int", "size(list(T)) -> int", "size(map(T)) -> int"),
        "the same, written before the value",
        "size('abc')",
        "3",
        _size,
    ),
    Function(
        "contains",
        ("string.contains(string) -> bool",),
        "whether the text holds another",
        "'abc'.contains('b')",
        "true",
        _contains,
    ),
    Function(
        "startsWith",
        ("string.startsWith(string) -> bool",),
        "whether the text begins with another",
        "'src/a.py'.startsWith('src/')",
        "true",
        _starts_with,
    ),
    Function(
        "endsWith",
        ("string.endsWith(string) -> bool",),
        "whether the text ends with another",
        "'src/a.py'.endsWith('.py')",
        "true",
        _ends_with,
    ),
    Function(
        "matches",
        ("string.matches(string) -> bool",),
        "whether the pattern (RE2 syntax) is found anywhere in the text; `^` and `$` tie it to the ends",
        "'v1.20'.matches('^v[0-9]+')",
        "true",
        _matches,
    ),
    Function(
        "matches",
        ("matches(string, string) -> bool",),
        "the same, written before the text",
        "matches('abc', 'b')",
        "true",
        _matches,
    ),
    Function(
        "split",
        ("string.split(string, [int]) -> list(string)",),
        "the parts between a separator, at most as many as the number says",
        "'a,b,c'.split(',', 2)",
        '["a","b,c"]',
        _split,
    ),
    Function(
        "join",
        ("list(string).join([string]) -> string",),
        "the texts as one, with a separator between them",
        "['a', 'b'].join(', ')",
        '"a, b"',
        _join,
    ),
    Function(
        "lowerAscii",
        ("string.lowerAscii() -> string",),
        "A to Z as small letters",
        "'ABC'.lowerAscii()",
        '"abc"',
        _lower,
    ),
    Function(
        "upperAscii",
        ("string.upperAscii() -> string",),
        "a to z as capital letters",
        "'abc'.upperAscii()",
        '"ABC"',
        _upper,
    ),
    Function(
        "replace",
        ("string.replace(string, string, [int]) -> string",),
        "the text with one part put in place of another, at most as often as the number says",
        "'a-b-c'.replace('-', '/')",
        '"a/b/c"',
        _replace,
    ),
    Function(
        "trim", ("string.trim() -> string",), "the text without white space at its ends", "' a '.trim()", '"a"', _trim
    ),
    Function(
        "substring",
        ("string.substring(int, [int]) -> string",),
        "the characters from a position (from 0) up to another, which is left out",
        "'abcd'.substring(1, 3)",
        '"bc"',
        _substring,
    ),
    Function(
        "indexOf",
        ("string.indexOf(string, [int]) -> int", "list(T).indexOf(T) -> int"),
        "the first position of a part or an item; -1 when there is none",
        "['a', 'b'].indexOf('b')",
        "1",
        _index_of,
    ),
    Function(
        "lastIndexOf",
        ("string.lastIndexOf(string, [int]) -> int", "list(T).lastIndexOf(T) -> int"),
        "the last position of a part or an item; -1 when there is none",
        "'a.b.c'.lastIndexOf('.')",
        "3",
        _last_index_of,
    ),
    Function(
        "sum", ("list(number).sum() -> number",), "the numbers added up; 0 for none", "[1, 2, 0.5].sum()", "3.5", _sum
    ),
    Function(
        "min", ("list(T).min() -> T",), "the smallest item; a failure for an empty list", "[3, 1, 2].min()", "1", _min
    ),
    Function(
        "max", ("list(T).max() -> T",), "the largest item; a failure for an empty list", "[3, 1, 2].max()", "3", _max
    ),
    Function(
        "distinct",
        ("list(T).distinct() -> list(T)",),
        "each item once, where it stood first",
        "[1, 2, 1].distinct()",
        "[1,2]",
        _distinct,
    ),
    Function(
        "sort", ("list(T).sort() -> list(T)",), "the items in ascending order", "[3, 1, 2].sort()", "[1,2,3]", _sort
    ),
    Function(
        "isSorted",
        ("list(T).isSorted() -> bool",),
        "whether the items stand in ascending order",
        "[1, 2, 2].isSorted()",
        "true",
        _is_sorted,
    ),
    Function(
        "flatten",
        ("list(list(T)).flatten() -> list(T)",),
        "the items of the lists in a list, one level",
        "[[1], [2, 3]].flatten()",
        "[1,2,3]",
        _flatten,
    ),
    Function(
        "reverse",
        ("list(T).reverse() -> list(T)",),
        "the items from the last to the first",
        "[1, 2].reverse()",
        "[2,1]",
        _reverse,
    ),
    Function(
        "slice",
        ("list(T).slice(int, int) -> list(T)",),
        "the items from a position (from 0) up to another, which is left out",
        "[1, 2, 3].slice(0, 2)",
        "[1,2]",
        _slice,
    ),
    Function(
        "int",
        ("int(number) -> int", "int(string) -> int"),
        "a whole number; what stands behind the point is cut off",
        "int(2.9)",
        "2",
        _int,
    ),
    Function(
        "double",
        ("double(number) -> double", "double(string) -> double"),
        "a number that is divided exactly: `double(a) / b`",
        "double(1) / 4",
        "0.25",
        _double,
    ),
    Function(
        "string",
        ("string(number) -> string", "string(bool) -> string", "string(string) -> string"),
        "the value as text",
        "string(12)",
        '"12"',
        _string,
    ),
    Function(
        "bool",
        ("bool(string) -> bool", "bool(bool) -> bool"),
        "`'true'` and `'false'` as booleans",
        "bool('true')",
        "true",
        _bool,
    ),
    Function(
        "dyn", ("dyn(T) -> any",), "the same value, of which the check assumes nothing", "dyn(1) == 'a'", "false", _dyn
    ),
    Function(
        "duration",
        ("duration(string) -> number",),
        "the seconds of a duration: `500ms`, `90s`, `5m`, `1h30m`, `2d`",
        "duration('1h30m')",
        "5400",
        _duration,
    ),
    Function(
        "percent", ("percent(string) -> double",), "a percentage as a share of one", "percent('2%')", "0.02", _percent
    ),
    Function(
        "orValue",
        ("optional(T).orValue(T) -> T",),
        "the value, or another when there is none",
        "{'a': 1}.?b.orValue(0)",
        "0",
        _or_value,
    ),
    Function(
        "or",
        ("optional(T).or(optional(T)) -> optional(T)",),
        "the optional value, or another optional one when it has none",
        "{'a': 1}.?b.or({'c': 2}.?c).orValue(0)",
        "2",
        _or,
    ),
    Function(
        "hasValue",
        ("optional(T).hasValue() -> bool",),
        "whether there is a value",
        "{'a': 1}.?b.hasValue()",
        "false",
        _has_value,
    ),
    Function(
        "value",
        ("optional(T).value() -> T",),
        "the value; a failure when there is none",
        "{'a': 1}.?a.value()",
        "1",
        _value,
    ),
)

# Calls on the root `git`: the body gets what the scope holds under the fact's name instead of a target.
GIT_FUNCTIONS: tuple[Function, ...] = (
    Function(
        "changed",
        ("git.changed(string) -> list(string)",),
        "the changed files that a pattern names, in order; `**` stands for any folders",
        "git.changed('src/**').size() > 0",
        "",
        _git_changed,
    ),
    Function(
        "tree",
        ("git.tree(string) -> string",),
        "a digest of the content and names of the files that a pattern names",
        "git.tree('src/**')",
        "",
        _git_tree,
    ),
)
