"""What holds for an agent and why: each line with its value and the reason, for whoever asks what a file comes to."""

from collections.abc import Iterator, Mapping, Sequence

from fairlead.agents.own.definitions import Definition
from fairlead.core.agent_format import FOREIGN
from fairlead.core.json import Json, encode
from fairlead.core.ports import AgentCard, Setting

_USUAL = "usual"
_VALUE_CHARACTERS_MAX = 200
_MODES = {
    "bypassPermissions": ("asks nobody inside the sandbox", "bypassPermissions never reaches outside of it"),
    "acceptEdits": ("asks before anything but an edit of its own copy", "as the file says"),
    "dontAsk": ("what would ask is refused", "as the file says"),
    "plan": ("changes nothing", "as the file says"),
    "default": ("asks as policy says", "as the file says"),
}
_COSMETIC = frozenset(("color", "background", "emoji", "vibe", "category", "proactive"))
# Fields of other programs that this build keeps and does not act on, with the reason.
_KEPT: Mapping[str, str] = {
    "hooks": "commands of the repository: they run only once it is trusted, in the sandbox",
    "mcpServers": "servers of the repository: they run only once it is trusted, in the sandbox",
    "mcp-servers": "servers of the repository: they run only once it is trusted, in the sandbox",
    "memory": "becomes a store of the agent's own, with provenance",
    "skills": "are handed to the model with its instructions",
}
_TAKEN = frozenset(("tools", "disallowedTools", "model", "permissionMode", "maxTurns", "max_turns", "isolation"))


def settings_of(card: AgentCard, own: Definition | None) -> tuple[Setting, ...]:
    """Every line, in the order in which a person would ask; *own* is the file behind it, None for one that ships."""
    return tuple(_Effective(card, own).lines())


