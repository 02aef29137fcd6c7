"""One listing of a tree for all tools that are at work on it together: the first that asks lists, the others read.

The worker keeps a file without a name for as long as any of those calls is under way, and forgets it with the last; the
children find it under the worker's descriptors. A child that cannot lists for itself, so nothing depends on it.
"""

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from fairlead.core.json import encode
from fairlead.core.ports import ToolCall
from fairlead.core.tools import TreeFile

if TYPE_CHECKING:
    from fairlead.env.listing import Listing


class _Kept(NamedTuple):
    descriptor: int
    place: str


class Listings:
    """The worker's side."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, bytes], _Kept] = {}
        self._calls: dict[tuple[str, bytes], int] = {}  # how many of each are under way

    @contextmanager
    def of(self, call: ToolCall) -> Iterator[str]:
        """Where the listing is shared while *call* is under way; "" when it is not."""
        # Code that does not ship is shown nothing that others believe.
        if not call.listing or call.code is not None or call.writes or not hasattr(os, "memfd_create"):
            yield ""
            return
        key = call.listing, encode([os.fsencode(call.root), call.inputs.get("paths"), call.inputs.get("all")])
        if key not in self._kept:
            descriptor = os.memfd_create("listing")
            self._kept[key] = _Kept(descriptor, f"/proc/{os.getpid()}/fd/{descriptor}")
        self._calls[key] = self._calls.get(key, 0) + 1
        try:
            yield self._kept[key].place
        finally:
            self._calls[key] -= 1
            if not self._calls[key]:
                os.close(self._kept.pop(key).descriptor)
                del self._calls[key]


def listed(place: str, list_it: Callable[[], "Listing"]) -> "Listing":
    """What stands at *place*; where nothing stands yet, what *list_it* gives, put there for the others."""
    try:
        descriptor = os.open(place, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return list_it()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # whoever comes while it is being listed waits, as for a list of its own
        found = _read(descriptor)
        if found is None:
            found = list_it()
            _write(descriptor, found)
        return found
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> "Listing | None":
    from fairlead.env.listing import Listing  # the worker, which lists nothing, does not pay for it

    size = os.fstat(descriptor).st_size
    if not size:
        return None
    data = bytearray()
    while part := os.pread(descriptor, size - len(data), len(data)):
        data += part
    try:
        # Not msgspec: a path may hold bytes that are no text, which stand in it as lone surrogates.
        files, left_out, is_git, submodules = json.loads(data)
    except ValueError:
        return None  # whoever began to write it was killed
    return Listing(tuple(TreeFile(*file) for file in files), left_out, is_git, tuple(submodules))


def _write(descriptor: int, found: "Listing") -> None:
    files = [(file.path, file.size, file.is_changed) for file in found.files]
    data = memoryview(json.dumps([files, found.left_out, found.is_git, found.submodules]).encode("ascii"))
    os.ftruncate(descriptor, 0)
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], written)
