"""Agent files of other programs, through the door: listed, shown, mended with one command, refused when called."""

import json
from pathlib import Path

import pytest

from tests.journeys.door import Door
from tests.journeys.repositories import differences, git, snapshot
from tests.proves import proves

CLAUDE = """\
---
name: Front End Reader
description: Owns the screens: looks at each
tools: Read, Grep
model: inherit
---
You look closely.
"""
WORKFLOW = """\
fairlead: 1
name: mine
steps:
  - id: look
    agent: front-end-reader
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / ".claude/agents").mkdir(parents=True)
    (root / ".fairlead/workflows").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / ".claude/agents/reader.md").write_text(CLAUDE)
    (root / ".fairlead/workflows/mine.yaml").write_text(WORKFLOW)
    return root


@proves("C2")
def test_a_file_of_another_program_is_listed_shown_mended_and_then_strict(door: Door, project: Path) -> None:
    listed = door.call(project, "agents", "list")
    assert listed.exit_code == 0
    [line] = [line for line in listed.text.splitlines() if "front-end-reader" in line]
    assert "▲ front-end-reader" in line
    assert "needs a model provider" in line
    assert "1 file to look at: fairlead agents check" in listed.text
    shown = door.call(project, "agents", "show", "front-end-reader", "--json").json
    assert (shown["title"], shown["description"]) == ("Front End Reader", "Owns the screens: looks at each")
    assert (shown["tools"], shown["source"]) == (["Read", "Grep"], ".claude/agents/reader.md")
    settings = {one["name"]: one for one in shown["settings"]}
    assert settings["model"]["why"] == "the file says `inherit`"
    checked = door.call(project, "agents", "check")
    assert checked.exit_code == 0
    assert "warning[FL-A004]: `description` is no strict YAML and is read as text" in checked.text
    assert "= fairlead agents check front-end-reader --fix" in checked.text
    # Nothing is written before it was shown and asked for.
    before = snapshot(project)
    fix = door.call(project, "agents", "check", "front-end-reader", "--fix")
    assert differences(before, snapshot(project)) == []
    change = '  -description: Owns the screens: looks at each\n  +description: "Owns the screens: looks at each"\n'
    assert change in fix.text
    assert "fairlead agents check front-end-reader --fix --write" in fix.text
    written = door.call(project, "agents", "check", "front-end-reader", "--fix", "--write")
    assert written.exit_code == 0
    assert change in written.text
    assert "wrote .claude/agents/reader.md\n" in written.text
    mended = CLAUDE.replace("Owns the screens: looks at each", '"Owns the screens: looks at each"')
    assert (project / ".claude/agents/reader.md").read_text() == mended
    again = door.call(project, "agents", "check", "--fix", "--json")
    assert (again.exit_code, again.json["warnings"], again.json["fixes"]) == (0, 0, [])
    after = door.call(project, "agents", "show", "front-end-reader", "--json").json
    assert (after["description"], after["tools"]) == (shown["description"], shown["tools"])


@proves("C1.5")
def test_a_file_that_cannot_be_used_is_red_and_says_why(door: Door, project: Path) -> None:
    (project / ".claude/agents/empty.md").write_text("")
    (project / ".fairlead/agents").mkdir()
    (project / ".fairlead/agents/broken.md").write_text("---\nname: broken\nfairlead:\n  adapter: [tool\n---\nx\n")
    listed = {one["name"]: one for one in door.call(project, "agents", "list", "--json").json["agents"]}
    assert listed["empty"]["problem"] == "FL-A001: the file is empty"
    assert listed["broken"]["problem"].startswith("FL-A002: `fairlead:` cannot be read: ")
    text = door.call(project, "agents", "list").text
    assert "✗ empty" in text
    checked = door.call(project, "agents", "check")
    assert checked.exit_code == 2
    assert "error[FL-A002]" in checked.text
    assert "--> .fairlead/agents/broken.md:4:3" in checked.text


@proves("C13")
def test_a_call_of_an_agent_that_needs_a_model_is_refused_and_nothing_is_started(door: Door, project: Path) -> None:
    run = door.call(project, "run", "mine", "--json")
    assert run.exit_code == 3, run.said
    [step] = run.json["steps"]
    assert (step["status"], step["fault"], step["code"]) == ("failed", "platform", "FL-A030")
    assert "agent front-end-reader needs a model provider and the Claude Agent SDK" in step["message"]
    checked = door.call(project, "check", "mine")
    assert checked.exit_code == 0
    assert "warning[FL-A030]: agent `front-end-reader` needs a model provider" in checked.text + checked.said
    # Somebody who takes over is asked at once.
    (project / ".fairlead/workflows/mine.yaml").write_text(WORKFLOW + "    fallback: [inventory]\n")
    saved = door.call(project, "run", "mine", "--json")
    assert (saved.exit_code, saved.json["status"]) == (0, "degraded")
    assert "FL-A030" not in door.call(project, "check", "mine").text
    door.verify(project)


def test_agents_of_the_person_and_of_an_inner_directory_are_found(door: Door, project: Path, tmp_path: Path) -> None:
    home = Path(door.environ["HOME"])
    (home / ".claude/agents").mkdir(parents=True)
    (home / ".claude/agents/mine.md").write_text(CLAUDE.replace("Front End Reader", "mine"))
    (project / "inner/.claude/agents").mkdir(parents=True)
    (project / "inner/.claude/agents/reader.md").write_text(CLAUDE.replace("Owns", "Knows"))
    shown = door.call(project / "inner", "agents", "show", "front-end-reader", "--json").json
    assert shown["source"] == "inner/.claude/agents/reader.md"
    assert shown["shadowed"] == ["hides .claude/agents/reader.md"]
    assert door.call(project, "-C", "inner", "agents", "show", "front-end-reader", "--json").json == shown
    assert door.call(project, "agents", "show", "mine", "--json").json["source"] == "~/.claude/agents/mine.md"
    # What is not the project's is mended only by its name.
    fixes = door.call(project, "agents", "check", "--fix", "--json").json["fixes"]
    assert [one["file"] for one in fixes] == [".claude/agents/reader.md"]
    named = door.call(project, "agents", "check", "mine", "--fix", "--json").json["fixes"]
    assert [one["file"] for one in named] == ["~/.claude/agents/mine.md"]


def test_agents_test_leaves_out_what_nobody_could_call(door: Door, project: Path) -> None:
    none = door.call(project, "agents", "test")
    assert (none.exit_code, "FL-A150" in none.said) == (2, True)
    named = door.call(project, "agents", "test", "front-end-reader")
    assert (named.exit_code, "FL-A150" in named.said) == (2, True)
    assert json.loads(door.call(project, "agents", "check", "--json").out)["errors"] == 0
