"""`resume --all` and `worker`: how far it is, on one line that is written again, and what it came to."""

from collections.abc import Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal_text import safe
from fairlead.service.adopting import Adopted, adopt_runs, code_of
from fairlead.service.records import Adoption

_LINE_S = 10.0  # between two lines where no line can be written again
_REDRAW_S = 0.25


def adopt(call: Invocation, *, stays: bool) -> int:
    """Go on with what others have left."""
    progress = _Progress(call)
    try:
        adopted = adopt_runs(call.parts, call.project, stays=stays, at_once=call.options.at_once, on_tick=progress.show)
    finally:
        progress.close()
    call.terminal.give(adopted, lambda: _lines(call, adopted))
    return code_of(adopted, stays=stays)


class _Progress:
    """One line on stderr; where that is no terminal, a line when something has changed, at most every ten seconds."""

    def __init__(self, call: Invocation) -> None:
        self._call = call
        self._is_live = call.terminal.err.is_live
        self._shown = ""
        self._drawn = float("-inf")

    def show(self, adoption: Adoption) -> None:
        terminal = self._call.terminal
        now = self._call.parts.clock.monotonic()
        if terminal.verbosity < 0 or now - self._drawn < (_REDRAW_S if self._is_live else _LINE_S):
            return
        text = _progress_text(adoption)
        if text == self._shown:
            return
        self._shown, self._drawn = text, now
        if self._is_live:
            terminal.write_progress(f"\r\x1b[K{text[: terminal.err.columns - 1]}")
        else:
            terminal.tell([text])

    def close(self) -> None:
        if self._is_live and self._shown:
            self._call.terminal.write_progress("\r\x1b[K")


def _progress_text(adoption: Adoption) -> str:
    parts = [f"{plural(adoption.adopted, 'run')} taken over", f"{adoption.performing} at work"]
    parts += [f"{adoption.sleeping} asleep"] if adoption.sleeping else []
    parts += [f"{sum(adoption.ended.values())} ended"] if adoption.ended else []
    return " · ".join(parts + ([f"{adoption.waiting} wait for somebody"] if adoption.waiting else []))


def _lines(call: Invocation, adopted: Adopted) -> Iterator[str]:
    ended = ", ".join(f"{count} {status}" for status, count in adopted.ended.items())
    yield f"{plural(adopted.adopted, 'run')} taken over; {ended or 'none has ended'}; {adopted.waiting} wait."
    for run, why in adopted.problems.items():
        yield f"  {run} cannot be performed here: {safe(why)}"
    if adopted.unnamed:
        yield f"  and {adopted.unnamed} more"
    if adopted.elsewhere:
        yield f"  {plural(adopted.elsewhere, 'open run')} of other checkouts: type the same there."
    if adopted.waiting:
        steps = [(call.typed("approvals"), "what waits for a decision"), (call.typed("runs list"), "all runs")]
        yield from next_lines(steps, call.terminal.out)
