"""`agents`: which agents there are, usable or not, and everything that their cards say."""

from difflib import get_close_matches

import msgspec

from fairlead.core.errors import error
from fairlead.core.ports import AgentCard
from fairlead.service.parts import Parts, Project


class AgentList(msgspec.Struct, frozen=True):
    """Every agent that stands on disk, by name."""

    agents: tuple[AgentCard, ...]


def list_agents(parts: Parts, project: Project) -> AgentList:
    """All agents; one that cannot be used says why in `problem`."""
    return AgentList(tuple(sorted(parts.catalog(project).cards(), key=lambda card: card.name)))


def show_agent(parts: Parts, project: Project, name: str) -> AgentCard:
    """One agent's card, and what holds for it with the reasons.

    Raises:
        FairleadError: FL-S011 with the nearest names.
    """
    catalog = parts.catalog(project)
    card = catalog.find(name)
    if card is not None:
        return msgspec.structs.replace(card, settings=tuple(parts.own_agents(project).settings(name)))
    names = [one.name for one in catalog.cards()]
    near = get_close_matches(name, names, 3, 0.5) or [one for one in names if one.startswith(name)]
    raise error(
        "FL-S011",
        f"no agent is called {name}",
        *(f"fairlead agents show {one}" for one in near[:2]),
        "fairlead agents list",
    )
