"""Fairlead: teams of agents in production, with nothing lost and nothing silent.

Nothing is imported here: `fairlead --help` must not pay for what it does not use.
"""

__version__ = "0.1.0"
