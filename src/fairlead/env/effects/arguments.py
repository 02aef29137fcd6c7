"""What an effect is given, read from the step's `with` into a record, or refused in words."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from fairlead.core.json import Json
from fairlead.core.patch_texts import BadPatch, parse_patch
from fairlead.core.patches import Combined, DoesNotApply, Patch, combine_patches
from fairlead.env.effects.refusals import Refused

PATCHES_MAX = 1_000

T = TypeVar("T", bound=msgspec.Struct)


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all of them have alike: an unknown name is refused, for it would silently do nothing."""


def read_arguments(kind: str, expected: type[T], inputs: dict[str, Json]) -> T:
    """*inputs* as the record that the effect *kind* takes.

    Raises:
        Refused: FL-R330.
    """
    try:
        return msgspec.convert(inputs, expected)
    except msgspec.ValidationError as problem:
        raise bad_arguments(kind, str(problem)) from None


def bad_arguments(kind: str, why: str) -> Refused:
    """The refusal of what an effect was given."""
    return Refused("FL-R330", f"{kind} cannot take what it was given: {why}", f"See `with` of {kind} in the reference.")


def input_schema(expected: type[msgspec.Struct]) -> dict[str, Json]:
    """The JSON Schema of a record, as one piece."""
    schema = msgspec.json.schema(expected)
    return {key: value for key, value in schema["$defs"][expected.__name__].items() if key != "title"}


def read_patches(kind: str, given: Sequence[Json]) -> tuple[Patch, ...]:
    """The patches in *given*: texts, or outputs with a `patch`. Those of items that failed (null) are none.

    Raises:
        Refused: FL-R330.
    """
    if len(given) > PATCHES_MAX:
        raise bad_arguments(kind, f"{len(given):,} patches; at most {PATCHES_MAX:,} are taken")
    texts = [one.get("patch") if isinstance(one, dict) else one for one in given if one is not None]
    found = []
    for number, text in enumerate(texts, 1):
        if not isinstance(text, str):
            raise bad_arguments(kind, f"patch {number} has no text `patch`")
        if text:
            try:
                found.append(parse_patch(text))
            except BadPatch as problem:
                raise bad_arguments(kind, f"patch {number} is none that is taken: {problem}") from None
    if not found:
        raise Refused(
            "FL-R336",
            f"{kind} has no patch to apply",
            "Let the step ask first: `if: steps.….output.patches.size() > 0`.",
        )
    return tuple(found)


def joined(texts: dict[str, str], patches: Sequence[Patch]) -> Combined:
    """*texts* after all *patches*.

    Raises:
        Refused: FL-R335 one does not fit the files, or another of them.
    """
    try:
        combined = combine_patches(texts, patches)
    except DoesNotApply as problem:  # what fits one by one may still not fit together
        raise _does_not_fit(f"the patches do not fit together: {problem}") from None
    if combined.conflicts:
        first = combined.conflicts[0]
        beside = f" (patch {first.other + 1} wants the same place)" if first.other >= 0 else ""
        raise _does_not_fit(f"patch {first.patch + 1} does not fit {first.path}: {first.reason}{beside}")
    return combined


def _does_not_fit(message: str) -> Refused:
    return Refused(
        "FL-R335", message, "Make it again from the files as they are; nothing of it was applied.", fault="agent"
    )
