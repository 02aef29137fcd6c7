"""A run as one HTML file that needs nothing else: no network, no server, and for reading not even its script.

The findings stand in the page once as data, from which the script draws what is looked for, and once as HTML: the worst
of them at once, the rest for browsers without scripts. `docs/decisions/0010` says why.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache

import msgspec

from fairlead.core.ids import Micros
from fairlead.core.json import Json
from fairlead.views.approvals import approval_lines
from fairlead.views.html_findings import (
    SHAPES,
    STATIC_MAX,
    Row,
    RuleNote,
    cwe_link,
    lists_html,
    notes_of,
    rows_of,
    severity_word,
)
from fairlead.views.html_outputs import measures_html, output_html
from fairlead.views.html_text import Html, Piece, element, filled, joined, script_data, visible
from fairlead.views.rows import calls_of, kept_text
from fairlead.views.rules import RuleText
from fairlead.views.runs import RunView, StepView

_SIGNS = {
    "succeeded": "✓",
    "degraded": "▲",
    "failed": "✗",
    "rejected": "✗",
    "waiting": "⏸",
    "skipped": "↷",
    "cancelled": "⊘",
    "running": "●",
}


class _Data(msgspec.Struct, frozen=True):
    """What the script of the page reads, and other programs may."""

    format: int
    run: str
    workflow: str
    status: str
    reasons: tuple[str, ...]
    totals: dict[str, int]
    rules: dict[str, RuleNote]
    findings: tuple[Row, ...]


def html_text(view: RunView, version: str, rules: Mapping[str, RuleText], outputs: Mapping[str, Json]) -> str:
    """The whole page. *version* is Fairlead's; *outputs* are what the steps gave, by step."""
    rows = rows_of(view.findings)
    notes = notes_of(rows, rules)
    data = script_data(_data_text(view, rows, notes))
    title = view.title or view.workflow
    first, rest = lists_html(rows, notes)
    return filled(
        _file("page.html"),
        {
            "policy": Html(_policy()),
            "style": Html(_file("report.css")),
            "theme": Html(_file("theme.js")),
            "script": Html(_file("report.js")),
            "title": joined(f"{title}{'' if view.status == 'succeeded' else f' {view.status}'}: {_counts(view)}"),
            "status": Html(view.status),
            "verdict": _verdict(view, title),
            "reasons": _reasons(view),
            "facts": _facts(view),
            "totals": _totals(view),
            "steps": joined(_step(step, outputs) for step in _calls(view)),
            "measures": _measures(outputs),
            "count": joined(f"{len(rows):,} finding{'' if len(rows) == 1 else 's'}, worst first"),
            "partial": joined(
                f"The worst {STATIC_MAX} are listed; the script of this page, which lists the others, has not run."
            )
            if rest.html
            else joined(),
            "first": first if rows else element("p", "Nothing was found.", class_="nothing"),
            "rest": rest,
            "rules": _rules(notes, rules),
            "data": Html(data),
            "digest": Html(hashlib.sha256(data.encode()).hexdigest()),
            "version": joined(version),
        },
    )


@cache
def _file(name: str) -> str:
    """A file that ships beside this one."""
    from importlib.resources import files

    return files("fairlead.views").joinpath("report", name).read_text("utf-8")


