"""Strict JSON: the only form in which data is kept or sent. UTF-8, no duplicate keys, no NaN, at most 64 levels."""

from typing import Any, NewType, TypeAlias

import msgspec

# A recursive alias would cost every reader a cast; the rules are enforced by `parse` where bytes come in.
Json: TypeAlias = Any

Digest = NewType("Digest", str)  # "sha256:" and 64 hexadecimal digits

DEPTH_MAX = 64
INTEGER_MAX = 2**53

_encoder = msgspec.json.Encoder(order="sorted")


class NotStrict(ValueError):
    """The text is not strict JSON; the message says where it departs."""


def encode(value: Json) -> bytes:
    """The one canonical form: keys sorted, no spaces, UTF-8. Equal values give equal bytes."""
    return _encoder.encode(value)


def parse(data: bytes) -> Json:
    """Read strict JSON from outside.

    Raises:
        NotStrict: not UTF-8, a duplicate key, NaN or infinity, deeper than 64 levels, an integer beyond 2**53, a lone
            surrogate or a NUL.
    """
    import json

    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotStrict(f"byte {error.start} is not UTF-8") from None
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_small_integer)
    except RecursionError:
        raise NotStrict(f"deeper than {DEPTH_MAX} levels") from None
    except json.JSONDecodeError as error:
        raise NotStrict(f"line {error.lineno}, column {error.colno}: {error.msg}") from None
    _check(value, 1)
    return value


def digest(data: bytes) -> Digest:
    """The name of *data* in the content store and in every record."""
    import hashlib  # with its library, a tenth of what a command that names nothing costs

    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def kind_of(value: Json) -> str:
    """What *value* is, as a sentence says it: "a list"."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list() | tuple():
            return "a list"
        case _:
            return "an object"


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise NotStrict(f"the key {next(n for n in names if names.count(n) > 1)!r} stands twice")
    return found


def _no_constant(word: str) -> Json:
    raise NotStrict(f"{word} is not JSON")


def _small_integer(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > INTEGER_MAX:
        raise NotStrict(f"an integer of {len(digits)} digits is beyond 2**53")
    return int(digits)


def _check(value: Json, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise NotStrict(f"deeper than {DEPTH_MAX} levels")
    if isinstance(value, dict):
        for key, item in value.items():
            _check(key, depth)
            _check(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value if c > "\ud7ff"):
            raise NotStrict("a string holds a NUL or a lone surrogate")
    elif isinstance(value, float) and value in (float("inf"), float("-inf")):
        raise NotStrict("a number is too large")
