"""One agent's card: Markdown whose front matter says what the agent is called, takes, gives and may touch."""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from fairlead.core.durations import parse_duration
from fairlead.core.json import Digest, Json
from fairlead.core.ports import AgentCard
from fairlead.core.workflow import TIMEOUT_S_DEFAULT, TIMEOUT_S_MAX

BYTES_MAX = 1_000_000
_MEMORY_DEFAULT = 512_000_000
_RISKS = ("low", "medium", "high")
_EFFECT_CLASSES = ("pure", "read_only", "keyed", "unkeyed")

# The keys under `fairlead:` that a card may have.
_KEYS = frozenset(
    [
        *("adapter", "python", "version", "title", "input", "output", "output_schema", "deterministic"),
        *("reads", "writes", "network", "risk", "effect_class", "limits", "tags", "capabilities"),
    ]
)

_FENCE = re.compile(rb"\A(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)(.*)\Z", re.DOTALL | re.MULTILINE)
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_MEMORY = re.compile(r"(\d{1,6}) ?(MB|GB)", re.ASCII)


class BadCard(Exception):
    """A card cannot be used. The text begins with the code and is one line."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")


class FrontMatter(NamedTuple):
    """A card, taken apart but not yet judged."""

    fields: Mapping[str, Json]
    settings: Mapping[str, Json]  # those under `fairlead:`
    body: str

    def text(self, key: str) -> str:
        """A text at the top of the front matter; "" when there is none."""
        value = self.fields.get(key)
        return value.strip() if isinstance(value, str) else ""

    @property
    def adapter(self) -> str:
        """What speaks to the agent; a file that says nothing is one for Claude Code."""
        adapter = self.settings.get("adapter", "claude")
        return adapter if isinstance(adapter, str) else str(adapter)

    @property
    def entry(self) -> str:
        entry = self.settings.get("python", "")
        return entry if isinstance(entry, str) else ""


def split_card(data: bytes, read_yaml: Callable[[bytes], Json]) -> FrontMatter:
    """Take a card apart.

    Raises:
        BadCard: it has no front matter, or one that cannot be read.
    """
    if len(data) > BYTES_MAX:
        raise BadCard("FL-A008", f"the file has {len(data):,} bytes; at most {BYTES_MAX:,} are read")
    found = _FENCE.match(data)
    if not found:
        raise BadCard("FL-A001", "the file has no front matter between two lines `---`")
    try:
        fields = read_yaml(found[1])
    except ValueError as error:
        raise BadCard("FL-A002", f"the front matter cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise BadCard("FL-A002", "the front matter is no mapping")
    settings = fields.get("fairlead") or {}
    if not isinstance(settings, dict):
        raise BadCard("FL-A003", "`fairlead` is no mapping")
    return FrontMatter(fields, settings, found[2].decode("utf-8", "replace").strip())


def card_of(front: FrontMatter, source: str, digest: Digest) -> AgentCard:
    """The card of a `tool` agent.

    Raises:
        BadCard: a field is missing or has the wrong type.
    """
    settings = front.settings
    if unknown := sorted(settings.keys() - _KEYS):
        raise BadCard("FL-A003", f"`fairlead` has no key `{unknown[0]}`")
    limits = _mapping(settings, "limits")
    output_schema = _mapping(settings, "output_schema")
    return AgentCard(
        name=_required(front, "name"),
        title=_text(settings, "title") or front.text("name"),
        description=_required(front, "description"),
        adapter=_one_of("adapter", front.adapter, ("tool",)),
        entry=_entry(front.entry),
        version=_version(settings),
        digest=digest,
        input_schema=_mapping(settings, "input"),
        output_schema=output_schema,
        source=source,
        body=front.body,
        reads=_texts(settings, "reads"),
        writes=_texts(settings, "writes"),
        network=_text(settings, "network") or "none",
        risk=_one_of("risk", _text(settings, "risk") or "low", _RISKS),
        effect_class=_one_of("effect_class", _text(settings, "effect_class") or "read_only", _EFFECT_CLASSES),
        is_deterministic=_boolean(settings, "deterministic"),
        timeout_s=_timeout(limits),
        memory_max=_memory(limits),
        tags=_texts(settings, "tags"),
    )


def _required(front: FrontMatter, key: str) -> str:
    value = front.text(key)
    if not value:
        raise BadCard("FL-A003", f"`{key}` is missing or no text")
    return value


def _entry(entry: str) -> str:
    if not _ENTRY.fullmatch(entry):
        raise BadCard("FL-A003", "`python` must be written as `package.module:function`")
    return entry


def _version(settings: Mapping[str, Json]) -> str:
    version = settings.get("version", "")
    if isinstance(version, bool) or not isinstance(version, int | float | str):
        raise BadCard("FL-A003", "`version` must be text or a number")
    return str(version)


def _text(settings: Mapping[str, Json], key: str) -> str:
    value = settings.get(key, "")
    if not isinstance(value, str):
        raise BadCard("FL-A003", f"`{key}` must be text")
    return value


def _texts(settings: Mapping[str, Json], key: str) -> tuple[str, ...]:
    value = settings.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadCard("FL-A003", f"`{key}` must be a list of texts")
    return tuple(value)


def _mapping(settings: Mapping[str, Json], key: str) -> dict[str, Json]:
    value = settings.get(key, {})
    if not isinstance(value, dict):
        raise BadCard("FL-A003", f"`{key}` must be a mapping")
    return value


def _boolean(settings: Mapping[str, Json], key: str) -> bool:
    value = settings.get(key, False)
    if not isinstance(value, bool):
        raise BadCard("FL-A003", f"`{key}` must be true or false")
    return value


def _one_of(key: str, value: str, words: tuple[str, ...]) -> str:
    if value not in words:
        raise BadCard("FL-A003", f"`{key}` cannot be `{value[:40]}`; it is one of: {', '.join(words)}")
    return value


def _timeout(limits: Mapping[str, Json]) -> float:
    if "timeout" not in limits:
        return TIMEOUT_S_DEFAULT
    seconds = parse_duration(_text(limits, "timeout"))
    if seconds is None or not 0 < seconds <= TIMEOUT_S_MAX:
        raise BadCard("FL-A003", "`limits.timeout` must be a duration of at most 1h, such as `10m`")
    return seconds


def _memory(limits: Mapping[str, Json]) -> int:
    if "memory" not in limits:
        return _MEMORY_DEFAULT
    found = _MEMORY.fullmatch(_text(limits, "memory"))
    if not found:
        raise BadCard("FL-A003", "`limits.memory` must be written as `512 MB`")
    return int(found[1]) * (1_000_000 if found[2] == "MB" else 1_000_000_000)
