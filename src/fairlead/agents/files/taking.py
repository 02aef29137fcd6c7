"""From front matter to an agent's card: those that ship, and those of a project with everything that is wrong."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from fairlead.agents.cards import BadCard, FrontMatter
from fairlead.agents.files import values
from fairlead.agents.files.naming import slug, stem
from fairlead.agents.files.tools import tool_names
from fairlead.agents.files.values import NONE, Taking
from fairlead.core.agent_format import (
    ADAPTERS,
    BY_NAME,
    EFFECT_CLASSES,
    ISOLATIONS,
    LEVELS,
    NAMES,
    NEEDS,
    RISKS,
)
from fairlead.core.json import Digest, Json
from fairlead.core.output_contracts import CONTRACTS
from fairlead.core.ports import AgentCard
from fairlead.core.workflow import TIMEOUT_S_DEFAULT

_OWN_ENTRY = re.compile(r"\./([A-Za-z0-9_][\w.-]*\.py):([A-Za-z_]\w*)", re.ASCII)
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_SCHEMA_FILE = re.compile(r"\./([A-Za-z0-9_][\w.-]*\.json)", re.ASCII)
_OPEN: dict[str, Json] = {"type": "object", "additionalProperties": True}
_NOTHING: dict[str, Json] = {}
_UNNAMED = "unnamed"
_OURS = ("name", "description", "fairlead")
# Fields of other programs whose form is known: (name, forms, words for people).
_FORMS: tuple[tuple[str, tuple[type, ...], str], ...] = (
    ("model", (str, list), "a text"),
    ("maxTurns", (int,), "a whole number"),
    ("permissionMode", (str,), "a text"),
)


class Taken(NamedTuple):
    """The card of an agent file, and what only such a file can say."""

    card: AgentCard
    file: str  # the Python file beside it, "" for everything else
    function: str
    argv: tuple[str, ...]
    passed_on: tuple[str, ...]  # names of environment variables
    schema_file: str  # the file beside it that says what it gives; "" for none
    problems: tuple[BadCard, ...]
    warnings: tuple[BadCard, ...]


def card_of(front: FrontMatter, source: str, digest: Digest) -> AgentCard:
    """The card of an agent that ships.

    Raises:
        BadCard: a field is missing or has the wrong type.
    """
    problems: list[BadCard] = []
    card = msgspec.structs.replace(_card(front, source, problems), digest=digest)
    if front.adapter in NEEDS:
        card = _reached_later(card, front, card.contract)
    for key in ("name", "description"):
        if not front.text(key):
            problems.append(BadCard("FL-A003", f"`{key}` is missing or no text", key=key))
    if front.adapter == "tool" and not _ENTRY.fullmatch(front.entry):
        problems.append(BadCard("FL-A003", "`python` must be written as `package.module:function`"))
    if front.adapter not in ("tool", "llm"):
        problems.append(BadCard("FL-A003", f"`adapter` cannot be `{front.adapter[:40]}`; it is one of: tool, llm"))
    if problems:
        raise problems[0]
    return card


def take_card(front: FrontMatter, source: str, *, is_installed: bool = False) -> Taken:
    """The card of an agent file that does not ship; *is_installed* when a package brings it."""
    problems: list[BadCard] = []
    warnings: list[BadCard] = []
    card = _named(_card(front, source, problems), front, source, warnings)
    take = Taking(problems).take
    settings, adapter = front.settings, front.adapter
    file = function = ""
    argv: tuple[str, ...] = ()
    if adapter == "tool":
        file, function = take(_installed_entry if is_installed else _own_entry, ("", ""), front.entry)
    elif adapter == "command":
        argv = take(_argv, NONE, settings)
    elif not front.body and not settings.get("url") and adapter in ("claude", "llm"):
        warnings.append(BadCard("FL-A022", "the file has no instructions below its front matter"))
    passed_on = take(_variables, NONE, settings)
    contract, schema_file = take(_contract, ("", ""), settings)
    if adapter == "command" and "output" not in settings and not card.output_schema:
        said = "nothing says what the program gives: `output: findings`, `output: report` or an `output_schema`"
        problems.append(BadCard("FL-A003", said, key="fairlead"))
    warnings += _meaningless(front, adapter) if settings else ()
    warnings += _unfilled(argv, card)
    if adapter in NEEDS:
        card = _reached_later(card, front, contract)
    if "risk" not in settings:
        card = msgspec.structs.replace(card, risk=_risk(card, passed_on))
    return Taken(card, file, function, argv, passed_on, schema_file, tuple(problems), tuple(warnings))


def _card(front: FrontMatter, source: str, problems: list[BadCard]) -> AgentCard:
    settings = front.settings
    if not settings:  # most files are for other programs
        return _foreign_card(front, source)
    problems += [_unknown(str(name)) for name in settings if name not in NAMES]
    kind = settings.get("kind")
    if kind is not None and settings.get("adapter", kind) != kind:
        said = f"`kind` says `{str(kind)[:40]}` and `adapter` something else"
        problems.append(BadCard("FL-A003", said, key="fairlead.kind", hint="keep `adapter`"))
    take = Taking(problems).take
    limits = take(values.limits, _NOTHING, settings)
    take(values.capabilities, None, settings)
    name = front.text("name")
    return AgentCard(
        name=name,
        title=take(values.text, "", settings, "title") or name,
        description=front.text("description"),
        adapter=take(values.one_of, front.adapter, "adapter", front.adapter, ADAPTERS),
        entry=front.entry,
        version=take(values.version, "", settings),
        digest=Digest(""),
        input_schema=take(values.mapping, _NOTHING, settings, "input"),
        output_schema=take(values.mapping, _NOTHING, settings, "output_schema"),
        source=source,
        body=front.body,
        reads=take(values.patterns, NONE, settings, "reads"),
        writes=take(values.patterns, NONE, settings, "writes"),
        network=take(values.network, "none", settings),
        risk=take(values.one_of, "low", "risk", values.word(settings, "risk", "low"), RISKS),
        effect_class=take(
            values.one_of,
            "read_only",
            "effect_class",
            values.word(settings, "effect_class", "read_only"),
            EFFECT_CLASSES,
        ),
        is_deterministic=take(values.boolean, False, settings, "deterministic"),
        timeout_s=take(values.timeout, TIMEOUT_S_DEFAULT, limits),
        memory_max=take(values.memory, values.MEMORY_DEFAULT, limits),
        tags=take(values.texts, NONE, settings, "tags"),
        needs=NEEDS.get(front.adapter, ""),
        fallback=take(values.texts, NONE, settings, "fallback"),
        isolate=take(_word_of, "", settings, "isolate", ISOLATIONS),
        level=take(_word_of, "", settings, "level", LEVELS),
        at=take(values.text, "", settings, "at"),
        contract=str(settings.get("output", "")),
        budget=take(values.budget, _NOTHING, settings),
        cache=take(values.cache, _NOTHING, settings),
        health=take(values.health, _NOTHING, settings),
    )


def _foreign_card(front: FrontMatter, source: str) -> AgentCard:
    """The card of a file that has no block of ours."""
    adapter = front.adapter
    name = front.text("name")
    return AgentCard(
        name=name,
        title=name,
        description=front.text("description"),
        adapter=adapter,
        entry="",
        version="",
        digest=Digest(""),
        input_schema={},
        output_schema={},
        source=source,
        body=front.body,
        is_deterministic=False,
        needs=NEEDS.get(adapter, ""),
    )


def _unknown(name: str) -> BadCard:
    hint = values.nearest(name, NAMES) or f"there are: {', '.join(sorted(NAMES))}"
    return BadCard("FL-A003", f"`fairlead` has no key `{name}`", key=f"fairlead.{name}", hint=hint)


def _word_of(settings: values.Settings, key: str, words: tuple[str, ...]) -> str:
    return values.one_of(key, str(settings[key]), words) if key in settings else ""


# ------------------------------------------------------------------------------------------- what its own fields say


def _named(card: AgentCard, front: FrontMatter, source: str, warnings: list[BadCard]) -> AgentCard:
    """*card* with the name that it is called by, and what the fields of other programs say."""
    said = _plain_text(front.fields.get("name"))
    from_file = slug(stem(source)) or _UNNAMED
    if not said:
        warnings.append(BadCard("FL-A020", f"the file has no `name`; it is called after its file: {from_file}"))
    elif not slug(said):
        warnings.append(
            BadCard("FL-A020", f"no name can be made of `{said[:40]}`; it is called after its file", key="name")
        )
    description = _plain_text(front.fields.get("description"))
    if not description:
        warnings.append(BadCard("FL-A021", "the file has no `description`: nobody can tell when to use it"))
    tools = tool_names(front.fields.get("tools"))
    if tools is None:
        warnings.append(
            BadCard("FL-A024", "`tools` is neither a text nor a list of texts and is not used", key="tools")
        )
    for key, forms, words in _FORMS:
        value = front.fields.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, forms)):
            warnings.append(BadCard("FL-A024", f"`{key}` is not {words} and is not used", key=key))
    model = front.fields.get("model", "")
    name = slug(said) or from_file
    return msgspec.structs.replace(
        card,
        name=name,
        title=card.title if "title" in front.settings else said or name,
        description=description,
        tools=tools or (),
        model=model if isinstance(model, str) else str(model[0]) if isinstance(model, list) and model else "",
        fields={key: value for key, value in front.fields.items() if key not in _OURS},
    )


def _plain_text(value: Json) -> str:
    """A text, also where YAML has read a number, a truth or a list of texts."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "\n".join(value).strip()
    return ""


