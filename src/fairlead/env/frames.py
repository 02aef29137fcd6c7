"""What a worker and the keeper of one call say to each other over their socket: a kind, a length, and bytes.

Both ends are this very program, so that nothing here is checked against malice: the agent never holds the socket.
"""

import json
import struct
from collections.abc import Iterator

from fairlead.core.json import Json

REQUEST = b"q"  # worker → keeper: what to start, as JSON
END_GENTLY = b"c"  # worker → keeper, a single byte: ask it to end; the socket's end means: kill it
STDOUT = b"o"  # keeper → worker: bytes of a program's output, or of a tool's message stream
STDERR = b"e"
ENDED = b"x"  # keeper → worker: how it ended, as JSON; nothing follows

_HEADER = struct.Struct("<cI")
HEADER_BYTES = _HEADER.size


def pack(kind: bytes, data: bytes) -> bytes:
    """One frame."""
    return _HEADER.pack(kind, len(data)) + data


def header(data: bytes) -> tuple[bytes, int]:
    """Kind and length of the frame that begins with these bytes."""
    kind, length = _HEADER.unpack(data)
    return kind, length


def pack_json(kind: bytes, value: Json) -> bytes:
    # The standard library's writer lets lone surrogates pass: a path that is not UTF-8 arrives as it was.
    return pack(kind, json.dumps(value).encode())


class Unpacker:
    """Cuts a stream of bytes into frames, whatever the pieces it arrives in."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        self._buffer += data
        while len(self._buffer) >= HEADER_BYTES:
            kind, length = header(bytes(self._buffer[:HEADER_BYTES]))
            end = HEADER_BYTES + length
            if len(self._buffer) < end:
                return
            frame = bytes(self._buffer[HEADER_BYTES:end])
            del self._buffer[:end]
            yield kind, frame
