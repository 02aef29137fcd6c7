"""Reading the values under `fairlead:`, each with the sentence that says what it should have been."""

import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from fairlead.agents.cards import BadCard
from fairlead.core.durations import parse_duration
from fairlead.core.json import Json
from fairlead.core.workflow import TIMEOUT_S_DEFAULT, TIMEOUT_S_MAX

MEMORY_DEFAULT = 512_000_000
CAPABILITIES_MAX = 64
_MEMORY = re.compile(r"(\d{1,6}) ?(MB|GB)", re.ASCII)
_HOST = re.compile(r"(?:\*\.)?[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?(?::\d{1,5})?", re.ASCII)
NONE: tuple[str, ...] = ()

_T = TypeVar("_T")
Settings = Mapping[str, Json]


class Taking:
    """Reads values, and notes those that are wrong."""

    def __init__(self, problems: list[BadCard]) -> None:
        self.problems = problems

    def take(self, read: Callable[..., _T], otherwise: _T, *arguments: object) -> _T:
        """What *read* gives, or *otherwise* when the value is wrong."""
        try:
            return read(*arguments)
        except BadCard as bad:
            self.problems.append(bad)
            return otherwise


def wrong(key: str, must: str) -> BadCard:
    """The mistake that `key` is not what it *must* be."""
    return BadCard("FL-A003", f"`{key}` must be {must}", key=f"fairlead.{key}")


def version(settings: Settings) -> str:
    """A version, which YAML may have read as a number."""
    found = settings.get("version", "")
    if isinstance(found, bool) or not isinstance(found, int | float | str):
        raise wrong("version", "text or a number")
    return str(found)


def text(settings: Settings, key: str) -> str:
    """A text; "" when there is none."""
    value = settings.get(key, "")
    if not isinstance(value, str):
        raise wrong(key, "text")
    return value


def texts(settings: Settings, key: str) -> tuple[str, ...]:
    """A list of texts."""
    value = settings.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise wrong(key, "a list of texts")
    return tuple(value)


def patterns(settings: Settings, key: str) -> tuple[str, ...]:
    """Patterns of paths below the root of the tree."""
    found = texts(settings, key)
    for one in found:
        if one.startswith("/") or ".." in one.split("/") or not one.strip():
            raise BadCard(
                "FL-A003", f"`{key}` holds `{one[:40]}`, which fits no path below the root", key=f"fairlead.{key}"
            )
    return found


def network(settings: Settings) -> str:
    """ "none", or the hosts, with commas between them."""
    value = settings.get("network", "none")
    hosts = value if isinstance(value, list) else [value]
    if value == "none" or value == "any":
        return str(value)
    if not hosts or not all(isinstance(host, str) and _HOST.fullmatch(host) for host in hosts):
        raise wrong("network", "`none`, or hosts such as [api.example.org]")
    return ", ".join(hosts)


def mapping(settings: Settings, key: str) -> dict[str, Json]:
    """A mapping; an empty one when there is none."""
    value = settings.get(key, {})
    if not isinstance(value, dict):
        raise wrong(key, "a mapping")
    return value


def boolean(settings: Settings, key: str) -> bool:
    """True or false."""
    value = settings.get(key, False)
    if not isinstance(value, bool):
        raise wrong(key, "true or false")
    return value


def one_of(key: str, value: str, words: tuple[str, ...]) -> str:
    """One of a few words."""
    if value not in words:
        said = f"`{key}` cannot be `{value[:40]}`; it is one of: {', '.join(words)}"
        raise BadCard("FL-A003", said, key=f"fairlead.{key}", hint=nearest(value, words))
    return value


