"""The adapter for Python functions: each call runs in a forked child, away from the worker."""

from fairlead.agents.hiding import hidden
from fairlead.core.outcomes import Outcome
from fairlead.core.ports import AgentCard, Call, World


class ToolAgent:
    """An agent whose card names `module:function`."""

    def __init__(self, card: AgentCard) -> None:
        self._card = card

    def describe(self) -> AgentCard:
        """The card as it was read."""
        return self._card

    async def perform(self, call: Call, world: World) -> Outcome:
        """Call the function with the call's inputs."""
        card = self._card
        return hidden(await world.call_tool(card.entry, call.inputs, card.memory_max, None, card.writes))
