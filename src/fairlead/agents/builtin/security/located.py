"""Text put together from several places of a file, which still knows where every character of it came from."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from fairlead.agents.builtin.security.matches import Match
from fairlead.core.findings import Severity


class Located:
    """A piece of text and its place in the file; several parts are read as one text.

    Offsets count from 0 and mean `text`; lines and columns count from 1 and mean the file.
    """

    __slots__ = ("_places", "_starts", "text")

    def __init__(self, parts: Iterable[tuple[str, int, int]]) -> None:
        """*parts* are (text, line, column) as they are read; a part holds a line end only as its last character."""
        self._starts: list[int] = []
        self._places: list[tuple[int, int]] = []
        texts: list[str] = []
        offset = 0
        for text, line, column in parts:
            self._starts.append(offset)
            self._places.append((line, column))
            texts.append(text)
            offset += len(text)
        self.text = "".join(texts)

    def at(self, offset: int) -> tuple[int, int]:
        """Line and column of the character at *offset*."""
        if not self._starts:
            return 0, 0
        part = max(0, bisect_right(self._starts, offset) - 1)
        line, column = self._places[part]
        return line, column + offset - self._starts[part]

    def match(
        self,
        rule: str,
        start: int,
        end: int,
        message: str,
        *,
        severity: Severity | None = None,
        reason: str = "",
        mask: tuple[int, int] | None = None,
    ) -> Match:
        """A match of *rule* at the offsets *start* up to and without *end*; *mask* are offsets too."""
        line, column = self.at(start)
        end_line, end_column = self.at(max(start, end - 1))
        masked = None
        if mask is not None:
            mask_line, mask_column = self.at(mask[0])
            last_line, last_column = self.at(max(mask[0], mask[1] - 1))
            # A mask is for the line of the match; a value that goes on below it hides the rest of the line.
            line, column = (mask_line, mask_column) if mask_line != line else (line, column)
            masked = (mask_column, last_column + 1 if last_line == mask_line else 1_000_000)
        return Match(rule, line, column, message, end_line, end_column + 1, severity, reason, mask=masked)

    def slice(self, start: int, end: int) -> "Located":
        """The part from *start* up to and without *end*."""
        inside = [offset for offset in self._starts if start < offset < end]
        cuts = [start, *inside, end]
        return Located((self.text[a:b], *self.at(a)) for a, b in pairwise(cuts) if a < b)


def of_lines(lines: Sequence[str], first: int = 1) -> Located:
    """Whole lines, the first of which is the line *first* of the file."""
    return Located((line + "\n", number, 1) for number, line in enumerate(lines, first))


def shortened(text: str, limit: int = 60) -> str:
    """*text* on one line, for a message."""
    folded = re.sub(r"\s+", " ", text).strip()
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"
