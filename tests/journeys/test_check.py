"""An author's first files, through the door: every mistake at once, mended with one command, a schema for editors."""

from pathlib import Path

import pytest

from fairlead.cli.table import SCHEMA_WORDS
from tests.journeys.door import Door
from tests.journeys.repositories import differences, git, snapshot
from tests.proves import proves

WRONG = """\
fairlead: 1
name: mine
flow: graph
inputs: {paths: {type: array, default: []}}
steps:
  - id: scan
    agent: security-scanner
    with: {paths: ${ inputs.path }}
  - id: tests
    run: make test | tee log
    timout: 300
    optional: yes
  - id: tell
    if: ${ steps.scan.output.findings.size() > 0 }
    notify: {to: [console], title: "${ steps.scan.output.findngs.size() } findings"}
"""
RIGHT = """\
fairlead: 1
name: mine
flow: graph
inputs: {paths: {type: array, default: []}}
steps:
  - id: scan
    agent: security-scanner
    with: {paths: "${ inputs.paths }"}
  - id: tests
    run: bash -c 'make test | tee log'
    timeout: 300s
    optional: true
  - id: tell
    needs: [scan]
    if: steps.scan.output.findings.size() > 0
    notify: {to: [console], title: "${ steps.scan.output.findings.size() } findings"}
"""
CODES = ["FL-W007", "FL-E004", "FL-W116", "FL-W021", "FL-W020", "FL-E013", "FL-W113", "FL-E014"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / ".fairlead/workflows").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / ".fairlead/workflows/mine.yaml").write_text(WRONG)
    return root


@proves("A1", "A1.1")
def test_every_mistake_is_told_at_once_shown_mended_and_then_gone(door: Door, project: Path) -> None:
    file = project / ".fairlead/workflows/mine.yaml"
    before = snapshot(project)
    told = door.call(project, "check", "--json")
    assert told.exit_code == 2
    assert [one["code"] for one in told.json["diagnostics"]] == CODES
    assert told.json["fixable"] == len(CODES)
    # Nothing is written before it was shown and asked for.
    shown = door.call(project, "check", "mine", "--fix")
    assert shown.exit_code == 2
    assert "-    timout: 300" in shown.text
    assert "+    timeout: 300s" in shown.text
    assert "fairlead check mine --fix --write" in shown.text
    assert shown.text.index("error[") < shown.text.index("+++ "), "many mistakes push the edit off the screen"
    assert differences(before, snapshot(project)) == []
    written = door.call(project, "check", "mine", "--fix", "--write")
    assert written.exit_code == 0, written.text
    assert "wrote .fairlead/workflows/mine.yaml" in written.text
    assert file.read_text() == RIGHT
    again = door.call(project, "check", "--fix", "--json").json
    assert (again["errors"], again["fixes"], again["diagnostics"]) == (0, [], [])


@proves("A1")
def test_what_leaves_something_to_decide_is_not_written(door: Door, project: Path) -> None:
    file = project / ".fairlead/workflows/mine.yaml"
    file.write_text(RIGHT.replace("if: steps.scan.output.findings.size() > 0", "if: steps.scan.output.findings"))
    kept = file.read_bytes()
    answer = door.call(project, "check", "--fix", "--write")
    assert answer.exit_code == 2
    assert "Nothing to fix: what is wrong here leaves something to decide." in answer.text
    assert file.read_bytes() == kept


def test_a_file_with_the_mark_and_the_line_ends_of_another_system_keeps_them(door: Door, project: Path) -> None:
    file = project / ".fairlead/workflows/mine.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + WRONG.replace("\n", "\r\n").encode())
    assert door.call(project, "check", "--fix", "--write").exit_code == 0
    mended = file.read_bytes()
    assert mended.startswith(b"\xef\xbb\xbf")
    assert mended == b"\xef\xbb\xbf" + RIGHT.replace("\n", "\r\n").encode()


@proves("A1")
def test_editors_get_a_schema_and_the_file_to_start_from_names_it(door: Door, project: Path) -> None:
    schema = door.call(project, "schema", "workflow").json
    assert schema["properties"]["steps"]["$ref"] == "#/$defs/steps"
    listed = door.call(project, "schema", "--json").json
    assert [one["name"] for one in listed["schemas"]] == list(SCHEMA_WORDS)
    assert door.call(project, "schema", "patch", "--json").json["type"] == "object"
    assert door.call(project, "init").exit_code == 0
    first = (project / ".fairlead/workflows/my-review.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={schema['$id']}"
    assert door.call(project, "check", "my-review").exit_code == 0
    assert door.call(project, "schema", "nothing").exit_code == 2
