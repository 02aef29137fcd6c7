"""How a stream may be written to: colour, symbols, size. Decided once per stream, from it and the environment."""

import os
from collections.abc import Mapping
from typing import TextIO

from fairlead.service.platforms import detect_platform

_COLUMNS_DEFAULT = 100  # for a pipe or a file
COLUMNS_MAX = 120  # wider lines are hard to read, whatever the terminal offers
COLUMNS_MIN = 40

_SYMBOLS = {
    "succeeded": "✓",
    "degraded": "▲",
    "failed": "✗",
    "rejected": "✗",
    "running": "●",
    "pending": "◌",
    "ready": "◌",
    "queued": "◌",
    "waiting": "⏸",
    "skipped": "↷",
    "cancelled": "⊘",
    "retry": "↻",
    "kept": "↺",
    "none": "–",
}
_WORDS = {
    "succeeded": "ok",
    "degraded": "deg",
    "failed": "FAIL",
    "rejected": "FAIL",
    "running": "run",
    "pending": "...",
    "ready": "...",
    "queued": "...",
    "waiting": "wait",
    "skipped": "skip",
    "cancelled": "stop",
    "retry": "retry",
    "kept": "kept",
    "none": "-",
}
COLOURS = {
    "succeeded": "green",
    "degraded": "yellow",
    "failed": "red",
    "rejected": "red",
    "running": "cyan",
    "waiting": "yellow",
    "retry": "yellow",
    "kept": "green",
    "cancelled": "yellow",
    "critical": "red bold",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "info": "dim",
}
_CODES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Look:
    """What one stream can show."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str], *, is_ascii: bool = False) -> None:
        self._stream = stream
        self._environ = environ
        self.is_terminal = stream.isatty()
        is_dumb = environ.get("TERM") == "dumb"
        encoding = (stream.encoding or "ascii").lower().replace("-", "")
        self.is_ascii = is_ascii or not encoding.startswith("utf")
        self.is_colour = self._wants_colour(environ, is_dumb)
        is_plain = environ.get("FAIRLEAD_PLAIN", "0") not in ("", "0") or detect_platform(environ) is not None
        self.is_live = self.is_terminal and not is_dumb and not is_plain

    def _wants_colour(self, environ: Mapping[str, str], is_dumb: bool) -> bool:
        if environ.get("NO_COLOR"):
            return False
        if environ.get("CLICOLOR_FORCE", "0") not in ("", "0"):
            return True
        return self.is_terminal and not is_dumb

    @property
    def columns_real(self) -> int:
        """Columns of the terminal as it is now, after any change of its size."""
        return self._size()[0]

    @property
    def columns(self) -> int:
        """Columns to fill."""
        return max(COLUMNS_MIN, min(COLUMNS_MAX, self._size()[0]))

    @property
    def rows(self) -> int:
        return self._size()[1]

    def _size(self) -> tuple[int, int]:
        columns = self._environ.get("COLUMNS", "")
        try:
            size = os.get_terminal_size(self._stream.fileno())
            found = (size.columns or _COLUMNS_DEFAULT, size.lines or 24)
        except (OSError, ValueError):
            found = (_COLUMNS_DEFAULT, 24)
        if columns.isdecimal() and 0 < int(columns) < 10_000 and not self.is_live:
            return int(columns), found[1]
        return found

    def paint(self, text: str, style: str) -> str:
        """*text* in a style such as "red bold"; as it is when the stream shall have no colour."""
        if not self.is_colour or not style or not text:
            return text
        codes = ";".join(_CODES[name] for name in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"

    def symbol(self, status: str) -> str:
        """The sign of a status; never colour alone."""
        sign = _WORDS.get(status, "?") if self.is_ascii else _SYMBOLS.get(status, "?")
        return self.paint(sign + " " * (self.symbol_columns - len(sign)), COLOURS.get(status, "dim"))

    @property
    def symbol_columns(self) -> int:
        return 5 if self.is_ascii else 1
