"""`check`: workflow files are read without running them, and what is certain to mend them is shown or written."""

import os.path
from collections.abc import Collection

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.workflow import Workflow
from fairlead.service.parts import Parts, Project
from fairlead.service.python_files import read_definition
from fairlead.service.requirements import REQUIREMENTS_BYTES_MAX
from fairlead.service.starts import SHIPPED_WORKFLOWS, WORKFLOW_BYTES_MAX, Definition, find_definition, workflow_names
from fairlead.workflow import ReadWorkflow, read_workflow
from fairlead.workflow.mending import mend
from fairlead.workflow.requirements import ReadRequirements, read_requirements
from fairlead.workflow.source import Edit


class WorkflowFix(msgspec.Struct, frozen=True):
    """What mends a file."""

    file: str
    changes: str  # a unified difference
    codes: tuple[str, ...]  # of what it mends
    is_written: bool = False


class Checked(msgspec.Struct, frozen=True):
    """What `check` found, in all files together."""

    files: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...]
    errors: int
    warnings: int
    fixes: tuple[WorkflowFix, ...] = ()  # with `--fix`
    fixable: int = 0  # diagnostics that `--fix` would mend


def check_files(
    parts: Parts,
    project: Project,
    cwd: str,
    names: tuple[str, ...],
    *,
    is_fix: bool = False,
    is_written: bool = False,
) -> Checked:
    """Read workflows without running them; without *names*, all of the project's.

    With *is_fix*, the edits that are certain; with *is_written*, they are written, and what is wrong is what is left.

    Raises:
        FairleadError: FL-S007 no workflow has one of the names; FL-S014 a file cannot be written.
    """
    chosen = names or tuple(name for name in workflow_names(parts, project) if name != "review")
    checker = _Checker(parts, project)
    found: list[Diagnostic] = []
    paths: list[str] = []
    fixes: list[WorkflowFix] = []
    fixable = 0
    for name in chosen:
        definition = find_definition(parts, project, cwd, name)
        paths.append(definition.path)
        if is_fix:
            definition, fix = _fix(checker, cwd, definition, is_written=is_written)
            fixes += [fix] if fix is not None else []
        read = checker.check(definition)
        found += read.diagnostics
        fixable += len(read.edits)
    found += checker.of_requirements()
    errors = sum(1 for one in found if not one.is_warning)
    return Checked(tuple(paths), tuple(found), errors, len(found) - errors, tuple(fixes), fixable)


def _fix(
    checker: "_Checker", cwd: str, definition: Definition, *, is_written: bool
) -> tuple[Definition, WorkflowFix | None]:
    """The mended file when it is written, else the file as it is; and the edits, if there are any."""

    if definition.built is not None:
        return definition, None  # its mistakes are mended in Python, by hand

    def edits_of(data: bytes) -> tuple[str, tuple[tuple[str, Edit], ...]]:
        read = checker.check(Definition(definition.path, data))
        return read.text, read.edits

    mended = mend(definition.data, edits_of)
    if mended.data == definition.data or definition.path.startswith(SHIPPED_WORKFLOWS):
        return definition, None
    fix = WorkflowFix(
        path_text(definition.path),
        _difference(path_text(definition.path), definition.data, mended.data),
        mended.codes,
        is_written,
    )
    if not is_written:
        return definition, fix
    files, full = checker.parts.files, os.path.join(cwd, definition.path)
    if files.read(full, limit=WORKFLOW_BYTES_MAX) != definition.data:
        raise error("FL-S014", f"{fix.file} has changed meanwhile", "fairlead check --fix")
    try:
        files.write(full, mended.data)
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        raise error("FL-S014", f"{fix.file} cannot be written: {why}", "fairlead doctor", exit_code=8) from None
    return Definition(definition.path, mended.data), fix


def _difference(path: str, before: bytes, after: bytes) -> str:
    from difflib import unified_diff

    old, new = (data.decode("utf-8", "replace").splitlines(keepends=True) for data in (before, after))
    return "".join(line if line.endswith("\n") else line + "\n" for line in unified_diff(old, new, path, path))


def check_definition(parts: Parts, project: Project, definition: Definition) -> ReadWorkflow:
    """Everything that is wrong with one workflow, and with the requirements file that it names."""
    checker = _Checker(parts, project)
    read = checker.check(definition)
    found = (*read.diagnostics, *checker.of_requirements())
    is_usable = not any(not one.is_warning for one in found)
    return read._replace(diagnostics=found, workflow=read.workflow if is_usable else None)


class _Checker:
    """Checks files of one project; what several of them name is read once."""

    def __init__(self, parts: Parts, project: Project) -> None:
        self.parts = parts
        self.project = project
        self._requirements: dict[str, ReadRequirements | None] = {}
        self._workflows: dict[str, Workflow | None] = {}

    def check(self, definition: Definition) -> ReadWorkflow:
        """Everything that is wrong with one file."""
        parts = self.parts
        is_shipped = definition.path.startswith(SHIPPED_WORKFLOWS)
        return read_definition(
            definition,
            parts.shipped_catalog() if is_shipped else parts.catalog(self.project),
            effects=parts.effect_cards() if b"effect" in definition.data else None,
            workflow_of=self._workflow_of,
            requirements_of=self._ids_of,
        )

    def of_requirements(self) -> list[Diagnostic]:
        """What is wrong with the requirements files that were named."""
        return [found for read in self._requirements.values() if read is not None for found in read.diagnostics]

    def _workflow_of(self, name: str) -> Workflow | None:
        if name not in self._workflows:
            try:
                definition = find_definition(self.parts, self.project, self.project.root, name)
            except FairleadError:
                self._workflows[name] = None
            else:
                self._workflows[name] = read_workflow(path_text(definition.path), definition.data).workflow
        return self._workflows[name]

    def _ids_of(self, path: str) -> Collection[str] | None:
        if path not in self._requirements:
            full = os.path.join(self.project.root, path)
            data = self.parts.files.read(full, limit=REQUIREMENTS_BYTES_MAX + 1)
            is_there = data is not None and len(data) <= REQUIREMENTS_BYTES_MAX
            self._requirements[path] = (
                read_requirements(path_text(path), data) if data is not None and is_there else None
            )
        read = self._requirements[path]
        return None if read is None else {requirement.id for requirement in read.requirements}
