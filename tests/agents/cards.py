"""The schemas of agents that ship, read from their cards as they stand."""

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

import fairlead.agents.builtin
from fairlead.core.json import Json

_CARDS = Path(fairlead.agents.builtin.__path__[0]) / "cards"


class Schemas(NamedTuple):
    """What an agent takes and gives, and the function behind it."""

    input: dict[str, Json]
    output: dict[str, Json]
    entry: str
    level: str  # "" when the card asks for none


@cache
def schemas_of(name: str) -> Schemas:
    """The schemas of the agent *name*; nobody may change them."""
    front = (_CARDS / f"{name}.md").read_text("utf-8").removeprefix("---\n").partition("\n---\n")[0]
    settings = yaml.safe_load(front)["fairlead"]
    return Schemas(settings["input"], settings["output_schema"], settings["python"], settings.get("level", ""))
