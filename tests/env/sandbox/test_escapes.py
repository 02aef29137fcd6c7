"""Attempts to get out of the sandbox: none gets through, and those that do no harm do so without it."""

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fairlead.env.spawner import start_spawner
from tests.env.sandbox.conftest import Cell, said
from tests.proves import proves

PROBE = Path(__file__).with_name("probe.py").read_text("utf-8")
# What the same program gets through with outside: a test that could not fail would be no proof.
OPEN_OUTSIDE = (
    "read the home",
    "read another project",
    "secret in another's environment",
    "processes of the machine",
    "write beside by ..",
    "write through a link",
    "hard link to a secret",
    "write into what is installed",
    "host loopback",
    "abstract socket",
    "path socket",
    "netlink",
    "signal",
    "shared memory of the machine",
    "another's memory",
    "another's descriptor",
    "setns",
    "file by handle",
    "handle of a file",
    "file in memory",
    "addresses that do not change",
    "new privileges",
)
_IPC_CREAT = 0o1000


class Outside:
    """The machine around the sandbox: everything that an attempt may reach for."""

    def __init__(self, folder: Path, cell: Cell) -> None:
        self.folder = folder
        # Put together here: a word that stands in the program itself would be found on its own command line.
        self.word = "-".join(("a", "word", "of", "the", "environment"))
        (folder / "project").mkdir()
        self.outside = folder / "project" / "file"
        self.secret = folder / "secret"
        for path in (self.outside, self.secret, cell.copy.parent / "file"):
            path.write_text("whole")
        (folder / "state").mkdir()
        (cell.place / ".venv").mkdir()
        self.sleeping = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(300)", f"mark-{os.getpid()}"],
            env={"WORD": self.word},
            stdout=subprocess.DEVNULL,
        )
        self.listening = [
            _listening(socket.AF_INET, ("127.0.0.1", 0)),
            _listening(socket.AF_UNIX, f"\0fairlead-{os.getpid()}"),
            _listening(socket.AF_UNIX, str(folder / "socket")),
        ]
        self.shm = ctypes.CDLL(None).shmget(os.getpid(), 4096, _IPC_CREAT | 0o600)
        self.given: dict[str, Any] = {  # values of several kinds
            "attempts": [],
            "secret": str(self.secret),
            "outside": str(self.outside),
            "state": str(folder / "state"),
            "copy": str(cell.copy),
            "variable": self.word,
            "pid": self.sleeping.pid,
            "mark": f"mark-{os.getpid()}",
            "port": self.listening[0].getsockname()[1],
            "abstract": f"fairlead-{os.getpid()}",
            "socket": str(folder / "socket"),
            "shm": os.getpid(),
        }

    def close(self) -> None:
        self.sleeping.kill()
        self.sleeping.wait()
        for one in self.listening:
            one.close()
        ctypes.CDLL(None).shmctl(self.shm, 0, None)


def _listening(family: int, address: Any) -> socket.socket:  # addresses of two families
    one = socket.socket(family)
    one.bind(address)
    one.listen()
    return one


@pytest.fixture
def outside(tmp_path: Path, cell: Cell) -> Iterator[Outside]:
    made = Outside(tmp_path, cell)
    yield made
    made.close()


@proves("E4.2")
def test_no_attempt_gets_out(cell: Cell, outside: Outside) -> None:
    found = json.loads(said(cell.python(PROBE, stdin=json.dumps(outside.given).encode())))
    assert {name: what for name, what in found.items() if not what.startswith("denied")} == {}
    assert len(found) >= 70
    # Counted from outside: nothing was written, and nobody came.
    assert outside.outside.read_text() == "whole"
    assert (cell.copy.parent / "file").read_text() == "whole"
    assert outside.secret.stat().st_nlink == 1
    assert not list((cell.place / ".venv").iterdir())
    assert not [one for one in outside.listening if _has_visitor(one)]


@proves("E4.2")
def test_without_a_sandbox_the_harmless_ones_get_through(cell: Cell, outside: Outside) -> None:
    (cell.copy / ".venv").mkdir()
    given = {**outside.given, "attempts": OPEN_OUTSIDE}
    found = json.loads(said(cell.unconfined(PROBE, stdin=json.dumps(given).encode())))
    assert [name for name, what in found.items() if what != "through"] == []
    assert outside.outside.read_text() == "wholex"
    assert (cell.copy.parent / "file").read_text() == "wholex"
    assert all(_has_visitor(one) for one in outside.listening)


def _has_visitor(one: socket.socket) -> bool:
    one.setblocking(False)
    try:
        one.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="these numberings exist on x86_64 alone")
@pytest.mark.parametrize("number", [0x40000000 | 39, 0x40000000 | 165], ids=["x32 getpid", "x32 mount"])
def test_a_call_in_another_numbering_ends_the_program(cell: Cell, number: int) -> None:
    end = cell.python(f"import ctypes; ctypes.CDLL(None).syscall({number}, 0, 0, 0, 0); print('through')")
    assert end.process.exit_code == -31  # SIGSYS
    assert end.receipt.bounds == ("a system call that no program may make here",)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the old numbering exists on x86_64 alone")
def test_a_call_by_interrupt_ends_the_program(cell: Cell) -> None:
    # mov eax, 20 (getpid of i386); int 0x80; ret
    code = "import ctypes, mmap\npage = mmap.mmap(-1, 4096, prot=7)\npage.write(bytes.fromhex('b814000000cd80c3'))\n"
    code += "ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()\nprint('through')"
    assert cell.unconfined(code).process.exit_code != -31  # whatever the kernel makes of it, it is not our filter
    end = cell.python(code)
    assert end.process.exit_code == -31
    assert end.process.stdout == b""


def test_what_is_inside_says_nothing_of_the_machine(cell: Cell) -> None:
    seen = said(cell.perform("sh", "-c", "id -u; id -un; hostname; pwd; ls -A /; ls /home /root /srv 2>/dev/null; env"))
    assert seen.splitlines()[:4] == ["1000", "sandbox", "sandbox", str(cell.place)]
    assert os.uname().nodename not in seen.split()
    names = {line.split("=")[0] for line in seen.splitlines() if "=" in line}
    assert names == {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PWD"}


def test_a_variable_is_seen_only_when_it_is_passed_on(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOR_IT", "yes")
    monkeypatch.setenv("NOT_FOR_IT", "no")
    spawner = start_spawner()  # it has the environment of the moment when it began
    try:
        cell.spawner = spawner
        seen = said(cell.perform("env", passed_on=("FOR_IT",)))
    finally:
        spawner.close()
    assert "FOR_IT=yes" in seen.splitlines()
    assert "NOT_FOR_IT" not in seen


def test_where_nothing_may_be_written_nothing_is(cell: Cell) -> None:
    (cell.copy / "file").write_text("whole")
    cell.limits = msgspec.structs.replace(cell.limits, is_copy=False)
    end = cell.perform("sh", "-c", "cat file; echo more >> file")
    assert (end.process.exit_code, end.process.stdout) == (2, b"whole")
    assert (cell.copy / "file").read_text() == "whole"
    assert "nothing written" in end.receipt.limits
