"""What acknowledged work survives: the words of the setting, and what each of them promises."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from fairlead.core.errors import error

Durability = Literal["full", "process"]

PROMISES: Mapping[Durability, str] = MappingProxyType(
    {
        "full": "what is acknowledged survives a power cut",
        "process": "what is acknowledged survives kill -9, but not a power cut",
    }
)


def read_durability(word: str) -> Durability:
    """The setting that *word* means; nothing means everything.

    Raises:
        FairleadError: FL-N025 no such word.
    """
    match word.strip():
        case "" | "full":
            return "full"
        case "process":
            return "process"
        case _:
            raise error(
                "FL-N025",
                f"durability is full or process, not {word!r}",
                "leave it out: full is the default, and the only one that survives a power cut",
                exit_code=2,
            )
