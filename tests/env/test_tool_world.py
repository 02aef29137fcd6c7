"""What a tool's function touches the world through."""

import os
import signal
import time
from pathlib import Path

import pytest

from fairlead.core.tools import ToolWorld, Unreadable
from fairlead.env.tool_world import LocalToolWorld
from tests.env.conftest import is_alive, make_repository, noted, write_files


@pytest.fixture
def world(tmp_path: Path) -> LocalToolWorld:
    return LocalToolWorld(str(make_repository(tmp_path / "r", {"a.py": "text", "in/b.py": ""})))


def test_it_keeps_the_contract(world: LocalToolWorld) -> None:
    as_promised: ToolWorld = world
    assert [file.path for file in as_promised.files] == ["a.py", "in/b.py"]
    assert (as_promised.files_left_out, as_promised.is_git) == (0, True)
    assert as_promised.read("a.py") == b"text"
    with pytest.raises(Unreadable):
        as_promised.read("../../etc/passwd")


def test_a_program_runs_in_the_tree_and_in_clean_surroundings(
    world: LocalToolWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    done = world.run(["sh", "-c", "pwd; cat; env"], timeout_s=10, stdin=b"fed\n", env={"GIVEN": "1"})
    lines = done.stdout.decode().splitlines()
    assert lines[:2] == [world.root, "fed"]
    assert "GIVEN=1" in lines
    assert not any(line.startswith("LEAKED") for line in lines)
    assert world.run(["pwd"], timeout_s=10, cwd="/").stdout == b"/\n"


def test_a_missing_program_gives_127_and_the_reason(world: LocalToolWorld) -> None:
    done = world.run(["no-such-program-here"], timeout_s=10)
    assert (done.exit_code, done.stderr) == (127, b"cannot start no-such-program-here: there is no such program")


def test_a_flood_is_cut_and_the_program_killed(world: LocalToolWorld) -> None:
    done = world.run(["cat", "/dev/zero"], timeout_s=30, stdout_max=100_000)
    assert done.is_cut
    assert len(done.stdout) == 100_000
    assert done.exit_code == -signal.SIGKILL


def test_input_that_nobody_reads_does_no_harm(world: LocalToolWorld) -> None:
    assert world.run(["true"], timeout_s=10, stdin=b"x" * 5_000_000).exit_code == 0


def test_a_program_past_its_time_is_killed_with_its_children(world: LocalToolWorld, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"trap '' TERM; echo $$ >> {pids}; sh -c 'echo $$ >> {pids}; sleep 600; true'; true"
    done = world.run(["sh", "-c", script], timeout_s=1)
    assert done.is_timed_out
    assert done.exit_code == -signal.SIGKILL
    assert len(noted(pids)) == 2
    from tests.env.conftest import until

    until(lambda: not any(is_alive(pid) for pid in noted(pids)), "the children end")


def test_descriptors_do_not_pile_up(world: LocalToolWorld) -> None:
    world.run(["true"], timeout_s=10)
    before = len(os.listdir("/proc/self/fd"))
    for argv in (["true"], ["no-such-program-here"], ["sh", "-c", "cat >&2"]) * 5:
        world.run(argv, timeout_s=10, stdin=b"x")
    assert len(os.listdir("/proc/self/fd")) == before


def test_git_is_asked_and_never_told(world: LocalToolWorld) -> None:
    assert world.git("rev-list", "--count", "HEAD").stdout == b"1\n"
    for args in (("commit", "-m", "x"), ("checkout", "x"), ("config", "a.b", "c"), ("log", "--output=x"), ()):
        refused = world.git(*args)
        assert refused.exit_code == 129
        assert b"only commands that read" in refused.stderr


def test_telling_is_thinned_by_the_clock(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    told: list[tuple[str, int]] = []
    world = LocalToolWorld(str(tmp_path), tell=lambda text, found: told.append((text, found)))
    world.progress("one")
    world.found(2)
    world.progress("dropped")
    now = 0.3
    world.found()
    world.flush()
    assert told == [("one", 0), ("dropped", 3)]
    world.found()
    world.flush()
    world.flush()
    assert told[2:] == [("dropped", 4)]


def test_paths_limit_what_a_tool_sees(tmp_path: Path) -> None:
    write_files(tmp_path, {"a.py": "", "in/b.py": ""})
    assert [file.path for file in LocalToolWorld(str(tmp_path), paths=["in"]).files] == ["in/b.py"]
