"""The keys of an agent file, as tables: what the reader takes, what the reference page and the JSON Schema say.

Settings of ours stand under `fairlead:`; everything else at the top of the front matter belongs to other programs.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from fairlead.core.json import Json
from fairlead.core.output_contracts import CONTRACTS

BYTES_MAX = 256_000  # of one agent file
ADAPTERS = ("tool", "command", "llm", "claude", "mcp", "a2a")
PERFORMED = ("tool", "command")  # the adapters that this build calls agents with
RISKS = ("low", "medium", "high")
EFFECT_CLASSES = ("pure", "read_only", "keyed", "unkeyed")
ISOLATIONS = ("none", "worktree", "container", "vm")
LEVELS = ("L2", "L3")  # a file may ask for more isolation than is usual, never for less

# What a call of an agent of this adapter lacks as long as nothing is configured.
NEEDS: Mapping[str, str] = MappingProxyType(
    {
        "llm": "a model provider: none is configured",
        "claude": "a model provider and the Claude Agent SDK: none is configured",
        "mcp": "an MCP server: none is configured",
        "a2a": "a remote agent that speaks A2A: none is configured",
    }
)

_TEXT: dict[str, Json] = {"type": "string"}
_TEXTS: dict[str, Json] = {"type": "array", "items": {"type": "string"}}
_SCHEMA: dict[str, Json] = {"type": "object"}
_DURATION: dict[str, Json] = {"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$"}


class Key(NamedTuple):
    """One key under `fairlead:`."""

    name: str
    says: str  # one line for people
    schema: dict[str, Json]
    adapters: tuple[str, ...] = ()  # those for which it means something; none: all of them


KEYS: tuple[Key, ...] = (
    Key(
        "adapter",
        "what speaks to the agent; without it `claude`, or what `python` or `command` say",
        {"enum": [*ADAPTERS]},
    ),
    Key("kind", "an older word for `adapter`", {"enum": [*ADAPTERS]}),
    Key("python", "the function: `./file.py:function`, a file beside the card", _TEXT, ("tool",)),
    Key("command", "the program and its words, without a shell", {**_TEXTS, "minItems": 1}, ("command",)),
    Key("env", "names of variables of the environment that the program may see", _TEXTS, ("tool", "command")),
    Key("server", "the MCP server that has the tool", {}, ("mcp",)),
    Key("tool", "the tool of the MCP server", _TEXT, ("mcp",)),
    Key("url", "where the remote agent's card lies", _TEXT, ("a2a",)),
    Key("version", "of the agent, for people and for records", {"type": ["string", "number"]}),
    Key("title", "what people call it", _TEXT),
    Key("input", "what it takes: JSON Schema of an object", _SCHEMA),
    Key("output", f"what it gives: {', '.join(CONTRACTS)}, or a file beside the card such as `./schema.json`", _TEXT),
    Key("output_schema", "what it gives: JSON Schema; more exact than `output`", _SCHEMA),
    Key("deterministic", "whether the same inputs and files always give the same answer", {"type": "boolean"}),
    Key("reads", "patterns of the files that it reads", _TEXTS),
    Key("writes", "patterns of the files that it may change in its working copy", _TEXTS),
    Key("network", "`none`, or the hosts that it may reach", {"type": ["string", "array"], "items": _TEXT}),
    Key("risk", "low, medium or high; without it worked out from what it may touch", {"enum": [*RISKS]}),
    Key("effect_class", "what a repetition of a call would do", {"enum": [*EFFECT_CLASSES]}),
    Key(
        "limits",
        "`timeout`, at most 1h; `memory`, such as `512 MB`; `turns` of a model",
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {"timeout": _DURATION, "memory": _TEXT, "turns": {"type": "integer", "minimum": 1}},
        },
    ),
    Key(
        "budget",
        "the most that one call may cost: `usd`, `tokens`, `turns`, `wall`",
        {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "usd": {"type": "number", "exclusiveMinimum": 0},
                "tokens": {"type": "integer", "minimum": 1},
                "turns": {"type": "integer", "minimum": 1},
                "wall": _DURATION,
                "on_exceeded": {"enum": ["ask", "fail", "degrade"]},
            },
        },
    ),
    Key(
        "cache",
        "how long an answer may be used again: `off`, a duration, or `ttl`, `also_key`, `scope`, `mode`",
        {
            "anyOf": [
                {"const": "off"},
                _DURATION,
                {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "ttl": _DURATION,
                        "also_key": _TEXTS,
                        "scope": {"enum": ["run", "repo", "team"]},
                        "mode": {"enum": ["read_write", "read", "write"]},
                    },
                },
            ]
        },
    ),
    Key("fallback", "agents that take over when this one cannot, in their order", {**_TEXTS, "minItems": 1}),
    Key(
        "health",
        "how to see whether it is well: `probe`, `every`",
        {"type": "object", "additionalProperties": False, "properties": {"probe": _TEXT, "every": _DURATION}},
    ),
    Key("isolate", "where it works: none, worktree, container, vm", {"enum": [*ISOLATIONS]}),
    Key("level", "the least isolation that it asks for: L2 or L3", {"enum": [*LEVELS]}),
    Key("at", "the input that names the tree it works on", _TEXT),
    Key("tags", "words to find it by", _TEXTS),
    Key("capabilities", "what it can do, at most 64", {"type": "array", "maxItems": 64}),
)
NAMES = frozenset(key.name for key in KEYS)
BY_NAME: Mapping[str, Key] = MappingProxyType({key.name: key for key in KEYS})

# Keys at the top of front matter that the programs around know: only these begin a field when a file has to be
# recovered, because any word can stand before a colon in a description.
FOREIGN: Mapping[str, str] = MappingProxyType(
    {
        "name": "what the agent is called",
        "description": "when to use it",
        "tools": "what it may call; without it everything",
        "disallowedTools": "what it may not call",
        "model": "which model speaks for it",
        "permissionMode": "whom it asks before it acts",
        "maxTurns": "how many turns it may take",
        "skills": "skills that it begins with",
        "mcpServers": "MCP servers of its own",
        "hooks": "commands around its calls",
        "memory": "what it remembers between calls",
        "background": "whether it works in the background",
        "effort": "how hard the model thinks",
        "isolation": "where it works",
        "color": "how it is drawn",
        "initialPrompt": "what it is told first",
        "proactive": "whether it is offered unasked",
        "disabled": "whether it is switched off",
        "version": "its version",
        "author": "who wrote it",
        "license": "its licence",
        "metadata": "anything",
        "tags": "words to find it by",
        "category": "where lists put it",
        "emoji": "how it is drawn",
        "vibe": "how it sounds",
        "target": "which program it is for",
        "infer": "whether it is offered unasked",
        "mcp-servers": "MCP servers of its own",
        "argument-hint": "what to say to it",
        "agents": "which agents it may call",
        "handoffs": "which agents go on",
        "user-invocable": "whether people may call it",
        "disable-model-invocation": "whether agents may call it",
        "allowed-tools": "what it may call",
        "kind": "local or remote",
        "display_name": "what people call it",
        "agent_card_url": "where the remote agent's card lies",
        "temperature": "how freely the model answers",
        "top_p": "how freely the model answers",
        "max_turns": "how many turns it may take",
        "timeout_mins": "how long it may take",
        "mode": "how it is called",
        "prompt": "its instructions",
        "permission": "what it may do",
        "disable": "whether it is switched off",
        "steps": "how many turns it may take",
        "hidden": "whether lists leave it out",
        "fairlead": "our own settings",
    }
)


def schema() -> dict[str, Json]:
    """The JSON Schema of the front matter of an agent file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Front matter of a Fairlead agent file",
        "type": "object",
        "additionalProperties": True,
        "properties": {
            "name": {"type": "string"},
            "description": {"type": "string"},
            "tools": {"type": ["string", "array", "object"]},
            "disallowedTools": {"type": ["string", "array"]},
            "model": {"type": ["string", "array"]},
            "maxTurns": {"type": "integer", "minimum": 1},
            "fairlead": {
                "type": "object",
                "additionalProperties": False,
                "properties": {key.name: {"description": key.says, **key.schema} for key in KEYS},
            },
        },
    }
