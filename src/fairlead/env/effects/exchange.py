"""One HTTP request and its answer: verified TLS, bounded in time and size, no answer of a server obeyed.

A redirection is followed only for GET and HEAD and only on the same server; proxies are not used.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from io import BufferedIOBase
from typing import NamedTuple
from urllib.parse import urljoin

from fairlead.core.workflow import ErrorClass
from fairlead.env.effects.addresses import Url, read_url, resolve
from fairlead.env.effects.refusals import Refused

ANSWER_BYTES_MAX = 1_000_000
CONNECT_SECONDS_MAX = 10.0
REDIRECTIONS_MAX = 3
MARGIN_BYTES = 60_000  # read beyond the limit, so that a secret on the edge is seen whole
_FOLLOWED = (301, 302, 303, 307, 308)


class Request(NamedTuple):
    """What is sent."""

    method: str
    url: Url
    headers: Mapping[str, str]
    body: bytes | None
    timeout_s: float
    allows_private: bool


class Answer(NamedTuple):
    """What came back. `data` may be longer than the limit by a margin; whoever shows it cuts it."""

    status: int
    headers: Mapping[str, str]  # names in small letters
    data: bytes
    is_cut: bool


def exchange(request: Request) -> Answer:
    """Send *request* and read what comes back.

    Raises:
        Refused: FL-R344 it could not be sent; FL-R345 it was sent, and no whole answer came; FL-P010.
    """
    deadline = time.monotonic() + request.timeout_s
    for _ in range(REDIRECTIONS_MAX):
        answer = _once(request, deadline)
        target = answer.headers.get("location", "")
        if answer.status not in _FOLLOWED or request.method not in ("GET", "HEAD") or not target:
            return answer
        try:
            following = read_url(urljoin(request.url.text, target))
        except (Refused, ValueError):
            return answer
        if following.origin != request.url.origin:
            return answer
        request = request._replace(url=following)
    return _once(request, deadline)


def _once(request: Request, deadline: float) -> Answer:
    url = request.url
    link = _Link(_connect(url, resolve(url, allows_private=request.allows_private), deadline), deadline)
    is_sent = False
    try:
        if url.scheme == "https":
            link.secure(url.host)
        connection = http.client.HTTPConnection(url.host, url.port)
        connection.auto_open = 0  # what was judged is the only place to go to
        connection.sock = link.socket
        connection.response_class = _Response
        connection.putrequest(request.method, url.target, skip_host=True, skip_accept_encoding=True)
        for name, value in (("Host", url.authority), *_length(request), *request.headers.items()):
            connection.putheader(name, value.encode("latin-1"))
        is_sent = True  # from here on nobody can say how much of it arrived
        connection.endheaders(request.body)
        answer = _read(connection.getresponse())
        if link.is_late:  # an end by the deadline looks like the end of the answer
            raise _failed(url, is_sent, _late(request), "timeout")
        return answer
    except (OSError, http.client.HTTPException, ValueError) as problem:
        if isinstance(problem, ssl.SSLCertVerificationError):
            raise _not_trusted(url, problem) from None
        if link.is_late:
            raise _failed(url, is_sent, _late(request), "timeout") from None
        reason = getattr(problem, "strerror", None) or type(problem).__name__
        raise _failed(url, is_sent, str(reason), "transient") from None
    finally:
        link.close()


class _Link:
    """A connection that ends at the deadline, however slowly the other side speaks."""

    def __init__(self, raw: socket.socket, deadline: float) -> None:
        self.socket = raw
        self.is_late = False
        self._watch = threading.Timer(max(deadline - time.monotonic(), 0.001), self._give_up)
        self._watch.daemon = True
        self._watch.start()

    def secure(self, host: str) -> None:
        """Speak TLS from here on, with a server that proves to be *host*."""
        context = ssl.create_default_context()
        self.socket = context.wrap_socket(self.socket, server_hostname=host, do_handshake_on_connect=False)
        self.socket.do_handshake()

    def close(self) -> None:
        """Let go of it."""
        self._watch.cancel()
        self.socket.close()

    def _give_up(self) -> None:
        self.is_late = True
        try:
            # The plain one: that of TLS would take its state away from the thread that reads.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended already


class _Response(http.client.HTTPResponse):
    """An answer whose headers must have ended: the library takes a connection that breaks off there for their end."""

    def begin(self) -> None:
        lines = _Lines(self.fp)
        self.fp = lines  # type: ignore[assignment]  # it gives everything else on
        super().begin()
        if not lines.have_ended:
            raise http.client.IncompleteRead(b"")


class _Lines:
    """A stream that remembers whether the empty line behind the headers was read."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self.have_ended = False

    def readline(self, limit: int = -1) -> bytes:
        """One line."""
        line = self._stream.readline(limit)
        self.have_ended = self.have_ended or line in (b"\r\n", b"\n")
        return line

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def _length(request: Request) -> list[tuple[str, str]]:
    if request.body is None and request.method in ("GET", "HEAD", "DELETE"):
        return []
    return [("Content-Length", str(len(request.body or b"")))]


def _late(request: Request) -> str:
    return f"no whole answer within {request.timeout_s:g} s"


def _connect(url: Url, places: Sequence[tuple[socket.AddressFamily, str]], deadline: float) -> socket.socket:
    reason = "it has no address"
    for family, address in places:
        raw = socket.socket(family, socket.SOCK_STREAM)
        try:
            raw.settimeout(max(0.001, min(CONNECT_SECONDS_MAX, deadline - time.monotonic())))
            raw.connect((address, url.port))
            raw.settimeout(None)
            return raw
        except OSError as problem:
            raw.close()
            reason = problem.strerror or str(problem)
    raise _failed(url, False, reason, "transient")


def _read(response: http.client.HTTPResponse) -> Answer:
    data = bytearray()
    limit = ANSWER_BYTES_MAX + MARGIN_BYTES
    while len(data) < limit and (part := response.read(min(65_536, limit - len(data)))):
        data += part
    is_cut = len(data) > ANSWER_BYTES_MAX
    if not is_cut and response.length:
        raise http.client.IncompleteRead(bytes(data), response.length)
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, bytes(data), is_cut)


def _failed(url: Url, is_sent: bool, reason: str, error: ErrorClass) -> Refused:
    if not is_sent:
        return Refused(
            "FL-R344",
            f"{url.authority} could not be reached: {reason}",
            "See whether the server runs; nothing was sent.",
            fault="provider",
            error=error,
        )
    return Refused(
        "FL-R345",
        f"the request to {url.authority} was sent, and no whole answer came: {reason}",
        "Whether it was performed is not known: look there before it is sent again.",
        fault="provider",
        error=error,
    )


def _not_trusted(url: Url, problem: ssl.SSLCertVerificationError) -> Refused:
    return Refused(
        "FL-P011",
        f"{url.authority} did not prove who it is: {problem.verify_message}",
        "Let the server have a certificate that this machine trusts; the check is never left out.",
        fault="policy",
        error="permission",
    )
