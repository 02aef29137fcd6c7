"""Agent files: search order, recovery, settings."""
