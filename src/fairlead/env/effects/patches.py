"""The effect that applies patches to the person's checkout: exactly, all files or none."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.patch_texts import BadPatch, make_patch
from fairlead.core.ports import EffectCard, EffectWorld
from fairlead.env.effects.arguments import (
    Arguments,
    bad_arguments,
    input_schema,
    joined,
    read_arguments,
    read_patches,
)
from fairlead.env.effects.checkout import Checkout
from fairlead.env.effects.keeping import kept_name, record_of, state_of
from fairlead.env.effects.refusals import Refused, outcome_of, shown_of
from fairlead.env.effects.swaps import Change, Swap


class _Arguments(Arguments, frozen=True, kw_only=True):
    """`with` of patch.apply: one of `patch` and `patches`."""

    patch: Annotated[str, msgspec.Meta(min_length=1, description="One patch as text.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    patches: Annotated[list[Json], msgspec.Meta(description="Outputs of patchers, or texts.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )


class PatchApply:
    """Patches applied to the files that lie in the checkout."""

    def describe(self) -> EffectCard:
        return EffectCard(
            kind="patch.apply",
            title="Change files of the checkout by patches",
            description=(
                "Applies patches to the files as they lie there, with what is not committed. Each must fit at its very"
                " lines; one that does not refuses all. What the files were is kept first, and `undo` is the patch"
                " that takes it back."
            ),
            input_schema=input_schema(_Arguments),
            output_schema={
                "type": "object",
                "additionalProperties": False,
                "required": ["files", "undo", "kept"],
                "properties": {
                    "files": {"type": "array", "items": {"type": "string"}},
                    "undo": {"type": "string", "description": "A patch; empty where it would be no text."},
                    "kept": {"type": "string", "description": "What the files were, below the state directory."},
                },
            },
            effect_class="keyed",
            covered_by=("patch", "patches"),
        )

    def class_of(self, given: dict[str, Json]) -> str:
        """Keyed, whatever is given: it is found again by what it left."""
        return "keyed"

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        return await asyncio.to_thread(shown_of, lambda: _show(given, world))

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        return await asyncio.to_thread(outcome_of, lambda: _find(world))

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        return await asyncio.to_thread(outcome_of, lambda: _perform(given, world))


def difference(changes: Sequence[Change]) -> str:
    """The changes as one patch; "" where that would be no text."""
    return _as_patch([(change, _before(change), change.after) for change in changes])


def way_back(changes: Sequence[Change]) -> str:
    """The patch that takes the changes back; "" where that would be no text."""
    return _as_patch([(change, change.after, _before(change)) for change in changes])


def _show(given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
    changes = _changes(given, world)
    rows = (("Checkout", path_text(world.root)), ("Files", [path_text(change.path) for change in changes]))
    return [{"name": name, "value": value} for name, value in (*rows, ("Change", difference(changes)))]


def _find(world: EffectWorld) -> Outcome | None:
    output = _swap(world).settle()
    return None if output is None else _succeeded(output)


def _perform(given: dict[str, Json], world: EffectWorld) -> Outcome:
    if found := _find(world):
        return found
    changes = _changes(given, world)
    output: dict[str, Json] = {
        "files": [path_text(change.path) for change in changes],
        "undo": way_back(changes),
        "kept": kept_name(world),
    }
    _swap(world).perform(changes, output)
    return _succeeded(output)


def _succeeded(output: dict[str, Json]) -> Succeeded:
    many = f"{len(output['files'])} file" + ("s" if len(output["files"]) != 1 else "")
    return Succeeded(output, f"{many} changed in the checkout")


def _swap(world: EffectWorld) -> Swap:
    return Swap(Checkout(world.root, state_of(world)), record_of(world))


def _changes(given: dict[str, Json], world: EffectWorld) -> list[Change]:
    arguments = read_arguments("patch.apply", _Arguments, given)
    if ("patch" in given) == ("patches" in given):
        raise bad_arguments("patch.apply", "exactly one of `patch` and `patches` is needed")
    patches = read_patches(
        "patch.apply", [arguments.patch] if arguments.patches is msgspec.UNSET else arguments.patches
    )
    checkout = Checkout(world.root, state_of(world))
    paths = list(dict.fromkeys(path for patch in patches for path in patch.paths))
    held = {path: checkout.read(path) for path in paths}
    texts = {path: one.data.decode("utf-8", "surrogateescape") for path, one in held.items() if one is not None}
    after = joined(texts, patches).texts
    programs = {change.path for patch in patches for change in patch.files if change.mode == "100755"}
    changes = []
    for path in paths:
        data = after[path].encode("utf-8", "surrogateescape") if path in after else None
        now = held[path]
        if data != (now.data if now is not None else None):
            changes.append(Change(path, now, data, (path in programs) if now is None else None))
    if not changes:
        raise Refused("FL-R336", "the patches change nothing", "Let the step ask first, with `if`.")
    return changes


def _before(change: Change) -> bytes | None:
    return change.before.data if change.before is not None else None


def _as_patch(files: Sequence[tuple[Change, bytes | None, bytes | None]]) -> str:
    parts = []
    for change, before, after in files:
        is_program = bool(change.is_program) if change.before is None else bool(change.before.mode & 0o100)
        ours, theirs = (None if data is None else data.decode("utf-8", "surrogateescape") for data in (before, after))
        try:
            parts.append(make_patch(change.path, ours, theirs, "100755" if is_program else "100644"))
        except BadPatch:
            return ""
    return "".join(parts)
