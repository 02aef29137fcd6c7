"""`plan`: what a run of a workflow would do. Nothing is recorded, kept, called or asked."""

from collections import Counter
from collections.abc import Mapping, Sequence

from fairlead.core.errors import FairleadError
from fairlead.core.events import ApprovalAsked
from fairlead.core.findings import path_text
from fairlead.core.forecasts import Known, Unknown, forecast
from fairlead.core.ids import Place
from fairlead.core.json import Json
from fairlead.core.people import lacking, who_is_asked
from fairlead.core.references import resolve
from fairlead.core.shapes import shapes_of
from fairlead.core.stages import isolated_steps, longest_chain, stages_of
from fairlead.core.workflow import ApproveAction, EffectAction, Step, Workflow, WorkflowAction
from fairlead.service.checks import check_definition
from fairlead.service.children import read_child
from fairlead.service.facts import gather_facts
from fairlead.service.parts import Parts, Project
from fairlead.service.pinning import hidden_agents, pin_agents
from fairlead.service.plan_parts import Around, plan_step, want_isolation
from fairlead.service.plan_records import Plan, PlannedApproval, PlannedEffect, PlanStep
from fairlead.service.plan_times import Times, times_of
from fairlead.service.starts import SHIPPED_WORKFLOWS, Definition, look

_NO_LEVELS: dict[str, int] = {}


def make_plan(parts: Parts, project: Project, definition: Definition, given: Mapping[str, Json]) -> Plan:
    """What would happen if *definition* were started now with the inputs *given*, supposing that all ends well.

    Raises:
        FairleadError: everything that is wrong with the file and the inputs, in one pass.
    """
    from fairlead.workflow import check_inputs

    read = check_definition(parts, project, definition)
    if read.workflow is None:
        raise FairleadError(*read.diagnostics)
    inputs, wrong = check_inputs(read.workflow, given)
    if wrong:
        raise FairleadError(*wrong)
    is_shipped = definition.path.startswith(SHIPPED_WORKFLOWS)
    catalog = parts.shipped_catalog() if is_shipped else parts.catalog(project)
    hidden = hidden_agents(read.workflow, parts.own_agents(project).hiding(), calls_own=not is_shipped)
    workflow = pin_agents(read.workflow, catalog)
    around = Around(parts, project, catalog, times_of(parts, project, workflow.name))
    facts = _facts(parts, project, workflow, inputs)
    plan = _Planner(around, (workflow.name,)).plan(workflow, facts)
    stages = stages_of(workflow)
    leaves = [one for one in plan.steps if one.stage]
    path, basis = _critical(workflow, leaves, around.times)
    sandbox = want_isolation(around, _all_steps(plan.steps))
    return Plan(
        workflow=workflow.name,
        digest=read.workflow.digest,
        file=path_text(definition.path),
        shape=", ".join(shapes_of(workflow)),
        inputs=inputs,
        steps=tuple(plan.steps),
        stages=stages,
        counts=dict(Counter(one.will for one in leaves)),
        title=workflow.title,
        approvals=tuple(plan.approvals),
        effects=tuple(plan.effects),
        levels=dict(Counter(one.level for one in _all_steps(plan.steps) if one.level and one.will != "skip")),
        sandbox=sandbox,
        critical_path=path,
        critical_path_basis=basis,
        isolated=isolated_steps(workflow),
        seconds=around.times.whole,
        cost=around.cost_of_all(_all_steps(plan.steps)),
        unknowns=_unknowns(plan.steps, around.times),
        problems=_problems(plan, sandbox),
        warnings=(*read.diagnostics, *hidden),
    )


