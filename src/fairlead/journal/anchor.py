"""The anchor: a tiny file beside the database that remembers how far the journal had come.

SQLite does not notice when the end of its log is lost to a flipped bit; the anchor does. It has two slots of 512 bytes,
written in turn, so that a torn write spoils at most the newer one:

    "FLAN" ‖ seq (8 bytes, big-endian) ‖ h (32 bytes) ‖ SHA-256 of these 44 bytes ‖ zeros

It is written after every commit, inside the writer's lock, without waiting for the disk, and synced at each checkpoint,
on close, and at most once a second. So it is never ahead of the journal, and at most a second behind.
"""

import errno
import os
import struct
from hashlib import sha256
from typing import NamedTuple

from fairlead.journal.disk import REAL, Disk

_SLOT_BYTES = 512
_FORM = struct.Struct(">4sQ32s")
_MAGIC = b"FLAN"


class Mark(NamedTuple):
    """A position in the journal that was durable when it was noted."""

    seq: int
    h: bytes


class Anchor:
    """The open anchor file of a writer."""

    def __init__(self, path: str, disk: Disk = REAL) -> None:
        self._disk = disk
        self._fd = disk.open(path, os.O_RDWR | os.O_CREAT)
        self.is_synced = True

    def write(self, mark: Mark) -> None:
        """Note *mark* without waiting for the disk. Successive marks have ever higher numbers."""
        # Several processes write in turn and know nothing of each other's slots: the older one is found by reading.
        slot = _older_slot(self._disk.pread(self._fd, 2 * _SLOT_BYTES, 0))
        if self._disk.pwrite(self._fd, _slot(mark), slot * _SLOT_BYTES) != _SLOT_BYTES:
            raise OSError(errno.ENOSPC, "the anchor was written in part")
        self.is_synced = False

    def sync(self) -> None:
        self._disk.fdatasync(self._fd)
        self.is_synced = True

    def close(self) -> None:
        self._disk.close(self._fd)


def _slot(mark: Mark) -> bytes:
    """The 512 bytes that say *mark*."""
    said = _FORM.pack(_MAGIC, mark.seq, mark.h)
    return (said + sha256(said).digest()).ljust(_SLOT_BYTES, b"\0")


def read_anchor(path: str, disk: Disk = REAL) -> list[Mark] | None:
    """The marks of the valid slots, older first; None when there is no such file."""
    try:
        data = disk.read_file(path)
    except FileNotFoundError:
        return None
    marks = (_mark(data[at : at + _SLOT_BYTES]) for at in (0, _SLOT_BYTES))
    return sorted(mark for mark in marks if mark is not None)


def _mark(data: bytes) -> Mark | None:
    if len(data) != _SLOT_BYTES or data != data[:76].ljust(_SLOT_BYTES, b"\0"):
        return None
    magic, seq, h = _FORM.unpack_from(data)
    return Mark(seq, h) if magic == _MAGIC and sha256(data[: _FORM.size]).digest() == data[_FORM.size : 76] else None


def _older_slot(data: bytes) -> int:
    """Which _slot to write next: one that is not valid, else the one with the lower number."""
    first, second = _mark(data[:_SLOT_BYTES]), _mark(data[_SLOT_BYTES:])
    if first is None or second is None:
        return 0 if first is None else 1
    return 0 if first.seq <= second.seq else 1
