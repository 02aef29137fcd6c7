"""`runs list|show|watch`, `pause`, `cancel` and `logs`."""

from collections.abc import Callable, Iterator

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines, plural
from fairlead.cli.failure_screen import failure_lines
from fairlead.cli.following import Leaving, follow, screen_for, watch_of
from fairlead.cli.run_screen import next_lines, run_lines, status_text
from fairlead.cli.terminal_text import cut, pad, safe, width
from fairlead.cli.times import ago_text, seconds_text
from fairlead.service.endings import INTERRUPTED, OK, exit_code
from fairlead.service.labels import is_ours, read_labels, without_ours
from fairlead.service.logs import Log, LogReader, no_step
from fairlead.service.memory import with_previous
from fairlead.service.records import RUN_ENDED, RunLine, error
from fairlead.service.runs import Which, cancel_run, list_runs, pause_run, show_run

_FOLLOW_SECONDS = 0.2


def list_them(call: Invocation) -> int:
    """The newest runs."""
    options = call.options
    if options.status and options.status not in ("queued", "running", "waiting", *RUN_ENDED):
        raise error("FL-S001", f"no run can be {safe(options.status)}", "--status failed", "fairlead runs list --help")
    if not 1 <= options.limit <= 1000:
        raise error("FL-S001", f"--limit takes 1 to 1000, not {options.limit}", "fairlead runs list --limit 50")
    which = Which(options.status, options.workflow, read_labels(options.labels), options.all)
    found = list_runs(call.parts, call.project, which, limit=options.limit)
    call.terminal.give(found, lambda: _list_lines(call, found.runs), found.runs)
    return OK


def _list_lines(call: Invocation, runs: tuple[RunLine, ...]) -> Iterator[str]:
    look = call.terminal.out
    if not runs:
        some = call.options.status or call.options.workflow or call.options.labels
        yield "No such run here." if some else f"No run here yet. {call.typed('review')} makes the first."
        return
    now = call.parts.clock.now()
    wide = max(len(run.workflow) for run in runs)
    for run in runs:
        status = pad(status_text(run.status, run.unowned_since), 9)
        took = seconds_text((run.ended_at - run.queued_at) / 1e6) if run.ended_at else ""
        when = pad(ago_text(run.queued_at, now), 12)
        name = pad(safe(run.workflow), wide)
        shown = run.labels if is_ours(run.labels) else without_ours(run.labels)
        told = [f"{name}={value}" for name, value in sorted(shown.items())]
        labels = safe(" ".join([*([f"step of {run.parent}"] if run.parent else []), *told]))
        line = f"  {look.symbol(run.status)} {run.run}  {name}  {when}  {status}  {pad(took, 6)}".rstrip()
        room = look.columns - width(line) - 2
        yield f"{line}  {look.paint(cut(labels, room), 'dim')}" if labels and room > 8 else line


def show(call: Invocation) -> int:
    """One run."""
    view = show_run(call.parts, call.project, call.find_run(call.options.run))
    at = call.options.step
    if at and at not in {step.step for step in view.steps}:
        raise no_step(view.run, at, [step.step for step in view.steps])

    def lines() -> Iterator[str]:
        look = call.terminal.out
        yield from run_lines(call, view, look, is_whole=call.options.all, at=at)
        yield from failure_lines(call, view, look)
        if view.unowned_since or view.status == "waiting":
            yield from next_lines([(call.typed(f"resume {view.run}"), "go on where it stopped")], look)

    call.terminal.tell(diagnostic_lines(view.warnings, call.terminal.err))
    call.terminal.give(view, lines)
    return OK


