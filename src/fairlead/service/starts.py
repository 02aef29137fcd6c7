"""Starting runs, and going on with them. Starting only records; who performs is the door's choice."""

import os.path
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.events import RunQueued
from fairlead.core.findings import path_from_text, path_text
from fairlead.core.ids import RunId
from fairlead.core.json import Json, encode
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Workflow
from fairlead.service.children import pin_children
from fairlead.service.facts import facts_of
from fairlead.service.groups import find_place, settle
from fairlead.service.isolation import require_sandbox
from fairlead.service.labels import NO_LABELS, kept_for_another
from fairlead.service.parts import Checkout, Parts, Project
from fairlead.service.pinning import called_agents, hidden_agents, pin_again, pin_agents
from fairlead.service.repeats import NOTHING_KEPT, WHOLE, Keeping, Part, keep_before, keep_for, keep_of
from fairlead.service.requirements import requirements_of
from fairlead.service.runs import find_run, list_runs, require_reader, row_of
from fairlead.service.trees import topmost
from fairlead.views.runs import project_run

if TYPE_CHECKING:
    from fairlead.workflow.building.built import Built

PROJECT_WORKFLOWS = ".fairlead/workflows"
SHIPPED_WORKFLOWS = "<fairlead>/"  # how the paths of those that ship begin
WORKFLOW_FILES = (".yaml", ".yml", ".json")
WORKFLOW_BYTES_MAX = 1_000_000


class Definition(msgspec.Struct, frozen=True):
    """The text of a workflow and where it stands, for diagnostics."""

    path: str
    data: bytes  # of a Python file: the JSON of what it gave
    built: "Built | None" = None  # what a Python file gave, and the places in it


class Started(msgspec.Struct, frozen=True):
    """A run that is recorded and may be performed."""

    run: RunId
    workflow: str
    title: str = ""
    warnings: tuple[Diagnostic, ...] = ()
    checkout: Checkout = Checkout()  # what lay in the project when it was recorded
    keeping: Keeping = NOTHING_KEPT  # what it takes over from another run
    unwanted: str = ""  # why it was cancelled at once: others of its group came first


class ReviewScope(msgspec.Struct, frozen=True):
    """What a review looks at. Paths are relative to the root; none means everything."""

    paths: tuple[str, ...] = ()
    with_history: bool = True
    is_whole: bool = False  # every file, also of a tree so large that it would be sampled


def review_place(parts: Parts, cwd: str, paths: Sequence[str]) -> tuple[Project, tuple[str, ...]]:
    """The project that *paths* lie in, and the paths as seen from its root. A repository's own root means all of it.

    Raises:
        FairleadError: FL-S008 for every path that does not exist or lies in another project.
    """
    if not paths:
        return parts.project(cwd), ()
    whole = [os.path.normpath(os.path.join(cwd, path)) for path in paths]
    missing = [path for path, full in zip(paths, whole, strict=True) if not parts.files.exists(full)]
    if missing:
        raise FairleadError(*(_no_path(path) for path in missing))
    project = parts.project(whole[0] if parts.files.is_directory(whole[0]) else os.path.dirname(whole[0]))
    relative = [os.path.relpath(full, project.root) for full in whole]
    outside = [path for path, inner in zip(paths, relative, strict=True) if inner.split(os.sep)[0] == os.pardir]
    if outside:
        raise FairleadError(*(_other_project(path, project) for path in outside))
    return project, () if os.curdir in relative else tuple(relative)


def _no_path(path: str) -> Diagnostic:
    return Diagnostic(
        "FL-S008", f"there is nothing at {path_text(path)}", hints=("name files or directories that exist",)
    )


def _other_project(path: str, project: Project) -> Diagnostic:
    return Diagnostic(
        "FL-S008",
        f"{path_text(path)} is not inside {project.name}, the repository of the first path",
        hints=("review one repository at a time",),
    )


def start_review(
    parts: Parts, project: Project, scope: ReviewScope, *, labels: Mapping[str, str] = NO_LABELS
) -> Started:
    """Record a run of the shipped workflow `review`."""
    definition, inputs = review_of(parts, scope)
    return start_run(parts, project, definition, inputs, labels=labels)


def review_of(parts: Parts, scope: ReviewScope) -> tuple[Definition, dict[str, Json]]:
    """The shipped workflow `review`, and the inputs for a review of *scope*."""
    inputs: dict[str, Json] = {}
    if scope.paths:
        inputs["paths"] = [path_text(path) for path in scope.paths]
    if not scope.with_history:
        inputs["history"] = False
    if scope.is_whole:
        inputs["all"] = True
    shipped = parts.shipped_workflow("review")
    assert shipped is not None, "the workflow `review` ships with Fairlead"
    return Definition(*shipped), inputs


