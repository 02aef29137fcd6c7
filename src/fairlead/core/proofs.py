"""What a proof says: one line of the bar, with what it counted and how to see it again."""

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

Lane = Literal["fast", "full"]
Tell = Callable[[str], None]  # progress, a few words at a time; called a few times a second at most

PROBLEMS_MAX = 20  # of one figure; what is beyond is counted


class Figure(msgspec.Struct, frozen=True):
    """One measured line: what was promised, how often it was tried, and what was found against it."""

    name: str  # power-cuts
    promise: str  # what holds when it is met, in one sentence
    seed: int
    counts: dict[str, int]  # what was done and what was found, in reading order: {"cuts": 2000, "lost": 0}
    problems: tuple[str, ...]  # each says where, and with which seed it is seen again; none: the promise held
    seconds: float = 0.0  # filled in by whoever performs the proofs
    skipped: str = ""  # why it cannot be tried here; never a success


class Prove(Protocol):
    """Tries to break one promise: as often as the lane asks, every choice drawn from the seed."""

    def __call__(self, lane: Lane, seed: int, tell: Tell) -> Figure: ...


def bounded(problems: list[str]) -> tuple[str, ...]:
    """*problems* as a figure holds them: the first ones, and how many more there were."""
    if len(problems) <= PROBLEMS_MAX:
        return tuple(problems)
    return (*problems[:PROBLEMS_MAX], f"and {len(problems) - PROBLEMS_MAX} more")
