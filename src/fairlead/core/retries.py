"""What follows a failed attempt: the same agent again after a while, the next alternative, or the end of the step.

The table of error classes is `Retry.on` in `core.workflow`; what is never repeated, whatever a file says, stands here.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from fairlead.core.events import AttemptFailed
from fairlead.core.workflow import FALLBACKS_MAX, AgentAction, ErrorClass, Retry, Step

_SCHEDULE_S = (5.0, 15.0, 30.0)  # between the attempts; further ones wait as long as the last
RETRY_AFTER_S_MAX = 3_600.0  # whoever asks for a longer wait is not waited for

_NO_WAIT: frozenset[ErrorClass] = frozenset({"invalid_output", "expectation"})
_NEVER: frozenset[ErrorClass] = frozenset({"", "validation", "permission", "file_not_found", "unavailable"})
# An answer that a person wrote wrong, or that somebody forbade, is not made better by asking another agent.
_NO_ALTERNATIVE: frozenset[ErrorClass] = frozenset({"validation", "permission"})


class Next(NamedTuple):
    """What follows: another attempt in *wait_s* seconds, by the alternative number *alternative* (0: the agent)."""

    alternative: int
    wait_s: float


def follow(step: Step, failed: AttemptFailed, alternative: int, retries: int, before: str, seed: str) -> Next | None:
    """What follows *failed*; None when the step has failed.

    *retries* counts those of this agent so far, *before* is the class and code of the failure before this one, and
    *seed* makes the jitter the same in every replay.
    """
    following = _alternative_after(step, alternative)
    is_same_again = before == mark(failed)
    if alternative == 0 and _may_repeat(step.retry, failed, retries) and not (is_same_again and following):
        return Next(0, _wait_s(step.retry, failed, retries, seed))
    if following and failed.error not in _NO_ALTERNATIVE and failed.fault not in ("author", "policy", "person"):
        if failed.fault == "result" and failed.error != "expectation":
            return None  # what the work came to is no reason to ask somebody else for a better answer
        if failed.error == "expectation" and "expectation" not in step.retry.on:
            return None
        return Next(following, 0.0)
    return None


def _alternative_after(step: Step, alternative: int) -> int:
    """The next alternative, by an agent that has not been tried yet; 0 when there is none."""
    first = step.action.name if isinstance(step.action, AgentAction) else ""
    agents = (first, *step.fallback[:FALLBACKS_MAX])
    return next((n for n in range(alternative + 1, len(agents)) if agents[n] not in agents[:n]), 0)


def used_up(failed: AttemptFailed, codes: Sequence[str]) -> str:
    """The sentence of a step that has failed for good: *codes* are those of all its failed attempts."""
    said = failed.message
    if failed.retry_after_s > RETRY_AFTER_S_MAX:
        said += f"; it can be tried again in {failed.retry_after_s:,.0f} s"
    if len(codes) > 1:
        counted = Counter(codes).items()
        each = ", ".join(code if count == 1 else f"{code} ×{count}" for code, count in counted)
        said += f"; {len(codes)} attempts failed: {each}"
    return said


def mark(failed: AttemptFailed) -> str:
    """What makes two failures the same: class and code."""
    return f"{failed.error} {failed.code}"


def _may_repeat(retry: Retry, failed: AttemptFailed, retries: int) -> bool:
    if failed.error in _NEVER or failed.retry_after_s > RETRY_AFTER_S_MAX:
        return False
    if failed.error == "unknown":
        return retries < min(retry.max, 1)
    return failed.error in retry.on and retries < retry.max


def _wait_s(retry: Retry, failed: AttemptFailed, retries: int, seed: str) -> float:
    if failed.error in _NO_WAIT:
        return 0.0
    if 0 < failed.retry_after_s <= RETRY_AFTER_S_MAX:
        return failed.retry_after_s
    match retry.backoff:
        case "schedule":
            wait = _SCHEDULE_S[min(retries, len(_SCHEDULE_S) - 1)]
        case "constant":
            wait = min(retry.initial_s, retry.max_delay_s)
        case "linear":
            wait = min(retry.initial_s * (retries + 1), retry.max_delay_s)
        case "exponential":
            wait = min(retry.initial_s * 2.0**retries, retry.max_delay_s)
    if not retry.jitter:
        return wait
    drawn = int.from_bytes(hashlib.sha256(f"{seed} {retries}".encode()).digest()[:4], "big") / 2**32
    return wait * (0.5 + drawn)
