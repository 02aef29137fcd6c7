"""What an evaluation hands out: plain JSON of bounded size, nothing shared with the next evaluation.

Values that an expression only names are handed out as they are, whatever their size. What it puts together is measured
as the JSON that it becomes: parts that are shared in memory are written out there, and a short expression can share a
part 2**60 times. How far an expression can put together at all is known from its text (`building_of`).
"""

from collections.abc import Mapping

from fairlead.core.expressions.problems import LIMIT, OUT_OF_RANGE, Fault
from fairlead.core.expressions.tree import (
    Binary,
    Call,
    Choice,
    Comprehension,
    Constant,
    Index,
    ListOf,
    Logic,
    MapOf,
    Name,
    Select,
    Tree,
    Unary,
)
from fairlead.core.expressions.values import ABSENT, Maybe
from fairlead.core.json import DEPTH_MAX, INTEGER_MAX, Json, encode

# How far a value is put together by the expression itself.
_NAMED = 0  # not at all, or it is no list and no object
_FLAT = 1  # a list or an object whose items were named
_NESTED = 2  # perhaps any number of them in one another

_LIKE_THEIR_LIST = frozenset({"distinct", "sort", "reverse", "slice", "filter", "sortBy"})
_LISTS = frozenset({"split", "changed"})
_ITEMS = frozenset({"min", "max"})
_THEIR_PARTS = frozenset({"orValue", "or", "value", "dyn"})


def building_of(tree: Tree) -> int:
    """How far the value of *tree* can be put together by the expression: one of the three above."""
    match tree:
        case Constant() | Name() | Logic() | Unary():
            return _NAMED
        case Select(operand=operand, is_test=is_test):
            return _NAMED if is_test or building_of(operand) < _NESTED else _NESTED
        case Index(operand=operand):
            return _NAMED if building_of(operand) < _NESTED else _NESTED
        case Binary(sign=sign, left=left, right=right):
            return max(_FLAT, building_of(left), building_of(right)) if sign == "+" else _NAMED
        case Choice(then=then, otherwise=otherwise):
            return max(building_of(then), building_of(otherwise))
        case ListOf(items=items):
            return _NESTED if any(map(building_of, items)) else _FLAT
        case MapOf(entries=entries):
            return _NESTED if any(building_of(value) for _, value in entries) else _FLAT
        case Comprehension(macro="map", operand=operand, bodies=bodies):
            return _NESTED if building_of(operand) == _NESTED or building_of(bodies[-1]) else _FLAT
        case Comprehension(macro=macro, operand=operand):
            return max(_FLAT, building_of(operand)) if macro in _LIKE_THEIR_LIST else _NAMED
        case Call(function=function, target=target, arguments=arguments):
            inner = max((building_of(one) for one in (*((target,) if target else ()), *arguments)), default=_NAMED)
            if function in _LIKE_THEIR_LIST or function in _LISTS or function == "flatten":
                return max(_FLAT, inner)
            if function in _ITEMS:
                return _NAMED if inner < _NESTED else _NESTED
            return inner if function in _THEIR_PARTS else _NAMED


def handed_out(value: Json, building: int, bytes_max: int) -> Json:
    """*value* as plain JSON.

    Raises:
        Fault: what was put together is larger than *bytes_max*, or nested deeper than JSON may be.
    """
    if isinstance(value, Maybe):
        value = value.value
    kind = type(value)
    if value is None or value is ABSENT:
        return None
    if kind is bool or kind is str or kind is float:
        return value
    if kind is int:
        return _whole(value)
    if kind is list or kind is dict:
        if building == _NAMED:
            return value
        if building == _FLAT and (size := _size_at_once(value)) >= 0:
            _check_size(size, bytes_max)
            return value.copy()  # the text may hold a fixed list, which belongs to all evaluations
    elif building == _NAMED:
        return _copied(value, 1)
    _measure(value, {}, 1, bytes_max)
    plain = _copied(value, 1)
    _check_size(len(encode(plain)), bytes_max)
    return plain


def _whole(value: int) -> int:
    if abs(value) > INTEGER_MAX:
        raise Fault(OUT_OF_RANGE, f"{value} is beyond 2**53, where JSON's readers lose digits")
    return value


def _check_size(size: int, bytes_max: int) -> None:
    if size > bytes_max:
        raise Fault(LIMIT, f"the value of the expression has more than {bytes_max:,} bytes")


def _size_at_once(value: Json) -> int:
    """The size of a flat list or object; -1 when its items have to be looked at one by one."""
    items = value if type(value) is list else value.values()
    if len(set(map(id, items))) < len(items):
        return -1  # an item that stands there more than once may be large
    for item in items:
        if type(item) is int:
            _whole(item)
    try:
        return len(encode(value))
    except (TypeError, RecursionError):
        return -1  # a mapping that works out its values


def _measure(value: Json, known: dict[int, int], depth: int, bytes_max: int) -> int:
    """At least how many bytes *value* has as JSON; each part is looked at once, however often it stands there."""
    if value is None or value is ABSENT or isinstance(value, bool | int | float):
        return 1
    if isinstance(value, str):
        return len(value) + 2
    if depth > DEPTH_MAX:
        raise Fault(LIMIT, f"the value is nested more than {DEPTH_MAX} levels deep")
    if id(value) in known:
        return known[id(value)]
    size = 2 + len(value)
    if isinstance(value, Mapping):
        for name in value:
            size += len(name) + 2
            if type(value) is dict:
                size += _measure(value[name], known, depth + 1, bytes_max)
    else:
        for item in value:
            size += _measure(item, known, depth + 1, bytes_max)
            _check_size(size, bytes_max)
    _check_size(size, bytes_max)
    known[id(value)] = size
    return size


def _copied(value: Json, depth: int) -> Json:
    if value is ABSENT:
        return None
    if type(value) is int:
        return _whole(value)
    if value is None or isinstance(value, str | float | bool):
        return value
    if depth > DEPTH_MAX:
        raise Fault(LIMIT, f"the value is nested more than {DEPTH_MAX} levels deep")
    if isinstance(value, Mapping):
        return {name: _copied(item, depth + 1) for name, item in value.items()}
    return [_copied(item, depth + 1) for item in value]