def watch(call: Invocation) -> int:
    """Follow a run that somebody else performs."""
    run = call.find_run(call.options.run)
    watch = watch_of(call, run, call.options.after)
    screen = screen_for(call, "Ctrl-C stops watching; the run goes on")

    def interrupted(times: int) -> Leaving:
        return "interrupted"

    leaving = follow(call, watch, screen, interrupted)
    if leaving == "interrupted":
        call.terminal.complain([f"not watching any more; {call.typed(f'runs watch {run}')}"])
        return INTERRUPTED
    view = with_previous(call.parts, call.project, show_run(call.parts, call.project, run))
    if call.terminal.form != "jsonl":
        # On a terminal all steps of a run that has ended stand above, unless the watching began after some of them.
        has_steps = not call.is_attended or leaving != "ended" or bool(call.options.after)
        call.terminal.give(view, lambda: run_lines(call, view, call.terminal.out, has_steps=has_steps))
    if leaving == "unowned":
        call.terminal.complain([f"nobody works on {run}; {call.typed(f'resume {run}')} goes on"])
    fail_on = None if call.options.fail_on in (None, "none") else call.options.fail_on
    return exit_code(view, fail_on=fail_on, is_strict=call.options.strict)


def pause(call: Invocation) -> int:
    """Ask a run to wait."""
    run = call.find_run(call.options.run)
    paused = pause_run(call.parts, call.project, run, reason=call.options.message)

    def lines() -> Iterator[str]:
        still = f"{plural(paused.running, 'step')} may end, then it waits" if paused.running else "it waits"
        yield f"{run} is paused: {still}; {call.typed(f'resume {run}')} goes on."

    call.terminal.give(paused, lines)
    return OK


def cancel(call: Invocation) -> int:
    """Ask a run to stop."""
    run = call.find_run(call.options.run)
    cancelled = cancel_run(call.parts, call.project, run, reason=call.options.message)

    def lines() -> Iterator[str]:
        if cancelled.unowned_since:
            yield f"{run} shall stop, but nobody works on it: {call.typed(f'resume {run}')} does what is left."
        elif cancelled.requests > 1:
            yield f"{run} is asked to stop at once, `finally` too."
        else:
            yield f"{run} is asked to stop; {call.typed(f'runs watch {run}')}"

    call.terminal.give(cancelled, lines)
    return OK


def logs(call: Invocation) -> int:
    """What the steps wrote."""
    name, step = "", ""
    for word in call.options.words:
        if word.startswith("step:") or name:  # behind a run only a step can stand
            step = word.removeprefix("step:")
        else:
            name = word
    run = call.find_run(name or "last")
    reader = LogReader(call.parts, call.project, run, step)
    wide = max((len(one) for one in reader.steps), default=0)
    if call.terminal.form == "json" and not call.options.follow:
        log = reader.read()
        whole = Log(log.lines + reader.rest(), log.steps, log.bytes_left_out)
        call.terminal.give(whole, lambda: ())
        return OK
    total = _give_log(call, reader.read(), wide)
    if call.options.follow:
        watch = watch_of(call, run)
        while True:
            watch.poll()
            is_over = watch.is_ended or watch.is_unowned
            total += _give_log(call, reader.read(), wide)
            if is_over:
                break
            call.terminal.flush()
            call.parts.clock.sleep(_FOLLOW_SECONDS)
    total += _give_log(call, Log(reader.rest(), reader.steps), wide)
    if call.terminal.form == "text" and not total:
        call.terminal.tell([f"The steps of {run} wrote nothing."])
    return OK


def _give_log(call: Invocation, log: Log, wide: int) -> int:
    if log.bytes_left_out:
        call.terminal.tell([f"{log.bytes_left_out:,} bytes at the beginning are left out"])
    if call.terminal.form != "text":
        # One document of a log that still grows would hold everything back: with -f both forms give a line per line.
        import msgspec

        for line in log.lines:
            call.terminal.answer_text(msgspec.json.encode(line).decode() + "\n")
        return len(log.lines)
    call.terminal.answer(f"{pad(safe(line.step), wide)}  {safe(line.text, keep_tabs=True)}" for line in log.lines)
    return len(log.lines)


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "runs list": list_them,
    "runs show": show,
    "runs watch": watch,
    "pause": pause,
    "cancel": cancel,
    "logs": logs,
}
