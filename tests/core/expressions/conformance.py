"""The public conformance tests of CEL, read from where they are published: the source package of cel-python.

They are not copied: `make setup` fetches the package by its hash and only these files of it are read.
"""

import re
import sys
import tarfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = Path(sys.prefix) / "conformance" / "cel_python-0.5.0.tar.gz"

# The files whose subject is part of the profile, at least partly.
FILES = (
    "basic",
    "comparisons",
    "conversions",
    "fields",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "optionals",
    "parse",
    "plumbing",
    "string",
    "string_ext",
)

Message = dict[str, list[Any]]  # every field repeats; a field is a text, a number or a message


class Case(NamedTuple):
    """One test: an expression, what it reads, and what it gives."""

    name: str  # file/section/test
    text: str
    bindings: dict[str, Any]
    value: Any
    is_error: bool


class Foreign(Exception):
    """A value that JSON does not have."""


@cache
def cases_of(file: str) -> tuple[tuple[Case | None, str], ...]:
    """Every test of *file* with its name; no case when it holds something that JSON does not have."""
    return tuple(_cases_of(file, _message(_tokens(_texts()[file]))))


@cache
def _texts() -> dict[str, str]:
    wanted = {f"{PACKAGE.name.removesuffix('.tar.gz')}/features/{file}.textproto": file for file in FILES}
    found = {}
    with tarfile.open(PACKAGE) as archive:
        for member in archive:
            if member.name in wanted and (opened := archive.extractfile(member)):
                found[wanted[member.name]] = opened.read().decode("utf-8")
    return found


def _cases_of(file: str, whole: Message) -> Iterator[tuple[Case | None, str]]:
    for section in whole["section"]:
        for test in section.get("test", ()):
            name = f"{file}/{section['name'][0]}/{test['name'][0]}"
            try:
                bindings = {one["key"][0]: _value(one["value"][0]["value"][0]) for one in test.get("bindings", ())}
                value = _value(test["value"][0]) if "value" in test else True
            except Foreign as foreign:
                yield None, f"{name}: {foreign}"
                continue
            is_error = "eval_error" in test or "any_eval_errors" in test
            yield Case(name, test["expr"][0], bindings, value, is_error), name


_TOKEN = re.compile(
    r"(?P<skip>[\s,;]+|#[^\n]*)|(?P<text>\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|(?P<sign>[{}:\[\]<>])"
    r"|(?P<word>[-+\w./]+)"
)


def _tokens(text: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        assert token is not None, text[position : position + 40]
        position = token.end()
        if token.lastgroup != "skip":
            found.append((str(token.lastgroup), token[0]))
    return [*found, ("sign", "}")][::-1]


def _message(tokens: list[tuple[str, str]]) -> Message:
    """The fields up to the closing brace, which is taken; *tokens* are in reverse order."""
    fields: Message = {}
    while tokens[-1][1] != "}":
        name = tokens.pop()[1]
        if name == "[":  # the name of an extension or of a type
            name = tokens.pop()[1]
            assert tokens.pop()[1] == "]"
        if tokens[-1][1] == ":":
            tokens.pop()
        if tokens[-1][1] == "[":
            tokens.pop()
            while tokens[-1][1] != "]":
                fields.setdefault(name, []).append(_one(tokens))
            tokens.pop()
        else:
            fields.setdefault(name, []).append(_one(tokens))
    tokens.pop()
    return fields


def _one(tokens: list[tuple[str, str]]) -> Any:
    kind, text = tokens.pop()
    if text == "{":
        return _message(tokens)
    if kind != "text":
        return text
    whole = _unquoted(text)
    while tokens[-1][0] == "text":
        whole += _unquoted(tokens.pop()[1])
    return whole


_PIECE = re.compile(
    r"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))|([^\\])", re.DOTALL
)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


def _unquoted(text: str) -> str:
    """A text of a textproto: its octal and hexadecimal escapes are bytes of UTF-8."""
    whole = bytearray()
    for found in _PIECE.finditer(text[1:-1]):
        octal, byte, short, long, plain, other = found.groups()
        if octal or byte:
            whole.append(int(octal, 8) if octal else int(byte, 16))
        elif short or long:
            whole += chr(int(short or long, 16)).encode()
        else:
            whole += (_PLAIN.get(plain, plain) if plain else other).encode()
    return whole.decode("utf-8", "replace")


def _value(message: Message) -> Any:
    ((kind, (content, *_)),) = message.items() if message else [("object_value", [{}])]
    match kind:
        case "int64_value":
            return int(content)
        case "double_value":
            return float(content)
        case "string_value":
            return content
        case "bool_value":
            return content == "true"
        case "null_value":
            return None
        case "list_value":
            return [_value(one) for one in content.get("values", ())]
        case "map_value":
            entries = [(_value(one["key"][0]), _value(one["value"][0])) for one in content.get("entries", ())]
            if not all(isinstance(key, str) for key, _ in entries):
                raise Foreign("an object with names that are no text")
            return dict(entries)
        case _:
            raise Foreign(kind)
