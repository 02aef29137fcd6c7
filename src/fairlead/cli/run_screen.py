"""A run on a screen: what it is, its steps, what it found, what to do next."""

from collections.abc import Generator, Iterator, Sequence

from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import plural
from fairlead.cli.fact_text import Telling
from fairlead.cli.live import INDENT, step_lines, step_row
from fairlead.cli.look import COLOURS, Look
from fairlead.cli.terminal_text import cut, cut_left, safe, width, wrap
from fairlead.cli.times import clock_text, day_text, minute_text, seconds_text
from fairlead.service.parts import Checkout, Project
from fairlead.service.records import (
    RUN_ENDED,
    STEP_END,
    STEP_ENDED,
    Fact,
    FindingView,
    Row,
    RunView,
    StepView,
    accepted_text,
    approval_lines,
    block_text,
    counted,
    older_text,
    rows_of,
)

_WORST_SHOWN = 3
_OUTPUTS_SHOWN = 20
_WORST_SHOWN_VERBOSE = 30  # with -v


def header_line(project: Project, checkout: Checkout, version: str) -> str:
    """`fairlead 0.1.0 · shop-api · main @ 4f2c1e9 + 3 changed files · nothing leaves this machine`."""
    return " · ".join([f"fairlead {version}", safe(project.name), *_place_words(project, checkout)])


def _place_words(project: Project, checkout: Checkout) -> list[str]:
    """Branch, commit and changes, as far as there are any."""
    if not project.is_git:
        return []
    head = f"{safe(checkout.branch) or 'detached'} @ {checkout.head}" if checkout.head else "no commit yet"
    if checkout.changed:
        head += f" + {plural(checkout.changed, 'changed file')}"
    return [head]


def status_text(status: str, unowned_since: int) -> str:
    """A run that nobody works on is never shown as plain running."""
    if status in RUN_ENDED or not unowned_since:
        return status
    return f"{status} · no worker since {minute_text(unowned_since)}"


def _standing_text(view: RunView) -> str:
    """The status, with what a person must know of it: that nobody works on it, or why it waits."""
    if view.status == "waiting" and view.parked:
        more = f" and {len(view.parked) - 1} more" if len(view.parked) > 1 else ""
        return f"waiting · {safe(view.parked[0])}{more}"
    if view.status == "waiting":
        return "waiting · paused" + (f": {safe(view.pause_reason)}" if view.pause_reason else "")
    if view.behind:
        return f"{view.status} · behind {', '.join(view.behind[:_WORST_SHOWN])} of the group {safe(view.group)}"
    return status_text(view.status, view.unowned_since)


def run_lines(
    call: Invocation, view: RunView, look: Look, *, has_steps: bool = True, is_whole: bool = False, at: str = ""
) -> Iterator[str]:
    """The whole run: head, steps unless they stand on the screen already, ending."""
    head = " · ".join(
        filter(
            None,
            (
                f"{safe(view.title or view.workflow)} {view.run}",
                _standing_text(view),
                day_text(view.queued_at),
                seconds_text(view.seconds) if view.ended_at else "",
                f"by {safe(view.requester)}" if view.requester else "",
                f"again after {view.rerun_of}" if view.rerun_of else "",
                f"forked from {view.kept_from}" if view.kept_from and not view.rerun_of else "",
                f"step {safe(view.parent_place)} of {view.parent}" if view.parent else "",
                f"taken over by {safe(view.imported_by)}, not performed here" if view.imported_by else "",
                "recorded without waiting for the disk: not safe from a power cut" if view.durability else "",
                *(f"{safe(name)}={safe(value)}" for name, value in sorted(view.labels.items())),
            ),
        )
    )
    yield from wrap(head, look.columns)
    if has_steps:
        yield ""
        yield from steps_lines(view, look, is_whole=is_whole, at=at)
    yield from reason_lines(view, look)
    yield from finding_summary(call, view, look)
    yield from output_lines(view, look)


