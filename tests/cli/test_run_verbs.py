"""`pause`, `resume`, `rerun` and labels, through the door in fresh processes."""

import signal
from pathlib import Path

import pytest

from tests.cli.door import Door, stop_group, wait_for
from tests.proves import proves


def two_steps(door: Door) -> tuple[Path, Path]:
    """A workflow of two steps, the first of which waits for a file; gives that file and the count of both."""
    door.allow_outside()
    go, count = door.root.parent / "go", door.root.parent / "count"
    door.write(
        "two.yaml",
        "fairlead: 1\nname: two\nsteps:\n"
        f"  - id: first\n    run: sh -c 'echo first >> {count}; while ! test -e {go}; do sleep 0.05; done'\n"
        f"  - id: second\n    run: sh -c 'echo second >> {count}'\n",
    )
    return go, count


@proves("A7.1")
def test_a_paused_run_lets_its_step_end_begins_nothing_and_goes_on_where_it_stopped(clean: Door) -> None:
    go, count = two_steps(clean)
    running = clean.start("run", "two.yaml")
    run = clean.wait_until_step_runs("first")
    paused = clean.call("pause", run, "-m", "lunch")
    assert (paused.code, paused.out) == (0, f"{run} is paused: 1 step may end, then it waits; {resume(run)} goes on.\n")
    again = clean.call("pause", run)
    assert (again.code, "FL-S060" in again.err) == (2, True)
    go.touch()
    out, err = running.communicate(timeout=60)
    assert running.returncode == 4, err
    assert count.read_text() == "first\n"
    assert "⏸ waiting · paused: lunch" in out.decode()
    assert f"⏸ {run}  two" in clean.call("runs", "list", "--status", "waiting").out
    assert clean.call("runs", "watch", run).code == 4
    resumed = clean.call("resume", "--jsonl")
    assert resumed.code == 0, resumed.err
    assert count.read_text() == "first\nsecond\n"
    types = [fact["type"] for fact in resumed.lines]
    assert types.count("run.paused") == 1
    assert types[-4:] == ["run.resumed", "step.started", "step.succeeded", "run.succeeded"]
    late = clean.call("pause", run)
    assert (late.code, "it has ended as succeeded" in late.err) == (2, True)
    assert clean.call("journal", "verify").code == 0


def test_a_paused_run_that_is_killed_stays_paused_and_repeats_only_what_was_lost(clean: Door) -> None:
    go, count = two_steps(clean)
    running = clean.start("run", "two.yaml")
    run = clean.wait_until_step_runs("first")
    wait_for(count.exists)  # the step is recorded as running before its program has begun
    assert clean.call("pause", run).code == 0
    stop_group(running, signal.SIGKILL)
    running.communicate(timeout=60)
    assert clean.call("runs", "list", "--json").json["runs"][0]["status"] == "waiting"
    go.touch()
    resumed = clean.call("resume", run)
    assert resumed.code == 0, resumed.err
    assert count.read_text() == "first\nfirst\nsecond\n"


def test_resume_of_a_paused_run_that_still_has_its_worker_follows_it(clean: Door) -> None:
    go, count = two_steps(clean)
    running = clean.start("run", "two.yaml")
    run = clean.wait_until_step_runs("first")
    assert clean.call("pause", run).code == 0
    following = clean.start("resume", run, "--jsonl")
    wait_for(lambda: clean.call("runs", "show", run, "--json").json["status"] == "running")
    go.touch()
    assert running.wait(60) == 0
    out, err = following.communicate(timeout=60)
    assert following.returncode == 0, err
    assert b'"run.continued"' in out
    assert count.read_text() == "first\nsecond\n"


def resume(run: str) -> str:
    return f"fairlead resume {run}"


def test_a_run_is_done_again_with_its_inputs_over_the_files_as_they_are_now(door: Door) -> None:
    first = door.call("review", "app", "--label", "branch=main", "--label", "try=1", "--json")
    assert first.code == 1
    door.write("app/queries.py", "def by_customer(db: object) -> None:\n    return None\n")
    again = door.call("rerun", "last", "--label", "try=2", "--json")
    assert again.code == 0, again.err
    assert again.json["rerun_of"] == first.json["run"]
    assert again.json["inputs"] == first.json["inputs"]
    assert again.json["inputs"]["paths"] == ["app"]
    assert again.json["labels"] == {"branch": "main", "try": "2"}
    assert (again.json["commit"], again.json["changed"]) == (first.json["commit"], 1)
    assert len(again.json["commit"]) == 40
    by_label = [line["run"] for line in door.call("runs", "list", "--label", "try=1", "--jsonl").lines]
    assert by_label == [first.json["run"]]
    both = [line["run"] for line in door.call("runs", "list", "--label", "branch=main", "--jsonl").lines]
    assert both == [again.json["run"], first.json["run"]]
    assert door.call("runs", "list", "--workflow", "other", "--jsonl").lines == []
    assert "branch=main try=2" in door.call("runs", "list").out


@pytest.mark.parametrize(
    "label", ["branch", "=x", "my branch=x", "fairlead.baseline=x", "long=" + "x" * 257, "ünique=1"]
)
def test_a_wrong_label_is_refused_before_anything_is_recorded(clean: Door, label: str) -> None:
    refused = clean.call("review", "--label", label)
    assert refused.code == 2
    assert "FL-S061" in refused.err
    assert clean.call("runs", "list", "--json").json["runs"] == []


def test_what_cannot_be_done_again_says_why(clean: Door) -> None:
    assert clean.call("review").code == 0
    unknown = clean.call("rerun", "r-nothing0")
    assert (unknown.code, "FL-R101" in unknown.err) == (2, True)
