"""Findings as workflow commands of GitHub Actions: `::error file=…,line=…,title=…::message`.

How a line is read stands in the runner's source (`actions/runner`, `ActionCommand.TryParseV2`): it begins with `::`,
the properties end at the next `::` and are split at commas, and `%25`, `%0D`, `%0A`, in properties also `%3A` and
`%2C`, are turned back. The runner reads stdout and stderr alike, so these lines go where they cannot break an answer.

GitHub shows ten errors, ten warnings and ten notices of a step and drops the others without a word (the toolkit's
`docs/problem-matchers.md`, "Limitations"), so only so many are written: new ones first, then the worst. How many were
left out is said by the step summary. What somebody accepted, and what is older than the baseline, is never
annotated.
"""

from collections.abc import Mapping

from fairlead.core.printable import printable
from fairlead.views.findings import FindingView, counted
from fairlead.views.gaps import gaps_of
from fairlead.views.paths import plain_path
from fairlead.views.runs import RunView

SHOWN_OF_A_LEVEL_MAX = 10
_LEVELS = {"info": "notice", "low": "notice", "medium": "warning", "high": "error", "critical": "error"}
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def annotations(view: RunView) -> tuple[str, ...]:
    """The lines, at most ten of a level. The first one says why the run is not whole, when it is not."""
    lines = [_line(finding) for finding in annotated(view)]
    if view.status != "succeeded":
        told = view.reasons or [gap.text for gap in gaps_of(view)]
        why = "\n".join(map(printable, told)) or "see the step summary"
        lines.insert(0, _command(_level_of(view), {"title": f"fairlead: {view.run} is {view.status}"}, why))
    return tuple(lines)


def _level_of(view: RunView) -> str:
    """How loudly a run that is not whole is told."""
    return "warning" if view.status == "degraded" else "error"


def annotated(view: RunView) -> list[FindingView]:
    """The findings that are annotated."""
    room = dict.fromkeys(("error", "warning", "notice"), SHOWN_OF_A_LEVEL_MAX)
    if view.status != "succeeded":
        room[_level_of(view)] -= 1
    shown = []
    for finding in open_findings(view):
        level = _LEVELS[finding.severity]
        if room[level]:
            room[level] -= 1
            shown.append(finding)
    return shown


def open_findings(view: RunView) -> list[FindingView]:
    """What counts: those that are new since the run before first, then the worst."""
    # They come worst first, and sorting keeps that order within both halves.
    return sorted(counted(view.findings), key=lambda one: one.is_since_previous is False)


def _line(finding: FindingView) -> str:
    properties = {"title": printable(f"{finding.severity}: {finding.rule}")}
    message = finding.message
    if finding.commit:
        # It stands in history only: a line of the file as it is now would be a wrong place.
        message = f"{finding.path} @ {finding.commit[:9]}: {message}"
    else:
        properties = {"file": _path(finding), **_place(finding), **properties}
    more = (finding.remedy, f"fairlead findings show {finding.id}")
    return _command(_LEVELS[finding.severity], properties, "\n".join(map(printable, filter(None, (message, *more)))))


def _path(finding: FindingView) -> str:
    """The path with its line breaks, which have an escape here, and without anything that a terminal would obey."""
    return "".join(c if c in "\r\n" else printable(c) for c in plain_path(finding.path))


def _place(finding: FindingView) -> dict[str, str]:
    """Line and column; columns only with a range within one line, for GitHub refuses others."""
    if not finding.line:
        return {}
    place = {"line": str(finding.line)}
    if finding.end_line > finding.line:
        return {**place, "endLine": str(finding.end_line)}
    if finding.column:
        place["col"] = str(finding.column)
        if finding.end_column > finding.column:
            place["endColumn"] = str(finding.end_column)
    return place


def _command(name: str, properties: Mapping[str, str], data: str = "") -> str:
    """One workflow command; whatever is foreign in it stays data."""
    told = ",".join(f"{key}={_escape(value, _PROPERTY)}" for key, value in properties.items() if value)
    return f"::{name}{' ' + told if told else ''}::{_escape(data, _DATA)}"


def _escape(text: str, signs: Mapping[str, str]) -> str:
    return "".join(signs.get(c, c) for c in text)