def steps_lines(view: RunView, look: Look, *, is_whole: bool = False, at: str = "") -> Iterator[str]:
    """One line per step below the block that holds it, with what must not be overlooked below it.

    A large fan-out is one line with its first failures, unless *is_whole*; with *at*, only what is at or in that step.
    """
    telling = Telling()
    loops = {step.step: step for step in view.steps if step.kind == "loop"}
    for row in rows_of(view, is_whole=is_whole, at=at):
        yield from _step(view, row, look, telling, loops.get(row.step.parent))
        if is_whole or at:
            yield from _attempt_lines(row, look)


def _step(view: RunView, row: Row, look: Look, telling: Telling, loop: StepView | None) -> Iterator[str]:
    step = row.step
    if step.status in STEP_ENDED:
        yield from step_lines(_as_fact(view, step, loop, is_block=row.is_block), look, telling, row.depth)
    else:
        told = [
            step.status,
            "no worker" if step.status == "running" and view.unowned_since else "",
            f"attempt {step.attempts + (step.status != 'running')}" if step.attempts and not step.waits else "",
            f"due at {clock_text(step.retry_at)}" if step.retry_at else "",
            *_awaited(step),
            block_text(step),
        ]
        yield step_row(look, step.status, INDENT * row.depth + step.step, " · ".join(filter(None, told)))
    for text in approval_lines(step.approval, step.granted):
        yield from (look.paint(f"      {line}", "dim") for line in wrap(safe(text), look.columns - 6))


def _awaited(step: StepView) -> Iterator[str]:
    """What a step that has not ended waits for, and the run that performs it."""
    if step.child:
        yield f"run {safe(step.child)}"
    if step.waits is not None:
        yield f"for the signal {safe(step.waits.signal)}" if step.waits.signal else ""
        yield f"until {day_text(step.waits.due)}" if step.waits.due else ""


def _attempt_lines(row: Row, look: Look) -> Iterator[str]:
    """The attempts before the last one, and what was expected, for whoever asks for all of a step."""
    indent = INDENT * row.depth + "      "
    for one in row.step.earlier:
        code = " ".join(filter(None, (one.code, one.error)))
        after = f"; the next after {seconds_text(one.wait_s)}" if one.wait_s else ""
        said = f"attempt {one.attempt} by {one.agent}: {one.status} {code} {one.message}{after}"
        yield from (look.paint(indent + line, "dim") for line in wrap(safe(said), look.columns - len(indent)))
    for check in row.step.checks:
        said = f"{'held' if check.holds else 'did not hold'}: {check.that}"
        yield from (look.paint(indent + line, "dim") for line in wrap(safe(said), look.columns - len(indent)))


def output_lines(view: RunView, look: Look) -> Iterator[str]:
    """What the workflow gives, one line each; `--json` has all of it."""
    outputs = [(name, value) for name, value in view.outputs.items() if value is not None]
    if not outputs:
        return
    import json

    yield ""
    for name, value in outputs[:_OUTPUTS_SHOWN]:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        head = f"  {look.paint('output', 'dim')}  {safe(name)} = "
        yield head + cut(safe(text.replace("\n", " ")), look.columns - width(f"  output  {safe(name)} = "))
    if len(outputs) > _OUTPUTS_SHOWN:
        yield f"  … {len(outputs) - _OUTPUTS_SHOWN} more: --json has all"


def _as_fact(view: RunView, step: StepView, loop: StepView | None = None, *, is_block: bool = False) -> Fact:
    """A step as the fact of its end, so that `runs show` says what the live screen said."""
    rounds = loop.rounds if loop is not None and step.kind == "round" else ()
    told = next((one for one in rounds if step.step.endswith(f"#{one.number}")), None)
    return Fact(
        STEP_END.get(step.status, "step.started"),
        view.run,
        view.queued_at,
        step=step.step,
        agent=step.agent,
        attempt=step.attempts,
        seconds=step.seconds,
        summary=step.summary,
        reasons=step.degraded or ((step.reason,) if step.reason else ()),
        fault=step.fault,
        code=step.code,
        message=step.message,
        hint=step.hint,
        kind=step.kind if is_block or step.kind in ("each", "loop") else "",
        items=sum(step.items.values()) or len(step.rounds),
        statuses=step.items,
        metric=told.metric if told is not None else step.best,
        is_kept=told is not None and told.is_kept,
        stopped_because=step.stopped_because,
        kept_from=step.kept_from,
        child=step.child,
    )


