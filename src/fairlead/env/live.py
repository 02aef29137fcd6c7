"""What a running step does just now: lines that whoever watches may read. Lossy, never synced, never the record."""

import json
import os

from fairlead.core.ids import Place
from fairlead.core.ports import Clock

SECONDS_MIN = 0.25  # between two lines of one step: at most four a second
TEXT_CHARACTERS_MAX = 300
FILE_BYTES_MAX = 20_000_000  # more than hours of lines; what comes then is dropped


class LiveFile:
    """The progress of one run, written by its owner."""

    def __init__(self, path: str, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._written: dict[Place, float] = {}
        self._bytes = 0
        self._descriptor = -1

    def write(self, place: Place, text: str, found: int) -> None:
        """Add a line, unless this step had one a moment ago."""
        now = self._clock.monotonic()
        if now - self._written.get(place, float("-inf")) < SECONDS_MIN or self._bytes > FILE_BYTES_MAX:
            return
        self._written[place] = now
        readable = text[:TEXT_CHARACTERS_MAX].encode("utf-8", "backslashreplace").decode()
        line = json.dumps({"at": self._clock.now(), "place": place, "text": readable, "found": found}).encode() + b"\n"
        self._bytes += len(line)
        try:
            if self._descriptor < 0:
                self._descriptor = self._open()
            os.write(self._descriptor, line)
        except OSError:
            self._bytes = FILE_BYTES_MAX + 1  # a full disk must not stop the work; the journal will notice

    def remove(self) -> None:
        """The run has ended: nobody reads this any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        try:
            os.unlink(self._path)
        except FileNotFoundError:
            pass  # nothing was ever written

    def _open(self) -> int:
        os.makedirs(os.path.dirname(self._path), mode=0o700, exist_ok=True)
        return os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
