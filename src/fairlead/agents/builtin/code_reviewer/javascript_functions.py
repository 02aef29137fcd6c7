"""Functions of JavaScript: how complex and how long they are, and how deep their loops lie inside each other.

Complexity is McCabe's cyclomatic number ("A Complexity Measure", 1976), counted as is usual for the language: one, and
one more for each `if`, loop, `case` with a value, `catch`, `? :`, `&&`, `||`, `??` and their assignments. `?.`, default
values and `default:` do not count. A function inside of another counts for itself; so do its lines, if they are ten or
more: what only wraps others is not called long.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import msgspec

from fairlead.agents.builtin.code_reviewer.found import (
    FUNCTION_LINES_MAX,
    LOOPS_MAX,
    Found,
    FunctionFacts,
    too_complex,
    too_long,
)
from fairlead.agents.builtin.code_reviewer.javascript_file import File
from fairlead.agents.builtin.security.js_tree import Node

_INNER_LINES_MIN = 10  # a function inside of another with so many lines is read for itself
_NAME = re.compile(r"[\w$]+")
_FIXED_TURNS_MAX = 16  # a loop up to a number written out, up to this one, does not grow with the input


class _Function:
    """One function and what stands in it, but not in functions inside of it."""

    __slots__ = ("complexity", "end", "first", "inner_lines", "last", "loops", "node", "outer", "switched")

    def __init__(self, node: Node, outer: "_Function | None") -> None:
        self.node = node
        self.outer = outer
        self.end: int = node.end_byte
        self.first: int = node.start_point[0]
        self.last: int = node.end_point[0]
        self.complexity = 1
        self.switched = 0  # the cases among it
        self.inner_lines = 0
        self.loops: list[Node] = []


def measured(file: File) -> tuple[list[FunctionFacts], list[Found]]:
    """The numbers of every function, and the functions that are too much."""
    facts: list[FunctionFacts] = []
    founds: list[Found] = []
    for function in _functions(file):
        length = function.last - function.first + 1
        fact = FunctionFacts(file.name_of(function.node), function.first + 1, function.complexity, length)
        facts.append(fact)
        column = file.tree.at(*function.node.start_point)
        complex_one = too_complex(file.source.path, fact, column)
        if complex_one is not None:
            founds.append(_milder(complex_one, function))
        if (
            length - function.inner_lines > FUNCTION_LINES_MAX
            and (long_one := too_long(file.source.path, fact, column)) is not None
        ):
            founds.append(long_one)
        founds += _deep_loops(file, function.loops)
    return facts, founds


def _milder(found: Found, function: _Function) -> Found:
    """A table written as a `switch` is long, but nobody has to hold it in mind at once."""
    if function.switched * 4 >= (function.complexity - 1) * 3:
        reason = "Nearly all of it are the cases of a switch, which can be read one by one."
        return msgspec.structs.replace(found, severity="info", reason=reason)
    return found


def _functions(file: File) -> list[_Function]:
    """Every function with its own numbers; everything that divides the path belongs to the innermost one around it."""
    found: list[_Function] = []
    inside: list[_Function] = []
    for kind, node in _in_order(file):
        start = node.start_byte
        while inside and inside[-1].end <= start:
            _leave(inside.pop())
        if kind == "function":
            function = _Function(node, inside[-1] if inside else None)
            found.append(function)
            inside.append(function)
        elif inside and kind == "loop":
            inside[-1].loops.append(node)
        elif inside:
            if node.type == "switch_case":
                inside[-1].switched += 1
            inside[-1].complexity += 1
    while inside:
        _leave(inside.pop())
    return found


def _leave(function: _Function) -> None:
    lines = function.last - function.first + 1
    if function.outer is not None:
        # What lies deeper is a part of these lines already.
        function.outer.inner_lines += lines - 1 if lines >= _INNER_LINES_MIN else function.inner_lines


def _in_order(file: File) -> Iterator[tuple[str, Node]]:
    mixed = [
        (node.start_byte, -node.end_byte, rank, kind, node)
        for rank, kind in enumerate(("function", "division", "loop"))
        for node in file.all(kind)
    ]
    mixed.sort(key=lambda entry: entry[:3])
    for _, _, _, kind, node in mixed:
        yield kind, node


def _deep_loops(file: File, loops: Sequence[Node]) -> Iterator[Found]:
    """The first loop of each outermost one that lies too deep."""
    around: list[Node] = []
    is_told = False
    for loop in loops:
        while around and around[-1].end_byte <= loop.start_byte:
            around.pop()
        if not around:
            is_told = False
        if _has_fixed_turns(file, loop):
            continue
        around.append(loop)
        if len(around) > LOOPS_MAX and not is_told:
            is_told = True
            lines = ", ".join(str(one.start_point[0] + 1) for one in around[:-1])
            body = loop.child_by_field_name("body")
            text = file.text(loop)[: body.start_byte - loop.start_byte] if body is not None else ""
            message = f"This loop lies inside of the loops of lines {lines}."
            if all(_walks_down(file, outer, inner) for outer, inner in pairwise(around)):
                reason = "Each loop only walks what the one around it gives, but three at once are hard to follow."
                yield file.found("review/deep-loops", loop, message, text=text, severity="info", reason=reason)
            else:
                yield file.found("review/deep-loops", loop, message, text=text)


def _walks_down(file: File, outer: Node, inner: Node) -> bool:
    """Whether *inner* goes over a part of what *outer* stands at, as in `for (const cell of row.cells)`."""
    element, parts = outer.child_by_field_name("left"), inner.child_by_field_name("right")
    if element is None or parts is None:
        return False
    names = set(_NAME.findall(file.text(element)))
    first = _NAME.search(file.text(parts))
    return first is not None and first[0] in names


def _has_fixed_turns(file: File, loop: Node) -> bool:
    """Whether it is a `for (…; i < 3; …)`."""
    condition = loop.child_by_field_name("condition") if loop.type == "for_statement" else None
    if condition is None:
        return False
    if condition.type == "expression_statement" and condition.named_children:
        condition = condition.named_children[0]
    limit = condition.child_by_field_name("right") if condition.type == "binary_expression" else None
    if limit is None or limit.type != "number":
        return False
    written = file.text(limit)
    return written.isdigit() and int(written) <= _FIXED_TURNS_MAX
