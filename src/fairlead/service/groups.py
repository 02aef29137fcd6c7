"""Runs that may not overlap: what a new one finds in its group, and what becomes of it and of the others."""

from collections.abc import Mapping

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import RunCancelRequested
from fairlead.core.groups import open_runs
from fairlead.core.ids import RunId
from fairlead.core.json import Digest, Json
from fairlead.core.references import Unresolved, resolve
from fairlead.core.workflow import Workflow
from fairlead.service.parts import Parts, Project

GROUP_CHARACTERS_MAX = 256


class Place(msgspec.Struct, frozen=True):
    """Which group a new run belongs to, and what is done when that is full."""

    group: str = ""
    max: int = 1
    on_conflict: str = "queue"


def find_place(parts: Parts, project: Project, workflow: Workflow, inputs: Mapping[str, Json], facts: Digest) -> Place:
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
    scope: dict[str, Json] = {name: known.get(name, {}) for name in ("git", "env", "host", "data")}
    scope["inputs"] = dict(inputs)
    try:
        scope["vars"] = resolve(workflow.vars, scope)
        group = str(resolve(wanted.group, scope))[:GROUP_CHARACTERS_MAX]
    except Unresolved as problem:
        raise error("FL-E101", f"concurrency.group: {problem}", exit_code=2) from None
    if wanted.on_conflict == "fail":
        older = [row.run for row in open_runs(journal, group)]
        if len(older) >= wanted.max:
            said = f"{', '.join(older)} of the group {group} {'is' if len(older) == 1 else 'are'} not at an end"
            raise error("FL-R110", said, f"fairlead runs watch {older[0]}", f"fairlead cancel {older[0]}", exit_code=2)
    return Place(group, wanted.max, wanted.on_conflict)


def settle(parts: Parts, project: Project, place: Place, run: RunId) -> str:
    """Ask those to stop that shall make room for *run*, or *run* itself; says why it was *run*.

    This looks once more, at what is recorded now: another process may have been faster since `find_place`.
    """
    if not place.group or place.on_conflict == "queue":
        return ""
    journal = parts.journal(project)
    rows = open_runs(journal, place.group)
    own = next((row.first_seq for row in rows if row.run == run), None)
    older = [row.run for row in rows if own is not None and row.first_seq < own]
    if len(older) < place.max:
        return ""
    if place.on_conflict == "cancel_older":
        from fairlead.service.trees import cancel_tree

        for one in older[: len(older) - place.max + 1]:
            try:
                cancel_tree(journal, one, parts.user, f"{run} of the group {place.group} came later", again=False)
            except FairleadError:
                continue  # it has ended meanwhile
        return ""
    why = f"{', '.join(older)} of the group {place.group} came first"
    journal.record(run, RunCancelRequested(parts.user, why))
    return why
