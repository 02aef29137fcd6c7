"""The bodies of the functions of lists, each with a line in the table of `functions.py` that says what it gives.

They count what they look at and what they build.
"""

from fairlead.core.expressions.arguments import list_of, whole_of
from fairlead.core.expressions.problems import OUT_OF_RANGE, UNFIT, Fault
from fairlead.core.expressions.values import Meter, are_equal, calculate, compare, kind_of, sorted_by
from fairlead.core.json import Json


def sum_of(meter: Meter, value: Json) -> Json:
    items = list_of(value, "sum")
    meter.steps(len(items) >> 4)
    total: Json = 0
    for item in items:
        if isinstance(item, str | list | tuple):
            raise Fault(UNFIT, f"`sum` adds numbers, and one of the items is {kind_of(item)}")
        total = calculate("+", total, item, meter)
    return total


def min_of(meter: Meter, value: Json) -> Json:
    return _extreme(meter, value, "min", "<")


def max_of(meter: Meter, value: Json) -> Json:
    return _extreme(meter, value, "max", ">")


def _extreme(meter: Meter, value: Json, name: str, sign: str) -> Json:
    items = list_of(value, name)
    meter.steps(len(items) >> 4)
    if not items:
        raise Fault(OUT_OF_RANGE, f"an empty list has no `{name}`")
    best = items[0]
    compare(sign, best, best)  # a single item has to be one that can be compared, too
    for item in items[1:]:
        if compare(sign, item, best):
            best = item
    return best


def distinct(meter: Meter, value: Json) -> Json:
    items = list_of(value, "distinct")
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


def sort_of(meter: Meter, value: Json) -> Json:
    items = list_of(value, "sort")
    return sorted_by(items, items, "sort", meter)


def is_sorted(meter: Meter, value: Json) -> Json:
    items = list_of(value, "isSorted")
    meter.steps(len(items) >> 4)
    # The first item is compared with itself: a single one has to be of a kind that has an order, too.
    return not any(compare(">", items[max(at - 1, 0)], item) for at, item in enumerate(items))


def flatten(meter: Meter, value: Json) -> Json:
    flat: list[Json] = []
    for item in list_of(value, "flatten"):
        if isinstance(item, list | tuple):
            meter.grow(8 * len(item))
            flat.extend(item)
        else:
            meter.grow(8)
            flat.append(item)
    return flat


def reverse(meter: Meter, value: Json) -> Json:
    items = list_of(value, "reverse")
    meter.grow(8 * len(items))
    return list(reversed(items))


def slice(meter: Meter, value: Json, start: Json, end: Json) -> Json:
    items = list_of(value, "slice")
    first, last = whole_of(start, "slice"), whole_of(end, "slice")
    if not 0 <= first <= last <= len(items):
        raise Fault(OUT_OF_RANGE, f"there is no part from {first} to {last} in a list of {len(items)} items")
    meter.grow(8 * (last - first))
    return list(items[first:last])
