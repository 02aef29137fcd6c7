"""A terminal on paper: it obeys the few sequences that the live region uses, and remembers every frame."""

import re
from collections.abc import Mapping
from io import StringIO

from fairlead.cli.look import Look
from fairlead.cli.terminal_text import width

_SEQUENCE = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[([0-9;]*)m")


class PaperStream(StringIO):
    """A stream that says it is a terminal."""

    def __init__(self, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    @property
    def encoding(self) -> str:  # type: ignore[override]  # typeshed calls it a variable
        return "utf-8"

    def isatty(self) -> bool:
        return self._is_terminal


class PaperLook(Look):
    """A look with a size that the test sets, and changes."""

    def __init__(
        self, columns: int, rows: int, environ: Mapping[str, str] | None = None, *, is_ascii: bool = False
    ) -> None:
        super().__init__(PaperStream(), environ or {}, is_ascii=is_ascii)
        self.size = (columns, rows)

    def _size(self) -> tuple[int, int]:
        return self.size


class PaperTerminal:
    """Rows of text and a cursor. Wraps at the right edge, as terminals do."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows: list[str] = [""]
        self.row = 0
        self.frames: list[str] = []

    def write(self, text: str) -> None:
        position = 0
        while position < len(text):
            found = _SEQUENCE.match(text, position)
            if found:
                self._obey(found)
                position = found.end()
                continue
            self._put(text[position])
            position += 1
        self.frames.append("\n".join(self.rows))

    def _obey(self, found: "re.Match[str]") -> None:
        count = int(found[1] or 1) if found[2] else 0
        match found[2]:
            case "A":
                self.row -= count
                assert self.row >= 0, "the cursor left the screen at the top"
            case "J":
                del self.rows[self.row :]
                self.rows.append("")
            case "m" | None:
                pass
            case other:
                raise AssertionError(f"an unknown sequence: {other}")

    def _put(self, c: str) -> None:
        if c == "\r":
            assert self.rows[self.row] == "", "only an empty line is returned to"
        elif c == "\n":
            self._next_row()
        else:
            assert c.isprintable(), repr(c)
            if width(self.rows[self.row]) + width(c) > self.columns:
                self._next_row()
            self.rows[self.row] += c

    def _next_row(self) -> None:
        self.row += 1
        if self.row == len(self.rows):
            self.rows.append("")

    @property
    def text(self) -> str:
        return "\n".join(self.rows)
