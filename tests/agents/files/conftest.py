"""The workshop of a project's own agents is the place where agent files are tried too."""

from tests.agents.own.conftest import spawner, workshop

__all__ = ["spawner", "workshop"]