def _reached_later(card: AgentCard, front: FrontMatter, contract: str) -> AgentCard:
    """The card of an agent that takes words and gives what its contract says."""
    turns = front.fields.get("maxTurns", front.fields.get("max_turns"))
    budget = dict(card.budget)
    if isinstance(turns, int) and not isinstance(turns, bool) and turns > 0:
        budget.setdefault("turns", turns)
    return msgspec.structs.replace(
        card,
        input_schema=card.input_schema or _OPEN,
        output_schema=card.output_schema or CONTRACTS.get(contract, _OPEN),
        is_deterministic=False,
        budget=budget,
    )


# ------------------------------------------------------------------------------------------------- what only ours say


def _own_entry(entry: str) -> tuple[str, str]:
    found = _OWN_ENTRY.fullmatch(entry)
    if not found:
        said = "`python` must be written as `./file.py:function`, a file beside the card"
        raise BadCard("FL-A003", said, key="fairlead.python")
    return found[1], found[2]


def _installed_entry(entry: str) -> tuple[str, str]:
    if not _ENTRY.fullmatch(entry):
        said = "`python` must be written as `package.module:function`"
        raise BadCard("FL-A003", said, key="fairlead.python")
    return "", ""


def _argv(settings: values.Settings) -> tuple[str, ...]:
    argv = values.texts(settings, "command")
    if not argv or not argv[0].strip():
        said = "`command` must be a list of words, such as [node, check.js]"
        raise BadCard("FL-A003", said, key="fairlead.command")
    return argv


