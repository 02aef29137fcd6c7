"""Which address a request may go to: a strict reading of the URL, one look-up, and a judgement of every answer.

Private networks are reached only where the author of the step says so. Addresses of the machine's own network (where
clouds hand out credentials), groups and reserved ranges are never reached. What was judged is what is connected to:
nobody can answer a second look-up differently.
"""

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Literal, NamedTuple

from fairlead.env.effects.refusals import Refused

_Reach = Literal["public", "private", "never"]
URL_CHARACTERS_MAX = 2_000

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]{2,60}\]|[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*)"
    r"(?::(?P<port>[0-9]{1,5}))?(?P<target>(?:/[A-Za-z0-9\-._~%!$&'()*+,;=:@/]*)?(?:\?[A-Za-z0-9\-._~%!$&'()*+,;=:@/?]*)?)"
)
_PORTS = {"http": 80, "https": 443}
# Where clouds answer with credentials outside of the link-local ranges.
_METADATA = frozenset(map(ipaddress.ip_address, ("fd00:ec2::254", "100.100.100.200")))
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Url(NamedTuple):
    """An address that was read strictly. `host` is without brackets."""

    text: str
    scheme: str
    host: str
    port: int
    target: str  # path and query, as they are sent

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a redirection may not leave."""
        return (self.scheme, self.host.lower(), self.port)

    @property
    def authority(self) -> str:
        """What `Host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_url(text: str) -> Url:
    """Read an http or https address: no user, no fragment, nothing that two readers could take differently.

    Raises:
        Refused: FL-R342.
    """
    found = _URL.fullmatch(text) if len(text) <= URL_CHARACTERS_MAX else None
    port = int(found["port"] or _PORTS[found["scheme"]]) if found else 0
    if found is None or not 0 < port < 65_536:
        raise Refused(
            "FL-R342",
            f"{text[:200]!r} is no address that a request goes to",
            "Write `https://host/path?query`: ASCII only, without a user, a fragment or blanks.",
        )
    target = found["target"]
    if not target.startswith("/"):
        target = "/" + target
    return Url(text, found["scheme"], found["host"].strip("[]"), port, target)


def resolve(url: Url, *, allows_private: bool) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Every address of the host, all of them judged.

    Raises:
        Refused: FL-R344 nobody knows the host; FL-P010 one of its addresses may not be reached.
    """
    try:
        answers = socket.getaddrinfo(url.host, url.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "not a name"
        raise Refused(
            "FL-R344",
            f"the address of {url.host} is not known: {reason}",
            "Check the name, and whether this machine has a network.",
            fault="provider",
            error="transient",
        ) from None
    found = list(dict.fromkeys((family, str(place[0])) for family, _, _, _, place in answers))
    for _, address in found:
        reach = _reach_of(address)
        if reach == "never" or (reach == "private" and not allows_private):
            private = reach == "private"
            raise Refused(
                "FL-P010",
                f"{url.host} leads to {address}, which "
                + ("is in a private network" if private else "requests never go to"),
                "Say `allow_private: true` in the step's `with` when that is meant."
                if private
                else "Give the address of a server.",
                fault="policy",
                error="permission",
            )
    return found


def _reach_of(text: str) -> _Reach:
    """How far an address reaches. IPv4 inside of IPv6 counts as what it is."""
    address: _Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return _reach_of(str(inner))
    if address in _METADATA or address.is_link_local or address.is_multicast or address.is_unspecified:
        return "never"
    if address.is_global:
        return "public"
    is_reserved = address.is_reserved and not address.is_loopback
    return "never" if is_reserved or address in ipaddress.ip_network("0.0.0.0/8") else "private"
