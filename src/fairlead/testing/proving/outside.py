"""The world outside of a proof: a server that counts what is really asked of it, whoever asks."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ANSWER_SECONDS_MAX = 0.15
HOLD_SECONDS_MAX = 60.0


class Outside:
    """What has happened there."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.posted: Counter[str] = Counter()  # by path: each counts
        self.lets_go = threading.Event()  # while it is not set nobody is answered, so that no run can end
        self.lets_go.set()
        self.put: dict[str, set[str]] = {}  # by path, the keys: what comes twice with one key happens once


@contextmanager
def counting_server(rng: random.Random) -> Iterator[Outside]:
    """A server on this machine that takes a random moment for each answer, so that a kill may fall in it."""
    waits = random.Random(rng.random())

    class Counts(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            outside.posted[self.path] += 1
            self._answer()

        def do_PUT(self) -> None:
            outside.put.setdefault(self.path, set()).add(self.headers.get("Idempotency-Key", ""))
            self._answer()

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            outside.lets_go.wait(HOLD_SECONDS_MAX)
            time.sleep(waits.uniform(0.0, ANSWER_SECONDS_MAX))
            try:
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                pass  # who asked was killed

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counts)
    server.daemon_threads = True
    outside = Outside(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
