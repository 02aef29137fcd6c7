"""What each key of a workflow file means, and the JSON Schema (Draft 2020-12) that editors read.

The words and shapes stand in the tables of this file, the names in `keys`; a test compares the two. The schema says
what can be said of one value by itself: what a step may read, and whom it may call, `fairlead check` says.
"""

from typing import NamedTuple

from fairlead.core.json import Json
from fairlead.core.requirements import KINDS, PRIORITIES
from fairlead.core.workflow import (
    FALLBACKS_MAX,
    ITEMS_MAX,
    PARALLEL_DEFAULT,
    RETRIES_MAX,
    ROUNDS_MAX,
    STEPS_MAX,
    TIMEOUT_S_DEFAULT,
)
from fairlead.workflow.actions import APPROVERS_MAX, PARSINGS_MAX, SHOWN_MAX, TARGETS_MAX
from fairlead.workflow.keys import (
    ACTIONS,
    APPROVE,
    APPROVERS,
    BRANCH,
    BUDGET,
    CACHE,
    CONCURRENCY,
    DEFAULTS,
    EXPECTATION,
    GIT,
    INPUT,
    LIMITS,
    LOOP,
    NOTIFY,
    ON_EVENT,
    ON_GIT,
    ON_WEBHOOK,
    PARALLEL,
    PARSERS,
    PARSING,
    RESERVED_IDS,
    RETRY,
    SCHEDULE,
    SCHEMA_ID,
    STALL,
    STEP,
    TOP,
    WAIT,
    WEBHOOK,
    Keys,
)
from fairlead.workflow.modifiers import EXPECTATIONS_MAX, PARALLEL_MAX, REPEATED, SATISFIES_MAX

Schema = dict[str, Json]


class _Key(NamedTuple):
    """One key: what it means, for people, and what its value may be."""

    name: str
    says: str
    schema: Schema


class _Table(NamedTuple):
    """The keys of one kind of mapping; `required` ones must be there."""

    keys: Keys
    rows: tuple[_Key, ...]
    required: tuple[str, ...] = ()


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _list(items: Schema, most: int = 0, least: int = 0) -> Schema:
    found: Schema = {"type": "array", "items": items}
    if most:
        found["maxItems"] = most
    if least:
        found["minItems"] = least
    return found


def _count(least: int, most: int) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": most}


def _words(*words: str) -> Schema:
    return {"enum": [*words]}


_FIXED: Schema = {"type": "string", "pattern": r"\S"}
_TEXT, _EXPRESSION, _CONDITION, _NUMBER = _ref("text"), _ref("expression"), _ref("condition"), _ref("number")
_DURATION, _ID, _STEPS, _SHARE = _ref("duration"), _ref("id"), _ref("steps"), _ref("share")
_NAMES = {**_list(_FIXED), "uniqueItems": True}
_FLAG: Schema = {"type": "boolean"}

