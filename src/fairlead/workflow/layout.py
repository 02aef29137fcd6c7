"""The canonical order of the keys of a workflow file. Text is moved, never written anew: comments go along.

What is not certain to mean the same afterwards is left as it is: mappings in `{ }`, keys that a comment at the head of
their mapping may belong to, files whose tree would change.
"""

import json
from collections.abc import Sequence

from fairlead.core.json import Json
from fairlead.workflow.keys import ACTIONS, TOP
from fairlead.workflow.yaml_tree import Node, read_tree

# As an author thinks: what it is called, when it comes, what it does, with what, and what counts.
_STEP_ORDER = (
    *("id", "name", "needs", "after", "if", "each", "as", "key", "max_parallel", "tolerate", "join"),
    *ACTIONS,
    *("fallback", "parse", "in", "env", "reads", "isolate", "sandbox", "writes", "prompt", "with"),
    *("optional", "default", "retry", "cache", "budget", "timeout", "expect", "satisfies", "hide"),
)
_TOP_ORDER = (
    *("fairlead", "name", "title", "description", "flow", "requirements", "policies", "triggers", "concurrency"),
    *("env", "inputs", "vars", "budget", "defaults", "limits", "steps", "finally", "outputs"),
)
assert set(_TOP_ORDER) == set(TOP.names)

_INSIDE = ("parallel", "loop")  # mappings whose `steps` is a list of steps; `choose` is a list of such mappings


def canonical(data: bytes) -> bytes:
    """*data*, a file that can be read, with its keys in canonical order and no spaces at the ends of lines."""
    tree, source = read_tree("", data)
    if tree is None or source.has_errors:
        return data
    before = tree.plain()
    if data.lstrip().startswith(b"{"):
        return _checked(_json(before), data, before)
    text = source.text
    ordered = _Layout(text).written(tree)
    for candidate in (_stripped(ordered), _stripped(text)):
        if (found := _checked(candidate.encode(), data, before)) != data or candidate.encode() == data:
            return found
    return data


def _checked(made: bytes, data: bytes, before: Json) -> bytes:
    """*made*, if it is the same tree as *data*."""
    tree, source = read_tree("", made)
    return made if tree is not None and not source.has_errors and _same(tree.plain(), before) else data


