"""`workflows format`: the canonical order of keys, shown as a difference and written when that is said."""

import os.path

import msgspec

from fairlead.core.errors import Diagnostic, error
from fairlead.core.findings import path_text
from fairlead.service.parts import Parts, Project
from fairlead.service.starts import SHIPPED_WORKFLOWS, WORKFLOW_BYTES_MAX, find_definition, workflow_names
from fairlead.service.workflow_new import difference
from fairlead.workflow import read_workflow
from fairlead.workflow.layout import canonical


class Formatted(msgspec.Struct, frozen=True):
    """One file that is not in canonical form."""

    file: str
    changes: str  # a unified difference
    is_written: bool = False


class Formats(msgspec.Struct, frozen=True):
    """What `workflows format` found."""

    files: tuple[str, ...]
    changed: tuple[Formatted, ...]
    diagnostics: tuple[Diagnostic, ...] = ()  # of files that cannot be read, and were left as they are


def format_files(parts: Parts, project: Project, cwd: str, names: tuple[str, ...], *, is_written: bool) -> Formats:
    """How files should be; without *names*, all of the project's. The digest of a workflow never changes.

    Raises:
        FairleadError: FL-S007 no workflow has one of the names; FL-S014 a file cannot be written.
    """
    paths: list[str] = []
    changed: list[Formatted] = []
    found: list[Diagnostic] = []
    for name in names or tuple(one for one in workflow_names(parts, project) if one != "review"):
        if name.endswith(".py"):
            said = f"{path_text(name)} is written in Python, which this does not lay out"
            raise error("FL-W336", said, "format it as Python code, for example with ruff", exit_code=2)
        definition = find_definition(parts, project, project.root if not names else cwd, name)
        shown = path_text(definition.path)
        if definition.path.startswith(SHIPPED_WORKFLOWS):
            raise error("FL-S007", f"{name} ships with Fairlead: there is no file to format", "fairlead workflows list")
        paths.append(shown)
        read = read_workflow(shown, definition.data)
        found += [one for one in read.diagnostics if not one.is_warning]
        made = canonical(definition.data)
        if made == definition.data:
            continue
        after = read_workflow(shown, made).workflow
        if read.workflow is not None and (after is None or after.digest != read.workflow.digest):
            continue  # it would be another workflow: left as it is
        if is_written:
            _write(parts, os.path.join(project.root if not names else cwd, definition.path), definition.data, made)
        changed.append(Formatted(shown, difference(shown, definition.data, made), is_written))
    return Formats(tuple(paths), tuple(changed), tuple(found))


def _write(parts: Parts, full: str, before: bytes, after: bytes) -> None:
    if parts.files.read(full, limit=WORKFLOW_BYTES_MAX) != before:
        raise error("FL-S014", f"{path_text(full)} has changed meanwhile", "fairlead workflows format")
    try:
        parts.files.write(full, after)
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        raise error("FL-S014", f"{path_text(full)} cannot be written: {why}", "fairlead doctor", exit_code=8) from None
