"""One agent's card: Markdown whose front matter says what the agent is called, takes, gives and may touch.

The cards that ship and those of a project have one form; a project's may also name a file beside it, or a program.
"""

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

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
# The keys that only the card of a project may have.
_OWN_KEYS = _KEYS | {"command", "kind", "env"}
_CALLABLE = ("tool", "command")
_OUTPUTS = ("findings", "report")

_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_OWN_ENTRY = re.compile(r"\./([A-Za-z0-9_][\w.-]*\.py):([A-Za-z_]\w*)", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_MEMORY = re.compile(r"(\d{1,6}) ?(MB|GB)", re.ASCII)


class BadCard(Exception):
    """An agent's file cannot be used. The text begins with the code and is one line.

    *key* is the place in front matter, "fairlead.risk"; *line* and *column* are one in the file, 0 when it is unknown.
    """

    def __init__(
        self, code: str, reason: str, *, key: str = "", line: int = 0, column: int = 0, hint: str = "", path: str = ""
    ) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.key = key
        self.line = line
        self.column = column
        self.hint = hint
        self.path = path  # of the file that is wrong, when it is another one than the card


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
        adapter = self.settings.get("adapter", self.settings.get("kind", "claude"))
        if adapter == "tool" and "command" in self.settings and "python" not in self.settings:
            return "command"
        return adapter if isinstance(adapter, str) else str(adapter)

    @property
    def is_callable(self) -> bool:
        """Whether its adapter is one that calls a project's agents in this build."""
        return self.adapter in _CALLABLE

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
    """The card of an agent that ships.

    Raises:
        BadCard: a field is missing or has the wrong type.
    """
    card, problems = _read(front, source, digest, _KEYS, ("tool",))
    if problems:
        raise problems[0]
    return card


class OwnCard(NamedTuple):
    """The card of a project's agent, and what only such a card can say."""

    card: AgentCard
    file: str  # the Python file beside it, "" for a program
    function: str
    argv: tuple[str, ...]
    passed_on: tuple[str, ...]  # names of environment variables
    gives: str  # "findings", "report" or ""
    problems: tuple[BadCard, ...]


def own_card_of(front: FrontMatter, source: str) -> OwnCard:
    """The card of a project's agent, with everything that is wrong with it."""
    card, problems = _read(front, source, Digest(""), _OWN_KEYS, _CALLABLE)
    fields = _Fields(problems)
    settings = front.settings
    file = function = ""
    argv: tuple[str, ...] = ()
    if front.adapter == "tool":
        if found := _OWN_ENTRY.fullmatch(front.entry):
            file, function = found.groups()
        else:
            said = "`python` must be written as `./file.py:function`, a file beside the card"
            problems.append(BadCard("FL-A003", said, key="fairlead.python"))
    else:
        argv = fields.take(_texts, _NONE, settings, "command")
        if not any(bad.key == "fairlead.command" for bad in problems) and (not argv or not argv[0].strip()):
            said = "`command` must be a list of words, such as [node, check.js]"
            problems.append(BadCard("FL-A003", said, key="fairlead.command"))
    passed_on = fields.take(_texts, _NONE, settings, "env")
    problems += [
        BadCard("FL-A003", f"`env` names variables, and `{name[:40]}` cannot be one", key="fairlead.env")
        for name in passed_on
        if not _VARIABLE.fullmatch(name)
    ]
    gives = fields.take(_text, "", settings, "output")
    if gives and gives not in _OUTPUTS:
        said = f"`output` cannot be `{gives[:40]}`; it is one of: {', '.join(_OUTPUTS)}"
        problems.append(BadCard("FL-A003", said, key="fairlead.output"))
    if front.adapter == "command" and not gives and not card.output_schema:
        said = "nothing says what the program gives: `output: findings`, `output: report` or an `output_schema`"
        problems.append(BadCard("FL-A003", said, key="fairlead"))
    if "risk" not in settings:
        risk = "high" if passed_on or card.network != "none" else "medium" if card.writes else "low"
        card = msgspec.structs.replace(card, risk=risk)
    return OwnCard(card, file, function, argv, passed_on, gives, tuple(problems))


_T = TypeVar("_T")
_NONE: tuple[str, ...] = ()


class _Fields:
    """Reads fields, and notes those that are wrong."""

    def __init__(self, problems: list[BadCard]) -> None:
        self.problems = problems

    def take(self, read: Callable[..., _T], otherwise: _T, *arguments: object) -> _T:
        try:
            return read(*arguments)
        except BadCard as bad:
            self.problems.append(bad)
            return otherwise


def _read(
    front: FrontMatter, source: str, digest: Digest, keys: frozenset[str], adapters: tuple[str, ...]
) -> tuple[AgentCard, list[BadCard]]:
    settings = front.settings
    problems = [_unknown(name, keys) for name in sorted(settings.keys() - keys)]
    take = _Fields(problems).take
    nothing: dict[str, Json] = {}
    limits = take(_mapping, nothing, settings, "limits")
    name = take(_required, "", front, "name")
    card = AgentCard(
        name=name,
        title=take(_text, "", settings, "title") or name,
        description=take(_required, "", front, "description"),
        adapter=take(_one_of, "", "adapter", front.adapter, adapters),
        entry=take(_entry, "", front.entry) if keys is _KEYS else front.entry,
        version=take(_version, "", settings),
        digest=digest,
        input_schema=take(_mapping, nothing, settings, "input"),
        output_schema=take(_mapping, nothing, settings, "output_schema"),
        source=source,
        body=front.body,
        reads=take(_texts, _NONE, settings, "reads"),
        writes=take(_texts, _NONE, settings, "writes"),
        network=take(_text, "", settings, "network") or "none",
        risk=take(_one_of, "low", "risk", _word(settings, "risk", "low"), _RISKS),
        effect_class=take(
            _one_of, "read_only", "effect_class", _word(settings, "effect_class", "read_only"), _EFFECT_CLASSES
        ),
        is_deterministic=take(_boolean, False, settings, "deterministic"),
        timeout_s=take(_timeout, TIMEOUT_S_DEFAULT, limits),
        memory_max=take(_memory, _MEMORY_DEFAULT, limits),
        tags=take(_texts, _NONE, settings, "tags"),
    )
    return card, problems


def _unknown(name: str, keys: frozenset[str]) -> BadCard:
    from difflib import get_close_matches

    near = get_close_matches(str(name), sorted(keys), 1, 0.5)
    hint = f"did you mean `{near[0]}`?" if near else f"there are: {', '.join(sorted(keys))}"
    return BadCard("FL-A003", f"`fairlead` has no key `{name}`", key=f"fairlead.{name}", hint=hint)


def limits_of(timeout: str, memory: str) -> tuple[float, int]:
    """Time limit in seconds and memory in bytes, as a card's `limits` words them; "" for what is usual.

    Raises:
        BadCard: FL-A003 one of them is not written so.
    """
    words = {"timeout": timeout, "memory": memory}
    limits = {name: text for name, text in words.items() if text}
    return _timeout(limits), _memory(limits)


def _required(front: FrontMatter, key: str) -> str:
    value = front.text(key)
    if not value:
        raise BadCard("FL-A003", f"`{key}` is missing or no text", key=key)
    return value


def _entry(entry: str) -> str:
    if not _ENTRY.fullmatch(entry):
        raise BadCard("FL-A003", "`python` must be written as `package.module:function`")
    return entry


def _version(settings: Mapping[str, Json]) -> str:
    version = settings.get("version", "")
    if isinstance(version, bool) or not isinstance(version, int | float | str):
        raise BadCard("FL-A003", "`version` must be text or a number", key="fairlead.version")
    return str(version)


def _text(settings: Mapping[str, Json], key: str) -> str:
    value = settings.get(key, "")
    if not isinstance(value, str):
        raise BadCard("FL-A003", f"`{key}` must be text", key=f"fairlead.{key}")
    return value


def _texts(settings: Mapping[str, Json], key: str) -> tuple[str, ...]:
    value = settings.get(key, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadCard("FL-A003", f"`{key}` must be a list of texts", key=f"fairlead.{key}")
    return tuple(value)


def _word(settings: Mapping[str, Json], key: str, usual: str) -> str:
    """One of a few words, for `_one_of` to judge: whatever else stands there is none of them."""
    return str(settings.get(key) or usual)


def _mapping(settings: Mapping[str, Json], key: str) -> dict[str, Json]:
    value = settings.get(key, {})
    if not isinstance(value, dict):
        raise BadCard("FL-A003", f"`{key}` must be a mapping", key=f"fairlead.{key}")
    return value


def _boolean(settings: Mapping[str, Json], key: str) -> bool:
    value = settings.get(key, False)
    if not isinstance(value, bool):
        raise BadCard("FL-A003", f"`{key}` must be true or false", key=f"fairlead.{key}")
    return value


def _one_of(key: str, value: str, words: tuple[str, ...]) -> str:
    if value not in words:
        said = f"`{key}` cannot be `{value[:40]}`; it is one of: {', '.join(words)}"
        raise BadCard("FL-A003", said, key=f"fairlead.{key}")
    return value


def _timeout(limits: Mapping[str, Json]) -> float:
    if "timeout" not in limits:
        return TIMEOUT_S_DEFAULT
    seconds = parse_duration(_text(limits, "timeout"))
    if seconds is None or not 0 < seconds <= TIMEOUT_S_MAX:
        said = "`limits.timeout` must be a duration of at most 1h, such as `10m`"
        raise BadCard("FL-A003", said, key="fairlead.limits")
    return seconds


def _memory(limits: Mapping[str, Json]) -> int:
    if "memory" not in limits:
        return _MEMORY_DEFAULT
    found = _MEMORY.fullmatch(_text(limits, "memory"))
    if not found:
        raise BadCard("FL-A003", "`limits.memory` must be written as `512 MB`", key="fairlead.limits")
    return int(found[1]) * (1_000_000 if found[2] == "MB" else 1_000_000_000)
