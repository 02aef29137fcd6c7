"""Fairlead: teams of agents in production, with nothing lost and nothing silent.

Nothing is imported here: `fairlead --help` must not pay for what it does not use.
"""

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """The public names for agents of one's own, loaded when they are first asked for."""
    if name == "agent":
        from fairlead.agents.own.decorator import agent

        return agent
    if name == "Context":
        from fairlead.agents.own.context import Context

        return Context
    if name == "Findings":
        from fairlead.agents.own.findings import Findings

        return Findings
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
