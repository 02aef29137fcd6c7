"""The form of a row: what was packed is unpacked, and the hashes are those that the documentation describes."""

import contextlib
import functools
import hashlib
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    Event,
    RunCancelRequested,
    RunClaimed,
    RunEnded,
    RunQueued,
    encode_event,
)
from fairlead.core.ids import Place
from fairlead.core.json import digest
from fairlead.journal import chain
from tests.journal.parts import ended, queued, started, succeeded

EVENTS: list[Event] = [
    queued("key", depth=3, text='quotes " and \\ and \n and ü'),
    RunQueued("", digest(b""), {}, ""),
    RunCancelRequested(),
    RunCancelRequested("ada", "too slow"),
    RunClaimed("w-1"),
    started("scan"),
    started('a "place" with \\ and ü[key]#2', 3),
    succeeded("scan", output={"a": [1, 2.5, None, True, "x"]}),
    AttemptSucceeded(Place(""), 1),
    AttemptFailed(Place("scan"), 1, "agent", "FL-R220", "no"),
    AttemptCancelled(Place("scan"), 1, "sibling"),
    AttemptLost(Place("scan"), 2, "killed"),
    ended(),
    RunEnded("failed", ("why",), "result", "FL-R210", {"x": 1}),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_is_unpacked_as_it_was_packed(event: Event) -> None:
    kind, place, payload = chain.pack_event(event)
    assert chain._unpack_event(kind, place, payload) == event


@given(place=st.text(), attempt=st.integers(1, 2**53), reason=st.text())
def test_any_place_and_text_come_back(place: str, attempt: int, reason: str) -> None:
    event = AttemptLost(Place(place), attempt, reason)
    assert chain._unpack_event(*chain.pack_event(event)) == event


def test_the_payload_does_not_repeat_the_header() -> None:
    kind, place, payload = chain.pack_event(AttemptLost(Place("scan"), 2, "killed"))
    assert (kind, place, payload) == (9, "scan", b'{"attempt":2,"reason":"killed"}')
    assert len(payload) < len(encode_event(AttemptLost(Place("scan"), 2, "killed"))) - 30


def test_every_kind_has_a_number_of_its_own() -> None:
    kinds = {kind for union in get_args(Event) for kind in (get_args(union) or (union,))}
    assert set(chain._KINDS.values()) == kinds
    assert len(chain._KINDS) == len(kinds)


def test_a_kind_with_a_place_begins_with_it() -> None:
    # pack_event cuts the place off the beginning of the JSON, and so needs it first and never left out.
    for kind in chain._KINDS.values():
        fields = msgspec.structs.fields(kind)
        if any(field.name == "place" for field in fields):
            assert fields[0].name == "place"
            assert fields[0].required


def test_the_hashes_are_those_of_the_documentation() -> None:
    payload, salt, prev = b'{"attempt":1}', bytes(range(16)), bytes([7]) * 32
    payload_digest = hashlib.sha256(salt + payload).digest()
    place = "größe".encode()
    header = (
        (5).to_bytes(8, "big")  # run
        + (6).to_bytes(1, "big")  # kind
        + (2).to_bytes(4, "big")  # epoch
        + (1_790_000_000_000_000).to_bytes(8, "big")  # at
        + payload_digest
        + place
    )
    h = hashlib.sha256(prev + (41).to_bytes(8, "big") + len(header).to_bytes(4, "big") + header).digest()
    row = chain.Row(41, 5, 6, place, 2, 1_790_000_000_000_000, payload, salt, payload_digest, h)
    chain.check_link(prev, row)
    assert chain.check_payload(row) == payload
    assert chain.link(prev, 41, 5, 6, place, 2, 1_790_000_000_000_000, payload_digest) == h


ROW = chain.Row(1, 1, 4, b"", 1, 5, b"{}", bytes(16), hashlib.sha256(bytes(16) + b"{}").digest(), b"")
ROW = ROW._replace(h=chain.link(chain.START, 1, 1, 4, b"", 1, 5, ROW.digest))


@pytest.mark.parametrize(
    "changed",
    [
        {"seq": 2},
        {"run": 2},
        {"kind": 5},
        {"place": b"x"},
        {"epoch": 2},
        {"at": 6},
        {"digest": bytes(32)},
        {"h": bytes(32)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_every_part_of_the_header_is_chained(changed: dict[str, object]) -> None:
    chain.check_link(chain.START, ROW)
    with pytest.raises(chain.Altered):
        chain.check_link(chain.START, ROW._replace(**changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("column", ["run", "kind", "place", "epoch", "at", "payload", "salt", "digest", "h"])
@pytest.mark.parametrize("value", [None, -1, 2**63 - 1, 2.5, "text", b"\xff"])
def test_a_damaged_row_may_hold_anything(column: str, value: object) -> None:
    row = ROW._replace(**{column: value})  # type: ignore[arg-type]
    check = chain.check_payload if column in ("payload", "salt") else functools.partial(chain.check_link, chain.START)
    with pytest.raises(chain.Altered):
        check(row)
    if column != "h":  # who reads one run knows nothing of the chain
        with contextlib.suppress(chain.Altered):
            chain.event_of(row)


def test_an_event_is_chained_to_the_one_before() -> None:
    with pytest.raises(chain.Altered):
        chain.check_link(bytes([1]) + bytes(31), ROW)


@pytest.mark.parametrize(
    "changed", [{"payload": b"{} "}, {"salt": bytes(15) + b"x"}, {"payload": None}, {"salt": None}]
)
def test_the_payload_and_its_salt_are_checked(changed: dict[str, bytes | None]) -> None:
    chain.check_payload(ROW)
    with pytest.raises(chain.Altered):
        chain.check_payload(ROW._replace(**changed))  # type: ignore[arg-type]
