"""What a run shall know of its surroundings, gathered once when it is recorded: only what its expressions read."""

from fairlead.core.json import Digest, Json, encode
from fairlead.core.readings import readings_of
from fairlead.core.standing import RunState
from fairlead.core.transitions import RUN_ENDED
from fairlead.core.workflow import Workflow
from fairlead.service.parts import Checkout, Parts, Project
from fairlead.views.reading import Readable
from fairlead.views.runs import project_run, queued_of

_LOOKED_THROUGH_MAX = 200  # runs, for the last finished one


def facts_of(parts: Parts, project: Project, workflow: Workflow, checkout: Checkout) -> Digest:
    """The digest of the facts in the content store; "" when the workflow reads none."""
    facts = gather_facts(parts, project, workflow, checkout)
    return parts.journal(project).put(encode(facts)) if facts else Digest("")


def gather_facts(parts: Parts, project: Project, workflow: Workflow, checkout: Checkout) -> dict[str, Json]:
    """The facts by their roots; nothing is written."""
    readings = list(readings_of(workflow))
    roots = {reading.root for reading in readings}
    fields = {(reading.root, reading.path[0]) for reading in readings if reading.path}
    facts: dict[str, Json] = {}
    if "git" in roots:
        facts["git"] = parts.git_facts(
            project, with_changed=("git", "changed") in fields, with_tree=("git", "tree") in fields
        )
    if "host" in roots:
        facts["host"] = parts.host_facts()
    if "data" in roots:
        facts["data"] = {"advisories": {"revision": _revision(parts)}}
    if "env" in roots:
        facts["env"] = {name: parts.environ[name] for name in workflow.env if name in parts.environ}
    before = {
        str(reading.path[0])
        for reading in readings
        if reading.root == "steps" and len(reading.path) > 1 and reading.path[1] == "previous"
    }
    if before:
        facts["previous"] = _previous(parts, project, workflow, checkout, before)
    return facts


def _revision(parts: Parts) -> str:
    return "; ".join(f"{one.ecosystem} {one.date}" for one in parts.advisories().ecosystems)


def _previous(
    parts: Parts, project: Project, workflow: Workflow, checkout: Checkout, names: set[str]
) -> dict[str, Json]:
    """What these steps gave in the last finished run of this workflow on this branch."""
    journal = parts.reader(project)
    if journal is None:
        return {}
    for row in journal.runs(_LOOKED_THROUGH_MAX):
        if row.workflow != workflow.name or row.status not in RUN_ENDED - {"cancelled"}:
            continue
        if queued_of(journal, row.run).branch != checkout.branch:
            continue
        state = project_run(journal, row.run).state
        return {name: output for name in sorted(names) if (output := _output(state, name, journal)) is not None}
    return {}


def _output(state: RunState, name: str, journal: Readable) -> Json:
    from fairlead.views.outputs import output_at

    step = next((one for one in state.steps.values() if one.place == name), None)
    return output_at(step, journal) if step is not None and step.is_usable else None
