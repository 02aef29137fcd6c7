"""What a confined program may use, all its processes together, and how it ends when it uses more."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from fairlead.core.ports import Program
from tests.env.conftest import is_alive, until
from tests.env.sandbox.conftest import Cell, said
from tests.proves import proves

FORKING = """
import os, time
for count in range(400):
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)
print("forked", flush=True)
time.sleep(60)
"""
# Each process stays below the limit of a single one.
SHARING_OUT = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        held = bytearray(60_000_000)
        held[::4096] = b"x" * len(held[::4096])
        time.sleep(60)
        os._exit(0)
time.sleep(60)
"""


@proves("E4.1")
def test_too_many_processes_end_the_sandbox_as_a_whole(cell: Cell) -> None:
    cell.limit(processes_max=40)
    end = cell.python(FORKING)
    assert end.process.reached == "40 processes"
    assert end.receipt.bounds == ("40 processes",)
    assert end.process.exit_code == -signal.SIGKILL


@proves("E4.1")
def test_memory_counts_for_all_processes_together(cell: Cell) -> None:
    cell.limit(memory_max=150_000_000)
    end = cell.python(SHARING_OUT)
    assert end.process.reached == "memory 150 MB"
    assert end.receipt.memory_bytes > 150_000_000


def _least_seen(cell: Cell) -> int:
    """What the kernel says of a program that needs nothing, and a little more.

    A program's highest resident size begins with that of the process which forked it, and this one may be large.
    """
    return cell.python("pass").receipt.memory_bytes + 20_000_000


@proves("E4.1")
def test_one_process_is_refused_more_memory_than_all_may_have(cell: Cell) -> None:
    cell.limit(memory_max=150_000_000)
    end = cell.python("held = bytearray(300_000_000)")
    assert end.process.exit_code == 1
    assert b"MemoryError" in end.process.stderr
    assert end.receipt.memory_bytes < max(150_000_000, _least_seen(cell))


def test_memory_that_processes_share_counts_once(cell: Cell) -> None:
    cell.limit(memory_max=150_000_000)
    code = "import os, time\nheld = bytearray(80_000_000)\n"
    code += "for _ in range(4):\n if os.fork() == 0: time.sleep(0.4); os._exit(0)\n"
    end = cell.python(code + "for _ in range(4): os.wait()\nprint('whole')")
    assert said(end) == "whole"


def test_what_is_used_is_in_the_receipt(cell: Cell) -> None:
    end = cell.python("held = b'x' * 50_000_000; print(sum(range(3_000_000)) > 0)")
    assert said(end) == "True"
    assert 50_000_000 < end.receipt.memory_bytes < max(150_000_000, _least_seen(cell))
    assert end.receipt.cpu_seconds > 0.02
    assert end.receipt.limits == (
        "memory 512 MB, looked at from outside",
        "256 processes",
        "1,000 MB and 20,000 files written",
        "output 10 MB",
        "no network",
    )


@proves("E4.1")
def test_a_copy_that_grows_too_large_ends_the_sandbox(cell: Cell) -> None:
    cell.limit(disk_max=10_000_000)
    code = "for n in range(4):\n open(f'f{n}', 'wb').write(b'x' * 4_000_000)"
    end = cell.python(code)  # too fast for a look in between: the last look sees it
    assert end.process.reached == "10 MB written"
    assert end.process.exit_code == 0  # it did come to its end; that counts for nothing
    code = code.replace("'f{n}'", "'g{n}'") + "\nimport time; time.sleep(60)"
    assert cell.python(code).process.exit_code == -signal.SIGKILL


@proves("E4.1")
def test_too_many_files_end_the_sandbox(cell: Cell) -> None:
    cell.limit(files_max=50)
    (cell.copy / "there").mkdir()
    for number in range(40):
        (cell.copy / "there" / str(number)).touch()  # what was there does not count
    assert cell.python("for n in range(40): open(f'f{n}', 'w')").process.reached == ""
    assert cell.python("for n in range(90): open(f'g{n}', 'w')").process.reached == "50 files"


