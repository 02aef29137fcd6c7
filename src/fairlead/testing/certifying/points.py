"""The points at which a run is disturbed: what is done to the process that performs it, and when."""

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple

from fairlead.service.certifying import check_point

Seam = Literal["commit", "effect"]
Moment = Literal["before", "after"]
Kind = Literal["kill", "kill twice", "torn write", "full disk", "lost lock"]

KINDS: tuple[Kind, ...] = ("kill", "kill twice", "torn write", "full disk", "lost lock")
TWICE_SHARE = 0.25  # of the kills are followed by another one, while the run is recovered


class Kill(NamedTuple):
    """The process is killed (-9) right before or after the commit, or the effect, of this number."""

    seam: Seam
    number: int
    moment: Moment

    def __str__(self) -> str:
        return f"{self.seam}-{self.number}-{self.moment}"


class Point(NamedTuple):
    """One disturbance of one run. Its name says all of it, with the seed."""

    kind: Kind
    number: int = 0  # of the commit: torn, full, fenced
    kills: tuple[Kill, ...] = ()  # of the first process, and of the one that recovers

    def __str__(self) -> str:
        match self.kind:
            case "kill" | "kill twice":
                return "+".join(map(str, self.kills))
            case "torn write":
                return f"torn-{self.number}"
            case "full disk":
                return f"full-{self.number}"
            case "lost lock":
                return f"fenced-{self.number}"


def read_point(text: str) -> Point:
    """The point of this name.

    Raises:
        FairleadError: FL-R812.
    """
    check_point(text)
    word, _, rest = text.partition("-")
    kinds: dict[str, Kind] = {"torn": "torn write", "full": "full disk", "fenced": "lost lock"}
    if word in kinds:
        return Point(kinds[word], int(rest))
    kills = tuple(_read_kill(one) for one in text.split("+"))
    return Point("kill" if len(kills) == 1 else "kill twice", kills=kills)


def _read_kill(text: str) -> Kill:
    seam, number, moment = text.split("-")
    return Kill("commit" if seam == "commit" else "effect", int(number), "before" if moment == "before" else "after")


def all_points(commits: int, effects: int, seed: int) -> list[Point]:
    """Every point of a run with so many commits and effects, in the order in which they are tried."""
    draw = random.Random(f"{seed} twice")
    moments: tuple[Moment, ...] = ("before", "after")
    kills = [Kill("commit", number, moment) for number in range(1, commits + 1) for moment in moments]
    kills += [Kill("effect", number, moment) for number in range(1, effects + 1) for moment in moments]
    found = [Point("kill", kills=(kill,)) for kill in kills]
    for kill in kills:
        if draw.random() < TWICE_SHARE:
            again = Kill("commit", draw.randint(1, max(1, commits // 2)), draw.choice(moments))
            found.append(Point("kill twice", kills=(kill, again)))
    numbers = range(1, commits + 1)
    found += [Point("torn write", number) for number in numbers]
    found += [Point("full disk", number) for number in numbers]
    found += [Point("lost lock", number) for number in numbers]
    return found


def sampled(points: Sequence[Point], most: int, seed: int) -> list[Point]:
    """At most so many of them, drawn by the seed, in their order."""
    if len(points) <= most:
        return list(points)
    chosen = set(random.Random(f"{seed} sample").sample(range(len(points)), most))
    return [point for number, point in enumerate(points) if number in chosen]
