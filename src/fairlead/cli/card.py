"""A question as a person sees it, and the keys to answer it where somebody sits before a terminal.

Everything in it may come from a repository or an agent: each line is made safe, folded where it is long instead of
running out of sight, and empty lines that would push the rest away are counted.
"""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairlead.cli.command import Invocation
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import cut, mixed_words, pad, safe, width, wrap
from fairlead.cli.times import ago_text, day_text

if TYPE_CHECKING:
    from fairlead.service.approvals import Approval, Shown
    from fairlead.service.records import Json

LINES_MAX = 40  # of one thing that is shown
_EMPTY_MAX = 2  # empty lines in a row
_COLUMN_MAX = 40
_COLUMNS = 5
_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def card_lines(call: Invocation, one: "Approval", look: Look, *, is_whole: bool = False) -> Iterator[str]:
    """The whole question: who is asked, what is shown, what each answer leads to."""
    yield f"  {look.symbol('waiting')} {look.paint(cut(safe(one.step), look.columns - 6), 'bold')}"
    for line in wrap(_who(one), look.columns - 4):
        yield f"    {line}"
    yield ""
    for line in wrap(safe(one.title), look.columns - 2):
        yield f"  {look.paint(line, 'bold')}"
    yield look.paint(f"  {one.id} · run {one.run} {safe(one.workflow)} · shown content {one.digest[:18]}…", "dim")
    for text in one.body.splitlines():
        yield from (f"    {line}" for line in wrap(safe(text), look.columns - 4))
    for shown in one.shown:
        yield ""
        yield f"    {look.paint(safe(shown.name), 'bold')}"
        yield from _value_lines(call, one, shown, look, is_whole)
    if one.selectable:
        yield ""
        yield from _list_lines(one, look)
    yield ""
    yield from _warnings(one, look)
    for line in wrap(f"yes: {_yes(one)} · no: {_no(one)} · no answer: {_silence(one)}", look.columns - 2):
        yield look.paint(f"  {line}", "dim")


def command_lines(call: Invocation, one: "Approval") -> Iterator[str]:
    """What to type for each answer, where no key can be pressed."""
    for choice in one.choices:
        word = {
            "approve": f"approve {one.id}",
            "approve_subset": f"approve {one.id} --only 1,2",
            "reject": f"reject {one.id}",
        }.get(choice, f'request-changes {one.id} -m "…"')
        yield f"  {call.typed(word)}"


def _who(one: "Approval") -> str:
    asks = f"waiting for {safe(one.asks)}"
    by = f"asked by {safe(one.asked_by)}" if one.asked_by else ""
    done = (
        f"{len(one.decisions)} decided: {', '.join(safe(each.by) for each in one.decisions)}" if one.decisions else ""
    )
    return " · ".join(filter(None, (asks, done, by)))


def _yes(one: "Approval") -> str:
    if one.about == "uncertain":
        return "it is done once more"
    return "exactly this is performed" if one.about == "effect" else "the run goes on"


def _no(one: "Approval") -> str:
    return "nothing new begins, and the run ends as rejected"


def _silence(one: "Approval") -> str:
    if one.due and one.on_timeout == "reject":
        return f"a no from {day_text(one.due)} on"
    return "it waits"


def _warnings(one: "Approval", look: Look) -> Iterator[str]:
    said = [safe(text) for text in one.lacking]
    if one.own == "refused":
        said.append("you asked for this run, so somebody else has to decide")
    elif one.own == "allowed":
        said.append("you asked for this run yourself: a decision of yours is recorded as one on the own request")
    said += mixed_words("\n".join(_texts(one)))
    for text in said:
        first, *rest = wrap(text, look.columns - 4 - look.symbol_columns)
        yield f"  {look.symbol('degraded')} {look.paint(first, 'yellow')}"
        yield from (f"  {' ' * look.symbol_columns} {look.paint(line, 'yellow')}" for line in rest)


def _texts(one: "Approval") -> Iterator[str]:
    yield from (one.title, one.body)
    for shown in one.shown:
        yield shown.value if isinstance(shown.value, str) else _json(shown.value)
    yield from (item if isinstance(item, str) else _json(item) for item in one.selectable)


