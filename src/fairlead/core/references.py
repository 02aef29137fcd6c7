"""Expressions inside texts: `${ steps.scan.output.findings.size() } findings`, taken apart, listed and filled in.

`$${` is a literal `${`. A text that is exactly one `${ }` keeps the type of its value; inside other text the value
becomes text, everything but text as canonical JSON.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fairlead.core.expressions import EvaluationFailed, Expression, Malformed, Problem, Reading, evaluate, parse
from fairlead.core.expressions.lexer import QUOTED
from fairlead.core.json import Json, encode

TEXT_MAX = 1_000_000  # characters that are filled into one text


class Part(NamedTuple):
    """One `${ … }` of a text, at [start, end) of it."""

    expression: Expression
    text: str  # as it was written, with `${` and `}`
    start: int
    end: int
    offset: int  # where the expression's own text begins in the text around it; its places count from here


class Broken(NamedTuple):
    """One `${` of a text that holds no expression. The places of its problems count from the text around it."""

    problems: tuple[Problem, ...]
    text: str
    start: int
    end: int
    is_open: bool  # the `}` is missing

    @property
    def reason(self) -> str:
        """Why, as a clause: "the `}` is missing"."""
        return self.problems[0].message


class Unresolved(EvaluationFailed):
    """An expression in a text has no value: its author's error, FL-E101 when what it names is not there.

    `start` and `end` are its place in the text around it.
    """

    def __init__(self, part: Part, reason: str, code: str) -> None:
        super().__init__(code, f"{part.text}: {reason}", part.start, part.end)
        self.part = part
        self.reason = reason


def scan(text: str) -> Iterator[str | Part | Broken]:
    """Take *text* apart; what cannot be read comes as `Broken`, so that one pass finds all of it."""
    literal: list[str] = []
    position = 0
    while (opening := text.find("${", position)) >= 0:
        if opening > position and text[opening - 1] == "$":
            literal.append(text[position : opening - 1] + "${")
            position = opening + 2
            continue
        literal.append(text[position:opening])
        if "".join(literal):
            yield "".join(literal)
        literal = []
        closing = _closing(text, opening + 2)
        if closing < 0:
            problem = Problem("FL-E001", "the `}` is missing", opening, len(text), "add the `}`")
            yield Broken((problem,), text[opening:], opening, len(text), True)
            return
        yield _read(text, opening, closing + 1)
        position = closing + 1
    literal.append(text[position:])
    if "".join(literal):
        yield "".join(literal)


def references_in(value: Json) -> tuple[Reading, ...]:
    """Everything that the texts in *value* read, through lists and objects, in order.

    The places of a reading count from its expression. A broken `${ }` reads nothing: see `scan`.
    """
    return tuple(reading for part in _parts_in(value) for reading in part.expression.reads)


_HOLDING = (str, dict, list)  # what can hold a `${ }`


def resolve(value: Json, scope: Mapping[str, Json]) -> Json:
    """*value* with every `${ }` filled in from *scope*; the very same object when there is none.

    A filled-in value is data: it is never read for expressions again and cannot change the structure around it.

    Raises:
        Unresolved: an expression has no value.
        Malformed: a `${` holds no expression.
    """
    if isinstance(value, str):
        if "${" not in value:
            return value
        parts = list(scan(value))
        if len(parts) == 1 and isinstance(parts[0], Part):
            return _value_of(parts[0], scope)
        return _fill(parts, scope)
    if isinstance(value, dict):
        filled = {name: resolve(item, scope) for name, item in value.items() if isinstance(item, _HOLDING)}
        return value if all(filled[name] is value[name] for name in filled) else {**value, **filled}
    if isinstance(value, list):
        items = [resolve(item, scope) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def _parts_in(value: Json) -> Iterator[Part]:
    if isinstance(value, str):
        if "${" in value:
            yield from (part for part in scan(value) if isinstance(part, Part))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _parts_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _parts_in(item)


def _value_of(part: Part, scope: Mapping[str, Json]) -> Json:
    try:
        return evaluate(part.expression, scope)
    except EvaluationFailed as failed:
        raise Unresolved(part, failed.message, failed.code) from None


def _fill(parts: list[str | Part | Broken], scope: Mapping[str, Json]) -> str:
    pieces: list[str] = []
    size = 0
    for part in parts:
        if isinstance(part, Broken):
            raise Malformed(part.problems)
        if isinstance(part, str):
            pieces.append(part)
            continue
        value = _value_of(part, scope)
        pieces.append(value if isinstance(value, str) else encode(value).decode())
        size += len(pieces[-1])
        if size > TEXT_MAX:
            raise Unresolved(part, f"the text grows beyond {TEXT_MAX:,} characters", "FL-E030")
    return "".join(pieces)


def _read(text: str, start: int, end: int) -> Part | Broken:
    inner = text[start + 2 : end - 1]
    stripped = inner.strip()
    offset = start + 2 + (len(inner) - len(inner.lstrip()) if stripped else 0)
    whole = text[start:end]
    try:
        return Part(parse(stripped), whole, start, end, offset)
    except Malformed as error:
        shifted = tuple(
            problem._replace(start=problem.start + offset, end=problem.end + offset) for problem in error.problems
        )
        return Broken(shifted if stripped else (shifted[0]._replace(start=start, end=end),), whole, start, end, False)


# What a brace may stand in without counting: a text, or a comment up to the end of its line.
_SKIPPED = re.compile(rf"{QUOTED}|//[^\n]*", re.ASCII)
_TELLING = re.compile(r"[\"'/rR{}]")


def _closing(text: str, position: int) -> int:
    """Where the `}` of a `${` stands; braces nest, and those in quotes do not count. -1 if there is none."""
    depth = 1
    while (telling := _TELLING.search(text, position)) is not None:
        position = telling.start()
        character = telling[0]
        if character in "\"'/rR" and (found := _SKIPPED.match(text, position)):
            position = found.end()
            continue
        if character in "\"'":
            return -1
        if character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    return -1
