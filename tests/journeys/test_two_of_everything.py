"""Two commands, two terminals, two attempts: on one state directory everybody is right, and a stop loses nothing.

The lane tries five pairs of commands; FAIRLEAD_TEST_PAIRS asks for more.
"""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.door import Door, Started, wait_for
from tests.journeys.repositories import FAULTS, FAULTY, differences, snapshot
from tests.journeys.reviews import COMPLETE, assert_complete, found, steps
from tests.proves import proves

PAIRS = int(os.environ.get("FAIRLEAD_TEST_PAIRS", "5"))

ONE = """fairlead: 1
name: one
inputs:
  word:
    type: string
    default: done
steps:
  - id: say
    run: echo ${ inputs.word }
  - id: again
    run: cat one.yaml
"""


class Gate:
    """A pipe that a step waits at until the test opens it: no clock decides which of two things comes first."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)

    def workflow(self) -> str:
        """Two steps with a gate between them, and one that always follows."""
        return (
            f"fairlead: 1\nname: gated\nsteps:\n  - id: before\n    run: 'true'\n  - id: at_gate\n"
            f"    run: [cat, '{self.path}']\n    timeout: 1m\n  - id: after\n    run: 'true'\n"
            "finally:\n  - id: tidy\n    run: 'true'\n"
        )

    def open(self) -> None:
        """Let the step go on. It may not have come to the gate yet."""
        os.close(wait_for(self._writer) - 1)

    def _writer(self) -> int:
        try:
            return os.open(self.path, os.O_WRONLY | os.O_NONBLOCK) + 1  # 0 would be a descriptor, and false
        except OSError:
            return 0


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "gate")


@pytest.fixture
def gated(door: Door, repository: Path, gate: Gate) -> Path:
    """A repository with a workflow that waits, at a gate beside the checkout."""
    door.allow_outside(repository)
    (repository / "gated.yaml").write_text(gate.workflow())
    return repository


def is_at_gate(out: bytes) -> bool:
    return b'"step.started"' in out and b'"at_gate"' in out


def start_gated(door: Door, directory: Path) -> tuple[Started, str]:
    """A run that has come to its gate, and its id."""
    started = door.start(directory, "run", "gated.yaml", "--jsonl")
    started.read_until(is_at_gate)
    run = door.call(directory, "runs", "show", "last", "--json").json["run"]
    return started, run


def statuses(view: Any) -> dict[str, str]:  # a JSON document
    return {step["step"]: step["status"] for step in view["steps"]}


def shown(door: Door, directory: Path, run: str) -> Any:  # as above
    return door.call(directory, "runs", "show", run, "--json").json


def test_two_commands_at_once(door: Door, repository: Path) -> None:
    (repository / "one.yaml").write_text(ONE)
    before = snapshot(repository)
    pairs: list[tuple[list[str], list[str]]] = [
        (["review", "--json", "--no-history"], ["run", "one.yaml", "--json"]),
        (["run", "one.yaml", "--json", "-i", "word=a"], ["run", "one.yaml", "--json", "-i", "word=b"]),
        (["run", "one.yaml", "--json"], ["review", "--json"]),
        (["review", "--json"], ["review", "--json"]),
        (["run", "one.yaml", "--json"], ["run", "one.yaml", "--json"]),
    ]
    runs: set[str] = set()
    for number in range(PAIRS):
        both = [door.start(repository, *words) for words in pairs[number % len(pairs)]]
        for started, words in zip(both, pairs[number % len(pairs)], strict=True):
            answer = started.end()
            view = answer.json
            if words[0] == "review":
                assert answer.exit_code == 1, answer.said
                assert_complete(view, {"app.py": FAULTS})
            else:
                assert answer.exit_code == 0, answer.said
                assert statuses(view) == {"say": "succeeded", "again": "succeeded"}
            runs.add(view["run"])
    assert len(runs) == 2 * PAIRS
    listed = door.call(repository, "runs", "list", "--json", "--limit", "1000").json["runs"]
    assert {one["run"] for one in listed} == runs
    assert {one["status"] for one in listed} == {"succeeded"}
    assert door.verify(repository)["runs"] == 2 * PAIRS
    assert differences(before, snapshot(repository)) == []


def test_two_first_commands_make_one_record(door: Door, repository: Path) -> None:
    (repository / "one.yaml").write_text(ONE)
    started = [door.start(repository, "run", "one.yaml", "--json") for _ in range(4)]
    answers = [one.end() for one in started]
    assert [answer.exit_code for answer in answers] == [0, 0, 0, 0], [answer.said for answer in answers]
    assert door.verify(repository)["runs"] == 4


@proves("C8.6")
def test_the_same_review_twice_finds_the_same(door: Door, repository: Path) -> None:
    (repository / "more.py").write_text(FAULTY + FAULTY.replace("ping", "pong"))
    first, second = (door.review(repository).json for _ in range(2))
    marks = [[(one["path"], one["line"], one["fingerprint"]) for one in view["findings"]] for view in (first, second)]
    assert marks[0] == marks[1]
    assert len({fingerprint for _, _, fingerprint in marks[0]}) == len(marks[0])
    assert sum(len(places) for places in found(first).values()) == 6
    # Lines that move keep their fingerprints.
    (repository / "more.py").write_text("# above\n\n" + (repository / "more.py").read_text())
    third = door.review(repository).json
    assert {one["fingerprint"] for one in third["findings"]} == {fingerprint for _, _, fingerprint in marks[0]}
    assert found(third)["more.py"] == {(rule, line + 2) for rule, line in found(first)["more.py"]}


def test_the_same_key_is_the_same_run(door: Door, repository: Path) -> None:
    (repository / "one.yaml").write_text(ONE)
    words = ["run", "one.yaml", "--key", "nightly", "--json"]
    first = door.call(repository, *words)
    again = door.call(repository, *words)
    assert (first.exit_code, again.exit_code) == (0, 0), again.said
    assert again.json == first.json
    verdict = door.verify(repository)
    assert verdict["runs"] == 1
    other = door.call(repository, *words, "-i", "word=other")
    assert other.exit_code == 3
    assert other.json["errors"][0]["code"] == "FL-R103"
    assert first.json["run"] in other.json["errors"][0]["message"]
    assert door.verify(repository)["events"] == verdict["events"]


def test_the_same_key_at_once_is_the_same_run(door: Door, repository: Path) -> None:
    (repository / "one.yaml").write_text(ONE)
    both = [door.start(repository, "run", "one.yaml", "--key", "nightly", "--json") for _ in range(2)]
    answers = [one.end() for one in both]
    assert [answer.exit_code for answer in answers] == [0, 0], [answer.said for answer in answers]
    assert answers[0].json == answers[1].json
    assert door.verify(repository)["runs"] == 1


def test_cancel_from_a_second_terminal(door: Door, gated: Path) -> None:
    started, run = start_gated(door, gated)
    asked = door.call(gated, "cancel", run, "-m", "wrong branch")
    assert asked.exit_code == 0, asked.said
    answer = started.end()
    assert answer.exit_code == 3
    assert answer.facts[-1]["type"] == "run.cancelled"
    view = shown(door, gated, run)
    assert view["status"] == "cancelled"
    assert statuses(view) == {"before": "succeeded", "at_gate": "cancelled", "after": "cancelled", "tidy": "succeeded"}
    late = door.call(gated, "cancel", run)
    assert (late.exit_code, late.out) == (2, b"")
    door.verify(gated)


def test_watch_in_a_second_terminal_sees_the_same(door: Door, gated: Path, gate: Gate) -> None:
    started, run = start_gated(door, gated)
    watching = door.start(gated, "runs", "watch", run, "--jsonl")
    watching.read_until(is_at_gate)
    gate.open()
    performed, watched = started.end(), watching.end()
    assert (performed.exit_code, watched.exit_code) == (0, 0)

    def recorded(facts: list[dict[str, Any]]) -> list[dict[str, Any]]:  # JSON documents
        return [fact for fact in facts if fact["type"] != "step.progress"]

    assert recorded(watched.facts) == recorded(performed.facts)
    assert [fact["type"] for fact in recorded(watched.facts)][-1] == "run.succeeded"
    # Whoever comes later sees it too, and may leave out what is known.
    late = door.call(gated, "runs", "watch", run, "--jsonl")
    assert recorded(late.facts) == recorded(performed.facts)
    seq = performed.facts[3]["seq"]
    rest = door.call(gated, "runs", "watch", run, "--jsonl", "--after", str(seq))
    assert recorded(rest.facts) == [fact for fact in recorded(performed.facts) if fact["seq"] > seq]


@proves("B8.2")
def test_a_second_worker_is_refused(door: Door, gated: Path, gate: Gate) -> None:
    started, run = start_gated(door, gated)
    second = door.call(gated, "resume", run, "--json")
    assert second.exit_code == 3
    assert second.json["errors"][0]["code"] == "FL-R401"
    assert f"run {run} is being performed by worker " in second.json["errors"][0]["message"]
    gate.open()
    assert started.end().exit_code == 0
    assert statuses(shown(door, gated, run))["after"] == "succeeded"


INT, TERM = (signal.SIGINT,), (signal.SIGTERM, signal.SIGINT)  # the second one: what runs is waited for no longer


@proves("B8.4")
@pytest.mark.parametrize(("numbers", "exit_code"), [(INT, 130), (TERM, 143)])
def test_a_stop_loses_nothing(
    door: Door, gated: Path, gate: Gate, numbers: tuple[signal.Signals, ...], exit_code: int
) -> None:
    started, run = start_gated(door, gated)
    for number in numbers:
        started.signal(number)
    answer = started.end()
    assert answer.exit_code == exit_code
    assert f"fairlead resume {run}" in answer.said
    view = shown(door, gated, run)
    assert view["status"] == "running"
    assert view["unowned_since"] > 0
    assert statuses(view) == {"before": "succeeded", "at_gate": "ready", "after": "pending", "tidy": "pending"}
    assert "no worker since" in door.call(gated, "runs", "list").text
    door.verify(gated)
    resumed = door.start(gated, "resume", "--jsonl")
    resumed.read_until(lambda out: b'"run.resumed"' in out and out.rindex(b'"at_gate"') > out.rindex(b'"run.resumed"'))
    gate.open()
    end = resumed.end()
    assert end.exit_code == 0, end.said
    view = shown(door, gated, run)
    assert (view["status"], set(statuses(view).values())) == ("succeeded", {"succeeded"})
    attempts = {step["step"]: step["attempts"] for step in view["steps"]}
    assert attempts == {"before": 1, "at_gate": 2, "after": 1, "tidy": 1}
    door.verify(gated)


def test_a_review_that_is_stopped_is_finished_by_resume(door: Door, repository: Path) -> None:
    for n in range(200):  # enough that it is still at work when the signal comes
        (repository / f"part{n}.py").write_text(FAULTY)
    before = snapshot(repository)
    started = door.start(repository, "review", "--jsonl", "--no-history")
    started.read_until(lambda out: b'"security"' in out)
    for number in TERM:
        started.signal(number)
    assert started.end().exit_code == 143
    view = shown(door, repository, "last")
    assert view["status"] == "running"
    assert steps(view)["security"] == "ready"
    resumed = door.call(repository, "resume", "--json")
    assert resumed.exit_code == 1, resumed.said  # as the review itself: something is high
    assert steps(resumed.json) == COMPLETE
    assert found(resumed.json) == {path.name: FAULTS for path in repository.glob("*.py")}
    assert differences(before, snapshot(repository)) == []
    door.verify(repository)


def test_a_tree_that_was_moved_meanwhile_is_not_called_clean(door: Door, repository: Path) -> None:
    for n in range(200):
        (repository / f"part{n}.py").write_text(FAULTY)
    started = door.start(repository, "review", "--jsonl", "--no-history")
    started.read_until(lambda out: b'"security"' in out)
    started.signal(signal.SIGINT)
    assert started.end().exit_code == 130
    moved = repository.rename(repository.with_name("moved"))
    answer = door.call(moved, "resume", "--json")
    assert answer.exit_code == 3
    security = next(step for step in answer.json["steps"] if step["step"] == "security")
    assert (security["status"], security["code"]) == ("failed", "FL-S008")
    door.verify(moved)
