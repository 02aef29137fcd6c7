"""`data import` and `data show`."""

from collections.abc import Callable, Iterator, Sequence

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.look import Look
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal_text import safe, wrap
from fairlead.service.advisories import import_data, show_data
from fairlead.service.endings import OK
from fairlead.service.parts import AdvisoryData

_LINE_EVERY = 50_000  # entries, where nobody watches
_BROKEN_SHOWN_MAX = 3


def import_dump(call: Invocation) -> int:
    """Take a dump of advisories over."""
    options = call.options
    live = call.terminal.err.is_live and call.terminal.verbosity >= 0

    def tell(count: int) -> None:
        if live:
            call.terminal.write_progress(f"\r  {count:,} entries read")
        elif count % _LINE_EVERY == 0:
            call.terminal.tell([f"  {count:,} entries read"])

    try:
        done = import_data(call.parts, call.cwd, options.path, options.source, is_replacing=options.replace, tell=tell)
    finally:
        if live:
            call.terminal.write_progress("\r\x1b[K")

    def lines() -> Iterator[str]:
        look = call.terminal.out
        for one in done.ecosystems:
            about = f"{_many(one.advisories, 'advisory', 'advisories')} for {plural(one.packages, 'package')}"
            yield f"{look.symbol('succeeded')} {one.ecosystem}: {about}, as of {one.date or 'no known day'}"
            if one.note:
                yield f"  {look.symbol('degraded')} they are {one.note}"
        if done.left_out:
            most = sorted(done.left_out.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
            yield f"  left out: {', '.join(f'{count:,} for {safe(name)}' for name, count in most)}"
        if done.broken:
            yield f"  {look.symbol('degraded')} {_many(done.broken, 'entry', 'entries')} could not be read:"
            yield from (f"    {safe(name)}" for name in done.broken_names[:_BROKEN_SHOWN_MAX])
        yield from next_lines([("fairlead review", "look at this repository with them")], look)

    call.terminal.give(done, lines, done.ecosystems)
    return OK


def show(call: Invocation) -> int:
    """What is there, and how old."""
    state = show_data(call.parts)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        yield f"Advisory data in {safe(state.directory)}"
        if state.problem:
            yield f"  {look.symbol('failed')} {state.problem}"
        yield from _rows(state.ecosystems, look)
        if any(one.note for one in state.ecosystems) or state.problem:
            yield from next_lines([("fairlead data import DIR", "bring a dump in the OSV format")], look)

    call.terminal.give(state, lines, state.ecosystems)
    return OK


def _rows(ecosystems: Sequence[AdvisoryData], look: Look) -> Iterator[str]:
    for one in ecosystems:
        status = "degraded" if one.note else "succeeded"
        about = f"{_many(one.advisories, 'advisory', 'advisories')} for {plural(one.packages, 'package')}"
        yield f"  {look.symbol(status)} {one.ecosystem:<6} {about}, as of {one.date or 'no known day'}"
        said = f"{one.note[:1].upper()}{one.note[1:]}. " if one.note else ""
        brought = f", imported {one.imported}" if one.imported else ""
        yield from (f"    {line}" for line in wrap(f"{said}Source: {safe(one.source)}{brought}", look.columns - 4))


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


COMMANDS: dict[str, Callable[[Invocation], int]] = {"data import": import_dump, "data show": show}
