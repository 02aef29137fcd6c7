"""`matches` in linear time: all ways through a pattern are followed at once, so none is ever tried again.

The sets of places that belong to a set and a character are remembered; a text then costs two look-ups a character.
What an evaluation is charged does not depend on what is remembered: the same expression costs the same every time.
"""

from functools import lru_cache
from typing import NamedTuple

from fairlead.core.expressions.pattern_syntax import WORD, Assert, Done, Split, Take, Unreadable, program_of
from fairlead.core.expressions.problems import BAD_PATTERN, Fault
from fairlead.core.expressions.values import Meter

_PATTERNS_MAX = 256
_SETS_MAX = 2_000  # that one pattern remembers
_VISITS_A_STEP = 256  # instructions that one evaluation step may look at


class _Between(NamedTuple):
    """What stands left and right of a position in a text; "" at its ends."""

    left: str
    right: str

    def holds(self, what: str) -> bool:
        """Whether an assertion of a pattern holds here."""
        match what:
            case "A":
                return not self.left
            case "z":
                return not self.right
            case "^":
                return self.left in ("", "\n")
            case "$":
                return self.right in ("", "\n")
            case _:
                is_edge = (self.left in WORD) != (self.right in WORD)
                return is_edge == (what == "b")


class Pattern:
    """A compiled pattern. What it remembers is only speed: threads may share it."""

    def __init__(self, pattern: str) -> None:
        self._program = program_of(pattern)
        self._has_assertions = any(isinstance(one, Assert) for one in self._program)
        self._steps: dict[tuple[tuple[int, ...], str], tuple[int, ...]] = {}
        self._closed: dict[tuple[tuple[int, ...], _Between], tuple[tuple[int, ...], bool]] = {}

    def cost(self, text: str) -> int:
        """The evaluation steps that a search in *text* is charged."""
        return len(text) * len(self._program) // _VISITS_A_STEP

    def is_found_in(self, text: str) -> bool:
        """Whether the pattern is anywhere in *text*."""
        places: tuple[int, ...] = ()
        for at in range(len(text) + 1):
            right = text[at : at + 1]
            between = _NOWHERE
            if self._has_assertions:
                between = _Between(text[at - 1] if at else "", right)
            places, is_done = self._follow((0, *places), between)
            if is_done:
                return True
            if right:
                places = self._step(places, right)
        return False

    def _step(self, places: tuple[int, ...], character: str) -> tuple[int, ...]:
        """Where one goes on after *character*: places not yet followed."""
        known = self._steps.get((places, character))
        if known is None:
            program = self._program
            found = [at + 1 for at in places if isinstance(one := program[at], Take) and one.test(character)]
            known = tuple(found)
            if len(self._steps) >= _SETS_MAX:
                self._steps.clear()
            self._steps[places, character] = known
        return known

    def _follow(self, places: tuple[int, ...], between: _Between) -> tuple[tuple[int, ...], bool]:
        """The places that take a character and can be reached from *places* without one; whether the end can, too."""
        known = self._closed.get((places, between))
        if known is not None:
            return known
        waiting, seen, found = list(places), set[int](), set[int]()
        is_done = False
        while waiting:
            at = waiting.pop()
            if at in seen:
                continue
            seen.add(at)
            match self._program[at]:
                case Take():
                    found.add(at)
                case Split(one, other):
                    waiting += (one, other)
                case Assert(what):
                    if between.holds(what):
                        waiting.append(at + 1)
                case Done():
                    is_done = True
        if len(self._closed) >= _SETS_MAX:
            self._closed.clear()
        self._closed[places, between] = known = (tuple(sorted(found)), is_done)
        return known


_NOWHERE = _Between("", "")


@lru_cache(maxsize=_PATTERNS_MAX)
def compiled(pattern: str) -> Pattern:
    """The program of *pattern*.

    Raises:
        Unreadable: it is no pattern.
    """
    return Pattern(pattern)


def is_found(text: str, pattern: str, meter: Meter) -> bool:
    """Whether *pattern* is found anywhere in *text*.

    Raises:
        Fault: it is no pattern, or the search costs more than *meter* has.
    """
    try:
        found = compiled(pattern)
    except Unreadable as error:
        raise Fault(BAD_PATTERN, f"the pattern cannot be read: {error}") from None
    meter.steps(found.cost(text))
    return found.is_found_in(text)
