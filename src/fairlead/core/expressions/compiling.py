"""From tree to closures, once for each expression: an evaluation walks no tree and looks up no operator.

Steps are counted by the text, not by what is skipped: every operator, function and literal that is put together counts
one when the part around it begins, and once more for each item of a comprehension. `a && b` costs the same whether or
not `b` was needed, so that what an expression costs can be said from what it is given.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, assert_never

from fairlead.core.expressions.comprehensions import MACRO_BODIES, Loop
from fairlead.core.expressions.functions import FUNCTIONS, GIT_FUNCTIONS
from fairlead.core.expressions.handing import building_of
from fairlead.core.expressions.problems import MISSING, OUT_OF_RANGE, UNFIT, EvaluationFailed, Fault
from fairlead.core.expressions.reads import GIT_FACTS
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
from fairlead.core.expressions.values import (
    ABSENT,
    INT_MAX,
    INT_MIN,
    NOTHING,
    Maybe,
    Meter,
    are_equal,
    calculate,
    compare,
    contains,
    fields_of,
    kind_of,
    negated,
)
from fairlead.core.json import Json


class Frame:
    """One evaluation: what it reads, what it may cost, and the variables of its comprehensions."""

    __slots__ = ("meter", "scope", "variables")

    def __init__(self, scope: Mapping[str, Json], meter: Meter, variables: int) -> None:
        self.scope = scope
        self.meter = meter
        self.variables: list[Json] = [None] * variables


# A closure is Callable[[Frame], Json]; Json is Any.
_Step: TypeAlias = Callable[[Frame], Any]
_Variables: TypeAlias = dict[str, int]

_BODIES = {(one.name, one.is_member): one for one in FUNCTIONS}
_GIT_BODIES = {one.name: one for one in GIT_FUNCTIONS}


class Program:
    """The closures of one expression."""

    __slots__ = ("building", "evaluate", "steps", "variables")

    def __init__(self, text: str, tree: Tree) -> None:
        compiler = _Compiler(text)
        self.evaluate: _Step = compiler.step(tree, {})
        self.steps = compiler.steps
        self.variables = compiler.variables
        self.building = building_of(tree)


class _Compiler:
    def __init__(self, text: str) -> None:
        self.text = text
        self.steps = 0
        self.variables = 0

    def step(self, tree: Tree, known: _Variables) -> _Step:
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
                return _not(operand, tree) if tree.sign == "!" else _minus(operand, tree)
            case Binary():
                self.steps += 1
                return self._binary(tree, known)
            case Logic():
                self.steps += len(tree.operands) - 1
                operands = tuple((self.step(one, known), one) for one in tree.operands)
                return _logic(tree.sign, operands)
            case Choice():
                self.steps += 1
                return _choice(
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

    def _name(self, tree: Name, known: _Variables) -> _Step:
        name, place = tree.name, tree
        if name in known:
            slot = known[name]
            return lambda frame: frame.variables[slot]

        def root(frame: Frame) -> Json:
            try:
                return frame.scope[name]
            except KeyError:
                raise _failed(MISSING, f"there is no `{name}` here", place) from None

        return root

    def _select(self, tree: Select, known: _Variables) -> _Step:
        operand, field, said = self.step(tree.operand, known), tree.field, self._said(tree.operand)
        if tree.is_test:
            return _has(operand, field, said, tree)
        if tree.is_optional or _is_optional(tree.operand):
            return _perhaps(operand, lambda frame: field, said, tree)
        is_previous = _is_previous(tree.operand)

        def select(frame: Frame) -> Json:
            value = operand(frame)
            if type(value) is dict and field in value:
                return value[field]
            if value is None and is_previous:
                return ABSENT
            return _field(value, field, said, tree)

        return select

    def _index(self, tree: Index, known: _Variables) -> _Step:
        operand, key, said = self.step(tree.operand, known), self.step(tree.key, known), self._said(tree.operand)
        if tree.is_optional or _is_optional(tree.operand):
            return _perhaps(operand, key, said, tree)
        is_previous = _is_previous(tree.operand)

        def index(frame: Frame) -> Json:
            value, wanted = operand(frame), key(frame)
            if value is None and is_previous:
                return ABSENT
            return _item(value, wanted, said, tree)

        return index

    def _call(self, tree: Call, known: _Variables) -> _Step:
        self.steps += 1
        arguments = tuple(self.step(one, known) for one in tree.arguments)
        name, target = tree.function, tree.target
        if isinstance(target, Name) and target.name == "git" and "git" not in known and name in _GIT_BODIES:
            operand: _Step | None = _git_fact(name, tree)
            function = _GIT_BODIES[name]
        else:
            operand = self.step(target, known) if target is not None else None
            found = _BODIES.get((name, target is not None))
            if found is None:
                return _raising(
                    "FL-E017",
                    f"there is no function `{name}` {'of this form' * ((name, target is None) in _BODIES)}".rstrip(),
                    tree,
                )
            function = found
        given = (operand, *arguments) if operand is not None else arguments
        least, most = _arity(function.signatures[0])
        if not least <= len(tree.arguments) <= most:
            return _raising(UNFIT, f"`{name}` takes {_say_count(least, most)}, not {len(tree.arguments)}", tree)
        if name in ("orValue", "or"):
            return _otherwise(function.body, given[0], given[1], tree)
        return _called(function.body, given, tree)

    def _comprehension(self, tree: Comprehension, known: _Variables) -> _Step:
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
                raise _failed(UNFIT, said, tree.operand)
            return perform(loop, frame, items)

        return comprehension

    def _binary(self, tree: Binary, known: _Variables) -> _Step:
        left, right = self.step(tree.left, known), self.step(tree.right, known)
        match tree.sign:
            case "==":
                return _equal(left, right, tree, True)
            case "!=":
                return _equal(left, right, tree, False)
            case "<" | "<=" | ">" | ">=":
                return _comparison(tree.sign, left, right, tree)
            case "in":
                return _in(left, right, tree)
            case "+" | "-" | "*" | "/" | "%":
                return _arithmetic(tree.sign, left, right, tree)
            case _:
                assert_never(tree.sign)

    def _list(self, tree: ListOf, known: _Variables) -> _Step:
        if all(isinstance(item, Constant) for item in tree.items):
            # Shared by all evaluations: nothing changes a list that it did not make.
            fixed = [item.value for item in tree.items if isinstance(item, Constant)]
            return lambda frame: fixed
        self.steps += 1
        items = tuple(self.step(item, known) for item in tree.items)
        size = 8 * len(items)

        def build(frame: Frame) -> Json:
            _grow(frame, size, tree)
            return [_within(item(frame), tree) for item in items]

        return build


def _failed(code: str, message: str, place: Part) -> EvaluationFailed:
    return EvaluationFailed(code, message, place.start, place.end)


def _grow(frame: Frame, size: int, place: Part) -> None:
    try:
        frame.meter.grow(size)
    except Fault as fault:
        raise _failed(fault.code, fault.message, place) from None


def _within(value: Json, place: Part) -> Json:
    """A value that becomes a part of another: nothing optional, and null for what is absent."""
    if isinstance(value, Maybe):
        raise _failed(UNFIT, "an optional value cannot be a part of a list or an object: add `.orValue(…)`", place)
    return None if value is ABSENT else value


def _constant(value: Json) -> _Step:
    return lambda frame: value


def _raising(code: str, message: str, place: Part) -> _Step:
    def fail(frame: Frame) -> Json:
        raise _failed(code, message, place)

    return fail


def _is_previous(tree: Tree) -> bool:
    """`steps.ID.previous`: the last finished run may not exist, and then its fields are absent instead of an error."""
    if not isinstance(tree, Select) or tree.field != "previous" or tree.is_test:
        return False
    step = tree.operand
    return isinstance(step, Select | Index) and isinstance(step.operand, Name) and step.operand.name == "steps"


def _is_optional(tree: Tree) -> bool:
    """What follows `.?` in the same path is optional as well: `a.?b.c` is `a.?b.?c`."""
    while isinstance(tree, Select | Index):
        if tree.is_optional:
            return True
        tree = tree.operand
    return False


def _field(value: Json, field: str, said: str, place: Part) -> Json:
    """The field of something that is no plain object, or does not have it."""
    if value is ABSENT:
        return ABSENT
    if isinstance(value, Mapping):
        try:
            return value[field]
        except KeyError:
            raise _failed(MISSING, f"`{said}` has no field `{field}`{fields_of(value)}", place) from None
    raise _failed(MISSING, f"`{said}` is {kind_of(value)}, it has no field `{field}`", place)


def _item(value: Json, key: Json, said: str, place: Part) -> Json:
    if value is ABSENT or key is ABSENT:
        return ABSENT
    if isinstance(value, list | tuple):
        # A position may come as 2.0 out of a computation; CEL takes it too.
        if isinstance(key, float) and key.is_integer():
            key = int(key)
        if isinstance(key, bool) or not isinstance(key, int):
            raise _failed(UNFIT, f"`{said}` is a list: its items have positions, not {kind_of(key)}", place)
        if not 0 <= key < len(value):
            raise _failed(MISSING, f"`{said}` has {_items(len(value))}, there is no [{key}]", place)
        return value[key]
    if isinstance(value, Mapping):
        if not isinstance(key, str):
            raise _failed(UNFIT, f"`{said}` is an object: its fields are named by text, not by {kind_of(key)}", place)
        return _field(value, key, said, place)
    if isinstance(key, str):
        return _field(value, key, said, place)
    raise _failed(MISSING, f"`{said}` is {kind_of(value)}, not a list", place)


def _items(count: int) -> str:
    return f"{count} item" if count == 1 else f"{count} items"


def _has(operand: _Step, field: str, said: str, place: Part) -> _Step:
    def has(frame: Frame) -> Json:
        value = operand(frame)
        if isinstance(value, Maybe):
            value = value.value
        if value is ABSENT or value is None:
            return False
        if not isinstance(value, Mapping):
            raise _failed(UNFIT, f"`{said}` is {kind_of(value)}, it has no fields", place)
        return field in value

    return has


def _perhaps(operand: _Step, key: _Step, said: str, place: Part) -> _Step:
    """`.?field` and `[?key]`: an optional value, nothing when what stands before it is null or nothing."""

    def perhaps(frame: Frame) -> Json:
        value = operand(frame)
        if isinstance(value, Maybe):
            value = value.value
        if value is None or value is ABSENT:
            return NOTHING
        wanted = key(frame)
        if isinstance(value, Mapping) and isinstance(wanted, bool | int | float):
            return NOTHING  # no field is named by it
        try:
            return Maybe(_item(value, wanted, said, place))
        except EvaluationFailed as failed:
            if failed.code == MISSING and isinstance(value, list | tuple | Mapping):
                return NOTHING
            raise

    return perhaps


def _git_fact(name: str, tree: Call) -> _Step:
    fact = GIT_FACTS[name]

    def read(frame: Frame) -> Json:
        try:
            return frame.scope["git"][fact]
        except (KeyError, TypeError):
            raise _failed(MISSING, f"`git.{name}` is not known here: there is no repository", tree) from None

    return read


def _called(body: Callable[..., Json], given: tuple[_Step, ...], tree: Call) -> _Step:
    def call(frame: Frame) -> Json:
        values = [one(frame) for one in given]
        if ABSENT in values:
            return ABSENT
        try:
            return body(frame.meter, *values)
        except Fault as fault:
            raise _failed(fault.code, fault.message, tree) from None

    return call


def _otherwise(body: Callable[..., Json], operand: _Step, other: _Step, tree: Call) -> _Step:
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
            raise _failed(fault.code, fault.message, tree) from None

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


def _not(operand: _Step, tree: Unary) -> _Step:
    def invert(frame: Frame) -> Json:
        value = operand(frame)
        if value is True:
            return False
        if value is False:
            return True
        if value is ABSENT:
            return ABSENT
        raise _failed(UNFIT, f"`!` needs a boolean, not {kind_of(value)}", tree)

    return invert


def _minus(operand: _Step, tree: Unary) -> _Step:
    def minus(frame: Frame) -> Json:
        try:
            return negated(operand(frame))
        except Fault as fault:
            raise _failed(fault.code, fault.message, tree) from None

    return minus


def _logic(sign: str, operands: tuple[tuple[_Step, Tree], ...]) -> _Step:
    """`&&` and `||`: one decisive operand decides, whatever the others do, and in whatever order they stand."""
    decisive = sign == "||"

    def logic(frame: Frame) -> Json:
        failure: EvaluationFailed | None = None
        for operand, place in operands:
            try:
                value = operand(frame)
            except EvaluationFailed as failed:
                if failed.is_limit:
                    raise
                failure = failure or failed
                continue
            if value is decisive:
                return decisive
            if value is not True and value is not False and value is not ABSENT:
                said = f"`{sign}` needs booleans, not {kind_of(value)}"
                failure = failure or _failed(UNFIT, said, place)
            elif value is ABSENT and not decisive:
                return False
        if failure:
            raise failure
        return not decisive

    return logic


def _choice(condition: _Step, then: _Step, otherwise: _Step, place: Tree) -> _Step:
    def choose(frame: Frame) -> Json:
        value = condition(frame)
        if value is True:
            return then(frame)
        if value is False or value is ABSENT:
            return otherwise(frame)
        raise _failed(UNFIT, f"the condition before `?` has to be a boolean, not {kind_of(value)}", place)

    return choose


def _equal(left: _Step, right: _Step, tree: Binary, wanted: bool) -> _Step:
    def equal(frame: Frame) -> Json:
        one, other = left(frame), right(frame)
        kind = type(one)
        if kind is type(other) and (kind is str or kind is int):
            return (one == other) is wanted
        try:
            if are_equal(one, other, frame.meter):
                return wanted
        except Fault as fault:
            raise _failed(fault.code, fault.message, tree) from None
        return not wanted and one is not ABSENT and other is not ABSENT

    return equal


def _comparison(sign: str, left: _Step, right: _Step, tree: Binary) -> _Step:
    is_less, with_equal = sign[0] == "<", len(sign) == 2

    def compared(frame: Frame) -> Json:
        one, other = left(frame), right(frame)
        first, second = type(one), type(other)
        if (first is int or first is float) and (second is int or second is float):
            if with_equal and one == other:
                return True
            return one < other if is_less else one > other
        try:
            return compare(sign, one, other)
        except Fault as fault:
            raise _failed(fault.code, fault.message, tree) from None

    return compared


def _in(left: _Step, right: _Step, tree: Binary) -> _Step:
    def within(frame: Frame) -> Json:
        value = left(frame)
        try:
            return contains(right(frame), value, frame.meter)
        except Fault as fault:
            raise _failed(fault.code, fault.message, tree) from None

    return within


def _arithmetic(sign: str, left: _Step, right: _Step, tree: Binary) -> _Step:
    def slow(frame: Frame, one: Json, other: Json) -> Json:
        try:
            return calculate(sign, one, other, frame.meter)
        except Fault as fault:
            raise _failed(fault.code, fault.message, tree) from None

    if sign not in "+-":
        return lambda frame: slow(frame, left(frame), right(frame))
    is_plus = sign == "+"

    def added(frame: Frame) -> Json:
        one, other = left(frame), right(frame)
        if type(one) is int and type(other) is int:
            found = one + other if is_plus else one - other
            if INT_MIN <= found <= INT_MAX:
                return found
            raise _failed(OUT_OF_RANGE, "the whole number is beyond 64 bits", tree)
        return slow(frame, one, other)

    return added


def _map(entries: tuple[tuple[_Step, _Step, Tree], ...], tree: MapOf) -> _Step:
    def build(frame: Frame) -> Json:
        _grow(frame, 16 * len(entries), tree)
        made: dict[str, Json] = {}
        for key, value, place in entries:
            name = key(frame)
            if not isinstance(name, str):
                raise _failed(UNFIT, f"the fields of an object are named by text, not by {kind_of(name)}", place)
            if name in made:
                raise _failed("FL-E026", f"the object has the field `{_short(name)}` twice", place)
            made[name] = _within(value(frame), tree)
        return made

    return build


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
