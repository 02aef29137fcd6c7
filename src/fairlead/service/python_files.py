"""Workflows that are written in Python: performed in a child process, and only when a person names the file."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fairlead.core.findings import path_text
from fairlead.core.ports import Catalog, EffectCard

if TYPE_CHECKING:
    from fairlead.service.starts import Definition
    from fairlead.workflow.checking import ReadWorkflow, RequirementsOf, WorkflowOf


def read_definition(
    definition: "Definition",
    catalog: Catalog | None,
    *,
    effects: Mapping[str, EffectCard] | None = None,
    workflow_of: "WorkflowOf | None" = None,
    requirements_of: "RequirementsOf | None" = None,
) -> "ReadWorkflow":
    """Check a workflow, whatever it is written in: what is wrong is shown in the file that the person wrote."""
    path = path_text(definition.path)
    if definition.built is None:
        from fairlead.workflow import check_workflow

        return check_workflow(
            path,
            definition.data,
            catalog,
            effects=effects,
            workflow_of=workflow_of,
            requirements_of=requirements_of,
        )
    from fairlead.workflow.building.checked import check_built

    return check_built(
        path,
        definition.built,
        catalog,
        effects=effects,
        workflow_of=workflow_of,
        requirements_of=requirements_of,
    )
