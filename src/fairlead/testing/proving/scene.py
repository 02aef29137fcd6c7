"""A stage for real processes: a repository, its state directory, the world outside, and every process that was started.

What is asked of it afterwards are the oracles of the bar: what was printed is in the journal, an attempt has one
outcome, the journal verifies, and no process, working copy, lock or temporary directory is left.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from fairlead.core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    AttemptUncertain,
    Event,
    Recorded,
    RunEnded,
)
from fairlead.core.ids import RunId
from fairlead.env.clock import SystemClock
from fairlead.env.isolation import switch_isolation_off
from fairlead.env.permissions import Permission, write_permissions
from fairlead.env.processes import adopt_orphans, descendants, send
from fairlead.journal import Reader, open_reader, verify

FAIRLEAD = (sys.executable, "-P", "-m", "fairlead")
ORPHAN_SECONDS_MAX = 10.0
PATIENCE_SECONDS = 90.0  # only a program that hangs makes a proof wait so long
DAY = "2026-11-21"  # of the settings that a person has made

Outcome = AttemptSucceeded | AttemptFailed | AttemptCancelled | AttemptLost | AttemptUncertain


class Broken(Exception):
    """A promise did not hold; the text says which one, and what was seen."""


class Said(NamedTuple):
    """What one call of the program left behind."""

    exit_code: int
    out: str
    err: str


class Started:
    """A call of the program that is under way."""

    def __init__(self, process: "subprocess.Popen[bytes]", words: Sequence[str]) -> None:
        self.process = process
        self.words = words
        self.out = b""
        self._said: Said | None = None

    def read_until(self, seen: Callable[[bytes], bool], seconds: float = PATIENCE_SECONDS) -> bool:
        """Read what it prints until *seen* says yes to all of it; False when it ended, or the time was over, before."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        until = time.monotonic() + seconds
        while not seen(self.out):
            ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
            data = os.read(descriptor, 65_536) if ready else b""
            if not data:
                return False
            self.out += data
        return True

    def send(self, number: int) -> None:
        """A signal to this process alone."""
        self.process.send_signal(number)

    def end(self, seconds: float = PATIENCE_SECONDS) -> Said:
        """Wait until it has ended.

        Raises:
            Broken: it does not end.
        """
        if self._said is not None:
            return self._said
        try:
            out, err = self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise Broken(f"fairlead {' '.join(self.words)} does not end") from None
        self.out += out
        self._said = Said(self.process.returncode, self.out.decode(), err.decode("utf-8", "replace"))
        return self._said

    def facts(self) -> list[dict[str, Any]]:  # documents of any shape
        """The whole lines of `--jsonl` that it has printed: each is acknowledged."""
        whole, _, _ = self.out.rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]


