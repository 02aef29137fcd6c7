"""The controls and findings as Markdown, for the description of a change or a page."""

from collections.abc import Iterator, Mapping, Sequence

from fairlead.core.findings import Finding
from fairlead.core.json import Json
from fairlead.core.markdown import inline

FINDINGS_MAX = 20  # listed; the number of the others is said
_SIGNS = {"met": "✓ met", "open": "▲ open", "not applicable": "– not applicable"}


def markdown(title: str, rows: Sequence[Mapping[str, Json]], findings: Sequence[Finding]) -> str:
    """Every control with its state and where its evidence stands, then the findings."""
    return "\n".join((*_controls(title, rows), *_findings(findings))) + "\n"


def _controls(title: str, rows: Sequence[Mapping[str, Json]]) -> Iterator[str]:
    met, applicable = (
        sum(row["state"] == "met" for row in rows),
        sum(row["state"] != "not applicable" for row in rows),
    )
    yield f"## {inline(title)}"
    yield ""
    yield f"{met} of {applicable} controls that apply have evidence. People judge it: this proves no compliance."
    if rows:
        yield ""
        yield "| Control | State | Evidence, or what is lacking |"
        yield "|---|---|---|"
    for row in rows:
        yield f"| {inline(row['id'])} {inline(row['title'])} | {_SIGNS[row['state']]} | {_said(row)} |"


def _said(row: Mapping[str, Json]) -> str:
    if row["state"] == "not applicable":
        return inline(row["reason"])
    if row["state"] == "open":
        return inline(" ".join(row["lacking"]))
    places = [f"{one['path']}:{one['line']}" if one["line"] else one["path"] for one in row["evidence"]]
    more = f" and {row['evidence_more']} more" if row["evidence_more"] else ""
    return inline(", ".join(places) + more)


def _findings(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield ""
    for one in findings[:FINDINGS_MAX]:
        place = f"{one.path}:{one.line}" if one.line else one.path
        yield f"- {one.severity} {inline(one.rule)} in {inline(place)}: {inline(one.message)}"
    if len(findings) > FINDINGS_MAX:
        yield f"- and {len(findings) - FINDINGS_MAX} more"
