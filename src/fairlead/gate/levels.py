"""Which isolation level a call gets. One table, and no way down from it but the person's own setting.

L0 nothing · L1 limits and a clean environment, which isolate nothing · L2 namespaces, an allow list of mounts, a filter
of system calls, no network · L3 a container or a machine of its own, which this build has not. What ships is read
before it is installed and runs at L1; the programs and the code that a project brings run at L2 or not at all.
"""

from collections.abc import Mapping
from typing import Literal

from fairlead.core.errors import FairleadError
from fairlead.core.outcomes import Failed
from fairlead.core.ports import AgentCard, Call

Level = Literal["L0", "L1", "L2"]
_Origin = Literal["shipped", "program", "code"]  # an agent of ours; a program; Python code of the project

# What a call gets, and what it gets where the person has switched isolation off for the project.
_LEVELS: Mapping[_Origin, tuple[Level, Level]] = {
    "shipped": ("L1", "L1"),
    "program": ("L2", "L0"),
    "code": ("L2", "L1"),
}
_ORDER = ("", "L0", "L1", "L2", "L3")
_NO_SANDBOX = "FL-N11"  # how the codes begin that say why there is none


def level_for(card: AgentCard, call: Call, *, is_off: bool) -> Level | Failed:
    """The level that *call* of the agent of *card* is performed at, or why it may not be.

    *is_off*: the person wants no isolation for this project. A lower level than the step or the agent's file asks for
    is never given.
    """
    level = _LEVELS[_origin(card, call)][is_off]
    # A card that ships says by its level that it performs programs of the project, which get what programs get.
    wanted = "L3" if call.isolate in ("container", "vm") else call.sandbox
    asked = max(wanted, card.level if call.definition or card.adapter == "command" else "", key=_ORDER.index)
    if _ORDER.index(asked) <= _ORDER.index(level):
        return level
    if is_off and asked == "L2" and _LEVELS[_origin(card, call)][False] == "L2":
        message = f"{call.place} asks for level L2, and isolation is switched off for this project"
        return Failed("policy", "FL-P300", message, "fairlead sandbox on")
    message = f"{call.place} asks for level {asked}; this build performs {card.name} at {level} at most"
    return Failed("platform", "FL-N114", message, "fairlead explain FL-N114")


def no_sandbox(refusal: FairleadError) -> Failed | None:
    """The outcome of a call that could not be shut in; None for a refusal that says something else."""
    first = refusal.diagnostics[0]
    if not first.code.startswith(_NO_SANDBOX):
        return None
    return Failed("platform", first.code, first.message, "; ".join(first.hints))


def _origin(card: AgentCard, call: Call) -> _Origin:
    if call.argv or card.adapter in ("program", "command") or (card.level and not call.definition):
        return "program"
    return "code" if call.definition else "shipped"
