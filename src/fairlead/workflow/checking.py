"""All layers of a check in order: YAML, keys and types, ids and edges, references, agents. One pass, every mistake."""

from typing import NamedTuple

from fairlead.core.errors import Diagnostic, Span
from fairlead.core.ports import Catalog
from fairlead.core.workflow import Workflow
from fairlead.workflow.agents import check_agents
from fairlead.workflow.edges import Order, check_edges
from fairlead.workflow.reading import Read, read_record
from fairlead.workflow.scopes import check_references
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import read_tree


class ReadWorkflow(NamedTuple):
    """What a file gave. `workflow` is there only when nothing but warnings was found."""

    workflow: Workflow | None
    diagnostics: tuple[Diagnostic, ...]
    spans: dict[str, Span]  # of each step's id, by place


def read_workflow(path: str, data: bytes) -> ReadWorkflow:
    """Read one file, without asking which agents there are. Never raises for what the file holds."""
    return check_workflow(path, data, None)


def check_workflow(path: str, data: bytes, catalog: Catalog | None) -> ReadWorkflow:
    """Read one file and check it in full; with a *catalog*, its agents and what they are given too.

    *path* is for people: it stands in the diagnostics.
    """
    tree, source = read_tree(path, data)
    read: Read | None = None
    if tree is not None:
        read = read_record(tree, source)
        if read is not None:
            _check_record(read, catalog, source)
    elif not source.has_errors:
        source.add("FL-W014", "the file is empty", 0, 0, "`fairlead init` writes one to begin with")
    return _finish(read, source)


def _check_record(read: Read, catalog: Catalog | None, source: Source) -> None:
    edges = check_edges(read, source)
    check_references(read, edges.known, Order(read) if edges.are_sound else None, source)
    if catalog is not None:
        check_agents(read, edges.known, catalog, source)


def _finish(read: Read | None, source: Source) -> ReadWorkflow:
    if read is None:
        return ReadWorkflow(None, source.diagnostics, {})
    spans = {
        text.step.id: source.span(text.id_node.start, text.id_node.end)
        for level in (read.steps, read.closing)
        for text in level.walk()
    }
    return ReadWorkflow(None if source.has_errors else read.workflow, source.diagnostics, spans)