def reason_lines(view: RunView, look: Look) -> Iterator[str]:
    """Why a run is not simply succeeded, as far as its steps, which stand above, have not said it."""
    if view.isolation:
        yield ""
        yield f"  {look.symbol('degraded')} {look.paint(safe(view.isolation), 'red')}"
        for step in view.steps:
            for said in step.violations:
                first, *rest = wrap(f"{safe(step.step)}: {safe(said)}", look.columns - 4)
                yield f"    {look.paint(first, 'red')}"
                yield from (f"    {line}" for line in rest)
    telling = Telling()
    for step in view.steps:
        telling.further_lines(_as_fact(view, step))
    reasons = telling.untold(view.reasons)
    if view.status == "succeeded" or (not reasons and view.status in RUN_ENDED):
        return
    yield ""
    if view.status not in RUN_ENDED:
        yield f"  {look.symbol('waiting')} {_standing_text(view)}"
    for reason in reasons:
        lines = wrap(safe(reason), look.columns - 8)
        yield f"  {look.symbol(view.status)} {look.paint(lines[0], COLOURS.get(view.status, ''))}"
        for line in lines[1:]:
            yield f"    {line}"


def finding_summary(call: Invocation, view: RunView, look: Look) -> Iterator[str]:
    """Totals and the worst findings, with what to type for the others."""
    if not _has_findings(view):
        return
    yield ""
    left = totals_text(view.totals, look)
    right = f"{seconds_text(view.seconds)} · {view.run}"
    so_far = "" if view.status in RUN_ENDED else " so far"
    left += so_far
    plain = totals_text(view.totals, None) + so_far
    yield f"  {left}{' ' * max(3, look.columns - 2 - width(plain) - width(right))}{right}"
    shown = _WORST_SHOWN_VERBOSE if call.terminal.verbosity > 0 else _WORST_SHOWN
    counting = counted(view.findings)
    for finding in counting[:shown]:
        yield ""
        yield from _finding_lines(finding, look)
        yield f"     {'do':<4} {call.typed(f'findings show {finding.id}')}"
    left_out = len(counting) - shown
    if left_out > 0:
        yield ""
        yield f"  … {left_out:,} more: {call.typed(_list_command(call, view))}"
    memory = list(_memory_lines(call, view))
    if memory:
        yield ""
        yield from (f"  {look.paint(line, 'dim')}" for line in memory)


def _memory_lines(call: Invocation, view: RunView) -> Iterator[str]:
    """What is remembered, one line each: what is not shown above, and what changed since the run before."""
    if view.baseline:
        yield f"compared with {safe(view.baseline)}"
    if older := older_text(view.findings):
        yield f"{older} · {call.typed('findings list --all')}"
    if accepted := accepted_text(view.findings):
        yield f"{accepted} · {call.typed('findings list --accepted')}"
    if view.previous is not None:
        yield f"{len(view.previous.new):,} new, {len(view.previous.fixed):,} fixed since {view.previous.run}"


def lapsed_text(finding: FindingView) -> str:
    """`accepted until 2026-11-03, which has passed`; "" where nothing has."""
    return f"accepted until {finding.lapsed.until}, which has passed" if finding.lapsed is not None else ""


def _list_command(call: Invocation, view: RunView) -> str:
    return (
        "findings list" if getattr(call.options, "run", "last") in ("last", "") else f"findings list --run {view.run}"
    )


def _has_findings(view: RunView) -> bool:
    """Whether anything can be said of findings: some were found, or an agent came to its end, or still may."""
    agents = [step for step in view.steps if step.agent not in ("", "run", "approve") and not step.child]
    if view.status not in RUN_ENDED:
        return bool(agents)
    # Where every agent failed nobody looked, and "no findings" would be taken for an answer.
    return bool(view.findings) or any(step.status in ("succeeded", "degraded") for step in agents)


