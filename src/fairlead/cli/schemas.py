"""`schema`: JSON Schemas for editors and other programs."""

from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.service.endings import OK
from fairlead.service.schemas import schema_names, schema_of


def schema(call: Invocation) -> int:
    """One JSON Schema, or the list of those there are."""
    if call.options.name:
        import msgspec

        found = schema_of(call.options.name)
        if call.terminal.form == "text":
            call.terminal.answer_text(msgspec.json.format(msgspec.json.encode(found), indent=2).decode() + "\n")
        else:
            call.terminal.give(found, lambda: ())
        return OK
    known = schema_names()

    def lines() -> Iterator[str]:
        width = max(len(one.name) for one in known.schemas)
        yield from (f"  {one.name:<{width}}  {one.title}" for one in known.schemas)

    call.terminal.give(known, lines, known.schemas)
    return OK


COMMANDS: dict[str, Callable[[Invocation], int]] = {"schema": schema}
