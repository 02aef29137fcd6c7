"""The real door: `python -m fairlead` in a fresh process, in a real repository, as a person or a pipeline calls it."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairlead.env.isolation import switch_isolation_off

PATIENCE_SECONDS = 60.0  # only a program that hangs lets a test wait this long


def words(*parts: str) -> str:
    """Text that is put together at run time, so that no scanner finds it here."""
    return "".join(parts)


@dataclass
class Answer:
    """What one call left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # a document of any shape
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:  # as above
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Door:
    """A repository, and a way to call the program in it."""

    root: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keep = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "PYTHONPATH") if name in os.environ}
        self.environ = {"LC_ALL": "C.UTF-8", **keep, "HOME": str(self.root.parent), **self.environ}

    def write(self, path: str, text: str | bytes) -> None:
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())

    def git(self, *argv: str) -> str:
        names = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "init.defaultBranch=main")
        done = subprocess.run(
            ["git", *names, *argv], cwd=self.root, env=self.environ, check=True, capture_output=True, text=True
        )
        return done.stdout

    def allow_outside(self) -> None:
        """As its person, switch isolation off for this project: its programs may write beside the checkout."""
        home = self.root.parent / ".local/share"
        for state in (self.root / ".git/fairlead", self.root / ".fairlead/state"):
            switch_isolation_off(str(home / "fairlead"), str(state), "ada", "2026-11-21", "")

    def commit(self) -> None:
        self.git("init", "-q", ".")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "Begin")

    def argv(self, *argv: str) -> list[str]:
        return [sys.executable, "-m", "fairlead", *argv]

    def call(self, *argv: str, **environ: str) -> Answer:
        done = subprocess.run(
            self.argv(*argv),
            cwd=self.root,
            env={**self.environ, **environ},
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            stdin=subprocess.DEVNULL,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def start(self, *argv: str) -> "subprocess.Popen[bytes]":
        """The program in a process group of its own, without a terminal."""
        return subprocess.Popen(
            self.argv(*argv),
            cwd=self.root,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def wait_until_step_runs(self, step: str) -> str:
        """Wait for a run in which *step* has begun; gives its id."""

        def begun() -> str:
            answer = self.call("runs", "show", "last", "--json")
            if answer.code:
                return ""
            found = {one["step"]: one["status"] for one in answer.json["steps"]}
            run = str(answer.json["run"])
            return run if found.get(step) == "running" else ""

        return str(wait_for(begun))


def wait_for(ask: Any) -> Any:  # whatever the question gives once it is true
    """Ask again and again until the answer is true; processes of others have no other bell."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.02)
    return answer


class AttendedDoor:
    """The program on a terminal, with a person before it."""

    def __init__(self, door: Door, *argv: str, columns: int = 100, rows: int = 40, **environ: str) -> None:
        import fcntl
        import struct
        import termios

        self.text = ""
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            os.chdir(door.root)
            os.execve(sys.executable, door.argv(*argv), {**door.environ, "TERM": "xterm-256color", **environ})
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, text: str) -> None:
        """Read what is drawn until *text* was."""
        end = time.monotonic() + PATIENCE_SECONDS
        while text not in self.text:
            assert time.monotonic() < end, f"{text!r} was not drawn:\n{self.text}"
            if not self._read():
                raise AssertionError(f"the program ended without {text!r}:\n{self.text}")

    def type(self, data: bytes) -> None:
        os.write(self._terminal, data)

    def end(self) -> int:
        """Read to the end; gives the exit code."""
        end = time.monotonic() + PATIENCE_SECONDS
        while self._read():
            assert time.monotonic() < end, self.text
        _, status = os.waitpid(self._pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], 1.0)
        if not ready:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # Linux says EIO when the other side is closed
            return False
        # Without colour: what is said, not how. The few sequences that move the cursor stay.
        self.text += re.sub(r"\x1b\[[0-9;]*m", "", data.decode("utf-8", "replace"))
        return bool(data)


def stop_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Send a signal to the process and what it started, as a terminal does."""
    os.killpg(process.pid, number)
