"""Text that is put together from literals and values, taken apart: f-strings, `+`, `%` and `format`."""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fairlead.agents.builtin.patcher_rules.source import NoFix, Source

_PERCENT = re.compile(r"%(?:%|[sd])")
_BRACES = re.compile(r"\{\}|\{\{|\}\}")
_LITERALS = {"%%": "%", "{{": "{", "}}": "}"}
_CONVERSIONS = {-1: "", 115: "!s", 114: "!r", 97: "!a"}


class Hole(NamedTuple):
    """A value in a text."""

    code: str  # Python that gives the value
    form: str = ""  # how an f-string shows it: "!r", ":>10"
    is_text: bool = False  # it is known to be one


Piece = str | Hole


def pieces_of(source: Source, node: ast.expr) -> list[Piece]:
    """Literals and values of *node* in their order; neighbouring literals are one.

    Raises:
        NoFix: it is put together somewhere else, or in another way.
    """
    joined: list[Piece] = []
    for piece in _pieces(source, node):
        if isinstance(piece, str) and joined and isinstance(joined[-1], str):
            joined[-1] += piece
        elif piece:
            joined.append(piece)
    if not any(isinstance(piece, Hole) for piece in joined) or not any(isinstance(piece, str) for piece in joined):
        raise NoFix("The text is put together somewhere else.")
    return joined


def _pieces(source: Source, node: ast.expr) -> Iterator[Piece]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _of_f_string(value)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        for side in (node.left, node.right):
            is_text = isinstance(side, ast.BinOp | ast.JoinedStr | ast.Constant)
            if is_text:
                yield from _pieces(source, side)
            else:
                yield Hole(source.text_of(side), is_text=True)  # only a text can be added to one
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        values = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        yield from _filled(source, node.left, values, _PERCENT)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
        if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
            raise NoFix("The values are handed to `format` by name.")
        yield from _filled(source, node.func.value, node.args, _BRACES)
    else:
        raise NoFix("The text is put together somewhere else.")


def _of_f_string(node: ast.expr) -> Iterator[Piece]:
    if isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.FormattedValue):
        form = _CONVERSIONS[node.conversion]
        if node.format_spec is not None:
            # An f-string of nothing but the form, without its prefix and its quotes.
            form += ":" + ast.unparse(node.format_spec)[2:-1]
        yield Hole(ast.unparse(node.value), form)


def _filled(source: Source, template: ast.expr, values: Sequence[ast.expr], mark: re.Pattern[str]) -> Iterator[Piece]:
    if not isinstance(template, ast.Constant) or not isinstance(template.value, str):
        raise NoFix("The text is put together somewhere else.")
    text = template.value
    waiting = list(values)
    at = 0
    for found in mark.finditer(text):
        yield text[at : found.start()]
        at = found.end()
        if found[0] in _LITERALS:
            yield _LITERALS[found[0]]
        elif not waiting:
            raise NoFix("The text has other marks than there are values.")
        else:
            yield Hole(source.text_of(waiting.pop(0)), ":d" if found[0] == "%d" else "")
    others = mark.sub("", text)
    if waiting or ("%" in others if mark is _PERCENT else "{" in others or "}" in others):
        raise NoFix("The text has other marks than there are values.")
    yield text[at:]


def written(source: Source, pieces: Sequence[Piece]) -> str:
    """Python that gives the text of *pieces*."""
    if not any(isinstance(piece, Hole) for piece in pieces):
        return literal(source, "".join(piece for piece in pieces if isinstance(piece, str)))
    if len(pieces) == 1 and isinstance(pieces[0], Hole) and not pieces[0].form:
        return pieces[0].code if pieces[0].is_text else f"str({pieces[0].code})"
    parts = [_in_f_string(piece) for piece in pieces]
    quote = source.quote if source.quote not in "".join(parts) else "'" if source.quote == '"' else '"'
    if quote in "".join(parts) or "\\" in "".join(parts):
        raise NoFix("The values cannot be written into a text.")
    return f"f{quote}{''.join(parts)}{quote}"


def _in_f_string(piece: Piece) -> str:
    if isinstance(piece, Hole):
        return "{" + piece.code + piece.form + "}"
    if "\n" in piece:
        raise NoFix("The values cannot be written into a text.")
    return piece.replace("{", "{{").replace("}", "}}")


def literal(source: Source, text: str) -> str:
    """Python that gives *text*, in the quotes that the file prefers."""
    lines = text.split("\n")
    is_block = len(lines) > 1 and all(line.isprintable() for line in lines)
    if is_block and '"""' not in text and "\\" not in text and not text.endswith('"'):
        return f'"""{text}"""'
    shown = repr(text)
    if source.quote == '"' and shown[0] == "'" and '"' not in shown:
        return '"' + shown[1:-1].replace("\\'", "'") + '"'
    return shown
