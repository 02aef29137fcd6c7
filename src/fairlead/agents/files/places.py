"""Where agent files lie, in the order in which they are looked for: the first of a name wins.

`.claude/agents` is looked for from the directory at hand up to the root of the project, the nearest first.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple

Whose = Literal["project", "user", "package"]


class Place(NamedTuple):
    """One folder of agent files."""

    folder: str  # from the root of the project, or from the home of the person, or from their configuration
    suffix: str = ".md"
    is_ours: bool = False  # whoever writes there means an agent of Fairlead
    is_deep: bool = False  # folders in it count too
    is_nearest_first: bool = False


PROJECT = (
    Place(".fairlead/agents", is_ours=True),
    Place(".claude/agents", is_deep=True, is_nearest_first=True),
    Place(".github/agents", ".agent.md"),
    Place(".gemini/agents"),
    Place(".opencode/agents"),
)
CONFIG_HOME = (Place("fairlead/agents", is_ours=True), Place("opencode/agents"))  # below $XDG_CONFIG_HOME
HOME = (Place(".claude/agents", is_deep=True), Place(".gemini/agents"))
GROUP = "fairlead.agents"  # of the entry points by which installed packages name a folder of cards


def folders_of(place: Place, above: Iterable[str]) -> list[str]:
    """The folders of *place* from the root of the project; *above* are directories below it, the nearest first."""
    if not place.is_nearest_first:
        return [place.folder]
    return [*(f"{directory}/{place.folder}" for directory in above if directory), place.folder]
