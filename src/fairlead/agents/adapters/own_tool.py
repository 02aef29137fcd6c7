"""The adapter for Python agents of a project: the very code that their digest names, in a forked child."""

from fairlead.agents.hiding import hidden
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call, World
from fairlead.core.tools import ToolCode

_MAKER = "fairlead.agents.own.calling:prepare"
DESCRIBER = "fairlead.agents.own.calling:describe"


class OwnToolAgent:
    """An agent whose function does not ship. It is imported in the child alone, never by the worker."""

    def __init__(self, card: AgentCard, code: ToolCode) -> None:
        self._card = card
        self._code = code

    def describe(self) -> AgentCard:
        """The card as it was read."""
        return self._card

    async def perform(self, call: Call, world: World) -> Outcome:
        """Call the function with the call's inputs."""
        return hidden(said_no(await world.call_tool(_MAKER, call.inputs, self._card.memory_max, self._code)))


def said_no(outcome: Outcome) -> Outcome:
    """*outcome* as it counts: an agent that says of itself that it failed has failed, whatever else it gives."""
    if isinstance(outcome, Succeeded) and outcome.output.get("success") is False:
        message = "the agent's own answer says `success: false`"
        return Failed("agent", "FL-R245", message, "its answer says why", outcome.output)
    return outcome
