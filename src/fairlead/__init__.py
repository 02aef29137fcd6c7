"""Fairlead: teams of agents in production, with nothing lost and nothing silent.

Nothing is imported here: `fairlead --help` must not pay for what it does not use.
"""

import sys

__version__ = "0.1.0"

_SYMBOLS = {name: name.rstrip("_") for name in ("data", "git", "host", "inputs", "output", "round_", "run", "steps")}
_SYMBOLS["vars"] = "vars"
_CALLS = ("Symbol", "cel", "has", "if_else", "is_in", "item")


def __getattr__(name: str) -> object:
    """The public names, loaded when they are first asked for."""
    if name in ("Workflow", "expect"):
        from fairlead.workflow.building import workflow

        return getattr(workflow, name)
    if name in _SYMBOLS or name in _CALLS:
        from fairlead.workflow.building import symbols

        return getattr(symbols, name) if name in _CALLS else symbols.root(_SYMBOLS[name])
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
        from fairlead.workflow.building.symbols import root

        return root("env")

    @env.setter
    def env(self, module: object) -> None:
        """The import of the room says here that it is there; `fairlead.env.…` is found without that."""


sys.modules[__name__].__class__ = _Package
