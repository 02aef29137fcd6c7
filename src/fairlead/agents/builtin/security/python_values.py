"""What is known about a value of the program under review, and how parts make a whole.

The flow analysis follows one question: can somebody outside choose this text? A value knows how far that is proven, the
constant text around the parts that are not, and for which kinds of sink it was made harmless.
"""

import ast
import re
from collections.abc import Iterable
from typing import NamedTuple

# Trust in rising danger. The numbers are compared.
KNOWN = 0  # written in the program, or a number, or made harmless for everything
OPAQUE = 1  # not constant; where it comes from is not known here
TYPED = 2  # from the command line or the keyboard: whoever runs the program
REQUEST = 3  # proven to come from a request: anybody

_UNKNOWN_PART = "\0"  # stands in a text for a part that is not constant
_OUTSIDE_PART = "\1"  # … and for one that comes from outside
TEXT_MAX = 2_000
NOT_CONSTANT = object()
_NO_TEXT = _UNKNOWN_PART + _OUTSIDE_PART + " \t\r\n,"


class Value(NamedTuple):
    """One value. `text` is None when it is not put together from text that stands in the program."""

    level: int = OPAQUE
    source: str = ""  # for people: "`name` comes from the request"
    text: str | None = None
    clean: frozenset[str] = frozenset()  # kinds of sink for which it was made harmless: "path", "html", …
    kind: str = ""  # the qualified name of the call that made it: "sqlite3.connect()"
    constant: object = NOT_CONSTANT
    made_at: ast.expr | None = None  # where the text was put together

    @property
    def is_built(self) -> bool:
        """Whether constant text and unknown parts were put together."""
        return self.text is not None and _has_mark(self.text) and self.text.strip(_NO_TEXT) != ""

    def danger(self, kind: str) -> int:
        """The level as far as the sink *kind* is concerned."""
        return KNOWN if kind in self.clean else self.level


ANY = Value()
HARMLESS = Value(KNOWN)
NOTHING: frozenset[str] = frozenset()


def constant(value: object) -> Value:
    """A literal of the program."""
    if isinstance(value, bytes):
        return Value(KNOWN, "", _plain(value[:TEXT_MAX].decode("latin-1")), constant=value)
    if isinstance(value, str):
        return Value(KNOWN, "", _plain(value[:TEXT_MAX]), constant=value)
    return Value(KNOWN, "", None, constant=value)


def together(parts: Iterable[Value], text: str | None = None, at: ast.expr | None = None) -> Value:
    """A value made from *parts*: as dangerous as the worst of them, and as clean as all the worst together."""
    level, source, clean = KNOWN, "", NOTHING
    for part in parts:
        if part.level > level:
            level, source, clean = part.level, part.source, part.clean
        elif part.level == level:
            if not source or (clean and not part.clean):
                source = part.source  # a clean part must not be named for a dirty one
            clean = clean & part.clean
    return Value(level, source, text, clean, made_at=at)


def joined(parts: list[Value], at: ast.expr) -> Value:
    """Text put together from *parts* one after the other: an f-string or a chain of `+`."""
    text = "".join(shown(part) for part in parts)[:TEXT_MAX]
    made = together(parts, text, at)
    return made if made.level > KNOWN else Value(KNOWN, "", text)


def shown(part: Value) -> str:
    """The text of *part*, with a mark where it is not known."""
    if part.text is not None:
        return part.text
    if part.level == KNOWN:
        return "0" if part.constant is NOT_CONSTANT else str(part.constant)[:40]
    return _UNKNOWN_PART if part.level == OPAQUE else _OUTSIDE_PART


def _has_mark(text: str) -> bool:
    return _UNKNOWN_PART in text or _OUTSIDE_PART in text


def _plain(text: str) -> str:
    """Text of the program, in which our marks mean nothing."""
    return text.replace(_UNKNOWN_PART, " ").replace(_OUTSIDE_PART, " ")


_PERCENT = re.compile(r"%(?:\((\w*)\))?[-#0 +]*(?:\d+|\*)?(?:\.(?:\d+|\*))?([a-zA-Z%])")
_BRACES = re.compile(r"\{\{|\}\}|\{[^{}]*\}")


def percent(pattern: Value, argument: Value, at: ast.expr) -> Value:
    """`pattern % argument`. A `%d` is a number and therefore harmless."""
    if pattern.text is None:
        return together((pattern, argument))
    # A tuple's text is that of its items, so each mark can be told from the next.
    marks = (argument.text or "").split(" ")
    if len(marks) == 1 or len(marks) != len(_PERCENT.findall(pattern.text)):
        marks = []
    mark = shown(argument._replace(text=None))
    number = -1

    def part(found: re.Match[str]) -> str:
        nonlocal number
        number += 1
        if found[2] not in "srac":
            return "%" if found[2] == "%" else "0"
        return marks[number] if marks and not found[1] else mark

    text = _PERCENT.sub(part, pattern.text)
    made = together((pattern, argument), text, at)
    return made if _has_mark(text) else Value(KNOWN, "", text)


def formatted(pattern: Value, arguments: list[Value], at: ast.expr) -> Value:
    """`pattern.format(*arguments)`."""
    parts = together(arguments)
    if pattern.text is None:
        return together((pattern, parts))
    marks = [shown(argument) for argument in arguments]
    if pattern.text.count("{}") != len(marks):
        marks = []
    mark = shown(parts)

    def part(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        return marks.pop(0) if marks and found[0] == "{}" else mark

    return together((pattern, parts), _BRACES.sub(part, pattern.text), at)


def either(one: Value, other: Value) -> Value:
    """What holds after two ways met: the more dangerous of both."""
    if one is other or one == other:
        return one
    worse, better = (one, other) if (one.level, one.is_built) >= (other.level, other.is_built) else (other, one)
    clean = worse.clean & better.clean if better.level > KNOWN else worse.clean
    kind = worse.kind if worse.kind == better.kind else worse.kind or better.kind
    return worse._replace(clean=clean, kind=kind, constant=NOT_CONSTANT)
