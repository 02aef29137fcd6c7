"""What a repository is made of: languages, frameworks, packaging, CI, containers, entry points, licence, size."""

from fairlead.agents.builtin.inventory.survey import scan

__all__ = ["scan"]
