"""Every format x every way in which a run can be less than its findings: right for its readers, and never greener."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import html5lib
import jsonschema_rs
import junitparser
import msgspec
import pytest

from fairlead.agents.rules import all_rules
from fairlead.service.findings import FindingList
from fairlead.service.outputs import ExportFormat
from fairlead.views.annotations import annotations
from fairlead.views.code_quality import code_quality_text
from fairlead.views.findings import Acceptance, counted, is_over, totals
from fairlead.views.html import html_text
from fairlead.views.junit import junit_text
from fairlead.views.markdown import markdown
from fairlead.views.rdjson import rdjson_text
from fairlead.views.runs import RunView
from fairlead.views.sarif import sarif_text
from fairlead.views.spreadsheet import csv_text
from fairlead.views.summary import summary_text
from tests.proves import proves
from tests.views import log_readers
from tests.views.paper import finding, run, step
from tests.views.test_code_quality import SCHEMA as CODE_QUALITY
from tests.views.test_rdjson import SCHEMA as RDJSON

SARIF = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"
WHY = "advisory data is 10 days old"
ACCEPTED = finding(3, "critical", accepted=Acceptance("a test key", "ada", source="record"))
OLDER, NEW = finding(4, "critical", is_new=False), finding(5, "high", is_new=True)


def seen(view: RunView) -> RunView:
    """The run with totals as every door has them: of what counts."""
    return msgspec.structs.replace(view, totals=totals(counted(view.findings)))


BROKE = {"message": WHY, "code": "FL-A100", "fault": "agent"}
CASES: dict[str, RunView] = {
    "no findings": seen(run()),
    "only accepted": seen(run(ACCEPTED)),
    "degraded": seen(
        run(steps=(step("security", "degraded", degraded=(WHY,)),), status="degraded", reasons=(f"security: {WHY}",))
    ),
    "failed": seen(run(steps=(step("security", "failed", **BROKE),), status="failed", reasons=(f"security: {WHY}",))),
    "failed as a whole": seen(run(status="failed", code="FL-R109", reasons=(WHY,))),
    "cancelled": seen(
        run(steps=(step("security"), step("late", "cancelled", reason=WHY)), status="cancelled", reasons=(WHY,))
    ),
    "not ended": seen(run(steps=(step("security", "running"),), status="running", ended_at=0)),
    "new since": seen(run(OLDER, NEW, ACCEPTED, baseline="origin/main @ 4f2c1e9")),
}
GREEN = ("no findings", "only accepted")
PARTIAL = [name for name in CASES if name not in (*GREEN, "new since")]


def over(one: Any) -> bool:  # a FindingView
    return is_over(one, "high")


RENDERERS: dict[ExportFormat, Callable[[RunView], str]] = {
    "sarif": lambda view: sarif_text(view, "1.0.0", all_rules(), {}),
    "json": lambda view: json.dumps(
        msgspec.to_builtins(FindingList(view.run, view.status, 0, view.totals, view.findings, reasons=view.reasons))
    ),
    "md": markdown,
    "junit": lambda view: junit_text(view, over),
    "gitlab": code_quality_text,
    "rdjson": lambda view: rdjson_text(view, all_rules()),
    "csv": csv_text,
    "html": lambda view: html_text(view, "1.0.0", all_rules(), {}),
    "github": lambda view: "\n".join(annotations(view)),
    "summary": lambda view: summary_text(view, sum(map(over, view.findings))),
}
# What a document of findings alone cannot say; docs/how-to/outputs.md says so too.
SILENT: tuple[ExportFormat, ...] = ("rdjson", "csv")


def errors(schema: Any, document: Any) -> list[str]:  # JSON documents
    return [one.message for one in jsonschema_rs.validator_for(schema).iter_errors(document)]


def read(form: ExportFormat, text: str) -> Any:  # whatever the reader gives
    """The text as its reader takes it; a text that the reader refuses is refused here."""
    match form:
        case "sarif":
            assert errors(SARIF.read_text("utf-8"), json.loads(text)) == []
            return json.loads(text)
        case "gitlab":
            assert errors(CODE_QUALITY, json.loads(text)) == []
            return json.loads(text)
        case "rdjson":
            assert errors(RDJSON, json.loads(text)) == []
            return json.loads(text)
        case "json":
            return json.loads(text)
        case "junit":
            (suite,) = list(junitparser.JUnitXml.fromstring(text.encode()))
            return suite
        case "html":
            parser = html5lib.HTMLParser(namespaceHTMLElements=False)
            tree = parser.parse(text)
            assert parser.errors == []
            return tree
        case "csv":
            return list(csv.DictReader(text.splitlines()))
        case "github":
            return log_readers.github(text)
        case "md" | "summary":
            assert text.startswith("#")
            return text


def test_the_table_has_every_format() -> None:
    assert set(RENDERERS) == set(get_args(ExportFormat))


@proves("J1.8")
@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("form", RENDERERS)
def test_every_format_can_be_read_whatever_became_of_the_run(form: ExportFormat, name: str) -> None:
    read(form, RENDERERS[form](CASES[name]))


@proves("J1.8")
@pytest.mark.parametrize("name", PARTIAL)
@pytest.mark.parametrize("form", [form for form in RENDERERS if form not in SILENT])
def test_no_format_shows_a_run_greener_than_it_is(form: ExportFormat, name: str) -> None:
    view = CASES[name]
    text = RENDERERS[form](view)
    found = read(form, text)
    if name != "not ended" and form != "json":
        assert WHY in text.replace("\\", ""), "the reason is told"
    match form:
        case "sarif":
            invocations = [one["invocations"][0] for one in found["runs"]]
            assert not all(one["executionSuccessful"] for one in invocations)
            assert any(one["toolExecutionNotifications"] for one in invocations)
        case "json":
            assert (found["status"], found["reasons"]) == (view.status, list(view.reasons))
        case "junit":
            assert found.failures + found.errors + found.skipped > 0
        case "gitlab":
            assert {one["check_name"] for one in found} <= {"fairlead/degraded", "fairlead/not-done"}
            assert {one["severity"] for one in found} == {"info" if name == "degraded" else "blocker"}
        case "github":
            level = "warning" if name == "degraded" else "error"
            assert [(one.name, one.properties["title"]) for one in found] == [
                (level, f"fairlead: r-paper is {view.status}")
            ]
        case "html":
            title = found.find("head/title")
            assert title is not None
            assert view.status in str(title.text)
        case "md":
            assert view.status in found.splitlines()[0]
        case _:
            assert f"**{view.status}**" in text
            assert not text.startswith("## ✓")


@pytest.mark.parametrize("name", GREEN)
@pytest.mark.parametrize("form", RENDERERS)
def test_a_clean_run_is_shown_as_one(form: ExportFormat, name: str) -> None:
    found = read(form, RENDERERS[form](CASES[name]))
    accepted = int(name == "only accepted")
    match form:
        case "sarif":
            (only,) = found["runs"]
            assert only["invocations"][0]["executionSuccessful"]
            assert [bool(one.get("suppressions")) for one in only["results"]] == [True] * accepted
        case "junit":
            assert (found.failures, found.errors, found.skipped) == (0, 0, 0)
        case "gitlab" | "github":
            assert found == []
        case "rdjson":
            assert found["diagnostics"] == []
        case "csv":
            assert [one["accepted"] for one in found] == ["a test key"] * accepted
        case "md" | "summary":
            assert "no findings" in found.splitlines()[0]
            assert ("accepted" in found) == bool(accepted)
        case _:
            assert accepted == 0 or "a test key" in RENDERERS[form](CASES[name])


def test_what_each_format_does_with_findings_older_than_the_baseline() -> None:
    texts = {form: render(CASES["new since"]) for form, render in RENDERERS.items()}
    mark = "finding {}".format
    for text in (texts["rdjson"], texts["github"]):  # they become comments: new ones only
        assert mark(5) in text
        assert mark(4) not in text
        assert mark(3) not in text
    gitlab = [one["description"] for one in json.loads(texts["gitlab"])]
    assert gitlab == [mark(4), mark(5)], "GitLab compares by itself, and calls fixed what is not there"
    rows = {one["message"]: one["is_new"] for one in read("csv", texts["csv"])}
    assert rows == {mark(4): "no", mark(5): "yes", mark(3): ""}
    states = {
        one["message"]["text"].partition(" mend")[0]: one.get("baselineState")
        for one in json.loads(texts["sarif"])["runs"][0]["results"]
    }
    assert states == {mark(4): "unchanged", mark(5): "new", mark(3): None}
    listed = json.loads(texts["json"])["findings"]
    assert {one["message"]: one.get("is_new") for one in listed} == {mark(4): False, mark(5): True, mark(3): None}
    for text in (texts["md"], texts["summary"]):
        assert "1 older one not shown" in text
        assert mark(4) not in text
    junit = texts["junit"]
    assert "1 finding reaches the limit" in junit
    assert "(older than the baseline): finding 4" in junit


def test_the_report_lists_new_ones_first_then_older_ones_then_what_was_accepted() -> None:
    html = RENDERERS["html"](CASES["new since"])
    tree = html5lib.parse(html, namespaceHTMLElements=False)
    headings = [" ".join("".join(one.itertext()).split()) for one in tree.iter("h3")]
    assert headings[:3] == ["High 1", "Older than the baseline 1", "Accepted 1"]
    badges = [one.text for one in tree.iter("span") if one.get("class") == "badge"]
    assert badges == ["new", "older", "accepted"]
    assert "1, which count for nothing" in html
