"""`approvals`, `approve`, `reject`, `request-changes`: what waits for a person, and the person's answer."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fairlead.cli.command import Invocation
from fairlead.cli.terminal_text import safe, wrap
from fairlead.service.endings import OK

if TYPE_CHECKING:
    from fairlead.service.approvals import Approval, Decision, Shown
    from fairlead.service.records import Json

_LINES_MAX = 40  # of one thing that is shown


def show_all(call: Invocation) -> int:
    """Every open question."""
    from fairlead.service.approvals import open_approvals

    found = open_approvals(call.parts, call.project)

    def lines() -> Iterator[str]:
        if not found:
            yield "Nothing waits for a decision."
        for one in found:
            yield f"  {one.id}  {one.run} {safe(one.workflow)} · {safe(one.step)}  {safe(one.title)}"
        if found:
            yield ""
            yield f"  {call.typed(f'approve {found[0].id}')}   {call.typed(f'approvals show {found[0].id}')}"

    call.terminal.give({"approvals": found}, lines)
    return OK


def show(call: Invocation) -> int:
    """One question with all that is shown."""
    from fairlead.service.approvals import find_approval

    found = find_approval(call.parts, call.project, call.options.approval)
    call.terminal.give(found, lambda: card_lines(call, found, is_whole=True))
    return OK


def card_lines(call: Invocation, one: "Approval", *, is_whole: bool = False) -> Iterator[str]:
    """What a person sees of a question."""
    look = call.terminal.out
    yield f"  {look.symbol('waiting')} {safe(one.title)}"
    yield f"    {one.id} · {safe(one.step)} of {one.run} {safe(one.workflow)} · asked by {safe(one.asked_by)}"
    if one.body:
        yield from (f"    {line}" for line in wrap(safe(one.body), look.columns - 4))
    for shown in one.shown:
        yield ""
        yield f"    {safe(shown.name)}"
        yield from _value_lines(shown, is_whole)
    if one.selectable:
        yield ""
        for number, item in enumerate(one.selectable, 1):
            yield f"    {number:>3}  {safe(_short(item))}"
    yield ""
    words = ", ".join(choice.replace("_", " ") for choice in one.choices)
    yield f"    {words}: {call.typed(f'approve {one.id}')} · {call.typed(f'reject {one.id}')}"


def _value_lines(shown: "Shown", is_whole: bool) -> Iterator[str]:
    text = shown.value if isinstance(shown.value, str) else _json(shown.value)
    lines = text.splitlines()
    kept = lines if is_whole else lines[:_LINES_MAX]
    yield from (f"      {safe(line)}" for line in kept)
    if len(lines) > len(kept):
        yield f"      … {len(lines) - len(kept)} more lines"


def _json(value: "Json") -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False)


def _short(value: "Json") -> str:
    if isinstance(value, dict):
        for name in ("summary", "title", "name", "path", "rule"):
            if isinstance(value.get(name), str):
                return str(value[name])
    return _json(value).replace("\n", " ")[:100]


def approve(call: Invocation) -> int:
    """Yes, to all or to some."""
    only = call.options.only
    selected = _numbers(only) if only else ()
    return _decide(call, "approve_subset" if only else "approve", selected)


def reject(call: Invocation) -> int:
    """No."""
    return _decide(call, "reject", ())


def request_changes(call: Invocation) -> int:
    """Not like this."""
    return _decide(call, "request_changes", ())


def _numbers(text: str) -> tuple[int, ...]:
    from fairlead.service.records import error

    try:
        return tuple(int(part) - 1 for part in text.split(","))
    except ValueError:
        raise error("FL-S002", f"--only takes numbers such as 1,3, not {safe(text)}", exit_code=2) from None


def _decide(call: Invocation, choice: str, selected: tuple[int, ...]) -> int:
    from fairlead.cli.starting import go_on
    from fairlead.service.approvals import decide, find_approval

    found = find_approval(call.parts, call.project, call.options.approval)
    decision = decide(
        call.parts,
        call.project,
        found,
        choice,  # type: ignore[arg-type]  # one of the words of `Choice`
        comment=call.options.message,
        selected=selected,
    )
    if call.options.record_only or decision.is_open:
        call.terminal.give(decision, lambda: _said(decision))
        return OK
    call.terminal.tell(list(_said(decision)))
    return go_on(call, decision.outermost)


def _said(decision: "Decision") -> Iterator[str]:
    own = ", on the person's own request" if decision.is_self else ""
    more = "; more people have to decide" if decision.is_open else ""
    yield f"{decision.approval}: {decision.choice.replace('_', ' ')} by {decision.by}{own}{more}"


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "approvals list": show_all,
    "approvals show": show,
    "approve": approve,
    "reject": reject,
    "request-changes": request_changes,
}
