"""Findings as a GitLab code quality report.

The format is a part of Code Climate's: an array of objects, of which GitLab reads `description`, `check_name`,
`fingerprint`, `severity`, `location.path` and `location.lines.begin` (docs.gitlab.com/ci/testing/code_quality, "Code
Quality report format"). The file must not begin with a byte order mark, and fingerprints must be unique: two equal ones
are shown as one. Findings that somebody accepted are left out, for GitLab knows no such thing.

GitLab itself compares the report of a merge request with that of its target branch: what is only in the second is
"resolved" to it. So a report holds the findings that are older than a baseline too, and an entry of its own for each
step that did not do all of its work, lest its silence be taken for a repair.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator

import msgspec

from fairlead.core.json import Json
from fairlead.core.printable import printable
from fairlead.views.findings import FindingView
from fairlead.views.gaps import Gap, gaps_of
from fairlead.views.paths import plain_path
from fairlead.views.runs import RunView

_SEVERITIES = {"info": "info", "low": "minor", "medium": "major", "high": "critical", "critical": "blocker"}


def code_quality_text(view: RunView) -> str:
    """The report: what was not done, then the findings, worst first."""
    entries = [_gap(gap, names) for gap, names in _gaps(view)]
    entries += [_entry(finding) for finding in view.findings if finding.accepted is None]
    return msgspec.json.format(msgspec.json.encode(entries), indent=2).decode() + "\n"


def _entry(finding: FindingView) -> dict[str, Json]:
    # A finding about a file as a whole stands at its first line: GitLab drops entries without one.
    lines: dict[str, Json] = {"begin": max(1, finding.line)}
    if finding.end_line > finding.line:
        lines["end"] = finding.end_line
    message = finding.message + (f" (in commit {finding.commit[:9]})" if finding.commit else "")
    return {
        "description": printable(message),
        "check_name": printable(finding.rule),
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": plain_path(finding.path), "lines": lines},
    }


def _gaps(view: RunView) -> Iterator[tuple[Gap, str]]:
    """Each gap with what names it: the step, its status and which one of the step it is, but not its changing text."""
    count: Counter[tuple[str, str]] = Counter()
    for gap in gaps_of(view):
        count[gap.step, gap.status] += 1
        yield gap, f"{view.workflow}\0{gap.step}\0{gap.status}\0{count[gap.step, gap.status]}"


def _gap(gap: Gap, names: str) -> dict[str, Json]:
    return {
        "description": printable(gap.text),
        "check_name": "fairlead/degraded" if gap.is_partial else "fairlead/not-done",
        "fingerprint": hashlib.sha256(names.encode("utf-8", "backslashreplace")).hexdigest(),
        "severity": "info" if gap.is_partial else "blocker",
        "location": {"path": ".", "lines": {"begin": 1}},
    }
