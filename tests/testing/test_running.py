"""Whole workflows with scripts in the place of models: what the real agent's file promises holds for its script too."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.json import Json
from fairlead.testing import Scene, command, run_workflow, scripted
from fairlead.views.runs import RunView
from tests.journeys.repositories import commit, git
from tests.proves import proves

AGENT = """\
---
name: namer
description: Names.
model: sonnet
fairlead:
  adapter: llm
  input: {type: object, required: [old], properties: {old: {type: string}}}
  output_schema: {type: object, required: [name], properties: {name: {type: string}}}
  writes: ["src/**"]
---
Name it.
"""
WORKFLOW = """\
fairlead: 1
name: rename
steps:
  - id: first
    agent: namer
    with: {old: one}
  - id: second
    agent: namer
    with: {old: "${ steps.first.output.name }"}
outputs: {name: "${ steps.second.output.name }"}
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("FAIRLEAD_STATE_DIR", raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in {
        "src/a.txt": "one",
        "b.txt": "b",
        ".fairlead/agents/namer.md": AGENT,
        ".fairlead/workflows/rename.yaml": WORKFLOW,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def said(run: RunView) -> list[tuple[str, str, str]]:
    return [(one.step, one.status, one.code) for one in run.steps]


@proves("C13.2")
def test_a_script_works_in_the_copy_that_the_step_before_left(project: Path) -> None:
    seen: list[tuple[str, str]] = []

    def play(scene: Scene) -> Mapping[str, Json]:
        text = scene.read("src/a.txt")
        seen.append((scene.place, text))
        scene.write("src/a.txt", text + "!")
        assert scene.run("cat", "src/a.txt").stdout.decode() == text + "!"
        return {"name": scene.inputs["old"] + "+", "summary": f"renamed {scene.inputs['old']}"}

    run = run_workflow(project, "rename", agents=[scripted("namer", play)])
    assert (run.status, run.outputs) == ("succeeded", {"name": "one++"})
    assert seen == [("first", "one"), ("second", "one!")]
    assert run.steps[0].summary == "renamed one"
    assert (project / "src/a.txt").read_text() == "one"


@proves("C13.2")
def test_what_the_file_of_the_agent_promises_is_asked_of_its_script(project: Path) -> None:
    run = run_workflow(project, "rename", agents=[scripted("namer", {"nome": "x"})])
    assert said(run) == [("first", "failed", "FL-R220"), ("second", "skipped", "")]
    wrong = WORKFLOW.replace("{old: one}", "{neu: one}")
    (project / "wrong.yaml").write_text(wrong.replace("name: rename", "name: wrong"))
    with pytest.raises(FairleadError):
        run_workflow(project, "wrong.yaml", agents=[scripted("namer", {"name": "x"})])


def test_a_script_that_raises_fails_its_step_with_its_own_words(project: Path) -> None:
    def play(scene: Scene) -> Mapping[str, Json]:
        raise LookupError("no such thing")

    (first, _) = run_workflow(project, "rename", agents=[scripted("namer", play)]).steps
    assert (first.status, first.code, first.message) == ("failed", "FL-R230", "LookupError: no such thing")


def test_a_script_writes_only_what_its_agent_may(project: Path) -> None:
    def play(scene: Scene) -> Mapping[str, Json]:
        with pytest.raises(FileNotFoundError):
            scene.read("nothing.txt")
        with pytest.raises(PermissionError):
            scene.write("../outside.txt", "x")
        scene.write("b.txt", "changed")
        return {"name": "x"}

    run = run_workflow(project, "rename", agents=[scripted("namer", play)])
    assert run.status == "degraded"
    assert "dropped: b.txt" in run.steps[0].degraded[0]


def test_without_its_script_the_agent_says_what_it_needs_and_a_rerun_takes_over(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(run_workflow(project, "rename")) == [("first", "failed", "FL-A030"), ("second", "skipped", "")]
    monkeypatch.chdir(project)
    assert command(["rerun", "last", "--failed", "--json"], agents=[scripted("namer", {"name": "x"})]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == {"name": "x"}


def test_a_name_that_no_file_has_takes_and_gives_everything(project: Path) -> None:
    (project / ".fairlead/agents/namer.md").unlink()
    run = run_workflow(project, "rename", agents=[scripted("namer", {"name": "y", "more": [1]})])
    assert (run.status, run.outputs) == ("succeeded", {"name": "y"})
