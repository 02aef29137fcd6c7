"""Agents that do what a test says, inside the worker's own process."""

from collections.abc import Awaitable, Callable

from fairlead.core.json import Digest
from fairlead.core.outcomes import Outcome
from fairlead.core.ports import AgentCard, Call, World

Script = Callable[[Call, World], Awaitable[Outcome]]


class ScriptedAgent:
    """An agent whose work is *script*. Its card promises nothing but an object, and asks for nothing."""

    def __init__(self, name: str, script: Script) -> None:
        self._script = script
        self._card = AgentCard(
            name=name,
            title=name,
            description="Plays a script.",
            adapter="scripted",
            entry="",
            version="1",
            digest=Digest(""),
            input_schema={"type": "object"},
            output_schema={},
            source="fairlead.testing",
        )

    def describe(self) -> AgentCard:
        """A card without promises."""
        return self._card

    async def perform(self, call: Call, world: World) -> Outcome:
        """Play the script."""
        return await self._script(call, world)
