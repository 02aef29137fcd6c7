"""Python: what the syntax tree of a file shows, with the standard library's own parser."""

from fairlead.agents.builtin.code_reviewer.found import Reviewed, SourceFile


def wants(path: str) -> bool:
    """Whether *path* is Python, by its name."""
    return path.endswith((".py", ".pyi", ".pyw"))


def review(file: SourceFile) -> Reviewed:
    """Everything about one file that its own text shows."""
    return Reviewed([], [])
