"""The macros of the language: what looks like a function and takes a name, or a path that need not be there."""

from typing import NamedTuple


class Macro(NamedTuple):
    """One macro; `more` says how many arguments may follow the name of the item."""

    name: str
    more: tuple[int, ...]
    written: str
    does: str
    example: str
    gives: str  # what the example evaluates to, as JSON


MACROS: tuple[Macro, ...] = (
    Macro("has", (), "has(x.field)", "whether the field is there", "has({'a': 1}.b)", "false"),
    Macro("all", (1,), "list.all(x, condition)", "whether it holds for every item", "[1, 2].all(x, x > 0)", "true"),
    Macro(
        "exists", (1,), "list.exists(x, condition)", "whether it holds for an item", "[1, 2].exists(x, x > 1)", "true"
    ),
    Macro(
        "exists_one",
        (1,),
        "list.exists_one(x, condition)",
        "whether it holds for exactly one item",
        "[1, 2, 3].exists_one(x, x > 1)",
        "false",
    ),
    Macro(
        "filter",
        (1,),
        "list.filter(x, condition)",
        "the items for which it holds",
        "[1, 2, 3].filter(x, x > 1)",
        "[2,3]",
    ),
    Macro(
        "map",
        (1, 2),
        "list.map(x, [condition], value)",
        "a value for each item, or for each item for which the condition holds",
        "[1, 2, 3].map(x, x > 1, x * 10)",
        "[20,30]",
    ),
    Macro(
        "sortBy",
        (1,),
        "list.sortBy(x, key)",
        "the items in the order of their keys, equal ones as they stood",
        "[1, 3, 2].sortBy(x, -x)",
        "[3,2,1]",
    ),
)
# Those that go through a list or the names of an object, and how many arguments may follow the name of the item.
OVER_ITEMS: dict[str, tuple[int, ...]] = {macro.name: macro.more for macro in MACROS if macro.more}
