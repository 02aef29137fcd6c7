"""What `--new-since REF` compares with: a run of the same workflow over the tree of an earlier commit.

The tree is written into a private directory, the run is an ordinary one that carries the label of a baseline, and all
that decides what it finds makes its key. So the second comparison with the same commit costs nothing.
"""

import os.path
from collections.abc import Callable, Mapping

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import RunQueued
from fairlead.core.findings import path_from_text, path_text
from fairlead.core.ids import RunId
from fairlead.core.json import Json, digest, encode
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Workflow
from fairlead.service.labels import BASE_COMMIT, BASE_NAME, BASELINE, BASELINE_RUN
from fairlead.service.parts import CommonCommit, Ending, Parts, Project
from fairlead.service.pinning import called_agents
from fairlead.service.runs import row_of
from fairlead.service.starts import Definition, check_start
from fairlead.views.sightings import sightings

_FOLDER = "baselines"  # in the state directory: the trees that are looked at just now
TRIES_MAX = 5  # runs over one commit that came to nothing, before this is given up
_WAIT_SECONDS = 0.2  # between two looks at a baseline that another process makes
_TAKEN = ("FL-R102", "FL-R401")  # it has ended meanwhile; another process performs it

Tell = Callable[[str], None]


class Baseline(msgspec.Struct, frozen=True):
    """What a run is compared with; *labels* say so in the record of that run."""

    run: RunId
    name: str  # "origin/main @ 4f2c1e9"
    commit: str
    ending: Ending = "ended"  # else somebody stopped it, and there is nothing to compare with yet

    @property
    def labels(self) -> dict[str, str]:
        return {BASE_NAME: self.name, BASE_COMMIT: self.commit, BASELINE_RUN: self.run}


def make_baseline(
    parts: Parts, project: Project, ref: str, definition: Definition, given: Mapping[str, Json], tell: Tell
) -> Baseline:
    """The run over the commit in which *ref* and HEAD part, performed here unless it was before.

    Raises:
        FairleadError: FL-S056, FL-S057, FL-S058 there is no such commit; FL-S059 the run came to nothing; FL-W, FL-A
            and FL-E as for every start.
    """
    earlier = parts.repository(project).common_commit(ref)
    how = "where it and HEAD part" if earlier.is_merge_base else "which has nothing in earlier with HEAD"
    tell(f"comparing with {earlier.name}, {how}")
    workflow, inputs, _ = check_start(parts, project, definition, _as_before(definition, given))
    for number in range(TRIES_MAX):
        run, is_fresh = _record(parts, project, earlier, workflow, inputs, number)
        ending = _perform(parts, project, earlier, run, tell)
        if ending != "ended":
            return Baseline(run, earlier.name, earlier.commit, ending)
        if _is_usable(parts, project, run):
            return Baseline(run, earlier.name, earlier.commit)
        if is_fresh:
            break  # doing the same again now would end the same
    status = row_of(parts.journal(project), run).status
    message = f"the run over {earlier.name} gives nothing to compare with: {run} ended as {status}"
    raise error("FL-S059", message, f"fairlead runs show {run}", exit_code=3)


def _as_before(definition: Definition, given: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs of the baseline. A review looks at the whole tree, for a path may be younger than the commit; and it
    leaves the history out, for what stands in history is new when its commit is.
    """
    if definition.path != "<fairlead>/review.yaml":
        return dict(given)
    return {**{name: value for name, value in given.items() if name != "paths"}, "history": False}


def _record(
    parts: Parts, project: Project, earlier: CommonCommit, workflow: Workflow, inputs: dict[str, Json], number: int
) -> tuple[RunId, bool]:
    """Record the run, or find the earlier one; says whether it is a new one."""
    catalog = parts.catalog(project)
    names = sorted({name for name, _ in called_agents(workflow)})
    agents = {name: card.digest if (card := catalog.find(name)) is not None else "" for name in names}
    journal = parts.journal(project)
    definition = journal.put(encode(workflow))
    material: Json = [earlier.commit, definition, agents, inputs, number]
    name = digest(encode(material)).removeprefix("sha256:")[:32]
    queued = RunQueued(
        workflow=workflow.name,
        definition=definition,
        inputs=inputs,
        root=path_text(os.path.join(project.state_dir, _FOLDER, name)),
        key=f"{BASELINE}:{name}",
        requester=parts.user,
        labels={BASELINE: earlier.commit},
        commit=earlier.commit,
    )
    asked = parts.ids.run_id()
    recorded = journal.record(asked, queued)
    return recorded.run, recorded.run == asked


def _perform(parts: Parts, project: Project, earlier: CommonCommit, run: RunId, tell: Tell) -> Ending:
    """Perform the run unless it has ended, or wait for the process that does; its tree goes when it has ended."""
    journal = parts.journal(project)
    repository = parts.repository(project)
    is_told = False
    while (row := row_of(journal, run)).status not in RUN_ENDED:
        if row.worker and journal.is_alive(row.worker):
            if not is_told:
                tell(f"another process makes this baseline just now ({run}); waiting for it")
                is_told = True
            parts.clock.sleep(_WAIT_SECONDS)
            continue
        tell(f"looking at that commit first, in {run}; the next time this costs nothing")
        path = path_from_text(row.root)
        repository.export(earlier.commit, path, tell)
        try:
            ending = parts.perform(project, run, _nothing)
        except FairleadError as refusal:
            if refusal.diagnostics[0].code not in _TAKEN:
                raise
            continue
        if ending != "ended":
            return ending
    repository.drop(path_from_text(row.root))
    return "ended"


def _nothing() -> None:
    """The baseline has no screen of its own."""


def _is_usable(parts: Parts, project: Project, run: RunId) -> bool:
    """Whether any step gave findings, or an empty list of them."""
    journal = parts.journal(project)
    seen = next(sightings([row_of(journal, run)], journal), None)
    return seen is not None and bool(seen.steps)
