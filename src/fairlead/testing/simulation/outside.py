"""The world outside of a simulated engine: it counts what really happened, and it outlives every worker."""

from hashlib import sha256
from typing import NamedTuple

from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import EffectCard
from fairlead.core.workflow import ErrorClass
from fairlead.testing.simulation.grammar import EFFECTS

CLASSES = dict(zip(EFFECTS, ("read_only", "keyed", "unkeyed", "irreversible"), strict=True))
_ERRORS: tuple[ErrorClass, ...] = ("transient", "invalid_output", "unavailable", "unknown", "")
_SCHEMA: dict[str, Json] = {"type": "object"}


class Happening(NamedTuple):
    """Something changed outside, once."""

    after: int  # events that were durable when it did
    run: RunId
    place: Place
    attempt: int
    kind: str  # of the effect; "notify"
    key: str  # under which it was asked for; "" for what the world keeps no keys of


class Outside:
    """Whatever effects do is written down here. What is asked for twice under one key happens once."""

    def __init__(self, happened: list[Happening]) -> None:
        self.happened = happened
        self._keys = {one.key for one in happened if one.key}

    def knows(self, key: str) -> bool:
        """Whether something has happened under *key*."""
        return key in self._keys

    def take(self, happening: Happening) -> bool:
        """Let it happen; False when it has, under the same key."""
        if happening.key and happening.key in self._keys:
            return False
        self._keys.add(happening.key)
        self.happened.append(happening)
        return True


def card_of(kind: str) -> EffectCard:
    """What the gate is told of an effect."""
    return EffectCard(kind, kind, "Changes a world that is simulated.", _SCHEMA, _SCHEMA, CLASSES[kind])


def share_of(*words: object) -> float:
    """A number from 0 to 1 that follows from *words*, however often it is asked for."""
    return float(int.from_bytes(sha256(" ".join(map(str, words)).encode()).digest()[:6])) / 2**48


def answer_of(seed: str, place: Place, agent: str, failed_before: int) -> Outcome:
    """What an agent answers: it follows from where the step stands and what failed there, never from who was faster."""
    drawn = int.from_bytes(sha256(f"{seed} {place} {agent} {failed_before}".encode()).digest()[:8])
    stubborn = sha256(f"{seed} {place}".encode()).digest()[0] < 6  # it never does better
    if stubborn or drawn % 100 < 10:
        error = "transient" if stubborn else _ERRORS[(drawn >> 8) % len(_ERRORS)]
        return Failed("agent" if error else "result", "FL-R210", "no", error=error)
    degraded = ("less",) if (drawn >> 16) % 20 == 0 else ()
    return Succeeded({"n": (drawn >> 24) % 10}, f"did {place}", degraded)
