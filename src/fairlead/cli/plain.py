"""Progress without a terminal: one line per fact, with its time, only ever appended; a heartbeat when it is quiet."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from fairlead.cli.fact_text import Folding, Telling, duration, first_line, word_of
from fairlead.cli.terminal_text import safe
from fairlead.cli.times import clock_text
from fairlead.service.records import Fact, Watch

QUIET_SECONDS_MAX = 30.0


class PlainScreen:
    """Appends lines. `step.progress` is not worth a line; its newest text comes with the heartbeat."""

    def __init__(
        self, write: Callable[[Sequence[str]], None], monotonic: Callable[[], float], now: Callable[[], int]
    ) -> None:
        self._write = write
        self._monotonic = monotonic
        self._now = now
        self._beat_at = monotonic() + QUIET_SECONDS_MAX
        self._doing: dict[str, Fact] = {}
        self._telling = Telling()
        self._folding = Folding()

    def show(self, facts: Iterable[Fact], watch: Watch | None = None) -> None:
        """Append what is new, or a heartbeat when there was nothing for 30 seconds."""
        lines = [line for fact in facts for line in self._lines(fact)]
        now = self._monotonic()
        if not lines and now >= self._beat_at and watch is not None:
            lines = list(self._beat(watch))
        if lines:
            self._write(lines)
            self._beat_at = now + QUIET_SECONDS_MAX

    def close(self) -> None:
        """Nothing to give back."""

    def _lines(self, fact: Fact) -> Iterator[str]:
        if fact.type == "step.progress":
            self._doing[fact.step] = fact
            return
        self._doing.pop(fact.step, None)
        if self._folding.hides(fact):
            return
        yield _plain_line(fact)
        for line in self._telling.further_lines(fact):
            yield f"{'':22}{safe(line)}".rstrip()

    def _beat(self, watch: Watch) -> Iterator[str]:
        state = watch.state
        if state is None:
            return
        statuses = [step.status for step in state.steps.values() if not step.is_block]
        done = sum(1 for status in statuses if status not in ("pending", "ready", "running"))
        told = sorted(self._doing.items())
        doing = ", ".join(f"{safe(name)}: {safe(fact.summary)}" for name, fact in told if fact.summary)
        running = statuses.count("running")
        counts = f"running={running} done={done} pending={len(statuses) - done - running}"
        yield f"{clock_text(self._now())} {state.run} beat     {counts}  {doing}".rstrip()


def _plain_line(fact: Fact) -> str:
    """`06:00:14 r-8m4t ok       triage  5 fixable  agent=finding-triage  11.2 s`."""
    word = word_of(fact)
    said = first_line(fact)
    pieces = [safe(fact.step), safe(said) if said != word else ""]
    if fact.agent and fact.type.startswith("step."):
        pieces.append(f"agent={safe(fact.agent)}")
    if fact.attempt > 1 and fact.type == "step.started":
        pieces.append(f"attempt={fact.attempt}")
    pieces.append(duration(fact))
    return f"{clock_text(fact.at)} {fact.run} {word:<9} {'  '.join(filter(None, pieces))}".rstrip()
