"""What any step may carry beside its action: repeating, items, what is expected of it, what it may cost."""

import re
from typing import NamedTuple, cast, get_args

import msgspec

from fairlead.core.json import Json
from fairlead.core.workflow import ITEMS_MAX, RETRIES_MAX, Each, ErrorClass, Expectation, Isolate, Join, Retry
from fairlead.workflow.fields import DURATION_S_MAX, Fields
from fairlead.workflow.keys import BUDGET, CACHE, EXPECTATION, RETRY
from fairlead.workflow.levels import Moment
from fairlead.workflow.yaml_tree import Entry, Node

PARALLEL_MAX = 64
EXPECTATIONS_MAX = 50
SATISFIES_MAX = 100
TOKENS_MAX = 1_000_000_000
_QUORUM = re.compile(r"quorum\(\s*([0-9]{1,5})\s*\)", re.ASCII)
_AT_LEAST = re.compile(r"at_least\(\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)%\s*\)", re.ASCII)
# "" (an answer, not an error) is never repeated, and `unavailable` is what a fallback is for.
REPEATED = (*(name for name in get_args(ErrorClass) if name), "any")
_BACKOFFS = ("schedule", "constant", "linear", "exponential")


class Defaults(NamedTuple):
    """What the file's `defaults` say; each is merged into the steps that take the key."""

    timeout_s: float | None = None
    retry: Retry | None = None
    cache: Json = None
    budget: dict[str, Json] | None = None
    isolate: Isolate = ""


def read_retry(fields: Fields, node: Node, place: str, before: Retry | None) -> Retry | None:
    """When to repeat. A number sets only the number; a mapping sets what it names; the rest is from *before*."""
    base = before or Retry()
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        most = fields.integer(node, place, 0, RETRIES_MAX)
        return None if most is None else msgspec.structs.replace(base, max=most)
    if node.kind != "mapping":
        fields.wrong(node, place, "a number or a mapping", "write how often, for example `retry: 2`")
        return None
    keys = fields.mapping(node, place, RETRY) or {}
    found: dict[str, object] = {}
    if "max" in keys:
        most = fields.integer(keys["max"].value, f"{place}.max", 0, RETRIES_MAX)
        found["max"] = base.max if most is None else most
    else:
        fields.missing(node, node, place, "max", "say how often it is repeated at most, for example `max: 3`")
    if "on" in keys:
        found["on"] = _error_classes(fields, keys["on"].value, f"{place}.on")
    if "backoff" in keys:
        found["backoff"] = fields.word(keys["backoff"].value, f"{place}.backoff", _BACKOFFS) or base.backoff
    for name, field in (("initial", "initial_s"), ("max_delay", "max_delay_s")):
        if name in keys:
            seconds = fields.duration(keys[name].value, f"{place}.{name}", DURATION_S_MAX)
            found[field] = getattr(base, field) if seconds is None else seconds
    if "initial" in keys and "backoff" not in keys and base.backoff == "schedule":
        fields.requires(keys, "initial", "backoff", place=f"{place}.")
    if "jitter" in keys:
        found["jitter"] = bool(fields.boolean(keys["jitter"].value, f"{place}.jitter"))
    # `replace` takes any keywords; each was read as the type of its field.
    return msgspec.structs.replace(base, **found)


def _error_classes(fields: Fields, node: Node, place: str) -> tuple[ErrorClass, ...]:
    words = fields.words(node, place, REPEATED)
    if "any" in words:
        return cast("tuple[ErrorClass, ...]", tuple(word for word in REPEATED if word != "any"))
    return cast("tuple[ErrorClass, ...]", words)  # `words` answers only words that it was given


def read_each(fields: Fields, keys: dict[str, Entry], id_pattern: re.Pattern[str]) -> Each | None:
    """The items of a step; its other keys about items say nothing without `each`."""
    for name in ("as", "key", "max_parallel", "tolerate", "join"):
        fields.requires(keys, name, "each")
    if "each" not in keys:
        return None
    alias = "item"
    if "as" in keys:
        node = keys["as"].value
        alias = fields.text(node, "as") or alias
        if not id_pattern.fullmatch(alias):
            said = f"`{alias[:63]}` is no name for an item"
            label = "small letters, digits and `_`, at most 63"
            fields.source.add("FL-W025", said, node.start, node.end, "write for example `as: finding`", label=label)
            alias = "item"
    most = 0
    if "max_parallel" in keys:
        most = fields.integer(keys["max_parallel"].value, "max_parallel", 1, PARALLEL_MAX) or 0
    return Each(
        over=fields.expression(keys["each"].value, "each", "list", "before"),
        alias=alias,
        key=fields.expression(keys["key"].value, "key", "any", "item") if "key" in keys else "",
        max_parallel=most,
    )


def read_join(fields: Fields, keys: dict[str, Entry], place: str = "") -> Join:
    """How many must end well, and how many may fail."""
    fields.excludes(keys, ("join", "tolerate"), place or "the step")
    join = _join(fields, keys["join"].value, f"{place}join") if "join" in keys else Join()
    if "tolerate" not in keys:
        return join
    node = keys["tolerate"].value
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return Join(tolerate_count=fields.integer(node, "tolerate", 0, ITEMS_MAX) or 0)
    return Join(tolerate_share=fields.share(node, "tolerate") or 0.0)


