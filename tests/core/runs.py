"""Random workflows, and a driver that performs them on paper: no clock, no journal, one seed.

Whatever a value would say (a condition, a list, a metric) is drawn: here it only matters what follows from it.
"""

import random
from collections.abc import Iterator
from typing import get_args

from fairlead.core.decide import (
    AskAgain,
    Command,
    ContinueRun,
    EndRun,
    EndWait,
    JudgeRound,
    Lapse,
    LoseAttempt,
    OpenBlock,
    ParkRun,
    SeedRun,
    StartAttempt,
    StopAttempt,
    decide,
    ended,
    next_due,
)
from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    AttemptUncertain,
    Event,
    Recorded,
    RoundEnded,
    RunCancelRequested,
    RunClaimed,
    RunContinued,
    RunParked,
    RunPauseRequested,
    RunQueued,
    RunResumeRequested,
    SignalReceived,
    StepOpened,
    StepSkipped,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest
from fairlead.core.standing import StepRun
from fairlead.core.state import RunState, apply
from fairlead.core.workflow import (
    AgentAction,
    ApproveAction,
    Choice,
    ChooseAction,
    EffectAction,
    ErrorClass,
    GroupAction,
    LoopAction,
    ParallelAction,
    Step,
    WaitAction,
    Workflow,
    WorkflowAction,
)

RUN = RunId("r-test0001")


def random_workflow(rng: random.Random) -> Workflow:
    """A workflow of 1 to about 25 steps with blocks in blocks, graphs, optional steps and a `finally`."""
    names = iter(f"s{n}" for n in range(1000))
    flow = rng.choice(("sequence", "graph"))
    steps = _steps(rng, names, 0, is_graph=flow == "graph")
    closing = _steps(rng, names, 2, is_graph=False) if rng.random() < 0.5 else ()
    return Workflow(
        "random",
        steps,
        flow="graph" if flow == "graph" else "sequence",
        finally_=closing,
        parallel_max=rng.randint(1, 4),
    )


def _steps(rng: random.Random, names: Iterator[str], depth: int, *, is_graph: bool) -> tuple[Step, ...]:
    steps: list[Step] = []
    for _ in range(rng.randint(1, 5 - depth)):
        earlier = [step.id for step in steps]
        needs = tuple(sorted(rng.sample(earlier, rng.randint(0, min(2, len(earlier)))))) if is_graph else ()
        after = tuple(name for name in earlier if name not in needs and rng.random() < 0.2) if is_graph else ()
        steps.append(_step(rng, names, depth, needs, after))
    return tuple(steps)


def _step(rng: random.Random, names: Iterator[str], depth: int, needs: tuple[str, ...], after: tuple[str, ...]) -> Step:
    kind = rng.random()
    name = next(names)
    action: AgentAction | ParallelAction | GroupAction = AgentAction("scripted")
    if depth < 3 and kind < 0.25:
        inner = _steps(rng, names, depth + 1, is_graph=True)
        action = ParallelAction(inner, max=rng.randint(0, 3), fail_fast=rng.random() < 0.5)
    elif depth < 3 and kind < 0.4:
        action = GroupAction(_steps(rng, names, depth + 1, is_graph=False))
    optional = rng.random() < 0.3
    has_default = optional and rng.random() < 0.5
    return Step(name, action, needs=needs, after=after, optional=optional, has_default=has_default)


CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)
MOVES_MAX = 20_000  # far more than any run that ends needs
PEOPLE = ("ann", *(f"person{number}" for number in range(30)))  # each of them counts once


