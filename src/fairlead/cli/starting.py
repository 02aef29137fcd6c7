"""`review`, `run`, `resume` and the hidden `worker`: start or go on, show what happens, say how it ended."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from fairlead import __version__
from fairlead.cli.answering import Asked
from fairlead.cli.ci import annotate, give_groups, platform_lines
from fairlead.cli.command import Invocation
from fairlead.cli.files import asked_files, give_problems
from fairlead.cli.following import Leaving, follow, screen_for, watch_of
from fairlead.cli.inputs import given_inputs
from fairlead.cli.live import step_row
from fairlead.cli.run_screen import finding_summary, header_line, next_lines, output_lines, reason_lines, steps_lines
from fairlead.cli.terminal_text import safe, wrap
from fairlead.service.endings import INTERRUPTED, NOT_READY, OK, TERMINATED, USAGE, exit_code
from fairlead.service.labels import read_labels
from fairlead.service.outputs import write_outputs
from fairlead.service.parts import Ending, Project
from fairlead.service.records import RUN_ENDED, FailOn, FairleadError, Json, RunId, RunView, Watch, counted, error

if TYPE_CHECKING:
    from fairlead.service.baselines import Baseline
    from fairlead.service.starts import Definition, Started

_HERE = "Ctrl-C stops; nothing finished is lost, and fairlead resume goes on"
_AWAY = "Ctrl-C leaves it running; twice cancels it"
_LEAVING_SECONDS = 0.1  # between two looks whether the worker that parked a run is gone
_LEAVING_TRIES_MAX = 100


def review(call: Invocation) -> int:
    """Review the repository, in this process."""
    from fairlead.cli.errors_screen import diagnostic_lines
    from fairlead.service.starts import ReviewScope, review_of, review_place, start_review

    options = call.options
    asked_files(call)  # before anything is done for files that contradict each other
    _use_durability(call)
    project, paths = review_place(call.parts, call.cwd, options.paths)
    call.__dict__["project"] = project  # the paths decide where the review stands, not the directory of the call
    scope = ReviewScope(paths, not options.no_history, options.all)
    labels = read_labels(options.labels)
    if options.new_since:
        baseline = _baseline(call, *review_of(call.parts, scope))
        if code := _code_of_ending(baseline.ending):
            return code
        labels |= baseline.labels
    started = start_review(call.parts, project, scope, labels=labels)
    if options.detach:
        return _leave_to_worker(call, started.run)
    call.terminal.tell(diagnostic_lines(started.warnings, call.terminal.err))
    _show_header(call, project, started)
    return _perform_new(call, started.run, _default(options.fail_on, "high"))


def run(call: Invocation) -> int:
    """Start a workflow; on a terminal a worker performs it and this process watches."""
    from fairlead.cli.errors_screen import diagnostic_lines
    from fairlead.service.repeats import Part
    from fairlead.service.starts import find_definition, start_run

    options = call.options
    if options.plan:
        from fairlead.cli.plans import plan

        return plan(call)
    asked_files(call)  # as above
    _use_durability(call)
    given = given_inputs(options.inputs)
    definition = find_definition(call.parts, call.project, call.cwd, options.workflow)
    labels = read_labels(options.labels)
    if options.new_since:
        baseline = _baseline(call, definition, given)
        if code := _code_of_ending(baseline.ending):
            return code
        labels |= baseline.labels
    part = Part(from_=getattr(options, "from"), only=options.only)
    started = start_run(call.parts, call.project, definition, given, key=options.key, labels=labels, part=part)
    call.terminal.tell(diagnostic_lines(started.warnings, call.terminal.err))
    if options.detach:
        return _leave_to_worker(call, started.run)
    _show_header(call, call.project, started, started.title or started.workflow)
    call.terminal.tell(_kept_lines(started))
    fail_on = _default(options.fail_on, "none")
    if options.key:
        return _perform_or_follow(call, started.run, fail_on)
    if not call.is_attended:
        return _perform_new(call, started.run, fail_on)
    call.parts.start_worker(call.project, started.run)
    return _follow_worker(call, started.run, fail_on)


def resume(call: Invocation) -> int:
    """Go on with a run, in this process; with `--all` with every one that nobody performs."""
    from fairlead.service.runs import show_run, unpause_run
    from fairlead.service.starts import Started, look, resumable_run

    _use_durability(call)
    if call.options.all:
        return _resume_all(call)
    found = resumable_run(call.parts, call.project, call.options.run)
    is_unpaused = unpause_run(call.parts, call.project, found)
    if call.options.detach:
        return _leave_to_worker(call, found)
    # With its title: only a review may say that nothing leaves this machine, a program may talk to anybody.
    view = show_run(call.parts, call.project, found)
    started = Started(found, view.workflow, checkout=look(call.parts, call.project))
    _show_header(call, call.project, started, view.title or view.workflow)
    usual = "high" if view.workflow == "review" else "none"  # as where it was started
    fail_on = _default(call.options.fail_on, usual)
    if is_unpaused and not view.unowned_since:
        return _follow_worker(call, found, fail_on)  # whoever performs it was still there
    return _perform_here(call, found, fail_on)


def go_on(call: Invocation, found: RunId, fail_on: FailOn | None = None, *, after: int = 0) -> int:
    """Go on here with a run that somebody has answered, unless somebody else does."""
    from fairlead.service.runs import show_run

    for _ in range(_LEAVING_TRIES_MAX):
        if show_run(call.parts, call.project, found).status in RUN_ENDED:
            return _give_ending(call, found, fail_on)
        try:
            return _perform_here(call, found, fail_on, after=after)
        except FairleadError as refusal:
            if refusal.diagnostics[0].code not in ("FL-R102", "FL-R401"):
                raise
        if show_run(call.parts, call.project, found).status != "waiting":
            break
        call.parts.clock.sleep(_LEAVING_SECONDS)  # whoever parked it is about to leave
    return _follow_worker(call, found, fail_on, after=after)


def rerun(call: Invocation) -> int:
    """Do a run again, in this process."""
    from fairlead.service.repeats import Part
    from fairlead.service.starts import start_again

    options = call.options
    earlier = call.find_run(options.run)
    part = Part(failed=options.failed, from_=getattr(options, "from"))
    started = start_again(call.parts, call.project, earlier, labels=read_labels(options.labels), part=part)
    return _perform_started(call, started)


def fork(call: Invocation) -> int:
    """A new run that shares what came before a step, in this process."""
    from fairlead.service.starts import fork_run

    options = call.options
    given = given_inputs(options.inputs)
    origin = call.find_run(options.run)
    started = fork_run(call.parts, call.project, origin, options.at, given, labels=read_labels(options.labels))
    return _perform_started(call, started)


def _perform_started(call: Invocation, started: "Started") -> int:
    if call.options.detach:
        return _leave_to_worker(call, started.run)
    is_review = started.workflow == "review"
    _show_header(call, call.project, started, "" if is_review else started.title or started.workflow)
    call.terminal.tell(_kept_lines(started))
    return _perform_new(call, started.run, _default(call.options.fail_on, "high" if is_review else "none"))


def _kept_lines(started: "Started") -> Iterator[str]:
    keeping = started.keeping
    if started.unwanted:
        yield f"  cancelled at once: {safe(started.unwanted)}"
    if keeping.kept:
        yield f"  kept from {keeping.origin}: {', '.join(map(safe, keeping.kept))}"
    for name, why in keeping.again.items() if keeping.origin else ():
        part = ", but for what ended well in it" if name in keeping.partly else ""
        yield f"  {safe(name)} is done: {safe(why)}{part}"
    if keeping.kept and keeping.commit and started.checkout.commit not in ("", keeping.commit):
        yield f"  What is kept was done at the commit {keeping.commit[:7]}; now another one is checked out."


def _use_durability(call: Invocation) -> None:
    if call.options.durability:
        call.parts.use_durability(call.options.durability)


def _resume_all(call: Invocation) -> int:
    from fairlead.cli.adopting import adopt

    options = call.options
    if options.run or options.detach or options.fail_on:
        said = "--all goes on with every run, here: it takes no RUN, no --detach and no --fail-on"
        raise error("FL-S001", said, "fairlead resume --all", "fairlead resume RUN", exit_code=USAGE)
    return adopt(call, stays=False)


def work(call: Invocation) -> int:
    """Perform one run and say nothing, for what happened stands in the journal; or every run that nobody performs."""
    _use_durability(call)
    if not call.options.run:
        from fairlead.cli.adopting import adopt

        return adopt(call, stays=not call.options.once)
    ending = call.parts.perform(call.project, RunId(call.options.run), lambda: None)
    return _code_of_ending(ending) or OK


def _baseline(call: Invocation, definition: "Definition", given: Mapping[str, Json]) -> "Baseline":
    """What `--new-since` compares with, made here when nobody has made it before."""
    from fairlead.service.baselines import make_baseline

    tell = call.terminal.tell if call.terminal.form == "text" else _say_nothing
    baseline = make_baseline(
        call.parts, call.project, call.options.new_since, definition, given, lambda text: tell([f"  {safe(text)}"])
    )
    if baseline.ending != "ended":
        call.terminal.complain(["", "Stopped. What it had found of the earlier commit is kept; type the same again."])
    return baseline


def _say_nothing(_lines: Iterable[str]) -> None:
    """With --json nobody reads along."""


def _default(chosen: str | None, usual: str) -> FailOn | None:
    word = chosen or usual
    return None if word == "none" else word  # type: ignore[return-value]  # argparse allows its words and none only


def _leave_to_worker(call: Invocation, found: RunId) -> int:
    call.parts.start_worker(call.project, found)
    from fairlead.service.runs import show_run

    view = show_run(call.parts, call.project, found)
    watch = call.typed(f"runs watch {found}")
    call.terminal.give(view, lambda: [f"{found} is left to a worker; {watch}"])
    return OK


def _show_header(call: Invocation, project: Project, started: "Started", title: str = "") -> None:
    terminal = call.terminal
    if terminal.form != "text":
        return
    checkout = started.checkout
    head = header_line(project, checkout, __version__)
    terminal.tell(wrap(f"{safe(title)} {started.run} · {head}" if title else head, terminal.err.columns))
    terminal.tell(f"  {safe(note)}" for note in (*project.notes, *checkout.notes))
    if not title:
        terminal.tell(["  Nothing leaves this machine."])
    terminal.tell(platform_lines(terminal))
    if terminal.err.is_live:
        terminal.tell([""])


def _perform_or_follow(call: Invocation, found: RunId, fail_on: FailOn | None) -> int:
    """The run of a key may have been started before, and be at work or at its end: everybody sees the same end."""
    from fairlead.service.runs import show_run

    view = show_run(call.parts, call.project, found)
    if view.status in RUN_ENDED:
        return _give_ending(call, found, fail_on)
    if view.status == "running" and not view.unowned_since:
        return _follow_worker(call, found, fail_on)
    if call.is_attended:
        call.parts.start_worker(call.project, found)
        return _follow_worker(call, found, fail_on)
    return _perform_new(call, found, fail_on)  # somebody with the same key may be faster


def _perform_new(call: Invocation, found: RunId, fail_on: FailOn | None) -> int:
    """Perform a run that was just recorded, unless a worker that waits for runs was faster."""
    try:
        return _perform_here(call, found, fail_on)
    except FairleadError as refusal:
        if refusal.diagnostics[0].code not in ("FL-R102", "FL-R401"):
            raise
        return _follow_worker(call, found, fail_on)


def _perform_here(call: Invocation, found: RunId, fail_on: FailOn | None, *, after: int = 0) -> int:
    """Perform the run in this process, with its own screen on the way, and on a terminal with what it asks."""
    watch = watch_of(call, found, after)
    asked = Asked(call, watch)
    while True:
        code = _code_of_ending(_perform_shown(call, found, watch))
        if code:
            call.terminal.complain(
                ["", f"Stopped. Everything finished is kept:  {call.typed(f'resume {found}')}  goes on."],
            )
            return code
        if not (watch.is_waiting and asked.answer(found)):
            return _give_ending(call, found, fail_on)


def _perform_shown(call: Invocation, found: RunId, watch: Watch) -> Ending:
    screen = screen_for(call, _HERE)
    try:
        ending = call.parts.perform(call.project, found, lambda: screen.show(watch.poll(), watch))
        screen.show(watch.poll(), watch)
    finally:
        screen.close()
    return ending


def _code_of_ending(ending: Ending) -> int:
    return {"ended": 0, "interrupted": INTERRUPTED, "terminated": TERMINATED}[ending]


def _follow_worker(call: Invocation, found: RunId, fail_on: FailOn | None, *, after: int = 0) -> int:
    from fairlead.service.runs import cancel_run

    watch = watch_of(call, found, after)
    screen = screen_for(call, _AWAY)
    asked = Asked(call, watch)
    is_cancelled = False

    def interrupted(times: int) -> Leaving | None:
        nonlocal is_cancelled
        if times == 1:
            # A moment for the second one: who presses twice wants it gone, not out of sight.
            screen.close()
            try:
                # What invites the second one is inside: it may come before the words are out.
                call.terminal.complain(["", "leaving it running; Ctrl-C again to cancel it"])
                call.parts.clock.sleep(1.0)
            except KeyboardInterrupt:
                cancel_run(call.parts, call.project, found, reason="Ctrl-C twice")
                is_cancelled = True
                return None
            return "detached"
        return "detached"

    while (leaving := follow(call, watch, screen, interrupted, asked.is_new)) in ("asked", "waiting"):
        if asked.answer(found):
            return go_on(call, found, fail_on, after=watch.state.applied if watch.state is not None else 0)
        if leaving == "waiting":
            break
        screen = screen_for(call, _AWAY)
    if leaving == "detached":
        call.terminal.complain([f"still running; {call.typed(f'runs watch {found}')}"])
        return INTERRUPTED
    if is_cancelled and leaving == "ended":
        _give_ending(call, found, fail_on)
        return INTERRUPTED
    return _give_ending(call, found, fail_on)


def _give_ending(call: Invocation, found: RunId, fail_on: FailOn | None) -> int:
    """The answer: what the run came to, in the form that was asked for, and the files that were asked for."""
    from fairlead.cli.errors_screen import diagnostic_lines
    from fairlead.service.memory import with_previous
    from fairlead.service.runs import show_run

    view = with_previous(call.parts, call.project, show_run(call.parts, call.project, found))
    call.terminal.tell(diagnostic_lines(view.warnings, call.terminal.err))
    written = write_outputs(call.parts, call.project, view, asked_files(call), call.cwd, fail_on)
    give_groups(call, view)
    if call.terminal.form != "jsonl":
        call.terminal.give(view, lambda: _ending_lines(call, view, written.paths))
    annotate(call, view, fail_on)
    if give_problems(call, written.problems):
        return NOT_READY
    options = call.options
    return exit_code(
        view,
        fail_on=fail_on,
        is_strict=getattr(options, "strict", False),
        is_exit_zero=getattr(options, "exit_zero", False),
    )


def _ending_lines(call: Invocation, view: RunView, written: Sequence[str]) -> Iterator[str]:
    from fairlead.cli.failure_screen import failure_lines

    look = call.terminal.out
    # On a terminal the steps stand above already, in the permanent record.
    if not call.is_attended:
        yield from steps_lines(view, look)
        if view.status not in ("succeeded", "waiting"):
            yield step_row(look, view.status, view.run, view.status)
    yield from reason_lines(view, look)
    yield from failure_lines(call, view, look)
    yield from finding_summary(call, view, look)
    yield from output_lines(view, look)
    if written:
        yield ""
        yield from (f"  wrote {safe(path)}" for path in written)
    yield from next_lines(_next(call, view), look)
    if view.workflow == "review":
        yield f"  Your {'working tree was' if call.project.is_git else 'files were'} not touched."


def _next(call: Invocation, view: RunView) -> list[tuple[str, str]]:
    if view.status == "failed":
        return [
            (call.typed(f"logs {view.run}"), "what the steps wrote"),
            (call.typed(f"runs show {view.run}"), "this run again"),
        ]
    if view.status == "waiting":
        asked = [
            step.approval.id for step in view.steps if step.approval is not None and step.approval.status == "open"
        ]
        if asked:
            return [
                (call.typed(f"approvals show {asked[0]}"), "all that is to be decided"),
                (call.typed(f"approve {asked[0]}"), "say yes; reject says no"),
            ]
        if view.parked:
            return [
                (call.typed("approvals"), "what waits for a decision"),
                (call.typed(f"resume {view.run}"), "go on where it stopped"),
            ]
        return [(call.typed(f"resume {view.run}"), "go on where it stopped")]
    chosen = []
    worst = next(iter(counted(view.findings)), None)
    if worst is not None:
        chosen.append((call.typed(f"findings show {worst.id}"), "the worst one, with its code and why"))
        chosen.append((call.typed("findings export -o findings.sarif"), "for editors and code hosts; also md and json"))
        chosen.append((f"fairlead explain {worst.rule}", "what this rule is about"))
    else:
        chosen.append((call.typed(f"runs show {view.run}"), "what was looked at"))
        chosen.append((call.typed("agents list"), "who looked"))
    return chosen


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "review": review,
    "run": run,
    "resume": resume,
    "rerun": rerun,
    "fork": fork,
    "worker": work,
}
