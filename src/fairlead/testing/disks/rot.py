"""A disk that goes bad in silence: bits flip, pages turn to zeros, files lose their end, old pages come back.

Each kind of rot is one change of one file of a state directory, drawn from a random source. It never says whether it
did harm: a bit may flip in room that nothing uses. Whoever looks has to find that out.
"""

import os
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

PAGE_BYTES = 16_384
SECTOR_BYTES = 512
_FRAME_HEAD_BYTES = 24  # before each page of SQLite's log
_LOG_HEAD_BYTES = 32

Spoil = Callable[[str, str, random.Random], str]


class Rot(NamedTuple):
    """One kind of rot."""

    name: str  # database-bit
    part: str  # journal.db, journal.db-wal, anchor, blobs; "" for several of them
    spoil: (
        Spoil  # (state directory, an earlier copy of it, the random source) → what was done, "" when nothing could be
    )


def _bit(path: str, older: str, draw: random.Random) -> str:
    data = bytearray(_read(path))
    at, bit = draw.randrange(len(data)), draw.randrange(8)
    data[at] ^= 1 << bit
    _write(path, data)
    return f"bit {bit} of byte {at}"


def _zeros(size: int) -> Spoil:
    def spoil(path: str, older: str, draw: random.Random) -> str:
        data = bytearray(_read(path))
        at = draw.randrange(max(1, len(data) // size)) * size
        data[at : at + size] = bytes(len(data[at : at + size]))
        _write(path, data)
        return f"{size} zeros at {at}"

    return spoil


def _noise(path: str, older: str, draw: random.Random) -> str:
    data = bytearray(_read(path))
    at = draw.randrange(max(1, len(data) // SECTOR_BYTES)) * SECTOR_BYTES
    piece = data[at : at + SECTOR_BYTES]
    data[at : at + SECTOR_BYTES] = draw.randbytes(len(piece))
    _write(path, data)
    return f"{SECTOR_BYTES} random bytes at {at}"


def _cut(path: str, older: str, draw: random.Random) -> str:
    data = _read(path)
    size = draw.randrange(len(data))
    _write(path, data[:size])
    return f"cut to {size} of {len(data)} bytes"


def _gone(path: str, older: str, draw: random.Random) -> str:
    os.unlink(path)
    return "removed"


def _whole_old(path: str, older: str, draw: random.Random) -> str:
    _write(path, _read(older))
    return "replaced by an earlier one"


def _swapped(head: int, unit: int) -> Spoil:
    """Two pages at each other's place; *head* is before the first, *unit* from one to the next."""

    def spoil(path: str, older: str, draw: random.Random) -> str:
        data = bytearray(_read(path))
        count = (len(data) - head) // unit
        if count < 2:
            return ""
        one, two = (head + number * unit for number in sorted(draw.sample(range(count), 2)))
        data[one : one + unit], data[two : two + unit] = data[two : two + unit], data[one : one + unit]
        _write(path, data)
        return f"{unit} bytes at {one} and at {two} swapped"

    return spoil


def _stale(head: int, unit: int) -> Spoil:
    """One page as it was at an earlier time, where that was different."""

    def spoil(path: str, older: str, draw: random.Random) -> str:
        data, before = bytearray(_read(path)), _read(older)
        numbers = range((min(len(data), len(before)) - head) // unit)
        places = [head + number * unit for number in numbers]
        changed = [at for at in places if data[at : at + unit] != before[at : at + unit]]
        if not changed:
            return ""
        at = draw.choice(changed)
        data[at : at + unit] = before[at : at + unit]
        _write(path, data)
        return f"{unit} bytes at {at} as they were earlier"

    return spoil


def _of_one(name: str, spoil: Spoil) -> Spoil:
    """Spoil the file of this name."""

    def act(directory: str, older: str, draw: random.Random) -> str:
        path = os.path.join(directory, name)
        return spoil(path, os.path.join(older, name), draw) if os.path.exists(path) and os.path.getsize(path) else ""

    return act


def _of_a_blob(spoil: Spoil) -> Spoil:
    """Spoil any content."""

    def act(directory: str, older: str, draw: random.Random) -> str:
        path = draw.choice(list(_blobs(directory)))
        done = spoil(path, path, draw)
        return f"{os.path.relpath(path, directory)}: {done}" if done else ""

    return act


def _blobs_swapped(directory: str, older: str, draw: random.Random) -> str:
    one, two = draw.sample(list(_blobs(directory)), 2)
    data = _read(one)
    _write(one, _read(two))
    _write(two, data)
    return "two contents swapped"


def _journal_old(directory: str, older: str, draw: random.Random) -> str:
    """Database and log of an earlier time, beside the anchor of now."""
    for name in ("journal.db", "journal.db-wal"):
        _write(os.path.join(directory, name), _read(os.path.join(older, name)))
    return "database and log replaced by earlier ones"


def _kinds() -> Iterator[Rot]:
    frame = _FRAME_HEAD_BYTES + PAGE_BYTES
    files: dict[str, tuple[str, dict[str, Spoil]]] = {
        "database": (
            "journal.db",
            {
                "bit": _bit,
                "zero-page": _zeros(PAGE_BYTES),
                "zero-sector": _zeros(SECTOR_BYTES),
                "noise": _noise,
                "cut": _cut,
                "swapped-pages": _swapped(0, PAGE_BYTES),
                "stale-page": _stale(0, PAGE_BYTES),
                "old": _whole_old,
            },
        ),
        "log": (
            "journal.db-wal",
            {
                "bit": _bit,
                "zero-page": _zeros(PAGE_BYTES),
                "zero-sector": _zeros(SECTOR_BYTES),
                "cut": _cut,
                "swapped-frames": _swapped(_LOG_HEAD_BYTES, frame),
                "gone": _gone,
                "old": _whole_old,
            },
        ),
        "anchor": (
            "anchor",
            {"bit": _bit, "zero-sector": _zeros(SECTOR_BYTES), "cut": _cut, "gone": _gone, "old": _whole_old},
        ),
    }
    for about, (name, spoils) in files.items():
        for kind, spoil in spoils.items():
            yield Rot(f"{about}-{kind}", name, _of_one(name, spoil))
    for kind, spoil in {"bit": _bit, "zero-sector": _zeros(SECTOR_BYTES), "cut": _cut, "gone": _gone}.items():
        yield Rot(f"content-{kind}", "blobs", _of_a_blob(spoil))
    yield Rot("contents-swapped", "blobs", _blobs_swapped)
    yield Rot("journal-old", "", _journal_old)


def _blobs(directory: str) -> Iterator[str]:
    """Every content of the store, in an order that is always the same."""
    top = os.path.join(directory, "blobs")
    for folder in sorted(os.listdir(top)):
        if len(folder) == 2:
            for name in sorted(os.listdir(os.path.join(top, folder))):
                path = os.path.join(top, folder, name)
                if os.path.getsize(path):
                    yield path


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _write(path: str, data: bytes | bytearray) -> None:
    with open(path, "wb") as file:
        file.write(data)


ROTS: tuple[Rot, ...] = tuple(_kinds())
