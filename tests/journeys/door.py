"""The door as other programs meet it: `python -m fairlead` in a fresh process, with nothing of this one's environment.

`Door.call` waits for the answer; `Door.start` gives a process to talk to.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

PATIENCE_SECONDS = 60.0  # only a program that hangs makes a test wait so long
T = TypeVar("T")
# A namespace of its own needs a root user, which everybody is in a user namespace.
UNSHARE = ("unshare",) if os.geteuid() == 0 else ("unshare", "--map-root-user")

# -P: as behind the installed command, nothing that lies in the directory at hand is imported.
FAIRLEAD = (sys.executable, "-P", "-m", "fairlead")


class Answer(NamedTuple):
    """What one call left behind."""

    exit_code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        return self.out.decode()

    @property
    def said(self) -> str:
        return self.err.decode()

    @property
    def json(self) -> Any:  # a document of any shape
        return json.loads(self.out)

    @property
    def facts(self) -> list[dict[str, Any]]:  # as above
        return [json.loads(line) for line in self.out.splitlines()]


class Door:
    """A way to call the program, for a person who has never configured anything."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.environ = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            "GIT_CONFIG_NOSYSTEM": "1",
        }

    def allow_outside(self, directory: Path) -> None:
        """As its person, switch isolation off for a project: its programs may write beside the checkout."""
        assert self.call(directory, "sandbox", "off").exit_code == 0

    def call(
        self,
        directory: Path,
        *words: str | bytes,
        within: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the program in *directory* and wait; *within* is a command that performs its arguments."""
        done = subprocess.run(
            [*within, *FAIRLEAD, *words],
            cwd=directory,
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def start(self, directory: Path, *words: str) -> "Started":
        """Start the program in *directory*, in a process group of its own, as a shell does."""
        return Started(
            subprocess.Popen(
                [*FAIRLEAD, *words],
                cwd=directory,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                process_group=0,
            )
        )

    def review(self, directory: Path, *words: str, within: Sequence[str] = ()) -> Answer:
        """`review --json`."""
        return self.call(directory, "review", "--json", *words, within=within)

    def verify(self, directory: Path) -> dict[str, Any]:  # of the verdict, fields of several kinds
        """`journal verify`, which must find the whole record right."""
        answer = self.call(directory, "journal", "verify", "--json")
        assert answer.exit_code == 0, answer.said
        verdict: dict[str, Any] = answer.json
        return verdict


class Started:
    """A program at work, with both of its streams."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process
        self.out = b""

    def read_until(self, seen: Callable[[bytes], bool]) -> bytes:
        """Read stdout until *seen* says yes to all that came."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        end = time.monotonic() + PATIENCE_SECONDS
        while not seen(self.out):
            ready, _, _ = select.select([descriptor], [], [], max(0.0, end - time.monotonic()))
            data = os.read(descriptor, 65_536) if ready else b""
            assert data, f"it never came: {self.out!r}"
            self.out += data
        return self.out

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> Answer:
        """Wait for the end."""
        try:
            out, err = self.process.communicate(timeout=PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise
        return Answer(self.process.returncode, self.out + out, err)


def wait_for(ask: Callable[[], T]) -> T:
    """Ask until the answer is true: a file of another process has no other bell that this one could hear."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not (answer := ask()):
        assert time.monotonic() < end, "it did not come about"
        select.select([], [], [], 0.01)
    return answer