class _Effective:
    def __init__(self, card: AgentCard, own: Definition | None) -> None:
        self.card = card
        self.said: Mapping[str, Json] = own.settings if own is not None else {}
        self.is_shipped = own is None
        self.is_python = own is not None and own.file.path.endswith(".py")

    def lines(self) -> Iterator[Setting]:
        card = self.card
        yield Setting("adapter", card.adapter, self._adapter())
        if card.needs:
            yield Setting("needs", card.needs, "calls are refused until it is configured; a `fallback` takes over")
        yield from self._model()
        yield from self._files()
        yield Setting("network", card.network, self._why("network"))
        yield Setting("risk", card.risk, self._why("risk", self._derived_risk()))
        yield Setting("effects", card.effect_class, self._why("effect_class"))
        yield Setting("timeout", f"{card.timeout_s:g} s", self._limit("timeout"))
        yield Setting("memory", f"{card.memory_max // 1_000_000} MB", self._limit("memory"))
        yield self._level()
        yield self._isolation()
        yield self._gives()
        yield Setting("deterministic", _yes(card.is_deterministic), self._why("deterministic"))
        yield self._cache()
        yield Setting("budget", _json(card.budget) or "none of its own", self._budget())
        fallback = ", ".join(card.fallback) or "nobody"
        yield Setting("fallback", fallback, self._why("fallback"))
        if card.health:
            yield Setting("health", _json(card.health), self._why("health"))
        yield from self._others()

    # ------------------------------------------------------------------------------------------------ the reasons

    def _why(self, key: str, otherwise: str = _USUAL) -> str:
        if key in self.said:
            return f"`fairlead.{key}` of the file"
        if self.is_shipped:
            return "the card that ships"
        return "its decorator" if self.is_python else otherwise

    def _adapter(self) -> str:
        said = self.said
        if self.is_shipped or self.is_python:
            return self._why("adapter")
        if self.card.adapter == "command" and said.get("adapter", said.get("kind")) == "tool":
            return "the file says `tool`, and names a program"
        for key in ("adapter", "kind"):
            if key in said:
                return f"`fairlead.{key}` of the file"
        if self.card.adapter == "a2a":
            return "the file says `kind: remote`"
        if self.card.adapter == "claude":
            return "usual for a file with instructions"
        return f"the file names {'a program' if self.card.adapter == 'command' else 'a function'}"

    def _limit(self, key: str) -> str:
        limits = self.said.get("limits")
        is_said = isinstance(limits, dict) and key in limits
        return f"`fairlead.limits.{key}` of the file" if is_said else self._why("limits.")

    def _derived_risk(self) -> str:
        card = self.card
        if card.risk == "high":
            return "worked out: it may reach the network, or is handed variables"
        return "worked out: it writes in its own copy" if card.writes else "worked out: it only reads"

    def _level(self) -> Setting:
        if self.card.level:
            return Setting("level", self.card.level, "`fairlead.level` of the file: the least that it asks for")
        if self.is_shipped:
            return Setting("level", "L1", "code that ships is trusted: limits and a clean environment")
        return Setting("level", "L2", "usual for code that does not ship, unless the project sets another level")

    def _isolation(self) -> Setting:
        card = self.card
        if card.isolate:
            return Setting("isolate", card.isolate, "`fairlead.isolate` of the file")
        if card.fields.get("isolation") == "worktree":
            return Setting("isolate", "worktree", "`isolation` of the file")
        if card.writes:
            return Setting("isolate", "worktree", "usual for whatever writes")
        return Setting("isolate", "none", "it only reads")

    def _gives(self) -> Setting:
        if self.card.contract:
            why = "`fairlead.output` of the file" if not self.is_shipped else "the card that ships"
            return Setting("gives", self.card.contract, why)
        has_schema = bool(self.card.output_schema.get("properties"))
        return Setting("gives", "what its schema says" if has_schema else "anything", self._why("output_schema"))

    def _cache(self) -> Setting:
        card = self.card
        if card.cache:
            return Setting("cache", _json(card.cache), self._why("cache"))
        if card.is_deterministic:
            return Setting("cache", "without end", "usual for an agent that is deterministic")
        if card.adapter in ("llm", "claude"):
            return Setting("cache", "7d", "usual for an agent with a model")
        return Setting("cache", "off", _USUAL)

    def _budget(self) -> str:
        if "turns" in self.card.budget and "budget" not in self.said:
            return "`maxTurns` of the file"
        return self._why("budget")

    def _model(self) -> Iterator[Setting]:
        fields = self.card.fields
        if self.card.adapter not in ("llm", "claude"):
            return
        model = self.card.model
        if model in ("", "inherit"):
            why = "the file says `inherit`" if model else "the file names none"
            yield Setting("model", "the workflow's, or the one configured", why)
        else:
            yield Setting("model", model, "`model` of the file")
        if fields.get("tools") is None:
            yield Setting("tools", "all, as far as policy allows", "the file names none")
        else:
            said = ", ".join(self.card.tools) or "none"
            yield Setting("tools", said, "`tools` of the file, as far as policy allows")
        if denied := fields.get("disallowedTools"):
            yield Setting("no tools", _json(denied), "`disallowedTools` of the file")
        mode = fields.get("permissionMode")
        value, why = (
            _MODES.get(mode, (mode, "not known; policy decides")) if isinstance(mode, str) else _MODES["default"]
        )
        yield Setting("asks", str(value), why if mode else "usual: policy decides")

    def _files(self) -> Iterator[Setting]:
        card = self.card
        reads = ", ".join(card.reads) or "**"
        yield Setting("reads", reads, self._why("reads"))
        yield Setting("writes", ", ".join(card.writes) or "nothing", self._why("writes"))

    def _others(self) -> Iterator[Setting]:
        for name, value in self.card.fields.items():
            if name in _TAKEN:
                continue
            if name in _KEPT:
                why = _KEPT[name]
            elif name in _COSMETIC:
                why = "for the eye only"
            elif name in FOREIGN:
                why = "of another program; kept, and not acted on"
            else:
                why = "not known; kept, and not acted on"
            yield Setting(name, _json(value), why)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _json(value: Json) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, Mapping) and value:
        text = ", ".join(f"{key} {_json(inner)}" for key, inner in value.items())
    elif isinstance(value, Sequence) and all(isinstance(item, str) for item in value):
        text = ", ".join(value)
    else:
        text = encode(value).decode() if value not in ({}, None) else ""
    text = " ".join(text.split())
    return text if len(text) <= _VALUE_CHARACTERS_MAX else text[: _VALUE_CHARACTERS_MAX - 1] + "…"
