"""The gate's second half with real children and real working copies: what is left, and what is said of it."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from fairlead.agents.adapters.tool import ToolAgent
from fairlead.core.events import AttemptFailed, AttemptSucceeded
from fairlead.core.ids import Place
from fairlead.core.json import Json, digest, encode, parse
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Admitted, Call
from fairlead.core.ports import World as AgentWorld
from fairlead.core.workflow import TIMEOUT_S_DEFAULT
from fairlead.testing import ScriptedAgent
from tests.env.conftest import is_alive, noted
from tests.gate.conftest import CARD, RUN, World


def succeeded(world: World, call: Call) -> AttemptSucceeded:
    outcome = world.perform(call)
    assert isinstance(outcome, AttemptSucceeded), outcome
    return outcome


def failed(world: World, call: Call) -> AttemptFailed:
    outcome = world.perform(call)
    assert isinstance(outcome, AttemptFailed), outcome
    return outcome


def held(world: World, tree: str, path: str) -> bytes:
    """What a recorded tree has at *path*, as the run's private git directory gives it."""
    argv = ["git", "--git-dir", str(world.state / "trees" / f"{RUN}.git"), "show", f"{tree}:{path}"]
    return subprocess.run(argv, check=True, capture_output=True).stdout


def test_a_run_step_that_writes_leaves_a_tree_and_no_copy(world: World) -> None:
    outcome = succeeded(world, world.program("echo new > b.py; echo changed > a.py; pwd"))
    assert held(world, outcome.tree, "b.py") == b"new\n"
    assert held(world, outcome.tree, "a.py") == b"changed\n"
    where = outcome.output["stdout"].strip()
    assert where.startswith(str(world.state / "trees" / RUN))
    assert not os.path.exists(where)
    assert world.copies() == []
    assert (world.root / "a.py").read_text() == "a\n"
    assert sorted(path.name for path in world.root.iterdir()) == [".git", "a.py"]


def test_the_next_step_starts_from_what_the_one_before_left(world: World) -> None:
    first = succeeded(world, world.program("echo one > b.py"))
    second = succeeded(world, world.program("cat b.py; echo two >> b.py", first.tree))
    assert second.output["stdout"] == "one\n"
    assert held(world, second.tree, "b.py") == b"one\ntwo\n"
    assert held(world, first.tree, "b.py") == b"one\n", "what was recorded does not change"


@pytest.mark.parametrize("script", ["echo lost > b.py; exit 3", "echo lost > b.py; kill -KILL $$"])
def test_a_run_step_that_fails_leaves_neither_tree_nor_copy(world: World, script: str) -> None:
    outcome = failed(world, world.program(script))
    assert (outcome.fault, outcome.code) == ("result", "FL-R210")
    trees = world.state / "trees" / f"{RUN}.git" / "refs" / "trees"
    assert list(trees.iterdir()) == []
    assert world.copies() == []
    assert (world.root / "a.py").read_text() == "a\n"


def test_the_tree_is_durable_before_the_outcome_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every object of the tree, the reference and their directories are synced when `carry_out` comes back."""
    synced: set[str] = set()
    fsync = os.fsync

    def noted_fsync(descriptor: int) -> None:
        synced.add(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    outcome = succeeded(world, world.program("mkdir in; echo new > in/b.py"))
    private = world.state / "trees" / f"{RUN}.git"
    (reference,) = (private / "refs/trees").iterdir()
    assert reference.name == outcome.tree
    folders = {path.parent for store in ("objects", "added") for path in (private / store).glob("??/*")}
    assert len(folders) >= 2
    wanted = {str(reference), str(reference.parent), *map(str, folders)}
    assert wanted - synced == set()


def test_git_syncs_what_it_writes_of_a_tree(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git's own count of its syncs: without them a power cut leaves empty objects behind good names."""
    trace, real = tmp_path / "trace", shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nGIT_TRACE2_EVENT={trace} exec {real} "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(wrapper.parent), prepend=":")
    succeeded(world, world.program("echo new > b.py"))
    told = [parse(line) for line in trace.read_bytes().splitlines()]
    commands = {event["sid"]: " ".join(event["argv"]) for event in told if event["event"] == "start"}
    synced = {commands[event["sid"]]: int(event["value"]) for event in told if event.get("category") == "fsync"}
    assert sum(count for command, count in synced.items() if " add " in command) >= 1, "the blob"
    assert sum(count for command, count in synced.items() if " write-tree " in command) >= 1, "the tree"


