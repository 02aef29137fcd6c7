"""Findings as Markdown, for a step summary or a pull request."""

from collections.abc import Iterator

from fairlead.core.markdown import inline
from fairlead.views.approvals import approval_lines
from fairlead.views.controls import ControlView
from fairlead.views.findings import FindingView, accepted_text, counted, older_text
from fairlead.views.rows import calls_of, kept_text
from fairlead.views.runs import RunView

ROWS_MAX = 500  # a summary page holds no more; the number of the others is said


def markdown(view: RunView) -> str:
    """Verdict, steps, findings, and what was not looked at."""
    return "\n".join(_lines(view)) + "\n"


def _lines(view: RunView) -> Iterator[str]:
    counts = ", ".join(f"{count} {severity}" for severity, count in view.totals.items() if count) or "no findings"
    status = "" if view.status == "succeeded" else f" {view.status}"
    yield f"# {inline(view.title or view.workflow)}{status}: {counts}"
    yield ""
    yield f"Run `{view.run}` {view.status}."
    if view.isolation:
        yield f"- **{inline(view.isolation)}**"
    for reason in view.reasons:
        yield f"- {inline(reason)}"
    yield ""
    yield "| step | status | what |"
    yield "| --- | --- | --- |"
    for step in (row.step for row in calls_of(view)):
        people = approval_lines(step.approval, step.granted)
        told = (kept_text(step), step.summary, *step.degraded, step.reason, step.message, *people)
        yield f"| {inline(step.step)} | {step.status} | {inline('; '.join(filter(None, told)))} |"
    counting = counted(view.findings)
    if counting:
        yield ""
        yield "| severity | rule | place | finding |"
        yield "| --- | --- | --- | --- |"
        yield from map(_row, counting[:ROWS_MAX])
    if len(counting) > ROWS_MAX:
        yield ""
        yield f"{len(counting) - ROWS_MAX} more: `fairlead findings list --run {view.run}`"
    yield from _controls(view)
    yield from _memory(view)


def _controls(view: RunView) -> Iterator[str]:
    """Each control with its evidence; those that are open first, and those that do not apply last."""
    if not view.controls:
        return
    order = ("open", "met")
    met = sum(1 for control in view.controls if control.state == "met")
    applicable = sum(1 for control in view.controls if control.state in order)
    yield ""
    yield f"{met} of {applicable} controls have evidence:"
    yield ""
    yield "| control | state | evidence |"
    yield "| --- | --- | --- |"
    ranked = sorted(view.controls, key=lambda one: order.index(one.state) if one.state in order else len(order))
    for control in ranked[:ROWS_MAX]:
        yield f"| {inline(control.id)} {inline(control.title)} | {inline(control.state)} | {_evidence(control)} |"
    if len(ranked) > ROWS_MAX:
        yield ""
        yield f"{len(ranked) - ROWS_MAX} more: `fairlead runs show {view.run} --json`"


def _evidence(control: ControlView) -> str:
    said = list(control.lacking) + ([control.reason] if control.reason else [])
    for place in control.evidence:
        where = f"{place.path}:{place.line}" if place.line else place.path
        said.append(f"{where}: {place.what}" if place.what else where)
    more = [f"and {control.evidence_more} more"] if control.evidence_more else []
    return inline("; ".join(said + more))


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
