"""What an expression reads: the longest paths that stand in its text as they are."""

from typing import NamedTuple

from fairlead.core.expressions.tree import (
    Binary,
    Call,
    Choice,
    Comprehension,
    Constant,
    Index,
    Key,
    ListOf,
    Logic,
    MapOf,
    Mark,
    Name,
    Part,
    Select,
    Tree,
    Unary,
)

# Calls on the root `git` read a fact that the scope holds under a name no field can have.
GIT_FACTS = {"changed": "#changed", "tree": "#tree"}


class Reading(NamedTuple):
    """One path from a root: `steps.scan.output.findings[0]`, at [start, end) of the expression's text."""

    root: str
    path: tuple[Key, ...]  # after the root: names, and positions in lists
    start: int
    end: int
    marks: tuple[Mark, ...]  # where the root and each key of `path` stand in the text


def readings_of(tree: Tree) -> tuple[Reading, ...]:
    """Every reading of *tree* in the order of the text. Variables of comprehensions are no roots."""
    found: list[Reading] = []
    _collect(tree, frozenset(), found)
    return tuple(sorted(found, key=lambda reading: (reading.start, reading.end)))


def _static_path(tree: Tree) -> tuple[Name, tuple[tuple[Key, Mark], ...]] | None:
    """The root and the keys of a path without anything computed in it; `None` for every other tree."""
    keys: list[tuple[Key, Mark]] = []
    whole = tree
    while not isinstance(tree, Name):
        if isinstance(tree, Select) and (tree is whole or not tree.is_test):
            keys.append((tree.field, tree.mark))
        elif isinstance(tree, Index) and isinstance(tree.key, Constant) and type(tree.key.value) in (str, int):
            key = tree.key.value
            assert isinstance(key, str | int)
            if isinstance(key, int) and key < 0:
                return None
            keys.append((key, _mark_of(tree.key, key)))
        else:
            return None
        tree = tree.operand
    return tree, tuple(reversed(keys))


def _mark_of(part: Part, key: Key) -> Mark:
    """The place of a key: inside the quotes when the text between them is the key itself."""
    if isinstance(key, str) and part.end - part.start == len(key) + 2:
        return part.start + 1, part.end - 1
    return part.start, part.end


def _collect(tree: Tree, bound: frozenset[str], found: list[Reading]) -> None:
    if path := _static_path(tree):
        root, keys = path
        if root.name not in bound:
            marks = ((root.start, root.end), *(mark for _, mark in keys))
            names = tuple(key for key, _ in keys)
            # `has(a.b)` is read where `a.b` stands, not where the call does.
            end = marks[-1][1] if isinstance(tree, Select) and tree.is_test else tree.end
            found.append(Reading(root.name, names, root.start, end, marks))
        return
    match tree:
        case Constant() | Name():
            pass
        case Select(operand=operand) | Unary(operand=operand):
            _collect(operand, bound, found)
        case Index(operand=operand, key=key):
            _collect(operand, bound, found)
            _collect(key, bound, found)
        case Call(function=function, target=target, arguments=arguments, mark=mark):
            if isinstance(target, Name) and target.name == "git" and function in GIT_FACTS and "git" not in bound:
                marks = ((target.start, target.end), mark)
                found.append(Reading("git", (GIT_FACTS[function],), target.start, mark[1], marks))
            elif target is not None:
                _collect(target, bound, found)
            for argument in arguments:
                _collect(argument, bound, found)
        case Comprehension(operand=operand, variable=variable, bodies=bodies):
            _collect(operand, bound, found)
            for body in bodies:
                _collect(body, bound | {variable}, found)
        case Binary(left=left, right=right):
            _collect(left, bound, found)
            _collect(right, bound, found)
        case Logic(operands=operands):
            for operand in operands:
                _collect(operand, bound, found)
        case Choice(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                _collect(part, bound, found)
        case ListOf(items=items):
            for item in items:
                _collect(item, bound, found)
        case MapOf(entries=entries):
            for key, value in entries:
                _collect(key, bound, found)
                _collect(value, bound, found)
