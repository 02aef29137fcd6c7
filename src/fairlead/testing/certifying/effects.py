"""Effects that are watched: performed for real, but what would leave the machine goes to the server that counts."""

import os
from collections.abc import Callable

import msgspec

from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome
from fairlead.core.ports import Effect, EffectCard, EffectWorld
from fairlead.core.workflow import NotifyAction
from fairlead.env.effects import secrets
from fairlead.gate.surroundings import Deliver
from fairlead.testing.certifying.breaking import Breaking
from fairlead.testing.certifying.counting import Ledger, Line, address_for, status_for

_REQUEST = "http.request"
_PLACEHOLDER = "certify-placeholder-{}"  # what a secret is here: it goes to a server of ours only


class WatchedEffect:
    """An effect whose beginning and end are moments of the process that performs it."""

    def __init__(self, effect: Effect, breaking: Breaking, ledger: Ledger, port: int) -> None:
        self._effect = effect
        self._breaking = breaking
        self._ledger = ledger
        self._port = port
        self._kind = effect.describe().kind

    def describe(self) -> EffectCard:
        """As the effect says."""
        return self._effect.describe()

    def class_of(self, given: dict[str, Json]) -> str:
        """Of what the workflow gives, not of what is sent here."""
        return self._effect.class_of(given)

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        """What a person would be shown."""
        return await self._effect.show(given, world)

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        """As the effect finds it."""
        return await self._effect.find(given, world)

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        """Do it, and tell the ledger when it was done."""
        self._breaking.begin("effect")
        outcome = await self._effect.perform(self._turned(given, world), world)
        self._ledger.write(Line("done", world.key, kind=self._kind, ok=not isinstance(outcome, Failed)))
        self._breaking.reach("effect", "after")
        return outcome

    def _turned(self, given: dict[str, Json], world: EffectWorld) -> dict[str, Json]:
        """The same request, to the server that counts. An address that is none is left for the effect to refuse."""
        url = given.get("url")
        if self._kind != _REQUEST or not isinstance(url, str) or not url.startswith(("http://", "https://")):
            return given
        for name in secrets.names_in([given.get("headers"), given.get("body")]):
            os.environ[name] = _PLACEHOLDER.format(name)
        there = address_for(self._port, world.key, status_for(given), url)
        return {**given, "url": there, "allow_private": True}


def watched_messages(deliver: Deliver, breaking: Breaking, ledger: Ledger, port: int) -> Deliver:
    """*deliver*, so that addresses lead to the server that counts."""

    async def told(message: NotifyAction, world: EffectWorld, progress: Callable[[str], None]) -> Outcome:
        breaking.begin("effect")
        ledger.write(Line("told", world.key, kind="notify"))
        to = tuple(_turned(one, port, world.key) for one in message.to)
        outcome = await deliver(msgspec.structs.replace(message, to=to), world, progress)
        breaking.reach("effect", "after")
        return outcome

    return told


def _turned(to: str, port: int, key: str) -> str:
    scheme, _, rest = to.partition(":")
    if scheme == "webhook":
        return f"webhook:{address_for(port, key, 200, rest)}"
    return address_for(port, key, 200, to) if scheme in ("http", "https") else to
