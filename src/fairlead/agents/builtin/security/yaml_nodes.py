"""YAML as nodes with their places: nothing is constructed, unknown tags and aliases are harmless."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml

from fairlead.agents.builtin.security.located import Located
from fairlead.agents.builtin.security.matches import Match

_NOT_PARSED = "security/not-parsed"
NODES_MAX = 200_000  # nodes looked at in one file
DEPTH_MAX = 200

Node = yaml.Node
_Loader: type = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Entry(NamedTuple):
    """One key of a mapping with its value."""

    key: str
    key_node: yaml.ScalarNode
    value: Node


class Document:
    """One file: its documents as nodes, or the reason why there are none."""

    def __init__(self, text: str, lines: list[str]) -> None:
        self.lines = lines
        self.roots: list[Node] = []
        self.broken: Match | None = None
        try:
            self.roots.extend(_composed(text))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.broken = Match(_NOT_PARSED, line, column, f"It is not valid YAML: {error.problem or error.context}.")
        except (yaml.YAMLError, ValueError) as error:
            self.broken = Match(_NOT_PARSED, 1, 1, f"It is not valid YAML: {type(error).__name__}.")

    def located(self, node: Node) -> Located:
        """The text of a scalar with its places. Escapes in quotes stay as they are written."""
        first, last = node.start_mark.line, node.end_mark.line
        start = node.start_mark.column
        style = node.style if isinstance(node, yaml.ScalarNode) else None
        if style in ("|", ">"):
            return self._block(first + 1, last if node.end_mark.column == 0 else last + 1, style)
        quote = 1 if style in ("'", '"') else 0
        if first == last:
            return Located(
                [(self.lines[first][start + quote : node.end_mark.column - quote], first + 1, start + quote + 1)]
            )
        parts = [(self.lines[first][start + quote :] + " ", first + 1, start + quote + 1)]
        for number in range(first + 1, min(last + 1, len(self.lines))):
            line = self.lines[number]
            text = line[: node.end_mark.column - quote] if number == last else line
            indent = len(text) - len(text.lstrip())
            parts.append((text[indent:] + " ", number + 1, indent + 1))
        return Located(parts)

    def _block(self, first: int, last: int, style: str) -> Located:
        lines = self.lines[first:last]
        indents = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip()]
        indent = min(indents, default=0)
        end = "\n" if style == "|" else " "
        return Located((line[indent:] + end, first + number, indent + 1) for number, line in enumerate(lines, 1))

    def at(self, node: Node, rule: str, message: str, **more: object) -> Match:
        """A match of *rule* at the first line of *node*."""
        mark = node.start_mark
        line = self.lines[mark.line] if mark.line < len(self.lines) else ""
        end = node.end_mark.column if node.end_mark.line == mark.line else len(line)
        piece = Located([(line[mark.column : end] or " ", mark.line + 1, mark.column + 1)])
        return piece.match(rule, 0, len(piece.text), message, **more)  # type: ignore[arg-type]  # passed on as they are


def _composed(text: str) -> Iterator[Node]:
    """The documents of *text*, built without recursion: PyYAML's own composer lets a deep file crash the process."""
    anchors: dict[str, Node] = {}
    waiting: list[yaml.CollectionNode] = []
    for event in yaml.parse(text, _Loader):
        node: Node | None = None
        # The stubs tell the marks of the two loaders apart, which are alike.
        start: Any = event.start_mark
        end: Any = event.end_mark
        if isinstance(event, yaml.DocumentStartEvent):
            anchors = {}
        elif isinstance(event, yaml.AliasEvent):
            node = anchors.get(event.anchor or "")
            if node is None:
                problem = f"the alias {event.anchor!r} is not defined"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=start)
        elif isinstance(event, yaml.ScalarEvent):
            node = yaml.ScalarNode("", event.value, start, end, event.style)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = yaml.SequenceNode("", [], start, end)
        elif isinstance(event, yaml.MappingStartEvent):
            node = yaml.MappingNode("", [], start, end)
        elif isinstance(event, yaml.CollectionEndEvent):
            waiting.pop().end_mark = end
            continue
        if node is None:
            continue
        if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent) and event.anchor:
            anchors[event.anchor] = node
        if waiting:
            _put_into(waiting[-1], node)
        else:
            yield node
        if isinstance(event, yaml.CollectionStartEvent) and isinstance(node, yaml.CollectionNode):
            if len(waiting) == DEPTH_MAX:
                problem = f"deeper than {DEPTH_MAX} levels"
                raise yaml.MarkedYAMLError(problem=problem, problem_mark=start)
            waiting.append(node)


def _put_into(owner: yaml.CollectionNode, node: Node) -> None:
    """The next entry of a collection; a mapping waits for the value of its last key."""
    if isinstance(owner, yaml.SequenceNode):
        owner.value.append(node)
    elif owner.value and owner.value[-1][1] is None:
        owner.value[-1] = (owner.value[-1][0], node)
    else:
        owner.value.append((node, None))


def entries(node: Node | None) -> Iterator[Entry]:
    """The keys of a mapping; those of a merged one (`<<`) follow its own. Anything else has none."""
    merged: list[Node] = [node] if node is not None else []
    seen: set[str] = set()
    for number in range(20):  # merges of merges
        if number >= len(merged):
            return
        current = merged[number]
        if not isinstance(current, yaml.MappingNode):
            continue
        for key, value in current.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value == "<<":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif key.value not in seen:
                seen.add(key.value)
                yield Entry(key.value, key, value)


def get(node: Node | None, *keys: str) -> Node | None:
    """The value below *keys*, or None."""
    for key in keys:
        node = next((entry.value for entry in entries(node) if entry.key == key), None)
        if node is None:
            return None
    return node


def items(node: Node | None) -> list[Node]:
    """The entries of a sequence; anything else has none."""
    return list(node.value) if isinstance(node, yaml.SequenceNode) else []


def text_of(node: Node | None) -> str:
    """The text of a scalar; anything else has none."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def is_true(node: Node | None) -> bool:
    """Whether a scalar says yes."""
    return text_of(node).lower() in ("true", "yes", "on", "1")


def scalars(root: Node) -> Iterator[yaml.ScalarNode]:
    """Every scalar value below *root* once, keys left out."""
    waiting: list[Node] = [root]
    seen: set[int] = set()
    while waiting and len(seen) < NODES_MAX:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            waiting.extend(reversed(node.value))
        elif isinstance(node, yaml.MappingNode):
            waiting.extend(value for _, value in reversed(node.value))
