"""Agent files: Markdown whose front matter says what an agent is called and what it may do, whoever wrote it."""
