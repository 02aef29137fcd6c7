"""From text to tree: recursive descent, one pass, every part with its place.

The grammar is CEL's, without messages, bytes and unsigned numbers. `&&` and `||` chains are one part each, so that a
long condition is not a deep one; everything else is at most `NESTING_MAX` levels deep, which keeps hostile texts from
ever reaching Python's own limit.
"""

from functools import lru_cache

import msgspec

from fairlead.core.expressions.lexer import INTEGER_MAX, RESERVED, Token, tokens_of
from fairlead.core.expressions.macros import OVER_ITEMS
from fairlead.core.expressions.problems import Malformed, Problem
from fairlead.core.expressions.reads import Reading, readings_of
from fairlead.core.expressions.tree import (
    Binary,
    BinarySign,
    Call,
    Choice,
    Comprehension,
    Constant,
    Index,
    ListOf,
    Logic,
    MapOf,
    Name,
    Select,
    Tree,
    Unary,
)

TEXT_MAX = 10_000  # characters of one expression
NESTING_MAX = 64
_EXPRESSIONS_MAX = 4_096  # that are kept; a workflow has at most a few hundred

_LEVELS: dict[str, int] = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), 1),
    **dict.fromkeys(("+", "-"), 2),
    **dict.fromkeys(("*", "/", "%"), 3),
}
_UNARY_LEVEL = 4
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class Expression:
    """A parsed expression. It never changes, and threads may share it."""

    __slots__ = ("program", "reads", "text", "tree")

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self.tree = tree
        self.reads: tuple[Reading, ...] = readings_of(tree)
        # Made by the evaluator when it is first needed; making it twice gives the same.
        self.program: object = None

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