def _variables(settings: values.Settings) -> tuple[str, ...]:
    names = values.texts(settings, "env")
    for name in names:
        if not _VARIABLE.fullmatch(name):
            raise BadCard("FL-A003", f"`env` names variables, and `{name[:40]}` cannot be one", key="fairlead.env")
    return names


def _contract(settings: values.Settings) -> tuple[str, str]:
    """The name of the contract, and the file beside the card that has the schema."""
    said = values.text(settings, "output")
    if not said or said in CONTRACTS:
        return said, ""
    if found := _SCHEMA_FILE.fullmatch(said):
        return said, found[1]
    names = tuple(CONTRACTS)
    hint = values.nearest(said, names) or "a file with a schema is written ./schema.json"
    raise BadCard(
        "FL-A003",
        f"`output` cannot be `{said[:40]}`; it is one of: {', '.join(names)}, or a file such as ./schema.json",
        key="fairlead.output",
        hint=hint,
    )


def _meaningless(front: FrontMatter, adapter: str) -> Sequence[BadCard]:
    """A warning for each key that says nothing to an agent of this adapter."""
    return [
        BadCard("FL-A023", f"`{name}` says nothing for an agent of adapter `{adapter}`", key=f"fairlead.{name}")
        for name in front.settings
        if name in BY_NAME and BY_NAME[name].adapters and adapter not in BY_NAME[name].adapters
    ]


def _unfilled(argv: Sequence[str], card: AgentCard) -> Sequence[BadCard]:
    """A warning for each `{word}` of a command that no input of the card fills: such a word is left out."""
    declared = card.input_schema.get("properties")
    inputs = declared if isinstance(declared, dict) else {}
    words = [word[1:-1] for word in argv if word.startswith("{") and word.endswith("}")]
    return [
        BadCard(
            "FL-A025",
            f"`{{{name}}}` stands for an input, and the agent has no input `{name}`: the word is left out",
            key="fairlead.command",
            hint=f"input: {{type: object, properties: {{{name}: {{type: string}}}}}}",
        )
        for name in dict.fromkeys(words)
        if name.isidentifier() and name not in inputs
    ]


def _risk(card: AgentCard, passed_on: Sequence[str]) -> str:
    """What it may touch, as far as nobody has said how risky that is."""
    if passed_on or card.network != "none":
        return "high"
    return "medium" if card.writes else "low"
