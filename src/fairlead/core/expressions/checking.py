"""The check before anything runs: what an expression will give, and every part of it that cannot work."""

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import NamedTuple, assert_never

from fairlead.core.expressions.conversions import seconds_of, share_of
from fairlead.core.expressions.functions import FUNCTIONS, GIT_FUNCTIONS, Function
from fairlead.core.expressions.globs import glob_pattern
from fairlead.core.expressions.macros import OVER_ITEMS
from fairlead.core.expressions.parser import Expression
from fairlead.core.expressions.pattern_syntax import Unreadable
from fairlead.core.expressions.patterns import compiled
from fairlead.core.expressions.problems import BAD_PATTERN, UNCONVERTIBLE, Fault, Problem
from fairlead.core.expressions.signatures import counts_of, given_by, read_signature
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
    Mark,
    Name,
    Select,
    Tree,
    Unary,
)
from fairlead.core.expressions.types import ANY, BOOL, INT, NULL, NUMBER, STRING, Type, joined, list_of, optional_of
from fairlead.core.json import Json

_CANDIDATES_MAX = 2_000  # names that are compared to find the one that was meant
_NAMES_MAX = 8
_BY_FORM: dict[tuple[str, bool], Function] = {(one.name, one.is_member): one for one in FUNCTIONS}
_OF_GIT = {one.name: one for one in GIT_FUNCTIONS}


class Typed(NamedTuple):
    """What an expression gives, and what is wrong with it in the order of its text."""

    type: Type
    problems: tuple[Problem, ...]


def typed(
    expression: Expression,
    roots: Mapping[str, Type],
    *,
    variables: Mapping[str, Type] | None = None,
    expected: Type | None = None,
) -> Typed:
    """Check *expression* against the types of its roots; *variables* are further names that it may begin with.

    With *expected* its value has to be of that type: `BOOL` for a condition.
    """
    checker = _Checker(expression.text, roots, variables or {})
    found = checker.type(expression.tree, {})
    if expected is not None:
        checker.expect(expression.tree, found, expected)
    return Typed(found, tuple(sorted(checker.problems, key=lambda problem: (problem.start, problem.end))))


_Bound = Mapping[str, Type]