def _join(fields: Fields, node: Node, place: str) -> Join:
    text = str(node.value).strip() if node.is_text else ""
    if text in ("all", "any"):
        return Join(kind="all" if text == "all" else "any")
    if found := _QUORUM.fullmatch(text):
        count = int(found[1])
        fields.is_within(node, place, count, 1, ITEMS_MAX)
        return Join(kind="quorum", count=count)
    found = _AT_LEAST.fullmatch(text)
    if found and 0 < float(found[1]) <= 100:
        return Join(kind="at_least", share=round(float(found[1]) / 100, 8))
    said = f"`{place}` cannot be `{str(node.value)[:40]}`"
    label = "all, any, quorum(2) or at_least(60%)"
    hint = fields.source.did_you_mean(text, ("all", "any", "quorum(2)", "at_least(60%)"), f"write one of: {label}")
    fields.source.add("FL-W031", said, node.start, node.end, hint, label=label)
    return Join()


def read_expect(fields: Fields, node: Node) -> tuple[Expectation, ...]:
    """What must hold of the step's output."""
    found: list[Expectation] = []
    for item in fields.items(node, "expect"):
        keys = fields.mapping(item, "expect", EXPECTATION)
        if keys is None:
            continue
        for name, hint in (("that", "write what must hold"), ("say", "write what to say when it does not hold")):
            if name not in keys:
                said = f"an expectation needs `{name}`"
                fields.source.add("FL-W023", said, item.start, item.start + 1, f"{hint}, below `{name}:`")
        level = fields.word(keys["level"].value, "expect.level", ("fail", "warn")) if "level" in keys else None
        that = fields.expression(keys["that"].value, "that", "boolean", "after") if "that" in keys else ""
        say = fields.text(keys["say"].value, "say", length_max=10_000, moment="after") if "say" in keys else None
        satisfies = read_satisfies(fields, keys)
        found.append(Expectation(that, say or "", satisfies, is_warning=level == "warn"))
    if len(found) > EXPECTATIONS_MAX:
        said = f"`expect` has {len(found)} items; at most {EXPECTATIONS_MAX} are allowed"
        fields.source.add("FL-W024", said, node.start, node.start + 1, "join some of them with `&&`")
    return tuple(found)


def read_satisfies(fields: Fields, keys: dict[str, Entry]) -> tuple[str, ...]:
    if "satisfies" not in keys:
        return ()
    return fields.names(keys["satisfies"].value, "satisfies", most=SATISFIES_MAX, length_max=100)


def read_budget(fields: Fields, entry: Entry, place: str, before: dict[str, Json] | None = None) -> dict[str, Json]:
    """What it may cost at most; kept as the file has it."""
    node = entry.value
    keys = fields.mapping(node, place, BUDGET)
    if keys is None:
        return dict(before or {})
    if not keys:
        fields.source.add("FL-W024", f"`{place}` is empty", node.start, node.end, "name a maximum, such as `usd: 2.00`")
    for name, (_, value) in keys.items():
        at = f"{place}.{name}"
        match name:
            case "usd":
                fields.number(value, at, 0, 1_000_000)
            case "wall":
                fields.duration(value, at)
            case "on_exceeded":
                fields.word(value, at, ("ask", "fail", "degrade"))
            case _:
                fields.integer(value, at, 1, TOKENS_MAX)
    fields.later("budget", entry.key, "nothing is counted against it")
    return {**(before or {}), **{name: value.plain() for name, (_, value) in keys.items()}}


def read_cache(fields: Fields, entry: Entry, place: str, moment: Moment = "item") -> Json:
    """How long an output may be used again; kept as the file has it."""
    node = entry.value
    if node.is_text and node.value == "off":
        return "off"
    if node.kind == "mapping":
        keys = fields.mapping(node, place, CACHE) or {}
        if "ttl" in keys:
            fields.duration(keys["ttl"].value, f"{place}.ttl")
        if "scope" in keys:
            fields.word(keys["scope"].value, f"{place}.scope", ("run", "repo", "team"))
        if "mode" in keys:
            fields.word(keys["mode"].value, f"{place}.mode", ("read_write", "read", "write"))
        if "also_key" in keys:
            for item in fields.items(keys["also_key"].value, f"{place}.also_key"):
                fields.expression(item, f"{place}.also_key", "any", moment)
    elif node.is_text:
        fields.duration(node, place)
    else:
        hint = 'write "off" in quotes: without them it is the boolean false' if node.value is False else "write `7d`"
        fields.wrong(node, place, "`off`, a duration or a mapping", hint)
    fields.later("cache", entry.key, "every step is performed")
    value: Json = node.plain()
    return value


def read_isolate(fields: Fields, entry: Entry, place: str) -> Isolate:
    """Where the step works."""
    word = fields.word(entry.value, place, ("none", "worktree", "container", "vm"))
    if word in ("container", "vm"):
        fields.later("isolate", entry.key, "such a step works in a copy, as with `worktree`")
    return cast(Isolate, word or "")  # `word` answers one of the words it was given
