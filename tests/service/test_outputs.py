"""Several outputs of one run: each whole or not at all, none keeps another back, and none is larger than is taken."""

import json
import os
from pathlib import Path
from typing import get_args
from unittest import mock

import jsonschema_rs
import pytest

from fairlead.agents.rules import all_rules
from fairlead.cli.table import EXPORT_WORDS
from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId
from fairlead.service import outputs
from fairlead.service.findings import export_files, export_findings
from fairlead.service.outputs import (
    ExportFormat,
    append_summary,
    render,
    require_different_files,
    too_large,
    usual_fail_on,
)
from fairlead.service.runs import show_run
from fairlead.views import sarif
from fairlead.views.findings import Acceptance
from fairlead.views.sarif import sarif_text
from tests.proves import proves
from tests.service.parts import PaperParts, ended, finding, started, succeeded
from tests.views.paper import finding as seen
from tests.views.paper import hostile_run, run, step

SARIF = Path(__file__).parents[1] / "data" / "sarif-2.1.0.json"
SUMMARY = "GITHUB_STEP_SUMMARY"


def reviewed(parts: PaperParts) -> RunId:
    found = [finding(severity="critical", line=1), finding(severity="low", line=2)]
    return parts.record_run("r-out00001", [started("secrets"), succeeded("secrets", found), ended()])


def test_the_table_has_a_renderer_for_every_format(parts: PaperParts) -> None:
    view = show_run(parts, parts.project(""), reviewed(parts))
    formats: tuple[ExportFormat, ...] = get_args(ExportFormat)
    assert set(formats) == set(EXPORT_WORDS)
    for form in formats:
        assert render(parts, parts.project(""), view, form, "high"), form
    assert set(outputs.FILE_FORMATS) | set(outputs.FORMAT_OF_ENDING.values()) <= set(formats)


@proves("J1.5")
def test_one_that_cannot_be_written_keeps_no_other_back(parts: PaperParts) -> None:
    found = reviewed(parts)
    (parts.root / "file").write_text("")
    (parts.root / "old.json").write_text("as it was")
    wanted: dict[ExportFormat, str] = {"sarif": "a.sarif", "junit": "file/x.xml", "csv": "b.csv", "gitlab": "file/y"}
    made = export_files(parts, parts.project(""), found, wanted, str(parts.root))
    assert made.files == ("a.sarif", "b.csv")
    assert [(one.code, one.is_warning) for one in made.warnings] == [("FL-S014", False)] * 2
    assert (parts.root / "b.csv").read_bytes().endswith(b"\r\n")
    assert sorted(os.listdir(parts.root)) == ["a.sarif", "b.csv", "file", "old.json"]


def test_a_renderer_that_breaks_leaves_the_old_file(parts: PaperParts) -> None:
    place = parts.root / "out.csv"
    place.write_text("as it was")
    found = reviewed(parts)
    with mock.patch.dict(outputs._RENDERERS, {"csv": lambda wanted: 1 / 0}), pytest.raises(ZeroDivisionError):
        export_findings(parts, parts.project(""), found, "csv", path=str(place))
    assert place.read_text() == "as it was"


def test_two_formats_for_one_file_are_refused_but_not_for_a_device() -> None:
    with pytest.raises(FairleadError, match="FL-S030"):
        require_different_files({"sarif": "out/a", "csv": "out/../out/a"}, "/repo")
    require_different_files({"sarif": "/dev/null", "csv": "/dev/null", "junit": "a"}, "/repo")


def test_the_usual_limit_is_that_of_the_command(parts: PaperParts) -> None:
    view = show_run(parts, parts.project(""), reviewed(parts))
    assert usual_fail_on(view) == "high"
    report = export_findings(parts, parts.project(""), view.run, "junit").text
    assert "1 finding reaches the limit" in report
    assert "reach" not in render(parts, parts.project(""), view, "junit", None)


def test_the_summary_is_added_to_what_others_wrote(parts: PaperParts) -> None:
    place = parts.root / "summary.md"
    place.write_text("# theirs\n")
    parts._environ[SUMMARY] = str(place)
    view = show_run(parts, parts.project(""), reviewed(parts))
    assert append_summary(parts, parts.project(""), view, "high") == ()
    text = place.read_text("utf-8")
    assert text.startswith("# theirs\n## ✗ Review: 1 critical, 1 low\n")