class _Checker:
    def __init__(self, text: str, roots: Mapping[str, Type], variables: Mapping[str, Type]) -> None:
        self.text = text
        self.roots = roots
        self.variables = variables
        self.problems: list[Problem] = []

    def add(self, code: str, message: str, mark: Mark, hint: str = "") -> Type:
        """Note a problem; the type is unknown then, so that one mistake is said once."""
        self.problems.append(Problem(code, message, mark[0], mark[1], hint))
        return ANY

    def expect(self, tree: Tree, found: Type, expected: Type) -> None:
        """Note that this place holds another type."""
        if _is_one(found, expected):
            return
        hint = ""
        if found.kind == "optional":
            hint = f"add .orValue({'false' if expected.kind == 'bool' else '…'})"
        elif expected.kind == "bool":
            hint = _CONDITIONS.get(found.kind, "")
        elif expected.kind in ("int", "number") and found.kind == "string":
            hint = "convert it: double(…)"
        self.add("FL-E020", f"{expected.said} is expected here, and this is {found.said}", (tree.start, tree.end), hint)

    def type(self, tree: Tree, bound: _Bound) -> Type:
        match tree:
            case Constant():
                return _constant(tree.value)
            case Name():
                return self._name(tree, bound)
            case Select():
                return self._select(tree, bound)
            case Index():
                return self._index(tree, bound)
            case Call():
                return self._call(tree, bound)
            case Comprehension():
                return self._comprehension(tree, bound)
            case Unary():
                return self._unary(tree, bound)
            case Binary():
                return self._binary(tree, self.type(tree.left, bound), self.type(tree.right, bound))
            case Logic():
                for operand in tree.operands:
                    self._condition(operand, bound, f"`{tree.sign}`")
                return BOOL
            case Choice():
                self._condition(tree.condition, bound, "the part before `?`")
                return joined(self.type(tree.then, bound), self.type(tree.otherwise, bound))
            case ListOf():
                return list_of(_joined([self._part(item, bound) for item in tree.items]))
            case MapOf():
                return self._map(tree, bound)
            case _:
                assert_never(tree)

    # — names and paths —

    def _name(self, tree: Name, bound: _Bound) -> Type:
        for known in (bound, self.variables, self.roots):
            if tree.name in known:
                return known[tree.name]
        names = [*self.roots, *self.variables, *bound]
        hint = _nearest(tree.name, names, f"there are: {_listed(names)}")
        return self.add("FL-E003", f"there is no `{tree.name}` here", (tree.start, tree.end), hint)

    def _said(self, tree: Tree) -> str:
        text = self.text[tree.start : tree.end]
        return text if len(text) <= 60 else text[:59] + "…"

    def _select(self, tree: Select, bound: _Bound) -> Type:
        whole = self.type(tree.operand, bound)
        of = whole.item or ANY if whole.kind == "optional" else whole
        found = self._field(tree.operand, of, tree.field, tree.mark)
        if tree.is_test:
            return BOOL
        return optional_of(found) if tree.is_optional or whole.kind == "optional" else found

    def _field(self, operand: Tree, of: Type, field: str, mark: Mark) -> Type:
        if of.kind in ("any", "null"):
            return ANY
        if of.kind != "object":
            hint = "end the path before it"
            if (field, True) in _BY_FORM or field in OVER_ITEMS:
                hint = f"`{field}` is a function: write .{field}({'x, …' if field in OVER_ITEMS else ''})"
            return self.add("FL-E009", f"`{self._said(operand)}` is {of.said}: it has no fields", mark, hint)
        if field in of.fields:
            return of.fields[field]
        if not of.is_closed:
            return of.item or ANY
        said = of.message.format(name=field) if of.message else f"`{self._said(operand)}` has no field `{field}`"
        otherwise = of.hint or (f"it has: {_listed(of.fields)}" if of.fields else "it has no fields")
        return self.add(of.code, said, mark, _nearest(field, of.fields, otherwise))

    def _index(self, tree: Index, bound: _Bound) -> Type:
        whole, key = self.type(tree.operand, bound), self.type(tree.key, bound)
        of = whole.item or ANY if whole.kind == "optional" else whole
        place = (tree.key.start, tree.key.end)
        found = ANY
        if of.kind == "list":
            found = of.item or ANY
            if not _is_one(key, NUMBER):
                self.add("FL-E018", f"the items of a list have positions, and this is {key.said}", place, "write [0]")
        elif of.kind == "object":
            found = _values_of(of)
            if isinstance(tree.key, Constant) and isinstance(tree.key.value, str):
                found = self._field(tree.operand, of, tree.key.value, place)
            elif not _is_one(key, STRING):
                hint = "write ['name']"
                self.add("FL-E018", f"the fields of an object are named by text, and this is {key.said}", place, hint)
        elif of.kind not in ("any", "null"):
            hint = "take a part of a text with substring(0, 1)" if of.kind == "string" else "end the path before it"
            self.add("FL-E009", f"`{self._said(tree.operand)}` is {of.said}: it has no items", place, hint)
        return optional_of(found) if tree.is_optional or whole.kind == "optional" else found

    # — calls —

    def _call(self, tree: Call, bound: _Bound) -> Type:
        target, name = tree.target, tree.function
        if isinstance(target, Name) and target.name == "git" and "git" not in bound:
            self.type(target, bound)
            types = [self.type(one, bound) for one in tree.arguments]
            if name not in _OF_GIT:
                hint = _nearest(name, _OF_GIT, f"there are: {_listed(_OF_GIT)}")
                return self.add("FL-E017", f"`git` has no function `{name}`", tree.mark, hint)
            return self._given(_OF_GIT[name], tree, types)
        types = [self.type(one, bound) for one in ((target,) if target else ())]
        types += [self.type(one, bound) for one in tree.arguments]
        function = _BY_FORM.get((name, target is not None))
        if function is None:
            return self._unknown(tree, types)
        return self._given(function, tree, types)

    def _unknown(self, tree: Call, types: list[Type]) -> Type:
        name, is_member = tree.function, tree.target is not None
        if (name, not is_member) in _BY_FORM or (name in OVER_ITEMS and not is_member):
            form = f"{name}(x)" if is_member else f"x.{name}(…)"
            return self.add("FL-E017", f"`{name}` is not written in this form", tree.mark, f"write {form}")
        known = [one for one, form in _BY_FORM if form is is_member] + (list(OVER_ITEMS) if is_member else ["has"])
        hint = _FOREIGN.get(name) or _nearest(name, known, "the reference page of the language lists all functions")
        return self.add("FL-E017", f"there is no function `{name}`", tree.mark, hint)

    def _given(self, function: Function, tree: Call, types: list[Type]) -> Type:
        self._literals(function, tree)
        signatures = [read_signature(text) for text in function.signatures]
        fitting = [found for one in signatures if (found := given_by(one, types)) is not None]
        if fitting:
            return _joined(fitting)
        gives = _joined([given_by(one, [ANY] * one.least) or ANY for one in signatures])
        if len(types) not in counts_of(function.signatures):
            said = f"`{function.name}` does not take {_counted(len(tree.arguments))}"
        elif types[0].kind == "optional" and tree.target is not None:
            said = f"`{function.name}` needs a value, and this is an optional one: add .orValue(…) before it"
        else:
            said = f"`{function.name}` does not fit {_and([one.said for one in types])}"
        self.add("FL-E018", said, (tree.mark[0], tree.end), f"it is written {' or '.join(function.signatures)}")
        return gives

    def _literals(self, function: Function, tree: Call) -> None:
        """Read what a function will read, where it stands in the text already."""
        check = _LITERALS.get(function.name)
        last = tree.arguments[-1] if tree.arguments else None
        if check is None or not isinstance(last, Constant) or not isinstance(last.value, str):
            return
        try:
            check(last.value)
        except Unreadable as error:
            self.add(BAD_PATTERN, f"the pattern cannot be read: {error}", (last.start, last.end))
        except Fault as fault:
            self.add(UNCONVERTIBLE, fault.message, (last.start, last.end))

    def _comprehension(self, tree: Comprehension, bound: _Bound) -> Type:
        of = self.type(tree.operand, bound)
        item = ANY
        if of.kind == "list":
            item = of.item or ANY
        elif of.kind == "object":
            item = STRING if not isinstance(tree.operand, MapOf) or tree.operand.entries else ANY
        elif of.kind not in ("any", "null"):
            said = f"`{tree.macro}` goes through a list or an object, and this is {of.said}"
            hint = "add .orValue([])" if of.kind == "optional" else ""
            self.add("FL-E018", said, (tree.operand.start, tree.operand.end), hint)
        inner = {**bound, tree.variable: item}
        last = tree.bodies[-1]
        if tree.macro not in ("map", "sortBy") or len(tree.bodies) == 2:
            self._condition(tree.bodies[0], inner, f"`{tree.macro}`")
        if tree.macro == "map":
            return list_of(self._part(last, inner))
        if tree.macro == "sortBy":
            key = self.type(last, inner)
            if key.kind not in ("any", "null", "int", "number", "string", "bool"):
                said = f"`sortBy` needs something that has an order, and this is {key.said}"
                self.add("FL-E018", said, (last.start, last.end), "name a number or a text of the item")
            return list_of(item)
        return list_of(item) if tree.macro == "filter" else BOOL

    # — operators —

    def _condition(self, tree: Tree, bound: _Bound, what: str) -> None:
        found = self.type(tree, bound)
        if not _is_one(found, BOOL):
            hint = "add .orValue(false)" if found.kind == "optional" else _CONDITIONS.get(found.kind, "")
            self.add("FL-E018", f"{what} needs a boolean, and this is {found.said}", (tree.start, tree.end), hint)

    def _unary(self, tree: Unary, bound: _Bound) -> Type:
        if tree.sign == "!":
            self._condition(tree.operand, bound, "`!`")
            return BOOL
        found = self.type(tree.operand, bound)
        if not _is_one(found, NUMBER):
            self.add("FL-E018", f"`-` needs a number, and this is {found.said}", (tree.start, tree.end))
        return found if found.kind in ("int", "any") else NUMBER

    def _binary(self, tree: Binary, left: Type, right: Type) -> Type:
        match tree.sign:
            case "==" | "!=":
                self._equality(tree, left, right)
                return BOOL
            case "<" | "<=" | ">" | ">=":
                self._order(tree, left, right)
                return BOOL
            case "in":
                self._in(tree, left, right)
                return BOOL
            case "+" | "-" | "*" | "/" | "%":
                return self._arithmetic(tree, left, right)
            case _:
                assert_never(tree.sign)

    def _misfit(self, tree: Binary, said: str, hint: str = "") -> Type:
        return self.add("FL-E018", said, (tree.start, tree.end), hint)

    def _equality(self, tree: Binary, left: Type, right: Type) -> None:
        if "optional" in (left.kind, right.kind):
            self._misfit(tree, "an optional value is equal to no other: add .orValue(…) to it", "add .orValue(…)")
        elif not _are_alike(left, right):
            said = f"{left.said} and {right.said} are never equal"
            self.add("FL-E022", said, (tree.start, tree.end), _conversion(left, right))
        else:
            self._from_set(tree.left, left, tree.right, right)
            self._from_set(tree.right, right, tree.left, left)

    def _from_set(self, tree: Tree, of: Type, other: Tree, other_type: Type) -> None:
        """Note a literal, or a whole closed set, that *of* never is."""
        if not of.values:
            return
        if isinstance(other, Constant):
            if other.value is not None and not _is_among(other.value, of.values):
                self._never(tree, of, other)
        elif other_type.values and not any(_is_among(one, of.values) for one in other_type.values):
            said = f"`{self._said(tree)}` and `{self._said(other)}` have no value in common"
            self.add("FL-E019", said, (other.start, other.end), f"it is one of: {_listed(map(str, of.values))}")

    def _never(self, tree: Tree, of: Type, literal: Constant) -> None:
        names = [str(value) for value in of.values]
        said = f"`{self._said(tree)}` is never {self._said(literal)}"
        hint = _nearest(str(literal.value), names, f"it is one of: {_listed(names)}")
        self.add("FL-E019", said, (literal.start, literal.end), hint)

    def _order(self, tree: Binary, left: Type, right: Type) -> None:
        kinds = {_order_of(left), _order_of(right)} - {"any"}
        if len(kinds) > 1 or None in kinds:
            said = f"`{tree.sign}` cannot compare {left.said} with {right.said}"
            self._misfit(tree, said, _conversion(left, right))
        elif left.kind == "string" == right.kind and (left.values or right.values):
            values = left.values or right.values
            said = f"`{tree.sign}` compares letters here, and the words are a closed set: {_listed(map(str, values))}"
            hint = f"name the words: {self._said(tree.left)} in ['{values[-1]}']"
            self.add("FL-E027", said, (tree.start, tree.end), hint)

    def _in(self, tree: Binary, left: Type, right: Type) -> None:
        if right.kind == "object":
            if not _is_one(left, STRING):
                self._misfit(tree, f"the fields of an object are named by text, and this is {left.said}")
        elif right.kind == "list":
            item = right.item or ANY
            if isinstance(tree.right, ListOf):
                for one in tree.right.items:
                    if isinstance(one, Constant):
                        kind = _constant(one.value)
                        if item.kind != "any" and not _are_alike(left, kind):
                            said = f"{left.said} is never {kind.said}"
                            self.add("FL-E022", said, (one.start, one.end), _conversion(left, kind))
                        else:
                            self._from_set(tree.left, left, one, kind)
            elif not _are_alike(left, item):
                said = f"{left.said} is never in a list of which each item is {item.said}"
                self.add("FL-E022", said, (tree.start, tree.end), _conversion(left, item))
            else:
                self._from_set(tree.right, item, tree.left, left)
        elif right.kind not in ("any", "null"):
            hint = "write text.contains(part)" if right.kind == "string" else ""
            self._misfit(tree, f"`in` looks into a list or an object, and this is {right.said}", hint)

    def _arithmetic(self, tree: Binary, left: Type, right: Type) -> Type:
        kinds = {left.kind, right.kind}
        if kinds <= {"any", "null"}:
            return ANY
        if kinds <= {"int", "number", "any", "null"}:
            return INT if kinds == {"int"} else NUMBER
        if tree.sign == "+" and len(kinds - {"any", "null"}) == 1:
            if "string" in kinds:
                return STRING
            if "list" in kinds:
                return list_of(_joined([one.item or ANY if one.kind == "list" else ANY for one in (left, right)]))
        hint = "add .orValue(…)" if "optional" in kinds else ""
        if tree.sign == "+" and "string" in kinds:
            hint = "convert it: string(…)"
        self._misfit(tree, f"`{tree.sign}` does not fit {left.said} and {right.said}", hint)
        return ANY

    # — lists and objects —

    def _part(self, tree: Tree, bound: _Bound) -> Type:
        """The type of what becomes a part of a list or an object."""
        found = self.type(tree, bound)
        if found.kind == "optional":
            said = "an optional value cannot be a part of a list or an object"
            return self.add("FL-E018", said, (tree.start, tree.end), "add .orValue(…)")
        return found

    def _map(self, tree: MapOf, bound: _Bound) -> Type:
        fields: dict[str, Type] = {}
        for key, value in tree.entries:
            kind = self.type(key, bound)
            found = self._part(value, bound)
            if not _is_one(kind, STRING):
                said = f"the fields of an object are named by text, and this is {kind.said}"
                self.add("FL-E018", said, (key.start, key.end), f"write '{self._said(key)}'")
            elif isinstance(key, Constant):
                name = str(key.value)
                if name in fields:
                    self.add("FL-E026", f"the object has the field `{name}` twice", (key.start, key.end))
                fields[name] = found
        return Type("object", None, fields)


