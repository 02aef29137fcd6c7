"""Symbols: they stand for values that only a run has, and record what is done with them as an expression."""

import keyword
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import NoReturn, TypeAlias

from fairlead.core.expressions.functions import FUNCTIONS, GIT_FUNCTIONS
from fairlead.core.expressions.lexer import INTEGER_MAX, RESERVED
from fairlead.core.expressions.macros import OVER_ITEMS
from fairlead.core.expressions.parser import NESTING_MAX
from fairlead.core.expressions.printing import written
from fairlead.core.expressions.tree import (
    Binary,
    BinarySign,
    Call,
    Comprehension,
    Constant,
    Index,
    ListOf,
    Logic,
    MapOf,
    Name,
    Part,
    Select,
    Tree,
    Unary,
)
from fairlead.workflow.building.calls import refuse
from fairlead.workflow.keys import did_you_mean

# What may stand in an expression: a symbol, or a value that JSON has.
Value: TypeAlias = "Symbol | str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"

FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
NO_FIELDS = frozenset(("true", "false", "null", "in"))
_NO_MARK = (0, 0)
SHARED = -1  # where a name begins that is no lambda's own; expressions read from text begin at 0 or later
_METHODS = frozenset(function.name for function in (*FUNCTIONS, *GIT_FUNCTIONS) if function.is_member)
_LOGIC_HINT = "write `&`, `|` and `~` for “and”, “or” and “not”, with parentheses around comparisons"
_CHOICE_HINT = "a value that depends on a condition is `if_else(condition, then, otherwise)`"


