"""A built workflow goes through the same check as a file; what is wrong is shown at the builder call."""

import linecache
from collections.abc import Mapping

from fairlead.core.json import Json
from fairlead.core.ports import Catalog, EffectCard
from fairlead.workflow.building.built import Built, node_of, places_of
from fairlead.workflow.building.calls import CallPlace
from fairlead.workflow.checking import ReadWorkflow, RequirementsOf, WorkflowOf, check_tree
from fairlead.workflow.source import Source


def read_in_place(tree: dict[str, Json], place: CallPlace) -> ReadWorkflow:
    """Check a workflow in the process that builds it; *place* is that of its first call."""
    text = "".join(linecache.getlines(place.file))
    return check_built(place.file, Built(tree, tuple(places_of(tree, place.file)), text), None)


def check_built(
    path: str,
    built: Built,
    catalog: Catalog | None,
    *,
    effects: Mapping[str, EffectCard] | None = None,
    workflow_of: WorkflowOf | None = None,
    requirements_of: RequirementsOf | None = None,
) -> ReadWorkflow:
    """Check what the Python file at *path* gave. Nothing mends it: an edit would be one of the tree."""
    if built.tree is None:
        return ReadWorkflow(None, built.said, {}, built.text)
    source = Source(path, built.text)
    read = check_tree(
        node_of(built.tree, built),
        source,
        catalog,
        effects=effects,
        workflow_of=workflow_of,
        requirements_of=requirements_of,
    )
    return read._replace(edits=(), diagnostics=(*built.said, *read.diagnostics))
