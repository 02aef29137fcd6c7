"""Tools: a Python function in a child of its own, and every way in which it can fail to answer."""

import asyncio
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from fairlead.core.json import digest, encode
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.ports import ToolCall, ToolEnd
from fairlead.env.spawner import LocalSpawner
from tests.env.conftest import TOOLS, is_alive, make_repository, noted

Told = list[tuple[str, int]]


def call(spawner: LocalSpawner, name: str, root: str = "/", told: Told | None = None, **more: Any) -> ToolEnd:
    inputs = more.pop("inputs", {})
    progress = (lambda text, found: told.append((text, found))) if told is not None else (lambda text, found: None)
    return asyncio.run(spawner.call_tool(ToolCall(f"acting_tools:{name}", inputs, root, **more), progress))


def failure(end: ToolEnd) -> Failed:
    assert isinstance(end.outcome, Failed)
    return end.outcome


def success(end: ToolEnd) -> dict[str, Any]:
    assert isinstance(end.outcome, Succeeded), end.outcome
    return end.outcome.output


def test_a_tool_gets_its_inputs_and_answers(spawner: LocalSpawner) -> None:
    end = call(spawner, "echo", inputs={"a": [1, None, "ü"], "b": {"c": 0.5}})
    assert success(end) == {"inputs": {"a": [1, None, "ü"], "b": {"c": 0.5}}, "root": "/"}
    assert end.receipt.exit_code == 0
    assert end.receipt.output_digest == digest(encode(success(end)))
    assert end.receipt.cpu_seconds > 0
    assert end.receipt.memory_bytes > 1_000_000


def test_a_tool_writes_what_its_call_lets_it(spawner: LocalSpawner, tmp_path: Path) -> None:
    said = [
        success(call(spawner, "writes", str(tmp_path), inputs={"path": path}, writes=writes))["refused"]
        for path, writes in (("a/b.txt", ("a/**",)), ("b.txt", ("a/**",)), ("c.txt", ()))
    ]
    assert said == [
        "",
        "the agent's card does not name it under `writes`",
        "the agent's card says that it writes nothing",
    ]
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["a", "a/b.txt"]


def test_what_a_tool_prints_goes_to_the_log_and_not_into_its_answer(spawner: LocalSpawner, tmp_path: Path) -> None:
    log = tmp_path / "tool.log"
    assert success(call(spawner, "prints", log=str(log))) == {"ok": True}
    lines = log.read_text().splitlines()
    assert sorted(lines) == ['o{"type":"failed"}', "to stderr", "written below Python"]


def test_an_exception_names_its_kind_and_not_the_variables(spawner: LocalSpawner, tmp_path: Path) -> None:
    log = tmp_path / "tool.log"
    failed = failure(call(spawner, "raises", log=str(log)))
    assert (failed.fault, failed.code) == ("agent", "FL-R230")
    assert failed.message == "the agent raised ValueError: a text of 23 characters"
    assert "the value of a variable" not in failed.message
    assert "in raises" in log.read_text()


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("no_such_function", "FL-R230", "AttributeError"),
        ("leaves", "FL-R230", "SystemExit: 3"),
        ("ends_hard", "FL-R234", "exit code 3"),
        ("crashes", "FL-R232", "SIGSEGV"),
        ("gives_nothing", "FL-R234", "NoneType"),
        ("gives_no_json", "FL-R234", "not JSON"),
    ],
)
def test_a_tool_that_does_not_answer_is_the_agents_fault(
    spawner: LocalSpawner, name: str, code: str, words: str
) -> None:
    failed = failure(call(spawner, name))
    assert (failed.fault, failed.code) == ("agent", code)
    assert words in failed.message
    assert failed.hint


def test_a_refusal_of_ours_keeps_its_code(spawner: LocalSpawner) -> None:
    failed = failure(call(spawner, "refuses"))
    assert (failed.fault, failed.code, failed.hint) == ("platform", "FL-N022", "look")


def test_a_missing_module_is_named(spawner: LocalSpawner) -> None:
    outcome = asyncio.run(spawner.call_tool(ToolCall("no_such_module:f", {}, "/"), lambda text, found: None)).outcome
    assert isinstance(outcome, Failed)
    assert "no_such_module" in outcome.message


def test_an_outcome_of_more_than_10_megabytes_arrives_whole(spawner: LocalSpawner) -> None:
    end = call(spawner, "gives_much", inputs={"bytes": 12_000_000})
    assert len(success(end)["text"]) == 12_000_000
    assert end.receipt.output_bytes == 12_000_011


