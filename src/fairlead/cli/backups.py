"""`backup`, `restore`, `journal repair`."""

import os.path
from collections.abc import Callable, Iterator, Sequence

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal_text import safe
from fairlead.service.backups import BackedUp, Repaired, Span, make_backup, repair_journal, restore_backup
from fairlead.service.endings import BROKEN, OK

_DAMAGE_SHOWN_MAX = 5
_SIZES = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB"))


def backup(call: Invocation) -> int:
    """The record as it is now, in a directory of its own."""
    made = make_backup(call.parts, call.project, _place(call, call.options.to))

    def lines() -> Iterator[str]:
        look = call.terminal.out
        yield f"{look.symbol('succeeded')} {safe(made.path)} holds {_held(made)}"
        yield f"  receipt {made.receipt}"
        yield from next_lines([(call.typed(f"restore {safe(call.options.to)}"), "bring it back")], look)

    call.terminal.give(made, lines)
    return OK


def restore(call: Invocation) -> int:
    """A backup in the place of the record."""
    options = call.options
    source = _place(call, options.source)
    done = restore_backup(call.parts, call.project, source, is_replacing=options.force, receipt=options.receipt)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        yield f"{look.symbol('succeeded')} {safe(done.state_dir)} holds {_held(done.backup)}"
        if done.kept_as:
            yield f"  what was there is kept in {safe(done.kept_as)}"
        if done.lost:
            yield f"  {look.symbol('degraded')} what was there had more: {_spans(done.lost)}"
        yield from next_lines([(call.typed("runs list"), "which runs go on with resume")], look)

    call.terminal.give(done, lines)
    return OK


def repair(call: Invocation) -> int:
    """A damaged journal, put together again."""
    options = call.options
    source = getattr(options, "from")
    done = repair_journal(call.parts, call.project, _place(call, source) if source else "", is_writing=options.write)
    call.terminal.give(done, lambda: _repair_lines(call, done, source))
    return BROKEN if done.damage and not done.is_written else OK


def _repair_lines(call: Invocation, done: Repaired, source: str) -> Iterator[str]:
    look = call.terminal.out
    if not done.damage:
        yield f"{look.symbol('succeeded')} Nothing to repair: the record is as it was written."
        return
    for one in done.damage[:_DAMAGE_SHOWN_MAX]:
        where = f"event {one.event}: " if one.event else ""
        yield f"{look.symbol('failed')} {one.code} {where}{safe(one.text)}"
    if len(done.damage) > _DAMAGE_SHOWN_MAX:
        yield f"  and {len(done.damage) - _DAMAGE_SHOWN_MAX} more"
    yield ""
    yield f"  kept         {plural(done.kept, 'event')}"
    taken = [_spans(done.from_backup)] if done.from_backup else []
    taken += [plural(done.contents_from_backup, "content")] if done.contents_from_backup else []
    taken += [plural(done.files_from_backup, "file")] if done.files_from_backup else []
    yield f"  from backup  {', '.join(taken) or 'nothing'}"
    lost = [_spans(done.lost)] if done.lost else []
    lost += [
        f"{digest[:19]}… of event {seq}"
        for digest, seq in zip(done.contents_lost, done.events_without_contents, strict=True)
    ]
    yield f"  lost         {', '.join(lost) or 'nothing'}"
    yield ""
    if done.is_written:
        yield f"{look.symbol('succeeded')} Repaired: the journal ends at event {done.last_event}."
        yield f"  the damaged files are kept in {safe(done.kept_as)}"
        return
    yield "Nothing was changed."
    words = f"journal repair --from {safe(source)} --write" if source else "journal repair --write"
    yield from next_lines([(call.typed(words), "do this; the damaged files are kept")], look)


def _place(call: Invocation, path: str) -> str:
    return os.path.normpath(os.path.join(call.cwd, path))


def _held(made: BackedUp) -> str:
    return (
        f"{plural(made.last_event, 'event')} of {plural(made.runs, 'run')} and {plural(made.contents, 'content')}"
        f" · {plural(made.files, 'file')}, {_size_text(made.bytes)}"
    )


def _spans(spans: Sequence[Span]) -> str:
    texts = [str(one.first) if one.first == one.last else f"{one.first} to {one.last}" for one in spans]
    return f"event{'s' if len(spans) > 1 or spans[0].first != spans[0].last else ''} {', '.join(texts)}"


def _size_text(size: int) -> str:
    for unit, name in _SIZES:
        if size >= unit:
            return f"{size / unit:.1f} {name}"
    return f"{size} bytes"


COMMANDS: dict[str, Callable[[Invocation], int]] = {"backup": backup, "restore": restore, "journal repair": repair}
