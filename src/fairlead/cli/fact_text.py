"""What each fact says, in pieces. Both screens are put together from these, so neither can leave one out."""

from fairlead.cli.times import seconds_text
from fairlead.service.records import Fact

# Fact → status for the symbol, and the word of a plain line. `step.progress` comes and goes.
WORDS: dict[str, tuple[str, str]] = {
    "run.queued": ("queued", "queued"),
    "run.started": ("running", "start"),
    "run.resumed": ("running", "resume"),
    "run.cancelling": ("cancelled", "cancel"),
    "run.unowned": ("waiting", "unowned"),
    "run.succeeded": ("succeeded", "ok"),
    "run.degraded": ("degraded", "degraded"),
    "run.failed": ("failed", "failed"),
    "run.cancelled": ("cancelled", "cancelled"),
    "step.started": ("running", "start"),
    "step.progress": ("running", "at"),
    "step.retrying": ("retry", "retry"),
    "step.succeeded": ("succeeded", "ok"),
    "step.degraded": ("degraded", "degraded"),
    "step.failed": ("failed", "failed"),
    "step.skipped": ("skipped", "skipped"),
    "step.cancelled": ("cancelled", "cancelled"),
}
IS_STEP_END = frozenset({"step.succeeded", "step.degraded", "step.failed", "step.skipped", "step.cancelled"})
IS_RUN_END = frozenset({"run.succeeded", "run.degraded", "run.failed", "run.cancelled"})


def first_line(fact: Fact) -> str:
    """The words beside a step's name: what it found, or why it did not."""
    match fact.type:
        case "step.failed":
            return fact.message or fact.code
        case "step.skipped" | "step.cancelled":
            return "; ".join(fact.reasons) or fact.message
        case "step.retrying":
            return f"attempt {fact.attempt}: the one before was lost" + (f" ({fact.summary})" if fact.summary else "")
        case "run.unowned":
            return f"no worker; fairlead resume {fact.run} goes on"
        case "run.resumed":
            return "goes on where it stopped"
        case "run.cancelling":
            return "cancelling" + (f": {fact.summary}" if fact.summary else "")
        case _:
            return fact.summary


def further_lines(fact: Fact) -> tuple[str, ...]:
    """What belongs under the first line: reasons of a degraded step, the hint of a failed one, reasons of a run."""
    if fact.type == "step.failed":
        return tuple(filter(None, (f"{fact.code} · fault: {fact.fault}" if fact.code else "", fact.hint)))
    if fact.type in ("step.degraded", "run.degraded", "run.failed", "run.cancelled"):
        return fact.reasons
    return ()


def duration(fact: Fact) -> str:
    """How long it took, where that is known."""
    return seconds_text(fact.seconds) if fact.seconds or fact.type in IS_STEP_END - {"step.skipped"} else ""
