"""All layers of a check in order: YAML, keys and types, ids and edges, whom it calls, expressions. One pass for all."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

from fairlead.core.errors import Diagnostic, Span
from fairlead.core.ports import Catalog, EffectCard
from fairlead.core.workflow import Workflow
from fairlead.workflow.agents import Called, check_calls, check_children
from fairlead.workflow.edges import Order, check_edges
from fairlead.workflow.reach import check_reach
from fairlead.workflow.reading import Read, read_record
from fairlead.workflow.requirements import check_satisfies
from fairlead.workflow.roots import Types
from fairlead.workflow.scopes import check_expressions
from fairlead.workflow.source import Edit, Source
from fairlead.workflow.yaml_tree import Node, read_tree

WorkflowOf = Callable[[str], Workflow | None]
RequirementsOf = Callable[[str], Collection[str] | None]


class ReadWorkflow(NamedTuple):
    """What a file gave. `workflow` is there only when nothing but warnings was found."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    spans: dict[str, Span]  # of each step's id, by place
    text: str = ""  # of the file, and what mends it: each edit with the code of the mistake
    edits: tuple[tuple[str, Edit], ...] = ()


def read_workflow(path: str, data: bytes) -> ReadWorkflow:
    """Read one file, without asking which agents there are. Never raises for what the file holds."""
    return check_workflow(path, data, None)


def check_workflow(
    path: str,
    data: bytes,
    catalog: Catalog | None,
    *,
    effects: Mapping[str, EffectCard] | None = None,
    workflow_of: WorkflowOf | None = None,
    requirements_of: RequirementsOf | None = None,
) -> ReadWorkflow:
    """Read one file and check it in full; with a *catalog*, its agents and what they are given too.

    *path* is for people: it stands in the diagnostics. *effects* are the kinds that can be performed, *workflow_of*
    finds another workflow by its name, and *requirements_of* the ids that a requirements file holds, by its path.
    What is not given is not asked about.
    """
    tree, source = read_tree(path, data)
    return check_tree(tree, source, catalog, effects=effects, workflow_of=workflow_of, requirements_of=requirements_of)


def check_tree(
    tree: Node | None,
    source: Source,
    catalog: Catalog | None,
    *,
    effects: Mapping[str, EffectCard] | None = None,
    workflow_of: WorkflowOf | None = None,
    requirements_of: RequirementsOf | None = None,
) -> ReadWorkflow:
    """The same for a tree that has been read already, or was built; *source* says where its parts stand."""
    read: Read | None = None
    if tree is not None:
        read = read_record(tree, source)
        if read is not None:
            _check_record(read, Called(catalog, effects, workflow_of), requirements_of, source)
    elif not source.has_errors:
        source.add("FL-W014", "the file is empty", 0, 0, "`fairlead init` writes one to begin with")
    return _finish(read, source)


def _check_record(read: Read, called: Called, requirements_of: RequirementsOf | None, source: Source) -> None:
    edges = check_edges(read, source)
    wanted = check_calls(read, called, source)
    types = Types(read.workflow, edges.known, called.card, called.effect, called.workflow)
    check_expressions(read, edges.known, Order(read) if edges.are_sound else None, types, source, wanted)
    check_children(read, called, source)
    if requirements_of is not None:
        _check_requirements(read, requirements_of, source)
    if edges.are_sound:
        check_reach(read, source)


def _check_requirements(read: Read, requirements_of: RequirementsOf, source: Source) -> None:
    """Note a file of requirements that cannot be read, and names under `satisfies` that are not in it."""
    known: Collection[str] | None = None
    path = read.workflow.requirements
    if path:
        known = requirements_of(path)
        if known is None:
            node = read.keys["requirements"].value
            said = f"the file of requirements `{path}` is not there, or larger than 1 MB"
            source.add("FL-W308", said, node.start, node.end, "its path counts from the root of the project")
            return
    check_satisfies(_claims(read), known, source)


def _claims(read: Read) -> Iterator[Node]:
    """The items of every `satisfies` of the file."""
    for level in (read.steps, read.closing):
        for text in level.walk():
            places = [text.keys["satisfies"].value] if "satisfies" in text.keys else []
            expected = text.keys["expect"].value.items if "expect" in text.keys else []
            places += [item.entries["satisfies"].value for item in expected if "satisfies" in item.entries]
            for place in places:
                yield from (item for item in place.items if item.is_text)


def _finish(read: Read | None, source: Source) -> ReadWorkflow:
    if read is None:
        return ReadWorkflow(None, source.diagnostics, {}, source.text, source.edits)
    spans = {
        text.step.id: source.span(text.id_node.start, text.id_node.end)
        for level in (read.steps, read.closing)
        for text in level.walk()
    }
    workflow = None if source.has_errors else read.workflow
    return ReadWorkflow(workflow, source.diagnostics, spans, source.text, source.edits)
