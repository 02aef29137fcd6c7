"""The requirements matrix as text, as Markdown and as CSV."""

import csv
import re
from collections.abc import Iterator, Sequence
from io import StringIO

from fairlead.core.markdown import inline
from fairlead.core.printable import printable
from fairlead.views.requirements import RequirementRow, Trace
from fairlead.views.spreadsheet import cell

_SYMBOLS = {"met": "✓", "failed": "✗", "partial": "▲", "in_progress": "●", "open": "▲", "blocked": "⏸"}
_UNCLAIMED = "–"
_INSIDE = re.compile(r"[\[#]")  # where the place of an item or a round goes on after the step's id
TITLE_CHARACTERS_MAX = 48

_COLUMNS = (
    *("requirement", "title", "kind", "priority", "status", "said", "depends_on", "waits_for"),
    *("step", "check", "holds", "evidence", "run", "receipt", "artifact"),
)


def what_of(row: RequirementRow) -> str:
    """What stands beside the sign of a row: who showed it, or that nobody did."""
    match row.status:
        case "open":
            return "no evidence" if row.steps else ""
        case "blocked":
            return "blocked"
        case "in_progress":
            return "in progress"
    return _named([one.step for one in row.evidence if one.holds is (row.status != "failed")]) or "partly"


def _named(places: Sequence[str]) -> str:
    """The steps at *places*: of a fan-out or a loop its name and how many, "patch (6)"."""
    counts: dict[str, set[str]] = {}
    for place in places:
        counts.setdefault(_INSIDE.split(place, maxsplit=1)[0], set()).add(place)
    return ", ".join(step if len(several) == 1 else f"{step} ({len(several)})" for step, several in counts.items())


def sign_of(row: RequirementRow) -> str:
    """The sign of a row: an open one that no step claims is nobody's fault yet."""
    return _SYMBOLS[row.status] if row.steps or row.status != "open" else _UNCLAIMED


def run_of(row: RequirementRow, trace: Trace) -> str:
    """The run in which the work of a row was done; "" where no step claims it."""
    return row.evidence[0].run if row.evidence else trace.run if row.steps else ""


def summary_of(trace: Trace) -> str:
    """The last line: "3 of 5 requirements met · 1 open · 1 failed"."""
    counts = [f"{count} {status.replace('_', ' ')}" for status, count in trace.counts.items() if count]
    whole = len(trace.requirements)
    return " · ".join([f"{trace.counts['met']} of {whole} requirements met", *counts[bool(trace.counts["met"]) :]])


def trace_text(trace: Trace) -> str:
    """One line for each requirement, then what no requirement asks for."""
    return "\n".join(_lines(trace)) + "\n"


def _lines(trace: Trace) -> Iterator[str]:
    rows = [
        (printable(row.id), _cut(printable(row.title)), f"{sign_of(row)} {what_of(row)}".strip(), printable(row.said))
        for row in trace.requirements
    ]
    wide = [max((len(cells[column]) for cells in rows), default=0) for column in range(4)]
    for row, cells in zip(trace.requirements, rows, strict=True):
        padded = [f"{text:<{room}}" for text, room in zip(cells, wide, strict=True)]
        yield "  ".join([*padded, run_of(row, trace)]).rstrip()
    yield ""
    yield summary_of(trace)
    if trace.untraced:
        yield f"No requirement asks for: {', '.join(printable(one.step) for one in trace.untraced)}"


def _cut(text: str) -> str:
    return text if len(text) <= TITLE_CHARACTERS_MAX else text[: TITLE_CHARACTERS_MAX - 1] + "…"


def trace_markdown(trace: Trace) -> str:
    """The matrix as two tables: requirements with their evidence, and steps that nobody asked for."""
    return "\n".join(_markdown(trace)) + "\n"


def _markdown(trace: Trace) -> Iterator[str]:
    yield f"# Requirements of {inline(trace.workflow)}"
    yield ""
    yield f"{summary_of(trace)}. Run `{trace.run}` {trace.run_status}."
    yield ""
    yield "| requirement | title | priority | status | what | evidence |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for row in trace.requirements:
        evidence = [f"{one.step}: {one.check or 'ended well'} ({one.receipt})" for one in row.evidence]
        cells = (row.id, row.title, row.priority, f"{sign_of(row)} {row.status}", row.said, "; ".join(evidence))
        yield f"| {' | '.join(map(inline, cells))} |"
    if trace.untraced:
        yield ""
        yield "No requirement asks for:"
        yield ""
        yield "| step | what it gave |"
        yield "| --- | --- |"
        yield from (f"| {inline(one.step)} | {inline(one.artifact)} |" for one in trace.untraced)


def trace_csv(trace: Trace) -> str:
    """A line for each piece of evidence, for each claim without any, and for each requirement without either."""
    sink = StringIO()
    table = csv.writer(sink, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    for row in trace.requirements:
        own = (
            *(row.id, row.title, row.kind, row.priority, row.status, row.said),
            *(" ".join(row.depends_on), " ".join(row.waits_for)),
        )
        shown: list[tuple[str, ...]] = [
            (one.step, one.check, "yes" if one.holds else "no", one.said, one.run, one.receipt, one.artifact)
            for one in row.evidence
        ]
        shown += [(one.step, "", "", one.reason, trace.run, "", "") for one in row.lacking]
        for rest in shown or [("",) * 7]:
            table.writerow([cell(text) for text in (*own, *rest)])
    for one in trace.untraced:
        table.writerow([cell(text) for text in (*("",) * 8, one.step, "", "", "", trace.run, "", one.artifact)])
    return sink.getvalue()
