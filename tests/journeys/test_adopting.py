"""A crash of everything, through the door: one command goes on with what it left."""

import json
import os
import signal
from pathlib import Path

import pytest

from tests.journeys.door import Door, wait_for
from tests.proves import proves

SLOW = """\
fairlead: 1
name: slow
steps:
  - id: first
    run: sleep 100
"""
SHORT = """\
fairlead: 1
name: short
steps:
  - id: first
    wait: {for: 10ms}
"""
ASKS = """\
fairlead: 1
name: asks
steps:
  - id: ask
    approve: {title: Shall it go on?}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    workflows = root / ".fairlead/workflows"
    workflows.mkdir(parents=True)
    for name, text in (("slow", SLOW), ("short", SHORT), ("asks", ASKS)):
        (workflows / f"{name}.yaml").write_text(text)
    return root


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "home")


def statuses(door: Door, root: Path) -> dict[str, str]:
    return {line["workflow"]: line["status"] for line in door.call(root, "runs", "list", "--json").json["runs"]}


@proves("B8.6")
def test_resume_all_goes_on_with_what_was_killed_and_leaves_what_waits(door: Door, project: Path) -> None:
    assert door.call(project, "run", "asks").exit_code == 4
    killed = door.start(project, "run", "slow")
    wait_for(lambda: statuses(door, project).get("slow") == "running")
    os.killpg(killed.process.pid, signal.SIGKILL)
    killed.end()
    (project / ".fairlead/workflows/slow.yaml").unlink()  # what runs is what was recorded
    run = next(line["run"] for line in door.call(project, "runs", "list", "--json").json["runs"][:1])
    assert door.call(project, "cancel", run).exit_code == 0
    answer = door.call(project, "resume", "--all", "--json")
    assert answer.exit_code == 3, answer.said
    assert (answer.json["adopted"], answer.json["ended"], answer.json["open"]) == (1, {"cancelled": 1}, 1)
    assert statuses(door, project) == {"slow": "cancelled", "asks": "waiting"}
    assert door.call(project, "resume", "--all").exit_code == 0  # nothing is left that can go on
    door.verify(project)


def test_a_worker_that_stays_takes_what_is_answered_and_ends_well_when_it_is_asked_to(
    door: Door, project: Path
) -> None:
    assert door.call(project, "run", "asks").exit_code == 4
    worker = door.start(project, "worker", "--json")
    assert door.call(project, "approve", "last", "--record-only").exit_code == 0
    wait_for(lambda: statuses(door, project) == {"asks": "succeeded"})
    worker.signal(signal.SIGTERM)
    answer = worker.end()
    assert answer.exit_code == 0, answer.said
    assert json.loads(answer.out)["ended"] == {"succeeded": 1}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("worker", "--at-once", "0"), "FL-R441"),
        (("worker", "--once", "--at-once", "-1"), "FL-R441"),
        (("worker", "--once", "--at-once", "1001"), "FL-R441"),
        (("resume", "--all", "last"), "FL-S001"),
        (("resume", "--all", "--detach"), "FL-S001"),
        (("worker", "--once", "--durability", "fast"), "FL-N025"),
    ],
)
def test_what_cannot_be_meant_is_refused(door: Door, project: Path, words: tuple[str, ...], code: str) -> None:
    answer = door.call(project, *words)
    assert (answer.exit_code, code in answer.said) == (2, True), answer.said


@proves("B1.6")
def test_a_run_without_the_disk_says_so_wherever_it_is_shown(door: Door, project: Path) -> None:
    assert door.call(project, "run", "short", "--durability", "process").exit_code == 0
    shown = door.call(project, "runs", "show", "last", "--json")
    assert shown.json["durability"] == "process"
    assert "not safe from a power cut" in " ".join(door.call(project, "runs", "show", "last").text.split())
    assert door.call(project, "run", "short").exit_code == 0
    assert "durability" not in door.call(project, "runs", "show", "last", "--json").json


def test_doctor_says_what_acknowledged_work_survives(door: Door, project: Path) -> None:
    text = door.call(project, "doctor").text
    assert "durability full: what is acknowledged survives a power cut" in text
    assert "SQLite 3." in text
    process = door.call(project, "doctor", environ={"FAIRLEAD_DURABILITY": "process"})
    assert "durability process: what is acknowledged survives kill -9, but not a power cut" in process.text
    wrong = door.call(project, "doctor", environ={"FAIRLEAD_DURABILITY": "fast"})
    assert (wrong.exit_code, "FL-N025" in wrong.text) == (8, True)
    assert "FL-N025" in door.call(project, "run", "short", environ={"FAIRLEAD_DURABILITY": "fast"}).said
