"""`approvals`, `approve`, `reject`, `request-changes`, `signal`: what waits for a person, and the person's answer."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fairlead.cli.card import card_lines, command_lines, list_line
from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines, plural
from fairlead.cli.look import Look
from fairlead.cli.terminal_text import safe, wrap
from fairlead.service.endings import OK, WAITING
from fairlead.service.records import Choice, error

if TYPE_CHECKING:
    from fairlead.service.deciding import Decision
    from fairlead.service.permissions import Permissions

_USAGE = 2


def show_all(call: Invocation) -> int:
    """Every open question."""
    from fairlead.service.approvals import open_approvals

    found = open_approvals(call.parts, call.project)
    call.terminal.tell(diagnostic_lines(found.problems, call.terminal.err))

    def lines() -> Iterator[str]:
        if not found.approvals:
            yield "Nothing waits for a decision."
            return
        now = call.parts.clock.now()
        for one in found.approvals:
            yield from list_line(one, call.terminal.out, now)
        yield ""
        first = found.approvals[0].id
        yield f"  {call.typed(f'approvals show {first}')}   {call.typed(f'approve {first}')}"

    call.terminal.give(found, lines, found.approvals)
    return OK


def show(call: Invocation) -> int:
    """One question with all that is shown."""
    from fairlead.service.approvals import find_approval

    found = find_approval(call.parts, call.project, call.options.approval)

    def lines() -> Iterator[str]:
        yield from card_lines(call, found, call.terminal.out, is_whole=True)
        yield ""
        yield from command_lines(call, found)

    call.terminal.give(found, lines)
    return OK


def approve(call: Invocation) -> int:
    """Yes, to all or to some."""
    only = call.options.only
    return _decide(call, "approve_subset" if only else "approve", numbers(only) if only else ())


def reject(call: Invocation) -> int:
    """No."""
    return _decide(call, "reject", ())


def request_changes(call: Invocation) -> int:
    """Not like this."""
    return _decide(call, "request_changes", ())


def numbers(text: str) -> tuple[int, ...]:
    """Positions from the numbers that a person typed, which count from 1."""
    try:
        return tuple(int(part) - 1 for part in text.replace(" ", ",").split(",") if part)
    except ValueError:
        raise error("FL-P005", f"numbers such as 1,3 are needed, not {safe(text[:60])}", exit_code=_USAGE) from None


def _decide(call: Invocation, choice: Choice, selected: tuple[int, ...]) -> int:
    from fairlead.cli.starting import go_on
    from fairlead.service.approvals import find_approval
    from fairlead.service.deciding import decide

    found = find_approval(call.parts, call.project, call.options.approval)
    if call.terminal.form == "text":
        call.terminal.tell([*card_lines(call, found, call.terminal.err), ""])
    decision = decide(call.parts, call.project, found, choice, comment=call.options.message, selected=selected)
    if call.options.record_only or decision.is_open:
        call.terminal.give(decision, lambda: said(decision, call.terminal.out))
        return OK if call.options.record_only else WAITING
    call.terminal.tell(said(decision, call.terminal.err))
    return go_on(call, decision.outermost)


def said(decision: "Decision", look: Look) -> Iterator[str]:
    """What was recorded, in a line or two."""
    own = look.paint(", on the own request, which the record says", "yellow") if decision.is_self else ""
    word = decision.choice.replace("_", " ")
    yield f"  {look.symbol('succeeded')} {decision.approval}: {word} by {safe(decision.by)}{own}"
    if decision.is_open:
        yield f"    {plural(decision.decided, 'person')} decided; more have to. The run is parked and costs nothing."


def signal(call: Invocation) -> int:
    """Deliver a signal, and go on with the run."""
    from fairlead.cli.starting import go_on
    from fairlead.service.deciding import signal_run

    run = call.find_run(call.options.run)
    signalled = signal_run(call.parts, call.project, run, call.options.signal, _data(call.options.data))
    if call.options.record_only:
        call.terminal.give(signalled, lambda: [f"the signal {safe(signalled.name)} is recorded for {run}"])
        return OK
    return go_on(call, signalled.outermost)


def _data(text: str) -> object:
    import json

    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        hint = "text is put into quotes of its own: --data '\"v1\"'"
        raise error("FL-S080", f"--data takes JSON, not {safe(text[:60])}", hint) from None


def allowed(call: Invocation) -> int:
    """What happens here without a question."""
    from fairlead.service.permissions import show_permissions

    return _give(call, show_permissions(call.parts, call.project))


def allow(call: Invocation) -> int:
    """Let something happen without a question, loudly."""
    from fairlead.service.permissions import allow as allow_it

    return _give(call, allow_it(call.parts, call.project, call.options.what, call.options.reason))


def disallow(call: Invocation) -> int:
    """Ask about it again."""
    from fairlead.service.permissions import disallow as disallow_it

    return _give(call, disallow_it(call.parts, call.project, call.options.what))


def _give(call: Invocation, found: "Permissions") -> int:
    def lines() -> Iterator[str]:
        look = call.terminal.out
        if not found.allowed:
            yield "  Every effect is asked about, and nobody is let to decide on the own request by a setting."
        for one in found.allowed:
            what = "deciding on the own request" if one.what == "self" else f"{one.what} without a question"
            text = f"{what}: allowed by {one.by} on {one.since}: {one.reason}"
            first, *rest = wrap(safe(text), look.columns - 4 - look.symbol_columns)
            yield f"  {look.symbol('degraded')} {look.paint(first, 'yellow')}"
            yield from (f"    {line}" for line in (*rest, *filter(None, (safe(one.note),))))
        yield ""
        told = [f"could be allowed: {', '.join((*found.kinds, 'self'))}"]
        told += [f"always asked about: {', '.join(found.asking)}"] if found.asking else []
        yield from (f"  {line}" for text in told for line in wrap(text, look.columns - 2))
        yield f"  This holds for you and for {safe(call.project.name)} alone."

    call.terminal.give(found, lines)
    return OK


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "approvals list": show_all,
    "approvals show": show,
    "approvals allow": allow,
    "approvals disallow": disallow,
    "approvals allowed": allowed,
    "approve": approve,
    "reject": reject,
    "request-changes": request_changes,
    "signal": signal,
}
