"""What happened outside, counted there: a server on this machine that stands for all others, and a ledger of lines.

The ledger outlives every process that is killed: each line is one `write` to a file that is opened for appending.
"""

import http.server
import json
import os
import signal
import socketserver
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from fairlead.core.json import Json, encode
from fairlead.env.processes import die_with_parent

_PROGRAMS = "programs"
ANSWER_BYTES_MAX = 10_000_000
_SHOWN = 300  # characters of an address that are kept in another one, which has a longest length


class Line(NamedTuple):
    """One thing that happened."""

    what: str  # request, done, told
    step: str = ""  # run and place; "" when nobody can say
    key: str = ""  # by which the server knows a repeated request
    kind: str = ""  # of the effect
    ok: bool = True


class Ledger:
    """Lines in a file."""

    def __init__(self, path: str) -> None:
        self.path = path

    def write(self, line: Line) -> None:
        """Add one line, in one call of the operating system."""
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, encode(line._asdict()) + b"\n")
        finally:
            os.close(descriptor)

    def lines(self) -> list[Line]:
        """All lines, in order."""
        try:
            with open(self.path, "rb") as file:
                return [Line(**json.loads(text)) for text in file]
        except FileNotFoundError:
            return []

    def clear(self) -> None:
        """Begin again."""
        if os.path.exists(self.path):
            os.unlink(self.path)


def address_for(port: int, step: str, status: int, url: str) -> str:
    """Where a request of *step* goes instead of *url*; the answer has *status*."""
    return f"http://127.0.0.1:{port}/{status}/{quote(step, safe='')}/{quote(url[:_SHOWN], safe='')}"


def address_for_programs(port: int) -> str:
    """Where the programs of the workflow may send requests."""
    return f"http://127.0.0.1:{port}/{_PROGRAMS}"


class Server(NamedTuple):
    """The process that answers."""

    pid: int
    port: int

    def stop(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def start_server(ledger: Ledger) -> Server:
    """Answer on a port of this machine, in a process of its own, which ends with this one."""
    server = _Listening(("127.0.0.1", 0), _Answering)
    server.ledger = ledger
    pid = os.fork()
    if pid == 0:
        try:
            die_with_parent()
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            server.serve_forever()
        finally:
            os._exit(0)
    port = server.server_address[1]
    server.server_close()
    return Server(pid, port)


class _Listening(socketserver.ThreadingMixIn, socketserver.TCPServer):  # an HTTPServer would ask for its own name
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128
    ledger: Ledger


class _Answering(http.server.BaseHTTPRequestHandler):
    """Notes each request before it is answered, as a server does what it is asked for before it says so."""

    server: _Listening

    def _answer(self) -> None:
        size = min(int(self.headers.get("Content-Length") or 0), ANSWER_BYTES_MAX)
        self.rfile.read(size)
        key = self.headers.get("Idempotency-Key", "")
        status, step = 200, ""
        parts = self.path.split("/")
        if parts[1] != _PROGRAMS:
            status, step = int(parts[1]), unquote(parts[2])
        elif "/" in key:
            step = key  # the one that a program is given: run and place
        kind = "run" if parts[1] == _PROGRAMS else "http.request"
        self.server.ledger.write(Line("request", step, key, kind))
        body = encode({"ok": True})
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, format: str, *args: Any) -> None:  # the base class's own signature
        """Nothing is printed."""


def status_for(given: dict[str, Json]) -> int:
    """The status that the request of an effect counts as a success."""
    expected = given.get("expect_status") or 200
    first = expected[0] if isinstance(expected, list) else expected
    return first if isinstance(first, int) and 200 <= first <= 599 else 200