_CONDITIONS = {
    "string": "compare it: … != ''",
    "int": "compare it: … > 0",
    "number": "compare it: … > 0",
    "list": "compare its size: ….size() > 0",
    "object": "compare its size: ….size() > 0",
}
# Names of other languages, with ours.
_FOREIGN = {
    "len": "write size(x)",
    "length": "write .size()",
    "count": "write .size()",
    "lower": "write .lowerAscii()",
    "upper": "write .upperAscii()",
    "toLowerCase": "write .lowerAscii()",
    "toUpperCase": "write .upperAscii()",
    "startswith": "write .startsWith(…)",
    "endswith": "write .endsWith(…)",
    "includes": "write .contains(…), or x in list",
    "any": "write .exists(x, …)",
    "some": "write .exists(x, …)",
    "every": "write .all(x, …)",
    "find": "write .filter(x, …)",
    "strip": "write .trim()",
    "str": "write string(x)",
    "float": "write double(x)",
    "exists_unique": "write .exists_one(x, …)",
    "unique": "write .distinct()",
}
_LITERALS: dict[str, Callable[[str], object]] = {
    "matches": compiled,
    "duration": seconds_of,
    "percent": share_of,
    "changed": glob_pattern,
    "tree": glob_pattern,
}


def _constant(value: Json) -> Type:
    match value:
        case None:
            return NULL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return NUMBER
        case _:
            return STRING


