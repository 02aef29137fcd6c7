"""The processes of a certification: forked from one that has everything loaded, really killed, and cleared away.

A fork is a process of its own in all that counts here: its own threads, connections, locks and children. What it saves
is the interpreter's start. Nothing that is open in the parent is used in it: the parent opens no journal.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import Literal, NamedTuple, NoReturn

import msgspec

from fairlead.core.errors import FairleadError
from fairlead.env.processes import adopt_orphans, descendants, send
from fairlead.testing.certifying.breaking import Life
from fairlead.testing.certifying.judging import End, look
from fairlead.testing.certifying.performing import Around, Rehearsal, perform

LIFE_SECONDS_MAX = 300.0  # of one process; one that takes longer hangs
ORPHAN_SECONDS_MAX = 10.0  # what a killed process has started is gone by then
_LOOK_S = 0.002
_REFUSED, _BROKEN = 3, 10

How = Literal["ended", "killed", "refused", "broken", "stopped", "hung"]


class Said(msgspec.Struct, frozen=True):
    """What a process that was not killed says at its end."""

    status: str = ""  # of the run
    commits: int = 0
    effects: int = 0
    code: str = ""
    message: str = ""
    end: End | None = None


class Ended(NamedTuple):
    """How a process ended, and what it said."""

    how: How
    said: Said


class Children:
    """Starts processes and waits for them."""

    def __init__(self, around: Around) -> None:
        self._around = around
        adopt_orphans()
        self._kept = frozenset(descendants(os.getpid()))  # the server, and what the command itself has started
        self.kills = 0

    def seed(self, text: str) -> None:
        """What is drawn in the processes from here on follows from *text*."""
        self._around = self._around._replace(seed=text)

    def live(self, life: Life, *, is_ahead: bool = False) -> int:
        """Start a process that performs the run."""
        return self._fork(lambda: _live(self._around, life, is_ahead=is_ahead))

    def look(self) -> End | None:
        """What the run came to, read by a fresh process; None when it could not be read."""
        return self.wait(self._fork(lambda: Said(end=look(self._around)))).said.end

    def perform(self, life: Life) -> Ended:
        """Start a process that performs the run, and wait for its end."""
        return self.wait(self.live(life))

    def wait(self, pid: int, *, is_stop_enough: bool = False) -> Ended:
        """Wait until the process has ended, or was stopped."""
        deadline = time.monotonic() + LIFE_SECONDS_MAX
        while True:
            found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
            if found and os.WIFSTOPPED(status):
                if is_stop_enough:
                    return Ended("stopped", Said())
            elif found:
                return self._ended(pid, status)
            if time.monotonic() > deadline:
                send(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return Ended("hung", Said(message=f"it did not end within {LIFE_SECONDS_MAX:g} s"))
            time.sleep(_LOOK_S)

    def _ended(self, pid: int, status: int) -> Ended:
        if os.WIFSIGNALED(status):
            self.kills += 1
            return Ended("killed", Said(message=f"signal {os.WTERMSIG(status)}"))
        said = self._said(pid)
        how: dict[int, How] = {0: "ended", _REFUSED: "refused"}
        return Ended(how.get(os.WEXITSTATUS(status), "broken"), said)

    def _said(self, pid: int) -> Said:
        path = f"{self._around.stage.said}.{pid}"
        try:
            with open(path, "rb") as file:
                said = msgspec.json.decode(file.read(), type=Said)
        except (OSError, msgspec.DecodeError):
            return Said(message="it said nothing")
        os.unlink(path)
        return said

    def clear(self) -> int:
        """Wait until nothing is left of the processes that were started; gives how many had to be ended."""
        patience = time.monotonic() + ORPHAN_SECONDS_MAX
        while left := self._left():
            if time.monotonic() > patience:
                for pid in left:
                    send(pid, signal.SIGKILL)
                return len(left)
            time.sleep(_LOOK_S)
        return 0

    def end_all(self) -> None:
        """Leave no process behind, however the certification ended."""
        for pid in self._left():
            send(pid, signal.SIGKILL)
        self.clear()

    def _left(self) -> list[int]:
        self._reap()
        mine = os.getpid()
        if not any(pid not in self._kept for pid in _children_of(mine)):
            return []  # what is below those that are kept belongs to them
        kept = self._kept.union(*(descendants(pid) for pid in self._kept))
        return [pid for pid in descendants(mine) if pid not in kept]

    def _reap(self) -> None:
        """Let go of orphans that have ended; the server and the command's own children are waited for by others."""
        while True:
            try:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if found is None or found.si_pid in self._kept:
                return
            os.waitpid(found.si_pid, 0)

    def _fork(self, work: Callable[[], Said]) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            _become(self._around, work)
        return pid


def _children_of(pid: int) -> list[int]:
    """Its children, from one file of the kernel: a look at all processes of a machine is dear where there are many."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return [int(child) for child in file.read().split()]


def _become(around: Around, work: Callable[[], Said]) -> NoReturn:
    """Do *work* in this fork, and end without touching what belongs to the parent."""
    code = _BROKEN
    try:
        os.setpgid(0, 0)  # a Ctrl-C is the parent's: it ends what it has started
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        log = os.open(os.path.join(around.stage.folder, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for standard, descriptor in ((0, nothing), (1, log), (2, log)):
            os.dup2(descriptor, standard)
        try:
            said, code = work(), 0
        except FairleadError as refusal:
            first = refusal.diagnostics[0]
            said, code = Said(code=first.code, message=first.message), _REFUSED
        except BaseException as bug:
            traceback.print_exc()
            said = Said(message=f"{type(bug).__name__}: {bug}")
        with open(f"{around.stage.said}.{os.getpid()}", "wb") as file:
            file.write(msgspec.json.encode(said))
        sys.stderr.flush()
    finally:
        os._exit(code)


def _live(around: Around, life: Life, *, is_ahead: bool) -> Said:
    app = Rehearsal(around, life, is_ahead=is_ahead)
    try:
        status = perform(app, around.setup)
    finally:
        app.close()
    counts = app.breaking.counts
    return Said(status, counts["commit"], counts["effect"])