def find_definition(parts: Parts, project: Project, cwd: str, name: str) -> Definition:
    """The workflow that *name* means: a file, one of the project's, or one that ships with Fairlead.

    Raises:
        FairleadError: FL-S007 with the names there are.
    """
    places = [os.path.join(cwd, name)]
    places += [os.path.join(project.root, PROJECT_WORKFLOWS, name + extension) for extension in WORKFLOW_FILES]
    for place in places:
        data = parts.files.read(place, limit=WORKFLOW_BYTES_MAX + 1)
        if data is not None and len(data) > WORKFLOW_BYTES_MAX:
            raise error("FL-S007", f"{path_text(name)} is larger than a workflow may be (1 MB)", "name a workflow file")
        if data is not None:
            shown = os.path.relpath(place, cwd)
            shown = place if shown.startswith("..") else shown
            return _perform_python(parts, project, shown, data) if place.endswith(".py") else Definition(shown, data)
    shipped = parts.shipped_workflow(name)
    if shipped is not None:
        return Definition(*shipped)
    raise _no_workflow(parts, project, name)


def _perform_python(parts: Parts, project: Project, path: str, data: bytes) -> Definition:
    """The workflow that a Python file writes down. It is performed for that, because a person has named it."""
    built = parts.build(project, path, data)
    return Definition(path, b"" if built.tree is None else encode(built.tree), built)


def _no_workflow(parts: Parts, project: Project, name: str) -> FairleadError:
    from difflib import get_close_matches

    known = workflow_names(parts, project)
    near = get_close_matches(name, known, 3, 0.5)
    hints = [f"fairlead run {near[0]}"] if near else []
    hints.append(f"known here: {', '.join(known)}")
    return error("FL-S007", f"{path_text(name)} is neither a workflow file nor the name of a workflow", *hints)


def workflow_names(parts: Parts, project: Project) -> list[str]:
    """Names that `fairlead run` takes here, besides files."""
    own = parts.files.names(os.path.join(project.root, PROJECT_WORKFLOWS))
    return sorted({os.path.splitext(name)[0] for name in own if name.endswith(WORKFLOW_FILES)} | {"review"})


def start_run(
    parts: Parts,
    project: Project,
    definition: Definition,
    given: Mapping[str, Json],
    *,
    key: str = "",
    labels: Mapping[str, str] = NO_LABELS,
    part: Part = WHOLE,
) -> Started:
    """Check a workflow and its inputs, and record that it shall be performed. The same *key* gives the same run.

    With *part* only that part is performed; the rest is taken over from the last finished run on this branch.

    Raises:
        FairleadError: FL-W, FL-A, FL-E: everything that is wrong with the file and the inputs, in one pass.
    """
    workflow, inputs, warnings = check_start(parts, project, definition, given)
    require_sandbox(parts, project, workflow)
    checkout = look(parts, project)
    journal = parts.journal(project)
    workflow = pin_children(parts, project, workflow)
    keeping = keep_for(parts, project, workflow, inputs, part, checkout.branch)
    facts = facts_of(parts, project, workflow, checkout)
    place = find_place(parts, project, workflow, inputs, facts)
    queued = RunQueued(
        workflow=workflow.name,
        definition=journal.put(encode(workflow)),
        inputs=inputs,
        root=path_text(project.root),
        key=key,
        requester=parts.user,
        labels=dict(labels),
        commit=checkout.commit,
        branch=checkout.branch,
        changed=checkout.changed,
        facts=facts,
        requirements=requirements_of(parts, project, workflow),
        group=place.group,
        group_max=place.max,
        rerun_of=keeping.origin,
        origin=keeping.origin,
        kept=keeping.all_kept,
        only=keeping.only,
    )
    asked = parts.ids.run_id()
    recorded = journal.record(asked, queued)
    is_new = recorded.run == asked  # not the earlier run of the same key
    unwanted = settle(parts, project, place, recorded.run) if is_new else ""
    return Started(recorded.run, workflow.name, workflow.title, warnings, checkout, keeping, unwanted)


def look(parts: Parts, project: Project) -> Checkout:
    """What lies in the project just now; nothing where git cannot say, for a run may start all the same."""
    try:
        return parts.checkout(project)
    except FairleadError as refusal:
        return Checkout(notes=(refusal.diagnostics[0].message,))


