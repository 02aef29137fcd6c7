"""Every change of status that can happen: what is not in these tables cannot. State diagrams are printed from them."""

from typing import Literal

RunStatus = Literal["queued", "running", "waiting", "succeeded", "degraded", "failed", "rejected", "cancelled"]
StepStatus = Literal[
    "pending", "ready", "running", "waiting", "succeeded", "degraded", "failed", "skipped", "cancelled"
]
AttemptStatus = Literal["running", "succeeded", "failed", "cancelled", "lost", "uncertain", "asked"]

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
        "parked": "waiting",
        "ended_succeeded": "succeeded",
        "ended_degraded": "degraded",
        "ended_failed": "failed",
        "ended_rejected": "rejected",
        "ended_cancelled": "cancelled",
    },
    "waiting": {  # paused by a person: what runs may end, nothing begins; or parked: nothing can go on by itself
        "claimed": "waiting",
        "continued": "running",
        "cancel_requested": "running",  # what stands under `finally` is still to be done
        "pause_requested": "waiting",
        "resume_requested": "running",
        "ended_succeeded": "succeeded",  # what still ran was all there was to do
        "ended_degraded": "degraded",
        "ended_failed": "failed",
        "ended_rejected": "rejected",
        "ended_cancelled": "cancelled",
    },
    "succeeded": {},
    "degraded": {},
    "failed": {},
    "rejected": {},
    "cancelled": {},
}

STEP: dict[str, dict[str, StepStatus]] = {
    "pending": {"released": "ready", "opened": "running", "skipped": "skipped", "cancelled": "cancelled"},
    "ready": {
        "started": "running",
        "opened": "running",
        "asked": "waiting",
        "waits": "waiting",
        "refused": "failed",
        "retrying": "ready",  # an alternative is tried, nothing was begun
        "skipped": "skipped",
        "cancelled": "cancelled",
    },
    "waiting": {
        "released": "ready",  # granted, or its child goes on
        "asked": "waiting",  # again, for what was shown has changed
        "succeeded": "succeeded",
        "failed": "failed",
        "skipped": "skipped",
        "cancelled": "cancelled",
    },
    "running": {
        "succeeded": "succeeded",
        "degraded": "degraded",
        "failed": "failed",
        "lost": "ready",  # repeated
        "retrying": "ready",
        "asked": "waiting",  # whether an effect happened
        "waits": "waiting",
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
    "": {"started": "running", "refused": "failed", "waits": "asked"},  # refused: the gate said no, nothing was begun
    "running": {
        "succeeded": "succeeded",
        "failed": "failed",
        "cancelled": "cancelled",
        "lost": "lost",
        "uncertain": "uncertain",
        "waits": "asked",  # no process is held
    },
    "asked": {"succeeded": "succeeded", "failed": "failed"},
    "uncertain": {"lost": "lost"},  # a person says that it did not happen
    "succeeded": {},
    "failed": {},
    "cancelled": {},
    "lost": {},
}

STEP_ENDED = frozenset({"succeeded", "degraded", "failed", "skipped", "cancelled"})
RUN_ENDED = frozenset({"succeeded", "degraded", "failed", "rejected", "cancelled"})


class Impossible(Exception):
    """An event asks for a change that no table allows: the journal was written by a fault of ours, or altered."""
