"""Findings as Markdown, for a step summary or a pull request."""

import re
from collections.abc import Iterator

from fairlead.views.findings import FindingView, accepted_text, counted, older_text
from fairlead.views.printable import printable
from fairlead.views.runs import RunView

ROWS_MAX = 500  # a summary page holds no more; the number of the others is said


def markdown(view: RunView) -> str:
    """Verdict, steps, findings, and what was not looked at."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: RunView) -> Iterator[str]:
    counts = ", ".join(f"{count} {severity}" for severity, count in view.totals.items() if count) or "no findings"
    yield f"# {inline(view.title or view.workflow)}: {counts}"
    yield ""
    yield f"Run `{view.run}` {view.status}."
    for reason in view.reasons:
        yield f"- {inline(reason)}"
    yield ""
    yield "| step | status | what |"
    yield "| --- | --- | --- |"
    blocks = {step.parent for step in view.steps}
    for step in view.steps:
        if step.step not in blocks:
            said = "; ".join(filter(None, (step.summary, *step.degraded, step.reason, step.message)))
            yield f"| {inline(step.step)} | {step.status} | {inline(said)} |"
    counting = counted(view.findings)
    if counting:
        yield ""
        yield "| severity | rule | place | finding |"
        yield "| --- | --- | --- | --- |"
        yield from map(_row, counting[:ROWS_MAX])
    if len(counting) > ROWS_MAX:
        yield ""
        yield f"{len(counting) - ROWS_MAX} more: `fairlead findings list --run {view.run}`"
    yield from _memory(view)


def _memory(view: RunView) -> Iterator[str]:
    """What does not count, and why: it is named, so that nobody takes it for gone."""
    if view.baseline:
        yield ""
        yield f"Compared with {inline(view.baseline)}."
    if older := older_text(view.findings):
        yield ""
        yield f"{older}: `fairlead findings list --all --run {view.run}`"
    accepted = [finding for finding in view.findings if finding.accepted is not None]
    if accepted:
        yield ""
        yield f"{accepted_text(view.findings)}:"
        yield ""
        yield "| severity | rule | place | accepted |"
        yield "| --- | --- | --- | --- |"
        yield from map(_accepted_row, accepted[:ROWS_MAX])
    if len(accepted) > ROWS_MAX:
        yield ""
        yield f"{len(accepted) - ROWS_MAX} more: `fairlead findings list --accepted --run {view.run}`"


def _accepted_row(finding: FindingView) -> str:
    accepted = finding.accepted
    assert accepted is not None, "only accepted ones are given"
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    by = f" by {accepted.by}" if accepted.by else ""
    until = f" until {accepted.until}" if accepted.until else ""
    why = inline(f"{accepted.reason} ({accepted.source}{by}{until})")
    return f"| {finding.severity} | {inline(finding.rule)} | {inline(place)} | {why} |"


def _row(finding: FindingView) -> str:
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return f"| {finding.severity} | {inline(finding.rule)} | {inline(place)} | {inline(finding.message)} |"


def inline(text: str) -> str:
    """Foreign text inside a table cell: on one line, with nothing that Markdown or HTML would obey."""
    return re.sub(r"([\\`*_{}\[\]<>#|!@&~])", r"\\\1", printable(text))