def test_a_summary_that_is_full_or_not_writable_is_said_and_changes_nothing(parts: PaperParts) -> None:
    view = show_run(parts, parts.project(""), reviewed(parts))
    place = parts.root / "summary.md"
    place.write_bytes(b"x" * 1_048_000)
    parts._environ[SUMMARY] = str(place)
    (full,) = append_summary(parts, parts.project(""), view, "high")
    assert (full.code, full.is_warning) == ("FL-S032", True)
    assert place.stat().st_size == 1_048_000
    parts._environ[SUMMARY] = str(parts.root / "nowhere" / "summary.md")
    (missing,) = append_summary(parts, parts.project(""), view, "high")
    assert "No such file" in missing.message


def test_a_summary_stays_within_the_limit_of_the_step(parts: PaperParts) -> None:
    place = parts.root / "summary.md"
    place.write_bytes(b"x" * 1_030_000)
    parts._environ[SUMMARY] = str(place)
    view = run(*(seen(number) for number in range(1, 500)))
    assert append_summary(parts, parts.project(""), view, "high") == ()
    assert 1_030_000 < place.stat().st_size <= 1_048_576
    assert "do not fit here" in place.read_text("utf-8")


def test_only_a_file_that_is_too_large_even_under_gzip_is_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "CODE_HOST_BYTES_MAX", 20_000)
    random_text = os.urandom(30_000).hex()
    (warning,) = too_large("sarif", "out.sarif", random_text)
    assert (warning.code, warning.is_warning) == ("FL-S031", True)
    assert too_large("sarif", "out.sarif", "a" * 60_000) == ()
    assert too_large("csv", "out.csv", random_text) == ()


@pytest.mark.parametrize("seed", range(10))
def test_sarif_of_a_hostile_run_is_right_by_the_schema(seed: int) -> None:
    document = json.loads(sarif_text(hostile_run(seed), "1.0.0", all_rules(), {}))
    validator = jsonschema_rs.validator_for(SARIF.read_text("utf-8"))
    assert [error.message for error in validator.iter_errors(document)] == []


def test_sarif_tells_what_is_new_what_is_accepted_and_what_is_no_security() -> None:
    known = Acceptance("a test key", "ada", until="2027-01-31", source="record")
    view = run(seen(1, is_new=True), seen(2, is_new=False, accepted=known), seen(3, "low", rule="review/long-function"))
    (only,) = json.loads(sarif_text(view, "1.0.0", all_rules(), {}))["runs"]
    new, accepted, quality = only["results"]
    assert (new["baselineState"], accepted["baselineState"]) == ("new", "unchanged")
    assert accepted["suppressions"] == [
        {
            "kind": "external",
            "status": "accepted",
            "justification": "a test key",
            "properties": {"by": "ada", "until": "2027-01-31", "source": "record"},
        }
    ]
    assert "suppressions" not in new
    assert new["properties"]["security-severity"] == "8.0"
    rules = {rule["id"]: rule["properties"] for rule in only["tool"]["driver"]["rules"]}
    assert "security" in rules["security/sql-injection"]["tags"]
    assert rules["review/long-function"] == {"tags": ["quality"]}
    assert "security-severity" not in quality["properties"]


def test_sarif_keeps_to_what_code_hosts_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "RESULTS_MAX", 5)
    findings = [seen(number, "low") for number in range(1, 9)] + [seen(20, "critical")]
    findings += [seen(100 + number, agent=f"own-{number}", step=f"s{number}") for number in range(24)]
    steps = (step("security"), *(step(f"s{number}") for number in range(24)))
    document = json.loads(sarif_text(run(*findings, steps=steps), "1.0.0", all_rules(), {}))
    assert len(document["runs"]) == sarif.RUNS_MAX
    assert max(len(one["results"]) for one in document["runs"]) == 5
    security = next(one for one in document["runs"] if one["tool"]["driver"]["name"] == "fairlead/security-scanner")
    assert [one["properties"]["severity"] for one in security["results"]] == ["critical", *["low"] * 4]
    notices = security["invocations"][0]["toolExecutionNotifications"]
    assert "4 findings are left out" in notices[-1]["message"]["text"]
    names = [one["tool"]["driver"]["name"] for one in document["runs"]]
    assert names[-1] == "fairlead/other-agents"
    assert len(set(names)) == sarif.RUNS_MAX
