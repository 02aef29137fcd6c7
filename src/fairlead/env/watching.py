"""Watching over one child process: feeding it, taking what it writes up to a cap, and ending it in time."""

import os
import select
import signal
import time
from collections.abc import Callable
from typing import Literal

import msgspec

from fairlead.env.processes import send

_CHUNK_BYTES = 65_536
_LINGER_SECONDS = 1.0  # what outlives the process may finish writing for so long, e.g. bash's `> >(tee log)`
_NO_PIDFD_SECONDS = 0.02  # how often we ask for the exit status where the kernel cannot tell us (macOS)

Stream = Literal["stdout", "stderr"]


class Child(msgspec.Struct):
    """A started process and our ends of its pipes; -1 where there is none. `watch` closes them."""

    pid: int
    stdout: int
    stderr: int = -1
    stdin: int = -1


class Bounds(msgspec.Struct, frozen=True):
    """When a child is ended by force."""

    timeout_s: float
    output_max: int  # bytes, for each stream
    grace_s: float = 0.0  # between asking to end and ending by force, after the time limit or a request to stop


class Watched(msgspec.Struct, frozen=True):
    """What was observed of a child that has ended."""

    exit_code: int  # negative for a signal
    seconds: float
    cpu_seconds: float
    memory_bytes: int
    is_timed_out: bool
    is_cut: bool
    is_stopped: bool


class Stop(msgspec.Struct, frozen=True):
    """Someone else may end the child: a descriptor to look at, and what it says once it is readable."""

    descriptor: int
    wish: Callable[[], Literal["end", "kill"]]  # "end" grants the grace


class Guard(msgspec.Struct, frozen=True):
    """Someone else looks, every so often, whether the child must end at once."""

    seconds: float
    look: Callable[[], bool]


def watch(
    child: Child,
    bounds: Bounds,
    take: Callable[[Stream, bytes], None],
    signal_child: Callable[[int], None],
    *,
    stdin: bytes = b"",
    stop: Stop | None = None,
    end_rest: Callable[[], object] | None = None,
    guard: Guard | None = None,
) -> Watched:
    """Stay with *child* until it has ended and its pipes are empty.

    *take* is given what it writes, never more than the cap of each stream. *signal_child* sends a signal to it and to
    what it started; *end_rest* ends what outlives it.
    """
    return _Watch(child, bounds, take, signal_child, stdin, stop, end_rest, guard).until_ended()


