"""Which keys a workflow file may have, where, and which of them this build reads without performing them.

Nothing that a file says is ignored: an unknown key is an error, and a key that is kept for a later version is said to
be so (FL-W110). What each key means stands in `schema/workflow-1.json`; a test compares the two both ways.
"""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple


class Keys(NamedTuple):
    """The keys of one kind of mapping. `x-…` keys are always allowed where `takes_extra`."""

    what: str  # as a sentence names the mapping: "a step"
    names: tuple[str, ...]
    takes_extra: bool = False


TOP = Keys(
    "a workflow",
    (
        *("fairlead", "name", "title", "description", "flow", "inputs", "vars", "env", "steps", "finally", "outputs"),
        *("defaults", "limits", "concurrency", "requirements", "policies", "triggers", "budget"),
    ),
    takes_extra=True,
)
RULES = (
    *("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "minLength", "maxLength"),
    *("items", "minItems", "maxItems", "properties", "required", "title"),
)
INPUT = Keys("an input", ("type", "description", "default", *RULES), takes_extra=True)
DEFAULTS = Keys("`defaults`", ("timeout", "retry", "cache", "budget", "model", "isolate"), takes_extra=True)
LIMITS = Keys("`limits`", ("parallel",), takes_extra=True)
CONCURRENCY = Keys("`concurrency`", ("group", "max", "on_conflict"), takes_extra=True)

RETRY = Keys("`retry`", ("max", "on", "backoff", "initial", "max_delay", "jitter"), takes_extra=True)
BUDGET = Keys("`budget`", ("usd", "tokens", "turns", "launches", "wall", "on_exceeded"), takes_extra=True)
CACHE = Keys("`cache`", ("ttl", "also_key", "scope", "mode"), takes_extra=True)
EXPECTATION = Keys("an expectation", ("that", "say", "satisfies", "level"), takes_extra=True)
PARSING = Keys("a file to parse", ("as", "file", "pattern"), takes_extra=True)

PARALLEL = Keys("`parallel`", ("max", "fail_fast", "join", "steps"), takes_extra=True)
LOOP = Keys(
    "`loop`",
    ("max", "until", "metric", "goal", "start", "stall", "keep", "on_round_failure", "steps"),
    takes_extra=True,
)
STALL = Keys("`stall`", ("rounds", "min_gain"), takes_extra=True)
BRANCH = Keys("a branch", ("if", "steps"), takes_extra=True)
APPROVE = Keys(
    "`approve`",
    (
        *("title", "body", "show", "from", "not_by", "choices", "select", "timeout", "on_timeout", "escalate_to"),
        *("remind", "notify"),
    ),
    takes_extra=True,
)
APPROVERS = Keys("an entry of `from`", ("user", "team", "role", "min"), takes_extra=True)
NOTIFY = Keys("`notify`", ("to", "title", "body"), takes_extra=True)
WAIT = Keys("`wait`", ("for", "until", "event"), takes_extra=True)

SCHEDULE = Keys("a schedule", ("schedule", "timezone", "catch_up"), takes_extra=True)
ON_GIT = Keys("a `git` trigger", ("git",), takes_extra=True)
GIT = Keys("`git`", ("on", "branches", "paths"), takes_extra=True)
ON_WEBHOOK = Keys("a `webhook` trigger", ("webhook",), takes_extra=True)
WEBHOOK = Keys("`webhook`", ("name", "secret", "filter"), takes_extra=True)
ON_EVENT = Keys("an `event` trigger", ("event", "filter"), takes_extra=True)

BLOCKS = ("parallel", "loop", "choose", "steps")
ACTIONS = ("agent", "run", "approve", "effect", "notify", "wait", "workflow", *BLOCKS)
STEP = Keys(
    "a step",
    (
        *("id", "name", *ACTIONS),
        *("if", "needs", "after", "each", "as", "key", "max_parallel", "tolerate", "join"),
        *("with", "prompt", "parse", "in", "env", "reads", "writes", "isolate", "sandbox"),
        *("fallback", "optional", "default", "retry", "timeout", "cache", "budget"),
        *("expect", "satisfies", "hide"),
    ),
    takes_extra=True,
)

# The actions that take a key; a key that is not here may stand on every step.
_PROGRAMS = ("agent", "run")
_CALLS = (*_PROGRAMS, "effect", "notify", "workflow")
TAKEN_BY: dict[str, tuple[str, ...]] = {
    "with": ("agent", "effect", "workflow"),
    "prompt": ("agent",),
    "fallback": ("agent",),
    "parse": ("run",),
    "in": _PROGRAMS,
    "env": _PROGRAMS,
    "reads": _PROGRAMS,
    "writes": _PROGRAMS,
    "isolate": _PROGRAMS,
    "sandbox": _PROGRAMS,
    "cache": (*_PROGRAMS, "workflow"),
    "retry": _CALLS,
    "timeout": (*_CALLS, *BLOCKS),
}

# Words that CEL keeps for itself: as an id they would not be the name of anything.
RESERVED_IDS = ("in", "null", "true", "false")
# The words with which an expression begins; an alias of the same name would hide one.
ROOTS = ("inputs", "vars", "steps", "output", "round", "git", "run", "host", "data", "agent", "env")

SCHEMA_ID = "https://fairlead.example/schema/workflow-1.json"  # by which editors know what the file is

PARSERS = ("junit", "coverage", "sarif", "json", "hyperfine", "pytest_benchmark", "regex")


_CANDIDATES_MAX = 100  # names that are compared; 2,000 would cost 60 ms for each mistake


def did_you_mean(name: str, names: Iterable[str], otherwise: str) -> str:
    """A hint: the names that a person who wrote *name* most likely meant, or *otherwise*."""
    from difflib import get_close_matches  # 9 ms that only a mistake pays

    similar = (other for other in names if abs(len(other) - len(name)) <= 3)
    close = get_close_matches(name, list(islice(similar, _CANDIDATES_MAX)), 2, 0.7)
    return f"did you mean {' or '.join(f'`{one}`' for one in close)}?" if close else otherwise
