"""Fairlead: teams of agents in production, with nothing lost and nothing silent.

Nothing is imported here: `fairlead --help` must not pay for what it does not use.
"""

import sys

__version__ = "0.1.0"

_SYMBOLS = {name: name.rstrip("_") for name in ("data", "git", "host", "inputs", "output", "round_", "run", "steps")}
_SYMBOLS["vars"] = "vars"


def __getattr__(name: str) -> object:
    """The public names, loaded when they are first asked for."""
    if name in ("Workflow", "expect"):
        from fairlead.workflow.building.workflow import Workflow, expect

        return Workflow if name == "Workflow" else expect
    if name in _SYMBOLS:
        from fairlead.workflow.building.functions import root

        return root(_SYMBOLS[name])
    if name == "Symbol":
        from fairlead.workflow.building.symbols import Symbol

        return Symbol
    if name in ("cel", "has", "if_else", "is_in", "item"):
        from fairlead.workflow.building.functions import cel, has, if_else, is_in, item

        return {"cel": cel, "has": has, "if_else": if_else, "is_in": is_in, "item": item}[name]
    if name == "agent":
        from fairlead.agents.own.decorator import agent

        return agent
    if name == "Context":
        from fairlead.agents.own.context import Context

        return Context
    if name == "Findings":
        from fairlead.agents.own.findings import Findings

        return Findings
    if name == "FairleadError":
        from fairlead.core.errors import FairleadError

        return FairleadError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Package(type(sys)):  # type: ignore[misc]  # the class of modules
    """The package, whose public name `env` is the symbol also where its room of that name has been imported."""

    @property
    def env(self) -> object:
        """The environment as expressions read it."""
        from fairlead.workflow.building.functions import root

        return root("env")

    @env.setter
    def env(self, module: object) -> None:
        """The import of the room says here that it is there; `fairlead.env.…` is found without that."""


sys.modules[__name__].__class__ = _Package
