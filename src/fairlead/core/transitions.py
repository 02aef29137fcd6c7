"""Every change of status that can happen: what is not in these tables cannot. State diagrams are printed from them."""

from typing import Literal

RunStatus = Literal["queued", "running", "waiting", "succeeded", "degraded", "failed", "cancelled"]
StepStatus = Literal["pending", "ready", "running", "succeeded", "degraded", "failed", "skipped", "cancelled"]
AttemptStatus = Literal["running", "succeeded", "failed", "cancelled", "lost"]

# Status → what happens → the next status. The empty status stands before the beginning.
RUN: dict[str, dict[str, RunStatus]] = {
    "": {"queued": "queued"},
    "queued": {
        "claimed": "running",
        "cancel_requested": "queued",
        "pause_requested": "waiting",
        "resume_requested": "queued",
    },
    "running": {
        "claimed": "running",  # by another worker, after the first was lost
        "cancel_requested": "running",
        "pause_requested": "waiting",
        "resume_requested": "running",
        "ended_succeeded": "succeeded",
        "ended_degraded": "degraded",
        "ended_failed": "failed",
        "ended_cancelled": "cancelled",
    },
    "waiting": {  # paused by a person: what runs may end, nothing begins
        "claimed": "waiting",
        "cancel_requested": "running",  # what stands under `finally` is still to be done
        "pause_requested": "waiting",
        "resume_requested": "running",
        "ended_succeeded": "succeeded",  # what still ran was all there was to do
        "ended_degraded": "degraded",
        "ended_failed": "failed",
        "ended_cancelled": "cancelled",
    },
    "succeeded": {},
    "degraded": {},
    "failed": {},
    "cancelled": {},
}

STEP: dict[str, dict[str, StepStatus]] = {
    "pending": {"released": "ready", "opened": "running", "skipped": "skipped", "cancelled": "cancelled"},
    "ready": {"started": "running", "refused": "failed", "skipped": "skipped", "cancelled": "cancelled"},
    "running": {
        "succeeded": "succeeded",
        "degraded": "degraded",
        "failed": "failed",
        "lost": "ready",  # repeated
        "cancelled": "cancelled",
        "skipped": "skipped",  # a block all of whose steps were skipped
    },
    "succeeded": {},
    "degraded": {},
    "failed": {},
    "skipped": {},
    "cancelled": {},
}

ATTEMPT: dict[str, dict[str, AttemptStatus]] = {
    "": {"started": "running", "refused": "failed"},  # refused: the gate said no, nothing was begun
    "running": {"succeeded": "succeeded", "failed": "failed", "cancelled": "cancelled", "lost": "lost"},
    "succeeded": {},
    "failed": {},
    "cancelled": {},
    "lost": {},
}

STEP_ENDED = frozenset({"succeeded", "degraded", "failed", "skipped", "cancelled"})
RUN_ENDED = frozenset({"succeeded", "degraded", "failed", "cancelled"})


class Impossible(Exception):
    """An event asks for a change that no table allows: the journal was written by a fault of ours, or altered."""
