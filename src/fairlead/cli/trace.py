"""`trace`: what was asked for beside what a run has shown."""

import os.path
from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.service.endings import OK
from fairlead.service.trace import Trace, format_of, run_of, summary_of, trace_as, trace_workflow, what_of, write_trace

_TITLE_COLUMNS_MAX = 40
# The status of a requirement → the one whose sign and colour it has.
_LOOKS = {"met": "succeeded", "failed": "failed", "partial": "degraded", "in_progress": "running", "blocked": "waiting"}


def trace(call: Invocation) -> int:
    """The matrix of one run: on stdout, or into a file."""
    options = call.options
    found = trace_workflow(call.parts, call.project, call.cwd, options.workflow, options.run)
    form = options.format or format_of(options.output)
    if options.output:
        write_trace(call.parts, os.path.join(call.cwd, options.output), found, form)
        call.terminal.give(found, lambda: [f"wrote {safe(options.output)}"], found.requirements)
    elif form == "text" or call.terminal.form != "text":
        call.terminal.give(found, lambda: _lines(call, found), found.requirements)
    else:
        call.terminal.answer_text(trace_as(found, form), "plain")
    return OK


def _lines(call: Invocation, found: Trace) -> Iterator[str]:
    look = call.terminal.out
    rows = found.requirements
    ids = max((width(safe(row.id)) for row in rows), default=0)
    titles = min(max((width(safe(row.title)) for row in rows), default=0), _TITLE_COLUMNS_MAX)
    steps = max((width(safe(what_of(row))) for row in rows), default=0)
    said = max((width(safe(row.said)) for row in rows if run_of(row, found)), default=0)
    room = max(look.columns - ids - titles - steps - look.symbol_columns - 7, 16)
    # The last line names the run too: where the evidence needs the room, and there is but one run, it does so alone.
    runs = {run for row in rows if (run := run_of(row, found))}
    has_runs = runs != {found.run} or said + 2 + width(found.run) <= room
    for row in rows:
        status = "none" if row.status == "open" and not row.steps else _LOOKS.get(row.status, "degraded")
        what = pad(safe(what_of(row)), steps)
        head = f"{pad(safe(row.id), ids)}  {pad(cut(safe(row.title), titles), titles)}  {look.symbol(status)} {what}"
        if has_runs and (run := run_of(row, found)):
            rest = max(room - width(run) - 2, 16)
            yield f"{head}  {pad(cut(safe(row.said), rest), rest)}  {look.paint(run, 'dim')}"
        else:
            yield f"{head}  {cut(safe(row.said), room)}".rstrip()
    yield ""
    yield f"{summary_of(found)}  {look.paint(f'{found.run} {found.run_status}', 'dim')}"
    if found.untraced:
        yield from wrap(f"No requirement asks for: {', '.join(safe(one.step) for one in found.untraced)}", look.columns)


COMMANDS: dict[str, Callable[[Invocation], int]] = {"trace": trace}
