"""Where in the person's own file a builder call stands, and how a mistake in one is said."""

import linecache
import sys
from types import CodeType
from typing import NamedTuple, NoReturn

from fairlead.core.errors import Diagnostic, FairleadError, Span

_NOT_THEIRS = ("fairlead.workflow.building", "contextlib")  # a block is entered through `contextlib`


class CallPlace(NamedTuple):
    """A call, as the interpreter knows it; what it costs to find the columns is paid only by who asks for them."""

    code: CodeType
    instruction: int
    line: int

    @property
    def file(self) -> str:
        """The file as Python names it."""
        return self.code.co_filename

    @property
    def span(self) -> Span:
        """From the first character of the call to behind its last. Columns count characters."""
        for nth, found in enumerate(self.code.co_positions()):
            if nth == self.instruction // 2:
                line, end_line, column, end_column = found
                if line is not None and end_line is not None and column is not None and end_column is not None:
                    first = _characters(self.file, line, column)
                    return Span(line, first + 1, end_line, _characters(self.file, end_line, end_column) + 1)
                break
        return Span(self.line, 1, self.line, 1)


def _characters(file: str, line: int, column: int) -> int:
    """The interpreter counts bytes."""
    text = linecache.getline(file, line)
    return column if text.isascii() else len(text.encode()[:column].decode(errors="replace"))


def calling_place() -> CallPlace:
    """The nearest call outside of this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(_NOT_THEIRS):
        frame = frame.f_back
    return CallPlace(frame.f_code, frame.f_lasti, frame.f_lineno)


def refuse(code: str, message: str, *hints: str) -> NoReturn:
    """Raise what is wrong with the builder call that is being made, with its file and line."""
    place = calling_place()
    line = linecache.getline(place.file, place.line).rstrip("\n")
    raise FairleadError(
        Diagnostic(code, message, file=place.file, span=place.span, source=line, hints=hints[:3])
    ) from None
