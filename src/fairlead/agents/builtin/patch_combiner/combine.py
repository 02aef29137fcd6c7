"""The patch-combiner's function: patches of one tree become one, and the copy of the call is that tree with them."""

import ast
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fairlead.agents.hiding import hidden
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.patch_texts import CONTEXT_LINES, BadPatch, make_patch, parse_patch
from fairlead.core.patches import Combined, Patch, combine_patches
from fairlead.core.tools import ToolWorld, Unreadable, Unwritable

_PYTHON = (".py", ".pyw", ".pyi")


class _Given(NamedTuple):
    """One patch that can be read."""

    number: int  # in the input
    output: Mapping[str, Json]
    patch: Patch


def combine(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Apply `patches` in their order; what does not fit to those before it is left out whole, and named."""
    conflicts: list[Json] = []
    given = _readable(inputs["patches"], conflicts)
    texts = _texts(given, world)
    taken, combined = _fitting(texts, given, conflicts)
    if not taken:
        said = "; ".join(str(one["reason"]) for one in conflicts[:3]) or "none was given"
        return Failed("agent", "FL-A166", f"no patch is left to combine: {said}", "", {"conflicts": conflicts})
    changed = {path for one in taken for path in one.patch.paths}
    try:
        for path in sorted(changed):
            if path in combined.texts:
                world.write(path, combined.texts[path].encode("utf-8", "surrogateescape"))
    except Unwritable as problem:
        return Failed("agent", "FL-A162", f"a file of the patches cannot be written: {problem}")
    conflicts.sort(key=lambda one: one["patch"])
    number, count = len(taken) + len(conflicts), len(changed)
    summary = f"{len(taken)} of {number} patch{'' if number == 1 else 'es'} in {count} file{'' if count == 1 else 's'}"
    output: dict[str, Json] = {
        "patches": [one.output for one in taken],
        "conflicts": conflicts,
        "diff": _difference(texts, combined, sorted(changed)),
        "files": [path_text(path) for path in sorted(changed)],
        "worktree": "",
    }
    degraded = tuple(f"Patch {one['patch'] + 1} ({one['rule']}) is left out: {one['reason']}." for one in conflicts)
    return Succeeded(output, summary, degraded)


def _readable(outputs: Sequence[Json], conflicts: list[Json]) -> list[_Given]:
    """The patches that are some. None stands where one was not made: it was left out before, and is no conflict."""
    given: list[_Given] = []
    for number, output in enumerate(outputs):
        if output is None:
            continue
        try:
            patch = parse_patch(output["patch"])
        except BadPatch as problem:
            conflicts.append(_conflict(number, output, "", f"it is no patch that is taken: {problem}"))
            continue
        if gone := next((one.path for one in patch.files if one.kind == "deleted"), ""):
            conflicts.append(_conflict(number, output, gone, "it deletes a file"))
            continue
        given.append(_Given(number, output, patch))
    return given


def _texts(given: Sequence[_Given], world: ToolWorld) -> dict[str, str]:
    """The files that the patches speak of, as they are; one that cannot be read is not there."""
    texts: dict[str, str] = {}
    for path in sorted({path for one in given for path in one.patch.paths}):
        try:
            texts[path] = world.read(path).decode("utf-8", "surrogateescape")
        except Unreadable:
            continue
    return texts


def _fitting(texts: Mapping[str, str], given: Sequence[_Given], conflicts: list[Json]) -> tuple[list[_Given], Combined]:
    """The patches that apply together and leave every file valid that was so before."""
    combined = combine_patches(texts, [one.patch for one in given])
    for found in combined.conflicts:
        one = given[found.patch]
        other = f" (patch {given[found.other].number + 1})" if found.other >= 0 else ""
        conflicts.append(_conflict(one.number, one.output, found.path, found.reason + other))
    taken = [given[index] for index in combined.taken]
    if all(_is_valid(path, texts, combined) for one in taken for path in one.patch.paths):
        return taken, combined
    kept: list[_Given] = []
    for one in taken:
        tried = combine_patches(texts, [*(before.patch for before in kept), one.patch])
        broken = next((path for path in one.patch.paths if not _is_valid(path, texts, tried)), None)
        if broken is None:
            kept.append(one)
        else:
            conflicts.append(_conflict(one.number, one.output, broken, "with it the file would not be valid any more"))
    return kept, combine_patches(texts, [one.patch for one in kept])


def _is_valid(path: str, before: Mapping[str, str], combined: Combined) -> bool:
    """Whether a file that could be read as its language still can."""
    return not _is_readable(path, before.get(path, "")) or _is_readable(path, combined.texts.get(path, ""))


def _is_readable(path: str, text: str) -> bool:
    try:
        if path.endswith(_PYTHON):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of somebody else's source
                ast.parse(text.removeprefix("\ufeff"))
        elif path.endswith(".json"):
            json.loads(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _conflict(number: int, output: Mapping[str, Json], path: str, reason: str) -> dict[str, Json]:
    """One patch that is left out; `patch` is its number in the input, from 0."""
    return {
        "patch": number,
        "rule": str(output.get("rule") or ""),
        "fingerprint": str(output.get("fingerprint") or ""),
        "path": path_text(path),
        "reason": reason,
    }


def _difference(texts: Mapping[str, str], combined: Combined, paths: Sequence[str]) -> str:
    """All changes as one patch, with fewer lines around them where a credential stands beside one."""
    made: list[str] = []
    for path in paths:
        for context in (CONTEXT_LINES, 1, 0):
            one = make_patch(path, texts.get(path), combined.texts[path], context=context)
            if hidden(Succeeded({"diff": one})).output == {"diff": one}:
                break
        made.append(one)
    return "".join(made)
