"""The tree of an expression: closed kinds of parts, each with its place in the text and its depth."""

from typing import Literal, TypeAlias

import msgspec

Key: TypeAlias = str | int
Mark: TypeAlias = tuple[int, int]

BinarySign = Literal["+", "-", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "in"]


class Part(msgspec.Struct, frozen=True):
    """What every part of a tree has: it stands at [start, end), and `depth` levels hang below and with it."""

    start: int
    end: int
    depth: int


class Constant(Part, frozen=True):
    """A number, a text, `true`, `false` or `null`."""

    value: str | int | float | bool | None


class Name(Part, frozen=True):
    """A root, or the variable of a comprehension around it."""

    name: str


class Select(Part, frozen=True):
    """`operand.field`; `operand.?field` when `is_optional`, and `has(operand.field)` when `is_test`."""

    operand: "Tree"
    field: str
    mark: Mark
    is_optional: bool = False
    is_test: bool = False


class Index(Part, frozen=True):
    """`operand[key]`, or `operand[?key]`."""

    operand: "Tree"
    key: "Tree"
    is_optional: bool = False


class Call(Part, frozen=True):
    """`function(arguments)`, or `target.function(arguments)`."""

    function: str
    target: "Tree | None"
    arguments: tuple["Tree", ...]
    mark: Mark


class Comprehension(Part, frozen=True):
    """`operand.macro(variable, bodies)`: `all`, `exists`, `exists_one`, `filter`, `map` or `sortBy`."""

    macro: str
    operand: "Tree"
    variable: str
    bodies: tuple["Tree", ...]  # two only for `map` with a condition: the condition, then the value
    mark: Mark


class Unary(Part, frozen=True):
    """`!operand` or `-operand`."""

    sign: Literal["!", "-"]
    operand: "Tree"


class Binary(Part, frozen=True):
    """Two operands and a sign; `mark` is the place of the sign."""

    sign: BinarySign
    left: "Tree"
    right: "Tree"
    mark: Mark


class Logic(Part, frozen=True):
    """`a && b && …` or `a || b || …`: as many as there are, on one level."""

    sign: Literal["&&", "||"]
    operands: tuple["Tree", ...]


class Choice(Part, frozen=True):
    """`condition ? then : otherwise`."""

    condition: "Tree"
    then: "Tree"
    otherwise: "Tree"


class ListOf(Part, frozen=True):
    """`[a, b]`."""

    items: tuple["Tree", ...]


class MapOf(Part, frozen=True):
    """`{key: value}`."""

    entries: tuple[tuple["Tree", "Tree"], ...]


Tree: TypeAlias = (
    Constant | Name | Select | Index | Call | Comprehension | Unary | Binary | Logic | Choice | ListOf | MapOf
)
