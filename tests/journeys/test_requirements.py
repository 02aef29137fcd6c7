"""From reports to requirements, through the door: files become fields, checks become evidence, `trace` shows it."""

import csv
import io
import json
from pathlib import Path

import pytest

from tests.journeys.door import Answer, Door
from tests.proves import proves

REQUIREMENTS = """\
- id: REQ-CORE-1
  title: Existing behaviour is kept
- id: REQ-QA-2
  title: Coverage at least 80 %
  depends_on: [REQ-CORE-1]
- id: REQ-SEC-9
  title: Secrets are rotated yearly
"""
WORKFLOW = """\
fairlead: 1
name: validation
requirements: docs/requirements.yaml
steps:
  - id: tests
    run: sh measure.sh
    parse:
      junit: junit.xml
      coverage: lcov.info
    expect:
      - that: output.junit.failed == 0 && output.junit.total > 0
        say: ${ output.junit.failed } of ${ output.junit.total } tests failed
        satisfies: [REQ-CORE-1]
      - that: output.coverage.line >= 0.8
        say: Line coverage ${ output.coverage.line } is below 0.8
        satisfies: [REQ-QA-2]
"""
GREEN = "<testsuite><testcase name='a'/><testcase name='b'/></testsuite>"
RED = "<testsuite><testcase name='a'/><testcase name='b'><failure message='no'/></testcase></testsuite>"


def measure(junit: str, covered: int, *more: str) -> str:
    """A script that leaves a report of tests and one of coverage, *covered* lines of ten."""
    lines = "\\n".join(f"DA:{n},{int(n < covered)}" for n in range(10))
    reports = [
        f'printf "{junit}" > junit.xml',
        f'printf "SF:a.c\\n{lines}\\nend_of_record\\n" > lcov.info',
        "echo p95=12.5",
    ]
    return "\n".join([*reports, *more]) + "\n"


@pytest.fixture
def project(repository: Path) -> Path:
    (repository / "docs").mkdir()
    (repository / "docs/requirements.yaml").write_text(REQUIREMENTS)
    (repository / "validation.yaml").write_text(WORKFLOW)
    (repository / "measure.sh").write_text(measure(GREEN, 9))
    return repository


def statuses(answer: Answer) -> dict[str, str]:
    return {row["id"]: row["status"] for row in answer.json["requirements"]}


@proves("D1.4", "D1.5")
def test_reports_become_evidence_and_lies_become_failures(door: Door, project: Path) -> None:
    ran = door.call(project, "run", "validation.yaml")
    assert ran.exit_code == 0, ran.said
    traced = door.call(project, "trace", "validation")
    lines = traced.text.splitlines()
    assert [" ".join(line.split())[:-11] for line in lines[:2]] == [
        "REQ-CORE-1 Existing behaviour is kept ✓ tests 2 passed · 90 % of lines covered",
        "REQ-QA-2 Coverage at least 80 % ✓ tests 0.9",
    ]
    assert " ".join(lines[2].split()) == "REQ-SEC-9 Secrets are rotated yearly – not claimed by any step"
    assert lines[4].startswith("2 of 3 requirements met · 1 open")

    answer = door.call(project, "trace", "validation", "-o", "matrix.html")
    assert (answer.exit_code, answer.text) == (0, "wrote matrix.html\n")
    assert (project / "matrix.html").read_text("utf-8").startswith("<!doctype html>")
    rows = list(csv.DictReader(io.StringIO(door.call(project, "trace", "validation", "--format", "csv").text)))
    assert [row["requirement"] for row in rows] == ["REQ-CORE-1", "REQ-QA-2", "REQ-SEC-9"]

    # The program says that all is well (exit code 0); its own reports say something else.
    (project / "measure.sh").write_text(measure(RED, 9))
    red = door.call(project, "run", "validation.yaml")
    assert (red.exit_code, "1 of 2 tests failed" in red.said) == (1, True)
    answer = door.call(project, "trace", "validation", "--json")
    assert statuses(answer) == {"REQ-CORE-1": "failed", "REQ-QA-2": "blocked", "REQ-SEC-9": "open"}
    assert answer.json["requirements"][1]["said"] == "waits for REQ-CORE-1"

    # An old report lies there, and the program writes none: nothing is known any more.
    (project / "junit.xml").write_text(GREEN)
    (project / "measure.sh").write_text(measure(GREEN, 9).split("\n", 1)[1])
    old = door.call(project, "run", "validation.yaml")
    assert old.exit_code == 1
    assert "sh did not write junit.xml: it is still the one that lay there before" in old.said
    answer = door.call(project, "trace", "validation", "--json")
    assert statuses(answer)["REQ-CORE-1"] == "open"

    # The first run is as it was.
    first = door.call(project, "trace", "validation.yaml", "--run", "@{2}", "--json")
    assert statuses(first) == {"REQ-CORE-1": "met", "REQ-QA-2": "met", "REQ-SEC-9": "open"}


def code_of(answer: Answer) -> str:
    return str(json.loads(answer.out)["errors"][0]["code"])


def test_what_cannot_be_traced_says_why(door: Door, project: Path) -> None:
    (project / "plain.yaml").write_text("fairlead: 1\nname: plain\nsteps:\n  - id: a\n    run: 'true'\n")
    assert door.call(project, "run", "plain.yaml").exit_code == 0
    for words, code in (
        (("plain",), "FL-W306"),
        (("validation",), "FL-W307"),
        (("validation", "--run", "last"), "FL-W307"),
    ):
        answer = door.call(project, "trace", *words, "--json")
        assert (answer.exit_code, code_of(answer)) == (2, code), words


@proves("D1")
def test_a_wrong_requirements_file_starts_nothing(door: Door, project: Path) -> None:
    file = project / "docs/requirements.yaml"
    file.write_text(REQUIREMENTS.replace("[REQ-CORE-1]", "[REQ-CORE-9]"))
    answer = door.call(project, "run", "validation.yaml", "--json")
    assert (answer.exit_code, code_of(answer)) == (2, "FL-W301")
    file.unlink()
    answer = door.call(project, "run", "validation.yaml", "--json")
    assert (answer.exit_code, code_of(answer)) == (2, "FL-W308")
    assert door.call(project, "runs", "list", "--json").json["runs"] == []
