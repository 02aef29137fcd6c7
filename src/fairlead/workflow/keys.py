"""Which keys a workflow file may have, where, and which of them this build performs.

A key of format version 1 that this build does not perform is refused (FL-W110): nothing that a file says is ignored.
"""

from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple


class Keys(NamedTuple):
    """The keys of one kind of mapping. `x-…` keys are always allowed where `takes_extra`."""

    what: str  # as a sentence names the mapping: "a step"
    performed: tuple[str, ...]
    later: tuple[str, ...] = ()
    takes_extra: bool = False


TOP = Keys(
    "a workflow",
    ("fairlead", "name", "title", "description", "flow", "inputs", "steps", "finally", "outputs", "defaults", "limits"),
    ("requirements", "policies", "triggers", "concurrency", "budget", "vars", "env"),
    takes_extra=True,
)
INPUT = Keys(
    "an input",
    ("type", "description", "default"),
    (
        *("enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "pattern", "minLength", "maxLength"),
        *("items", "minItems", "maxItems", "properties", "required", "title"),
    ),
    takes_extra=True,
)
DEFAULTS = Keys("`defaults`", ("timeout",), ("retry", "cache", "budget", "model", "isolate"))
LIMITS = Keys("`limits`", ("parallel",))
PARALLEL = Keys("`parallel`", ("max", "fail_fast", "steps"), takes_extra=True)

ACTIONS = ("agent", "run", "parallel", "steps")
ACTIONS_LATER = ("loop", "choose", "approve", "effect", "notify", "wait", "workflow")
STEP = Keys(
    "a step",
    ("id", "name", *ACTIONS, "with", "needs", "after", "optional", "default", "timeout"),
    (
        *ACTIONS_LATER,
        *("if", "each", "as", "key", "max_parallel", "tolerate", "prompt", "fallback", "retry", "cache", "budget"),
        *("isolate", "reads", "writes", "in", "parse", "expect", "satisfies", "hide", "env"),
    ),
    takes_extra=True,
)

# CEL, which later builds read, keeps these words for itself.
RESERVED_IDS = ("in", "null", "true", "false")


_CANDIDATES_MAX = 100  # names that are compared; 2,000 would cost 60 ms for each mistake


def did_you_mean(name: str, names: Iterable[str], otherwise: str) -> str:
    """A hint: the names that a person who wrote *name* most likely meant, or *otherwise*."""
    from difflib import get_close_matches  # 9 ms that only a mistake pays

    similar = (other for other in names if abs(len(other) - len(name)) <= 3)
    close = get_close_matches(name, list(islice(similar, _CANDIDATES_MAX)), 2, 0.7)
    return f"did you mean {' or '.join(f'`{one}`' for one in close)}?" if close else otherwise
