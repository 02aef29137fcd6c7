"""`prove`: one line per promise, while it is tried and after."""

from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.look import Look
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal import Terminal
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.cli.times import seconds_text
from fairlead.service.endings import OK
from fairlead.service.proofs import Order, ProofRow, ProvenFigure, check_bundle, list_proofs, prove

_STATUS = {"held": "succeeded", "broken": "failed", "skipped": "none"}
_INDENT = 4
_TIME_COLUMNS = 9
_LINE_EVERY_S = 30.0  # where nobody watches a terminal


def perform(call: Invocation) -> int:
    """Try promises, name them, or look at evidence."""
    options = call.options
    if options.list:
        return _list(call)
    if options.check:
        return _check(call)
    order = Order("full" if options.full else "fast", options.seed, tuple(options.only))
    screen = _Screen(call.terminal, is_full=options.full)
    try:
        proved = prove(call.parts, call.cwd, order, options.out, screen)
    finally:
        screen.close()
    if call.terminal.form == "json":
        call.terminal.give(proved, lambda: ())
    elif call.terminal.form == "text":
        look = call.terminal.out
        evidence = proved.evidence
        status = "cancelled" if evidence.stopped else _STATUS[evidence.verdict]
        call.terminal.answer(["", f"  {look.symbol(status)} {proved.sentence}"])
        call.terminal.answer(f"    {line}" for line in wrap(evidence.note, look.columns - _INDENT))
        is_here = call.cwd == call.parts.cwd
        directory = (options.out or proved.directory.rpartition("/")[2]) if is_here else proved.directory
        steps = [(f"fairlead prove --check {safe(directory)}", "is the evidence still as it was written?")]
        call.terminal.answer(next_lines(steps, look))
    return proved.exit_code


def _list(call: Invocation) -> int:
    found = list_proofs(call.parts)

    def lines() -> Iterator[str]:
        wide = max(width(row.name) for row in found.proofs)
        yield from (f"  {pad(row.name, wide)}  {row.title}" for row in found.proofs)

    call.terminal.give(found, lines, found.proofs)
    return OK


def _check(call: Invocation) -> int:
    found = check_bundle(call.parts, call.cwd, call.options.check)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        status = "cancelled" if found.evidence.stopped else _STATUS[found.evidence.verdict]
        text = found.sentence[:1].upper() + found.sentence[1:]
        first, *rest = wrap(safe(text), look.columns - _INDENT)
        yield f"  {look.symbol(status)} {first}"
        yield from (f"    {line}" for line in [*rest, *wrap(safe(found.note), look.columns - _INDENT)])

    call.terminal.give(found, lines, found.evidence.figures)
    return found.exit_code


class _Screen:
    """An `Audience`: what has ended stays, what is tried is drawn over."""

    def __init__(self, terminal: Terminal, *, is_full: bool) -> None:
        self._terminal = terminal
        self._is_full = is_full
        self._is_live = terminal.err.is_live and terminal.verbosity >= 0
        self._is_drawn = False
        self._row = ProofRow("", "")
        self._wide = 0
        self._said_s = 0.0

    def begins(self, seed: int, directory: str, rows: tuple[ProofRow, ...]) -> None:
        """The seed comes first: whatever happens later, it can be seen again."""
        self._wide = max(width(row.name) for row in rows)
        count = f"{len(rows)} proof{'' if len(rows) == 1 else 's'}"
        again = (
            f"one line again: fairlead prove{' --full' if self._is_full else ''} --only {rows[0].name} --seed {seed}"
        )
        lines = [f"seed {seed} · {'full' if self._is_full else 'fast'} lane · {count}", again, ""]
        if self._terminal.form == "text":
            self._terminal.answer(lines)
            self._terminal.flush()
        else:
            self._terminal.tell(lines)

    def tries(self, row: ProofRow) -> None:
        """Draw the line of the next one."""
        self._row = row
        self._said_s = 0.0
        self.hears("", 0.0)

    def hears(self, text: str, seconds: float) -> None:
        """Draw it again; where nobody watches, say it now and then."""
        if self._is_live:
            self._draw(self._line(self._terminal.err, "running", self._row.name, text or self._row.title, seconds))
        elif seconds - self._said_s >= _LINE_EVERY_S:
            self._said_s = seconds
            self._terminal.tell([f"    {self._row.name}: {safe(text)} · {seconds_text(seconds)}"])

    def tested(self, figure: ProvenFigure) -> None:
        """The line of one that has ended, and what was found below it."""
        self.close()
        terminal = self._terminal
        if terminal.form == "text":
            terminal.answer(self._lines(figure, terminal.out))
        elif terminal.form == "jsonl":
            terminal.give(figure, lambda: ())
        terminal.flush()

    def close(self) -> None:
        """Take the line away that is drawn over."""
        if self._is_drawn:
            self._terminal.write_progress("\r\x1b[K")
            self._is_drawn = False

    def _draw(self, line: str) -> None:
        self._terminal.write_progress("\r\x1b[K" + line)
        self._is_drawn = True

    def _lines(self, figure: ProvenFigure, look: Look) -> Iterator[str]:
        yield self._line(look, _STATUS[figure.verdict], figure.name, figure.title, figure.seconds)
        indent = " " * (look.symbol_columns + 5 + self._wide)
        room = max(20, look.columns - len(indent))
        counts = " · ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in figure.counts.items())
        yield from (look.paint(indent + line, "dim") for line in (wrap(counts, room) if counts else ()))
        if figure.skipped:
            yield from (indent + line for line in wrap(f"not tried: {safe(figure.skipped)}", room))
        for problem in figure.problems:
            yield from (indent + line for line in wrap(safe(problem), room))
        if figure.problems:
            yield indent + f"again: {figure.again}"

    def _line(self, look: Look, status: str, name: str, text: str, seconds: float) -> str:
        room = look.columns - look.symbol_columns - 5 - self._wide - _TIME_COLUMNS - (look is self._terminal.err)
        body = pad(cut(safe(text), room), room)
        return f"  {look.symbol(status)} {pad(name, self._wide)}  {body}{seconds_text(seconds).rjust(_TIME_COLUMNS)}"


COMMANDS: dict[str, Callable[[Invocation], int]] = {"prove": perform}
