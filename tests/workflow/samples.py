"""What the tests of this room share: a catalog over real cards, and diagnostics as plain text."""

from pathlib import Path

from fairlead.agents.catalog import FileCatalog
from fairlead.core.errors import Diagnostic
from fairlead.workflow import ReadWorkflow, check_workflow, read_values

HERE = Path(__file__).parent
HEAD = "fairlead: 1\nname: sample\n"
PATCHER = b"---\nname: patcher\ndescription: Writes a patch.\ntools: Edit\n---\nYou write patches.\n"


BROKEN = b"---\nname: broken\ndescription: Looks.\nfairlead: {adapter: robot}\n---\nYou look.\n"
FILES = ((".claude/agents/broken.md", BROKEN), (".claude/agents/patcher.md", PATCHER))


def catalog() -> FileCatalog:
    """`scanner`, which can be called; `patcher`, which needs a model; and `broken`, whose file cannot be used."""
    return FileCatalog(read_values, lambda: FILES, HERE / "agents")


def check(text: str | bytes, path: str = "sample.yaml") -> ReadWorkflow:
    """Check *text* against the catalog of this file."""
    return check_workflow(path, text.encode() if isinstance(text, str) else text, catalog())


def codes(read: ReadWorkflow) -> list[str]:
    return [found.code for found in read.diagnostics]


def render(found: Diagnostic) -> str:
    """A diagnostic as plain lines: what a snapshot holds."""
    kind = "warning" if found.is_warning else "error"
    lines = [f"{kind}[{found.code}]: {found.message}"]
    if found.span:
        lines.append(f"  --> {found.file}:{found.span.line}:{found.span.column}")
        if found.source:
            width = max(1, found.span.end_column - found.span.column)
            shown = "".join(c if c.isprintable() else "·" for c in found.source)
            lines.append(f"   | {shown}")
            lines.append(f"   | {' ' * (found.span.column - 1)}{'^' * width} {found.label}".rstrip())
    lines += [f"   = {hint}" for hint in found.hints]
    return "\n".join(lines)


def underlined(found: Diagnostic) -> str:
    """The text that the span of a diagnostic marks."""
    assert found.span is not None
    return found.source[found.span.column - 1 : found.span.end_column - 1]
