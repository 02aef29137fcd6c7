"""`agents list|show|new|check|test`."""

from collections.abc import Callable, Iterator
from functools import partial

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import checked_lines, diagnostic_lines, plural
from fairlead.cli.look import Look
from fairlead.cli.lookups import agents_list, agents_show
from fairlead.cli.run_screen import next_lines
from fairlead.cli.terminal_text import safe, wrap
from fairlead.service.endings import OK, USAGE
from fairlead.service.own_agents import CaseResult, check_agents, new_agent, try_agents
from fairlead.service.records import Diagnostic

_ANSWER_IS_NO = 1
DIFFERENCES_SHOWN_MAX = 10  # of one case; all of them with -v
_SYMBOLS = {"passed": "succeeded", "failed": "failed", "written": "degraded", "unchanged": "succeeded"}


def new(call: Invocation) -> int:
    """Write an agent to start from."""
    import os.path

    options = call.options
    template = "command" if options.command else options.template
    folder = os.path.normpath(os.path.join(call.cwd, options.dir)) if options.dir else ""
    made = new_agent(call.parts, call.project, options.name, template=template, folder=folder, is_forced=options.force)

    def lines() -> Iterator[str]:
        for line in made.changes.splitlines():
            yield f"  {safe(line)}"
        yield from (f"wrote {safe(path)}" for path in made.written)
        yield from (f"replaced {safe(path)}" for path in made.replaced)
        yield from (f"{safe(path)} is the same already" for path in made.kept)
        steps = [
            (call.typed(f"agents check {made.name}"), "is it right?"),
            (call.typed(f"agents test {made.name}"), "does it find what its golden folder says?"),
            (call.typed(f"agents show {made.name}"), "what it takes, and the step that calls it"),
        ]
        yield from next_lines(steps, call.terminal.out)

    if call.parts.shipped_catalog().find(made.name) is not None:
        said = f"an agent called {made.name} ships; a workflow of the project calls yours in its place"
        hint = f"fairlead agents new my-{made.name}"
        warning = Diagnostic("FL-A016", said, is_warning=True, hints=(hint,))
        call.terminal.tell(diagnostic_lines((warning,), call.terminal.err))
    call.terminal.give(made, lines)
    return OK


def check(call: Invocation) -> int:
    """Everything that is wrong with the agent files, at once; with --fix, how those that were recovered should be."""
    options = call.options
    is_fix = options.fix or options.write
    found = check_agents(call.parts, call.project, options.agent, is_fix=is_fix, is_written=options.write)

    nothing = f"No agent file in {safe(call.project.name)} yet. {call.typed('agents new my-agent')} writes one."

    def lines() -> Iterator[str]:
        for fix in found.fixes:
            for line in fix.changes.splitlines():
                yield f"  {safe(line, keep_tabs=True)}"
            if fix.is_written:
                yield f"wrote {safe(fix.file)}"
        yield from checked_lines(found.diagnostics, len(found.files), "agent file", nothing, call.terminal.out)
        if found.fixes and not options.write:
            words = " ".join(["agents check", *options.agent, "--fix --write"])
            steps = [(call.typed(words), f"write {plural(len(found.fixes), 'file')} as shown above")]
            yield from next_lines(steps, call.terminal.out)
        elif is_fix and not found.fixes:
            yield "Nothing to fix: no file had to be recovered in a way that can be written down."

    call.terminal.give(found, lines, found.diagnostics)
    return USAGE if found.errors else OK


def test(call: Invocation) -> int:
    """Try agents over their golden folders."""
    terminal = call.terminal
    show = partial(_case_lines, look=terminal.err, is_whole=terminal.verbosity > 0)
    tested = try_agents(
        call.parts,
        call.project,
        call.options.agent,
        is_update=call.options.update,
        tell=lambda found: terminal.tell(show(found)),
    )

    def lines() -> Iterator[str]:
        words = [f"{tested.passed} passed"] if tested.passed or not tested.cases else []
        words += [f"{tested.failed} failed"] if tested.failed else []
        words += [f"{tested.written} written"] if tested.written else []
        symbol = terminal.out.symbol("failed" if tested.failed else "succeeded")
        yield f"{symbol} {plural(len(tested.cases), 'golden folder')}: {', '.join(words)}"
        first = next((one for one in tested.cases if one.status == "failed"), None)
        if first is not None:
            yield f"  first: {first.agent} {safe(first.case)}: {safe(first.differences[0])}"
            if not first.code and not call.options.update:
                yield f"  is the new answer right? fairlead agents test {first.agent} --update writes it down"

    terminal.give(tested, lines, tested.cases)
    return _ANSWER_IS_NO if tested.failed else OK


def _case_lines(found: CaseResult, look: Look, *, is_whole: bool) -> Iterator[str]:
    answer = f"fails with {found.code}, as expected" if found.code else found.summary
    if found.status == "passed":
        said = f"{answer}, twice the same" if found.times > 1 else answer
    else:
        said = f"{found.status}: {answer}" if found.status == "written" else found.status
    yield f"  {look.symbol(_SYMBOLS[found.status])} {found.agent} {safe(found.case)}  {safe(said)}".rstrip()
    shown = found.differences if is_whole else found.differences[:DIFFERENCES_SHOWN_MAX]
    for difference in shown:
        first, *rest = wrap(safe(difference), look.columns - 6)
        yield f"      {first}"
        yield from (f"        {line}" for line in rest)
    if len(shown) < len(found.differences):
        yield f"      and {len(found.differences) - len(shown)} more: -v shows all"
    if found.log and found.code:
        yield "      its log ends:"
        yield from (f"        {safe(line, keep_tabs=True)}" for line in found.log.splitlines()[-12:])


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "agents list": agents_list,
    "agents show": agents_show,
    "agents new": new,
    "agents check": check,
    "agents test": test,
}
