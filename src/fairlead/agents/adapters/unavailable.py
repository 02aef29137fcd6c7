"""In the place of an adapter that this build does not have: every call is refused, so that a fallback can take over."""

from fairlead.core.outcomes import Failed, Outcome
from fairlead.core.ports import AgentCard, Call, World


class UnavailableAgent:
    """An agent that is known and lacks what its card says in `needs`."""

    def __init__(self, card: AgentCard) -> None:
        self._card = card

    def describe(self) -> AgentCard:
        """The card as it was read."""
        return self._card

    async def perform(self, call: Call, world: World) -> Outcome:
        """Say what it needs; nothing is started."""
        card = self._card
        hint = (
            "name an agent below `fallback:` that takes over"
            if not card.fallback
            else f"fairlead agents show {card.name}"
        )
        return Failed("platform", "FL-A030", f"agent {card.name} needs {card.needs}", hint, error="unavailable")