_TABLES: dict[str, _Table] = {
    "workflow": _Table(
        TOP,
        (
            _Key("fairlead", "The version of the format.", {"const": 1}),
            _Key("name", "Small letters, digits and `-`, at most 63.", _ref("name")),
            _Key("title", "For people, at most 256 characters.", {**_FIXED, "maxLength": 256}),
            _Key("description", "For people, at most 10,000 characters.", {**_FIXED, "maxLength": 10_000}),
            _Key(
                "flow",
                "`sequence` (the default): each step follows the one above. `graph`: only `needs` and `after` order.",
                _words("sequence", "graph"),
            ),
            _Key(
                "inputs",
                "What a run is given, by name. One without a default must be given.",
                {"type": "object", "propertyNames": _ID, "additionalProperties": _ref("input")},
            ),
            _Key(
                "vars",
                "Values by name, worked out when the run begins. Texts may hold `${ }`.",
                {"type": "object", "propertyNames": _ID},
            ),
            _Key("env", "Names of the person's environment that expressions may read as `env.NAME`.", _ref("env")),
            _Key("steps", f"The steps. At most {STEPS_MAX:,} in the file, those inside blocks included.", _STEPS),
            _Key("finally", "Steps that run at the end whatever happened, one after the other.", _STEPS),
            _Key(
                "outputs",
                "What the run gives, by name; mostly `${ }`. The output of a skipped step is null here.",
                {"type": "object", "propertyNames": _ID},
            ),
            _Key("defaults", "For every step that takes the key and does not set it itself.", _ref("defaults")),
            _Key("limits", "How much of the run is done at once.", _ref("limits")),
            _Key("concurrency", "Which runs may overlap.", _ref("concurrency")),
            _Key("requirements", "The file that says what was asked for, from the root of the project.", _FIXED),
            _Key("policies", "Names of policies.", _list(_ref("name"))),
            _Key("triggers", "When runs begin by themselves. Checked, and not fired yet.", _list(_ref("trigger"))),
            _Key("budget", "What a run may cost at most.", _ref("budget")),
        ),
        ("fairlead", "name", "steps"),
    ),
    "input": _Table(
        INPUT,
        (
            _Key(
                "type",
                "What it holds. `secret` is the name of a secret, never its value.",
                _words("string", "number", "integer", "boolean", "array", "object", "path", "secret"),
            ),
            _Key("description", "For people.", {**_FIXED, "maxLength": 10_000}),
            _Key("default", "What it is when nothing is given; of the declared type.", {}),
            _Key("enum", "The values that are allowed.", {"type": "array", "minItems": 1}),
            _Key("minimum", "The least number.", {"type": "number"}),
            _Key("maximum", "The greatest number.", {"type": "number"}),
            _Key("exclusiveMinimum", "A number must be more than this.", {"type": "number"}),
            _Key("exclusiveMaximum", "A number must be less than this.", {"type": "number"}),
            _Key("pattern", "A regular expression that a text must match somewhere.", _FIXED),
            _Key("minLength", "The least number of characters.", _count(0, 1_000_000)),
            _Key("maxLength", "The greatest number of characters.", _count(0, 1_000_000)),
            _Key("items", "The JSON Schema of each item of a list.", {"type": "object"}),
            _Key("minItems", "The least number of items.", _count(0, 1_000_000)),
            _Key("maxItems", "The greatest number of items.", _count(0, 1_000_000)),
            _Key("properties", "The JSON Schemas of the fields of an object.", {"type": "object"}),
            _Key("required", "The fields that an object must have.", _NAMES),
            _Key("title", "For people.", _FIXED),
        ),
        ("type",),
    ),
    "defaults": _Table(
        DEFAULTS,
        (
            _Key("timeout", f"One attempt of a step; {TIMEOUT_S_DEFAULT:g} s without it.", _DURATION),
            _Key("retry", "When failed attempts are repeated.", _ref("retry")),
            _Key("cache", "How long outputs may be used again. Not performed yet.", _ref("cache")),
            _Key("budget", "What an `agent` or `run` step may cost at most. Not counted yet.", _ref("budget")),
            _Key("model", "The model of agents that name none. Not performed yet.", _FIXED),
            _Key("isolate", "Where `agent` and `run` steps work.", _ref("isolate")),
        ),
    ),
    "limits": _Table(
        LIMITS,
        (
            _Key(
                "parallel",
                f"`agent` and `run` steps at once; {PARALLEL_DEFAULT} without it.",
                _count(1, PARALLEL_MAX),
            ),
        ),
    ),
    "concurrency": _Table(
        CONCURRENCY,
        (
            _Key("group", "Runs of the same group count together.", _TEXT),
            _Key("max", "How many of them run at once; 1 without it.", _count(1, PARALLEL_MAX)),
            _Key(
                "on_conflict",
                "What happens to one too many: `queue` (the default) lets it wait.",
                _words("queue", "cancel_older", "cancel_newer", "fail"),
            ),
        ),
        ("group",),
    ),
    "step": _Table(
        STEP,
        (
            _Key("id", "Unique in the file; expressions read `steps.ID`.", _ref("step_id")),
            _Key("name", "A title for people.", {**_FIXED, "maxLength": 256}),
            _Key("agent", "Calls an agent, by its name.", _FIXED),
            _Key(
                "run",
                "Performs a program with its arguments, without a shell: a text that is split into words, or a list.",
                {"anyOf": [_TEXT, _list(_TEXT, least=1)]},
            ),
            _Key("approve", "A person decides. No process is held meanwhile.", _ref("approve")),
            _Key("effect", "Changes the world outside, by its kind such as `git.commit`.", _FIXED),
            _Key("notify", "Tells somebody; a failure degrades the step, and never fails it.", _ref("notify")),
            _Key("wait", "Waits for a time, a moment or a signal.", _ref("wait")),
            _Key("workflow", "Performs another workflow as a run of its own.", _ref("name")),
            _Key("parallel", "Steps side by side.", _ref("parallel")),
            _Key("loop", "Steps again and again, round by round.", _ref("loop")),
            _Key("choose", "The first branch whose `if` holds.", _list(_ref("branch"), most=50, least=1)),
            _Key("steps", "Steps one after the other, as one step.", _STEPS),
            _Key("if", "The step is skipped when this does not hold; looked at once, before `each`.", _CONDITION),
            _Key(
                "needs",
                "Ids of the same list that must be usable. Only in a graph, and inside `parallel`.",
                _ref("ids"),
            ),
            _Key("after", "Ids of the same list that must have ended, however.", _ref("ids")),
            _Key("each", "The step is performed once per item of this list.", _EXPRESSION),
            _Key("as", "The name of the item in expressions; `item` without it.", _ID),
            _Key("key", "What names an item, so that a repeated run finds it again; else its position.", _EXPRESSION),
            _Key("max_parallel", "Items at once.", _count(1, PARALLEL_MAX)),
            _Key(
                "tolerate",
                "How many items may fail, as a number or a share; the step is then degraded.",
                {"anyOf": [_count(0, ITEMS_MAX), _SHARE]},
            ),
            _Key("join", "How many items must end well: `all`, `any`, `quorum(2)`, `at_least(60%)`.", _ref("join")),
            _Key("with", "What an agent, an effect or a workflow is given, by name.", {"type": "object"}),
            _Key("prompt", "What an agent is asked, beside `with`.", _TEXT),
            _Key(
                "parse",
                "Files of a program that become fields of its output: parser and path, or a field of any name with "
                "`as` and `file`.",
                {
                    "type": "object",
                    "maxProperties": PARSINGS_MAX,
                    "additionalProperties": {"anyOf": [_FIXED, _ref("parsing")]},
                },
            ),
            _Key("in", "The tree that the step works on: an output such as `best_commit`.", _TEXT),
            _Key("env", "Names of the person's environment that the program may see.", _ref("env")),
            _Key("reads", "Patterns of what it reads.", _list(_TEXT)),
            _Key("writes", "Patterns of what it may change in its working copy.", _list(_TEXT)),
            _Key("isolate", "Where it works.", _ref("isolate")),
            _Key("sandbox", "The least level of isolation.", _words("L0", "L1", "L2", "L3")),
            _Key(
                "fallback",
                f"Agents that are tried, each once, when this one cannot do it; at most {FALLBACKS_MAX}.",
                {**_list(_FIXED, most=FALLBACKS_MAX, least=1), "uniqueItems": True},
            ),
            _Key("optional", "The step may fail; the run is then degraded and says why.", _FLAG),
            _Key("default", "The output of an optional step that failed.", {}),
            _Key("retry", "When a failed attempt is repeated: a number, or a mapping.", _ref("retry")),
            _Key("timeout", "For one attempt; at most `1h`.", _DURATION),
            _Key("cache", "How long the output may be used again. Not performed yet.", _ref("cache")),
            _Key("budget", "What the step may cost at most. Not counted yet.", _ref("budget")),
            _Key(
                "expect",
                "What must hold of the output; otherwise the step fails with fault `result`.",
                _list(_ref("expectation"), most=EXPECTATIONS_MAX),
            ),
            _Key("satisfies", "Requirements that the step's success speaks for.", _ref("satisfies")),
            _Key("hide", "The output is not shown.", _FLAG),
        ),
        ("id",),
    ),
    "parallel": _Table(
        PARALLEL,
        (
            _Key("max", "Steps at once.", _count(1, PARALLEL_MAX)),
            _Key("fail_fast", "The first failure skips the rest and stops what runs; true without it.", _FLAG),
            _Key("join", "How many steps must end well; `all` without it.", _ref("join")),
            _Key("steps", "The steps; `needs` and `after` may order them.", _STEPS),
        ),
        ("steps",),
    ),
    "loop": _Table(
        LOOP,
        (
            _Key(
                "max",
                "Rounds at most, as a number or `${ }`.",
                {"anyOf": [_count(1, ROUNDS_MAX), {"type": "string", "pattern": r"\$\{"}]},
            ),
            _Key("until", "Ends the loop when it holds after a round.", _CONDITION),
            _Key("metric", "The number that a round came to.", _NUMBER),
            _Key("goal", "Which number is better; `minimize` without it.", _words("minimize", "maximize")),
            _Key("start", "The metric before the first round.", _NUMBER),
            _Key("stall", "Ends the loop when rounds gain too little.", _ref("stall")),
            _Key("keep", "Which round the next one starts from; `last` without it.", _words("best", "last")),
            _Key(
                "on_round_failure",
                "What a failing round does: it fails the loop (the default), stops it, or is thrown away.",
                _words("discard", "stop", "fail"),
            ),
            _Key("steps", "The steps of a round, one after the other.", _STEPS),
        ),
        ("max", "steps"),
    ),
    "stall": _Table(
        STALL,
        (
            _Key("rounds", "So many rounds in a row.", _count(1, ROUNDS_MAX)),
            _Key("min_gain", "The share that a round must gain at least.", _SHARE),
        ),
        ("rounds",),
    ),
    "branch": _Table(
        BRANCH,
        (
            _Key("if", "When the branch is taken; only the last one may have none: that is the else.", _CONDITION),
            _Key("steps", "The steps, one after the other.", _STEPS),
        ),
        ("steps",),
    ),
    "approve": _Table(
        APPROVE,
        (
            _Key("title", "What is decided, in one line.", _TEXT),
            _Key("body", "More about it.", _TEXT),
            _Key("show", "Values that the person sees.", _list(_EXPRESSION, most=SHOWN_MAX)),
            _Key("from", "Who must decide; each entry for itself.", _list(_ref("approvers"), most=APPROVERS_MAX)),
            _Key(
                "not_by",
                "Who may not decide.",
                {**_list(_words("requester", "author", "agent_owner")), "uniqueItems": True},
            ),
            _Key(
                "choices",
                "What can be decided; `approve` and `reject` without it.",
                {
                    **_list(_words("approve", "approve_subset", "request_changes", "reject"), least=2),
                    "uniqueItems": True,
                },
            ),
            _Key("select", "The list of which a part may be approved.", _EXPRESSION),
            _Key("timeout", "How long the question stays open; `24h` without it.", _DURATION),
            _Key(
                "on_timeout",
                "What no answer means: it waits on (`hold`, the default), is a no, or goes to somebody else.",
                _words("hold", "reject", "escalate"),
            ),
            _Key("escalate_to", "Who is asked then.", _NAMES),
            _Key("remind", "When to remind, counted from the question.", _list(_DURATION)),
            _Key("notify", "Where the question is told.", _ref("targets")),
        ),
        ("title",),
    ),
    "approvers": _Table(
        APPROVERS,
        (
            _Key("user", "One person.", _FIXED),
            _Key("team", "A team of the people file.", _FIXED),
            _Key("role", "A role of the people file.", _FIXED),
            _Key("min", "How many of them; 1 without it.", _count(1, 100)),
        ),
    ),
    "notify": _Table(
        NOTIFY,
        (
            _Key("to", "`console`, `file:PATH`, or an address, `https://…`.", {**_ref("targets"), "minItems": 1}),
            _Key("title", "The message in one line.", _TEXT),
            _Key("body", "The rest.", _TEXT),
        ),
        ("to", "title"),
    ),
    "wait": _Table(
        WAIT,
        (
            _Key("for", "A time; with `event` its limit.", _TEXT),
            _Key("until", "A moment, as ISO 8601 writes it.", _TEXT),
            _Key("event", "The name of a signal.", _FIXED),
        ),
    ),
    "retry": _Table(
        RETRY,
        (
            _Key("max", "Repetitions after the first attempt.", _count(0, RETRIES_MAX)),
            _Key("on", "The classes of errors that are repeated.", _list(_words(*REPEATED))),
            _Key(
                "backoff",
                "How the pauses grow: `schedule` (the default) is 5, 15, 30, 30 … s.",
                _words("schedule", "constant", "linear", "exponential"),
            ),
            _Key("initial", "The first pause.", _DURATION),
            _Key("max_delay", "The longest pause.", _DURATION),
            _Key("jitter", "Whether pauses vary, so that not everybody comes back at once.", _FLAG),
        ),
        ("max",),
    ),
    "budget": _Table(
        BUDGET,
        (
            _Key("usd", "Money.", {"type": "number", "exclusiveMinimum": 0}),
            _Key("tokens", "Tokens of models.", {"type": "integer", "minimum": 1}),
            _Key("turns", "Turns of a model.", {"type": "integer", "minimum": 1}),
            _Key("launches", "Calls of agents.", {"type": "integer", "minimum": 1}),
            _Key("wall", "Time on the clock.", _DURATION),
            _Key("on_exceeded", "What happens then.", _words("ask", "fail", "degrade")),
        ),
    ),
    "cache_settings": _Table(
        CACHE,
        (
            _Key("ttl", "How long.", _DURATION),
            _Key("also_key", "Values that make an output another one.", _list(_EXPRESSION)),
            _Key("scope", "Who shares it.", _words("run", "repo", "team")),
            _Key("mode", "Whether it is read, written, or both.", _words("read_write", "read", "write")),
        ),
    ),
    "expectation": _Table(
        EXPECTATION,
        (
            _Key("that", "What must hold; reads `output`.", _CONDITION),
            _Key("say", "What to say when it does not.", _TEXT),
            _Key("satisfies", "Requirements that it speaks for.", _ref("satisfies")),
            _Key("level", "`warn`: the step is degraded, not failed.", _words("fail", "warn")),
        ),
        ("that", "say"),
    ),
    "parsing": _Table(
        PARSING,
        (
            _Key("as", "The parser.", _words(*PARSERS, "pytest-benchmark")),
            _Key("file", "The path of the file.", _FIXED),
            _Key("pattern", "With the parser `regex`: what is searched in the output, with named groups.", _FIXED),
        ),
    ),
    "schedule": _Table(
        SCHEDULE,
        (
            _Key("schedule", "Minute, hour, day of the month, month, day of the week.", _FIXED),
            _Key("timezone", "A name of the IANA database; `UTC` without it.", _FIXED),
            _Key("catch_up", "What was missed while nothing ran; `skip` without it.", _words("skip", "one", "all")),
        ),
        ("schedule",),
    ),
    "on_git": _Table(ON_GIT, (_Key("git", "Something happens in the repository.", _ref("git")),), ("git",)),
    "git": _Table(
        GIT,
        (
            _Key("on", "What happens.", _list(_words("push", "tag", "pull_request"))),
            _Key("branches", "Patterns of branches.", _NAMES),
            _Key("paths", "Patterns of files that changed.", _NAMES),
        ),
        ("on",),
    ),
    "on_webhook": _Table(ON_WEBHOOK, (_Key("webhook", "A request comes.", _ref("webhook")),), ("webhook",)),
    "webhook": _Table(
        WEBHOOK,
        (
            _Key("name", "Part of its path.", _FIXED),
            _Key("secret", "The name of the secret that signs it.", _FIXED),
            _Key("filter", "Which requests count.", _CONDITION),
        ),
        ("name",),
    ),
    "on_event": _Table(
        ON_EVENT,
        (
            _Key("event", "Something happens in the project, such as `finding.accepted`.", _FIXED),
            _Key("filter", "Which events count.", _CONDITION),
        ),
        ("event",),
    ),
}

