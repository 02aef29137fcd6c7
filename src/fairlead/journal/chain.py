"""The form of an event in the database, and the chain that ties each event to all before it.

A row of `events` is a *header* (seq, run, kind, place, epoch, at, digest) and a *payload* with its salt. Retention may
drop payload and salt; the header stays for ever, and the chain runs over headers only:

    digest = SHA-256(salt ‖ payload)                    salt: 16 random bytes
    header = run ‖ kind ‖ epoch ‖ at ‖ digest ‖ place    8 + 1 + 4 + 8 + 32 bytes, then the place as UTF-8
    h      = SHA-256(prev ‖ seq ‖ len ‖ header)          prev: h of seq - 1, 32 zero bytes before seq 1
                                                        seq: 8 bytes; len: the header's length, 4 bytes

All numbers are unsigned and big-endian. `run` is the run's number: the seq of its `run.queued`. `kind` is a number of
`_KINDS`. `at` counts microseconds since 1970, UTC. `place` is the step's place; in a `run.queued` it is the run's id,
because that event is what gives the run its name; elsewhere it is empty.

The salt keeps the digest of a dropped payload from being guessed. The payload is the event as JSON without `kind` and
`place`: these stand in the header, and what is said once cannot contradict itself.
"""

import os
import struct
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, get_args

import msgspec

from fairlead.core import events as kinds
from fairlead.core.events import Event, Request, decode_event, encode_event
from fairlead.core.ids import Epoch, Micros, RunId, Seq

_SALT_BYTES = 16
START = bytes(32)  # what stands for `h` before the first event

# The numbers of the kinds in the database. They are for ever: a number is never used again for another kind, no kind
# is taken away or loses a field. `tests/histories` holds events of each, which must fold as they did.
_KINDS: dict[int, type[Event]] = {
    1: kinds.RunQueued,
    2: kinds.RunCancelRequested,
    3: kinds.RunClaimed,
    4: kinds.RunEnded,
    5: kinds.AttemptStarted,
    6: kinds.AttemptSucceeded,
    7: kinds.AttemptFailed,
    8: kinds.AttemptCancelled,
    9: kinds.AttemptLost,
    10: kinds.RunPauseRequested,
    11: kinds.RunResumeRequested,
    12: kinds.RunImported,
    13: kinds.FindingAccepted,
    14: kinds.FindingReopened,
    15: kinds.SignalReceived,
    16: kinds.ApprovalDecided,
    17: kinds.RunParked,
    18: kinds.RunContinued,
    19: kinds.StepSkipped,
    20: kinds.StepOpened,
    21: kinds.RoundEnded,
    22: kinds.ApprovalAsked,
    23: kinds.WaitBegun,
    24: kinds.AttemptUncertain,
}

_KIND_MAX = max(_KINDS)
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_TAGS = {number: str(kind.__struct_config__.tag) for number, kind in _KINDS.items()}
_WITH_PLACE = frozenset(number for number, kind in _KINDS.items() if "place" in kind.__struct_fields__)
_REQUESTS = frozenset(_NUMBERS[kind] for kind in get_args(Request))

_pack = struct.Struct(">32sQIQBIQ32s").pack
_FIXED_BYTES = struct.calcsize(">QBIQ32s")  # of the header, before the place


class Row(NamedTuple):
    """One row of the table `events`, in the order of its columns.

    A damaged database can give anything in any column but the first: the checks below tell what is what it should be.
    """

    seq: int
    run: Any  # int
    kind: Any  # int
    place: Any  # bytes: text that is not UTF-8 could not even be read
    epoch: Any  # int
    at: Any  # int
    payload: Any  # bytes
    salt: Any  # bytes
    digest: Any  # bytes
    h: Any  # bytes


class Altered(Exception):
    """What was read is not what was written; the message says which part of the event it is."""


class NewerKind(Altered):
    """The kind of an event is none that this version knows: it is refused, for whatever it says could matter."""


def pack_event(event: Event) -> tuple[int, str, bytes]:
    """Kind, place and payload of *event*, as they are kept."""
    kind = _NUMBERS[type(event)]
    # mypy cannot see that exactly these kinds have a place.
    place: str = event.place if kind in _WITH_PLACE else ""  # type: ignore[union-attr]
    data = encode_event(event)
    rest = data[len(_beginning(kind, place)) :]
    return kind, place, b"{" + rest if rest else b"{}"


def _unpack_event(kind: int, place: str, payload: bytes) -> Event:
    """The event again."""
    beginning = _beginning(kind, place if kind in _WITH_PLACE else "")
    event: Event = decode_event(beginning + payload[1:] if payload != b"{}" else beginning[:-1] + b"}")
    return event


@lru_cache(maxsize=4096)
def _beginning(kind: int, place: str) -> bytes:
    """How the JSON of such an event begins: what the header says already, and a comma."""
    beginning = b'{"kind":"' + _TAGS[kind].encode() + b'",'
    return beginning + b'"place":' + msgspec.json.encode(place) + b"," if kind in _WITH_PLACE else beginning


def is_request(kind: int) -> bool:
    return kind in _REQUESTS


def link(prev: bytes, seq: int, run: int, kind: int, place: bytes, epoch: int, at: int, digest: bytes) -> bytes:
    """The `h` of an event, from the one before it and its own header."""
    return sha256(_pack(prev, seq, _FIXED_BYTES + len(place), run, kind, epoch, at, digest) + place).digest()


def check_payload(row: Row) -> bytes:
    """The payload of *row*, if it is the one that was written.

    Raises:
        Altered: it is not, or it is gone.
    """
    payload, salt = row.payload, row.salt
    if payload is None or salt is None:
        raise Altered("its payload is gone")
    if type(payload) is not bytes or type(salt) is not bytes or sha256(salt + payload).digest() != row.digest:
        raise Altered("its payload was altered")
    return payload


def check_link(prev: bytes, row: Row) -> None:
    """Check that *row* follows the event whose h is *prev*.

    Raises:
        Altered: its header, its h or the event before it was altered.
    """
    try:
        is_right = link(prev, row.seq, row.run, row.kind, row.place, row.epoch, row.at, row.digest) == row.h
    except (struct.error, TypeError):
        is_right = False
    if not is_right:
        raise Altered("its header was altered, or the event before it")


def event_of(row: Row) -> Event:
    """The event of *row*.

    Raises:
        Altered: what was read is not what was written.
    """
    payload = check_payload(row)
    if type(row.kind) is int and row.kind > _KIND_MAX:
        raise NewerKind(f"its kind is number {row.kind}, and this Fairlead knows those up to {_KIND_MAX}")
    try:
        return _unpack_event(row.kind, row.place.decode(), payload)
    except (KeyError, TypeError, AttributeError, UnicodeDecodeError, msgspec.MsgspecError):
        raise Altered("its kind or its place was altered") from None


def recorded(row: Row, run: RunId) -> kinds.Recorded:
    """The event of *row* as the other rooms know it.

    Raises:
        Altered: what was read is not what was written.
    """
    return kinds.Recorded(Seq(row.seq), run, Epoch(row.epoch), Micros(row.at), event_of(row))


def fresh_salts() -> Iterator[bytes]:
    """Salts without end, asked of the system by the hundred: a call for each would cost more than the hash."""
    while True:
        drawn = os.urandom(256 * _SALT_BYTES)
        for at in range(0, len(drawn), _SALT_BYTES):
            yield drawn[at : at + _SALT_BYTES]
