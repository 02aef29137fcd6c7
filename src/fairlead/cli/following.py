"""Following a run on either screen, or as a stream of JSON: the same facts in the same order."""

from collections.abc import Callable, Iterable
from typing import Literal, Protocol

from fairlead.cli.command import Invocation
from fairlead.cli.live import LiveScreen
from fairlead.cli.plain import PlainScreen
from fairlead.service.records import RUN_ENDED, Fact, RunId, Watch
from fairlead.service.runs import receipt_of

_POLL_SECONDS = 0.05

Leaving = Literal["ended", "waiting", "asked", "unowned", "detached", "cancelled", "interrupted"]


class Screen(Protocol):
    """What shows facts."""

    def show(self, facts: Iterable[Fact], watch: Watch | None = None) -> None: ...
    def close(self) -> None: ...


class _Stream:
    """`--jsonl`: one fact per line on stdout."""

    def __init__(self, call: Invocation) -> None:
        self._terminal = call.terminal
        self._project = call.project

    def show(self, facts: Iterable[Fact], watch: Watch | None = None) -> None:
        import msgspec

        for fact in facts:
            if fact.type.removeprefix("run.") in RUN_ENDED:
                fact = msgspec.structs.replace(fact, receipt=receipt_of(self._project, fact.seq))
            self._terminal.answer_text(msgspec.json.encode(fact).decode() + "\n")
        self._terminal.flush()

    def close(self) -> None:
        """Nothing to give back."""


class _Silent:
    """`-q`, or `--json`, where only the last word counts."""

    def show(self, facts: Iterable[Fact], watch: Watch | None = None) -> None:
        """Drop them."""

    def close(self) -> None:
        """Nothing to give back."""


def screen_for(call: Invocation, footer: str) -> Screen:
    """The screen that fits the streams and the options."""
    terminal = call.terminal
    if terminal.form == "jsonl":
        return _Stream(call)
    if terminal.verbosity < 0:
        return _Silent()
    clock = call.parts.clock
    if terminal.err.is_live and terminal.form == "text":
        return LiveScreen(terminal.err, terminal.write_progress, clock.monotonic, footer)
    return PlainScreen(terminal.tell, clock.monotonic, clock.now)


def follow(
    call: Invocation,
    watch: Watch,
    screen: Screen,
    on_interrupt: Callable[[int], Leaving | None],
    is_asked: Callable[[], bool] = lambda: False,
) -> Leaving:
    """Show what happens until the run has ended or nobody works on it any more.

    *on_interrupt* is told how often Ctrl-C came, and says whether that ends the following. *is_asked* says whether
    there is a question that the person before this terminal should see now.
    """
    interrupts = 0
    try:
        while True:
            try:
                screen.show(watch.poll(), watch)
                if watch.is_ended:
                    return "ended"
                if watch.is_waiting:
                    return "waiting"
                if watch.is_unowned:
                    return "unowned"
                if is_asked():
                    return "asked"
                call.parts.clock.sleep(_POLL_SECONDS)
            except KeyboardInterrupt:
                interrupts += 1
                leaving = on_interrupt(interrupts)
                if leaving is not None:
                    return leaving
    finally:
        screen.close()


def watch_of(call: Invocation, run: RunId, after: int = 0) -> Watch:
    from fairlead.service.records import Seq
    from fairlead.service.runs import watch_run

    return watch_run(call.parts, call.project, run, after=Seq(after))
