"""Closures that read: fields, items, optional values, facts of git."""

from collections.abc import Mapping

from fairlead.core.expressions.frames import Frame, Step, failed_at
from fairlead.core.expressions.problems import MISSING, UNFIT, EvaluationFailed
from fairlead.core.expressions.reads import GIT_FACTS
from fairlead.core.expressions.tree import Call, Index, Name, Part, Select, Tree
from fairlead.core.expressions.values import ABSENT, NOTHING, Maybe, fields_of, kind_of
from fairlead.core.json import Json


def is_of_previous(tree: Tree) -> bool:
    """`steps.ID.previous`: the last finished run may not exist, and then its fields are absent instead of an error."""
    if not isinstance(tree, Select) or tree.field != "previous" or tree.is_test:
        return False
    step = tree.operand
    return isinstance(step, Select | Index) and isinstance(step.operand, Name) and step.operand.name == "steps"


def is_optional(tree: Tree) -> bool:
    """What follows `.?` in the same path is optional as well: `a.?b.c` is `a.?b.?c`."""
    while isinstance(tree, Select | Index):
        if tree.is_optional:
            return True
        tree = tree.operand
    return False


def field_of(value: Json, field: str, said: str, place: Part) -> Json:
    """The field of something that is no plain object, or does not have it."""
    if value is ABSENT:
        return ABSENT
    if isinstance(value, Mapping):
        try:
            return value[field]
        except KeyError:
            raise failed_at(MISSING, _missing(value, field, said), place) from None
    raise failed_at(MISSING, f"`{said}` is {kind_of(value)}, it has no field `{field}`", place)


def _missing(value: Mapping[str, Json], field: str, said: str) -> str:
    """Why there is no such field. Of a step that gave nothing its end is the reason, not the list of its facts."""
    status = value.get("status")
    if said.startswith("steps.") and field in ("output", "outputs") and status in ("failed", "skipped", "cancelled"):
        how = "failed" if status == "failed" else f"was {status}"
        return (
            f"`{said}` {how} and has no `{field}`; `{said}.ok` and `{said}.status` tell that, and a `default` stands in"
        )
    return f"`{said}` has no field `{field}`{fields_of(value)}"


def item_of(value: Json, key: Json, said: str, place: Part) -> Json:
    if value is ABSENT or key is ABSENT:
        return ABSENT
    if isinstance(value, list | tuple):
        # A position may come as 2.0 out of a computation; CEL takes it too.
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        if isinstance(key, bool) or not isinstance(key, int):
            raise failed_at(UNFIT, f"`{said}` is a list: its items have positions, not {kind_of(key)}", place)
        if not 0 <= key < len(value):
            raise failed_at(MISSING, f"`{said}` has {_items(len(value))}, there is no [{key}]", place)
        return value[key]
    if isinstance(value, Mapping):
        if not isinstance(key, str):
            raise failed_at(UNFIT, f"`{said}` is an object: its fields are named by text, not by {kind_of(key)}", place)
        return field_of(value, key, said, place)
    if isinstance(key, str):
        return field_of(value, key, said, place)
    raise failed_at(MISSING, f"`{said}` is {kind_of(value)}, not a list", place)


def _items(count: int) -> str:
    return f"{count} item" if count == 1 else f"{count} items"


def test_of(operand: Step, field: str, said: str, place: Part) -> Step:
    def has(frame: Frame) -> Json:
        value = operand(frame)
        if isinstance(value, Maybe):
            value = value.value
        if value is ABSENT or value is None:
            return False
        if not isinstance(value, Mapping):
            raise failed_at(UNFIT, f"`{said}` is {kind_of(value)}, it has no fields", place)
        return field in value

    return has


def perhaps(operand: Step, key: Step, said: str, place: Part) -> Step:
    """`.?field` and `[?key]`: an optional value, nothing when what stands before it is null or nothing."""

    def perhaps(frame: Frame) -> Json:
        value = operand(frame)
        if isinstance(value, Maybe):
            value = value.value
        if value is None or value is ABSENT:
            return NOTHING
        wanted = key(frame)
        if isinstance(value, Mapping) and isinstance(wanted, bool | int | float):
            return NOTHING  # no field is named by it
        try:
            return Maybe(item_of(value, wanted, said, place))
        except EvaluationFailed as failed:
            if failed.code == MISSING and isinstance(value, list | tuple | Mapping):
                return NOTHING
            raise

    return perhaps


def git_fact(name: str, tree: Call) -> Step:
    fact = GIT_FACTS[name]

    def read(frame: Frame) -> Json:
        try:
            return frame.scope["git"][fact]
        except (KeyError, TypeError):
            raise failed_at(MISSING, f"`git.{name}` is not known here: there is no repository", tree) from None

    return read
