"""Where the characters of a value stand in the file, whatever style the value is written in."""

from collections.abc import Callable

from fairlead.workflow.source import Source
from fairlead.workflow.yaml_tree import Node

Where = Callable[[int, int], tuple[int, int]]


def places_in(source: Source, node: Node) -> Where:
    """A function from [start, end) of the value of *node* to the same characters of the file.

    The whole value comes back where the characters are written in another way, as escapes are.
    """
    value = str(node.value)
    written = source.text[node.start : node.end]
    at = written.find(value)
    if at >= 0:
        first = node.start + at
        return lambda start, end: (first + start, first + max(end, start))
    table = _follow(value, source.text, node.start, node.end)
    if table is None:
        return lambda start, end: (node.start, node.end)
    return lambda start, end: (table[start], table[max(end - 1, start)] + 1 if end > start else table[start])


def _follow(value: str, text: str, start: int, end: int) -> list[int] | None:
    """The place of each character of *value*: folded and indented text has more white space in the file than in it."""
    table: list[int] = []
    position = start
    for character in value:
        is_space = character.isspace()
        while position < end and text[position] != character:
            if text[position] not in " \t\r\n\\\"'|>+-0123456789" or (is_space and text[position] in " \n\r"):
                break
            position += 1
        if position >= end:
            if character == "\n":  # the last line's end may lie beyond the value
                table.append(max(end - 1, start))
                continue
            return None
        if text[position] != character and not is_space:
            return None
        table.append(position)
        position += 1
    table.append(min(position, end))
    return table
