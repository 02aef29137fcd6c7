"""Operations that look at several runs: two side by side, and the history of a workflow."""

from collections.abc import Sequence

import msgspec

from fairlead.core.errors import error
from fairlead.core.ids import RunId
from fairlead.core.transitions import RUN_ENDED
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import LIST_MAX, Which, list_runs, show_run
from fairlead.views.compare import Comparison as Comparison
from fairlead.views.compare import Side as Side
from fairlead.views.compare import compare
from fairlead.views.history import Times as Times
from fairlead.views.history import WorkflowHistory as WorkflowHistory
from fairlead.views.history import WorkflowLine, workflow_history, workflow_lines

HISTORY_DEFAULT = 30


class Workflows(msgspec.Struct, frozen=True):
    """Every workflow that the newest runs are of."""

    workflows: tuple[WorkflowLine, ...]
    runs: int  # how many runs were looked at


def compare_runs(parts: Parts, project: Project, before: RunId, after: RunId) -> Comparison:
    """What is different in the run *after* from the run *before*."""
    old, new = show_run(parts, project, before), show_run(parts, project, after)
    files: Sequence[str] | None = None
    if old.commit and new.commit:
        files = [] if old.commit == new.commit else parts.files_between(project, old.commit, new.commit)
    return compare(old, new, files)


def earlier_run(parts: Parts, project: Project, after: RunId) -> RunId:
    """The newest run before *after* of the same workflow over the same directory that has ended.

    Raises:
        FairleadError: FL-S065 when there is none.
    """
    view = show_run(parts, project, after)
    for line in list_runs(parts, project, Which(workflow=view.workflow), limit=LIST_MAX).runs:
        is_earlier = (line.queued_at, line.run) < (view.queued_at, view.run) and line.run != after
        if is_earlier and line.status in RUN_ENDED and line.root == view.root:
            return line.run
    raise error("FL-S065", f"there is no run of {view.workflow} before {after}", "fairlead runs list", exit_code=2)


def list_workflows(parts: Parts, project: Project) -> Workflows:
    """The workflows of the newest runs, with how they end and how long they take."""
    runs = list_runs(parts, project, limit=LIST_MAX).runs
    return Workflows(workflow_lines(runs), len(runs))


def show_workflow(parts: Parts, project: Project, name: str, *, limit: int = HISTORY_DEFAULT) -> WorkflowHistory:
    """The newest *limit* runs of one workflow, step by step.

    Raises:
        FairleadError: FL-S066 when no run is of this workflow.
    """
    runs = list_runs(parts, project, Which(workflow=name), limit=limit).runs
    if not runs:
        known = sorted(line.workflow for line in list_workflows(parts, project).workflows)
        said = f"no run here is of the workflow {name}"
        raise error("FL-S066", said, *(f"fairlead runs report {one}" for one in known[:3]), exit_code=2)
    return workflow_history(runs, [show_run(parts, project, line.run) for line in runs])
