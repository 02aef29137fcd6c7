"""Moments at which something is due, the earliest first; what is looked at is only what is due."""

from collections.abc import Iterator
from heapq import heappop, heappush

from fairlead.core.ids import Micros, Place


class Agenda:
    """For each place at most one moment. What was dropped stays in the heap until it comes to its top."""

    __slots__ = ("_heap", "_noted", "_when")

    def __init__(self) -> None:
        self._when: dict[Place, tuple[Micros, int]] = {}
        self._heap: list[tuple[Micros, int, Place]] = []
        self._noted = 0  # so that of two equal moments the one that was noted first comes first

    def __len__(self) -> int:
        return len(self._when)

    def __contains__(self, place: Place) -> bool:
        return place in self._when

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Agenda) and self._when == other._when

    __hash__ = None  # type: ignore[assignment]  # it changes

    def note(self, place: Place, when: Micros) -> None:
        """*place* is due at *when*, and at no other moment."""
        self.drop(place)
        self._noted += 1
        self._when[place] = (when, self._noted)
        heappush(self._heap, (when, self._noted, place))

    def drop(self, place: Place) -> None:
        """*place* is not due any more."""
        if self._when.pop(place, None) is not None:
            while self._heap and not self._is_noted(self._heap[0]):
                heappop(self._heap)

    def when(self, place: Place) -> Micros | None:
        """The moment at which *place* is due; None when it is not noted."""
        noted = self._when.get(place)
        return noted[0] if noted is not None else None

    def first(self) -> Micros | None:
        """The earliest moment."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: Micros) -> Iterator[Place]:
        """What is due at *now*, in order. Costs what it gives: the heap is walked from its top, not taken apart."""
        front = [(self._heap[0], 0)] if self._heap else []
        while front:
            entry, at = heappop(front)
            if entry[0] > now:
                return
            if self._is_noted(entry):
                yield entry[2]
            for below in (2 * at + 1, 2 * at + 2):
                if below < len(self._heap):
                    heappush(front, (self._heap[below], below))

    def _is_noted(self, entry: tuple[Micros, int, Place]) -> bool:
        return self._when.get(entry[2]) == entry[:2]
