"""The home screen, `doctor`, `init`, `check`, `journal verify`, `version`."""

from collections.abc import Callable, Iterator

import msgspec

from fairlead import __version__
from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import checked_lines, diagnostic_lines, plural
from fairlead.cli.run_screen import header_line, next_lines, status_text
from fairlead.cli.terminal_text import safe, wrap
from fairlead.cli.times import ago_text
from fairlead.service.endings import NOT_READY, OK, USAGE
from fairlead.service.parts import Project
from fairlead.service.records import FairleadError, error


class Version(msgspec.Struct, frozen=True):
    """What is installed."""

    version: str
    python: str
    platform: str


def home(call: Invocation) -> int:
    """Where things stand."""
    from fairlead.service.surroundings import home as look_around

    found = look_around(call.parts, call.project)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        yield header_line(call.project, found.checkout, __version__)
        yield from (f"  {safe(note)}" for note in (*found.notes, *found.checkout.notes))
        yield ""
        now = call.parts.clock.now()
        if found.last is None:
            yield "  No run here yet."
        else:
            last = found.last
            status = status_text(last.status, last.unowned_since)
            ago = ago_text(last.queued_at, now)
            yield f"  last    {look.symbol(last.status)} {last.run}  {safe(last.workflow)}  {status}  {ago}"
        others = [one for one in found.open_runs if found.last is None or one.run != found.last.run]
        for number, one in enumerate(others):
            status = status_text(one.status, one.unowned_since)
            label = f"{'waits' if not number else '':<7}"
            yield f"  {label} {look.symbol('waiting')} {one.run}  {safe(one.workflow)}  {status}"
        steps = [(call.typed(one.command.removeprefix("fairlead ")), one.does) for one in found.next]
        yield from next_lines(steps, look)
        yield ""
        yield "  all commands: fairlead --help"

    call.terminal.give(found, lines)
    return OK


def doctor(call: Invocation) -> int:
    """Is everything ready?"""
    from fairlead.service.surroundings import examine

    project: Project | None
    try:
        project = call.project
        refusal = None
    except FairleadError as problem:
        project, refusal = None, problem
    found = examine(call.parts, project)

    def lines() -> Iterator[str]:
        look = call.terminal.out
        area = ""
        for probe in found.probes:
            status = {"ok": "succeeded", "warn": "degraded", "bad": "failed", "none": "none"}[probe.status]
            first, *rest = wrap(safe(probe.text), look.columns - 18)
            yield f"  {probe.area if probe.area != area else '':<11} {look.symbol(status)} {first}"
            yield from (f"{'':16}{line}" for line in rest)
            if probe.fix:
                yield f"{'':16}fix: {safe(probe.fix)}"
            area = probe.area
        if refusal is not None:
            yield from diagnostic_lines(refusal.diagnostics, look)
        problems = plural(found.problems + (refusal is not None), "problem")
        yield f"{problems}, {plural(found.improvements, 'thing')} to improve."

    call.terminal.give(found, lines, found.probes)
    return NOT_READY if found.problems or refusal is not None else OK


def init(call: Invocation) -> int:
    """Write a workflow to start from, or the file of a CI platform."""
    return _init_ci(call) if call.options.ci else _init_workflow(call)


def _unwritable(call: Invocation, refusal: OSError) -> FairleadError:
    why = refusal.strerror or type(refusal).__name__
    return error("FL-S014", f"{call.project.root} cannot be written: {why}", "fairlead doctor", exit_code=8)


def _init_ci(call: Invocation) -> int:
    from fairlead.service.ci_files import write_ci_file

    try:
        written = write_ci_file(call.parts, call.project, call.options.ci, __version__)
    except OSError as refusal:
        raise _unwritable(call, refusal) from None

    def lines() -> Iterator[str]:
        yield from (f"wrote {safe(path)}" for path in written.written)
        yield from (f"{safe(path)} is there already; nothing was changed" for path in written.kept)
        if written.needs:
            yield from (f"  {line}" for line in wrap(f"It needs {written.needs}.", call.terminal.out.columns - 2))
        yield from next_lines([(step.command, step.does) for step in written.next], call.terminal.out)

    call.terminal.give(written, lines)
    return OK


def _init_workflow(call: Invocation) -> int:
    from fairlead.service.surroundings import write_start

    try:
        written = write_start(call.parts, call.project)
    except OSError as refusal:
        raise _unwritable(call, refusal) from None

    def lines() -> Iterator[str]:
        for path in written.written:
            yield f"wrote {safe(path)}"
        for path in written.kept:
            yield f"{safe(path)} is there already; nothing was changed"
        path = (written.written + written.kept)[0]
        name = path.rpartition("/")[2].partition(".")[0]
        yield from next_lines(
            [
                (call.typed(f"check {name}"), "is it right?"),
                (call.typed(f"run {name}"), "perform it"),
            ],
            call.terminal.out,
        )

    call.terminal.give(written, lines)
    return OK


def check(call: Invocation) -> int:
    """Every mistake in workflow files at once."""
    from fairlead.service.checks import check_files

    options = call.options
    is_fix = options.fix or options.write
    names = tuple(options.files)
    found = check_files(call.parts, call.project, call.cwd, names, is_fix=is_fix, is_written=options.write)

    nothing = f"No workflow in {safe(call.project.name)} yet. {call.typed('init')} writes one to start from."

    def changes() -> Iterator[str]:
        for fix in found.fixes:
            if not fix.is_written:
                yield ""
            yield from (f"  {safe(line, keep_tabs=True)}" for line in fix.changes.splitlines())
            if fix.is_written:
                yield f"wrote {safe(fix.file)}"
                yield ""

    def lines() -> Iterator[str]:
        if options.write:
            yield from changes()
        yield from checked_lines(found.diagnostics, len(found.files), "file", nothing, call.terminal.out)
        if found.fixes and not options.write:
            # What was asked for comes last: many mistakes would push it off the screen.
            yield from changes()
            words = " ".join(["check", *names, "--fix --write"])
            steps = [(call.typed(words), f"write {plural(len(found.fixes), 'file')} as shown above")]
            yield from next_lines(steps, call.terminal.out)
        elif is_fix and not found.fixes and found.diagnostics:
            yield "Nothing to fix: what is wrong here leaves something to decide."
        elif found.fixable and not is_fix:
            steps = [
                (call.typed(" ".join(["check", *names, "--fix"])), f"show how {_some(found.fixable)} can be mended")
            ]
            yield from next_lines(steps, call.terminal.out)

    call.terminal.give(found, lines, found.diagnostics)
    return USAGE if found.errors else OK


def _some(count: int) -> str:
    return "one of them" if count == 1 else f"{count} of them"


def verify(call: Invocation) -> int:
    """The whole record, from its first event to its last."""
    from fairlead.service.integrity import verify_journal

    verdict = verify_journal(call.parts, call.project, call.options.receipt)
    call.terminal.give(verdict, lambda: [verdict.sentence])
    return OK


def version(call: Invocation) -> int:
    """What is installed."""
    import platform

    found = Version(__version__, platform.python_version(), f"{platform.system()} {platform.machine()}")
    call.terminal.give(found, lambda: [f"fairlead {found.version} · Python {found.python} · {found.platform}"])
    return OK


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "home": home,
    "doctor": doctor,
    "init": init,
    "check": check,
    "journal verify": verify,
    "version": version,
}
