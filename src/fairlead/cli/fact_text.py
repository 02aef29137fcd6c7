"""What each fact says, in pieces. Both screens are put together from these, so neither can leave one out."""

from collections.abc import Iterable, Iterator

from fairlead.cli.times import clock_text, day_text, seconds_text
from fairlead.service.records import FOLDED_OVER, NAMED_MAX, Fact

# Fact → status for the symbol, and the word of a plain line. `step.progress` comes and goes.
_WORDS: dict[str, tuple[str, str]] = {
    "run.queued": ("queued", "queued"),
    "run.started": ("running", "start"),
    "run.resumed": ("running", "resume"),
    "run.paused": ("waiting", "pause"),
    "run.continued": ("running", "continue"),
    "run.cancelling": ("cancelled", "cancel"),
    "run.waiting": ("waiting", "waiting"),
    "run.unowned": ("waiting", "unowned"),
    "run.held": ("queued", "held"),
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


_BLOCKS = frozenset({"each", "loop", "parallel", "steps", "choose", "round"})


class Folding:
    """Which facts of a large fan-out deserve no line of their own: it is told when it ends, with its first failures."""

    def __init__(self) -> None:
        self._failed: dict[str, int] = {}

    def hides(self, fact: Fact) -> bool:
        """Whether *fact* is left to the line of the block around its step, or says nothing that its end does not."""
        if fact.type == "step.started" and fact.kept_from:
            return True
        if fact.items <= FOLDED_OVER or fact.kind in ("each", "loop") or not fact.type.startswith("step."):
            return False
        if fact.type in ("step.waiting", "step.opened", "step.progress"):
            return fact.type == "step.opened" and "[" in fact.step
        block = fact.step.partition("[")[0]
        self._failed[block] = self._failed.get(block, 0) + (fact.type == "step.failed")
        return fact.type != "step.failed" or self._failed[block] > NAMED_MAX


def status_of(fact: Fact) -> str:
    """The status that the symbol of *fact* stands for."""
    return "kept" if fact.kept_from and fact.type == "step.succeeded" else _WORDS[fact.type][0]


def word_of(fact: Fact) -> str:
    """The word of a plain line."""
    return "kept" if fact.kept_from and fact.type == "step.succeeded" else _WORDS[fact.type][1]


def first_line(fact: Fact) -> str:
    """The words beside a step's name: what it found, or why it did not."""
    said = _first_line(fact)
    told = [f"kept from {fact.kept_from}" if fact.kept_from and fact.type in _IS_STEP_END else "", *_block(fact), said]
    return " · ".join(filter(None, told))


def _block(fact: Fact) -> Iterator[str]:
    if fact.type not in _IS_STEP_END:
        return
    if fact.kind == "each" and fact.statuses:
        total = sum(fact.statuses.values())
        counts = ", ".join(f"{count:,} {status}" for status, count in fact.statuses.items())
        yield f"{total:,} {'item' if total == 1 else 'items'}: {counts}"
    elif fact.kind == "loop" and fact.items:
        yield f"{fact.items:,} {'round' if fact.items == 1 else 'rounds'}"
        yield f"best {fact.metric:g}" if fact.metric is not None else ""
        yield f"stopped by {fact.stopped_because}" if fact.stopped_because else ""
    elif fact.kind == "round" and fact.type in ("step.succeeded", "step.degraded"):
        yield f"{fact.metric:g}" if fact.metric is not None else ""
        yield "kept" if fact.is_kept else "not kept"


def _first_line(fact: Fact) -> str:
    match fact.type:
        case "step.failed":
            return fact.message or fact.code
        case "step.skipped" | "step.cancelled":
            return "; ".join(fact.reasons) or fact.message
        case "step.retrying":
            why = f": {fact.summary}" if fact.summary else ""
            when = f" at {clock_text(fact.due)}" if fact.due else ""
            return f"{'lost' if not fact.code else 'not yet'}{why}; attempt {fact.attempt} follows{when}"
        case "step.waiting":
            return f"{fact.summary} until {day_text(fact.due)}" if fact.due else fact.summary
        case "step.started" if fact.child:
            return " · ".join(filter(None, (fact.summary, f"run {fact.child}")))
        case "run.held":
            return f"waits for its turn {fact.summary}"
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
            if fact.kind in _BLOCKS:
                return ()  # the step inside it has said that
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
    return seconds_text(fact.seconds) if is_timed and not fact.kept_from else ""
