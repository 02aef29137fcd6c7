"""A pattern with named groups, looked for in what a program printed.

It is tried on one line after the other, from the first on, and the first line that matches counts. A line is searched
up to a bound, and the whole search has a limit of its own processor time: for a single line a pattern can need longer
than the universe is old.
"""

import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fairlead.agents.parsing.texts import NotParsed, said, text_of
from fairlead.core.json import INTEGER_MAX, Json
from fairlead.core.program_outputs import NUMBER, pattern_problem

LINE_CHARACTERS_MAX = 10_000
SEARCH_SECONDS_MAX = 5.0  # of processor time


def parse(data: bytes, pattern: str, seconds_max: float = SEARCH_SECONDS_MAX) -> Json:
    """The named groups of the first line of *data* that matches; what writes a number becomes one.

    Raises:
        NotParsed: no line matches, the pattern is none, or the search takes too long.
    """
    if problem := pattern_problem(pattern):
        raise NotParsed(f"cannot be searched: {problem}")
    if not data.strip():
        raise NotParsed("is empty")
    compiled = re.compile(pattern)
    lines = text_of(data, is_strict=False).splitlines()
    try:
        with _limited(seconds_max):
            for line in lines:
                if found := compiled.search(line, 0, LINE_CHARACTERS_MAX):
                    return {name: _value(text) for name, text in found.groupdict().items()}
    except _TooLong:
        raise NotParsed(f"took more than {seconds_max:g} s to search for {said(pattern)[:200]}") from None
    is_shortened = any(len(line) > LINE_CHARACTERS_MAX for line in lines)
    more = f"; lines are searched up to {LINE_CHARACTERS_MAX:,} characters" if is_shortened else ""
    raise NotParsed(f"has no line that matches {said(pattern)[:200]}{more}")


class _TooLong(Exception):
    """The search used up its time."""


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """End what is inside after so much processor time. The matcher looks for signals while it works."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _value(text: str | None) -> Json:
    if text is None or not NUMBER.fullmatch(text):
        return None if text is None else said(text)
    try:
        whole = int(text)
    except ValueError:
        number = float(text)
        return number if abs(number) <= 1e300 else said(text)
    return whole if abs(whole) <= INTEGER_MAX else said(text)
