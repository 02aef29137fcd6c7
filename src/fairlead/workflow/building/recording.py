"""From what a builder call was given to what stands in the file: bare expressions, texts with `${ }`, lists, mappings.

Which places of the format hold a bare expression stands in one table; everywhere else a symbol is `${ … }`.
"""

import math
import re
from collections.abc import Iterable, Mapping
from keyword import iskeyword

from fairlead.core.expressions.tree import Name, Select
from fairlead.core.json import DEPTH_MAX, INTEGER_MAX, Json
from fairlead.workflow.building.calls import CallPlace, refuse
from fairlead.workflow.building.functions import item
from fairlead.workflow.building.symbols import Symbol, text_of, tree_of
from fairlead.workflow.keys import did_you_mean

# Keys of steps and blocks whose value is a bare expression, and those that hold a list of them.
_BARE = frozenset(("if", "each", "key", "that", "until", "metric", "start", "select", "filter"))
_BARE_LISTS = frozenset(("show", "also_key"))
_STEP_IDS = frozenset(("needs", "after"))
# Below these anything may stand, under any name.
_FREE = frozenset(("with", "default", "outputs", "vars"))
_UNFIT = re.compile("[\0\ud800-\udfff]")
_EACH = ("over", "as", "key", "max_parallel", "tolerate", "join")


class Recorded(dict[str, Json]):
    """A mapping of the file, with the builder call that it comes from."""

    __slots__ = ("place",)

    def __init__(self, place: CallPlace, values: Mapping[str, Json]) -> None:
        super().__init__(values)
        self.place = place


def bare_name(name: str) -> str:
    """The key of the format that a Python keyword argument names."""
    return name[:-1] if name.endswith("_") and iskeyword(name[:-1]) else name


def plain(value: object, key: str = "", depth: int = 1) -> Json:
    """What stands under *key* in the file for *value*."""
    if depth > DEPTH_MAX:
        refuse("FL-W012", f"the value is nested more than {DEPTH_MAX} levels deep", "write it flatter")
    if key in _BARE:
        return _expression(value)
    if key in _BARE_LISTS and isinstance(value, list | tuple):
        return [_expression(one) for one in value]
    if key in _STEP_IDS and isinstance(value, list | tuple):
        return [_step_id(one) for one in value]
    if isinstance(value, dict):
        return _mapping(value, key, depth)
    if isinstance(value, list | tuple):
        return [plain(one, "with" if key in _FREE else "", depth + 1) for one in value]
    return _scalar(value)


def _mapping(value: dict[object, object], key: str, depth: int) -> Json:
    found: dict[str, Json] = {}
    for name, one in value.items():
        if not isinstance(name, str):
            refuse("FL-W321", f"{name!r:.60} cannot be a key", "keys are text")
        name = _scalar(name) if key in _FREE else bare_name(name)
        found[name] = plain(one, key if key in _FREE else name, depth + 1)
    return Recorded(value.place, found) if isinstance(value, Recorded) else found


def _expression(value: object) -> Json:
    return text_of(value) if isinstance(value, Symbol | list | tuple | dict) else _scalar(value)


def _scalar(value: object) -> Json:
    if isinstance(value, str) and _UNFIT.search(value):
        refuse("FL-W321", "the text holds a NUL or half a character, which JSON cannot", "remove it")
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Symbol):
        return str(value)
    if isinstance(value, int) and abs(value) <= INTEGER_MAX:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, int | float):
        refuse("FL-W321", f"{value!r:.60} is a number that JSON cannot hold", "write it as text")
    what = "a function" if callable(value) else f"a value of the type {type(value).__name__}"
    hint = "call it; only `key=` and the methods of lists take a lambda" if callable(value) else ""
    refuse("FL-W321", f"{what} cannot stand in a workflow", hint or "give text, numbers, lists, mappings or symbols")


def _step_id(value: object) -> str:
    """The id of a step: its symbol, or the id itself."""
    if isinstance(value, str):
        return value
    tree = tree_of(value) if isinstance(value, Symbol) else None
    if isinstance(tree, Select) and isinstance(tree.operand, Name) and tree.operand.name == "steps":
        return tree.field
    refuse("FL-W321", f"{value!r:.60} is no step", "give what a builder call answered, or the id of the step")


def fan_out(given: Mapping[str, object]) -> dict[str, Json]:
    """The keys of a step that say how it is performed per item, from `each=` and those beside it."""
    found = dict(given)
    each = found.get("each")
    if isinstance(each, dict):
        unknown_names([bare_name(name) for name in each], _EACH, "`each`")
        found.update({bare_name(name): one for name, one in each.items()})
        if "over" not in found:
            refuse("FL-W320", "`each` does not say over which list", "write each=dict(over=…)")
        found["each"] = found.pop("over")
    key = found.get("key")
    if callable(key) and not isinstance(key, Symbol):
        alias = found.get("as", "item")
        found["key"] = key(item(alias if isinstance(alias, str) else "item"))
    return found


def unknown_names(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse the first of *names* that is not *known*."""
    known = tuple(known)
    for name in names:
        if name not in known:
            refuse("FL-W320", f"{what} takes no `{name}`", did_you_mean(name, known, f"it takes {', '.join(known)}"))