def _value_lines(call: Invocation, one: "Approval", shown: "Shown", look: Look, is_whole: bool) -> Iterator[str]:
    text = shown.value if isinstance(shown.value, str) else _json(shown.value)
    is_diff = isinstance(shown.value, str) and ("\n@@ " in text or text.startswith(("diff ", "--- ", "@@ ")))
    lines = list(_folded(text, look.columns - 6))
    kept = lines if is_whole else lines[:LINES_MAX]
    for line in kept:
        style = _DIFF.get(line[:1], "") if is_diff else ""
        yield f"      {look.paint(line, style)}"
    if len(lines) > len(kept):
        more = f"… {len(lines) - len(kept):,} more lines: {call.typed(f'approvals show {one.id}')}"
        yield f"      {look.paint(more, 'yellow')}"


def _folded(text: str, room: int) -> Iterator[str]:
    """The lines of *text*, safe, none longer than *room*, and runs of empty ones counted."""
    empty = 0
    for raw in [*text.split("\n"), None]:
        if raw is not None and not raw.strip():
            empty += 1
            continue
        if empty > _EMPTY_MAX and raw is not None:
            yield f"… {empty:,} empty lines"
        elif raw is not None:
            yield from [""] * empty
        empty = 0
        line = safe((raw or "").rstrip("\r"), keep_tabs=True) if raw is not None else ""
        while width(line) > room:
            head = cut(line, room)[:-1]
            yield head + "↩"
            line = line[len(head) :]
        if raw is not None:
            yield line


def _list_lines(one: "Approval", look: Look) -> Iterator[str]:
    """The list with its numbers; fields that are text or numbers become columns."""
    rows = [_fields(item) for item in one.selectable]
    names = list(dict.fromkeys(name for row in rows for name in row))[:_COLUMNS]
    wide = {name: max(width(name), *(width(row.get(name, "")) for row in rows)) for name in names}
    if names != [""]:
        yield look.paint("      #  " + "  ".join(pad(name, wide[name]) for name in names).rstrip(), "dim")
    for number, row in enumerate(rows, 1):
        line = "  ".join(pad(row.get(name, ""), wide[name]) for name in names).rstrip()
        yield cut(f"    {number:>3}  {line}", look.columns)


def _fields(item: "Json") -> dict[str, str]:
    if isinstance(item, dict):
        known = {
            safe(str(name)): cut(safe(str(value)), _COLUMN_MAX)
            for name, value in item.items()
            if isinstance(value, int | float) or (isinstance(value, str) and "\n" not in value)
        }
        if known:
            return known
    text = item if isinstance(item, str) else _json(item).replace("\n", " ")
    return {"": cut(safe(text), 2 * _COLUMN_MAX)}


def _json(value: "Json") -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


def list_line(one: "Approval", look: Look, now: int) -> Iterator[str]:
    """One question among others: id, run, age, who is asked, what for."""
    head = f"  {look.symbol('waiting')} {one.id}  {one.run}  {pad(ago_text(one.asked_at, now), 12)}"
    yield f"{head}  {cut(safe(one.title), max(20, look.columns - width(head) - 2))}"
    about = f"{safe(one.workflow)} · {safe(one.step)} · {_who(one)}"
    if one.due and one.on_timeout == "reject":
        about += f" · a no from {day_text(one.due)} on"
    yield from (look.paint(f"      {line}", "dim") for line in wrap(about, look.columns - 6))
    for text in one.lacking:
        yield from (look.paint(f"      {line}", "yellow") for line in wrap(safe(text), look.columns - 6))


def has_keys(call: Invocation) -> bool:
    """Whether somebody sits there who can press one."""
    return call.is_attended and call.terminal.form == "text" and call.terminal.verbosity >= 0 and sys.stdin.isatty()


def forget_keys() -> None:
    """Drop what was typed before a question could be read: it is no answer to it."""
    import termios

    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def read_key() -> str:
    """One key, without waiting for the end of a line; "" at the end of the input."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)  # its default would drop a key that came early
        return sys.stdin.read(1)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def read_line(call: Invocation, prompt: str) -> str:
    """What the person types up to the end of the line."""
    call.terminal.write_progress(f"  {prompt}: ")
    return sys.stdin.readline().strip()
