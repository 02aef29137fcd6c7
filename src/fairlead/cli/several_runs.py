"""`runs diff|report|export|import`."""

import os.path
from collections.abc import Callable, Iterable, Iterator, Sequence

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.look import COLOURS, Look
from fairlead.cli.run_screen import place_of, totals_text
from fairlead.cli.terminal_text import cut, pad, safe, width, wrap
from fairlead.cli.times import ago_text, day_text, seconds_text
from fairlead.service.endings import OK
from fairlead.service.exchange import default_path, export_run, import_run
from fairlead.service.history import (
    Comparison,
    Side,
    Times,
    WorkflowHistory,
    Workflows,
    compare_runs,
    earlier_run,
    list_workflows,
    show_workflow,
)
from fairlead.service.records import FindingView, Json, error

_FILES_SHOWN = 20
_STEPS_SHOWN = 30
_FINDINGS_SHOWN = 20
_POINTS_SHOWN = 10


def diff(call: Invocation) -> int:
    """Two runs side by side."""
    names = call.options.runs
    if len(names) > 2:
        raise error("FL-S001", f"two runs are compared, not {len(names)}", "fairlead runs diff A B", exit_code=2)
    after = call.find_run(names[-1] if names else "last")
    before = call.find_run(names[0]) if len(names) == 2 else earlier_run(call.parts, call.project, after)
    found = compare_runs(call.parts, call.project, before, after)
    call.terminal.give(found, lambda: _diff_lines(call, found))
    return OK


def _diff_lines(call: Invocation, found: Comparison) -> Iterator[str]:
    look, before, after = call.terminal.out, found.before, found.after
    yield f"{before.run} → {after.run}  {safe(after.workflow)}"
    yield ""
    yield from _row("when", f"{day_text(before.queued_at)} → {day_text(after.queued_at)}", look)
    yield from _row("ended", _arrow(before.status, after.status), look)
    yield from _row("took", f"{seconds_text(before.seconds)} → {seconds_text(after.seconds)}", look)
    yield from _row("files", _files_text(found), look)
    shown = found.files if call.terminal.verbosity > 0 else found.files[:_FILES_SHOWN]
    for file in shown:
        yield f"             {cut(safe(file), look.columns - 13)}"
    if len(found.files) > len(shown):
        yield f"             … {len(found.files) - len(shown):,} more: -v shows all"
    for name, changes in (("input", found.inputs), ("agent", found.agents)):
        for change in changes:
            yield from _row(name, f"{safe(change.name)}  {_value(change.before)} → {_value(change.after)}", look)
    for change in found.shapes:
        yield from _row("shape", f"{safe(change.name)}  {_value(change.before)} → {_value(change.after)}", look)
    steps = found.steps if call.terminal.verbosity > 0 else found.steps[:_STEPS_SHOWN]
    for step in steps:
        why = f"  {safe(step.reason)}" if step.reason and step.after != "succeeded" else ""
        yield from _row("step", f"{safe(step.step)}  {_arrow(step.before or 'none', step.after or 'none')}{why}", look)
    if len(found.steps) > len(steps):
        yield f"             … {len(found.steps) - len(steps):,} more steps: -v shows all"
    counts = f"{len(found.new):,} new · {len(found.gone):,} gone · {found.same:,} of both"
    yield from _row("findings", counts, look)
    yield from _finding_lines(call, "+", found.new)
    yield from _finding_lines(call, "-", found.gone)
    for one in found.regraded:
        finding = one.finding
        yield f"  ~ {one.before} → {finding.severity}  {safe(finding.rule)}  {place_of(finding)}"


def _files_text(found: Comparison) -> str:
    if not found.are_files_known:
        return f"{_state(found.before)} → {_state(found.after)}; git does not know both, so what differs is unknown"
    if found.before.commit == found.after.commit:
        unclear = " (which of the changed ones differ is not recorded)" if found.after.changed else ""
        return f"{_state(found.before)} → {_state(found.after)}{unclear}"
    return f"{_state(found.before)} → {_state(found.after)}: {plural(len(found.files), 'file')} in the commits"


def _state(side: Side) -> str:
    if not side.commit:
        return "no commit"
    changed = f" + {side.changed} changed" if side.changed else ""
    return f"{safe(side.branch) or 'detached'} @ {side.commit[:7]}{changed}"


def _finding_lines(call: Invocation, sign: str, findings: Sequence[FindingView]) -> Iterator[str]:
    look = call.terminal.out
    shown = findings if call.terminal.verbosity > 0 else findings[:_FINDINGS_SHOWN]
    for finding in shown:
        severity = look.paint(f"{finding.severity:<9}", COLOURS[finding.severity])
        left = f"  {sign} {finding.severity:<9}{finding.id}  {safe(finding.rule)}  {place_of(finding)}"
        painted = f"  {sign} {severity}" + left[13:]
        room = look.columns - width(left) - 2
        yield f"{painted}  {look.paint(cut(safe(finding.message), room), 'dim')}" if room > 12 else painted
    if len(findings) > len(shown):
        yield f"  {sign} … {len(findings) - len(shown):,} more: -v shows all"


