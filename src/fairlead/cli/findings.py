"""`findings list|show|accept|reopen|export`."""

import os.path
from collections.abc import Callable, Iterator

from fairlead.cli.ci_log import Syntax
from fairlead.cli.command import Invocation
from fairlead.cli.errors_screen import diagnostic_lines, plural
from fairlead.cli.files import asked_files, give_problems, written_lines
from fairlead.cli.look import COLOURS
from fairlead.cli.run_screen import excerpt, lapsed_text, place_of, totals_text
from fairlead.cli.terminal_text import cut, cut_left, pad, safe, width, wrap
from fairlead.cli.times import ago_text
from fairlead.service.endings import OK
from fairlead.service.findings import (
    FindingDetail,
    FindingList,
    export_files,
    export_findings,
    list_findings,
    show_finding,
)
from fairlead.service.outputs import FORMAT_OF_ENDING, ExportFormat
from fairlead.service.records import RUNS_MAX, Acceptance, RunId, day_of, error


def list_them(call: Invocation) -> int:
    """The findings of a run."""
    options = call.options
    run = call.find_run(options.run)
    found = list_findings(
        call.parts,
        call.project,
        run,
        severity=options.severity,
        rule=options.rule,
        path=options.path,
        state=options.state,
    )
    call.terminal.tell(diagnostic_lines(found.warnings, call.terminal.err))
    call.terminal.give(found, lambda: _list_lines(call, found), found.findings)
    return OK


def _list_lines(call: Invocation, found: FindingList) -> Iterator[str]:
    look = call.terminal.out
    rule_wide = min(34, max((width(one.rule) for one in found.findings), default=0))
    id_wide = max((len(one.id) for one in found.findings), default=8)
    for one in found.findings:
        left = f"  {one.severity:<9} {pad(one.id, id_wide)}  {pad(cut(safe(one.rule), rule_wide), rule_wide)}  "
        painted = f"  {look.paint(f'{one.severity:<9}', COLOURS[one.severity])}" + left[11:]
        room = look.columns - width(left)
        place = place_of(one)
        if one.accepted is not None or one.is_new is False:
            mark = "accepted" if one.accepted is not None else "older"
            why = f"{mark}: {one.accepted.reason}" if one.accepted is not None else mark
            rest = cut(safe(why), max(len(mark), room - min(width(place), room - len(mark) - 2) - 2))
            yield look.paint(f"{left}{cut_left(place, room - width(rest) - 2)}  {rest}", "dim")
            continue
        if width(place) >= room - 8:
            yield painted + cut_left(place, room)
        else:
            said = safe(lapsed_text(one) or one.message)
            yield painted + place + "  " + look.paint(cut(said, room - width(place) - 2), "dim")
    shown = len(found.findings)
    yield ""
    some = "" if shown == found.total else f"   ({shown:,} of {found.total:,} shown)"
    yield f"  {totals_text(found.totals, look)}{_state_text(found)}{some} · {found.run}"
    if found.baseline:
        yield f"  compared with {safe(found.baseline)}"
    if found.accepted and found.state != "accepted":
        yield f"  {found.accepted} · {call.typed('findings list --accepted')}"
    if found.older and found.state not in ("all", "accepted"):
        noun = "one" if found.older == 1 else "ones"
        yield f"  {found.older:,} older {noun} not shown · {call.typed('findings list --all')}"
    if found.state == "new" and not found.previous and not found.baseline:
        yield "  There is no earlier run to compare with, so every finding is new."
    if found.state == "fixed" and not found.previous:
        yield "  There is no earlier run to compare with, so nothing can be told to be fixed."
    if found.status in ("degraded", "failed", "cancelled", "running", "queued"):
        where = call.typed(f"runs show {found.run}")
        yield f"  {look.symbol(found.status)} the run is {found.status}: more may be there. {where}"


def _state_text(found: FindingList) -> str:
    """What of the run's findings the list holds, when it is not what counts."""
    since = f" since {found.previous}" if found.previous else ""
    return {"open": "", "all": " in all", "accepted": " accepted", "new": f" new{since}", "fixed": f" fixed{since}"}[
        found.state
    ]


