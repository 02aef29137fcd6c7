"""Findings as CSV (RFC 4180): one header, lines that end in CR LF, quotes where they are needed.

A cell that begins with `=`, `+`, `-` or `@` is a formula to every spreadsheet, and messages and file names come from
repositories that nobody vouches for. Such a cell gets an apostrophe before it, as OWASP advises ("CSV Injection"); a
program that reads the file takes it away again. All findings are in it, those that somebody accepted too.
"""

import csv
from io import StringIO

from fairlead.core.printable import printable
from fairlead.views.findings import FindingView
from fairlead.views.runs import RunView

_COLUMNS = (
    *("severity", "rule", "path", "line", "column", "message", "remedy", "agent", "step", "id", "fingerprint"),
    *("commit", "is_new", "accepted", "accepted_by", "accepted_until"),
)
# Spreadsheets of East Asian languages take the wide forms for the same signs.
_FORMULA_SIGNS = frozenset("=+-@＝＋－＠")


def csv_text(view: RunView) -> str:
    """The table, worst first."""
    sink = StringIO()
    table = csv.writer(sink, lineterminator="\r\n")
    table.writerow(_COLUMNS)
    table.writerows(map(_row, view.findings))
    return sink.getvalue()


def _row(finding: FindingView) -> tuple[str, ...]:
    accepted = finding.accepted
    cells = (
        finding.severity,
        finding.rule,
        finding.path,
        str(finding.line or ""),
        str(finding.column or ""),
        finding.message,
        finding.remedy,
        finding.agent,
        finding.step,
        finding.id,
        finding.fingerprint,
        finding.commit,
        "" if finding.is_new is None else "yes" if finding.is_new else "no",
        *((accepted.reason, accepted.by, accepted.until) if accepted is not None else ("", "", "")),
    )
    return tuple(map(cell, cells))


def cell(text: str) -> str:
    """*text* as one cell that no spreadsheet takes for a formula."""
    shown = printable(text)
    # Some programs look behind leading spaces.
    return "'" + shown if shown.lstrip()[:1] in _FORMULA_SIGNS and shown.strip() else shown
