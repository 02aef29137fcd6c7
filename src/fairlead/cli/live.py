"""Progress on a terminal: a permanent record above, one line per finished thing, and a small live region below.

The region is erased before anything permanent is printed and drawn again after it, so the record can be scrolled and
copied. It takes at most a third of the terminal and is drawn at most ten times a second. No line of it is as wide as
the terminal, so erasing counts rows correctly; after a change of size the rows are counted with the new width.
"""

from collections.abc import Callable, Iterable

from fairlead.cli.fact_text import IS_SAID_AROUND, Folding, Telling, duration, first_line, status_of
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import cut, pad, safe, to_ascii, width, wrap
from fairlead.cli.times import seconds_text
from fairlead.service.records import Fact, Watch

DRAW_SECONDS_MIN = 0.1
INDENT = "  "
NAME_COLUMNS_MIN = 12
NAME_COLUMNS_MAX = 28
_TIME_COLUMNS = 9
_WAITING_SHOWN = 100  # names; no terminal has room for more


class LiveScreen:
    """Draws on the stream that *look* describes."""

    def __init__(self, look: Look, write: Callable[[str], None], monotonic: Callable[[], float], footer: str) -> None:
        self._look = look
        self._write = write
        self._monotonic = monotonic
        self._footer = footer
        self._drawn: list[int] = []  # the width of each line of the region on the screen
        self._drawn_at = -1.0
        self._began_at = monotonic()
        self._began: dict[str, float] = {}
        self._doing: dict[str, Fact] = {}
        self._telling = Telling()
        self._folding = Folding()

    def show(self, facts: Iterable[Fact], watch: Watch | None = None) -> None:
        """Print what is permanent, and draw the region again when it is time."""
        now = self._monotonic()
        permanent: list[str] = []
        for fact in facts:
            permanent += self._take(fact, now)
        if not permanent and now - self._drawn_at < DRAW_SECONDS_MIN:
            return
        region = self._region(watch, now) if watch is not None and not watch.is_ended else []
        self._write(
            self._erasing() + "".join(line + "\n" for line in permanent) + "".join(f"{one}\n" for one in region)
        )
        self._drawn = [_plain_width(one) for one in region]
        self._drawn_at = now

    def close(self) -> None:
        """Erase the region; the record stays. Call it however the command ends."""
        if self._drawn:
            self._write(self._erasing())
            self._drawn = []

    def _erasing(self) -> str:
        if not self._drawn:
            return ""
        columns = max(1, self._look.columns_real)
        rows = sum(max(1, -(-drawn // columns)) for drawn in self._drawn)
        return f"\r\x1b[{rows}A\x1b[J"

    def _take(self, fact: Fact, now: float) -> list[str]:
        if fact.type == "step.progress":
            self._doing[fact.step] = fact
            return []
        if fact.type == "step.started":
            self._began[fact.step] = now
            self._doing[fact.step] = fact
            return []
        self._doing.pop(fact.step, None)
        if fact.type in IS_SAID_AROUND or self._folding.hides(fact):
            return []
        return step_lines(fact, self._look, self._telling)

    def _region(self, watch: Watch, now: float) -> list[str]:
        state = watch.state
        if state is None:
            return []
        look = self._look
        columns = max(20, min(look.columns_real - 1, look.columns))
        leaves = [step for step in state.steps.values() if not step.is_block]
        running = [step for step in leaves if step.status == "running"]
        waiting = [step.place for step in leaves if step.status in ("pending", "ready")]
        done = len(leaves) - len(running) - len(waiting)
        right = f" {done} of {len(leaves)} steps · {seconds_text(now - self._began_at)}"
        left = "  ── running "
        # A third of the terminal: the rule and one step always, the rest as there is room.
        budget = max(3, look.rows // 3)
        has_footer, has_gap = budget >= 5, budget >= 6
        room = budget - 2 - has_footer - has_gap
        lines = [""] if has_gap else []
        lines.append(left + "─" * max(1, columns - width(left) - width(right)) + right)
        for step in running[:room]:
            fact = self._doing.get(step.place)
            doing = safe(fact.summary) if fact is not None else ""
            if fact is not None and fact.found:
                doing = f"{fact.found} so far · {doing}" if doing else f"{fact.found} so far"
            time = seconds_text(now - self._began.get(step.place, now))
            lines.append(_row(look, "running", step.place, doing, time, columns))
        more = [f"{len(running) - room} more running"] if len(running) > room else []
        if waiting or more:
            lines.append(
                "  " + look.symbol("pending") + " " + " · ".join([*more, *map(safe, waiting[:_WAITING_SHOWN])])
            )
        if has_footer:
            lines.append(look.paint("  " + self._footer, "dim"))
        return [_fit(line, columns, look) for line in lines]


def step_lines(fact: Fact, look: Look, telling: Telling, depth: int = 0) -> list[str]:
    """The permanent lines of one fact, indented below the block that holds it."""
    status = status_of(fact)
    name = INDENT * depth + (fact.step if fact.step else fact.run)
    columns = look.columns
    summary = safe(first_line(fact))
    time = duration(fact)
    lines = [_row(look, status, name, summary, time, columns)]
    indent = " " * (_name_column(look) + NAME_COLUMNS_MIN + 2)
    room = columns - len(indent) - _TIME_COLUMNS
    summary_room = (
        columns - _name_column(look) - max(NAME_COLUMNS_MIN, min(width(name), NAME_COLUMNS_MAX)) - 2 - _TIME_COLUMNS
    )
    if width(summary) > summary_room:
        # A reason is never cut: what does not fit beside the name goes on below it.
        lines[0] = _row(look, status, name, "", time, columns)
        lines += [indent + line for line in wrap(summary, max(20, room))]
    for text in telling.further_lines(fact):
        lines += [indent + line for line in wrap(safe(text), max(20, room))]
    return lines


def step_row(look: Look, status: str, name: str, text: str) -> str:
    """One line for a step that has not ended."""
    return _row(look, status, name, safe(text), "", look.columns)


def _name_column(look: Look) -> int:
    return 2 + look.symbol_columns + 1


def _row(look: Look, status: str, name: str, text: str, time: str, columns: int) -> str:
    shown = cut(safe(name), NAME_COLUMNS_MAX)
    named = pad(shown, NAME_COLUMNS_MIN)
    room = columns - _name_column(look) - width(named) - 2 - _TIME_COLUMNS
    body = pad(cut(text, max(0, room)), room)
    return f"  {look.symbol(status)} {named}  {body}{time.rjust(_TIME_COLUMNS)}".rstrip()


def _plain_width(line: str) -> int:
    import re

    return width(re.sub(r"\x1b\[[0-9;]*m", "", line))


def _fit(line: str, columns: int, look: Look) -> str:
    if look.is_ascii:
        line = to_ascii(line)
    if _plain_width(line) <= columns:
        return line
    import re

    return cut(re.sub(r"\x1b\[[0-9;]*m", "", line), columns)
