"""What one step of a plan says: whom it calls, how it is isolated, what it costs."""

from collections.abc import Iterable
from functools import cached_property

from fairlead.core.errors import Diagnostic
from fairlead.core.forecasts import Forecast
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest
from fairlead.core.outcomes import Failed
from fairlead.core.people import People
from fairlead.core.ports import AgentCard, Call, Catalog, EffectCard
from fairlead.core.workflow import (
    Action,
    AgentAction,
    ApproveAction,
    ChooseAction,
    EffectAction,
    GroupAction,
    LoopAction,
    NotifyAction,
    ParallelAction,
    Planned,
    RunAction,
    Step,
    WaitAction,
    Workflow,
    WorkflowAction,
)
from fairlead.service.parts import Parts, Project
from fairlead.service.people import people_or_why
from fairlead.service.plan_records import Cost, PlannedAgent, PlanStep, Will
from fairlead.service.plan_times import Times

_WITHOUT_MODEL = ("tool", "command")  # adapters that call no model


class Around:
    """What a plan is made from besides the workflow. Each part is looked up when it is first needed."""

    def __init__(self, parts: Parts, project: Project, catalog: Catalog, times: Times) -> None:
        self.parts = parts
        self.project = project
        self.times = times
        self._catalog = catalog
        self._cards: dict[str, AgentCard | None] = {}

    @cached_property
    def people(self) -> tuple[People | None, tuple[Diagnostic, ...]]:
        return people_or_why(self.parts, self.project)

    @cached_property
    def effects(self) -> dict[str, EffectCard]:
        return dict(self.parts.effect_cards())

    @cached_property
    def allowed(self) -> frozenset[str]:
        """What the person lets happen unasked."""
        return frozenset(one.what for one in self.parts.permissions(self.project))

    def card(self, name: str) -> AgentCard | None:
        """The card of an agent."""
        if name not in self._cards:
            self._cards[name] = self._catalog.find(name)
        return self._cards[name]

    def agents(self, step: Step) -> tuple[PlannedAgent, ...]:
        """Those that may do the step, in the order in which they are tried."""
        if not isinstance(step.action, AgentAction):
            return ()
        return tuple(PlannedAgent(name, self._lacks(name)) for name in (step.action.name, *step.fallback))

    def _lacks(self, name: str) -> str:
        card = self.card(name)
        if card is None:
            return "there is no such agent"
        return card.problem or (f"needs {card.needs}" if card.needs else "")

    def failing(self, step: Step) -> str:
        """Why the step is certain to fail when it is performed: nobody can do it."""
        agents = self.agents(step)
        if not agents or any(not one.lacks for one in agents):
            return ""
        return "; ".join(f"{one.name} {one.lacks}" for one in agents)

    def level(self, step: Step) -> str | Failed:
        """The isolation that the step gets; "" for one that performs nothing on this machine."""
        match step.action:
            case AgentAction(definition=own):
                definitions = (own, *step.fallback_definitions)
                for number, one in enumerate(self.agents(step)):
                    card = self.card(one.name)
                    if card is not None and not one.lacks:
                        definition = definitions[number] if number < len(definitions) else Digest("")
                        return self.parts.level_of(self.project, card, _call(step, one.name, definition=definition))
                return ""
            case RunAction(argv):
                return self.parts.level_of(self.project, None, _call(step, "run", argv=argv))
            case _:
                return ""

    def cost(self, step: Step) -> Cost | None:
        """What it costs: nothing where no model is called, else unknown."""
        names = [one.name for one in self.agents(step)]
        cards = [self.card(name) for name in names]
        if any(card is None or card.adapter not in _WITHOUT_MODEL for card in cards):
            return None
        return Cost(0.0, 0.0, "it calls no model")

    def cost_of_all(self, steps: Iterable[PlanStep]) -> Cost | None:
        """What all of them cost together."""
        if any(one.cost is None for one in steps if one.will != "skip"):
            return None
        return Cost(0.0, 0.0, "no step calls a model")


