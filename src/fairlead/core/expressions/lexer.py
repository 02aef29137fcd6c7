"""From text to tokens: names, numbers, texts and signs, each with its place."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from fairlead.core.expressions.problems import Malformed, Problem

INTEGER_MAX = 2**63 - 1
RESERVED = frozenset(
    "as break const continue else for function if import let loop package namespace return var void while".split()
)

Kind = Literal["name", "int", "double", "text", "sign", "end"]


class Token(NamedTuple):
    """One piece of the text. `value` is what a number or a text means, and the characters themselves otherwise."""

    kind: Kind
    value: str | int | float
    start: int
    end: int


# A text as it is written, prefix included; the three quotes come first, or they would be read as an empty text.
QUOTED = (
    r'(?:[rR](?:"""(?s:.*?)"""|' + r"'''(?s:.*?)'''" + r'|"[^"\r\n]*"' + r"|'[^'\r\n]*')"
    r'|"""(?s:(?:[^\\]|\\.)*?)"""' + r"|'''(?s:(?:[^\\]|\\.)*?)'''"
    r'|"(?:[^"\\\r\n]|\\.)*"' + r"|'(?:[^'\\\r\n]|\\.)*')"
)
_TOKEN = re.compile(
    r"(?P<space>(?:[ \t\r\n\f]+|//[^\n]*)+)"
    r"|(?P<bytes>(?:[bB][rR]?|[rR][bB])(?=[\"']))"
    rf"|(?P<text>{QUOTED})"
    r"|(?P<double>(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?)"
    r"|(?P<int>0[xX][0-9a-fA-F]+|\d+)(?P<unsigned>[uU]?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>&&|\|\||[<>=!]=|[-+*/%!<>?:.,()\[\]{}])",
    re.ASCII,
)
_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\?\"'`])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.|\n)?)"
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def tokens_of(text: str) -> Iterator[Token]:
    """Every token of *text*; the last one is of kind `end`.

    Raises:
        Malformed: a character, a number or a text that no expression has.
    """
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            raise Malformed((_unreadable(text, position),))
        start, position = position, found.end()
        match found.lastgroup:
            case "space":
                pass
            case "text":
                yield Token("text", _unquoted(found[0], start), start, position)
            case "double":
                yield Token("double", _double(found[0], start, position), start, position)
            case "int" | "unsigned":
                if found["unsigned"]:
                    said = f"`{found[0]}` is an unsigned number, which JSON does not have"
                    raise Malformed((Problem("FL-E015", said, start, position, f"write {found['int']}"),))
                yield Token("int", _integer(found["int"]), start, position)
            case "bytes":
                said = "bytes are not part of the profile: JSON has text only"
                raise Malformed((Problem("FL-E015", said, start, position, "leave the `b` out"),))
            case "name":
                yield Token("name", found[0], start, position)
            case _:
                yield Token("sign", found[0], start, position)
    yield Token("end", "", len(text), len(text))


def _integer(digits: str) -> int:
    # More digits than any number of 64 bits has: the parser refuses it, and no digits are worked out for nothing.
    if len(digits.lstrip("0xX")) > 20:
        return INTEGER_MAX + 2
    return int(digits, 16) if digits[:2] in ("0x", "0X") else int(digits)


def _double(digits: str, start: int, end: int) -> float:
    number = float(digits)
    if number == float("inf"):
        raise Malformed((Problem("FL-E011", f"`{digits}` is beyond every number", start, end),))
    return number


def _unquoted(written: str, start: int) -> str:
    is_raw = written[0] in "rR"
    inner = written[1:] if is_raw else written
    width = 3 if inner[:3] in ('"""', "'''") else 1
    inner = inner[width : len(inner) - width]
    if is_raw or "\\" not in inner:
        return inner
    offset = start + width

    def meant(found: re.Match[str]) -> str:
        plain, byte, short, long, octal, other = found.groups()
        if plain:
            return _PLAIN.get(plain, plain)
        number = int(octal, 8) if octal else int(byte or short or long or "110000", 16)
        if other is not None or number > 0x10FFFF or 0xD800 <= number < 0xE000:
            first, last = offset + found.start(), offset + found.end()
            said = f"`{found[0]}` is no escape of a text"
            raise Malformed((Problem("FL-E011", said, first, last, r"write `\\` for one backslash"),))
        return chr(number)

    return _ESCAPE.sub(meant, inner)


def _unreadable(text: str, position: int) -> Problem:
    character = text[position]
    if character in "\"'":
        return Problem("FL-E011", "the text is not closed", position, len(text), f"add the {character}")
    hints = {
        "&": "write && for “and”",
        "|": "write || for “or”; there are no filters, call a function: x.size()",
        "=": "write == to compare",
        "$": "leave the `$` out: an expression is bare",
        "`": "write a field with an unusual name as x['the name']",
    }
    hint = hints.get(character, "")
    return Problem("FL-E010", f"`{character}` is no part of an expression", position, position + 1, hint)