class PaperRun:
    """Performs a run on paper: every recorded event is kept in `records`."""

    def __init__(self, workflow: Workflow, rng: random.Random) -> None:
        self.workflow = workflow
        self.rng = rng
        self.state = RunState(workflow, RUN)
        self.records: list[Recorded] = []
        self.stopping: set[Place] = set()
        self.moved = 0  # microseconds by which the clock was moved

    @property
    def now(self) -> Micros:
        """What the clock shows."""
        return Micros(1000 * len(self.records) + self.moved)

    def record(self, event: Event, *, is_request: bool = False) -> None:
        seq = Seq(len(self.records) + 1)
        epoch = Epoch(0) if is_request else Epoch(self.state.epoch + isinstance(event, RunClaimed))
        at = Micros(1000 * seq + self.moved)
        self.records.append(Recorded(seq, RUN, epoch, at, event))
        apply(self.state, event, at, epoch)
        self.state.applied = seq

    def ask(self, event: Event) -> None:
        """Somebody outside asks for something."""
        self.record(event, is_request=True)

    def begin(self, *, is_paused: bool = False) -> None:
        self.ask(RunQueued("random", Digest("sha256:0"), {}, "/tree"))
        if is_paused:
            self.ask(RunPauseRequested("somebody"))
        elif self.rng.random() < 0.02:
            self.ask(self.rng.choice((RunCancelRequested("somebody"), RunResumeRequested("somebody"))))
        self.record(RunClaimed("w-1"))

    def perform(self, *, cancels: int = 0, deaths: int = 0, pauses: int = 0, failures: float = 0.2) -> None:
        """Bring the run to its end; at most as many decisions as the run can possibly need."""
        self.begin(is_paused=pauses > 1)
        for _ in range(MOVES_MAX):
            self.obey(failures)
            if self.state.ended is not None:
                return
            if pauses and self.rng.random() < 0.1:
                pauses -= 1
                self.ask(RunPauseRequested("somebody"))
            elif self.state.pause is not None and not self.state.running and self.rng.random() < 0.7:
                for _ in range(self.rng.choice((1, 1, 2))):  # two people may say so at the same time
                    self.ask(RunResumeRequested("somebody"))
            elif cancels and self.rng.random() < 0.1:
                cancels -= 1
                self.ask(RunCancelRequested("somebody"))
            elif deaths and self.rng.random() < 0.15:
                deaths -= 1
                self.stopping.clear()
                self.record(RunClaimed("w-2"))
            elif self.state.running or not decide(self.workflow, self.state, self.now):
                self.let_happen(failures)
        raise AssertionError(f"the run does not end: {[(s.place, s.status) for s in self.state.steps.values()]}")

    def let_happen(self, failures: float) -> None:
        """An attempt ends, the clock moves, or somebody does what the run waits for."""
        state = self.state
        choices = [*state.running, None] if state.running else [None]
        place = self.rng.choice(choices)
        if place is not None:
            self.finish(place, failures)
            return
        questions = [place for place in state.waiting if state.steps[place].asked is not None]
        due = next_due(state)
        if questions and self.rng.random() < 0.8:
            self.decide_on(state.steps[self.rng.choice(questions)])
        elif due is not None and self.rng.random() < 0.8:
            self.moved = max(self.moved, due - 1000 * len(self.records))
        elif any(s.wait is not None and s.wait.child for s in map(state.steps.__getitem__, state.waiting)):
            self.stopping.clear()
            self.record(RunClaimed("w-3"))  # whoever ended the child goes on with its parent
        elif state.waiting:
            self.moved += 20_000_000
            if self.rng.random() < 0.5:
                self.ask(SignalReceived(self.rng.choice(("go", "stop")), self.rng.random()))

    def decide_on(self, step: StepRun) -> None:
        asked = step.asked
        assert asked is not None
        yes: Choice = "approve"
        choice = self.rng.choice((*asked.choices, *[yes] * 6))
        shown = asked.digest if self.rng.random() < 0.9 else Digest("sha256:stale")
        by, is_self = self.rng.choice((PEOPLE[0], *PEOPLE)[: self.rng.choice((2, 30))]), self.rng.random() < 0.2
        selected = (0,) if choice == "approve_subset" else ()
        self.ask(ApprovalDecided(step.place, asked.approval, choice, by, shown, selected=selected, is_self=is_self))

    def obey(self, failures: float = 0.0) -> bool:
        """Do what follows now; True when that may have led to more."""
        commands = [one for one in decide(self.workflow, self.state, self.now) if not isinstance(one, StopAttempt)]
        for command in commands:
            if not self._obey(command, failures):
                break  # as the loop does: what was found out may have ended what the next commands were about
        self.stopping |= set(self.state.doomed)
        return bool(commands)

    def _obey(self, command: Command, failures: float) -> bool:
        chance = self.rng.random()
        match command:
            case StartAttempt(place, attempt):
                return self._start(self.state.steps[place], attempt, failures)
            case LoseAttempt(place, attempt, how):
                self.record(self._lost(place, attempt, how))
                return True
            case OpenBlock(place):
                self.record(self._opened(self.state.steps[place], failures))
            case JudgeRound(place):
                self.record(self._judged(place, failures))
            case EndWait(place, attempt, signal):
                wait = self.state.steps[place].wait
                is_missed = wait is not None and wait.signal and not signal
                late = AttemptFailed(place, attempt, "platform", "FL-R213", "it did not come")
                self.record(late if is_missed else AttemptSucceeded(place, attempt, {"data": signal}))
            case AskAgain(place):
                self._question(place, "uncertain")
            case Lapse(place):
                attempt = self.state.steps[place].attempts + 1
                self.record(AttemptFailed(place, attempt, "person", "FL-P003", "nobody decided in time"))
            case SeedRun():
                raise AssertionError("a run on paper keeps nothing of another one")
            case ContinueRun():
                self.record(RunContinued())
            case ParkRun(reasons):
                self.record(RunParked(reasons))
            case EndRun():
                self.record(ended(command, {"chance": chance}))
            case StopAttempt():
                raise AssertionError("stopping changes nothing by itself")
        return False

    def _start(self, step: StepRun, attempt: int, failures: float) -> bool:
        place, action = step.place, step.planned.step.action
        if step.planned.step.condition and step.kind == "step" and not step.attempts and self.rng.random() < 0.3:
            self.record(StepSkipped(place, "it does not hold"))
            return False
        if failures and self.rng.random() < 0.03:
            error = self.rng.choice(CLASSES)
            self.record(AttemptFailed(place, attempt, "author", "FL-E101", "refused", error=error))
            return False
        match action:
            case ApproveAction():
                self._question(place, "approve")
                return False
            case WaitAction():
                due = Micros(self.now + self.rng.randint(0, 30_000_000)) if action.for_ else Micros(0)
                self.record(WaitBegun(place, attempt, due, action.event))
                return False
            case EffectAction() if not step.granted:
                self._question(place, "effect")
                return False
        child = f"r-child{len(self.records):03d}" if isinstance(action, WorkflowAction) else ""
        effect = self.rng.choice(("keyed", "unkeyed", "irreversible")) if isinstance(action, EffectAction) else ""
        agent = step.planned.step.fallback[step.alternative - 1] if step.alternative else "scripted"
        self.record(AttemptStarted(place, attempt, agent, "1", Digest("sha256:1"), child=child, effect=effect))
        return True

    def _question(self, place: Place, about: str) -> None:
        step = self.state.steps[place]
        known = len(self.state.approvals)
        name, shown = f"a-{known:06d}", Digest(f"sha256:{known}")
        asked = ApprovalAsked(place, name, about, "Go on?", digest=shown)
        action = step.planned.step.action
        if about == "approve" and isinstance(action, ApproveAction):
            due = Micros(self.now + round(action.timeout_s * 1e6))
            selectable = 2 if action.select else 0
            asked = ApprovalAsked(
                place,
                name,
                about,
                "Go on?",
                digest=shown,
                choices=action.choices,
                approvers=action.approvers,
                selectable=selectable,
                due=due,
                on_timeout=action.on_timeout,
            )
        self.record(asked)

    def _lost(self, place: Place, attempt: int, how: str) -> Event:
        if how == "uncertain":
            return AttemptUncertain(place, attempt, "its worker is gone")
        if how == "undelivered":
            return AttemptSucceeded(place, attempt, {}, degraded=("perhaps not delivered",))
        return AttemptLost(place, attempt, "its worker is gone")

    def _opened(self, step: StepRun, failures: float) -> Event:
        if step.planned.step.condition and step.kind == "step" and self.rng.random() < 0.3:
            return StepSkipped(step.place, "it does not hold")
        if failures and self.rng.random() < 0.05:
            return AttemptFailed(step.place, step.attempts + 1, "author", "FL-E101", "no list", error="validation")
        if step.is_each:
            return StepOpened(step.place, tuple("xyz"[: self.rng.randint(0, 3)]))
        match step.planned.step.action:
            case LoopAction():
                return StepOpened(step.place, rounds_max=self.rng.randint(1, 3), start=self.rng.choice((None, 5.0)))
            case ChooseAction(branches):
                return StepOpened(step.place, branch=self.rng.randint(-1, len(branches) - 1))
        return StepOpened(step.place)

    def _judged(self, place: Place, failures: float) -> Event:
        loop = self.state.steps[self.state.steps[place].parent or place]
        if failures and self.rng.random() < 0.05:
            return AttemptFailed(loop.place, loop.attempts + 1, "author", "FL-E101", "no field", error="validation")
        return RoundEnded(place, self.rng.choice((None, self.rng.uniform(0, 9))), self.rng.random() < 0.2)

    def finish(self, place: Place, failures: float) -> None:
        step = self.state.steps[place]
        attempt = step.attempts
        chance = self.rng.random()
        if place in self.stopping:
            self.stopping.discard(place)
            if chance < 0.8:  # else it ended by itself while it was being stopped
                self.record(AttemptCancelled(place, attempt, self.state.doomed.get(place, "stopped")))
                return
            chance = self.rng.random()
        if step.child and self.rng.random() < 0.4:
            self.record(WaitBegun(place, attempt, child=step.child))
        elif chance < failures:
            error = self.rng.choice(CLASSES) if 0 < failures < 1 else ""
            code = f"FL-R21{self.rng.randint(0, 1)}"
            self.record(AttemptFailed(place, attempt, "agent" if error else "result", code, "it failed", error=error))
        elif chance < failures + 0.1:
            self.record(AttemptSucceeded(place, attempt, {"n": 1}, degraded=("less than asked",)))
        else:
            self.record(AttemptSucceeded(place, attempt, {"n": 1}))


def facts(state: RunState) -> dict[str, object]:
    """All that can be asked of a state, as one value."""
    steps = {
        place: {name: _plain(getattr(step, name)) for name in step.__struct_fields__}
        for place, step in state.steps.items()
    }
    rest = {k: v for k, v in vars(state).items() if k not in ("steps", "workflow", "worst")}
    return {"steps": steps, "worst": [step.place for step in state.worst], **rest}


def _plain(value: object) -> object:
    slots = getattr(value, "__slots__", None)
    if type(value).__name__ == "Rounds" and slots:
        return [getattr(value, name) for name in slots]
    return value
