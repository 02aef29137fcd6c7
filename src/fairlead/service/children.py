"""The workflows that a workflow calls: settled when the run is recorded, like its agents, and kept by digest."""

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.json import Digest, encode
from fairlead.core.workflow import Step, Workflow, WorkflowAction
from fairlead.service.parts import Parts, Project
from fairlead.service.pinning import pin_agents, rebuilt

DEPTH_MAX = 8  # runs below runs


def pin_children(parts: Parts, project: Project, workflow: Workflow, above: tuple[str, ...] = ()) -> Workflow:
    """*workflow* with the digest of every workflow that it calls; these lie in the content store then.

    Raises:
        FairleadError: FL-R217 it calls itself, FL-R218 deeper than `DEPTH_MAX`, and all that is wrong with the files.
    """
    pins: dict[str, Digest] = {}
    path = (*above, workflow.name)

    def change(step: Step) -> Step:
        action = step.action
        if not isinstance(action, WorkflowAction):
            return step
        if action.name not in pins:
            pins[action.name] = _pin(parts, project, action.name, path)
        return msgspec.structs.replace(step, action=WorkflowAction(action.name, pins[action.name]))

    if not any(isinstance(planned.step.action, WorkflowAction) for planned in workflow.plan.values()):
        return workflow
    return msgspec.structs.replace(
        workflow, steps=rebuilt(workflow.steps, change), finally_=rebuilt(workflow.finally_, change)
    )


def _pin(parts: Parts, project: Project, name: str, path: tuple[str, ...]) -> Digest:
    child = read_child(parts, project, name, path)
    return parts.journal(project).put(encode(pin_children(parts, project, child, path)))


def read_child(parts: Parts, project: Project, name: str, path: tuple[str, ...]) -> Workflow:
    """The workflow *name* that the last one of *path* calls, with its agents settled; nothing is written.

    Raises:
        FairleadError: as `pin_children`.
    """
    from fairlead.service.starts import SHIPPED_WORKFLOWS, find_definition
    from fairlead.workflow import check_workflow

    if name in path:
        said = f"{name} calls itself: {' → '.join((*path[path.index(name) :], name))}"
        raise error("FL-R217", said, "a workflow may not be its own step", exit_code=2)
    if len(path) >= DEPTH_MAX:
        said = f"{' → '.join((*path, name))} is deeper than {DEPTH_MAX} workflows"
        raise error("FL-R218", said, "call fewer workflows from each other", exit_code=2)
    definition = find_definition(parts, project, project.root, name)
    is_shipped = definition.path.startswith(SHIPPED_WORKFLOWS)
    catalog = parts.shipped_catalog() if is_shipped else parts.catalog(project)
    read = check_workflow(definition.path, definition.data, catalog)
    if read.workflow is None or any(not found.is_warning for found in read.diagnostics):
        raise FairleadError(*read.diagnostics)
    return pin_agents(read.workflow, catalog)
