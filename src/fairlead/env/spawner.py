"""The worker's side of the spawner: it sends requests, listens, and turns what happened into outcomes and receipts.

asyncio is imported only when something is awaited: a command that starts nothing does not pay for it.
"""

import base64
import json
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.json import Digest, Json, digest, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Confinement, Program, ProgramEnd, ProgressLine, ToolCall, ToolEnd
from fairlead.core.receipts import Receipt
from fairlead.core.tools import ProcessResult
from fairlead.env import frames
from fairlead.env.processes import send
from fairlead.env.shared_listing import Listings

CHILDREN_MAX = 256  # at once; the runtime's own limit lies far below
CLOSE_SECONDS_MAX = 12.0

_SEE_LOG = "Its log may say more: `fairlead logs`."
_decode_outcome = msgspec.json.Decoder(Outcome).decode


class _Ended(msgspec.Struct, frozen=True):
    """What the keeper observed."""

    exit_code: int
    seconds: float
    cpu_seconds: float
    memory_bytes: int
    is_timed_out: bool
    is_cut: bool
    strays: int
    reached: str = ""  # the limit of a sandbox that ended it
    refusal: Diagnostic | None = None  # there was no sandbox, so nothing was begun
    violations: tuple[str, ...] = ()  # what changed in the checkout meanwhile


def start_spawner() -> "LocalSpawner":
    """Fork the spawner process. Call it before the first thread is started and before heavy imports."""
    ours, theirs = socket.socketpair()
    # A Ctrl-C between the fork and the moment when the spawner knows what to do with it must wait.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
    pid = os.fork()
    if pid == 0:
        from fairlead.env.spawner_process import become_spawner

        ours.close()
        become_spawner(theirs, before)  # never returns
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return LocalSpawner(pid, ours)


class LocalSpawner:
    """Implements `fairlead.core.ports.Spawner` with children of one spawner process. Any event loop may use it."""

    def __init__(self, pid: int, control: socket.socket) -> None:
        self.pid = pid
        self.leave_out: Sequence[str] = ()  # absolute paths that no tool's listing shows: the state directory
        self.data_dir = ""  # absolute path of what `ToolWorld.data` reads; "" for nothing
        self._control = control
        self._open: set[socket.socket] = set()  # one for each call under way
        self._is_closed = False
        self._listings = Listings()

    async def perform_program(self, program: Program) -> ProgramEnd:
        """Run *program* to its end; cancelling kills its whole process group and what it started."""
        stdout, stderr = bytearray(), bytearray()

        def take(kind: bytes, data: bytes) -> None:
            (stdout if kind == frames.STDOUT else stderr).extend(data)

        request = {
            "kind": "program",
            "argv": program.argv,
            "cwd": program.cwd,
            "env": program.env,
            "passed_on": program.passed_on,
            "stdin": base64.b64encode(program.stdin).decode(),
            "timeout_s": program.timeout_s,
            "output_max": program.output_max,
            "log": program.log,
            "confinement": None if program.confinement is None else msgspec.to_builtins(program.confinement),
            "hidden": self._hidden(),
            "watched": program.watched,
        }
        ended = await self._perform(request, take)
        if ended is not None and ended.refusal is not None:
            raise FairleadError(ended.refusal)
        if ended is None:
            stderr += b"the process that watched over it was killed\n"
            ended = _Ended(-signal.SIGKILL, 0.0, 0.0, 0, False, False, 0)
        whole = bytes(stdout)
        return ProgramEnd(
            process=ProcessResult(
                ended.exit_code,
                whole,
                bytes(stderr),
                ended.seconds,
                ended.is_timed_out,
                is_cut=ended.is_cut,
                reached=ended.reached,
            ),
            receipt=Receipt(
                seconds=ended.seconds,
                cpu_seconds=ended.cpu_seconds,
                memory_bytes=ended.memory_bytes,
                argv=program.argv,
                exit_code=ended.exit_code,
                output_digest=digest(whole),
                output_bytes=len(whole),
                bounds=_bounds(ended, program.timeout_s, f"output {program.output_max:,} bytes"),
                limits=_limits_of(program.confinement, program.output_max),
                violations=ended.violations,
            ),
        )

    async def call_tool(self, call: ToolCall, progress: ProgressLine) -> ToolEnd:
        """Call a Python function in a child of its own; cancelling kills it and what it started."""
        messages = _Messages(progress)
        request = {
            "kind": "tool",
            "entry": call.entry,
            "inputs": call.inputs,
            "root": call.root,
            "leave_out": list(self.leave_out),
            "writes": list(call.writes),
            "data_dir": self.data_dir,
            "confined": None
            if call.confinement is None
            else {"confinement": msgspec.to_builtins(call.confinement), "hidden": self._hidden()},
            "watched": call.root if call.code is not None and call.confinement is None else "",
            "hidden": self._hidden(),
            "code": None if call.code is None else msgspec.to_builtins(call.code),
            "timeout_s": call.timeout_s,
            "memory_max": call.memory_max,
            "log": call.log,
        }
        with self._listings.of(call) as place:
            ended = await self._perform({**request, "listing": place}, messages.take)
        if ended is not None and ended.refusal is not None:
            raise FairleadError(ended.refusal)
        outcome = messages.outcome or _outcome_of_silence(ended, call)
        data = encode(outcome.output) if isinstance(outcome, Succeeded) else b""
        if ended is None:
            return ToolEnd(outcome, Receipt())
        return ToolEnd(
            outcome,
            Receipt(
                seconds=ended.seconds,
                cpu_seconds=ended.cpu_seconds,
                memory_bytes=ended.memory_bytes,
                exit_code=ended.exit_code,
                output_digest=digest(data) if data else Digest(""),
                output_bytes=len(data),
                bounds=_bounds(ended, call.timeout_s, "size of what a tool may send"),
                limits=_limits_of(call.confinement),
                violations=ended.violations,
            ),
        )

    def _hidden(self) -> list[str]:
        return [*self.leave_out, *([self.data_dir] if self.data_dir else [])]

    def close(self) -> None:
        """End the spawner and everything that it started; returns when they are gone."""
        if self._is_closed:
            return
        self._is_closed = True
        for own in self._open:
            own.shutdown(socket.SHUT_WR)  # to its keeper that means: kill at once
        self._control.close()
        if not _has_ended(self.pid, CLOSE_SECONDS_MAX):
            send(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)

    async def _perform(self, request: Json, take: Callable[[bytes, bytes], None]) -> _Ended | None:
        """Have one request carried out; None when its keeper died."""
        import asyncio

        from fairlead.env.connection import Connection

        if len(self._open) >= CHILDREN_MAX:
            raise error(
                "FL-N032",
                f"{CHILDREN_MAX} child processes are running already",
                "Lower `limits.run.parallel`, or start fewer runs at once.",
            )
        own = self._new_socket()
        connection = Connection(own)
        self._open.add(own)
        try:
            await connection.send(request)
            facts = await connection.listen(take)
            return None if facts is None else msgspec.convert(facts, _Ended)
        except asyncio.CancelledError:
            await connection.stop()
            raise
        finally:
            self._open.discard(own)
            connection.close()

    def _new_socket(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [b"+"], [theirs.fileno()])
        except OSError:
            ours.close()
            raise error(
                "FL-N031",
                "the spawner process has ended, so no child can be started",
                "Start the command again; `fairlead resume` goes on where it stopped.",
            ) from None
        finally:
            theirs.close()
        ours.setblocking(False)
        return ours


