"""Findings as a GitLab code quality report.

The format is a part of Code Climate's: an array of objects, of which GitLab reads `description`, `check_name`,
`fingerprint`, `severity`, `location.path` and `location.lines.begin` (docs.gitlab.com/ci/testing/code_quality, "Code
Quality report format"). The file must not begin with a byte order mark, and fingerprints must be unique: two equal ones
are shown as one. Findings that somebody accepted are left out, for GitLab knows no such thing.
"""

import msgspec

from fairlead.core.json import Json
from fairlead.core.printable import printable
from fairlead.views.findings import FindingView
from fairlead.views.paths import plain_path
from fairlead.views.runs import RunView

_SEVERITIES = {"info": "info", "low": "minor", "medium": "major", "high": "critical", "critical": "blocker"}


def code_quality_text(view: RunView) -> str:
    """The report, worst first."""
    entries = [_entry(finding) for finding in view.findings if finding.accepted is None]
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