def _joined(types: list[Type]) -> Type:
    whole = types[0] if types else ANY
    for one in types[1:]:
        whole = joined(whole, one)
    return whole


def _values_of(of: Type) -> Type:
    """What a field of an object may be when its name is worked out."""
    every = [*of.fields.values(), *([of.item] if of.item else [])]
    return _joined(every) if every and (of.is_closed or of.item) else ANY


def _is_one(found: Type, wanted: Type) -> bool:
    """Whether a value of one type can stand where another is wanted; null is left to the run."""
    if found.kind in ("any", "null") or wanted.kind == "any":
        return found.kind != "optional"
    if wanted.kind in ("int", "number"):
        return found.kind in ("int", "number")
    if wanted.kind == "list" == found.kind and wanted.item and found.item:
        return _is_one(found.item, wanted.item)
    return found.kind == wanted.kind


def _are_alike(one: Type, other: Type) -> bool:
    if {one.kind, other.kind} & {"any", "null"}:
        return True
    if one.kind == "list" == other.kind:
        return _are_alike(one.item or ANY, other.item or ANY)
    return one.kind == other.kind or {one.kind, other.kind} == {"int", "number"}


def _order_of(one: Type) -> str | None:
    if one.kind in ("any", "null"):
        return "any"
    return {"int": "number", "number": "number", "string": "string", "bool": "bool"}.get(one.kind)


