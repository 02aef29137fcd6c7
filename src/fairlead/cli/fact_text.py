"""What each fact says, in pieces. Both screens are put together from these, so neither can leave one out."""

from collections.abc import Iterable

from fairlead.cli.times import seconds_text
from fairlead.service.records import Fact

# Fact → status for the symbol, and the word of a plain line. `step.progress` comes and goes.
WORDS: dict[str, tuple[str, str]] = {
    "run.queued": ("queued", "queued"),
    "run.started": ("running", "start"),
    "run.resumed": ("running", "resume"),
    "run.paused": ("waiting", "pause"),
    "run.continued": ("running", "continue"),
    "run.cancelling": ("cancelled", "cancel"),
    "run.waiting": ("waiting", "waiting"),
    "run.unowned": ("waiting", "unowned"),
    "run.signalled": ("running", "signal"),
    "run.succeeded": ("succeeded", "ok"),
    "run.degraded": ("degraded", "degraded"),
    "run.failed": ("failed", "failed"),
    "run.rejected": ("failed", "rejected"),
    "run.cancelled": ("cancelled", "cancelled"),
    "approval.asked": ("waiting", "asks"),
    "approval.decided": ("running", "decided"),
    "step.waiting": ("waiting", "waits"),
    "step.opened": ("running", "open"),
    "step.started": ("running", "start"),
    "step.progress": ("running", "at"),
    "step.retrying": ("retry", "retry"),
    "step.succeeded": ("succeeded", "ok"),
    "step.degraded": ("degraded", "degraded"),
    "step.failed": ("failed", "failed"),
    "step.skipped": ("skipped", "skipped"),
    "step.cancelled": ("cancelled", "cancelled"),
}
_IS_STEP_END = frozenset({"step.succeeded", "step.degraded", "step.failed", "step.skipped", "step.cancelled"})
_IS_RUN_END = frozenset({"run.succeeded", "run.degraded", "run.failed", "run.rejected", "run.cancelled"})
# On a terminal the line at the top and the answer at the end say these.
IS_SAID_AROUND = frozenset({"run.queued", "run.started", "run.succeeded"})


def first_line(fact: Fact) -> str:
    """The words beside a step's name: what it found, or why it did not."""
    match fact.type:
        case "step.failed":
            return fact.message or fact.code
        case "step.skipped" | "step.cancelled":
            return "; ".join(fact.reasons) or fact.message
        case "step.retrying":
            why = f": {fact.summary}" if fact.summary else ""
            return f"{'lost' if not fact.code else 'not yet'}{why}; attempt {fact.attempt} follows"
        case "run.unowned":
            return f"no worker; fairlead resume {fact.run} goes on"
        case "run.resumed":
            return "goes on where it stopped"
        case "run.succeeded" | "run.degraded" | "run.failed" | "run.rejected" | "run.cancelled":
            return fact.type.removeprefix("run.")
        case "run.paused":
            return "paused: what runs may end, nothing begins" + (f" ({fact.summary})" if fact.summary else "")
        case "run.waiting":
            return f"waiting: {fact.summary}" if fact.summary else "waiting"
        case "run.signalled":
            return f"the signal {fact.summary} has come"
        case "run.continued":
            return "goes on"
        case "run.cancelling":
            return "cancelling" + (f": {fact.summary}" if fact.summary else "")
        case _:
            return fact.summary


class Telling:
    """What belongs under the first lines. It remembers, for the reasons of a run repeat those of its steps."""

    def __init__(self) -> None:
        self._told: set[str] = set()

    def further_lines(self, fact: Fact) -> tuple[str, ...]:
        """Reasons of a degraded step, code and hint of a failed one, and those reasons of a run that no step gave."""
        if fact.step:
            for text in (*fact.reasons, fact.message):
                # The three forms in which a run repeats what a step has said.
                self._told |= {f"{fact.step}{how}: {text}" for how in ("", " failed", " was skipped")}
        if fact.type == "step.failed":
            return tuple(filter(None, (f"{fact.code} · fault: {fact.fault}" if fact.code else "", fact.hint)))
        if fact.type == "step.degraded":
            return fact.reasons
        if fact.type in _IS_RUN_END:
            return self.untold(fact.reasons)
        return ()

    def untold(self, reasons: Iterable[str]) -> tuple[str, ...]:
        """Those reasons of a run that no step has given."""
        return tuple(reason for reason in reasons if reason not in self._told)


def duration(fact: Fact) -> str:
    """How long it took, where that is known."""
    is_timed = fact.type in _IS_RUN_END or fact.type in _IS_STEP_END - {"step.skipped"}
    return seconds_text(fact.seconds) if is_timed else ""
