"""References: `${ inputs.name }` and `${ steps.id.output.field[0] }` inside texts, read, listed and filled in.

This is the part of the expression language that this build has: a reference names a value, it computes nothing. `$${`
is a literal `${`. A text that is exactly one reference keeps the value's type; inside other text it becomes text.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fairlead.core.json import Json, encode

ROOTS = ("inputs", "steps", "run")
TEXT_MAX = 1_000_000  # characters that are filled into one text

Key = str | int


class Reference(NamedTuple):
    """One `${ … }` that names a value; `start` and `end` are offsets in the text around it, the end is exclusive."""

    root: str
    path: tuple[Key, ...]  # after the root: names, and positions in lists
    text: str  # as it was written, with `${` and `}`
    start: int
    end: int
    marks: tuple[tuple[int, int], ...]  # where the root and each key of `path` stand, as offsets in `text`


class Broken(NamedTuple):
    """One `${` that is no reference, and why."""

    reason: str  # a clause: "the `}` is missing"
    text: str
    start: int
    end: int
    is_open: bool  # the `}` is missing


Part = str | Reference | Broken


class Malformed(ValueError):
    """A text holds a `${` that is no reference, and no check has refused it before."""

    def __init__(self, broken: Broken) -> None:
        super().__init__(f"{broken.text}: {broken.reason}")
        self.broken = broken


class Unresolved(Exception):
    """A reference names a value that is not there: its author's error, FL-E101 where it happens in a run."""

    def __init__(self, reference: Reference, reason: str) -> None:
        super().__init__(f"{reference.text}: {reason}")
        self.reference = reference
        self.reason = reason


def scan(text: str) -> Iterator[Part]:
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
            yield Broken("the `}` is missing", text[opening:], opening, len(text), True)
            return
        yield _read(text, opening, closing + 1)
        position = closing + 1
    literal.append(text[position:])
    if "".join(literal):
        yield "".join(literal)


def references(value: Json) -> Iterator[Reference]:
    """Every reference in *value*, through lists and objects, in order. Broken ones are left out: see `scan`."""
    if isinstance(value, str):
        if "${" in value:
            yield from (part for part in scan(value) if isinstance(part, Reference))
    elif isinstance(value, dict):
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from references(item)


def resolve(value: Json, scope: Mapping[str, Json]) -> Json:
    """*value* with every reference filled in from *scope*; the very same object when there is none.

    A filled-in value is data: it is never read for references again and cannot change the structure around it.

    Raises:
        Unresolved: a reference names something that *scope* does not hold.
        Malformed: a `${` is no reference.
    """
    if isinstance(value, str):
        if "${" not in value:
            return value
        parts = list(scan(value))
        if len(parts) == 1 and isinstance(parts[0], Reference):
            return _look_up(parts[0], scope)
        for part in parts:
            if isinstance(part, Broken):
                raise Malformed(part)
        return _fill(parts, scope)
    if isinstance(value, dict):
        filled = {name: resolve(item, scope) for name, item in value.items()}
        return value if all(filled[name] is item for name, item in value.items()) else filled
    if isinstance(value, list):
        items = [resolve(item, scope) for item in value]
        return value if all(new is old for new, old in zip(items, value, strict=True)) else items
    return value


def _look_up(reference: Reference, scope: Mapping[str, Json]) -> Json:
    """The value that *reference* names.

    Raises:
        Unresolved: *scope* does not hold it.
    """
    if reference.root not in scope:
        raise Unresolved(reference, f"there is no `{reference.root}` here")
    value = scope[reference.root]
    said = reference.root
    for key in reference.path:
        if isinstance(key, int):
            if not isinstance(value, list | tuple):
                raise Unresolved(reference, f"`{said}` is {_kind(value)}, not a list")
            if key >= len(value):
                raise Unresolved(reference, f"`{said}` has {len(value)} items, there is no [{key}]")
            value = value[key]
            said = f"{said}[{key}]"
        else:
            if not isinstance(value, Mapping):
                raise Unresolved(reference, f"`{said}` is {_kind(value)}, it has no field `{key}`")
            if key not in value:
                raise Unresolved(reference, f"`{said}` has no field `{key}`{_fields(value)}")
            value = value[key]
            said = f"{said}.{key}"
    return value


def _fill(parts: list[Part], scope: Mapping[str, Json]) -> str:
    pieces: list[str] = []
    size = 0
    for part in parts:
        if isinstance(part, Reference):
            value = _look_up(part, scope)
            pieces.append(value if isinstance(value, str) else encode(value).decode())
            size += len(pieces[-1])
            if size > TEXT_MAX:
                raise Unresolved(part, f"the text grows beyond {TEXT_MAX:,} characters")
        elif isinstance(part, str):
            pieces.append(part)
    return "".join(pieces)


# One step of a path: `.name`, `[0]`, `["any text"]`.
_STEP = re.compile(r"""\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:(\d{1,9})|"([^"\\]*)"|'([^'\\]*)')\s*\])""", re.ASCII)
_ROOT = re.compile(r"\s*([A-Za-z_]\w*)", re.ASCII)


def _read(text: str, start: int, end: int) -> Reference | Broken:
    inner = text[start + 2 : end - 1]
    whole = text[start:end]
    root = _ROOT.match(inner)
    if not root:
        reason = "it is empty" if not inner.strip() else "it does not begin with a name"
        return Broken(reason, whole, start, end, False)
    path: list[Key] = []
    marks = [(root.start(1) + 2, root.end(1) + 2)]
    position = root.end()
    while step := _STEP.match(inner, position):
        group = step.lastindex or 1
        path.append(int(step[group]) if group == 2 else step[group])
        marks.append((step.start(group) + 2, step.end(group) + 2))
        position = step.end()
    if rest := inner[position:].strip():
        return Broken(f"`{rest}` is more than a reference", whole, start, end, False)
    return Reference(root[1], tuple(path), whole, start, end, tuple(marks))


def _closing(text: str, position: int) -> int:
    """Where the `}` of a `${` stands; braces nest, and those in quotes do not count. -1 if there is none."""
    depth = 1
    quote = ""
    for index in range(position, len(text)):
        character = text[index]
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return index
    return -1


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list | tuple) else "an object"


def _fields(value: Mapping[str, Json]) -> str:
    names = sorted(str(name) for name in value)[:8]
    return f"; it has: {', '.join(names)}" if names else "; it is empty"