def _row(name: str, text: str, look: Look) -> Iterator[str]:
    first, *rest = wrap(text, look.columns - 13)
    yield f"  {look.paint(f'{name:<9}', 'dim')}  {first}"
    for line in rest:
        yield f"             {line}"


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _value(value: Json) -> str:
    import json

    return "–" if value is None else cut(safe(value if isinstance(value, str) else json.dumps(value)), 60)


def report(call: Invocation) -> int:
    """The history of one workflow, or of all."""
    options = call.options
    if not 1 <= options.limit <= 1000:
        raise error("FL-S001", f"--limit takes 1 to 1000, not {options.limit}", "fairlead runs report --limit 50")
    if not options.workflow:
        found = list_workflows(call.parts, call.project)
        call.terminal.give(found, lambda: _workflow_lines(call, found), found.workflows)
        return OK
    history = show_workflow(call.parts, call.project, options.workflow, limit=options.limit)
    call.terminal.give(history, lambda: _history_lines(call, history), history.runs)
    return OK


def _workflow_lines(call: Invocation, found: Workflows) -> Iterator[str]:
    look, now = call.terminal.out, call.parts.clock.now()
    if not found.workflows:
        yield f"No run here yet. {call.typed('review')} makes the first."
        return
    rows = [
        (
            safe(one.workflow),
            plural(one.runs, "run"),
            f"{one.success:.0%} succeeded",
            _times_text(one.seconds),
            f"last {ago_text(one.last_at, now)}: {one.last_status}",
        )
        for one in found.workflows
    ]
    yield from _table(rows)
    yield ""
    yield look.paint(f"  of the newest {plural(found.runs, 'run')}; only succeeded counts as success", "dim")


def _history_lines(call: Invocation, history: WorkflowHistory) -> Iterator[str]:
    look, now, line = call.terminal.out, call.parts.clock.now(), history.line
    how = " · ".join(f"{count} {status}" for status, count in line.statuses.items())
    yield f"{safe(line.workflow)} · {plural(line.runs, 'run')}: {how} · {_times_text(line.seconds)}"
    yield ""
    rows = []
    for step in history.steps:
        statuses = " · ".join(f"{count} {status}" for status, count in step.statuses.items())
        again = f"{step.repeated} repeated" if step.repeated else ""
        rows.append((safe(step.step), safe(step.agent), _times_text(step.seconds), statuses, again))
    yield from _table(rows)
    reasons = [(step.step, reason, count) for step in history.steps for reason, count in step.reasons.items()]
    if reasons:
        yield ""
        for step_name, reason, count in reasons:
            yield f"  {look.symbol('degraded')} {cut(f'{count} × {safe(step_name)}: {safe(reason)}', look.columns - 4)}"
    yield ""
    for point in history.runs[-_POINTS_SHOWN:]:
        found = totals_text(point.totals, look).replace("   ", " · ")
        when, took = pad(ago_text(point.queued_at, now), 12), pad(seconds_text(point.seconds), 7)
        yield f"  {look.symbol(point.status)} {point.run}  {when}  {point.commit[:7]:<7}  {took}  {found}".rstrip()
    if len(history.runs) > _POINTS_SHOWN:
        yield look.paint(f"  the newest {_POINTS_SHOWN} of {len(history.runs)}; --json has all", "dim")


def _times_text(times: Times) -> str:
    if not times.count:
        return ""
    if times.count == 1:
        return seconds_text(times.p50)
    return f"{seconds_text(times.p50)}, p95 {seconds_text(times.p95)}"


def _table(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    whole = list(rows)
    wide = [max(width(row[column]) for row in whole) for column in range(len(whole[0]))] if whole else []
    for row in whole:
        yield "  " + "  ".join(pad(cell, room) for cell, room in zip(row, wide, strict=True)).rstrip()


def export(call: Invocation) -> int:
    """A run as one file."""
    run = call.find_run(call.options.run)
    path = call.options.output or default_path(run)
    made = export_run(call.parts, call.project, run, os.path.join(call.cwd, path))

    def lines() -> Iterator[str]:
        below = f", with {plural(len(made.below), 'run')} below it" if made.below else ""
        yield f"wrote {safe(path)}: {plural(made.events, 'event')}, {plural(made.contents, 'content')}{below}"
        yield f"  {made.digest}"

    call.terminal.give(made, lines)
    return OK


def take_over(call: Invocation) -> int:
    """A run of another record."""
    taken = import_run(call.parts, call.project, os.path.join(call.cwd, call.options.file))

    def lines() -> Iterator[str]:
        if taken.is_new:
            below = f", with {plural(len(taken.below), 'run')} below it" if taken.below else ""
            many = plural(taken.events, "event")
            yield f"took over {taken.run}: {safe(taken.workflow)}, {taken.status}, {many}{below}"
        else:
            yield f"{taken.run} is here already; nothing was changed"
        yield f"  {call.typed(f'runs show {taken.run}')}"

    call.terminal.give(taken, lines)
    return OK


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "runs diff": diff,
    "runs report": report,
    "runs export": export,
    "runs import": take_over,
}
