"""A built workflow on its way to the check: its tree, the text of the Python file, and where each part of it stands."""

from collections.abc import Iterator, Mapping

import msgspec

from fairlead.core.errors import Diagnostic, Span
from fairlead.core.json import Json
from fairlead.workflow.building.recording import Recorded
from fairlead.workflow.yaml_tree import Entry, Node

Path = tuple[str | int, ...]


class Built(msgspec.Struct, frozen=True):
    """What a Python file gave. `places` names the builder call behind the parts that have one of their own."""

    tree: dict[str, Json] | None  # None: it gave none, and `said` holds why
    places: tuple[tuple[Path, Span], ...] = ()
    text: str = ""  # of the Python file
    said: tuple[Diagnostic, ...] = ()  # about performing it


def places_of(value: Json, file: str, path: Path = ()) -> Iterator[tuple[Path, Span]]:
    """The places of all mappings that calls in *file* recorded."""
    if isinstance(value, Recorded) and value.place.file == file:
        yield path, value.place.span
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places_of(one, file, (*path, key))
    elif isinstance(value, list):
        for nth, one in enumerate(value):
            yield from places_of(one, file, (*path, nth))


def node_of(tree: dict[str, Json], built: Built) -> Node:
    """The *tree* with the places of the calls, as if the Python file were the workflow file."""
    places = dict(built.places)
    starts = _line_starts(built.text)

    def offset(line: int, column: int) -> int:
        return min(starts[min(line, len(starts)) - 1] + column - 1, len(built.text))

    def build(value: Json, path: Path, start: int, end: int) -> Node:
        span = places.get(path)
        if span is not None:
            start, end = offset(span.line, span.column), offset(span.end_line, span.end_column)
        node = Node(
            "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar", start, end
        )
        if isinstance(value, dict):
            node.entries = {
                key: Entry(_key(key, start, end), build(one, (*path, key), start, end)) for key, one in value.items()
            }
            node.size += sum(1 + entry.value.size for entry in node.entries.values())
        elif isinstance(value, list):
            node.items = [build(one, (*path, nth), start, end) for nth, one in enumerate(value)]
            node.size += sum(one.size for one in node.items)
        else:
            node.value = value
            node.is_text = isinstance(value, str)
            node.style = '"' if node.is_text else ""
            node.is_plain = not node.is_text
        return node

    return build(tree, (), 0, len(built.text.split("\n", 1)[0]))


def _key(name: str, start: int, end: int) -> Node:
    node = Node("scalar", start, end)
    node.value, node.is_text, node.style = name, True, '"'
    return node


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def plain_tree(value: Json) -> Json:
    """The tree without the places of calls, as JSON has it."""
    if isinstance(value, Mapping):
        return {key: plain_tree(one) for key, one in value.items()}
    return [plain_tree(one) for one in value] if isinstance(value, list) else value