def totals_text(totals: dict[str, int], look: Look | None) -> str:
    """`1 critical   2 high`; nothing found is said."""
    pieces = [
        look.paint(f"{count:,} {severity}", COLOURS[severity]) if look is not None else f"{count:,} {severity}"
        for severity, count in totals.items()
        if count
    ]
    return "   ".join(pieces) or "no findings"


def _finding_lines(finding: FindingView, look: Look) -> Iterator[str]:
    """Severity, rule and place on one line; the source line with its underline; the message; the remedy."""
    place = place_of(finding)
    severity = f"{finding.severity:<9}"
    head = f"  {severity} {safe(finding.rule)}"
    room = look.columns - width(head) - 2
    if width(place) <= room:
        yield (
            f"  {look.paint(severity, COLOURS[finding.severity])} {look.paint(safe(finding.rule), 'bold')}"
            f"{' ' * (room - width(place) + 2)}{place}"
        )
    else:
        yield f"  {look.paint(severity, COLOURS[finding.severity])} {look.paint(safe(finding.rule), 'bold')}"
        yield f"     {cut_left(place, look.columns - 6)}"
    underlined = yield from excerpt(finding, look)
    message = safe(finding.message)
    if not underlined:
        for line in wrap(message, look.columns - 6):
            yield f"     {line}"
    if lapsed := lapsed_text(finding):
        yield f"     {look.paint(lapsed, 'yellow')}"
    if finding.remedy:
        first, *rest = wrap(safe(finding.remedy), look.columns - 12)
        yield f"     {'fix':<4} {first}"
        for line in rest:
            yield f"          {line}"


def place_of(finding: FindingView) -> str:
    """`app/queries.py:87:13`, as editors and terminals make it a link."""
    place = safe(finding.path)
    if finding.line:
        place += f":{finding.line}" + (f":{finding.column}" if finding.column else "")
    return place + (f" @ {finding.commit[:9]}" if finding.commit else "")


def excerpt(finding: FindingView, look: Look) -> Generator[str, None, bool]:
    """The source line and, when the place in it is known, an underline with the message. Says whether it drew that."""
    if not finding.excerpt:
        return False
    number = str(finding.line)
    source = finding.excerpt.rstrip()
    stripped = source.lstrip()
    offset = len(source) - len(stripped)
    shown = safe(stripped, keep_tabs=True)
    gutter = f"     {number} │ "
    room = look.columns - len(gutter)
    yield f"     {look.paint(f'{number} │', 'dim')} {cut(shown, room)}"
    begin = finding.column - 1 - offset
    if finding.column < 1 or not 0 <= begin < len(stripped):
        return False
    is_one_line = finding.end_line in (0, finding.line)
    end = finding.end_column - 1 - offset if is_one_line and finding.end_column else begin + 1
    before = width(safe(stripped[:begin], keep_tabs=True))
    marks = max(1, width(safe(stripped[begin : max(end, begin + 1)], keep_tabs=True)))
    if before >= room:
        return False
    marks = min(marks, room - before)
    message = safe(finding.message)
    prefix = " " * (5 + len(number)) + look.paint(" │", "dim") + " " * (before + 1)
    if width(message) + before + marks + 1 <= room:
        yield prefix + look.paint("^" * marks + " " + message, COLOURS[finding.severity])
        return True
    yield prefix + look.paint("^" * marks, COLOURS[finding.severity])
    return False


def next_lines(commands: Sequence[tuple[str, str]], look: Look) -> Iterator[str]:
    """`Next` and what may be typed now."""
    if not commands:
        return
    wide = max(width(command) for command, _ in commands)
    yield ""
    for number, (command, does) in enumerate(commands):
        line = f"  {'Next' if number == 0 else '':<6} {command}{' ' * (wide - width(command))}  "
        yield line + look.paint(cut(does, max(10, look.columns - width(line))), "dim")
