"""Which findings are new: those that the files as they were at the base do not have, by the very same scan."""

from collections.abc import Callable, Set

import msgspec

from fairlead.agents.builtin.changes import changed_since
from fairlead.core.findings import path_from_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import FILE_BYTES_MAX, ToolWorld, Unwritable

COMPARED_MAX = 2_000  # files with findings that are looked at as they were; what is found in others counts as new


def told_apart(outcome: Succeeded, since: str, world: ToolWorld, scan: Callable[[ToolWorld], Succeeded]) -> Outcome:
    """*outcome* with `is_new` in every finding.

    Nothing is called old without a look: the file is the same as at the base, or *scan* finds it in the older one too.
    """
    changes = changed_since(since, world)
    if isinstance(changes, Failed):
        return changes
    findings = outcome.output["findings"]
    paths = sorted({path_from_text(one["path"]) for one in findings} & changes.paths)
    degraded = list(outcome.degraded)
    if len(paths) > COMPARED_MAX:
        degraded.append(f"Only {COMPARED_MAX} changed files are compared with {since}; all else in them counts as new.")
    older = {path: data for path in paths[:COMPARED_MAX] if (data := _content(changes.start, path, world)) is not None}
    known: set[str] = set()
    if older:
        world.progress(f"{len(older)} files as they were at {since}")
        try:
            with world.with_files(older) as before:
                known = {one["fingerprint"] for one in scan(before).output["findings"]}
        except Unwritable as problem:
            degraded.append(f"Nothing could be compared with {since}, so all of it counts as new: {problem}.")
    marked: list[Json] = [{**one, "is_new": _is_new(one, changes.paths, known)} for one in findings]
    number = sum(one["is_new"] for one in marked)
    return msgspec.structs.replace(
        outcome,
        output={**outcome.output, "findings": marked},
        summary=f"{number} new of {outcome.summary}",
        degraded=tuple(degraded),
    )


def _is_new(finding: dict[str, Json], changed: Set[str], known: Set[str]) -> bool:
    return path_from_text(finding["path"]) in changed and finding["fingerprint"] not in known


def _content(commit: str, path: str, world: ToolWorld) -> bytes | None:
    """What *path* held at *commit*; None when there was no such file, or it is larger than is read."""
    said = world.git("cat-file", "blob", f"{commit}:./{path}", stdout_max=FILE_BYTES_MAX)
    return said.stdout if said.exit_code == 0 and not said.is_cut else None
