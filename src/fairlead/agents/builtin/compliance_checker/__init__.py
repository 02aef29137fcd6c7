"""Which rules and controls a repository keeps, each with the place that shows it."""

from fairlead.agents.builtin.compliance_checker.scan import scan

__all__ = ["scan"]