@lru_cache(maxsize=_EXPRESSIONS_MAX)
def parse(text: str) -> Expression:
    """Read *text* as one expression.

    Raises:
        Malformed: it is none; every problem has a code and its place.
    """
    if len(text) > TEXT_MAX:
        said = f"the expression has {len(text):,} characters; {TEXT_MAX:,} are the most"
        raise Malformed((Problem("FL-E016", said, 0, len(text), "move parts of it into `vars` or an agent"),))
    stripped = text.strip()
    if stripped.startswith("${"):
        start = text.index("${")
        inner = stripped[2:-1].strip() if stripped.endswith("}") else stripped[2:].strip()
        said = "this place is an expression already: `${ }` belongs into texts"
        raise Malformed((Problem("FL-E013", said, start, start + len(stripped), f"write {inner}"),))
    return Expression(text, _Parser(text).whole())


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens_of(text))
        self.at = 0
        self.nesting = 0

    def whole(self) -> Tree:
        if len(self.tokens) == 1:
            raise Malformed((Problem("FL-E002", "the expression is empty", 0, len(self.text), "write a value"),))
        tree = self._choice()
        if self._token.kind != "end":
            raise self._unexpected("the end of the expression", after=tree)
        return tree

    # — tokens —

    @property
    def _token(self) -> Token:
        return self.tokens[self.at]

    def _is_next(self, sign: str) -> bool:
        token = self.tokens[self.at]
        return token.value == sign and (token.kind == "sign" or (sign == "in" and token.kind == "name"))

    def _takes(self, sign: str) -> bool:
        if self._is_next(sign):
            self.at += 1
            return True
        return False

    def _expects(self, sign: str, what: str) -> Token:
        if not self._is_next(sign):
            raise self._unexpected(what)
        self.at += 1
        return self.tokens[self.at - 1]

    def _unexpected(self, wanted: str, after: Tree | None = None) -> Malformed:
        token = self._token
        if token.kind == "end":
            start = max(len(self.text.rstrip()) - 1, 0)
            said = f"the expression ends too early: expected {wanted}"
            return Malformed((Problem("FL-E010", said, start, len(self.text.rstrip()) or len(self.text)),))
        shown = self.text[token.start : token.end]
        hint = ""
        if after is not None and token.kind == "name":
            words = {"and": "write && for “and”", "or": "write || for “or”", "not": "write ! for “not”"}
            hint = words.get(shown, "write an operator between them, or quotes around text")
        elif isinstance(after, Name) and token.kind in ("text", "int"):
            hint = "write an operator between them"
        said = f"`{_short(shown)}` is not expected here: expected {wanted}"
        return Malformed((Problem("FL-E010", said, token.start, token.end, hint),))

    # — levels —

    def _enter(self) -> None:
        self.nesting += 1
        if self.nesting > NESTING_MAX:
            raise self._too_deep(self._token.start, self._token.end)

    def _too_deep(self, start: int, end: int) -> Malformed:
        said = f"the expression is nested more than {NESTING_MAX} levels deep"
        return Malformed((Problem("FL-E016", said, start, end, "take it apart: `vars` can hold the parts"),))

    def _above(self, start: int, end: int, *below: Tree) -> int:
        """The depth of a part that holds *below*."""
        depth = 1 + max((part.depth for part in below), default=0)
        if depth > NESTING_MAX:
            raise self._too_deep(start, end)
        return depth

    def _choice(self) -> Tree:
        self._enter()
        condition = self._logic("||")
        if self._takes("?"):
            then = self._logic("||")
            self._expects(":", "`:` and the value for “otherwise”")
            otherwise = self._choice()
            start, end = condition.start, otherwise.end
            depth = self._above(start, end, condition, then, otherwise)
            condition = Choice(start, end, depth, condition, then, otherwise)
        self.nesting -= 1
        return condition

    def _logic(self, sign: str) -> Tree:
        first = self._logic("&&") if sign == "||" else self._binary(1)
        if not self._is_next(sign):
            return first
        operands = [first]
        while self._takes(sign):
            operands.append(self._logic("&&") if sign == "||" else self._binary(1))
        start, end = first.start, operands[-1].end
        depth = self._above(start, end, *operands)
        return Logic(start, end, depth, "||" if sign == "||" else "&&", tuple(operands))

    def _binary(self, level: int) -> Tree:
        left = self._unary()
        while True:
            token = self._token
            found = _LEVELS.get(str(token.value), 0) if token.kind in ("sign", "name") else 0
            if found < level:
                return left
            self.at += 1
            right = self._binary(found + 1) if found < _UNARY_LEVEL - 1 else self._unary()
            sign: BinarySign = token.value  # type: ignore[assignment]  # a key of _LEVELS
            depth = self._above(left.start, right.end, left, right)
            left = Binary(left.start, right.end, depth, sign, left, right, (token.start, token.end))

    def _unary(self) -> Tree:
        sign, start, count = self._token.value, self._token.start, 0
        while sign in ("!", "-") and self._is_next(str(sign)):
            count += 1
            self.at += 1
        if count == 1 and sign == "-" and self._token.kind in ("int", "double"):
            return self._members(self._number(start))
        operand = self._members(self._primary())
        # Two of the same sign are none, whatever stands behind them: so says CEL.
        if count % 2 == 0:
            return msgspec.structs.replace(operand, start=start) if count else operand
        depth = self._above(start, operand.end, operand)
        return Unary(start, operand.end, depth, "!" if sign == "!" else "-", operand)

    def _number(self, minus: int | None = None) -> Constant:
        """A number, with the sign that stands at *minus*: only so can the smallest whole number be written."""
        token = self._token
        self.at += 1
        number = token.value
        assert isinstance(number, int | float)
        start = token.start if minus is None else minus
        if minus is not None:
            number = -number
        if isinstance(number, int) and not -INTEGER_MAX - 1 <= number <= INTEGER_MAX:
            said = f"`{_short(self.text[start : token.end])}` is beyond 64 bits"
            raise Malformed((Problem("FL-E011", said, start, token.end, "write it with a point: 1.0e30"),))
        return Constant(start, token.end, 1, number)

    def _members(self, operand: Tree) -> Tree:
        while True:
            if self._takes("."):
                operand = self._member(operand)
            elif self._takes("["):
                is_optional = self._takes("?")
                key = self._choice()
                end = self._expects("]", "`]`").end
                depth = self._above(operand.start, end, operand, key)
                operand = Index(operand.start, end, depth, operand, key, is_optional)
            elif self._is_next("{") and isinstance(operand, Name | Select):
                said = f"`{self.text[operand.start : operand.end]}{{…}}` would be a message, and the profile has none"
                hint = "write an object: {'name': value}"
                raise Malformed((Problem("FL-E015", said, operand.start, self._token.end, hint),))
            else:
                return operand

    def _member(self, operand: Tree) -> Tree:
        is_optional = self._takes("?")
        token = self._token
        if token.kind != "name" or token.value in _WORDS or token.value == "in":
            raise self._unexpected("the name of a field or function")
        self.at += 1
        name, mark = str(token.value), (token.start, token.end)
        if self._is_next("(") and not is_optional:
            return self._call(name, operand, operand.start, mark)
        depth = self._above(operand.start, token.end, operand)
        return Select(operand.start, token.end, depth, operand, name, mark, is_optional)

    def _primary(self) -> Tree:
        token = self._token
        match token.kind:
            case "int" | "double":
                return self._number()
            case "text":
                self.at += 1
                return Constant(token.start, token.end, 1, token.value)
            case "name":
                return self._name(token)
            case "sign" if token.value == "(":
                self.at += 1
                inner = self._choice()
                # The place of a part takes its parentheses in: cut out of the text, it means the same.
                return msgspec.structs.replace(inner, start=token.start, end=self._expects(")", "`)`").end)
            case "sign" if token.value == "[":
                return self._list(token)
            case "sign" if token.value == "{":
                return self._map(token)
            case _:
                raise self._unexpected("a value")

    def _name(self, token: Token) -> Tree:
        name = str(token.value)
        if name in _WORDS:
            self.at += 1
            return Constant(token.start, token.end, 1, _WORDS[name])
        if name == "in":
            raise self._unexpected("a value")
        if name in RESERVED:
            said = f"`{name}` is a reserved word of the language and no name"
            hint = "the rounds of a loop are `round`" if name == "loop" else "choose another name"
            raise Malformed((Problem("FL-E012", said, token.start, token.end, hint),))
        self.at += 1
        if self._is_next("("):
            return self._call(name, None, token.start, (token.start, token.end))
        return Name(token.start, token.end, 1, name)

    def _call(self, name: str, target: Tree | None, start: int, mark: tuple[int, int]) -> Tree:
        self._expects("(", "`(`")
        arguments, end = self._items(")")
        if name == "has" and target is None:
            return self._has(arguments, start, end)
        if name in OVER_ITEMS and target is not None:
            return self._comprehension(name, target, arguments, end, mark)
        depth = self._above(start, end, *([target] if target else []), *arguments)
        return Call(start, end, depth, name, target, tuple(arguments), mark)

    def _has(self, arguments: list[Tree], start: int, end: int) -> Tree:
        if len(arguments) != 1 or not isinstance(arguments[0], Select) or arguments[0].is_optional:
            said = "`has` asks for one field"
            raise Malformed((Problem("FL-E023", said, start, end, "write has(steps.a.output.field)"),))
        field = arguments[0]
        return Select(start, end, field.depth, field.operand, field.field, field.mark, is_test=True)

    def _comprehension(self, macro: str, target: Tree, arguments: list[Tree], end: int, mark: tuple[int, int]) -> Tree:
        hint = f"write x.{macro}(item, …)"
        if len(arguments) - 1 not in OVER_ITEMS[macro]:
            said = f"`{macro}` takes the name of an item and {' or '.join(str(n) for n in OVER_ITEMS[macro])} more"
            raise Malformed((Problem("FL-E023", said, mark[0], end, hint),))
        variable, *bodies = arguments
        if not isinstance(variable, Name):
            said = f"the first argument of `{macro}` names the item: a plain name"
            raise Malformed((Problem("FL-E023", said, variable.start, variable.end, hint),))
        depth = self._above(target.start, end, target, *bodies)
        return Comprehension(target.start, end, depth, macro, target, variable.name, tuple(bodies), mark)

    def _items(self, closing: str) -> tuple[list[Tree], int]:
        """What stands between commas up to *closing*, which is taken too; and where that ends."""
        items: list[Tree] = []
        while not self._is_next(closing):
            items.append(self._choice())
            if not self._takes(","):
                break
            if closing == ")" and self._is_next(closing):
                raise self._unexpected("a value after the comma")
        return items, self._expects(closing, f"`,` or `{closing}`").end

    def _list(self, opening: Token) -> Tree:
        self.at += 1
        items, end = self._items("]")
        return ListOf(opening.start, end, self._above(opening.start, end, *items), tuple(items))

    def _map(self, opening: Token) -> Tree:
        self.at += 1
        entries: list[tuple[Tree, Tree]] = []
        while not self._is_next("}"):
            key = self._choice()
            self._expects(":", "`:` and a value")
            entries.append((key, self._choice()))
            if not self._takes(","):
                break
        end = self._expects("}", "`,` or `}`").end
        parts = [part for entry in entries for part in entry]
        return MapOf(opening.start, end, self._above(opening.start, end, *parts), tuple(entries))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"