class _Watch:
    def __init__(
        self,
        child: Child,
        bounds: Bounds,
        take: Callable[[Stream, bytes], None],
        signal_child: Callable[[int], None],
        stdin: bytes,
        stop: Stop | None,
        end_rest: Callable[[], object] | None,
        guard: Guard | None,
    ) -> None:
        self.child = child
        self.bounds = bounds
        self.take = take
        self.signal_child = signal_child
        self.unsent = memoryview(stdin)
        self.stop = stop
        self.end_rest = end_rest
        self.guard = guard
        self.poll = select.poll()
        self.streams: dict[int, Stream] = {}
        self.taken: dict[Stream, int] = {"stdout": 0, "stderr": 0}
        self.began = time.monotonic()
        self.deadline = self.began + bounds.timeout_s
        self.look_at = self.began
        self.kill_at: float | None = None  # SIGTERM was sent; SIGKILL follows then
        self.linger_until: float | None = None  # the child has ended
        self.is_timed_out = self.is_cut = self.is_stopped = False
        self.usage: tuple[int, float, int] = (0, 0.0, 0)
        self.ended = self.began
        self.pidfd = _open_pidfd(child.pid)

    def until_ended(self) -> Watched:
        self._register()
        try:
            while self.linger_until is None or self.streams:
                self._turn()
            if self.end_rest:
                self.end_rest()
        finally:
            self._close()
        exit_code, cpu_seconds, memory_bytes = self.usage
        return Watched(
            exit_code=exit_code,
            seconds=self.ended - self.began,
            cpu_seconds=cpu_seconds,
            memory_bytes=memory_bytes,
            is_timed_out=self.is_timed_out,
            is_cut=self.is_cut,
            is_stopped=self.is_stopped,
        )

    def _register(self) -> None:
        names: tuple[tuple[int, Stream], ...] = ((self.child.stdout, "stdout"), (self.child.stderr, "stderr"))
        for descriptor, name in names:
            if descriptor >= 0:
                self.streams[descriptor] = name
                self.poll.register(descriptor, select.POLLIN)
        if self.pidfd >= 0:
            self.poll.register(self.pidfd, select.POLLIN)
        if self.stop:
            self.poll.register(self.stop.descriptor, select.POLLIN)
        if self.child.stdin >= 0:
            os.set_blocking(self.child.stdin, False)
            self.poll.register(self.child.stdin, select.POLLOUT)
            self._feed()

    def _turn(self) -> None:
        for descriptor, _ in self.poll.poll(self._milliseconds()):
            if descriptor in self.streams:
                self._read(descriptor)
            elif descriptor == self.child.stdin:
                self._feed()
            elif self.stop and descriptor == self.stop.descriptor:
                self._obey(self.stop)
        if self.linger_until is None:
            self._look_for_end()
        self._enforce(time.monotonic())

    def _milliseconds(self) -> float:
        moments = [moment for moment in (self.kill_at, self.linger_until) if moment is not None]
        if self.linger_until is None and not self.is_timed_out:
            moments.append(self.deadline)
        if self.linger_until is None and self.guard:
            moments.append(self.look_at)
        wait = min(moments) - time.monotonic() if moments else 60.0
        if self.pidfd < 0 and self.linger_until is None:
            wait = min(wait, _NO_PIDFD_SECONDS)
        return max(0.0, wait * 1000) + 1

    def _read(self, descriptor: int) -> None:
        name = self.streams[descriptor]
        data = os.read(descriptor, _CHUNK_BYTES)
        if not data:
            self._forget(descriptor)
            return
        room = self.bounds.output_max - self.taken[name]
        if len(data) > room:
            data = data[:room]
            if not self.is_cut:
                self.is_cut = True
                self.signal_child(signal.SIGKILL)
        if data:
            self.taken[name] += len(data)
            self.take(name, data)

    def _feed(self) -> None:
        try:
            while self.unsent:
                self.unsent = self.unsent[os.write(self.child.stdin, self.unsent[:_CHUNK_BYTES]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            pass  # it does not want to read: its own affair
        self.poll.unregister(self.child.stdin)
        os.close(self.child.stdin)
        self.child.stdin = -1

    def _obey(self, stop: Stop) -> None:
        self.is_stopped = True
        if stop.wish() == "kill":
            self.poll.unregister(stop.descriptor)
            self.signal_child(signal.SIGKILL)
        else:
            self._end_gently()

    def _look_for_end(self) -> None:
        pid, status, usage = os.wait4(self.child.pid, os.WNOHANG)
        if pid == 0:
            return
        memory_unit = 1 if os.uname().sysname == "Darwin" else 1024
        self.usage = (
            os.waitstatus_to_exitcode(status),
            usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss * memory_unit,
        )
        self.ended = time.monotonic()
        is_forced = self.is_stopped or self.is_timed_out or self.is_cut
        self.linger_until = self.ended + (0.0 if is_forced else _LINGER_SECONDS)
        self.kill_at = None
        if self.pidfd >= 0:
            self.poll.unregister(self.pidfd)

    def _enforce(self, now: float) -> None:
        if self.guard and self.linger_until is None and now >= self.look_at:
            self.look_at = now + self.guard.seconds
            if self.guard.look():
                self.signal_child(signal.SIGKILL)
        if self.linger_until is not None:
            if now >= self.linger_until and self.streams:
                self._end_lingering()
        elif self.kill_at is not None:
            if now >= self.kill_at:
                self.kill_at = now + 1.0  # once more, should something have been started in between
                self.signal_child(signal.SIGKILL)
        elif not self.is_timed_out and now >= self.deadline:
            self.is_timed_out = True
            self._end_gently()

    def _end_gently(self) -> None:
        if self.kill_at is None and self.bounds.grace_s > 0:
            self.signal_child(signal.SIGTERM)
            self.kill_at = time.monotonic() + self.bounds.grace_s
        elif self.bounds.grace_s <= 0:
            self.signal_child(signal.SIGKILL)
            self.kill_at = time.monotonic() + 1.0

    def _end_lingering(self) -> None:
        """Something that the child started still holds its pipes: end it, and take what lies in them."""
        if self.end_rest:
            self.end_rest()
        else:
            self.signal_child(signal.SIGKILL)
        for descriptor in list(self.streams):
            os.set_blocking(descriptor, False)
            try:
                while descriptor in self.streams:
                    self._read(descriptor)
            except BlockingIOError:
                self._forget(descriptor)  # the kernel keeps its writer alive: nothing more to wait for

    def _forget(self, descriptor: int) -> None:
        self.poll.unregister(descriptor)
        del self.streams[descriptor]
        os.close(descriptor)

    def _close(self) -> None:
        for descriptor in (*self.streams, self.child.stdin, self.pidfd):
            if descriptor >= 0:
                os.close(descriptor)
        if self.linger_until is None:  # something went wrong on the way out: leave no child behind
            self.signal_child(signal.SIGKILL)
            send(self.child.pid, signal.SIGKILL)
            os.waitpid(self.child.pid, 0)


def _open_pidfd(pid: int) -> int:
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return -1
