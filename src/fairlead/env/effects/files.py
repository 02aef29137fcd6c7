"""The effect that writes one file of the person's checkout, whole or not at all."""

import asyncio
from typing import Annotated, Literal

import msgspec

from fairlead.core.findings import path_text
from fairlead.core.json import Json, digest
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import EffectCard, EffectWorld
from fairlead.core.tools import WRITTEN_BYTES_MAX
from fairlead.env.effects.arguments import Arguments, bad_arguments, input_schema, read_arguments
from fairlead.env.effects.checkout import Checkout
from fairlead.env.effects.keeping import kept_name, record_of, state_of
from fairlead.env.effects.patches import difference, way_back
from fairlead.env.effects.refusals import outcome_of, shown_of
from fairlead.env.effects.swaps import Change, Swap


class _Arguments(Arguments, frozen=True, kw_only=True):
    """`with` of file.write."""

    path: Annotated[str, msgspec.Meta(min_length=1, max_length=4_096, description="From the checkout, with `/`.")]
    content: Annotated[str, msgspec.Meta(description="All of it. Line ends are written as they are.")]
    mode: Annotated[
        Literal["", "644", "755"], msgspec.Meta(description="Whether it is a program; empty: as it is, or not.")
    ] = ""


class FileWrite:
    """One file with a given content."""

    def describe(self) -> EffectCard:
        return EffectCard(
            kind="file.write",
            title="Write a file of the checkout",
            description=(
                "Puts a text at a path inside of the checkout, whole or not at all; missing folders are made. What was"
                " there is kept first. A file that holds the text already is left alone."
            ),
            input_schema=input_schema(_Arguments),
            output_schema={
                "type": "object",
                "additionalProperties": False,
                "required": ["path", "digest", "size_bytes", "is_changed", "undo", "kept"],
                "properties": {
                    "path": {"type": "string"},
                    "digest": {"type": "string"},
                    "size_bytes": {"type": "integer"},
                    "is_changed": {"type": "boolean"},
                    "undo": {"type": "string", "description": "A patch; empty where there is none."},
                    "kept": {"type": "string", "description": "What was there, below the state directory."},
                },
            },
            effect_class="keyed",
            covered_by=("path", "content", "mode"),
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


def _show(given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
    change, data = _change(given, world)
    what = "is new" if change.before is None else "is replaced" if _is_change(change) else "holds this already"
    rows = (
        ("Checkout", path_text(world.root)),
        ("File", f"{path_text(change.path)} ({what})"),
        ("Change", difference([change]) or data.decode("utf-8", "backslashreplace")),
    )
    return [{"name": name, "value": value} for name, value in rows]


def _find(world: EffectWorld) -> Outcome | None:
    output = _swap(world).settle()
    return None if output is None else Succeeded(output, f"{output['path']} written")


def _perform(given: dict[str, Json], world: EffectWorld) -> Outcome:
    if found := _find(world):
        return found
    change, data = _change(given, world)
    is_changed = _is_change(change)
    output: dict[str, Json] = {
        "path": path_text(change.path),
        "digest": digest(data),
        "size_bytes": len(data),
        "is_changed": is_changed,
        "undo": way_back([change]) if is_changed else "",
        "kept": kept_name(world) if is_changed else "",
    }
    if is_changed:
        _swap(world).perform([change], output)
    return Succeeded(output, f"{output['path']} " + ("written" if is_changed else "holds this already"))


def _swap(world: EffectWorld) -> Swap:
    return Swap(Checkout(world.root, state_of(world)), record_of(world))


def _change(given: dict[str, Json], world: EffectWorld) -> tuple[Change, bytes]:
    arguments = read_arguments("file.write", _Arguments, given)
    data = arguments.content.encode("utf-8", "surrogatepass")
    if len(data) > WRITTEN_BYTES_MAX:
        raise bad_arguments("file.write", f"{len(data):,} bytes; at most {WRITTEN_BYTES_MAX:,} are written")
    now = Checkout(world.root, state_of(world)).read(arguments.path)
    return Change(arguments.path, now, data, {"": None, "644": False, "755": True}[arguments.mode]), data


def _is_change(change: Change) -> bool:
    if change.before is None or change.before.data != change.after:
        return True
    return change.is_program is not None and bool(change.before.mode & 0o100) != change.is_program