class _Planner:
    """Plans one workflow, and those that it performs."""

    def __init__(self, around: Around, path: tuple[str, ...]) -> None:
        self._around = around
        self._path = path
        self.steps: list[PlanStep] = []
        self.approvals: list[PlannedApproval] = []
        self.effects: list[PlannedEffect] = []

    def plan(self, workflow: Workflow, facts: Mapping[str, Json]) -> "_Planner":
        around = self._around
        forecasts = forecast(workflow, facts, around.failing)
        stage_of = {name: number for number, names in enumerate(stages_of(workflow), start=1) for name in names}
        for name, planned in workflow.plan.items():
            told = forecasts[name]
            child: tuple[PlanStep, ...] = ()
            if isinstance(planned.step.action, WorkflowAction) and told.will != "skip":
                child = self._child(workflow, planned.step, facts)
            asks = told.will != "skip" and self._note_questions(planned.step, facts)
            one = plan_step(around, workflow, planned, told, stage_of.get(name, 0), asks=asks, child=child)
            self.steps.append(one)
        return self

    def _child(self, workflow: Workflow, step: Step, facts: Mapping[str, Json]) -> tuple[PlanStep, ...]:
        assert isinstance(step.action, WorkflowAction)
        parts, project = self._around.parts, self._around.project
        child = read_child(parts, project, step.action.name, self._path)
        inputs: dict[str, Json] = {name: one.default for name, one in child.inputs.items() if one.has_default}
        for name, text in step.given.items():
            try:
                inputs[name] = resolve(text, Known(facts))
            except (Unknown, ValueError):
                inputs.pop(name, None)
        inner = _Planner(self._around, (*self._path, child.name))
        inner.plan(child, {**_facts(parts, project, child, {}), "inputs": Known(inputs)})
        self.approvals += inner.approvals
        self.effects += inner.effects
        return tuple(inner.steps)

    def _note_questions(self, step: Step, facts: Mapping[str, Json]) -> bool:
        """Note what the step asks of people or does to the world; whether somebody is asked."""
        match step.action:
            case ApproveAction() as action:
                self.approvals.append(self._approval(step, action, facts))
                return True
            case EffectAction(kind):
                effect = self._effect(step, kind)
                self.effects.append(effect)
                if effect.is_asked:
                    self.approvals.append(self._consent(step, effect))
                return effect.is_asked
            case _:
                return False

    def _approval(self, step: Step, action: ApproveAction, facts: Mapping[str, Json]) -> PlannedApproval:
        asked = ApprovalAsked(Place(step.id), "", "approve", "", approvers=action.approvers, not_by=action.not_by)
        return PlannedApproval(
            step.id,
            _filled(action.title, facts),
            who_is_asked(action.approvers),
            action.choices,
            action.timeout_s,
            action.on_timeout,
            self._lacking(asked),
        )

    def _consent(self, step: Step, effect: PlannedEffect) -> PlannedApproval:
        asked = ApprovalAsked(Place(step.id), "", "effect", "", effect=effect.effect_class)
        title = f"Let {step.id} perform {effect.kind}?"
        return PlannedApproval(step.id, title, who_is_asked(()), ("approve", "reject"), lacking=self._lacking(asked))

    def _lacking(self, asked: ApprovalAsked) -> tuple[str, ...]:
        people, problems = self._around.people
        if people is None:
            return tuple(one.message for one in problems)
        return lacking(asked, people, self._around.parts.user)

    def _effect(self, step: Step, kind: str) -> PlannedEffect:
        card = self._around.effects.get(kind)
        if card is None:
            return PlannedEffect(step.id, kind, "", False, "this build does not perform it")
        is_allowed = kind in self._around.allowed and card.effect_class != "irreversible"
        why = "allowed for this project" if is_allowed else ""
        if not is_allowed and card.covered_by:
            why = f"not when an approval before it granted its {' and '.join(card.covered_by)}"
        return PlannedEffect(step.id, kind, card.effect_class, not is_allowed, why)


def _facts(parts: Parts, project: Project, workflow: Workflow, inputs: dict[str, Json]) -> dict[str, Json]:
    """The roots that are known before a run begins."""
    facts = gather_facts(parts, project, workflow, look(parts, project))
    roots: dict[str, Json] = {root: facts.get(root, {}) for root in ("git", "host", "data", "env", "previous")}
    run = Known({"workflow": workflow.name, "requester": parts.user})
    return {**roots, "inputs": inputs, "run": run}


def _filled(text: str, facts: Mapping[str, Json]) -> str:
    """A text with its expressions filled in, or as it is written where they cannot be known yet."""
    try:
        return str(resolve(text, Known(facts)))
    except (Unknown, ValueError):
        return text


def _critical(workflow: Workflow, leaves: Sequence[PlanStep], times: Times) -> tuple[tuple[str, ...], str]:
    """The longest chain, in seconds where all of its times are known, else in steps."""
    counted = {one.id: one for one in leaves if one.will != "skip"}
    known = {name: times.steps[name].high for name in counted if name in times.steps}
    if known and len(known) == len(counted):
        return longest_chain(workflow, lambda name: known.get(name, 0.0)).steps, "seconds"
    return longest_chain(workflow, lambda name: 1.0 if name in counted else 0.0).steps, "steps"


def _all_steps(steps: Sequence[PlanStep]) -> list[PlanStep]:
    found: list[PlanStep] = []
    for one in steps:
        found.append(one)
        found += _all_steps(one.child)
    return found


def _unknowns(steps: Sequence[PlanStep], times: Times) -> tuple[str, ...]:
    found: list[str] = []
    for one in steps:
        if one.will == "maybe" and one.condition and one.reason.startswith("if "):
            found.append(f"whether {one.id} is performed: {one.reason}")
        if one.over and one.items is None and one.will != "skip":
            found.append(f"how many items {one.id} has: `{one.over}`")
        if one.action == "loop" and one.will != "skip":
            found.append(f"how many rounds {one.id} takes")
    if times.whole is None:
        found.append(f"how long it takes: {times.basis}")
    return tuple(found)


def _sure_failure(one: PlanStep) -> str:
    """Why the step fails once it is performed; "" when it does not, or may."""
    if one.agents and all(agent.lacks for agent in one.agents) and one.will != "skip":
        return "; ".join(f"{agent.name} {agent.lacks}" for agent in one.agents)
    return one.reason if one.will == "fail" and one.stage else ""


def _problems(plan: _Planner, sandbox: str) -> tuple[str, ...]:
    found = [f"{one.id} would fail: {said}" for one in plan.steps if (said := _sure_failure(one))]
    found += [f"{one.id}: {one.level_problem}" for one in _all_steps(plan.steps) if one.level_problem]
    found += [f"{one.step}: {said}" for one in plan.approvals for said in one.lacking]
    found += [f"{one.step}: {one.kind} is not performed by this build" for one in plan.effects if not one.effect_class]
    return (*found, *((sandbox,) if sandbox else ()))