def nearest(name: str, words: "tuple[str, ...] | frozenset[str]") -> str:
    """A hint with the nearest of *words*; "" when none is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, sorted(words), 1, 0.5)
    return f"did you mean `{near[0]}`?" if near else ""


def word(settings: Settings, key: str, usual: str) -> str:
    """One of a few words, for `one_of` to judge: whatever else stands there is none of them."""
    return str(settings.get(key) or usual)


def timeout(limits: Settings) -> float:
    """`limits.timeout`, in seconds."""
    if "timeout" not in limits:
        return TIMEOUT_S_DEFAULT
    seconds = parse_duration(text(limits, "timeout"))
    if seconds is None or not 0 < seconds <= TIMEOUT_S_MAX:
        said = "`limits.timeout` must be a duration of at most 1h, such as `10m`"
        raise BadCard("FL-A003", said, key="fairlead.limits")
    return seconds


def memory(limits: Settings) -> int:
    """`limits.memory`, in bytes."""
    if "memory" not in limits:
        return MEMORY_DEFAULT
    found = _MEMORY.fullmatch(text(limits, "memory"))
    if not found:
        raise BadCard("FL-A003", "`limits.memory` must be written as `512 MB`", key="fairlead.limits")
    return int(found[1]) * (1_000_000 if found[2] == "MB" else 1_000_000_000)


def limits_of(limit: str, amount: str) -> tuple[float, int]:
    """Time limit in seconds and memory in bytes, as a card's `limits` words them; "" for what is usual.

    Raises:
        BadCard: FL-A003 one of them is not written so.
    """
    said = {"timeout": limit, "memory": amount}
    limits = {name: words for name, words in said.items() if words}
    return timeout(limits), memory(limits)


def _within(settings: Settings, key: str, names: tuple[str, ...]) -> dict[str, Json]:
    """A mapping with no other keys than *names*."""
    found = mapping(settings, key)
    for name in found:
        if name not in names:
            said = f"`{key}` has no key `{name}`"
            hint = nearest(str(name), names) or f"there are: {', '.join(names)}"
            raise BadCard("FL-A003", said, key=f"fairlead.{key}.{name}", hint=hint)
    return found


def _duration(found: Settings, key: str, name: str) -> None:
    value = found.get(name)
    if value is not None and not (isinstance(value, str) and parse_duration(value)):
        raise BadCard("FL-A003", f"`{key}.{name}` must be a duration such as `10m`", key=f"fairlead.{key}.{name}")


def _number(found: Settings, key: str, name: str, *, is_whole: bool) -> None:
    value = found.get(name)
    fits = int if is_whole else int | float
    if value is None or (isinstance(value, fits) and not isinstance(value, bool) and value > 0):
        return
    must = "a whole number above 0" if is_whole else "a number above 0"
    raise BadCard("FL-A003", f"`{key}.{name}` must be {must}", key=f"fairlead.{key}.{name}")


def _choice(found: Settings, key: str, name: str, words: tuple[str, ...]) -> None:
    value = found.get(name)
    if value is not None and value not in words:
        said = f"`{key}.{name}` cannot be `{str(value)[:40]}`; it is one of: {', '.join(words)}"
        raise BadCard("FL-A003", said, key=f"fairlead.{key}.{name}")


def budget(settings: Settings) -> dict[str, Json]:
    """The most that one call may cost."""
    found = _within(settings, "budget", ("usd", "tokens", "turns", "wall", "on_exceeded"))
    _number(found, "budget", "usd", is_whole=False)
    _number(found, "budget", "tokens", is_whole=True)
    _number(found, "budget", "turns", is_whole=True)
    _duration(found, "budget", "wall")
    _choice(found, "budget", "on_exceeded", ("ask", "fail", "degrade"))
    return found


def cache(settings: Settings) -> dict[str, Json]:
    """How long an answer may be used again; `off` is a mode."""
    value = settings.get("cache")
    if value is None:
        return {}
    if value is False or value == "off":
        return {"mode": "off"}
    if isinstance(value, str):
        if not parse_duration(value):
            raise wrong("cache", "`off`, a duration such as `7d`, or a mapping")
        return {"ttl": value}
    found = _within(settings, "cache", ("ttl", "also_key", "scope", "mode"))
    _duration(found, "cache", "ttl")
    texts(found, "also_key")
    _choice(found, "cache", "scope", ("run", "repo", "team"))
    _choice(found, "cache", "mode", ("read_write", "read", "write"))
    return found


def health(settings: Settings) -> dict[str, Json]:
    """How to see whether it is well."""
    found = _within(settings, "health", ("probe", "every"))
    text(found, "probe")
    _duration(found, "health", "every")
    return found


def limits(settings: Settings) -> dict[str, Json]:
    """Time, memory and turns."""
    found = _within(settings, "limits", ("timeout", "memory", "turns"))
    _number(found, "limits", "turns", is_whole=True)
    return found


def capabilities(settings: Settings) -> None:
    """What it can do: names, or mappings with a name."""
    value = settings.get("capabilities", [])
    if not isinstance(value, list) or not all(
        isinstance(one, str) or (isinstance(one, dict) and isinstance(one.get("name"), str)) for one in value
    ):
        raise wrong("capabilities", "a list of names, or of mappings with a `name`")
    if len(value) > CAPABILITIES_MAX:
        raise wrong("capabilities", f"a list of at most {CAPABILITIES_MAX}")