class Symbol:
    """A value that only a run has. Fields, items, methods and operators are recorded, and nothing is worked out.

    In an f-string it stands as `${ … }`. It has no truth value: `if`, `and`, `or`, `not`, `in` and `len()` raise
    FL-E021. `symbol.opt.field` is a field that need not be there, as `.?field` in an expression.

        >>> from fairlead import steps
        >>> steps.scan.output.findings.filter(lambda f: f.severity == "high").size() > 2
        Symbol(steps.scan.output.findings.filter(f, f.severity == 'high').size() > 2)
        >>> f"found {steps.scan.output.stats.files} files"
        'found ${ steps.scan.output.stats.files } files'
    """

    # Only names that no field has: everything else is a field of what the symbol stands for.
    __slots__ = ("__is_opt__", "__tree__")

    __is_opt__: bool
    __tree__: Tree

    def __init__(self, tree: Tree, is_opt: bool = False) -> None:
        if tree.depth > NESTING_MAX:
            refuse(
                "FL-E016",
                f"the expression is nested more than {NESTING_MAX} levels deep",
                "take it apart: `wf.var` can hold the parts",
            )
        object.__setattr__(self, "__tree__", tree)
        object.__setattr__(self, "__is_opt__", is_opt)

    # — fields and calls —

    def __getattr__(self, name: str) -> "Symbol":
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # Python asks for many; none of them is a field
        if name.endswith("_") and keyword.iskeyword(name[:-1]):
            name = name[:-1]
        if name == "opt" and not self.__is_opt__:
            return Symbol(self.__tree__, is_opt=True)
        if not FIELD.fullmatch(name) or name in NO_FIELDS:
            return self[name]
        operand = self.__tree__
        return Symbol(Select(0, 0, operand.depth + 1, operand, name, _NO_MARK, self.__is_opt__))

    def __getitem__(self, key: "Value") -> "Symbol":
        if isinstance(key, slice):
            refuse("FL-W321", "a slice cannot be recorded", "write `.slice(from, to)`")
        operand, inner = self.__tree__, tree_of(key)
        return Symbol(Index(0, 0, above(operand, inner), operand, inner, self.__is_opt__))

    def __call__(self, *arguments: "Value | Callable[[Symbol], Value]") -> "Symbol":
        called = tree_of(self)
        if not isinstance(called, Select) or called.is_optional or called.is_test:
            refuse("FL-W326", f"`{written(called)}` is a value and cannot be called", "only its methods can")
        target, method = called.operand, called.field
        if method in OVER_ITEMS:
            return Symbol(_comprehension(target, method, arguments))
        if method not in _METHODS:
            hint = did_you_mean(method, _METHODS | OVER_ITEMS.keys(), "docs/reference/expressions.md lists them")
            refuse("FL-W326", f"no value has a method `{method}`", hint)
        given = tuple(tree_of(one) for one in arguments)
        return Symbol(Call(0, 0, above(target, *given), method, target, given, _NO_MARK))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        refuse("FL-E021", f"`{_shown(self)}.{name}` cannot be set: a symbol only stands for what a run has")

    # — operators —

    def __add__(self, other: "Value") -> "Symbol":
        return binary("+", self, other)

    def __radd__(self, other: "Value") -> "Symbol":
        return binary("+", other, self)

    def __sub__(self, other: "Value") -> "Symbol":
        return binary("-", self, other)

    def __rsub__(self, other: "Value") -> "Symbol":
        return binary("-", other, self)

    def __mul__(self, other: "Value") -> "Symbol":
        return binary("*", self, other)

    def __rmul__(self, other: "Value") -> "Symbol":
        return binary("*", other, self)

    def __truediv__(self, other: "Value") -> "Symbol":
        return binary("/", self, other)

    def __rtruediv__(self, other: "Value") -> "Symbol":
        return binary("/", other, self)

    def __mod__(self, other: "Value") -> "Symbol":
        return binary("%", self, other)

    def __rmod__(self, other: "Value") -> "Symbol":
        return binary("%", other, self)

    def __lt__(self, other: "Value") -> "Symbol":
        return binary("<", self, other)

    def __le__(self, other: "Value") -> "Symbol":
        return binary("<=", self, other)

    def __gt__(self, other: "Value") -> "Symbol":
        return binary(">", self, other)

    def __ge__(self, other: "Value") -> "Symbol":
        return binary(">=", self, other)

    def __eq__(self, other: "Value") -> "Symbol":  # type: ignore[override]  # a comparison is recorded, not made
        return binary("==", self, other)

    def __ne__(self, other: "Value") -> "Symbol":  # type: ignore[override]  # as above
        return binary("!=", self, other)

    def __and__(self, other: "Symbol | bool") -> "Symbol":
        return _logic("&&", self, other)

    def __rand__(self, other: "Symbol | bool") -> "Symbol":
        return _logic("&&", other, self)

    def __or__(self, other: "Symbol | bool") -> "Symbol":
        return _logic("||", self, other)

    def __ror__(self, other: "Symbol | bool") -> "Symbol":
        return _logic("||", other, self)

    def __invert__(self) -> "Symbol":
        operand = tree_of(self)
        return Symbol(Unary(0, 0, operand.depth + 1, "!", operand))

    def __neg__(self) -> "Symbol":
        operand = tree_of(self)
        return Symbol(Unary(0, 0, operand.depth + 1, "-", operand))

    # — texts —

    def __format__(self, form: str) -> str:
        if form:
            hint = "leave what follows the colon out; a run writes numbers as JSON has them"
            refuse("FL-W324", f"`:{form}` cannot form a value that only a run has", hint)
        return str(self)

    def __str__(self) -> str:
        return f"${{ {written(tree_of(self))} }}"

    def __repr__(self) -> str:
        return f"Symbol({written(self.__tree__)}{'.opt' if self.__is_opt__ else ''})"

    # — what only a value could answer —

    def __bool__(self) -> NoReturn:
        refuse("FL-E021", f"`{_shown(self)}` has no truth value before the run", _LOGIC_HINT, _CHOICE_HINT)

    def __contains__(self, other: object) -> NoReturn:
        hint = "write `is_in(value, among)` for “in”"
        refuse("FL-E021", f"nobody can say what is in `{_shown(self)}` before the run", hint)

    def __len__(self) -> NoReturn:
        refuse("FL-E021", f"`{_shown(self)}` has no length before the run", "write `.size()` for `len()`")

    def __iter__(self) -> NoReturn:
        hint = "a step is performed per item with `each=`; `.map(lambda x: …)` makes another list"
        refuse("FL-E021", f"`{_shown(self)}` has no items before the run", hint)

    def __int__(self) -> NoReturn:
        self.__number__()

    def __float__(self) -> NoReturn:
        self.__number__()

    def __index__(self) -> NoReturn:
        self.__number__()

    def __number__(self) -> NoReturn:
        refuse("FL-E021", f"`{_shown(self)}` is no number before the run", "calculate with the symbol itself")

    def __hash__(self) -> NoReturn:
        hint = "give it to a step as a value; keys are plain text"
        refuse("FL-E021", f"`{_shown(self)}` cannot be a key or stand in a set", hint)