def _is_among(value: Json, values: tuple[Json, ...]) -> bool:
    return any(value == one and isinstance(value, bool) == isinstance(one, bool) for one in values)


def _conversion(one: Type, other: Type) -> str:
    kinds = {one.kind, other.kind}
    if "optional" in kinds:
        return "add .orValue(…)"
    if "string" in kinds and kinds & {"int", "number"}:
        return "convert one of them: int(…), double(…) or string(…)"
    if "string" in kinds and "bool" in kinds:
        return "leave the quotes out"
    if "list" in kinds and kinds & {"int", "number"}:
        return "compare the size: ….size()"
    return ""


def _nearest(name: str, names: Iterable[str], otherwise: str) -> str:
    """The names that a person who wrote *name* most likely meant, or *otherwise*."""
    from difflib import get_close_matches  # 9 ms that only a mistake pays

    similar = (other for other in names if abs(len(other) - len(name)) <= 3)
    close = get_close_matches(name, list(islice(similar, _CANDIDATES_MAX)), 2, 0.6)
    return f"did you mean {' or '.join(f'`{one}`' for one in close)}?" if close else otherwise


def _listed(names: Iterable[str]) -> str:
    shown = list(islice(names, _NAMES_MAX + 1))
    return ", ".join(shown[:_NAMES_MAX]) + ", …" * (len(shown) > _NAMES_MAX)


def _counted(count: int) -> str:
    return "no arguments" if count == 0 else f"{count} argument{'s' * (count > 1)}"


def _and(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
