"""The text of one file, and the diagnostics that were found in it."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

from fairlead.core.errors import Diagnostic, Span
from fairlead.workflow.keys import did_you_mean

EXCERPT_MAX = 2_000  # characters: a longer line is shown by its place only
TEXT_MAX = 500  # characters of a message or a hint: names in them come from the file
DIAGNOSTICS_MAX = 200  # more are counted: a file that is no workflow at all would give thousands


class Edit(NamedTuple):
    """Put *text* in place of [start, end) of the file, in characters."""

    start: int
    end: int
    text: str


class Source:
    """The text of one file. Offsets count characters from 0; spans count lines and columns from 1.

    Collects what is wrong. `diagnostics` gives it in the order of the file.
    """

    def __init__(self, path: str, text: str = "") -> None:
        self.path = path
        self.text = text
        self.count = 0  # things noted so far, those beyond the maximum too
        self._found: dict[tuple[str, int, str], Diagnostic] = {}
        self._ends: dict[tuple[str, int, str], int] = {}
        self._edits: dict[tuple[str, int, str], Edit] = {}

    @cached_property
    def _starts(self) -> list[int]:
        # Not `splitlines`: it also splits at characters that no editor counts as a line's end.
        text = self.text
        if "\r" not in text:
            starts = [0]
            for line in text.split("\n")[:-1]:
                starts.append(starts[-1] + len(line) + 1)
            return starts
        starts = [0]
        position = 0
        while True:
            feed = text.find("\n", position)
            bare = text.find("\r", position, feed if feed >= 0 else len(text))
            if bare >= 0 and bare + 1 != feed:
                position = bare + 1
            elif feed >= 0:
                position = feed + 1
            else:
                return starts
            starts.append(position)

    def span(self, start: int, end: int) -> Span:
        """The span of [*start*, *end*), cut at the end of its first line: an excerpt shows one line."""
        start = min(start, len(self.text))
        line = bisect_right(self._starts, start) - 1
        begin = self._starts[line]
        shown = begin + len(self.line(line))
        end = max(min(end, shown), min(start + 1, shown))
        return Span(line + 1, start - begin + 1, line + 1, max(end, start) - begin + 1)

    def line(self, index: int) -> str:
        """The text of line *index* (from 0), without its end."""
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
        return self.text[self._starts[index] : end].rstrip("\r\n")

    def where(self, start: int) -> str:
        """A place as a sentence says it: "line 3, column 9"."""
        span = self.span(start, start)
        return f"line {span.line}, column {span.column}"

    def add(
        self,
        code: str,
        message: str,
        start: int,
        end: int,
        *hints: str,
        label: str = "",
        is_warning: bool = False,
        edit: Edit | None = None,
    ) -> None:
        """Note one thing that is wrong at [*start*, *end*). The same thing at the same place counts once.

        An *edit* mends it without anything left to decide.
        """
        if (code, start, message) in self._found:
            return
        self.count += 1
        if len(self._found) >= DIAGNOSTICS_MAX:
            return
        span = self.span(start, end)
        line = self.line(span.line - 1)
        self._ends[code, start, message] = end
        if edit is not None:
            self._edits[code, start, message] = edit
        self._found[code, start, message] = Diagnostic(
            code,
            _cut(message),
            is_warning=is_warning,
            file=self.path,
            span=span,
            source=line if len(line) <= EXCERPT_MAX else "",
            label=_cut(label),
            hints=tuple(map(_cut, hints[:3])),
        )

    def has_at(self, start: int, end: int) -> bool:
        """Whether something wrong was noted inside [*start*, *end*): then nothing that follows from it need be said."""
        return any(start <= at < end for _, at, _ in self._found)

    def did_you_mean(self, name: str, names: Iterable[str], otherwise: str) -> str:
        """A hint with the nearest of *names*; not worked out when nothing more is shown."""
        return otherwise if len(self._found) >= DIAGNOSTICS_MAX else did_you_mean(name, names, otherwise)

    @property
    def edits(self) -> tuple[tuple[str, Edit], ...]:
        """What mends the file, each with the code of what it mends: given edits, and single words that were meant."""
        from fairlead.workflow.mending import meant

        found: list[tuple[str, Edit]] = []
        for (code, start, message), diagnostic in self._found.items():
            edit = self._edits.get((code, start, message))
            edit = edit or meant(self, start, self._ends[code, start, message], diagnostic.hints)
            if edit is not None:
                found.append((code, edit))
        return tuple(found)

    @property
    def has_errors(self) -> bool:
        return self.count > len(self._found) or any(not found.is_warning for found in self._found.values())

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """What was found, by line, column and code."""

        def order(found: Diagnostic) -> tuple[int, int, str, str]:
            span = found.span
            return (span.line, span.column, found.code, found.message) if span else (0, 0, found.code, found.message)

        found = sorted(self._found.values(), key=order)
        if more := self.count - len(found):
            said = f"{more:,} more mistakes are not shown"
            end = self.span(len(self.text), len(self.text))
            found.append(Diagnostic("FL-W029", said, file=self.path, span=end, hints=("mend the ones above first",)))
        return tuple(found)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
