"""From tree to closures, once for each expression: an evaluation walks no tree and looks up no operator.

Steps are counted by the text, not by what is skipped: every operator, function and literal that is put together counts
one when the part around it begins, and once more for each item of a comprehension. `a && b` costs the same whether or
not `b` was needed, so that what an expression costs can be said from what it is given.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

from fairlead.core.expressions.comprehensions import MACRO_BODIES, Loop
from fairlead.core.expressions.frames import Frame, Step, failed_at, grow, raising, within
from fairlead.core.expressions.functions import FUNCTIONS, GIT_FUNCTIONS
from fairlead.core.expressions.handing import building_of
from fairlead.core.expressions.operators import (
    arithmetic,
    choice,
    comparison,
    equality,
    inverted,
    logic,
    membership,
    negation,
)
from fairlead.core.expressions.paths import field_of, git_fact, is_of_previous, is_optional, item_of, perhaps, test_of
from fairlead.core.expressions.problems import MISSING, UNFIT, Fault
from fairlead.core.expressions.tree import (
    Binary,
    Call,
    Choice,
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
from fairlead.core.expressions.values import ABSENT, Maybe, kind_of
from fairlead.core.json import Json

_Variables: TypeAlias = dict[str, int]

_BODIES = {(one.name, one.is_member): one for one in FUNCTIONS}
_GIT_BODIES = {one.name: one for one in GIT_FUNCTIONS}


class Program:
    """The closures of one expression."""

    __slots__ = ("building", "evaluate", "steps", "variables")

    def __init__(self, text: str, tree: Tree) -> None:
        compiler = _Compiler(text)
        self.evaluate: Step = compiler.step(tree, {})
        self.steps = compiler.steps
        self.variables = compiler.variables
        self.building = building_of(tree)


class _Compiler:
    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0
        self.variables = 0

    def step(self, tree: Tree, known: _Variables) -> Step:
        match tree:
            case Constant():
                return _constant(tree.value)
            case Name():
                return self._name(tree, known)
            case Select():
                return self._select(tree, known)
            case Index():
                return self._index(tree, known)
            case Call():
                return self._call(tree, known)
            case Comprehension():
                return self._comprehension(tree, known)
            case Unary():
                self.steps += 1
                operand = self.step(tree.operand, known)
                return inverted(operand, tree) if tree.sign == "!" else negation(operand, tree)
            case Binary():
                self.steps += 1
                return self._binary(tree, known)
            case Logic():
                self.steps += len(tree.operands) - 1
                operands = tuple((self.step(one, known), one) for one in tree.operands)
                return logic(tree.sign, operands)
            case Choice():
                self.steps += 1
                return choice(
                    self.step(tree.condition, known),
                    self.step(tree.then, known),
                    self.step(tree.otherwise, known),
                    tree.condition,
                )
            case ListOf():
                return self._list(tree, known)
            case MapOf():
                self.steps += 1
                return _map(
                    tuple((self.step(key, known), self.step(value, known), key) for key, value in tree.entries), tree
                )
            case _:
                assert_never(tree)

    def _said(self, part: Part) -> str:
        return _short(self.text[part.start : part.end])

    def _name(self, tree: Name, known: _Variables) -> Step:
        name, place = tree.name, tree
        if name in known:
            slot = known[name]
            return lambda frame: frame.variables[slot]

        def root(frame: Frame) -> Json:
            try:
                return frame.scope[name]
            except KeyError:
                raise failed_at(MISSING, f"there is no `{name}` here", place) from None

        return root

    def _select(self, tree: Select, known: _Variables) -> Step:
        operand, field, said = self.step(tree.operand, known), tree.field, self._said(tree.operand)
        if tree.is_test:
            return test_of(operand, field, said, tree)
        if tree.is_optional or is_optional(tree.operand):
            return perhaps(operand, lambda frame: field, said, tree)
        is_previous = is_of_previous(tree.operand)

        def select(frame: Frame) -> Json:
            value = operand(frame)
            if type(value) is dict and field in value:
                return value[field]
            if value is None and is_previous:
                return ABSENT
            return field_of(value, field, said, tree)

        return select

    def _index(self, tree: Index, known: _Variables) -> Step:
        operand, key, said = self.step(tree.operand, known), self.step(tree.key, known), self._said(tree.operand)
        if tree.is_optional or is_optional(tree.operand):
            return perhaps(operand, key, said, tree)
        is_previous = is_of_previous(tree.operand)

        def index(frame: Frame) -> Json:
            value, wanted = operand(frame), key(frame)
            if value is None and is_previous:
                return ABSENT
            return item_of(value, wanted, said, tree)

        return index

    def _call(self, tree: Call, known: _Variables) -> Step:
        self.steps += 1
        arguments = tuple(self.step(one, known) for one in tree.arguments)
        name, target = tree.function, tree.target
        if isinstance(target, Name) and target.name == "git" and "git" not in known and name in _GIT_BODIES:
            operand: Step | None = git_fact(name, tree)
            function = _GIT_BODIES[name]
        else:
            operand = self.step(target, known) if target is not None else None
            found = _BODIES.get((name, target is not None))
            if found is None:
                return raising(
                    "FL-E017",
                    f"there is no function `{name}` {'of this form' * ((name, target is None) in _BODIES)}".rstrip(),
                    tree,
                )
            function = found
        given = (operand, *arguments) if operand is not None else arguments
        least, most = _arity(function.signatures[0])
        if not least <= len(tree.arguments) <= most:
            return raising(UNFIT, f"`{name}` takes {_say_count(least, most)}, not {len(tree.arguments)}", tree)
        if name in ("orValue", "or"):
            return _otherwise(function.body, given[0], given[1], tree)
        return _called(function.body, given, tree)

    def _comprehension(self, tree: Comprehension, known: _Variables) -> Step:
        operand = self.step(tree.operand, known)
        slot = self.variables
        self.variables += 1
        outside, self.steps = self.steps, 0
        bodies = tuple(self.step(body, {**known, tree.variable: slot}) for body in tree.bodies)
        loop = Loop(slot, bodies, self.steps + 1, tree)
        self.steps = outside + 1
        perform = MACRO_BODIES[tree.macro]

        def comprehension(frame: Frame) -> Json:
            items = operand(frame)
            if isinstance(items, Mapping):
                items = list(items)
            elif not isinstance(items, list | tuple):
                if items is ABSENT:
                    return ABSENT
                said = f"`{tree.macro}` goes through a list or an object, not {kind_of(items)}"
                raise failed_at(UNFIT, said, tree.operand)
            return perform(loop, frame, items)

        return comprehension

    def _binary(self, tree: Binary, known: _Variables) -> Step:
        left, right = self.step(tree.left, known), self.step(tree.right, known)
        match tree.sign:
            case "==":
                return equality(left, right, tree, True)
            case "!=":
                return equality(left, right, tree, False)
            case "<" | "<=" | ">" | ">=":
                return comparison(tree.sign, left, right, tree)
            case "in":
                return membership(left, right, tree)
            case "+" | "-" | "*" | "/" | "%":
                return arithmetic(tree.sign, left, right, tree)
            case _:
                assert_never(tree.sign)

    def _list(self, tree: ListOf, known: _Variables) -> Step:
        if all(isinstance(item, Constant) for item in tree.items):
            # Shared by all evaluations: nothing changes a list that it did not make.
            fixed = [item.value for item in tree.items if isinstance(item, Constant)]
            return lambda frame: fixed
        self.steps += 1
        items = tuple(self.step(item, known) for item in tree.items)
        size = 8 * len(items)

        def build(frame: Frame) -> Json:
            grow(frame, size, tree)
            return [within(item(frame), tree) for item in items]

        return build


def _constant(value: Json) -> Step:
    return lambda frame: value


def _called(body: Callable[..., Json], given: tuple[Step, ...], tree: Call) -> Step:
    def call(frame: Frame) -> Json:
        values = [one(frame) for one in given]
        if ABSENT in values:
            return ABSENT
        try:
            return body(frame.meter, *values)
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None

    return call


def _otherwise(body: Callable[..., Json], operand: Step, other: Step, tree: Call) -> Step:
    """`orValue` and `or`: what stands in the brackets is worked out only when it is needed."""

    def choose(frame: Frame) -> Json:
        value = operand(frame)
        if isinstance(value, Maybe) and value.has_value:
            return value.value if tree.function == "orValue" else value
        if value is ABSENT:
            return ABSENT
        try:
            return body(frame.meter, value, other(frame))
        except Fault as fault:
            raise failed_at(fault.code, fault.message, tree) from None

    return choose


def _arity(signature: str) -> tuple[int, int]:
    """How many arguments a signature takes, at least and at most."""
    inner = signature[
        signature.index("(", signature.rfind(".", 0, signature.index(" ->")) + 1) + 1 : signature.index(" ->") - 1
    ]
    count = 0 if not inner else inner.count(",") + 1
    return count - inner.count("["), count


def _say_count(least: int, most: int) -> str:
    """A number of arguments as a sentence says it."""
    if most == 0:
        return "no arguments"
    count = str(least) if least == most else f"{least} to {most}"
    return f"{count} argument{'s' * (most != 1)}"


def _map(entries: tuple[tuple[Step, Step, Tree], ...], tree: MapOf) -> Step:
    def build(frame: Frame) -> Json:
        grow(frame, 16 * len(entries), tree)
        made: dict[str, Json] = {}
        for key, value, place in entries:
            name = key(frame)
            if not isinstance(name, str):
                raise failed_at(UNFIT, f"the fields of an object are named by text, not by {kind_of(name)}", place)
            if name in made:
                raise failed_at("FL-E026", f"the object has the field `{_short(name)}` twice", place)
            made[name] = within(value(frame), tree)
        return made

    return build


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