def tree_of(value: object) -> Tree:
    """The expression that *value* is: what a symbol recorded, or a constant."""
    match value:
        case Symbol():
            if value.__is_opt__:
                refuse("FL-W325", f"after `{_shown(value)}` a field or an item is missing", "write `.opt.field`")
            return value.__tree__
        case None | bool() | str():
            return Constant(0, 0, 1, value)
        case int() if -INTEGER_MAX - 1 <= value <= INTEGER_MAX:
            return Constant(0, 0, 1, value)
        case float() if math.isfinite(value):
            return Constant(0, 0, 1, value)
        case list() | tuple():
            items = tuple(map(tree_of, value))
            return ListOf(0, 0, above(*items), items)
        case dict():
            entries = tuple((tree_of(key), tree_of(one)) for key, one in value.items())
            return MapOf(0, 0, above(*(part for entry in entries for part in entry)), entries)
        case _:
            what = "a function" if callable(value) else f"a value of the type {type(value).__name__}"
            refuse("FL-W321", f"{what} cannot stand in an expression", "give a symbol, or a value that JSON has")


def text_of(value: object) -> str:
    """*value* as an expression is written."""
    return written(tree_of(value))


# — recording —


def above(*below: Tree) -> int:
    return 1 + max((part.depth for part in below), default=0)


def _shown(symbol: Symbol) -> str:
    text = written(symbol.__tree__)
    return text if len(text) <= 80 else text[:79] + "…"


def binary(sign: BinarySign, left: object, right: object) -> Symbol:
    first, second = tree_of(left), tree_of(right)
    return Symbol(Binary(0, 0, above(first, second), sign, first, second, _NO_MARK))


def _logic(sign: str, left: object, right: object) -> Symbol:
    for one in (left, right):
        if not isinstance(one, Symbol | bool):
            word = "&" if sign == "&&" else "|"
            said = f"`{word}` joins conditions, and {one!r:.60} is none"
            hint = f"Python joins with `{word}` before it compares: write (a > 1) {word} (b > 2)"
            refuse("FL-W322", said, hint)
    first, second = tree_of(left), tree_of(right)
    # `a && b && c` is one part, as the parser makes it of the text.
    operands = (*first.operands, second) if isinstance(first, Logic) and first.sign == sign else (first, second)
    return Symbol(Logic(0, 0, above(*operands), "&&" if sign == "&&" else "||", operands))


def _comprehension(target: Tree, macro: str, arguments: tuple[object, ...]) -> Tree:
    if len(arguments) not in OVER_ITEMS[macro]:
        many = " or ".join(map(str, OVER_ITEMS[macro]))
        refuse(
            "FL-W323", f"`{macro}` takes {many} lambda, and was given {len(arguments)}", f"write .{macro}(lambda x: …)"
        )
    variable = _variable(macro, arguments[0])
    bound = Symbol(Name(0, 0, 1, variable))
    bodies = tuple(tree_of(one(bound) if callable(one) and not isinstance(one, Symbol) else one) for one in arguments)
    for body in bodies:
        if _reads(body, variable):
            said = f"the lambda's argument `{variable}` hides a symbol of the same name that it reads"
            refuse("FL-W323", said, "give the argument another name")
    return Comprehension(0, 0, above(target, *bodies), macro, target, variable, bodies, _NO_MARK)


def _variable(macro: str, function: object) -> str:
    code = getattr(function, "__code__", None)
    if code is None or code.co_argcount != 1 or code.co_kwonlyargcount or isinstance(function, Symbol):
        refuse("FL-W323", f"`{macro}` takes a lambda of one argument", f"write .{macro}(lambda x: x.ok)")
    name: str = code.co_varnames[0]
    if not FIELD.fullmatch(name) or name in RESERVED | NO_FIELDS:
        refuse("FL-W323", f"`{name}` cannot be a name in an expression", "give the lambda's argument another name")
    return name


def _reads(tree: object, name: str) -> bool:
    """Whether *tree* reads a root or an item of this name, and not only the variable of a lambda."""
    if isinstance(tree, Name):
        return tree.name == name and tree.start == SHARED
    if isinstance(tree, Part):
        return any(_reads(getattr(tree, one), name) for one in tree.__struct_fields__)
    return isinstance(tree, tuple) and any(_reads(one, name) for one in tree)
