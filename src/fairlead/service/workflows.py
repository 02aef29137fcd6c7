"""`workflows list|show|graph`: what can be run here, what one of them is, and its picture."""

import os.path
from collections.abc import Iterator
from typing import Literal

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError
from fairlead.core.findings import path_text
from fairlead.core.json import Digest, Json
from fairlead.core.shapes import SHAPES, shapes_of
from fairlead.core.workflow import Workflow
from fairlead.service.checks import check_definition
from fairlead.service.parts import Parts, Project
from fairlead.service.starts import (
    PROJECT_WORKFLOWS,
    WORKFLOW_BYTES_MAX,
    WORKFLOW_FILES,
    Definition,
    find_definition,
)
from fairlead.views.graph_picture import svg_graph
from fairlead.views.graphs import condition_of, label_of, mermaid_graph, text_graph

GraphFormat = Literal["text", "mermaid", "svg"]
_SHIPPED = ("review",)


class WorkflowRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One file that is a workflow, or should be one."""

    name: str  # what `fairlead run` takes
    file: str
    is_shipped: bool = False
    title: str = ""
    shape: str = ""
    steps: int = 0
    digest: Digest = Digest("")
    problem: str = ""  # why it cannot be run; "" when it can
    errors: int = 0
    warnings: int = 0
    hidden_by: str = ""  # the file that is taken when this name is typed
    is_python: bool = False  # what it holds is known only when it is performed, for which a person names it


class WorkflowRows(msgspec.Struct, frozen=True):
    """Every workflow of the project, usable or not, and those that ship."""

    workflows: tuple[WorkflowRow, ...]


class InputRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One input."""

    name: str
    type: str
    description: str = ""
    default: Json = None
    is_needed: bool = False
    rules: dict[str, Json] = {}


class StepRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step."""

    id: str
    does: str
    depth: int = 0
    condition: str = ""
    is_closing: bool = False


class WorkflowDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """One workflow."""

    name: str
    file: str
    title: str
    description: str
    shapes: dict[str, str]  # the first one names it; each with what it promises
    steps: tuple[StepRow, ...]
    digest: Digest
    is_graph: bool
    inputs: tuple[InputRow, ...] = ()
    outputs: tuple[str, ...] = ()
    requirements: str = ""
    triggers: int = 0
    warnings: tuple[Diagnostic, ...] = ()


class Graph(msgspec.Struct, frozen=True):
    """The picture of one workflow."""

    workflow: str
    format: GraphFormat
    graph: str


def list_workflows(parts: Parts, project: Project) -> WorkflowRows:
    """All of them by name; a file that is no workflow is a row that says why, never an absence."""
    rows = [_row(parts, project, definition) for definition in _definitions(parts, project)]
    rows += _python_rows(parts, project)
    taken: dict[str, str] = {}
    found: list[WorkflowRow] = []
    for row in sorted(rows, key=lambda row: (row.name, row.is_shipped)):
        hidden_by = taken.setdefault(row.name, row.file)
        found.append(row if hidden_by == row.file else msgspec.structs.replace(row, hidden_by=hidden_by))
    return WorkflowRows(tuple(found))


def show_workflow(parts: Parts, project: Project, cwd: str, name: str) -> WorkflowDetail:
    """One workflow in full.

    Raises:
        FairleadError: FL-S007 there is none; everything that is wrong with its file.
    """
    definition, workflow, warnings = _read(parts, project, cwd, name)
    return WorkflowDetail(
        workflow.name,
        path_text(definition.path),
        workflow.title,
        workflow.description,
        {shape: SHAPES[shape] for shape in shapes_of(workflow)},
        tuple(_steps(workflow)),
        workflow.digest,
        workflow.flow == "graph",
        tuple(
            InputRow(key, one.type, one.description, one.default, not one.has_default, one.rules)
            for key, one in workflow.inputs.items()
        ),
        tuple(workflow.outputs),
        workflow.requirements,
        len(workflow.triggers),
        warnings,
    )


def draw_workflow(parts: Parts, project: Project, cwd: str, name: str, form: GraphFormat) -> Graph:
    """The picture of one workflow.

    Raises:
        FairleadError: as `show_workflow`.
    """
    _, workflow, _ = _read(parts, project, cwd, name)
    draw = {"text": text_graph, "mermaid": mermaid_graph, "svg": svg_graph}[form]
    return Graph(workflow.name, form, "".join(f"{line}\n" for line in draw(workflow)))


def _read(parts: Parts, project: Project, cwd: str, name: str) -> tuple[Definition, Workflow, tuple[Diagnostic, ...]]:
    definition = find_definition(parts, project, cwd, name)
    read = check_definition(parts, project, definition)
    if read.workflow is None:
        raise FairleadError(*read.diagnostics)
    return definition, read.workflow, read.diagnostics


def _definitions(parts: Parts, project: Project) -> Iterator[Definition]:
    folder = os.path.join(project.root, PROJECT_WORKFLOWS)
    for extension in WORKFLOW_FILES:  # in the order in which a name is looked up
        for name in parts.files.names(folder):
            if name.endswith(extension):
                data = parts.files.read(os.path.join(folder, name), limit=WORKFLOW_BYTES_MAX + 1)
                yield Definition(os.path.join(PROJECT_WORKFLOWS, name), data if data is not None else b"")
    for name in _SHIPPED:
        shipped = parts.shipped_workflow(name)
        if shipped is not None:
            yield Definition(*shipped)


def _python_rows(parts: Parts, project: Project) -> Iterator[WorkflowRow]:
    """The files in Python, which no list performs; what begins with `_` is what they share."""
    for name in parts.files.names(os.path.join(project.root, PROJECT_WORKFLOWS)):
        if name.endswith(".py") and not name.startswith("_"):
            file = path_text(os.path.join(PROJECT_WORKFLOWS, name))
            yield WorkflowRow(file, file, title="Python, run by naming it", is_python=True)


def _row(parts: Parts, project: Project, definition: Definition) -> WorkflowRow:
    file = path_text(definition.path)
    stem = os.path.splitext(os.path.basename(file))[0]
    is_shipped = file.startswith("<")
    read = check_definition(parts, project, definition)
    errors = [found for found in read.diagnostics if not found.is_warning]
    if read.workflow is None:
        problem = f"{errors[0].code}: {errors[0].message}" if errors else "it cannot be read"
        return WorkflowRow(stem, file, is_shipped, problem=problem, errors=len(errors))
    workflow = read.workflow
    return WorkflowRow(
        stem,
        file,
        is_shipped,
        workflow.title or workflow.description,
        shapes_of(workflow)[0],
        len(workflow.plan),
        workflow.digest,
        warnings=len(read.diagnostics),
    )


def _steps(workflow: Workflow) -> Iterator[StepRow]:
    depths: dict[str, int] = {}
    for name, planned in workflow.plan.items():
        depths[name] = depths[planned.parent] + 1 if planned.parent is not None else 0
        said = condition_of(planned, workflow)
        yield StepRow(name, label_of(planned), depths[name], said, planned.is_closing)
