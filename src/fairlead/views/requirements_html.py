"""The requirements matrix as one HTML file without a script: it asks no other place for anything."""

import base64
import hashlib

from fairlead.views.html_text import Html, element, filled, joined
from fairlead.views.requirements import RequirementRow, Trace
from fairlead.views.requirements_text import sign_of, summary_of

# The status of a requirement → the class by which the page paints it.
_CLASSES = {"met": "succeeded", "failed": "failed", "partial": "degraded", "open": "degraded", "blocked": "degraded"}


def trace_html(trace: Trace, version: str) -> str:
    """The whole page. *version* is Fairlead's."""
    return filled(
        _file("trace.html"),
        {
            "policy": Html(
                f"default-src 'none'; style-src {_hash()}; img-src data:; base-uri 'none'; form-action 'none'"
            ),
            "style": Html(_file("report.css")),
            "title": joined(f"Requirements of {trace.workflow}: {summary_of(trace)}"),
            "heading": joined(f"Requirements of {trace.workflow}"),
            "summary": joined(f"{summary_of(trace)}. Run ", element("code", trace.run), f" {trace.run_status}."),
            "rows": joined(map(_row, trace.requirements)),
            "untraced": _untraced(trace),
            "version": joined(version),
        },
    )


def _row(row: RequirementRow) -> Html:
    sign = element("span", sign_of(row), class_="shape", aria_hidden="true")
    status = row.status.replace("_", " ")
    shown = element("span", sign, " ", status, class_=f"status {_CLASSES.get(row.status, '')}".strip())
    evidence = [
        element(
            "li",
            element("b", one.step),
            f" {'holds' if one.holds else 'does not hold'}: {one.check or 'its own end'}",
            element("div", one.said, " ", element("code", one.receipt), class_="quiet"),
        )
        for one in row.evidence
    ]
    evidence += [element("li", element("b", one.step), f" no evidence: {one.reason}") for one in row.lacking]
    return element(
        "tr",
        element("th", row.id, scope="row"),
        element("td", row.title, element("div", " · ".join((row.kind, row.priority)), class_="quiet")),
        element("td", shown),
        element("td", row.said, element("ul", evidence) if evidence else ""),
    )


def _untraced(trace: Trace) -> Html:
    if not trace.untraced:
        return joined()
    items = (element("li", element("b", one.step), " ", element("code", one.artifact)) for one in trace.untraced)
    heading = element("h2", "No requirement asks for", id="untraced-title")
    return element("section", heading, element("ul", items), aria_labelledby="untraced-title")


def _file(name: str) -> str:
    from importlib.resources import files

    return files("fairlead.views").joinpath("report", name).read_text("utf-8")


def _hash() -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_file('report.css').encode()).digest()).decode()}'"