def accept(call: Invocation) -> int:
    """Say that findings are known and all right."""
    from fairlead.service.acceptances import Accepting, accept_findings

    options = call.options
    run = call.find_run(options.run)
    what = Accepting(options.reason, options.until, options.findings, options.rule, options.path)
    accepted = accept_findings(call.parts, call.project, run, what)

    def lines() -> Iterator[str]:
        for one in accepted.findings:
            yield f"accepted {one.id}  {safe(one.rule)}  {place_of(one)}"
        for one in accepted.already:
            assert one.accepted is not None
            yield f"{one.id} is accepted already, {_by_whom(one.accepted)}: {safe(one.accepted.reason)}"
        if accepted.findings:
            until = f"until {accepted.until}, that day included" if accepted.until else "for ever"
            yield f"{plural(len(accepted.findings), 'finding')} accepted {until}; to take it back: " + call.typed(
                f"findings reopen {accepted.findings[0].id}"
            )

    call.terminal.give(accepted, lines, accepted.findings)
    return OK


def reopen(call: Invocation) -> int:
    """Take acceptances back."""
    from fairlead.service.acceptances import reopen_findings

    options = call.options
    run = call.find_run(options.run)
    reopened = reopen_findings(call.parts, call.project, run, options.findings, reason=options.reason)

    def lines() -> Iterator[str]:
        for entry in reopened.findings:
            filed = entry.fingerprint in reopened.still_filed
            still = "; .fairlead/accepted.json accepts it all the same" if filed else ""
            yield f"reopened f-{entry.fingerprint[:8]}  {safe(entry.rule)}  {safe(entry.path)}{still}"

    call.terminal.give(reopened, lines, reopened.findings)
    return OK


def _by_whom(accepted: Acceptance) -> str:
    """`by ada on 2026-11-21 until 2027-01-31`, as far as it is known."""
    by = f"by {safe(accepted.by)}" if accepted.by else f"by {accepted.source}"
    on = f" on {day_of(accepted.at)}" if accepted.at else ""
    return by + on + (f" until {accepted.until}" if accepted.until else "")


def show(call: Invocation) -> int:
    """One finding."""
    run = call.find_run(call.options.run)
    detail = show_finding(call.parts, call.project, run, call.options.finding)
    call.terminal.give(detail, lambda: _detail_lines(call, detail))
    return OK


def _detail_lines(call: Invocation, detail: FindingDetail) -> Iterator[str]:
    look = call.terminal.out
    finding = detail.finding
    severity = look.paint(finding.severity, COLOURS[finding.severity])
    yield f"{severity}  {look.paint(safe(finding.rule), 'bold')}  {finding.id}"
    yield f"  --> {place_of(finding)}"
    yield ""
    yield from _code(call, detail)
    if detail.is_moved:
        yield "  The file has changed since: this is the line as it was found."
    yield ""
    yield from _paragraph(call, "found", finding.message)
    if finding.reason:
        yield from _paragraph(call, finding.severity, finding.reason)
    if detail.rule is not None:
        yield from _paragraph(call, "why", detail.rule.why)
    remedy = finding.remedy or (detail.rule.hint if detail.rule is not None else "")
    if remedy:
        yield from _paragraph(call, "fix", remedy)
    now = call.parts.clock.now()
    yield from _memory(call, detail)
    bound = f" (the newest {RUNS_MAX:,} runs were looked at)" if detail.is_bounded else ""
    yield from _paragraph(call, "first", f"{ago_text(detail.first_seen, now)}, in run {detail.first_run}{bound}")
    yield from _paragraph(call, "last", f"{ago_text(detail.last_seen, now)}, in run {detail.last_run}")
    if detail.fixed_by:
        yield from _paragraph(call, "fixed", f"by {detail.fixed_by}, {ago_text(detail.fixed_at, now)}")
    if finding.origin:
        yield from _paragraph(call, "by", f"{finding.agent} ({', '.join(finding.origin)})")
    if detail.rule is not None:
        yield ""
        yield f"  more: fairlead explain {finding.rule}"


def _memory(call: Invocation, detail: FindingDetail) -> Iterator[str]:
    """What people have said of it."""
    accepted = detail.finding.accepted
    if accepted is not None:
        where = "" if accepted.source == "record" else f" ({accepted.source})"
        yield from _paragraph(call, "accepted", f"{_by_whom(accepted)}: {accepted.reason}{where}")
    if detail.finding.lapsed is not None:
        lapsed = detail.finding.lapsed
        yield from _paragraph(call, "expired", f"{lapsed_text(detail.finding)}: {lapsed.reason}")
    once = detail.once_accepted
    if once is not None:
        said = f"{_by_whom(once.acceptance)}, because: {once.acceptance.reason}. The code has changed since."
        yield from _paragraph(call, "before", f"A finding of this rule in this file was accepted {said}")