class Scene:
    """One repository, made on the spot, and all that is started in it."""

    def __init__(
        self, directory: Path, files: Mapping[str, str], *, is_open: bool = True, state: Path | None = None
    ) -> None:
        """*files* are those of the repository. With *is_open* a person has switched isolation off: programs may write
        to the world outside. The state directory lies at *state*, else where it usually does."""
        self._before = frozenset(descendants(os.getpid()))
        self.directory = directory
        self.repository = directory / "repository"
        self.outside = directory / "outside"
        self.state = state or self.repository / ".git" / "fairlead"
        self.temporary = directory / "tmp"
        for path in (self.repository, self.outside, self.temporary, directory / "home"):
            path.mkdir(parents=True)
        self.environ = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(directory / "home"),
            "TMPDIR": str(self.temporary),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            "GIT_CONFIG_NOSYSTEM": "1",
            "FAIRLEAD_DATA_DIR": str(directory / "data"),
            **({"FAIRLEAD_STATE_DIR": str(state)} if state else {}),
            **{name: os.environ[name] for name in ("PYTHONPATH", "PYTHONDONTWRITEBYTECODE") if name in os.environ},
        }
        self.started: list[Started] = []
        for name, text in files.items():
            (self.repository / name).parent.mkdir(parents=True, exist_ok=True)
            (self.repository / name).write_text(text)
        self.git("init", "-q", "-b", "main")
        self.git("add", ".")
        self.git("-c", "user.name=ada", "-c", "user.email=ada@localhost", "commit", "-q", "-m", "begin")
        if is_open:
            switch_isolation_off(str(directory / "data"), str(self.state), "ada", DAY, "")

    def allow(self, *kinds: str) -> None:
        """As its person, let effects of these kinds happen unasked."""
        allowed = tuple(Permission(kind, "ada", DAY) for kind in kinds)
        write_permissions(str(self.directory / "data"), str(self.state), allowed)

    def git(self, *words: str) -> str:
        """What git answers about the repository."""
        done = subprocess.run(["git", *words], cwd=self.repository, env=self.environ, capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"git {' '.join(words)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def start(self, *words: str, within: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Started:
        """Begin a call of the program, in a session of its own; *within* is a command that performs its arguments."""
        process = subprocess.Popen(
            [*within, *FAIRLEAD, *words],
            cwd=self.repository,
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.started.append(Started(process, words))
        return self.started[-1]

    def call(self, *words: str, exit_codes: Sequence[int] = (0,), within: Sequence[str] = ()) -> Said:
        """A call of the program, to its end.

        Raises:
            Broken: it ended with another exit code than one of these.
        """
        said = self.start(*words, within=within).end()
        if exit_codes and said.exit_code not in exit_codes:
            raise Broken(f"fairlead {' '.join(words)} ended with {said.exit_code}: {said.out}{said.err}")
        return said

    # ------------------------------------------------------------------------------------------- what is recorded

    @cached_property
    def reader(self) -> Reader:
        """What looks at the journal; it changes nothing."""
        return open_reader(str(self.state), clock=SystemClock())

    def head(self) -> int:
        """How many events are recorded."""
        return self.reader.head()

    def runs(self) -> list[RunId]:
        """Every run that is recorded."""
        return [row.run for row in self.reader.runs()]

    def records(self, run: RunId) -> list[Recorded]:
        """What the journal says of *run*."""
        return list(self.reader.events_of(run))

    def events(self, run: RunId) -> list[Event]:
        return [record.event for record in self.records(run)]

    def ended(self, run: RunId) -> RunEnded | None:
        """How it ended; None when it has not."""
        return next((event for event in self.events(run) if isinstance(event, RunEnded)), None)

    def wait_for(self, ask: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Ask until the answer is true.

        Raises:
            Broken: it never is.
        """
        until = time.monotonic() + seconds
        while not ask():
            if time.monotonic() > until:
                raise Broken(f"it did not come about: {what}")
            time.sleep(0.01)

    def ledger(self) -> Counter[str]:
        """How often each name was written down by a program: each is one piece of work that was really done."""
        path = self.outside / "ledger"
        return Counter(path.read_text().split() if path.exists() else [])

    # ------------------------------------------------------------------------------------------- what must hold

    def check_record(self) -> None:
        """The journal verifies, and no attempt has two outcomes, or one without having begun.

        Raises:
            Broken: it is not so.
        """
        report = verify(str(self.state), clock=SystemClock())
        if report.problems:
            raise Broken(f"the journal does not verify: {report.problems[0]}")
        for run in self.runs():
            begun: Counter[tuple[str, int]] = Counter()
            outcomes: Counter[tuple[str, int]] = Counter()
            for event in self.events(run):
                if isinstance(event, AttemptStarted):
                    begun[event.place, event.attempt] += 1
                elif isinstance(event, Outcome):
                    outcomes[event.place, event.attempt] += 1
            for found, what in ((begun, "began twice"), (outcomes, "has two outcomes")):
                twice = [key for key, count in found.items() if count > 1]
                if twice:
                    raise Broken(f"attempt {twice[0]} of {run} {what}")
            if self.ended(run) is not None and set(begun) - set(outcomes):
                raise Broken(f"{run} has ended, and an attempt has not: {sorted(set(begun) - set(outcomes))}")

    def check_acknowledged(self, started: Started) -> int:
        """Everything that *started* has printed is in the journal; gives how many steps were reported as done.

        Raises:
            Broken: something is not.
        """
        facts = [fact for fact in started.facts() if fact.get("seq")]
        known = {run: {record.seq: record for record in self.records(run)} for run in {fact["run"] for fact in facts}}
        told = {(fact["seq"], fact.get("step")) for fact in facts}
        for fact in facts:
            record = known[fact["run"]].get(fact["seq"])
            if record is None or record.at != fact["at"]:
                raise Broken(f"acknowledged and lost: {fact}")
            # With the end of its last step a block ends too, and that is told beside it.
            place = getattr(record.event, "place", None)
            if "step" in fact and place != fact["step"] and (fact["seq"], place) not in told:
                raise Broken(f"acknowledged is {fact['step']}, recorded is {place}: {fact}")
        return sum(fact["type"] == "step.succeeded" for fact in facts)

    def check_gone(self, seconds: float = ORPHAN_SECONDS_MAX) -> float:
        """No process below this one is left after *seconds*; gives how long that took. Needs `adopting`.

        Raises:
            Broken: some are.
        """
        began = time.monotonic()
        while left := self.processes():
            if time.monotonic() - began > seconds:
                raise Broken(f"processes are left after {seconds:g} s: {[_words(pid) for pid in left]}")
            time.sleep(0.005)
        return time.monotonic() - began

    def processes(self) -> list[int]:
        """Every living process that was started here, however often it forked. Needs `adopting`."""
        return [pid for pid in descendants(os.getpid()) if pid not in self._before]

    def check_nothing_left(self) -> None:
        """No working copy, progress, worker, lock or temporary directory is left. Only when nothing runs.

        Raises:
            Broken: something is.
        """
        left = [
            path for path in (self.state / "trees").glob("*/*") if not path.parent.name.endswith((".git", ".effects"))
        ]
        left += (self.state / "live").glob("*")
        left += self.temporary.iterdir()
        left += (path for path in self.repository.joinpath(".git").rglob("*.lock") if path.name != "writer.lock")
        left += (self.state / "trees").glob("*.effects/*.scratch")
        if left:
            raise Broken(f"left behind: {sorted(str(path.relative_to(self.directory)) for path in left)[:5]}")

    def close(self) -> None:
        """End whatever is still there."""
        if "reader" in self.__dict__:
            self.reader.close()
        for started in self.started:
            if started.process.poll() is None:
                started.process.kill()
            started.process.wait()
            for stream in (started.process.stdout, started.process.stderr):
                if stream is not None:
                    stream.close()
        until = time.monotonic() + ORPHAN_SECONDS_MAX
        while (left := self.processes()) and time.monotonic() < until:
            for pid in left:
                send(pid, signal.SIGKILL)
            time.sleep(0.01)


@contextmanager
def adopting() -> Iterator[None]:
    """Whatever the processes below leave becomes a child of this one meanwhile, so that an orphan is seen."""
    adopt_orphans()
    try:
        yield
    finally:
        reap()


def reap() -> None:
    """Take the ends of adopted children: nobody else waits for them."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                state, parent = Path(f"/proc/{name}/stat").read_bytes().rpartition(b")")[2].split()[:2]
                if state == b"Z" and int(parent) == os.getpid():
                    os.waitpid(int(name), os.WNOHANG)
            except (OSError, ValueError):
                continue


def _words(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")[:200]
    except OSError:
        return str(pid)
