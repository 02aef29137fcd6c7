"""Runs that keep what another run has done: which of its steps still hold, and which have to be done (again)."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from fairlead.core.errors import error
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json, encode
from fairlead.core.readings import readings_of
from fairlead.core.references import references_in
from fairlead.core.standing import RunState, StepRun
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import ChooseAction, LoopAction, Planned, Step, Workflow
from fairlead.service.labels import is_ours
from fairlead.service.parts import Parts, Project
from fairlead.service.runs import LIST_MAX
from fairlead.views.runs import project_run, queued_of


class Keeping(msgspec.Struct, frozen=True):
    """What a new run takes over, and why the rest is not taken over."""

    origin: RunId
    kept: tuple[str, ...]  # ids of outermost steps, in the order of the workflow
    again: dict[str, str]  # id of an outermost step → why it is done (again)
    only: tuple[str, ...] = ()  # the outermost steps that are performed; none: all that are not kept
    partly: tuple[str, ...] = ()  # blocks of which only that is done again which did not end well
    commit: str = ""  # what was checked out there

    @property
    def all_kept(self) -> tuple[str, ...]:
        """What `RunQueued.kept` holds: what failed in a block that is kept is done again all the same."""
        return (*self.kept, *self.partly)


NOTHING_KEPT = Keeping(RunId(""), (), {})


class Part(msgspec.Struct, frozen=True):
    """Which part of a workflow is to be done: all of it, what failed, from a step on, or one step."""

    failed: bool = False
    from_: str = ""
    only: str = ""


WHOLE = Part()


def keep_for(
    parts: Parts, project: Project, workflow: Workflow, inputs: Mapping[str, Json], part: Part, branch: str
) -> Keeping:
    """What a new run of *workflow* takes over from the last finished one."""
    if part == WHOLE:
        return NOTHING_KEPT
    origin = _last_finished(parts, project, workflow, branch)
    if part.only:
        return _keep_for_only(origin, workflow, inputs, part.only)
    return keep_before(origin, workflow, inputs, part.from_, is_fork=False)


def keep_of(origin: RunState, workflow: Workflow, part: Part) -> Keeping:
    """What a run that does *origin* again takes over from it."""
    if part.failed:
        return _keep_what_ended_well(origin, workflow)
    if part.from_:
        return keep_before(origin, workflow, origin.inputs, part.from_, is_fork=False)
    return NOTHING_KEPT


def _outermost(workflow: Workflow, name: str) -> str:
    """The outermost step that holds the step *name*.

    Raises:
        FairleadError: FL-S090 there is no such step.
    """
    if name not in workflow.plan:
        from difflib import get_close_matches

        near = get_close_matches(name, list(workflow.plan), 3, 0.5)
        hints = [f"did you mean {' or '.join(near)}?"] if near else []
        known = ", ".join(planned.step.id for planned in _roots(workflow))
        raise error("FL-S090", f"{workflow.name} has no step {name}", *hints, f"its steps: {known}", exit_code=2)
    planned = workflow.plan[name]
    while planned.parent is not None:
        planned = workflow.plan[planned.parent]
    if planned.is_closing:
        raise error("FL-S090", f"{name} stands under `finally`, which is always done", exit_code=2)
    return planned.step.id


def keep_before(origin: RunState, workflow: Workflow, inputs: Mapping[str, Json], at: str, *, is_fork: bool) -> Keeping:
    """Keep what does not depend on the step *at*, nor on anything that has changed."""
    first = _outermost(workflow, at)
    return _keeping(origin, workflow, inputs, {first: "asked for"}, is_fork=is_fork)


def _keep_what_ended_well(origin: RunState, workflow: Workflow) -> Keeping:
    """Keep all but what failed, and what comes after that: in a fan-out that failed, the items that ended well.

    Raises:
        FairleadError: FL-S094 the run has not ended; FL-S091 nothing in it failed.
    """
    if origin.status not in RUN_ENDED:
        said = f"run {origin.run} has not ended: it is {origin.status}"
        raise error("FL-S094", said, f"fairlead resume {origin.run}", f"fairlead cancel {origin.run}", exit_code=2)
    if all(_has_ended_well(origin.steps[Place(name)]) for name in _names(_roots(origin.workflow))):
        raise error("FL-S091", f"nothing in {origin.run} failed", f"fairlead rerun {origin.run}", exit_code=2)
    keeping = _keeping(origin, workflow, origin.inputs, {}, is_fork=False)
    partly = [name for name in keeping.again if _can_be_kept_in_part(origin, workflow, name, keeping)]
    return msgspec.structs.replace(keeping, partly=tuple(partly))


def _can_be_kept_in_part(origin: RunState, workflow: Workflow, name: str, keeping: Keeping) -> bool:
    """Whether *name* is a block that failed, of which the parts that ended well still hold."""
    planned = workflow.plan[name]
    step = origin.steps.get(Place(name))
    if step is None or step.status not in ("failed", "cancelled") or not step.children:
        return False
    if keeping.again[name] != _not_there(step) or any(
        earlier in keeping.again for earlier in (*planned.needs, *planned.after)
    ):
        return False
    # A round builds on the one before, and a choice on what was known: these are done again as a whole.
    return not any(isinstance(one.step.action, LoopAction | ChooseAction) for one in _inside(workflow, planned))


def _inside(workflow: Workflow, planned: Planned) -> Iterator[Planned]:
    yield planned
    for name in planned.children:
        yield from _inside(workflow, workflow.plan[name])


def _keep_for_only(origin: RunState, workflow: Workflow, inputs: Mapping[str, Json], at: str) -> Keeping:
    """Keep what the step *at* needs, and perform nothing else.

    Raises:
        FairleadError: FL-S092 something that it needs cannot be taken over.
    """
    first = _outermost(workflow, at)
    keeping = _keeping(origin, workflow, inputs, {first: "asked for"}, is_fork=False)
    wanted = _before(workflow, first)
    gone = [name for name in _names(_roots(workflow)) if name in wanted and name not in keeping.kept]
    if gone:
        why = keeping.again.get(gone[0], "it has no outcome there")
        said = f"{at} needs {', '.join(gone)}, which {origin.run} cannot give: {why}"
        raise error("FL-S092", said, f"fairlead run {workflow.name} --from {gone[0]}", exit_code=2)
    kept = tuple(name for name in keeping.kept if name in wanted)
    return Keeping(origin.run, kept, {first: "asked for"}, (first,), commit=keeping.commit)


def _last_finished(parts: Parts, project: Project, workflow: Workflow, branch: str) -> RunState:
    """The newest run of *workflow* on *branch* that has ended, and in which anything ended well.

    Raises:
        FairleadError: FL-S093 there is none.
    """
    journal = parts.reader(project)
    rows = () if journal is None else journal.runs(LIST_MAX)
    for row in rows:
        if journal is None or row.workflow != workflow.name or row.status not in RUN_ENDED:
            continue
        queued = queued_of(journal, row.run)
        if queued.branch != branch or queued.parent or is_ours(queued.labels):
            continue
        state = project_run(journal, row.run).state
        if any(_has_ended_well(state.steps[Place(name)]) for name in _names(_roots(state.workflow))):
            return state
    where = f" on {branch}" if branch else ""
    said = f"no run of {workflow.name}{where} has ended yet, so nothing can be taken over"
    raise error("FL-S093", said, f"fairlead run {workflow.name}", exit_code=2)


def _keeping(
    origin: RunState, workflow: Workflow, inputs: Mapping[str, Json], again: dict[str, str], *, is_fork: bool
) -> Keeping:
    found = dict(again)
    changed = {name for name in {*inputs, *origin.inputs} if inputs.get(name) != origin.inputs.get(name)}
    for planned in _roots(workflow):
        name = planned.step.id
        step = origin.steps.get(Place(name))
        if name in found:
            continue
        if step is None or _as_recorded(origin.workflow.plan[name].step) != _as_recorded(planned.step):
            found[name] = "the workflow has changed here"
        elif not _has_ended_well(step):
            found[name] = _not_there(step)
        elif reads := _reads_inputs(workflow, planned, changed):
            found[name] = f"it reads the input {', '.join(sorted(reads))}, which has changed"
    if not is_fork:
        for name, why in _changed_files(origin, workflow).items():
            found.setdefault(name, why)
    return _ordered(origin, workflow, {**found, **_following(workflow, found)})


def _as_recorded(step: Step) -> Step:
    """*step* as the content store has it: there 5 and 5.0 are one number."""
    return msgspec.json.decode(encode(step), type=Step)


def _not_there(step: StepRun) -> str:
    how = {"failed": "failed", "skipped": "was skipped", "cancelled": "was cancelled"}.get(step.status, "had not ended")
    return f"it {how} there"


def _has_ended_well(step: StepRun) -> bool:
    return step.status in ("succeeded", "degraded") or (step.status == "skipped" and step.is_by_choice)


def _changed_files(origin: RunState, workflow: Workflow) -> dict[str, str]:
    """Steps that changed files: they are done again, so that they work on the files as they are now."""
    found: dict[str, str] = {}
    for step in origin.steps.values():
        if step.has_changed_files and not step.planned.is_closing and step.planned.step.id in workflow.plan:
            found[_outermost(workflow, step.planned.step.id)] = "it changed files"
    return found


def _reads_inputs(workflow: Workflow, planned: Planned, changed: set[str]) -> set[str]:
    """Those of the *changed* inputs that the step reads, by itself, in a step inside it, or by way of a variable."""
    if not changed:
        return set()
    bare = msgspec.structs.replace(planned.step, needs=(), after=())
    alone = msgspec.structs.replace(workflow, steps=(bare,), finally_=(), outputs={}, concurrency=None, vars={})
    found: set[str] = set()
    todo, seen = list(readings_of(alone)), set[str]()
    while todo:
        reading = todo.pop()
        if reading.root == "inputs":
            found |= {str(reading.path[0])} & changed if reading.path else changed
        elif reading.root == "vars":
            names = {str(reading.path[0])} if reading.path else set(workflow.vars)
            for name in (names & workflow.vars.keys()) - seen:
                seen.add(name)
                todo += references_in(workflow.vars[name])
    return found


def _following(workflow: Workflow, names: Iterable[str]) -> dict[str, str]:
    """Outermost steps after *names*."""
    given = set(names)
    return {name: why for name, why in _after(workflow, given).items() if name not in given}


def _after(workflow: Workflow, names: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    todo = [(name, successor) for name in names for successor in workflow.plan[name].successors]
    while todo:
        cause, name = todo.pop()
        if name not in found:
            found[name] = f"it comes after {cause}"
            todo.extend((name, successor) for successor in workflow.plan[name].successors)
    return found


def _before(workflow: Workflow, name: str) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        planned = workflow.plan[todo.pop()]
        for earlier in (*planned.needs, *planned.after):
            if earlier not in found:
                found.add(earlier)
                todo.append(earlier)
    return found


def _roots(workflow: Workflow) -> Iterator[Planned]:
    return (one for one in workflow.plan.values() if one.parent is None and not one.is_closing)


def _names(roots: Iterable[Planned]) -> list[str]:
    return [planned.step.id for planned in roots]


def _ordered(origin: RunState, workflow: Workflow, again: Mapping[str, str]) -> Keeping:
    names = _names(_roots(workflow))
    kept = tuple(name for name in names if name not in again)
    commit = origin.queued.commit if origin.queued is not None else ""
    return Keeping(origin.run, kept, {name: again[name] for name in names if name in again}, commit=commit)
