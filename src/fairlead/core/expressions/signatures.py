"""Signatures of functions: read from the table's own words, and held against the types of a call."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from fairlead.core.expressions.types import ANY, BOOL, INT, NULL, NUMBER, STRING, Type, joined, list_of, optional_of


class Signature(NamedTuple):
    """One way to call a function: what it takes, the target first, and what it gives."""

    takes: tuple[str, ...]
    least: int  # how many of them have to be there
    gives: str


@cache
def read_signature(text: str) -> Signature:
    """`string.split(string, [int]) -> list(string)` takes apart what the table says."""
    call, _, gives = text.partition(" -> ")
    opening = _opening(call)
    target, _, _ = call[:opening].rpartition(".")
    wanted = [one.strip() for one in call[opening + 1 : -1].split(",")] if call[opening + 1 : -1] else []
    takes = ([target] if target and target != "git" else []) + [one.strip("[]") for one in wanted]
    return Signature(tuple(takes), len(takes) - sum(one.startswith("[") for one in wanted), gives)


def _opening(call: str) -> int:
    """Where the arguments begin: the bracket that the last one closes."""
    depth = 0
    for at in range(len(call) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(call[at], 0)
        if depth == 0:
            return at
    raise AssertionError(f"{call} is no signature")


def given_by(signature: Signature, types: Sequence[Type]) -> Type | None:
    """What a call with these types gives; `None` when the signature does not fit them."""
    if not signature.least <= len(types) <= len(signature.takes):
        return None
    bound: dict[str, Type] = {}
    if not all(_fits(wanted, given, bound) for wanted, given in zip(signature.takes, types, strict=False)):
        return None
    return _meant(signature.gives, bound)


def counts_of(signatures: Sequence[str]) -> Iterator[int]:
    """How many types each signature allows, the target among them."""
    for text in signatures:
        signature = read_signature(text)
        yield from range(signature.least, len(signature.takes) + 1)


def _fits(wanted: str, given: Type, bound: dict[str, Type]) -> bool:
    name, inner = _parts(wanted)
    if name == "T":
        bound["T"] = joined(bound["T"], given) if "T" in bound else given
        return given.kind != "optional"
    if given.kind == "any":
        return True
    match name:
        case "int" | "number" | "double":
            return given.kind in ("int", "number")
        case "list":
            return given.kind == "list" and _fits(inner, given.item or ANY, bound)
        case "map":
            return given.kind == "object"
        case "optional":
            return given.kind == "optional" and _fits(inner, given.item or ANY, bound)
        case "any":
            return given.kind != "optional"
        case _:
            return given.kind == name


def _meant(text: str, bound: dict[str, Type]) -> Type:
    name, inner = _parts(text)
    match name:
        case "T":
            return bound.get("T", ANY)
        case "list":
            return list_of(_meant(inner, bound))
        case "optional":
            return optional_of(_meant(inner, bound))
        case _:
            return _PLAIN[name]


_PLAIN: dict[str, Type] = {
    "any": ANY,
    "null": NULL,
    "bool": BOOL,
    "int": INT,
    "number": NUMBER,
    "double": NUMBER,
    "string": STRING,
}


def _parts(text: str) -> tuple[str, str]:
    name, _, inner = text.partition("(")
    return name, inner.removesuffix(")")