class _Messages:
    """What a tool sends, cut into lines: progress as it comes, the outcome last."""

    def __init__(self, progress: ProgressLine) -> None:
        self.outcome: Outcome | None = None
        self._progress = progress
        self._line = bytearray()

    def take(self, kind: bytes, data: bytes) -> None:
        *whole, rest = data.split(b"\n")
        for part in whole:
            self._line += part
            self._read(bytes(self._line))
            self._line.clear()
        self._line += rest

    def _read(self, line: bytes) -> None:
        if line[:1] == b"o":
            try:
                self.outcome = _decode_outcome(line[1:])
            except msgspec.DecodeError as problem:
                self.outcome = Failed("agent", "FL-R234", f"the agent's outcome is none: {problem}")
        elif line[:1] == b"p":
            text, found = json.loads(line[1:])
            self._progress(text, found)


def _outcome_of_silence(ended: _Ended | None, call: ToolCall) -> Failed:
    """Why a tool said nothing: the order of the questions is the order of certainty."""
    if ended is None:
        message = "the process that watched over the agent was killed"
        return Failed("platform", "FL-R235", message, "Start it again: `fairlead resume`.", error="transient")
    if ended.is_timed_out:
        message = f"the agent ran longer than {call.timeout_s:g} s and was ended"
        return Failed("agent", "FL-R202", message, "Review fewer files at once, or raise the step's `timeout`.")
    if ended.reached:
        message = f"the agent went over a limit of its sandbox and was ended: {ended.reached}"
        return Failed("agent", "FL-R300", message, "let it do less at once, or raise its `memory_max`")
    if ended.is_cut:
        return Failed("agent", "FL-R234", "the agent sent more than a tool may send", "Review fewer files at once.")
    if ended.exit_code < 0:
        name = _signal_name(-ended.exit_code)
        hint = "The system may have run out of memory." if name == "SIGKILL" else _SEE_LOG
        return Failed("agent", "FL-R232", f"the agent was ended by {name}", hint)
    message = f"the agent ended with exit code {ended.exit_code} and without an outcome"
    return Failed("agent", "FL-R234", message, _SEE_LOG)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _bounds(ended: _Ended, timeout_s: float, cap: str) -> tuple[str, ...]:
    """The limits that were reached, in words."""
    reached = []
    if ended.is_timed_out:
        reached.append(f"time {timeout_s:g} s")
    if ended.is_cut:
        reached.append(cap)
    if ended.strays:
        reached.append(f"{ended.strays} processes outlived it and were killed")
    if ended.reached:
        reached.append(ended.reached)
    if ended.exit_code == -signal.SIGSYS:
        reached.append("a system call that no program may make here")
    return tuple(reached)


def _limits_of(limits: Confinement | None, output_max: int = 0) -> tuple[str, ...]:
    """What holds for a confined program, in words; nothing for one that is not. A tool bounds what it reads itself."""
    if limits is None:
        return ()
    written = f"{limits.disk_max // 1_000_000:,} MB and {limits.files_max:,} files written"
    return (
        f"memory {limits.memory_max // 1_000_000:,} MB, looked at from outside",
        f"{limits.processes_max} processes",
        *((written,) if limits.is_copy else ("nothing written",)),
        *((f"output {output_max // 1_000_000:,} MB",) if output_max else ()),
        "no network",
    )


def _has_ended(pid: int, seconds: float) -> bool:
    """Wait for our own child, at most so long, and reap it."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        descriptor = -1
    try:
        if descriptor >= 0:
            select.select([descriptor], [], [], seconds)
            return os.waitpid(pid, os.WNOHANG)[0] == pid
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass  # someone else has reaped it
    finally:
        if descriptor >= 0:
            os.close(descriptor)
    return True
