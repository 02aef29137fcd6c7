"""Nothing outlives a call, a cancel, or the worker: not what ignores SIGTERM, and not what forks twice."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.core.ports import Program, ToolCall
from fairlead.env.spawner import LocalSpawner
from tests.env.conftest import TOOLS, is_alive, noted, until
from tests.proves import proves

DEAF = "trap '' TERM INT HUP; echo $$ >> {pids}; while :; do sleep 600; done"
# Two forks and a session of its own: neither the group nor the parent leads back to the program.
DAEMON = "setsid sh -c 'setsid sh -c \"echo \\$\\$ >> {pids}; exec sleep 600\" &' ; echo $$ >> {pids}; exec sleep 600"

WORKER = """
import asyncio, os, sys
sys.path.insert(0, {tools!r})
from fairlead.env.spawner import start_spawner
from fairlead.core.ports import Program, ToolCall

spawner = start_spawner()
sys.stdout.write(f"{{spawner.pid}}\\n")
sys.stdout.flush()

async def main():
    nothing = lambda text, found: None
    programs = [spawner.perform_program(Program(("sh", "-c", script), "/")) for script in {scripts!r}]
    tools = [spawner.call_tool(ToolCall("acting_tools:" + n, {{"pids": {pids!r}}}, "/"), nothing) for n in {names!r}]
    await asyncio.gather(*programs, *tools)

asyncio.run(main())
"""


def cancel_when(spawner: LocalSpawner, call: Program | ToolCall, is_ready: Callable[[], bool]) -> None:
    async def run() -> None:
        if isinstance(call, Program):
            running: asyncio.Task[object] = asyncio.create_task(spawner.perform_program(call))
        else:
            running = asyncio.create_task(spawner.call_tool(call, lambda text, found: None))
        while not is_ready():
            assert not running.done(), running
            await asyncio.sleep(0.005)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(asyncio.wait_for(run(), 30))


def test_cancelling_ends_a_program_and_its_children(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"echo $$ >> {pids}; sh -c 'echo $$ >> {pids}; sleep 600; true'; true"
    cancel_when(spawner, Program(("sh", "-c", script), "/"), lambda: len(noted(pids)) == 2)
    assert not any(is_alive(pid) for pid in noted(pids))


def test_cancelling_ends_a_program_that_ignores_sigterm(
    spawner: LocalSpawner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"
    program = Program(("sh", "-c", DEAF.format(pids=pids)), "/")
    cancel_when(spawner, program, lambda: len(noted(pids)) == 1)
    assert not is_alive(noted(pids)[0])


def test_cancelling_ends_a_daemon_that_forked_twice(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    cancel_when(spawner, Program(("sh", "-c", DAEMON.format(pids=pids)), "/"), lambda: len(noted(pids)) == 2)
    assert not any(is_alive(pid) for pid in noted(pids))


def test_cancelling_a_tool_ends_its_programs_and_its_daemons(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    call = ToolCall("acting_tools:hangs_with_children", {"pids": str(pids)}, "/")
    cancel_when(spawner, call, lambda: len(noted(pids)) == 3)
    assert not any(is_alive(pid) for pid in noted(pids))


def test_cancelling_a_tool_removes_the_files_that_were_put_down_for_it(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids, root = tmp_path / "pids", tmp_path / "root"
    call = ToolCall("acting_tools:hangs_over_files", {"pids": str(pids), "root": str(root)}, "/")
    cancel_when(spawner, call, lambda: len(noted(pids)) == 1)
    folder = Path(root.read_text())
    assert folder.name.startswith("fairlead-files-")
    assert not folder.exists()


def test_cancelling_twice_does_not_wait_for_the_grace(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    async def run() -> None:
        program = Program(("sh", "-c", DEAF.format(pids=pids)), "/")
        running = asyncio.create_task(spawner.perform_program(program))
        while not noted(pids):
            await asyncio.sleep(0.005)
        running.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not running.done()
        running.cancel()
        # Far less than the grace of five seconds, and far more than a kill takes.
        await asyncio.wait({running}, timeout=4)
        assert running.done()

    asyncio.run(run())
    assert not is_alive(noted(pids)[0])


def test_a_call_that_is_cancelled_before_it_began_starts_nothing(spawner: LocalSpawner, tmp_path: Path) -> None:
    proof = tmp_path / "proof"

    async def run() -> None:
        running = asyncio.create_task(spawner.perform_program(Program(("touch", str(proof)), "/")))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await spawner.perform_program(Program(("true",), "/"))).process.exit_code == 0

    asyncio.run(run())
    assert not proof.exists()


def test_closing_the_spawner_ends_what_runs(spawner: LocalSpawner, tmp_path: Path) -> None:
    pids = tmp_path / "pids"

    async def run() -> None:
        program = Program(("sh", "-c", DEAF.format(pids=pids)), "/")
        running = asyncio.create_task(spawner.perform_program(program))
        while not noted(pids):
            await asyncio.sleep(0.005)
        spawner.close()
        assert (await running).process.exit_code == -signal.SIGKILL

    asyncio.run(run())
    assert not is_alive(noted(pids)[0])
    assert not is_alive(spawner.pid)


@proves("B8.1")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_when_the_worker_is_killed_nothing_is_left(tmp_path: Path, number: int) -> None:
    pids = tmp_path / "pids"
    scripts = [script.format(pids=pids) for script in (DEAF, DAEMON)]
    text = WORKER.format(tools=TOOLS, scripts=scripts, pids=str(pids), names=["hangs", "hangs_with_children"])
    worker = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    spawner_pid = int(worker.stdout.readline())
    try:
        until(lambda: len(noted(pids)) == 7, "all children have started")
        assert all(is_alive(pid) for pid in noted(pids))
    finally:
        worker.send_signal(number)
        worker.wait()
    until(lambda: not any(is_alive(pid) for pid in (*noted(pids), spawner_pid)), "all of them end")
    # The end of the pipe is proof that nobody else holds it: no keeper, no child.
    assert worker.stdout.read() == b""
    worker.stdout.close()


def test_ctrl_c_reaches_the_worker_only(tmp_path: Path) -> None:
    """A terminal sends SIGINT to its whole foreground group; what it means for the children is the worker's affair."""
    pids = tmp_path / "pids"
    scripts = [f"echo $$ >> {pids}; exec sleep 600"]
    text = WORKER.format(tools=TOOLS, scripts=scripts, pids=str(pids), names=["hangs"]).replace(
        "asyncio.run(main())",
        "import signal; signal.signal(signal.SIGINT, lambda *_: os.write(1, b'interrupted\\n')); asyncio.run(main())",
    )
    worker = subprocess.Popen([sys.executable, "-c", text], stdout=subprocess.PIPE, start_new_session=True)
    assert worker.stdout is not None
    try:
        spawner_pid = int(worker.stdout.readline())
        until(lambda: len(noted(pids)) == 2, "both children have started")
        os.killpg(worker.pid, signal.SIGINT)
        assert worker.stdout.readline() == b"interrupted\n"
        assert all(is_alive(pid) for pid in (*noted(pids), spawner_pid))
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    until(lambda: not any(is_alive(pid) for pid in (*noted(pids), spawner_pid)), "all of them end")


def test_signals_to_the_spawner_mean_nothing(spawner: LocalSpawner) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(spawner.pid, number)
    end = asyncio.run(spawner.perform_program(Program(("sh", "-c", "kill -INT $$; echo survived"), "/")))
    assert is_alive(spawner.pid)
    # And the programs have the usual answer to signals, not ours.
    assert end.process.exit_code == -signal.SIGINT
    assert end.process.stdout == b""