def test_folders_too_deep_to_look_into_end_the_sandbox(cell: Cell) -> None:
    end = cell.python("import os\nfor _ in range(230): os.mkdir('d'); os.chdir('d')")
    assert end.process.reached == "folders 200 deep"


@pytest.mark.parametrize("size", [11_000_000, 3_000_000_000])
def test_one_file_may_not_be_larger_than_all(cell: Cell, size: int) -> None:
    cell.limit(disk_max=10_000_000)
    end = cell.python("import sys\nopen('sparse', 'wb').truncate(int(sys.argv[1]))", str(size))
    assert end.process.exit_code != 0
    assert (cell.copy / "sparse").stat().st_size == 0


@pytest.mark.parametrize("folder", ["/tmp", "/dev/shm"])
def test_memory_that_looks_like_a_disk_is_bounded(cell: Cell, folder: str) -> None:
    code = "import os, sys\ntry:\n for n in range(9):\n  with open(f'{sys.argv[1]}/f{n}', 'wb') as file:\n"
    code += "   os.posix_fallocate(file.fileno(), 0, 100_000_000)\nexcept OSError as error:\n print(error.errno, n)"
    errno, held = said(cell.python(code, folder)).split()
    assert errno == "28"  # no space is left
    assert int(held) == {"/tmp": 5, "/dev/shm": 0}[folder]


def test_who_hears_sigterm_may_tidy_up(cell: Cell) -> None:
    code = "import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(7))\n"
    end = cell.python(code + "print('on', flush=True); time.sleep(60)", timeout_s=0.5)
    assert (end.process.is_timed_out, end.process.exit_code) == (True, 7)


@proves("E4.1")
def test_nothing_outlives_the_step(cell: Cell) -> None:
    mark = f"fairlead-{os.getpid()}"
    script = f"setsid sh -c 'exec -a {mark} sleep 300' & setsid sh -c 'setsid sleep 300 {mark}' & echo done"
    assert said(cell.perform("bash", "-c", script)) == "done"
    assert not [pid for pid in _processes() if mark in _command_line(pid)]


def test_cancelling_ends_all_of_it(cell: Cell) -> None:
    async def cancelled() -> None:
        script = f"touch {cell.place}/began; (setsid sleep 301 &) ; sleep 300"
        program = Program(("sh", "-c", script), str(cell.copy), confinement=cell.limits)
        task = asyncio.create_task(cell.spawner.perform_program(program))
        while not (cell.copy / "began").exists():
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    before = set(_processes())
    asyncio.run(cancelled())
    left = [pid for pid in set(_processes()) - before if "sleep 30" in _command_line(pid).replace("\0", " ")]
    until(lambda: not any(is_alive(pid) for pid in left), "what was cancelled is gone")


@proves("E4.1")
def test_a_flood_of_output_is_cut_and_ends_the_program(cell: Cell) -> None:
    end = cell.perform("yes", output_max=200_000)
    assert end.process.is_cut
    assert len(end.process.stdout) == 200_000
    assert end.receipt.bounds == ("output 200,000 bytes",)


@pytest.mark.parametrize(
    ("script", "code"),
    [("exit 3", 3), ("kill -9 $$", -9), ("kill -SEGV $$", -11), ("exit 127", 127), ("exit 200", 200)],
)
def test_the_exit_code_is_the_programs_own(cell: Cell, script: str, code: int) -> None:
    assert cell.perform("sh", "-c", script).process.exit_code == code


@pytest.mark.parametrize("name", ["no-such-program", "./no-such-script", "/usr/bin/no-such-program"])
def test_a_program_that_is_not_there_is_said_before_anything_runs(cell: Cell, name: str) -> None:
    end = cell.perform(name)
    assert end.process.exit_code == 127
    assert end.process.stderr.decode() == f"cannot start {name}: there is no such program in the sandbox\n"


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace")
    except OSError:
        return ""
