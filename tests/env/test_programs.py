"""Programs: what goes in and comes out, and what happens when they do not behave."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.json import digest
from fairlead.core.ports import Program, ProgramEnd
from fairlead.env import spawner as spawner_module
from fairlead.env.spawner import LocalSpawner
from tests.env.conftest import is_alive, noted, until


def perform(spawner: LocalSpawner, *argv: str, cwd: str = "/", **more: object) -> ProgramEnd:
    return asyncio.run(spawner.perform_program(Program(argv, cwd, **more)))  # type: ignore[arg-type]  # fields of Program


def test_a_program_gets_its_input_and_its_answer_comes_whole(spawner: LocalSpawner) -> None:
    end = perform(spawner, "sh", "-c", "cat; echo said >&2; exit 3", stdin=b"\0\xff" * 300_000)
    assert end.process.stdout == b"\0\xff" * 300_000
    assert end.process.stderr == b"said\n"
    assert end.process.exit_code == 3
    assert not end.process.is_cut
    assert not end.process.is_timed_out
    assert end.receipt.argv == ("sh", "-c", "cat; echo said >&2; exit 3")
    assert end.receipt.exit_code == 3
    assert end.receipt.output_digest == digest(end.process.stdout)
    assert end.receipt.output_bytes == 600_000
    assert end.receipt.memory_bytes > 100_000
    assert end.receipt.bounds == ()


def test_the_receipt_counts_the_processor_time_of_what_the_program_started(spawner: LocalSpawner) -> None:
    end = perform(spawner, "sh", "-c", "sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done'; true")
    assert end.receipt.cpu_seconds > 0.002


def test_the_environment_is_built_from_empty(spawner: LocalSpawner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    end = perform(spawner, "env", env={"GIVEN": "a b"})
    names = dict(line.split("=", 1) for line in end.process.stdout.decode().splitlines())
    assert names["GIVEN"] == "a b"
    assert set(names) - {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "GIVEN"} == set()


def test_a_path_that_is_not_text_arrives_as_it_is(spawner: LocalSpawner, tmp_path: Path) -> None:
    odd = os.path.join(tmp_path, os.fsdecode(b"odd\xff\nname"))
    os.mkdir(odd)
    end = perform(spawner, "pwd", cwd=odd)
    assert end.process.stdout == os.fsencode(odd) + b"\n"
    assert perform(spawner, "printf", "%s", os.fsdecode(b"\xfe")).process.stdout == b"\xfe"


@pytest.mark.parametrize(
    ("argv", "cwd", "reason"),
    [
        (("no-such-program-here",), "/", b"no such program"),
        (("/etc/hostname-that-is-not",), "/", b"no such program"),
        (("/",), "/", b"Permission denied"),
        (("true",), "/no/such/directory", b"no such directory"),
        (("tr\0ue",), "/", b"null byte"),
    ],
)
def test_a_program_that_cannot_start_gives_127_and_the_reason(
    spawner: LocalSpawner, argv: tuple[str, ...], cwd: str, reason: bytes
) -> None:
    end = perform(spawner, *argv, cwd=cwd)
    assert end.process.exit_code == 127
    assert end.process.stdout == b""
    assert reason in end.process.stderr


def test_a_flood_is_cut_at_the_cap_and_the_program_killed(spawner: LocalSpawner, tmp_path: Path) -> None:
    log = tmp_path / "flood.log"
    end = perform(spawner, "sh", "-c", "exec cat /dev/zero", output_max=1_000_000, log=str(log))
    assert end.process.is_cut
    assert len(end.process.stdout) == 1_000_000
    assert end.process.exit_code == -signal.SIGKILL
    assert end.receipt.bounds == ("output 1,000,000 bytes",)
    assert log.stat().st_size == 1_000_000


def test_a_flood_on_stderr_is_cut_too(spawner: LocalSpawner) -> None:
    end = perform(spawner, "sh", "-c", "exec cat /dev/zero >&2", output_max=70_000)
    assert end.process.is_cut
    assert (len(end.process.stdout), len(end.process.stderr)) == (0, 70_000)


def test_output_of_exactly_the_cap_is_not_cut(spawner: LocalSpawner) -> None:
    end = perform(spawner, "head", "-c", "70000", "/dev/zero", output_max=70_000)
    assert not end.process.is_cut
    assert end.process.exit_code == 0
    assert len(end.process.stdout) == 70_000


def test_the_log_receives_both_streams_as_they_come(spawner: LocalSpawner, tmp_path: Path) -> None:
    log = tmp_path / "p.log"
    pids = tmp_path / "pids"
    script = f"echo out; echo err >&2; echo $$ > {pids}; exec sleep 600"

    async def look_and_cancel() -> None:
        running = asyncio.create_task(spawner.perform_program(Program(("sh", "-c", script), "/", log=str(log))))
        while not (log.exists() and len(log.read_bytes()) >= 8):
            await asyncio.sleep(0.005)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(look_and_cancel(), 20))
    assert sorted(log.read_text().splitlines()) == ["err", "out"]
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_program_past_its_time_is_asked_to_end(spawner: LocalSpawner) -> None:
    script = "trap 'echo tidied; exit 0' TERM; sleep 600 & wait"
    end = perform(spawner, "sh", "-c", script, timeout_s=0.3)
    assert end.process.is_timed_out
    assert end.process.stdout == b"tidied\n"
    assert end.receipt.bounds == ("time 0.3 s",)


def test_what_holds_the_pipes_longer_than_the_program_is_ended(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    end = perform(spawner, "sh", "-c", f"sleep 600 & echo $! > {pids}; echo done")
    assert end.process.exit_code == 0
    assert end.process.stdout == b"done\n"
    assert end.receipt.bounds == ("1 processes outlived it and were killed",)
    assert not is_alive(noted(pids)[0])


def test_what_writes_its_last_words_after_the_program_is_heard(spawner: LocalSpawner) -> None:
    end = perform(spawner, "sh", "-c", "p=$$; (while kill -0 $p 2>/dev/null; do :; done; echo late) & exit 0")
    assert end.process.stdout == b"late\n"


def test_many_children_at_once_keep_their_answers_apart(spawner: LocalSpawner) -> None:
    async def all_of_them() -> list[ProgramEnd]:
        calls = (spawner.perform_program(Program(("sh", "-c", f"echo {n}; exit {n}"), "/")) for n in range(20))
        return await asyncio.gather(*calls)

    ends = asyncio.run(all_of_them())
    assert [end.process.exit_code for end in ends] == list(range(20))
    assert [end.process.stdout for end in ends] == [b"%d\n" % n for n in range(20)]


def test_two_spawners_of_one_process_do_not_disturb_each_other(spawner: LocalSpawner) -> None:
    from fairlead.env.spawner import start_spawner

    second = start_spawner()
    assert perform(second, "echo", "second").process.stdout == b"second\n"
    second.close()
    assert not is_alive(second.pid)
    assert perform(spawner, "echo", "first").process.stdout == b"first\n"


def test_a_killed_spawner_is_said_and_not_waited_for(spawner: LocalSpawner) -> None:
    os.kill(spawner.pid, signal.SIGKILL)
    until(lambda: not is_alive(spawner.pid), "the spawner ends")
    with pytest.raises(FairleadError, match="FL-N031"):
        perform(spawner, "true")


def test_one_child_more_than_the_limit_is_refused(spawner: LocalSpawner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spawner_module, "CHILDREN_MAX", 1)

    async def two() -> None:
        first = asyncio.create_task(spawner.perform_program(Program(("sleep", "600"), "/")))
        await asyncio.sleep(0)
        with pytest.raises(FairleadError, match="FL-N032"):
            await spawner.perform_program(Program(("true",), "/"))
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await spawner.perform_program(Program(("true",), "/"))).process.exit_code == 0

    asyncio.run(two())


def test_closing_twice_is_harmless(spawner: LocalSpawner) -> None:
    spawner.close()
    spawner.close()
    assert not is_alive(spawner.pid)
