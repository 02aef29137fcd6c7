"""A run that asks, from the first question to its end, as people and pipelines meet it."""

import os
import pwd
from pathlib import Path

import pytest

from tests.journeys.door import Door
from tests.journeys.repositories import commit, git
from tests.proves import proves

SHIP = """\
fairlead: 1
name: ship
steps:
  - id: sign_off
    approve:
      title: Ship it?
      show: [inputs.diff]
      choices: [approve, approve_subset, request_changes, reject]
      select: "[{'file': 'a.py'}, {'file': 'b.py'}]"
  - id: write
    effect: file.write
    with: {path: out.txt, content: "${ steps.sign_off.output.selected.map(s, s.file).join() }\\n"}
finally:
  - id: tell
    notify: {to: [console], title: Over}
inputs:
  diff: {type: string, default: "@@ -1 +1 @@\\n-old\\n+new"}
"""
WAITING = """\
fairlead: 1
name: waiting
steps:
  - id: go
    wait: {event: deployed}
outputs:
  version: ${ steps.go.output.data.version }
"""
OUTER = """\
fairlead: 1
name: outer
steps:
  - id: below
    workflow: below
"""
BELOW = """\
fairlead: 1
name: below
steps:
  - id: ask
    approve: {title: Below?}
"""
USER = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    (root / ".fairlead/workflows").mkdir(parents=True)
    for name, text in (("ship", SHIP), ("waiting", WAITING), ("outer", OUTER), ("below", BELOW)):
        (root / f".fairlead/workflows/{name}.yaml").write_text(text)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "home")


@proves("E2", "E2.8", "E2.14")
def test_a_run_asks_twice_and_goes_on_after_each_answer(door: Door, shop: Path) -> None:
    begun = door.call(shop, "run", "ship")
    assert begun.exit_code == 4, begun.said
    assert "-old" in begun.said
    assert "fairlead approve a-" in begun.text
    (first,) = door.call(shop, "approvals", "--json").json["approvals"]
    assert (first["title"], first["asked_by"], first["own"]) == ("Ship it?", USER, "allowed")
    answered = door.call(shop, "approve", first["id"][:5], "--only", "2", "-m", "a.py needs a test")
    assert answered.exit_code == 4, answered.said
    shown = door.call(shop, "approvals", "show", first["run"])
    assert shown.exit_code == 0
    assert "+b.py" in shown.text
    assert not (shop / "out.txt").exists()
    assert door.call(shop, "approve", "--json").exit_code == 0
    assert (shop / "out.txt").read_text() == "b.py\n"
    steps = {step["step"]: step for step in door.call(shop, "runs", "show", "--json").json["steps"]}
    decided = steps["sign_off"]["approval"]["decisions"][0]
    assert (decided["by"], decided["is_self"], decided["selected"]) == (USER, True, [2])
    assert steps["write"]["granted"] == steps["write"]["approval"]["id"]
    report = door.call(shop, "findings", "export", "--format", "md").text
    assert f"approved in part by {USER}" in report
    assert "ON THE OWN REQUEST: a.py needs a test" in report


@proves("E2.7")
def test_a_no_ends_the_run_with_1_and_finally_is_performed(door: Door, shop: Path) -> None:
    run = door.call(shop, "run", "ship", "--json").json["run"]
    rejected = door.call(shop, "reject", run, "-m", "not today", "--json")
    assert rejected.exit_code == 1, rejected.said
    view = rejected.json
    assert (view["status"], view["code"]) == ("rejected", "FL-P001")
    statuses = {step["step"]: step["status"] for step in view["steps"]}
    assert statuses == {"sign_off": "failed", "write": "skipped", "tell": "succeeded"}
    again = door.call(shop, "approve", view["steps"][0]["approval"]["id"])
    assert (again.exit_code, "error[FL-P006]" in again.said) == (2, True)


@proves("E2.10", "E2.11")
def test_among_several_people_somebody_else_has_to_decide(door: Door, shop: Path) -> None:
    (shop / ".fairlead/people.yaml").write_text(f"people:\n  me: {{user: {USER}}}\n  zoe: {{}}\n")
    door.call(shop, "run", "ship")
    refused = door.call(shop, "approve", "--record-only", environ={"USER": "zoe", "LOGNAME": "zoe"})
    assert (refused.exit_code, "error[FL-P012]" in refused.said) == (5, True), "who decides is never in the environment"
    allowed = door.call(shop, "approvals", "allow", "self", "--reason", "zoe is away", "--json")
    assert allowed.json["allowed"][0]["reason"] == "zoe is away"
    assert git(shop, "status", "--porcelain") == b"?? .fairlead/people.yaml\n", "it lies outside of the checkout"
    recorded = door.call(shop, "approve", "--record-only", "--json")
    assert (recorded.exit_code, recorded.json["is_self"]) == (0, True)
    assert door.call(shop, "approvals", "--json").json["approvals"] == []
    assert door.call(shop, "resume").exit_code == 4, "the effect is asked about next"
    (shop / ".fairlead/people.yaml").write_text("peple: {}\n")
    listed = door.call(shop, "approvals")
    assert listed.exit_code == 0
    assert "did you mean `people`?" in listed.said
    assert "Let write perform file.write?" in listed.text


@proves("E2.14")
def test_an_effect_that_is_allowed_here_is_not_asked_about(door: Door, shop: Path) -> None:
    assert door.call(shop, "approvals", "allow", "file.write").exit_code == 2, "a reason is needed"
    assert door.call(shop, "approvals", "allow", "file.write", "--reason", "only mine").exit_code == 0
    door.call(shop, "run", "ship")
    approved = door.call(shop, "approve", "--only", "1")
    assert approved.exit_code == 0, approved.said
    assert "nobody was asked: such effects are allowed for this project" in approved.text
    assert (shop / "out.txt").read_text() == "a.py\n"


def test_a_signal_lets_a_run_go_on_with_its_data(door: Door, shop: Path) -> None:
    assert door.call(shop, "run", "waiting").exit_code == 4
    assert door.call(shop, "signal", "last", "deployed", "--data", "v1").exit_code == 2
    done = door.call(shop, "signal", "last", "deployed", "--data", '{"version": "v1"}', "--json")
    assert (done.exit_code, done.json["outputs"]) == (0, {"version": "v1"})


def test_the_answer_to_a_run_below_lets_the_outermost_one_go_on(door: Door, shop: Path) -> None:
    begun = door.call(shop, "run", "outer")
    assert begun.exit_code == 4
    assert "Below?" in begun.said
    done = door.call(shop, "approve", "last", "--json")
    assert (done.exit_code, done.json["workflow"], done.json["status"]) == (0, "outer", "succeeded")
