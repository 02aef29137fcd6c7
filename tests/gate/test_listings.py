"""Who shares a listing of the checkout: agents that ship, as long as nothing has ended that may have changed it."""

import asyncio

import msgspec

from fairlead.core.events import AttemptSucceeded
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Admitted, AgentCard, Call
from fairlead.core.ports import World as AgentWorld
from fairlead.gate.world import CallWorld
from tests.gate.conftest import CARD, World


class Noting:
    """Performs nothing, and notes the word under which it would share."""

    def __init__(self, card: AgentCard = CARD) -> None:
        self.card = card
        self.words: list[str] = []

    def describe(self) -> AgentCard:
        return self.card

    async def perform(self, call: Call, world: AgentWorld) -> Outcome:
        assert isinstance(world, CallWorld)
        self.words.append(world.listing)
        return Succeeded({"done": True})


def performed(world: World, call: Call) -> None:
    admitted = world.admit(call)
    assert isinstance(admitted, Admitted)
    assert isinstance(asyncio.run(world.gate.carry_out(admitted)), AttemptSucceeded)


def test_agents_that_ship_share_until_a_program_has_ended(world: World) -> None:
    noting = Noting(msgspec.structs.replace(CARD, name="noting", input_schema={}, output_schema={}))
    world.agents["noting"] = noting
    looks = world.call("noting", {})
    performed(world, looks)
    performed(world, looks)
    performed(world, world.program("true"))
    performed(world, looks)
    first, second, third = noting.words
    assert first == second != third
    assert first.startswith(looks.run)


def test_who_works_in_a_copy_shares_none(world: World) -> None:
    card = msgspec.structs.replace(CARD, name="noting", input_schema={}, output_schema={}, writes=("**",))
    noting = Noting(card)
    world.agents["noting"] = noting
    performed(world, world.call("noting", {}))
    assert noting.words == [""]