# Shapes of single values.
_SHAPES: dict[str, Schema] = {
    "name": {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,62}$"},
    "id": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
    "step_id": {"allOf": [{"$ref": "#/$defs/id"}, {"not": {"enum": [*RESERVED_IDS]}}]},
    "ids": {"type": "array", "items": {"$ref": "#/$defs/id"}, "uniqueItems": True},
    "text": {"type": "string", "pattern": r"\S", "description": "Text; `${ expression }` in it is filled in."},
    "expression": {"type": "string", "pattern": r"\S", "description": "An expression, without `${ }`."},
    "condition": {
        "type": ["string", "boolean"],
        "pattern": r"\S",
        "description": "An expression that is true or false, without `${ }`.",
    },
    "number": {
        "type": ["string", "number"],
        "pattern": r"\S",
        "description": "An expression that is a number, without `${ }`.",
    },
    "duration": {"type": "string", "pattern": r"^([0-9]{1,9}(\.[0-9]{1,9})?(ms|s|m|h|d|w))+$"},
    "share": {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,6})?%$"},
    "join": {"type": "string", "pattern": r"^(all|any|quorum\(\s*[0-9]+\s*\)|at_least\(\s*[0-9.]+%\s*\))$"},
    "isolate": _words("none", "worktree", "container", "vm"),
    "env": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,127}$"},
        "uniqueItems": True,
    },
    "targets": {
        "type": "array",
        "items": {"type": "string", "pattern": r"^[a-z][a-z0-9+.-]*(:\S.*)?$"},
        "maxItems": TARGETS_MAX,
        "uniqueItems": True,
    },
    "satisfies": {"type": "array", "items": _FIXED, "maxItems": SATISFIES_MAX, "uniqueItems": True},
    "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "minItems": 1, "maxItems": STEPS_MAX},
    "cache": {"anyOf": [{"const": "off"}, {"$ref": "#/$defs/duration"}, {"$ref": "#/$defs/cache_settings"}]},
    "trigger": {
        "anyOf": [
            {"const": "manual"},
            *({"$ref": f"#/$defs/{name}"} for name in ("schedule", "on_git", "on_webhook", "on_event")),
        ]
    },
}


