"""Runs that may not overlap: what a new one finds in its group, and what becomes of it and of the others."""

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import RunCancelRequested, RunQueued
from fairlead.core.ids import RunId
from fairlead.core.json import Digest, Json
from fairlead.core.ports import Journal
from fairlead.core.references import Unresolved, resolve
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Workflow
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import LIST_MAX
from fairlead.views.runs import queued_of

GROUP_CHARACTERS_MAX = 256


class Place(msgspec.Struct, frozen=True):
    """Where a new run stands in its group."""

    group: str = ""
    max: int = 1
    older: tuple[RunId, ...] = ()  # open runs of the group, oldest first
    cancels_older: bool = False
    is_cancelled: bool = False  # the new one is recorded and cancelled at once


def find_place(parts: Parts, project: Project, workflow: Workflow, inputs: dict[str, Json], facts: Digest) -> Place:
    """What the group of *workflow* means for a run that begins now.

    Raises:
        FairleadError: FL-R110 the group is full, and the file says that this is an error; FL-E101 its name cannot be
            made.
    """
    wanted = workflow.concurrency
    if wanted is None:
        return Place()
    journal = parts.journal(project)
    known = msgspec.json.decode(journal.get(facts)) if facts else {}
    scope = {"inputs": inputs, "git": known.get("git", {}), "env": known.get("env", {}), "host": known.get("host", {})}
    try:
        scope["vars"] = resolve(workflow.vars, scope)
        group = str(resolve(wanted.group, scope))[:GROUP_CHARACTERS_MAX]
    except Unresolved as problem:
        raise error("FL-E101", f"concurrency.group: {problem}", exit_code=2) from None
    older = _open_runs(journal, group)
    if len(older) < wanted.max:
        return Place(group, wanted.max, older)
    if wanted.on_conflict == "fail":
        said = f"{', '.join(older)} of the group {group} {'is' if len(older) == 1 else 'are'} not at an end"
        raise error("FL-R110", said, f"fairlead runs watch {older[0]}", f"fairlead cancel {older[0]}", exit_code=2)
    return Place(
        group,
        wanted.max,
        older,
        cancels_older=wanted.on_conflict == "cancel_older",
        is_cancelled=wanted.on_conflict == "cancel_newer",
    )


def settle(parts: Parts, project: Project, place: Place, run: RunId) -> None:
    """Ask those to stop that shall make room for *run*, or *run* itself."""
    journal = parts.journal(project)
    if place.is_cancelled:
        why = f"{', '.join(place.older)} of the group {place.group} came first"
        journal.record(run, RunCancelRequested(parts.user, why))
    elif place.cancels_older:
        for older in place.older[: len(place.older) - place.max + 1]:
            try:
                journal.record(older, RunCancelRequested(parts.user, f"{run} of the group {place.group} came later"))
            except FairleadError:
                continue  # it has ended meanwhile


def _open_runs(journal: Journal, group: str) -> tuple[RunId, ...]:
    found: list[RunId] = []
    for row in journal.runs(LIST_MAX):
        if row.status not in RUN_ENDED and _is_of(queued_of(journal, row.run), group):
            found.append(row.run)
    return tuple(reversed(found))


def _is_of(queued: RunQueued, group: str) -> bool:
    return queued.group == group
