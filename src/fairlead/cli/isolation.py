"""`sandbox show`, `sandbox off`, `sandbox on`."""

from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal_text import safe, wrap
from fairlead.service.endings import NOT_READY, OK
from fairlead.service.isolation import Standing, show_standing, switch

_L2 = "L2: a program sees its copy of your files and an allow list of the system, and has no network"


def show(call: Invocation) -> int:
    """What holds here, and whether it works."""
    found = show_standing(call.parts, call.project)
    call.terminal.give(found, lambda: _lines(call, found))
    return OK if found.is_ready else NOT_READY


def off(call: Invocation) -> int:
    """No isolation for this project, loudly."""
    found = switch(call.parts, call.project, is_off=True, reason=call.options.reason)
    call.terminal.give(found, lambda: _lines(call, found))
    return OK


def on(call: Invocation) -> int:
    """Isolation as it should be."""
    found = switch(call.parts, call.project, is_off=False)
    call.terminal.give(found, lambda: _lines(call, found))
    return OK if found.is_ready else NOT_READY


def _lines(call: Invocation, found: Standing) -> Iterator[str]:
    look = call.terminal.out
    if found.level == "L0":
        yield f"  {look.symbol('degraded')} {look.paint(found.level_text, 'red')}"
        whose = " ".join(filter(None, ("by", safe(found.by), f"on {found.since}" if found.since else "")))
        said = f"Switched off {whose}" + (f": {safe(found.reason)}" if found.reason else "")
        text = (
            f"{said}. The programs of {safe(call.project.name)} may do here whatever you may do; every receipt, screen"
            " and report of a run says so. This holds for you alone."
        )
        yield from (f"    {line}" for line in wrap(text, look.columns - 4))
    else:
        symbol = look.symbol("succeeded" if found.is_ready else "failed")
        first, *rest = wrap(_L2 + (" (tried just now)" if found.is_ready else ""), look.columns - 4)
        yield f"  {symbol} {first}"
        yield from (f"    {line}" for line in rest)
    yield from (f"    {safe(note)}" for note in found.notes)
    if found.missing:
        yield ""
        yield from diagnostic_lines(found.missing, look)
    steps = [(call.typed("sandbox on"), "isolate them again")] if found.level == "L0" else []
    yield from next_lines(steps, look)


COMMANDS: dict[str, Callable[[Invocation], int]] = {"sandbox show": show, "sandbox off": off, "sandbox on": on}
