"""The requirements of a workflow beside what a run of it has shown."""

import os.path
from typing import Literal

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ids import RunId
from fairlead.core.transitions import RUN_ENDED
from fairlead.service.outputs import write_output
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import LIST_MAX, find_run, require_reader, row_of
from fairlead.service.starts import find_definition
from fairlead.views.requirements import Trace as Trace
from fairlead.views.requirements import trace_of
from fairlead.views.requirements_text import run_of as run_of
from fairlead.views.requirements_text import summary_of as summary_of
from fairlead.views.requirements_text import what_of as what_of
from fairlead.views.runs import project_run
from fairlead.workflow import read_workflow

TraceFormat = Literal["text", "md", "csv", "html"]
_FORMAT_OF_ENDING: dict[str, TraceFormat] = {
    ".csv": "csv",
    ".htm": "html",
    ".html": "html",
    ".markdown": "md",
    ".md": "md",
    ".txt": "text",
}


def trace_workflow(parts: Parts, project: Project, cwd: str, workflow: str, run: str = "") -> Trace:
    """The matrix of the last run of *workflow* that has ended, or of the run that is named.

    Raises:
        FairleadError: FL-W306 the run knows no requirements; FL-W307 there is no such run of this workflow.
    """
    journal = require_reader(parts, project)
    name = _name(parts, project, cwd, workflow)
    chosen = find_run(parts, project, run) if run else _last_ended(parts, project, name)
    row = row_of(journal, chosen)
    if row.workflow != name:
        said = f"run {chosen} is one of the workflow {row.workflow}, not of {name}"
        raise error("FL-W307", said, f"fairlead trace {row.workflow} --run {chosen}", exit_code=2)
    return trace_of(project_run(journal, chosen).state, journal)


def _name(parts: Parts, project: Project, cwd: str, workflow: str) -> str:
    """The name under which runs of *workflow* are recorded: a file is asked for its own."""
    try:
        definition = find_definition(parts, project, cwd, workflow)
    except FairleadError:
        return path_text(workflow)  # the file may be gone, and its runs are still there
    read = read_workflow(definition.path, definition.data)
    return read.workflow.name if read.workflow is not None else path_text(workflow)


def _last_ended(parts: Parts, project: Project, name: str) -> RunId:
    journal = require_reader(parts, project)
    own = [row for row in journal.runs(LIST_MAX) if row.workflow == name]
    for row in own:
        if row.status in RUN_ENDED:
            return row.run
    if own:
        said = f"no run of {name} has ended yet"
        raise error("FL-W307", said, f"fairlead trace {name} --run {own[0].run}", exit_code=2)
    raise error("FL-W307", f"no run here is of the workflow {name}", f"fairlead run {name}", exit_code=2)


def format_of(path: str) -> TraceFormat:
    """The format that the ending of a file names; text where it names none."""
    return _FORMAT_OF_ENDING.get(os.path.splitext(path)[1].lower(), "text")


def trace_as(trace: Trace, form: TraceFormat) -> str:
    """The matrix as text of *form*."""
    from fairlead import __version__
    from fairlead.views.requirements_html import trace_html
    from fairlead.views.requirements_text import trace_csv, trace_markdown, trace_text

    match form:
        case "text":
            return trace_text(trace)
        case "md":
            return trace_markdown(trace)
        case "csv":
            return trace_csv(trace)
        case "html":
            return trace_html(trace, __version__)


def write_trace(parts: Parts, path: str, trace: Trace, form: TraceFormat) -> None:
    """Write the matrix into a file, whole or not at all.

    Raises:
        FairleadError: FL-S014 when it cannot be written.
    """
    write_output(parts, path, trace_as(trace, form))