def test_an_outcome_beyond_the_hard_cap_fails(spawner: LocalSpawner) -> None:
    failed = failure(call(spawner, "gives_much", inputs={"bytes": 64_000_001}))
    assert failed.code == "FL-R234"
    assert "64,000,000" in failed.message


def test_a_tool_that_takes_too_much_memory_fails(spawner: LocalSpawner) -> None:
    end = call(spawner, "takes_memory", memory_max=60_000_000)
    assert failure(end).code == "FL-R233"
    assert "60 MB" in failure(end).message
    # The child begins as a copy of this process, and may have the limit on top.
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert end.receipt.memory_bytes < mine + 60_000_000


def test_a_tool_past_its_time_is_killed_at_once(spawner: LocalSpawner) -> None:
    told: Told = []
    end = call(spawner, "hangs", timeout_s=0.5, told=told)
    assert failure(end).code == "FL-R202"
    assert "0.5 s" in failure(end).message
    assert end.receipt.exit_code == -signal.SIGKILL
    assert end.receipt.bounds == ("time 0.5 s",)
    assert not is_alive(int(told[0][0]))


def test_a_daemon_that_a_tool_leaves_is_ended_with_it(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    end = call(spawner, "leaves_daemon", inputs={"pids": str(pids)})
    assert success(end) == {}
    assert end.receipt.bounds == ("1 processes outlived it and were killed",)
    assert not any(is_alive(pid) for pid in noted(pids))


def test_a_tool_finds_clean_surroundings(
    spawner: LocalSpawner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen = success(call(spawner, "surroundings"))
    assert set(seen["environ"]) <= {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "XDG_CONFIG_HOME"}
    assert seen["cwd"] == "/"
    assert seen["umask"] == 0o077
    assert seen["descriptors"] == [0, 1, 2, 3, 4]  # the three, the messages, and the look itself
    assert seen["sigint"]
    assert seen["is_leader"]
    assert "" not in seen["path"]
    assert TOOLS in seen["path"]


def test_no_tool_imports_from_the_directory_that_was_called_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fairlead.env.spawner import start_spawner

    (tmp_path / "acting_tools.py").write_text("raise SystemError('code under review was imported')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), TOOLS, *sys.path])
    spawner = start_spawner()
    try:
        assert success(call(spawner, "echo"))["root"] == "/"
    finally:
        spawner.close()


def test_progress_is_thinned_and_the_last_count_is_right(spawner: LocalSpawner) -> None:
    told: Told = []
    success(call(spawner, "tells", told=told))
    assert told[0] == ("first", 0)
    assert told[-1] == ("last \udcff", 1_000)
    assert len(told) < 50


def test_a_tool_sees_the_tree_without_the_state_directory(spawner: LocalSpawner, tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "", "state/journal.db": ""})
    spawner.leave_out = (str(root / "state"),)
    assert success(call(spawner, "lists", root=str(root))) == {"files": ["a.py"], "is_git": True}
    named = success(call(spawner, "lists", root=str(root), inputs={"paths": ["a.py"]}))
    assert named["files"] == ["a.py"]
    failed = failure(call(spawner, "lists", root=str(root), inputs={"paths": ["b.py"]}))
    assert failed.code == "FL-S008"


def test_twenty_tools_at_once_keep_their_answers_apart(spawner: LocalSpawner) -> None:
    async def all_of_them() -> list[ToolEnd]:
        calls = [ToolCall("acting_tools:echo", {"n": n}, "/") for n in range(20)]
        return await asyncio.gather(*(spawner.call_tool(one, lambda text, found: None) for one in calls))

    ends = asyncio.run(all_of_them())
    assert [success(end)["inputs"]["n"] for end in ends] == list(range(20))


def test_a_keeper_that_was_killed_is_said_and_nothing_is_left(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    async def kill_keeper() -> ToolEnd:
        tool = ToolCall("acting_tools:hangs_with_children", {"pids": str(pids)}, "/")
        running = asyncio.create_task(spawner.call_tool(tool, lambda text, found: None))
        while len(noted(pids)) < 3:
            await asyncio.sleep(0.005)
        keepers = [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _parent(pid) == spawner.pid]
        assert len(keepers) == 1
        os.kill(keepers[0], signal.SIGKILL)
        return await running

    failed = failure(asyncio.run(asyncio.wait_for(kill_keeper(), 20)))
    assert (failed.fault, failed.code, failed.error) == ("platform", "FL-R235", "transient")
    from tests.env.conftest import until

    until(lambda: not any(is_alive(pid) for pid in noted(pids)), "the spawner ends what the keeper left")


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
