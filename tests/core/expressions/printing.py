"""A tree as text again, every part in brackets, and what a tree is but for its places."""

from typing import Any, assert_never

import msgspec

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


def written(tree: Tree) -> str:
    """*tree* as an expression."""
    match tree:
        case Constant(value=value):
            return _literal(value)
        case Name(name=name):
            return name
        case Select(operand=operand, field=field, is_optional=is_optional, is_test=is_test):
            text = f"{_inner(operand)}.{'?' * is_optional}{field}"
            return f"has({text})" if is_test else text
        case Index(operand=operand, key=key, is_optional=is_optional):
            return f"{_inner(operand)}[{'?' * is_optional}{written(key)}]"
        case Call(function=function, target=target, arguments=arguments):
            before = f"{_inner(target)}." if target is not None else ""
            return f"{before}{function}({', '.join(map(written, arguments))})"
        case Comprehension(macro=macro, operand=operand, variable=variable, bodies=bodies):
            return f"{_inner(operand)}.{macro}({', '.join([variable, *map(written, bodies)])})"
        case Unary(sign=sign, operand=operand):
            return f"{sign}({written(operand)})"
        case Binary(sign=sign, left=left, right=right):
            return f"({written(left)} {sign} {written(right)})"
        case Logic(sign=sign, operands=operands):
            return "(" + f" {sign} ".join(f"({written(one)})" for one in operands) + ")"
        case Choice(condition=condition, then=then, otherwise=otherwise):
            return f"(({written(condition)}) ? ({written(then)}) : ({written(otherwise)}))"
        case ListOf(items=items):
            return f"[{', '.join(map(written, items))}]"
        case MapOf(entries=entries):
            return "{" + ", ".join(f"{written(key)}: {written(value)}" for key, value in entries) + "}"
        case _:
            assert_never(tree)


def _inner(tree: Tree) -> str:
    text = written(tree)
    return text if isinstance(tree, Name | Select | Index | Call | Comprehension | ListOf | MapOf) else f"({text})"


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return '"' + "".join(c if c.isalnum() or c == " " else f"\\U{ord(c):08x}" for c in value) + '"'
        case _:
            return repr(value)


def shape(tree: Any) -> Any:
    """What *tree* is, without the places of its parts."""
    if isinstance(tree, msgspec.Struct):
        fields = (name for name in tree.__struct_fields__ if name not in ("start", "end", "depth", "mark"))
        return (type(tree).__name__, [shape(getattr(tree, name)) for name in fields])
    if isinstance(tree, tuple):
        return [shape(part) for part in tree]
    return (type(tree).__name__, tree)
