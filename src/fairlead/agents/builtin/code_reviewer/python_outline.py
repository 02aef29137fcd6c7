"""The outline of a Python file: its functions and classes, loops that lie too deep, and statements nobody can reach.

One walk over the statements; expressions are not entered, which is what makes it cheap.
"""

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fairlead.agents.builtin.code_reviewer.found import LOOPS_MAX

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_Loop = ast.For | ast.AsyncFor | ast.While
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
_LOOP = (ast.For, ast.AsyncFor, ast.While)
_LEAVING = (ast.Return, ast.Raise, ast.Continue, ast.Break)


class Function(NamedTuple):
    """A function and where it stands."""

    node: FunctionNode
    name: str  # "Order.total"
    owner: ast.ClassDef | None  # the class whose body holds it
    is_nested: bool  # inside another function
    body: Sequence[ast.stmt]  # without the docstring
    around: int | None  # the line of the function that holds it

    @property
    def length(self) -> int:
        """Its lines from `def` on, without the docstring."""
        node = self.node
        text = node.body[0].end_lineno or 0 if len(self.body) < len(node.body) else 0
        documented = text - node.body[0].lineno + 1 if text else 0
        return (node.end_lineno or node.lineno) - node.lineno + 1 - documented


class Outline:
    """What one walk over the statements of a file finds."""

    def __init__(self, tree: ast.Module) -> None:
        self.top: Sequence[ast.stmt] = tree.body
        self.functions: list[Function] = []
        self.classes: list[ast.ClassDef] = []
        self.deep_loops: list[tuple[ast.stmt, bool]] = []  # and whether the three only walk down nested data
        self.open_assignments: set[int] = set()  # lines of assignments whose names others can see
        self.unreachable: list[tuple[ast.stmt, ast.stmt]] = []  # the statement that leaves, and the first after it
        self._walk(tree.body, (), None, False, ())

    def _walk(
        self,
        block: Sequence[ast.stmt],
        names: tuple[str, ...],
        owner: ast.ClassDef | None,
        nested: bool,
        loops: tuple[_Loop, ...],
        holder: int | None = None,
    ) -> None:
        for number, statement in enumerate(block):
            if isinstance(statement, _FUNCTION):
                inside = (*names, statement.name)
                body = _without_docstring(statement.body)
                self.functions.append(Function(statement, ".".join(inside), owner, nested, body, holder))
                self._walk(statement.body, inside, None, True, (), statement.lineno)
            elif isinstance(statement, ast.ClassDef):
                self.classes.append(statement)
                self._walk(statement.body, (*names, statement.name), statement, nested, (), holder)
            else:
                around = loops
                if isinstance(statement, _LOOP):
                    around = (*loops, statement)
                    if len(around) == LOOPS_MAX + 1:
                        self.deep_loops.append((statement, _walks_down(around)))
                elif isinstance(statement, ast.Assign) and (owner is not None or not nested):
                    self.open_assignments.add(statement.lineno)
                for inner in _blocks(statement):
                    self._walk(inner, names, owner, nested, around, holder)
            if number + 1 < len(block) and _leaves(statement) and not _is_excused(block[number + 1 :]):
                self.unreachable.append((statement, block[number + 1]))
                # What follows is entered all the same: its functions count.


def _without_docstring(body: Sequence[ast.stmt]) -> Sequence[ast.stmt]:
    """The statements of a function or class without the text that describes it."""
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body


def _blocks(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    if isinstance(statement, (ast.If, ast.For, ast.AsyncFor, ast.While)):
        yield statement.body
        yield statement.orelse
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        yield statement.body
    elif isinstance(statement, (ast.Try, ast.TryStar)):
        yield statement.body
        yield from (handler.body for handler in statement.handlers)
        yield statement.orelse
        yield statement.finalbody
    elif isinstance(statement, ast.Match):
        yield from (case.body for case in statement.cases)


def _walks_down(loops: Sequence[_Loop]) -> bool:
    """Whether each inner loop reads what an outer one gives it: then the work is no more than the data has parts."""
    inside = {node.id for node in ast.walk(loops[0]) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for loop in loops[1:]:
        if isinstance(loop, ast.While):
            continue  # how often it turns cannot be seen
        read = {node.id for node in ast.walk(loop.iter) if isinstance(node, ast.Name)}
        is_bounded = isinstance(loop.iter, (ast.Tuple, ast.List, ast.Set, ast.Constant))
        if not is_bounded and read.isdisjoint(inside):
            return False
    return True


def _leaves(statement: ast.stmt) -> bool:
    """Whether what follows *statement* in its block can never run."""
    if isinstance(statement, _LEAVING):
        return True
    if isinstance(statement, ast.If):
        return bool(statement.orelse) and _leaves(statement.body[-1]) and _leaves(statement.orelse[-1])
    if isinstance(statement, ast.While):
        is_endless = isinstance(statement.test, ast.Constant) and bool(statement.test.value)
        return is_endless and not _breaks(statement.body)
    return False


def _breaks(block: Sequence[ast.stmt]) -> bool:
    """Whether a `break` in *block* belongs to the loop whose body it is."""
    for statement in block:
        if isinstance(statement, ast.Break):
            return True
        if isinstance(statement, _LOOP):
            if _breaks(statement.orelse):
                return True
        elif not isinstance(statement, (*_FUNCTION, ast.ClassDef)) and any(map(_breaks, _blocks(statement))):
            return True
    return False


def _is_excused(rest: Sequence[ast.stmt]) -> bool:
    """Whether the unreachable statements are meant: a `yield` that makes a generator, or something without effect."""
    first = rest[0]
    if isinstance(first, (ast.Pass, *_FUNCTION, ast.ClassDef)):
        return isinstance(first, ast.Pass)
    if isinstance(first, ast.Expr):
        return isinstance(first.value, (ast.Constant, ast.Yield, ast.YieldFrom))
    # `if False: yield` and the like
    return any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in ast.walk(first)) and len(rest) == 1
