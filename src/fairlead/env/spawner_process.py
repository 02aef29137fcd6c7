"""The spawner: one small process per worker, forked before any thread exists, from which every child is started.

It only forks a keeper for each call and cleans up after one that was killed. When the worker's end of the control
socket closes, however the worker ended, the keepers notice at their own sockets, kill everything, and it ends too.
"""

import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from typing import NoReturn

from fairlead.env.processes import adopt_orphans, kill_strays, send

LAST_SECONDS_MAX = 8.0  # for the keepers to end what they keep, once the worker is gone


def become_spawner(control: socket.socket, signals_blocked: Iterable[int]) -> NoReturn:
    """Turn this fork into the spawner, and end."""
    try:
        descriptor = _settle(control.detach())
        signal.pthread_sigmask(signal.SIG_SETMASK, signals_blocked)
        # Loaded once here, so that a call pays for a fork and its own imports only.
        from fairlead.env import keeper
        from fairlead.env.sandbox import keeping  # noqa: F401  # the keeper's forks find it there

        gc.collect()
        gc.freeze()  # the forks share these pages as long as nobody writes to them
        _Spawner(socket.socket(fileno=descriptor), keeper.keep).serve()
    finally:
        os._exit(0)


def _settle(control: int) -> int:
    """Leave the terminal and everything that the worker has open."""
    os.setsid()  # Ctrl-C goes to the terminal's process group: the worker decides what it means for the children
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # A function and not SIG_IGN: programs started from here must find the default again.
        signal.signal(number, _stay)
    high = os.dup2(control, 64)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)
    os.dup2(high, 3, inheritable=False)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    _narrow_import_path()
    adopt_orphans()
    os.umask(0o077)
    return 3


def _stay(number: int, frame: object) -> None:
    """A signal to the spawner means nothing: it ends with its worker."""


def _narrow_import_path() -> None:
    """Nothing may be imported from the directory that the command was called in: that is the code under review.

    `python -m fairlead` puts it first. It stays only where Fairlead itself lies in it.
    """
    ours = os.path.realpath(os.path.dirname(os.path.dirname(os.path.dirname(__file__))))
    here = os.path.realpath(os.getcwd())
    kept = [os.path.abspath(entry) for entry in sys.path if entry]
    sys.path[:] = [entry for entry in kept if (real := os.path.realpath(entry)) == ours or real != here]


class _Spawner:
    def __init__(self, control: socket.socket, keep: Callable[[socket.socket], None]) -> None:
        self.control = control
        self.keep = keep
        self.keepers: set[int] = set()
        self.wake, wake_in = os.pipe()
        for descriptor in (self.wake, wake_in):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake_in, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _stay)
        self.wake_in = wake_in

    def serve(self) -> None:
        poll = select.poll()
        poll.register(self.control, select.POLLIN)
        poll.register(self.wake, select.POLLIN)
        while self._turn(poll.poll()):
            pass
        self._wait_for_keepers()

    def _turn(self, events: list[tuple[int, int]]) -> bool:
        for descriptor, _ in events:
            if descriptor == self.wake:
                os.read(self.wake, 4096)
                self._reap()
            else:
                mark, sockets, _, _ = socket.recv_fds(self.control, 1, 1)
                if not mark:
                    return False
                for received in sockets:
                    self._start_keeper(received)
        return True

    def _start_keeper(self, received: int) -> None:
        pid = os.fork()
        if pid == 0:
            exit_code = 1
            try:
                self.control.close()
                signal.set_wakeup_fd(-1)
                os.close(self.wake)
                os.close(self.wake_in)
                self.keep(socket.socket(fileno=received))
                exit_code = 0
            finally:
                os._exit(exit_code)
        os.close(received)
        self.keepers.add(pid)

    def _reap(self) -> None:
        is_clean = True
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if pid == 0:
                break
            is_clean = is_clean and pid in self.keepers and status == 0
            self.keepers.discard(pid)
        if not is_clean:
            # A keeper was killed: what it kept is ours now. What hangs below that shows itself when that is reaped.
            kill_strays(frozenset(self.keepers))

    def _wait_for_keepers(self) -> None:
        give_up = time.monotonic() + LAST_SECONDS_MAX
        while self.keepers and time.monotonic() < give_up:
            select.select([self.wake], [], [], 0.1)
            self._reap()
        for pid in self.keepers:
            send(pid, signal.SIGKILL)
        kill_strays(frozenset())