def test_cancelling_ends_the_program_and_takes_the_copy_away(world: World, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    call = world.program(f"sh -c 'echo $$ >> {pids}; exec sleep 600' & echo $$ >> {pids}; wait")
    admitted = world.admit(call)
    assert isinstance(admitted, Admitted)

    async def cancel() -> None:
        performing = asyncio.create_task(world.gate.carry_out(admitted))
        while len(noted(pids)) < 2:
            assert not performing.done(), performing
            await asyncio.sleep(0.005)
        assert world.copies() == ["step.1"]
        performing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await performing

    asyncio.run(asyncio.wait_for(cancel(), 60))
    assert not any(is_alive(pid) for pid in noted(pids))
    assert world.copies() == []


def test_the_receipt_holds_what_was_observed(world: World) -> None:
    script = "import sys; x = bytearray(60_000_000); sum(range(3_000_000)); sys.exit(0)"
    outcome = succeeded(world, world.call("run", {}, (sys.executable, "-c", script)))
    receipt = outcome.receipt
    assert receipt.argv == (sys.executable, "-c", script)
    assert receipt.exit_code == 0
    assert receipt.memory_bytes > 60_000_000
    assert receipt.cpu_seconds > 0
    assert receipt.seconds > 0
    assert receipt.bounds == ()


def test_a_failure_has_its_receipt_and_its_last_lines(world: World) -> None:
    outcome = failed(world, world.program("echo why >&2; echo what; exit 7"))
    assert (outcome.receipt.exit_code, outcome.receipt.argv[0]) == (7, "sh")
    assert outcome.output == {"exit_code": 7, "stdout": "what\n", "stderr": "why\n"}
    assert outcome.message == "sh ended with exit code 7"


def test_a_program_finds_one_key_for_all_attempts_of_its_step(world: World) -> None:
    call = world.program('printf %s "$FAIRLEAD_IDEMPOTENCY_KEY"')
    again = msgspec.structs.replace(call, attempt=2)
    other = msgspec.structs.replace(call, place=Place("other"))
    keys = [succeeded(world, one).output["stdout"] for one in (call, again, other)]
    assert keys == [f"{RUN}/step", f"{RUN}/step", f"{RUN}/other"]


def test_a_missing_program_is_no_result_of_the_work(world: World) -> None:
    outcome = failed(world, world.call("run", {}, ("no-such-program-here",)))
    assert (outcome.fault, outcome.code) == ("platform", "FL-R204")
    assert outcome.hint


def test_a_tool_reads_the_checkout_and_gets_no_copy(world: World) -> None:
    outcome = succeeded(world, world.call("told", {"do": "succeed"}))
    assert (outcome.output, outcome.tree) == ({"root": str(world.root)}, "")
    assert not (world.state / "trees").exists()
    assert outcome.receipt.exit_code == 0
    assert outcome.receipt.memory_bytes > 1_000_000


def test_a_tool_after_a_writing_step_reads_its_tree(world: World) -> None:
    first = succeeded(world, world.program("echo new > b.py"))
    outcome = succeeded(world, world.call("told", {"do": "list"}, tree=first.tree))
    assert outcome.output["files"] == ["b.py", "a.py"], "what the step before changed comes first"
    assert outcome.tree == ""
    assert world.copies() == []


def test_a_tool_that_is_killed_is_the_agents_failure_with_the_signal(world: World) -> None:
    outcome = failed(world, world.call("told", {"do": "die"}))
    assert (outcome.fault, outcome.code) == ("agent", "FL-R232")
    assert "SIGKILL" in outcome.message
    assert outcome.receipt.exit_code == -signal.SIGKILL


def test_a_step_without_a_limit_has_the_one_of_its_agent(world: World) -> None:
    world.agents["told"] = ToolAgent(msgspec.structs.replace(CARD, timeout_s=0.2))
    outcome = failed(world, world.call("told", {"do": "hang"}, timeout_s=TIMEOUT_S_DEFAULT))
    assert (outcome.code, outcome.message) == ("FL-R202", "told did not end within 0.2 s and was stopped")
    assert "or the agent in its file, a longer `timeout`" in outcome.hint
    world.agents["told"] = ToolAgent(msgspec.structs.replace(CARD, timeout_s=1e-9))
    assert succeeded(world, world.call("told", {"do": "list"}, timeout_s=60.0)).output["files"] == ["a.py"]


@pytest.mark.parametrize("do", ["hang", "program"])
def test_what_outlasts_its_time_is_ended(world: World, do: str) -> None:
    call = world.call("told", {"do": "hang"}, timeout_s=0.2)
    if do == "program":
        call = world.program("exec sleep 600", timeout_s=0.2)
    outcome = failed(world, call)
    assert (outcome.fault, outcome.code) == ("agent", "FL-R202")
    assert "did not end within 0.2 s" in outcome.message
    assert world.copies() == []


def test_a_program_that_floods_is_stopped_and_said(world: World) -> None:
    outcome = failed(world, world.program("head -c 30000000 /dev/zero"))
    assert (outcome.fault, outcome.code) == ("result", "FL-R203")
    assert outcome.receipt.bounds == ("output 10,000,000 bytes",)
    assert len(encode(outcome.output)) < 50_000


def test_a_large_stdout_goes_to_the_content_store_and_is_cut_aloud(world: World) -> None:
    outcome = succeeded(world, world.program("yes 123456789 | head -c 3000000"))
    assert outcome.output is None
    kept = parse(world.journal.get(outcome.output_ref))
    assert kept["stdout"] == "123456789\n" * 100_000
    assert outcome.degraded == ("what sh wrote is cut at 1,000,000 characters; the log has all of it",)
    assert outcome.receipt.output_digest == outcome.output_ref == digest(encode(kept))
    assert outcome.receipt.output_bytes == len(encode(kept))


def test_a_small_output_travels_in_the_event(world: World) -> None:
    outcome = succeeded(world, world.program("printf small"))
    assert (outcome.output["stdout"], outcome.output_ref, outcome.degraded) == ("small", "", ())


def scripted(world: World, output: dict[str, Json]) -> None:
    async def give(call: Call, world: AgentWorld) -> Outcome:
        return Succeeded(output)

    world.agents["scripted"] = ScriptedAgent("scripted", give)


def test_an_output_beyond_ten_megabytes_keeps_its_shape_and_the_digest_of_the_whole(world: World) -> None:
    whole: dict[str, Json] = {"list": [{"n": number, "text": "x" * 90} for number in range(110_000)], "name": "kept"}
    scripted(world, whole)
    outcome = succeeded(world, world.call("scripted", {}))
    kept = parse(world.journal.get(outcome.output_ref))
    assert len(encode(kept)) <= 10_000_000
    assert kept["name"] == "kept"
    assert kept["list"] == whole["list"][: len(kept["list"])]
    assert len(kept["list"]) > 50_000
    assert outcome.receipt.output_digest == digest(encode(whole))
    assert "was cut at 10,000,000" in outcome.degraded[0]
    assert outcome.receipt.bounds == outcome.degraded


def test_an_output_that_breaks_its_schema_is_no_success_and_no_tree(world: World) -> None:
    world.with_card(output_schema={"type": "object", "required": ["findings"]}, writes=("**",))
    outcome = failed(world, world.call("told", {"do": "succeed"}))
    assert (outcome.fault, outcome.code) == ("agent", "FL-R220")
    assert list((world.state / "trees" / f"{RUN}.git" / "refs" / "trees").iterdir()) == []


def test_progress_of_a_tool_reaches_who_watches(world: World) -> None:
    succeeded(world, world.call("told", {"do": "tell"}))
    assert world.told[-1] == ("half of it", 3)