def _policy() -> str:
    """What a browser may do with the page: its own two scripts, its own style, and nothing from anywhere."""
    scripts = " ".join(_hash(name) for name in ("theme.js", "report.js"))
    return (
        f"default-src 'none'; script-src {scripts}; style-src {_hash('report.css')}; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(name: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(_file(name).encode()).digest()).decode()}'"


def _data_text(view: RunView, rows: tuple[Row, ...], notes: dict[str, RuleNote]) -> str:
    reasons = tuple(map(visible, view.reasons))
    data = _Data(1, view.run, visible(view.workflow), view.status, reasons, view.totals, notes, rows)
    return msgspec.json.encode(data).decode()


def _counts(view: RunView) -> str:
    """What counts, in words: "3 high, 1 low"."""
    return ", ".join(f"{count:,} {severity}" for severity, count in view.totals.items() if count) or "no findings"


def _status(status: str) -> Html:
    sign = element("span", _SIGNS.get(status, "◌"), class_="shape", aria_hidden="true")
    return element("span", sign, " ", status, class_=f"status {status}")


def _verdict(view: RunView, title: str) -> Html:
    return element("h1", _status(view.status), " ", f"{title}: {_counts(view)}", id="verdict")


def _reasons(view: RunView) -> Html:
    """Why the run is less than succeeded, before anything else."""
    said = list(dict.fromkeys([*view.reasons, *([f"{view.code}: the run failed"] if view.code else [])]))
    if view.unowned_since or not view.ended_at:
        said.insert(0, "The run has not ended: more may be found.")
    said += [view.isolation] if view.isolation else []
    said += [f"{one.code}: {one.message}" for one in view.warnings]
    if not said:
        return joined()
    lead = "It is less than a whole answer, because" if view.status != "succeeded" else "Take note"
    return element("div", element("p", lead), element("ul", (element("li", one) for one in said)), class_="reasons")


def _facts(view: RunView) -> Html:
    accepted = sum(1 for finding in view.findings if finding.accepted)
    older = sum(1 for finding in view.findings if finding.is_new is False and not finding.accepted)
    told: list[tuple[str, Piece]] = [
        ("Project", view.root.rstrip("/").rpartition("/")[2] or view.root),
        ("Checked out", _checkout(view)),
        ("Workflow", view.workflow),
        ("Run", element("code", view.run)),
        ("Started", _time(view.queued_at)),
        ("Took", _seconds(view.seconds) if view.ended_at else ""),
        ("Asked for by", view.requester),
        ("Compared with", view.baseline),
        ("Older", f"{older:,}, which count for nothing" if older else ""),
        ("Accepted", f"{accepted:,}, which count for nothing" if accepted else ""),
        *((name, value) for name, value in view.labels.items() if not name.startswith("fairlead.")),
    ]
    pairs = (element("div", element("dt", name), element("dd", value)) for name, value in told if value)
    return element("dl", pairs, class_="facts")


def _checkout(view: RunView) -> str:
    """What lay there when the run was asked for: "main @ 4f2c1e9 + 3 changed files"."""
    place = " @ ".join(filter(None, (view.branch, view.commit[:12])))
    files = "file" if view.changed == 1 else "files"
    return place + (f" + {view.changed:,} changed {files}" if place and view.changed else "")


def _time(at: Micros) -> Html:
    moment = datetime.fromtimestamp(at / 1e6, UTC)
    return element("time", f"{moment:%Y-%m-%d %H:%M:%S} UTC", datetime=f"{moment:%Y-%m-%dT%H:%M:%SZ}")


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"


def _totals(view: RunView) -> Html:
    """One number per severity, worst first; none is left out, because zero is an answer too."""
    return element(
        "ul",
        (
            element("li", element("b", f"{view.totals.get(severity, 0):,}"), " ", severity_word(severity))
            for severity in SHAPES
        ),
        class_="totals",
    )


def _calls(view: RunView) -> Iterator[StepView]:
    """The steps that did something; a block only holds others."""
    yield from (row.step for row in calls_of(view))


def _step(step: StepView, outputs: Mapping[str, Json]) -> Html:
    said = [element("li", reason) for reason in (*step.degraded, *filter(None, (step.reason,)))]
    if step.message:
        code = [element("code", step.code), " "] if step.code else []
        said.append(element("li", code, step.message))
    if step.hint:
        said.append(element("li", step.hint))
    if step.kept_from:
        said.append(element("li", kept_text(step)))
    said += [element("li", line) for line in approval_lines(step.approval, step.granted)]
    about = [step.agent if step.agent != step.step else "", _seconds(step.seconds) if step.seconds else ""]
    return element(
        "li",
        element(
            "p",
            element("b", step.step),
            " ",
            _status(step.status),
            " ",
            element("span", " · ".join(filter(None, about)), class_="quiet"),
        ),
        element("p", step.summary) if step.summary else "",
        element("ul", said) if said else "",
        output_html(step.step, outputs.get(step.step)),
    )


def _measures(outputs: Mapping[str, Json]) -> Html:
    found = measures_html(outputs)
    if not found.html:
        return found
    heading = element("h2", "Measures and controls", id="measures-title")
    return element("section", heading, found, id="measures", aria_labelledby="measures-title")


def _rules(notes: Mapping[str, RuleNote], rules: Mapping[str, RuleText]) -> Html:
    """What is known of each rule that was met."""
    return joined(_rule(name, note, rules.get(name)) for name, note in notes.items())


def _rule(name: str, note: RuleNote, rule: RuleText | None) -> Html:
    heading = element("h3", element("code", name))
    if rule is None:
        return element("article", heading, element("p", "Nothing more is known of this rule."), id=note.anchor)
    told: list[tuple[str, Piece]] = [
        ("What", rule.what),
        ("Why it matters", rule.why),
        ("What to do", rule.remedy),
        ("Bad", _example(rule.bad)),
        ("Good", _example(rule.good)),
        ("Weakness", cwe_link(rule.cwe)),
    ]
    pairs = ((element("dt", word), element("dd", value)) for word, value in told if value)
    return element("article", heading, element("p", rule.title), element("dl", pairs), id=note.anchor, tabindex="-1")


def _example(code: str) -> Piece:
    if not code.strip():
        return ""
    lines = code.rstrip().split("\n")
    return element("pre", element("code", ([line, Html("\n")] for line in lines)))