def start_again(
    parts: Parts, project: Project, run: RunId, *, labels: Mapping[str, str] = NO_LABELS, part: Part = WHOLE
) -> Started:
    """Record a new run of the same workflow with the same inputs, over the checkout as it is now.

    With *part* only that part is done again, and the rest is taken over.

    The agents of the project belong to the checkout: they are called as they are now.

    Raises:
        FairleadError: FL-R101 there is no such run; FL-S062 its checkout is gone; FL-S063 an agent of it is.
    """
    journal = parts.journal(project)
    view = project_run(journal, run)
    first = view.state.queued
    assert first is not None, "a run that was read begins with run.queued"
    # A run that was taken over was performed elsewhere; here it is done in the project at hand.
    root = project.root if view.state.imported is not None else path_from_text(first.root)
    if not parts.files.is_directory(root):
        raise error("FL-S062", f"{first.root}, where {run} was performed, is not there any more", "fairlead review")
    place = parts.project(root)
    catalog = parts.catalog(place)
    names = {name for name, definition in called_agents(view.state.workflow) if not definition}
    workflow, gone = pin_again(view.state.workflow, catalog)
    missing = sorted({name for name in names if (card := catalog.find(name)) is None or card.problem} | set(gone))
    if missing:
        raise error("FL-S063", f"{run} calls {', '.join(missing)}, which cannot be called now", "fairlead agents list")
    require_sandbox(parts, place, workflow)
    checkout = look(parts, place)
    keeping = keep_of(view.state, workflow, part)
    facts = facts_of(parts, place, workflow, checkout)
    turn = find_place(parts, place, workflow, first.inputs, facts)
    again = msgspec.structs.replace(
        first,
        definition=journal.put(encode(workflow)),
        root=path_text(root),
        key="",
        requester=parts.user,
        labels={**kept_for_another(first.labels), **labels},
        rerun_of=run,
        commit=checkout.commit,
        branch=checkout.branch,
        changed=checkout.changed,
        facts=facts,
        requirements=requirements_of(parts, place, workflow),
        group=turn.group,
        group_max=turn.max,
        parent="",
        parent_place="",
        origin=keeping.origin,
        kept=keeping.all_kept,
        only=(),
    )
    recorded = journal.record(parts.ids.run_id(), again)
    unwanted = settle(parts, place, turn, recorded.run)
    return Started(recorded.run, first.workflow, view.state.workflow.title, (), checkout, keeping, unwanted)


def fork_run(
    parts: Parts,
    project: Project,
    run: RunId,
    at: str,
    given: Mapping[str, Json],
    *,
    labels: Mapping[str, str] = NO_LABELS,
) -> Started:
    """Record a new run that shares with *run* everything before the step *at*, with its files as they were.

    Inputs that are *given* replace those of *run*; what reads one that has changed is not shared.

    Raises:
        FairleadError: FL-S090 there is no such step; or all that is wrong with the inputs.
    """
    from fairlead.workflow import check_inputs

    journal = parts.journal(project)
    origin = project_run(journal, run).state
    first = origin.queued
    assert first is not None, "a run that was read begins with run.queued"
    changed, wrong = check_inputs(origin.workflow, {**first.inputs, **given})
    if wrong:
        raise FairleadError(*wrong)
    keeping = keep_before(origin, origin.workflow, changed, at, is_fork=True)
    turn = find_place(parts, project, origin.workflow, changed, first.facts)
    forked = msgspec.structs.replace(
        first,
        inputs=changed,
        key="",
        requester=parts.user,
        labels={**kept_for_another(first.labels), **labels},
        rerun_of="",
        parent="",
        parent_place="",
        origin=run,
        kept=keeping.all_kept,
        only=(),
        group=turn.group,
        group_max=turn.max,
    )
    recorded = journal.record(parts.ids.run_id(), forked)
    unwanted = settle(parts, project, turn, recorded.run)
    return Started(recorded.run, first.workflow, origin.workflow.title, (), look(parts, project), keeping, unwanted)


def check_start(
    parts: Parts, project: Project, definition: Definition, given: Mapping[str, Json]
) -> tuple[Workflow, dict[str, Json], tuple[Diagnostic, ...]]:
    """The workflow and its inputs, as they would be recorded.

    Raises:
        FairleadError: everything that is wrong with the file and the inputs, in one pass.
    """
    from fairlead.service.checks import check_definition
    from fairlead.workflow import check_inputs

    is_shipped = definition.path.startswith(SHIPPED_WORKFLOWS)
    catalog = parts.shipped_catalog() if is_shipped else parts.catalog(project)
    read = check_definition(parts, project, definition)
    errors = [found for found in read.diagnostics if not found.is_warning]
    if errors or read.workflow is None:
        raise FairleadError(*read.diagnostics)
    inputs, wrong = check_inputs(read.workflow, given)
    if wrong:
        raise FairleadError(*wrong)
    hidden = hidden_agents(read.workflow, parts.own_agents(project).hiding(), calls_own=not is_shipped)
    return pin_agents(read.workflow, catalog), inputs, (*read.diagnostics, *hidden)


def resumable_run(parts: Parts, project: Project, text: str) -> RunId:
    """The run to go on with; without *text*, the newest one that has not ended. A step of another run is that run.

    Raises:
        FairleadError: FL-S006 when it has ended, or none is open.
    """
    reader = require_reader(parts, project)
    if text:
        run = find_run(parts, project, text)
        row = row_of(reader, run)
        if row.status in RUN_ENDED:
            raise error(
                "FL-S006",
                f"run {run} has ended as {row.status}: nothing is left to do",
                f"fairlead runs show {run}",
                exit_code=2,
            )
        return topmost(reader, run)
    going_on = [line for line in list_runs(parts, project).runs if line.status not in RUN_ENDED]
    for line in going_on:
        if line.unowned_since or line.status == "waiting":
            return topmost(reader, line.run)
    if going_on:  # for example after a Ctrl-C that left it to its worker
        run = going_on[0].run
        said = f"no run waits to be continued: {run} is being worked on"
        raise error("FL-S006", said, f"fairlead runs watch {run}", f"fairlead cancel {run}", exit_code=2)
    raise error("FL-S006", "no run waits to be continued", "fairlead runs list", exit_code=2)