def workflow_schema() -> Schema:
    """The JSON Schema of a workflow file."""
    shapes: dict[str, Schema] = {}
    for name, table in _TABLES.items():
        if name != "workflow":
            shapes[name] = _object(table)
    step, retry = shapes["step"], shapes["retry"]
    step["oneOf"] = [{"required": [action]} for action in ACTIONS]
    shapes["approvers"]["oneOf"] = [{"required": [name]} for name in ("user", "team", "role")]
    shapes["budget"]["minProperties"] = 1
    shapes["wait"]["minProperties"] = 1
    shapes["retry"] = {"anyOf": [_count(0, RETRIES_MAX), retry]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **_object(_TABLES["workflow"]),
        "title": "Fairlead workflow, version 1",
        "$defs": {**_SHAPES, **shapes},
    }


def requirements_schema() -> Schema:
    """The JSON Schema of a file of requirements."""
    texts = _list(_FIXED)
    requirement: Schema = {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {"^x-": {}},
        "properties": {
            "id": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9._-]{0,63}$"},
            "title": {**_FIXED, "maxLength": 256, "description": "What is asked for, in one line."},
            "name": {**_FIXED, "maxLength": 256, "description": "Another word for `title`."},
            "description": {"type": "string", "description": "More about it."},
            "kind": _words(*KINDS),
            "priority": _words(*PRIORITIES),
            "acceptance": {**texts, "description": "What must be seen, in sentences for people."},
            "depends_on": {**texts, "description": "Ids: it is not met before they are."},
            "deliverables": {**texts, "description": "Patterns of paths."},
        },
    }
    one: Schema = {"anyOf": [_FIXED, _ref("requirement")]}
    lists: Schema = {name: _list(one) for name in ("requirements", "features", "technical")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fairlead requirements",
        "anyOf": [
            _list(one),
            {"type": "object", "properties": lists, "patternProperties": {"^x-": {}}, "additionalProperties": False},
            {
                "type": "object",
                "propertyNames": {"not": {"enum": [*lists]}},
                "patternProperties": {"^x-": {}},
                "additionalProperties": one,
            },
        ],
        "$defs": {"requirement": requirement},
    }


def _object(table: _Table) -> Schema:
    found: Schema = {
        "title": table.keys.what,
        "type": "object",
        "additionalProperties": False,
        "properties": {row.name: {**row.schema, "description": row.says} for row in table.rows},
    }
    if table.required:
        found["required"] = [*table.required]
    if table.keys.takes_extra:
        found["patternProperties"] = {"^x-": {}}
    return found
