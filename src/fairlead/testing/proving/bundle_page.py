"""`proof.html`: the evidence as one page without a script, which asks no other place for anything."""

import base64
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files

from fairlead.service.proofs import Evidence, ProvenFigure
from fairlead.views.html_text import Html, element, filled, joined

_SIGNS = {"held": "✓", "broken": "✗", "skipped": "–"}
_CLASSES = {"held": "succeeded", "broken": "failed", "skipped": "degraded"}
_WORDS = {"held": "holds", "broken": "does not hold", "skipped": "not tried"}
_TITLES = {
    "held": "Every promise that was tried holds",
    "broken": "A promise does not hold",
    "skipped": "Not everything could be tried",
}


def page(evidence: Evidence, digest: str) -> str:
    """The whole page; *digest* is that of `proof.json`."""
    style = _style()
    title = "It was stopped before its end" if evidence.stopped else _TITLES[evidence.verdict]
    policy = f"default-src 'none'; style-src '{_hash(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    return filled(
        files("fairlead.testing.proving").joinpath("proof.html").read_text("utf-8"),
        {
            "policy": Html(policy),
            "style": Html(style),
            "title": joined(f"{title}: fairlead {evidence.package.version}"),
            "heading": joined(_verdict("skipped" if evidence.stopped else evidence.verdict), f" {title}"),
            "sentence": joined(
                f"{evidence.sentence}. Each line was tried on the machine below, and can be seen again."
            ),
            "facts": joined(_facts(evidence)),
            "figures": joined(_figure(one) for one in evidence.figures),
            "left_out": _left_out(evidence),
            "dependencies": joined(
                element("tr", element("th", name, scope="row"), element("td", version))
                for name, version in evidence.dependencies.items()
            ),
            "note": joined(evidence.note),
            "digest": joined(digest),
            "version": joined(evidence.package.version),
        },
    )


def _style() -> str:
    report = files("fairlead.views").joinpath("report", "report.css").read_text("utf-8")
    return report + files("fairlead.testing.proving").joinpath("proof.css").read_text("utf-8")


def _hash(style: str) -> str:
    return f"sha256-{base64.b64encode(sha256(style.encode()).digest()).decode()}"


def _verdict(verdict: str) -> Html:
    sign = element("span", _SIGNS[verdict], class_="shape", aria_hidden="true")
    return element("span", sign, " ", _WORDS[verdict], class_=f"status {_CLASSES[verdict]}")


def _facts(evidence: Evidence) -> Iterator[Html]:
    machine = evidence.machine
    for name, value in (
        ("Lane", evidence.lane),
        ("Seed", str(evidence.seed)),
        ("Began", evidence.began),
        ("Ended", evidence.ended),
        ("Fairlead", f"{evidence.package.version}, {evidence.package.files:,} files"),
        ("Digest of these files", evidence.package.digest),
        ("System", f"{machine.system} {machine.kernel} {machine.architecture}"),
        ("Processor", f"{machine.cpus} × {machine.cpu}"),
        ("Memory", f"{machine.memory_bytes / 1e9:.1f} GB"),
        ("Python", machine.python),
    ):
        yield element("div", element("dt", name), element("dd", value))


def _figure(one: ProvenFigure) -> Html:
    counts = (
        element("li", element("b", f"{count:,}"), " ", name.replace("_", " ")) for name, count in one.counts.items()
    )
    inside = [
        element("h3", _verdict(one.verdict), " ", element("span", one.name, class_="id"), id=f"figure-{one.name}"),
        element("p", one.promise or one.title),
        element("ul", counts, class_="counts") if one.counts else joined(),
        element("p", f"Not tried: {one.skipped}", class_="reason") if one.skipped else joined(),
        element("ul", (element("li", problem) for problem in one.problems), class_="problems")
        if one.problems
        else joined(),
    ]
    if one.trace:
        lines = joined([line, Html("\n")] for line in one.trace.split("\n"))
        inside.append(element("details", element("summary", "Where it broke down"), element("pre", lines)))
    inside.append(
        element("p", f"{one.seconds:,.1f} s · seen again by ", element("code", one.again), class_="quiet again")
    )
    return element("article", inside, class_=f"figure {_CLASSES[one.verdict]}", aria_labelledby=f"figure-{one.name}")


def _left_out(evidence: Evidence) -> Html:
    lines = [
        element("p", f"{said}: {', '.join(names)}.")
        for said, names in (("Not asked for", evidence.not_asked), ("Not reached", evidence.not_reached))
        if names
    ]
    return element("div", lines, class_="reasons") if lines else joined()
