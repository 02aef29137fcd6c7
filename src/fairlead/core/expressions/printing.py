"""From tree to text: the expression as a person would write it, with no parenthesis that it does not need.

Read again, the text gives the same tree; only the places differ.
"""

from typing import assert_never

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
    Select,
    Tree,
    Unary,
)

# How tightly a part holds together; the parser descends through these levels in this order.
_CHOICE, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER = range(8)
_SIGNS: dict[str, int] = {
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!=", "in"), _RELATION),
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "%"), _PRODUCT),
}
_ESCAPED = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def written(tree: Tree) -> str:
    """The text of *tree*."""
    return _text(tree)[0]


def _at(tree: Tree, level: int) -> str:
    """The text of *tree* where nothing looser than *level* may stand."""
    text, found = _text(tree)
    return text if found >= level else f"({text})"


def _text(tree: Tree) -> tuple[str, int]:
    match tree:
        case Constant():
            return _constant(tree.value)
        case Name():
            return tree.name, _MEMBER
        case Select():
            text = f"{_at(tree.operand, _MEMBER)}.{'?' if tree.is_optional else ''}{tree.field}"
            return (f"has({text})" if tree.is_test else text), _MEMBER
        case Index():
            return f"{_at(tree.operand, _MEMBER)}[{'?' if tree.is_optional else ''}{written(tree.key)}]", _MEMBER
        case Call():
            before = "" if tree.target is None else _at(tree.target, _MEMBER) + "."
            return f"{before}{tree.function}({_several(tree.arguments)})", _MEMBER
        case Comprehension():
            inner = f"{tree.variable}, {_several(tree.bodies)}"
            return f"{_at(tree.operand, _MEMBER)}.{tree.macro}({inner})", _MEMBER
        case Unary():
            text = _at(tree.operand, _MEMBER)
            # The sign in front of a number belongs to the number.
            is_number = tree.sign == "-" and text[0] in ".0123456789"
            return tree.sign + (f"({text})" if is_number else text), _UNARY
        case Binary():
            level = _SIGNS[tree.sign]
            return f"{_at(tree.left, level)} {tree.sign} {_at(tree.right, level + 1)}", level
        case Logic():
            level = _OR if tree.sign == "||" else _AND
            return f" {tree.sign} ".join(_at(one, level + 1) for one in tree.operands), level
        case Choice():
            condition, then = _at(tree.condition, _OR), _at(tree.then, _OR)
            return f"{condition} ? {then} : {_at(tree.otherwise, _CHOICE)}", _CHOICE
        case ListOf():
            return f"[{_several(tree.items)}]", _MEMBER
        case MapOf():
            return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in tree.entries) + "}", _MEMBER
        case _:
            assert_never(tree)


def _several(trees: tuple[Tree, ...]) -> str:
    return ", ".join(map(written, trees))


def _constant(value: str | int | float | bool | None) -> tuple[str, int]:
    if isinstance(value, str):
        return _quoted(value), _MEMBER
    if value is None or isinstance(value, bool):
        return ("null" if value is None else str(value).lower()), _MEMBER
    # A negative number is as loose as a sign before something: methods need it in parentheses.
    return repr(value), _UNARY if repr(value).startswith("-") else _MEMBER


def _quoted(text: str) -> str:
    quote = '"' if "'" in text and '"' not in text else "'"
    return quote + "".join(_escaped(one, quote) for one in text) + quote


def _escaped(character: str, quote: str) -> str:
    if character in _ESCAPED:
        return _ESCAPED[character]
    if character == quote:
        return "\\" + quote
    return character if character.isprintable() else f"\\U{ord(character):08x}"
