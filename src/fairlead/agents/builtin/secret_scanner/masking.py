"""What may be shown of a line that holds credentials: everything except the credentials."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

EXCERPT_MAX = 200
_WINDOW = 120  # characters of a long line that are shown before the credential


def mask(secret: str) -> str:
    """The first 4 and last 3 characters, or nothing of a credential shorter than 16."""
    return f"{secret[:4]}…{secret[-3:]}" if len(secret) >= 16 else "…"


class Lines:
    """The lines of one text, with every credential in it masked.

    *spans* are the places of all credentials, in order and without overlaps, reported or not: one that a comment
    excuses must not be shown beside one that it does not.
    """

    def __init__(self, text: str, spans: Sequence[tuple[int, int]]) -> None:
        self._text = text
        self._spans = spans
        self._ends = [end for _, end in spans]
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def __len__(self) -> int:
        return len(self._starts) - (self._starts[-1] == len(self._text))

    def place(self, at: int) -> tuple[int, int]:
        """Line and column, both from 1, of the character *at*."""
        line = bisect_right(self._starts, at)
        return line, at - self._starts[line - 1] + 1

    def edges(self, at: int) -> tuple[int, int]:
        """Where the line of the character *at* begins and ends, without its line break."""
        return self.edges_of(bisect_right(self._starts, at))

    def edges_of(self, line: int) -> tuple[int, int]:
        """Where the line with this number begins and ends, without its line break."""
        start = self._starts[line - 1]
        end = self._starts[line] - 1 if line < len(self._starts) else len(self._text)
        return start, end - (end > start and self._text[end - 1] == "\r")

    def masked(self, start: int, end: int) -> str:
        """The text from *start* to *end*; a credential that reaches into it stands there as its mask."""
        parts: list[str] = []
        at = start
        for index in range(bisect_right(self._ends, start), len(self._spans)):
            first, last = self._spans[index]
            if first >= end:
                break
            parts += (self._text[at:first] if first > at else "", mask(self._text[first:last]))
            at = last
        if at < end:
            parts.append(self._text[at:end])
        return "".join(parts).replace("\0", "\ufffd")

    def excerpt(self, at: int) -> str:
        """The masked line around the character *at*, at most 200 characters, from its beginning when that suffices."""
        start, end = self.edges(at)
        if at - start <= _WINDOW:
            return self.masked(start, min(end, at + 4 * EXCERPT_MAX))[:EXCERPT_MAX]
        # A cut inside a credential would show a part of it: begin after the one that reaches over the cut.
        first = max(start, at - _WINDOW // 2)
        index = bisect_left(self._ends, first)
        if index < len(self._spans) and self._spans[index][0] < first:
            first = min(self._ends[index], at)
        return ("…" + self.masked(first, min(end, at + 4 * EXCERPT_MAX)))[:EXCERPT_MAX]
