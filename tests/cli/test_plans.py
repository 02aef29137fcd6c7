"""`plan` through the door: it says what a run then does, and leaves nothing behind."""

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.cli.door import Door
from tests.proves import proves

WORKFLOW = """\
fairlead: 1
name: mixed
flow: graph
inputs:
  deep: {type: boolean, default: false}
  names: {type: array, default: [a, b]}
steps:
  - {id: look, agent: inventory}
  - {id: deeper, needs: [look], if: inputs.deep, agent: secret-scanner}
  - {id: behind, needs: [deeper], run: git --version}
  - {id: fan, each: inputs.names, key: item, run: ["git", "--version"]}
  - id: pick
    after: [look]
    choose:
      - {if: inputs.deep, steps: [{id: thorough, agent: inventory}]}
      - steps: [{id: quick, agent: inventory}]
  - id: told
    needs: [look]
    if: steps.look.output.languages.size() > 0
    notify: {to: [console], title: There are files}
finally:
  - {id: tidy, run: git --version}
"""
ASKING = """\
fairlead: 1
name: asking
steps:
  - id: sign_off
    approve: {title: "Really, ${ inputs.who }?", from: [{team: security}]}
  - id: write
    effect: git.branch
    with: {name: new, from: "${ git.commit }"}
  - {id: think, agent: thinker, optional: true}
inputs:
  who: {type: string, default: Ada}
"""
THINKER = """\
---
name: thinker
description: Thinks.
fairlead:
  adapter: llm
---
Think.
"""


def snapshot(folder: Path) -> dict[str, str]:
    """Every file below *folder* with what is in it."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }


def plan(door: Door, *words: str) -> Any:  # a document
    answer = door.call("plan", *words, "--json")
    assert answer.code == 0, answer.err
    return answer.json


@pytest.fixture
def planned(clean: Door) -> Door:
    clean.write(".fairlead/workflows/mixed.yaml", WORKFLOW)
    clean.write(".fairlead/workflows/asking.yaml", ASKING)
    clean.write(".fairlead/agents/thinker.md", THINKER)
    clean.commit()
    return clean


@proves("A4.1")
def test_a_plan_leaves_no_trace_of_itself(planned: Door) -> None:
    before = snapshot(planned.root.parent)
    for words in (("plan", "mixed"), ("plan", "asking", "--json"), ("run", "mixed", "--plan"), ("plan", "review")):
        assert planned.call(*words).code == 0
    assert snapshot(planned.root.parent) == before
    assert planned.call("run", "mixed", "--json").code == 0
    before = snapshot(planned.root.parent)
    assert planned.call("plan", "mixed").code == 0
    after = snapshot(planned.root.parent)
    # The reader's marks lie in memory that SQLite shares between processes: no content, and gone with the last of them.
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    assert [path for path in changed if not path.endswith("journal.db-shm")] == []


@proves("A4.2")
@pytest.mark.parametrize("deep", ["true", "false"])
def test_a_plan_says_what_then_happens(planned: Door, deep: str) -> None:
    said = plan(planned, "mixed", "-i", f"deep={deep}")
    done = planned.call("run", "mixed", "-i", f"deep={deep}", "--json")
    assert done.code == 0, done.err
    ended = {one["step"]: one["status"] for one in done.json["steps"]}
    wills = {one["id"]: one["will"] for one in said["steps"]}
    assert wills["told"] == "maybe"
    assert {name for name, will in wills.items() if will == "skip"} == {
        name for name, status in ended.items() if status == "skipped" and name in wills
    }
    assert all(ended[name] == "succeeded" for name, will in wills.items() if will == "run")
    items = next(one["items"] for one in said["steps"] if one["id"] == "fan")
    assert items == sum(1 for name in ended if name.startswith("fan["))


@proves("A4")
def test_a_plan_names_questions_effects_levels_and_what_cannot_be_performed(planned: Door) -> None:
    said = plan(planned, "asking")
    first, second = said["approvals"]
    assert (first["step"], first["title"], first["asks"]) == ("sign_off", "Really, Ada?", "1 of team security")
    assert "nobody here can" in first["lacking"][0]
    assert second["title"] == "Let write perform git.branch?"
    assert said["effects"][0]["effect_class"] == "keyed"
    assert said["effects"][0]["is_asked"] is True
    assert "cost" not in said
    assert any("thinker needs a model provider" in problem for problem in said["problems"])
    assert {one["id"]: one["will"] for one in said["steps"]} == {"sign_off": "ask", "write": "ask", "think": "fail"}
    levels = plan(planned, "mixed")["levels"]
    assert levels == {"L1": 2, "L2": 2}
    answer = planned.call("plan", "asking")
    assert "Nothing was started." in answer.out


@proves("A4")
def test_times_are_unknown_before_three_runs_and_a_range_after_them(planned: Door) -> None:
    planned.write("quick.yaml", "fairlead: 1\nname: quick\nsteps:\n  - {id: look, agent: inventory}\n")
    for _ in range(2):
        assert planned.call("run", "quick.yaml").code == 0
    assert "seconds" not in plan(planned, "quick.yaml")
    assert planned.call("run", "quick.yaml").code == 0
    said = plan(planned, "quick.yaml")
    assert said["seconds"]["runs"] == said["steps"][0]["seconds"]["runs"] == 3
    assert 0 < said["seconds"]["low"] <= said["seconds"]["high"]
    assert said["critical_path_basis"] == "seconds"
    assert "unknowns" not in said


def test_a_wrong_file_and_wrong_inputs_are_refused_as_a_run_refuses_them(planned: Door) -> None:
    planned.write("bad.yaml", "fairlead: 1\nname: bad\nsteps:\n  - {id: a, agent: nobody}\n")
    for words in (("bad.yaml",), ("mixed", "-i", "depe=true")):
        by_plan, by_run = planned.call("plan", *words), planned.call("run", *words)
        assert by_plan.code == by_run.code == 2
        assert by_plan.err == by_run.err


@proves("A4")
def test_a_child_is_planned_with_its_questions_and_a_circle_is_refused(planned: Door) -> None:
    planned.write(
        ".fairlead/workflows/parent.yaml", "fairlead: 1\nname: parent\nsteps:\n  - {id: c, workflow: asking}\n"
    )
    said = plan(planned, "parent")
    assert [one["id"] for one in said["steps"][0]["child"]] == ["sign_off", "write", "think"]
    assert [one["step"] for one in said["approvals"]] == ["sign_off", "write"]
    planned.write(".fairlead/workflows/a.yaml", "fairlead: 1\nname: a\nsteps:\n  - {id: c, workflow: b}\n")
    planned.write(".fairlead/workflows/b.yaml", "fairlead: 1\nname: b\nsteps:\n  - {id: c, workflow: a}\n")
    assert planned.call("plan", "a").code == 2
