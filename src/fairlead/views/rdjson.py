"""Findings as a `DiagnosticResult` of the Reviewdog Diagnostic Format (rdjson).

Its rules stand in reviewdog's `proto/rdf/reviewdog.proto`: lines and columns count from 1, a column is a count of
**bytes** in UTF-8, the end of a range is exclusive, and a range without columns means whole lines. Our columns count
characters, so they are counted again along the line that a finding shows; where that line was cut or masked, the
columns are left out, for a wrong place is worse than a whole line. reviewdog writes comments, so what somebody accepted
and what is older than the baseline is left out. A document has no place for what a run did not look at.
"""

from collections.abc import Mapping

import msgspec

from fairlead.core.json import Json
from fairlead.core.printable import printable
from fairlead.views.findings import FindingView, counted
from fairlead.views.paths import plain_path
from fairlead.views.rules import RuleText
from fairlead.views.runs import RunView

_SEVERITIES = {"info": "INFO", "low": "INFO", "medium": "WARNING", "high": "ERROR", "critical": "ERROR"}
_CUT = "…"  # stands where an excerpt was masked or cut


def rdjson_text(view: RunView, rules: Mapping[str, RuleText]) -> str:
    """The document, worst first."""
    found = [_diagnostic(finding, rules) for finding in counted(view.findings)]
    document: dict[str, Json] = {"source": {"name": "fairlead"}, "diagnostics": found}
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _diagnostic(finding: FindingView, rules: Mapping[str, RuleText]) -> dict[str, Json]:
    location: dict[str, Json] = {"path": plain_path(finding.path)}
    if finding.line:
        location["range"] = _range(finding)
    message = " ".join(filter(None, (finding.message, finding.remedy)))
    code: dict[str, Json] = {"value": printable(finding.rule)}
    rule = rules.get(finding.rule)
    if rule is not None and rule.cwe:
        code["url"] = f"https://cwe.mitre.org/data/definitions/{rule.cwe.rpartition('-')[2]}.html"
    return {
        "message": printable(message),
        "location": location,
        "severity": _SEVERITIES[finding.severity],
        "source": {"name": f"fairlead/{finding.agent}"},
        "code": code,
    }


def _range(finding: FindingView) -> dict[str, Json]:
    begin = _byte_column(finding, finding.column)
    place: dict[str, Json] = {"start": {"line": finding.line, **({"column": begin} if begin else {})}}
    is_one_line = finding.end_line in (0, finding.line)
    if is_one_line:
        end = _byte_column(finding, finding.end_column)
        if begin and end > begin:
            place["end"] = {"line": finding.line, "column": end}
    elif not begin and finding.end_line > finding.line:
        place["end"] = {"line": finding.end_line}  # whole lines on both sides
    return place


def _byte_column(finding: FindingView, column: int) -> int:
    """The column in bytes; 0 when it is not known."""
    before = finding.excerpt[: max(0, column - 1)]
    if column < 1 or _CUT in before or len(before) < column - 1:
        return 0
    return len(before.encode("utf-8", "replace")) + 1