def plan_step(
    around: Around,
    workflow: Workflow,
    planned: Planned,
    told: Forecast,
    stage: int,
    *,
    asks: bool,
    child: tuple[PlanStep, ...],
) -> PlanStep:
    """One step of the plan."""
    step = planned.step
    level = around.level(step)
    agents = around.agents(step)
    will: Will = told.will
    reason = told.reason
    if asks and will == "run":
        will = "ask"
    if agents and agents[0].lacks and will in ("run", "maybe") and (able := [one for one in agents if not one.lacks]):
        said = f"{agents[0].name} {agents[0].lacks}; {able[0].name} does it, and the step is degraded"
        reason = f"{reason}; {said}" if reason else said
    return PlanStep(
        id=step.id,
        action=_ACTION_NAMES[type(step.action)],
        what=_what(step.action),
        will=will,
        reason=reason,
        stage=stage,
        inside=planned.parent or "",
        depth=_depth(workflow, planned),
        title=step.title,
        needs=step.needs,
        after=step.after,
        condition=step.condition,
        over=step.each.over if step.each is not None else "",
        items=told.items,
        at_once=_at_once(step),
        rounds=told.rounds,
        until=step.action.until if isinstance(step.action, LoopAction) else "",
        branch=_branch(workflow, planned),
        agents=agents,
        level=level if isinstance(level, str) else "",
        level_problem=level.message if isinstance(level, Failed) else "",
        writes=step.writes,
        is_optional=step.optional,
        is_closing=planned.is_closing,
        seconds=around.times.steps.get(step.id),
        cost=around.cost(step),
        child=child,
    )


def want_isolation(around: Around, steps: Iterable[PlanStep]) -> str:
    """Why this machine cannot isolate what the steps need isolated; "" when it can, or none needs it."""
    if not any(one.level == "L2" and one.will != "skip" for one in steps):
        return ""
    problem = around.parts.sandbox_problem()
    return "" if problem is None else f"{problem.diagnostics[0].code}: {problem.diagnostics[0].message}"


_ACTION_NAMES: dict[type[Action], str] = {
    AgentAction: "agent",
    RunAction: "run",
    ApproveAction: "approve",
    EffectAction: "effect",
    NotifyAction: "notify",
    WaitAction: "wait",
    WorkflowAction: "workflow",
    ParallelAction: "parallel",
    GroupAction: "steps",
    LoopAction: "loop",
    ChooseAction: "choose",
}


def _what(action: Action) -> str:
    match action:
        case AgentAction(name) | WorkflowAction(name):
            return name
        case RunAction(argv):
            return " ".join(argv)
        case ApproveAction(title):
            return title
        case EffectAction(kind):
            return kind
        case NotifyAction(to):
            return ", ".join(to)
        case WaitAction(for_, until, event):
            return ", ".join(filter(None, (event and f"the signal {event}", for_, until)))
        case ParallelAction(steps) | GroupAction(steps) | LoopAction(steps):
            return f"{len(steps)} step{'s' * (len(steps) != 1)}"
        case ChooseAction(branches):
            return f"{len(branches)} branch{'es' * (len(branches) != 1)}"


def _call(step: Step, agent: str, **more: object) -> Call:
    return Call(RunId(""), Place(step.id), 1, agent, {}, "", sandbox=step.sandbox, isolate=step.isolate, **more)  # type: ignore[arg-type]  # argv or definition


def _at_once(step: Step) -> int:
    if step.each is not None:
        return step.each.max_parallel
    return step.action.max if isinstance(step.action, ParallelAction) else 0


def _depth(workflow: Workflow, planned: Planned) -> int:
    depth = 0
    while planned.parent is not None:
        planned = workflow.plan[planned.parent]
        depth += 1
    return depth


def _branch(workflow: Workflow, planned: Planned) -> str:
    parent = workflow.plan[planned.parent].step.action if planned.parent is not None else None
    if not isinstance(parent, ChooseAction):
        return ""
    return parent.branches[planned.branch].condition or "else"