def _code(call: Invocation, detail: FindingDetail) -> Iterator[str]:
    look = call.terminal.out
    if len(detail.lines) <= 1:
        yield from excerpt(detail.finding, look)
        return
    finding = detail.finding
    digits = len(str(detail.lines[-1].number))
    room = look.columns - digits - 6
    for line in detail.lines:
        number = str(line.number).rjust(digits)
        text = cut(safe(line.text, keep_tabs=True), room)
        yield f"  {look.paint(number + ' │', 'bold' if line.is_found else 'dim')} {text}".rstrip()
        if line.number == finding.line and finding.column:
            before = width(safe(line.text[: finding.column - 1], keep_tabs=True))
            is_one_line = finding.end_line in (0, finding.line)
            end = finding.end_column if is_one_line and finding.end_column else finding.column + 1
            marks = max(1, width(safe(line.text[finding.column - 1 : end - 1], keep_tabs=True)))
            if before < room:
                mark = look.paint("^" * min(marks, room - before), COLOURS[finding.severity])
                yield f"  {' ' * digits} {look.paint('│', 'dim')} {' ' * before}{mark}"


def _paragraph(call: Invocation, name: str, text: str) -> Iterator[str]:
    first, *rest = wrap(safe(text), call.terminal.out.columns - 14)
    yield f"  {name:<9} {first}"
    for line in rest:
        yield f"            {line}"


# How each format can write a sign that a CI log must not read; see `ci_log`.
_SYNTAXES: dict[str, Syntax] = {
    "sarif": "json",
    "json": "json",
    "gitlab": "json",
    "rdjson": "json",
    "junit": "xml",
    "html": "xml",
}


def export(call: Invocation) -> int:
    """Findings for other programs: on stdout, into one file, or into several."""
    options = call.options
    run = call.find_run(options.run)
    chosen = {"severity": options.severity, "rule": options.rule, "under": options.path}
    asked = asked_files(call)
    if asked:
        if options.format or options.output:
            message = "--format and -o give one format, beside them no other can be named"
            raise error("FL-S030", message, "give each format its own option: --sarif FILE --junit FILE", exit_code=2)
        made = export_files(call.parts, call.project, run, asked, call.cwd, **chosen)
        call.terminal.give(made, lambda: written_lines(made.files))
        return give_problems(call, made.warnings)
    path = os.path.join(call.cwd, options.output) if options.output else ""
    if options.format == "accepted":
        return _export_accepted(call, run, path)
    form = options.format or _form_of(options.output)
    made = export_findings(call.parts, call.project, run, form, path=path, **chosen)
    if path or call.terminal.form != "text":
        call.terminal.give(made, lambda: written_lines([options.output]))
    elif form == "github":
        call.terminal.answer_commands(made.text)
    else:
        call.terminal.answer_text(made.text, _SYNTAXES.get(form, "plain"))
    return give_problems(call, made.warnings)


def _form_of(output: str) -> ExportFormat:
    """The format that the ending of a file names; SARIF where there is no file, or no ending.

    Raises:
        FairleadError: FL-S034 for an ending that no format has.
    """
    ending = os.path.splitext(output)[1].lower()
    form = FORMAT_OF_ENDING.get(ending, None if ending else "sarif")
    if form is None:
        known = ", ".join(FORMAT_OF_ENDING)
        message = f"no format is known by the ending {safe(ending)}; there are {known}"
        raise error("FL-S034", message, "name one with --format, for example --format md", exit_code=2)
    return form


def _export_accepted(call: Invocation, run: RunId, path: str) -> int:
    """What is accepted here, as the file that a team commits."""
    from fairlead.service.acceptances import export_accepted

    made = export_accepted(call.parts, call.project, run, path)
    if path or call.terminal.form != "text":
        call.terminal.give(made, lambda: written_lines([call.options.output]))
    else:
        call.terminal.answer_text(made.text)
    return give_problems(call, made.warnings)


COMMANDS: dict[str, Callable[[Invocation], int]] = {
    "findings list": list_them,
    "findings show": show,
    "findings accept": accept,
    "findings reopen": reopen,
    "findings export": export,
}
