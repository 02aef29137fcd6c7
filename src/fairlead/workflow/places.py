"""Where the keys of a text stand: for messages about front matter, whose meaning other rooms judge."""

from collections.abc import Mapping
from typing import NamedTuple

from fairlead.core.errors import Span
from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Node, read_tree


class Places(NamedTuple):
    """What is known of the places in a text."""

    keys: Mapping[str, Span]  # "fairlead.risk" → its key
    mistake: Span | None  # where the text stops being readable


def key_places(data: bytes, first_line: int) -> Places:
    """The places of all keys of a YAML text that stands from *first_line* on in its file."""
    # Empty lines in front of it count as lines, so that every place is one of the file.
    tree, source = read_tree("", b"\n" * (first_line - 1) + data)
    found: dict[str, Span] = {}
    if tree is not None:
        _collect(tree, "", source, found)
    first = source.diagnostics[0].span if source.diagnostics else None
    return Places(found, first)


def _collect(node: Node, prefix: str, source: Source, found: dict[str, Span]) -> None:
    for name, entry in node.entries.items():
        found[prefix + name] = source.span(entry.key.start, entry.key.end)
        _collect(entry.value, f"{prefix}{name}.", source, found)
