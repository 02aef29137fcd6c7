"""A server on this machine that plays a script and counts what reaches it from outside."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Said:
    """One answer of the script."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | Callable[["Got"], bytes] = b"ok"
    breaks_off: bool = False  # after the request was read


@dataclass
class Got:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Scripted:
    """What was asked of it, and what it answers: the script in order, its last answer for ever."""

    def __init__(self, script: list[Said]) -> None:
        self.got: list[Got] = []
        self._script = script
        self.url = ""

    def answer(self, got: Got) -> Said:
        self.got.append(got)
        return self._script[min(len(self.got), len(self._script)) - 1]


@contextmanager
def serving(*script: Said, context: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    scripted = Scripted(list(script) or [Said()])

    class Answering(BaseHTTPRequestHandler):
        def log_message(self, *args: Any) -> None:
            pass

        def answer(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            got = Got(self.command, self.path, dict(self.headers.items()), self.rfile.read(length))
            said = scripted.answer(got)
            if said.breaks_off:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            body = said.body(got) if callable(said.body) else said.body
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(body)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scripted.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    try:
        yield scripted
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def listening(speak: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that speaks no HTTP of its own: *speak* is given each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            while True:
                try:
                    link, _ = server.accept()
                except OSError:
                    return
                with link:
                    try:
                        speak(link)
                    except OSError:
                        pass  # the other side has gone

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}"
        finally:
            server.shutdown(socket.SHUT_RDWR)
    thread.join()
