"""The keeper of one call: a small process that starts a child, watches it, and leaves nothing of it behind.

It adopts whatever its child leaves (however often that forked), so that it knows what belongs to the call. When the
socket to the worker ends, the worker is gone, and everything below is killed at once.
"""

import base64
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.json import Json
from fairlead.env import frames, tool_child
from fairlead.env.fingerprints import Fingerprint, differences, fingerprint
from fairlead.env.processes import adopt_orphans, end_children, send, send_group
from fairlead.env.programs import CannotStart, start_program
from fairlead.env.surroundings import clean_environment
from fairlead.env.tool_world import remove_files_of
from fairlead.env.watching import Bounds, Child, Stop, Stream, Watched, watch

if TYPE_CHECKING:
    from fairlead.env.sandbox.keeping import Sandbox

_GRACE_SECONDS = 5.0  # between SIGTERM and SIGKILL, for programs; a tool has nothing to tidy up
MESSAGES_BYTES_MAX = 66_000_000  # everything that a tool sends: its outcome and its progress lines
LOG_BYTES_MAX = 10_000_000  # of one log file
_NOT_STARTED = Watched(127, 0.0, 0.0, 0, False, False, False)


def keep(connection: socket.socket) -> None:
    """Serve the one request that comes over *connection*, to its end."""
    adopt_orphans()
    request = _receive(connection)
    if request is None:
        return
    log = _Log(request["log"])
    try:
        if request["kind"] == "tool" and request["confined"] and request["code"]:
            _keep_own_code(connection, request, log)
        elif request["kind"] == "tool":
            _keep_tool(connection, request, log)
        elif request["confinement"]:
            _keep_confined(connection, request, log)
        else:
            _keep_program(connection, request, log)
    finally:
        end_children()
        log.close()


def _receive(connection: socket.socket) -> Json | None:
    import json

    start = _exactly(connection, frames.HEADER_BYTES)
    body = start and _exactly(connection, frames.header(start)[1])
    return json.loads(body) if body else None


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < length:
        data = connection.recv(min(length - len(parts), 1 << 20))
        if not data:
            return None
        parts += data
    return bytes(parts)


def _keep_program(connection: socket.socket, request: Json, log: "_Log") -> None:
    stdin = base64.b64decode(request["stdin"])
    before = _Before(request)
    try:
        environment = clean_environment(request["env"], passed_on=request["passed_on"])
        child = start_program(request["argv"], request["cwd"], environment, has_stdin=bool(stdin), is_session=True)
    except CannotStart as problem:
        _tell_no_start(connection, f"{problem}\n", log)
        return
    bounds = Bounds(request["timeout_s"], request["output_max"], _GRACE_SECONDS)
    _watch_to_end(connection, child, bounds, _taker(connection, log), stdin, before)


def _keep_confined(connection: socket.socket, request: Json, log: "_Log") -> None:
    from fairlead.env.sandbox.keeping import Sandbox

    stdin = base64.b64decode(request["stdin"])
    try:
        sandbox = Sandbox(request, has_stdin=bool(stdin))
    except CannotStart as problem:
        _tell_no_start(connection, f"{problem}\n", log)
        return
    except FairleadError as refusal:
        _tell_facts(connection, _facts(_NOT_STARTED, 0) | {"refusal": msgspec.to_builtins(refusal.diagnostics[0])})
        return
    bounds = Bounds(request["timeout_s"], request["output_max"], _GRACE_SECONDS)
    _watch_sandbox(connection, sandbox, bounds, _taker(connection, log, sandbox.take), stdin)


def _keep_own_code(connection: socket.socket, request: Json, log: "_Log") -> None:
    from fairlead.env.sandbox.keeping import Sandbox
    from fairlead.env.sandbox.own_code import own_code_request

    inner = own_code_request(request)
    try:
        sandbox = Sandbox(inner, has_stdin=True)
    except (CannotStart, FairleadError) as problem:
        refusal = problem if isinstance(problem, FairleadError) else error("FL-N112", f"no Python inside: {problem}")
        _tell_facts(connection, _facts(_NOT_STARTED, 0) | {"refusal": msgspec.to_builtins(refusal.diagnostics[0])})
        return

    def take(stream: Stream, data: bytes) -> None:
        sandbox.take(stream, data)
        if stream == "stdout":
            _tell(connection, frames.STDOUT, data)
        else:
            log.write(data)

    _watch_sandbox(connection, sandbox, Bounds(request["timeout_s"], MESSAGES_BYTES_MAX), take, inner["stdin"])