def _same(one: Json, other: Json) -> bool:
    """Whether both are the same tree, numbers of different kinds told apart."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


class _Layout:
    def __init__(self, text: str) -> None:
        self._text = text
        self._starts = [0, *(at + 1 for at, one in enumerate(text) if one == "\n")]

    def written(self, tree: Node) -> str:
        """The whole file."""
        end = len(self._text)
        if tree.kind != "mapping":
            return self._text
        return self._text[: tree.start] + self._mapping(tree, tree.start, end, _TOP_ORDER)

    def _mapping(self, node: Node, low: int, high: int, order: Sequence[str]) -> str:
        """The text of [low, high), in which *node* stands; its keys in *order*, if it may be changed."""
        entries = list(node.entries.items())
        if not entries or self._text.startswith("{", node.start):
            return self._text[low:high]
        starts = [low, *(self._segment(entry.key.start) for _, entry in entries[1:]), high]
        segments: list[str] = []
        for number, (name, entry) in enumerate(entries):
            start, end = starts[number], starts[number + 1]
            value = entry.value
            inner_end = min(value.end, end)
            inner = self._value(name, value, inner_end, order)
            segments.append(self._text[start : value.start] + inner + self._text[inner_end:end])
        return self._ordered(node, [name for name, _ in entries], segments, order)

    def _value(self, name: str, value: Node, end: int, order: Sequence[str]) -> str:
        whole = self._text[value.start : end]
        if value.start >= end:
            return whole
        if name in ("steps", "finally") and value.kind == "list":
            return self._list(value, end, _STEP_ORDER)
        if order is not _STEP_ORDER:
            return whole
        if name == "choose" and value.kind == "list":
            return self._list(value, end, ("if", "steps"))
        if name in _INSIDE and value.kind == "mapping":
            return self._mapping(value, value.start, end, ())
        return whole

    def _list(self, node: Node, high: int, order: Sequence[str]) -> str:
        if not node.items or self._text.startswith("[", node.start):
            return self._text[node.start : high]
        ends = [*(self._segment(item.start) for item in node.items[1:]), high]
        found, position = "", node.start
        for item, end in zip(node.items, ends, strict=True):
            found += self._text[position : item.start]
            if item.kind == "mapping":
                found += self._mapping(item, item.start, end, order)
            else:
                found += self._text[item.start : end]
            position = end
        return found

    def _segment(self, start: int) -> int:
        """Where the lines begin that belong to what starts at *start*: its comments, and blank lines above them."""
        from bisect import bisect_right

        line = bisect_right(self._starts, start) - 1
        column = len(self._line(line)) - len(self._line(line).lstrip(" "))
        first = line
        while first and self._is_comment(first - 1, column):
            first -= 1
        while first and not self._line(first - 1).strip():
            first -= 1
        return self._starts[first]

    def _is_comment(self, line: int, column: int) -> bool:
        text = self._line(line)
        return text.lstrip(" ").startswith("#") and len(text) - len(text.lstrip(" ")) == column

    def _line(self, line: int) -> str:
        end = self._starts[line + 1] if line + 1 < len(self._starts) else len(self._text)
        return self._text[self._starts[line] : end].rstrip("\r\n")

    def _ordered(self, node: Node, names: list[str], segments: list[str], order: Sequence[str]) -> str:
        place = {name: number for number, name in enumerate(order)}
        wanted = sorted(range(len(names)), key=lambda number: (place.get(names[number], len(order)), number))
        if wanted == sorted(wanted):
            return "".join(segments)
        column = node.start - (self._text.rfind("\n", 0, node.start) + 1)
        if any(not segment.endswith("\n") for segment in segments[:-1]):
            return "".join(segments)
        if not segments[-1].endswith("\n"):
            segments[-1] += "\n"
        first = wanted[0]
        if first:
            if "#" in segments[first].lstrip("\n \r")[:1] or self._has_comment_above(node):
                return "".join(segments)
            segments[0] = " " * column + segments[0]
            # What now stands first has nothing above it; what stood first is set apart instead.
            space = len(segments[first]) - len(segments[first].lstrip())
            blank = segments[first][:space].count("\n")
            segments[first] = segments[first][space:]
            segments[0] = "\n" * blank + segments[0]
        return "".join(segments[number] for number in wanted)

    def _has_comment_above(self, node: Node) -> bool:
        """Whether a comment may belong to the first key: what stands above the `-` of an item belongs to the item."""
        from bisect import bisect_right

        line = bisect_right(self._starts, node.start) - 1
        is_inline = self._text[self._starts[line] : node.start].strip() or node.start == self._starts[line]
        return not is_inline and line > 0 and self._line(line - 1).lstrip().startswith("#")


def _stripped(text: str) -> str:
    """Without spaces at the ends of lines that stand in no longer text, and with one end of line at the end."""
    tree, _ = read_tree("", text.encode())
    if tree is None:
        return text
    kept: list[tuple[int, int]] = []
    left = [tree]
    while left:
        node = left.pop()
        if node.kind == "scalar" and "\n" in text[node.start : node.end]:
            kept.append((node.start, node.end))
        left += [*node.items, *(entry.value for entry in node.entries.values())]
    lines: list[str] = []
    at = 0
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        is_kept = any(start < end and at < stop for start, stop in kept)
        lines.append(line if is_kept else line.rstrip() + "\n")
        at = end
    return "".join(lines).rstrip("\n") + "\n" if lines else text


def _json(tree: Json) -> bytes:
    return (json.dumps(_in_order(tree, _TOP_ORDER), ensure_ascii=False, indent=2) + "\n").encode()


def _in_order(value: Json, order: Sequence[str]) -> Json:
    if not isinstance(value, dict):
        return value
    place = {name: number for number, name in enumerate(order)}
    names = sorted(value, key=lambda name: place.get(name, len(order)))
    return {name: _inner(name, value[name], order) for name in names}


def _inner(name: str, value: Json, order: Sequence[str]) -> Json:
    if name in ("steps", "finally") and isinstance(value, list):
        return [_in_order(one, _STEP_ORDER) for one in value]
    if order is _STEP_ORDER and name == "choose" and isinstance(value, list):
        return [_in_order(one, ("if", "steps")) for one in value]
    if order is _STEP_ORDER and name in _INSIDE:
        return _in_order(value, ())
    return value