def _watch_sandbox(
    connection: socket.socket, sandbox: "Sandbox", bounds: Bounds, take: Callable[[Stream, bytes], None], stdin: bytes
) -> None:
    stop = Stop(connection.fileno(), lambda: _wish(connection))
    watched = watch(
        sandbox.child, bounds, take, sandbox.signal, stdin=stdin, stop=stop, end_rest=end_children, guard=sandbox.guard
    )
    _tell_facts(connection, _facts(watched, 0) | sandbox.facts(watched))


def _taker(
    connection: socket.socket, log: "_Log", also: Callable[[Stream, bytes], None] = lambda stream, data: None
) -> Callable[[Stream, bytes], None]:
    def take(stream: Stream, data: bytes) -> None:
        also(stream, data)
        log.write(data)
        _tell(connection, frames.STDOUT if stream == "stdout" else frames.STDERR, data)

    return take


def _tell_no_start(connection: socket.socket, reason: str, log: "_Log") -> None:
    said = reason.encode("utf-8", "backslashreplace")
    log.write(said)
    _tell(connection, frames.STDERR, said)
    _tell_facts(connection, _facts(_NOT_STARTED, 0))


def _keep_tool(connection: socket.socket, request: Json, log: "_Log") -> None:
    messages, messages_in = os.pipe()
    words, words_in = os.pipe()
    before = _Before(request)
    pid = os.fork()
    if pid == 0:
        connection.close()
        tool_child.become_tool(request, messages_in, words_in)  # never returns
    os.close(messages_in)
    os.close(words_in)

    def take(stream: Stream, data: bytes) -> None:
        if stream == "stdout":
            _tell(connection, frames.STDOUT, data)
        else:
            log.write(data)

    bounds = Bounds(request["timeout_s"], MESSAGES_BYTES_MAX)
    _watch_to_end(connection, Child(pid, messages, words), bounds, take, b"", before)


def _watch_to_end(
    connection: socket.socket,
    child: Child,
    bounds: Bounds,
    take: Callable[[Stream, bytes], None],
    stdin: bytes,
    before: "_Before",
) -> None:
    strays = 0

    def end_rest() -> None:
        nonlocal strays
        strays += end_children()

    def signal_child(number: int) -> None:
        send_group(child.pid, number)
        send(child.pid, number)  # should it not have become a leader yet

    stop = Stop(connection.fileno(), lambda: _wish(connection))
    watched = watch(child, bounds, take, signal_child, stdin=stdin, stop=stop, end_rest=end_rest)
    # Who was ended by force had no chance to end what it started: that is no news.
    facts = _facts(watched, 0 if watched.is_timed_out or watched.is_cut else strays)
    if watched.exit_code < 0:
        remove_files_of(child.pid)
    _tell_facts(connection, facts | before.facts())


class _Before:
    """The checkout as it was before something began that nothing keeps from it; nothing when there is no such thing."""

    def __init__(self, request: Json) -> None:
        self._root: str = request["watched"]
        self._leave_out: list[str] = request["hidden"]
        self._seen = self._look()

    def facts(self) -> dict[str, Json]:
        """What is not as it was."""
        return {"violations": list(differences(self._seen, self._look()))} if self._root else {}

    def _look(self) -> Fingerprint:
        return fingerprint(self._root, self._leave_out) if self._root else {}


def _wish(connection: socket.socket) -> Literal["end", "kill"]:
    try:
        return "end" if connection.recv(1) else "kill"
    except OSError:
        return "kill"


def _tell(connection: socket.socket, kind: bytes, data: bytes) -> None:
    try:
        connection.sendall(frames.pack(kind, data))
    except OSError:
        pass  # the worker is gone: `watch` sees it at the socket and kills


def _facts(watched: Watched, strays: int) -> dict[str, Json]:
    return {
        "exit_code": watched.exit_code,
        "seconds": watched.seconds,
        "cpu_seconds": watched.cpu_seconds,
        "memory_bytes": watched.memory_bytes,
        "is_timed_out": watched.is_timed_out,
        "is_cut": watched.is_cut,
        "strays": strays,
    }


def _tell_facts(connection: socket.socket, facts: dict[str, Json]) -> None:
    try:
        connection.sendall(frames.pack_json(frames.ENDED, facts))
    except OSError:
        pass


class _Log:
    """The file that receives what a call writes, as it comes, up to a cap."""

    def __init__(self, path: str) -> None:
        self._room = LOG_BYTES_MAX
        self._descriptor = -1
        if path:
            try:
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            except OSError:
                pass  # a log that cannot be written must not stop the work

    def write(self, data: bytes) -> None:
        if self._descriptor < 0 or self._room <= 0:
            return
        self._room -= len(data)
        if self._room <= 0:
            data = data[: self._room + len(data)] + b"\n[the log ends here: more was dropped]\n"
        try:
            os.write(self._descriptor, data)
        except OSError:
            self._room = 0

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
