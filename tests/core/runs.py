"""Random workflows, and a driver that performs them on paper: no clock, no journal, one seed."""

import random
from collections.abc import Iterator

from fairlead.core.decide import EndRun, LoseAttempt, StartAttempt, StopAttempt, decide, ended
from fairlead.core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    Recorded,
    RunCancelRequested,
    RunClaimed,
    RunPauseRequested,
    RunQueued,
    RunResumeRequested,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest
from fairlead.core.state import RunState, apply
from fairlead.core.workflow import AgentAction, GroupAction, ParallelAction, Step, Workflow

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


class PaperRun:
    """Performs a run on paper: every recorded event is kept in `records`."""

    def __init__(self, workflow: Workflow, rng: random.Random) -> None:
        self.workflow = workflow
        self.rng = rng
        self.state = RunState(workflow, RUN)
        self.records: list[Recorded] = []
        self.stopping: set[Place] = set()

    def record(self, event: Event, *, is_request: bool = False) -> None:
        seq = Seq(len(self.records) + 1)
        epoch = Epoch(0) if is_request else self.state.epoch + isinstance(event, RunClaimed)
        self.records.append(Recorded(seq, RUN, Epoch(epoch), Micros(1000 * seq), event))
        apply(self.state, event, Micros(1000 * seq), Epoch(epoch))
        self.state.applied = seq

    def begin(self, *, is_paused: bool = False) -> None:
        self.record(RunQueued("random", Digest("sha256:0"), {}, "/tree"), is_request=True)
        if is_paused:
            self.record(RunPauseRequested("somebody"), is_request=True)
        self.record(RunClaimed("w-1"))

    def perform(self, *, cancels: int = 0, deaths: int = 0, pauses: int = 0, failures: float = 0.2) -> None:
        """Bring the run to its end; at most as many decisions as the run can possibly need."""
        self.begin(is_paused=pauses > 1)
        for _ in range(20 * len(self.workflow.plan) + 50):
            self.obey()
            if self.state.ended is not None:
                return
            if pauses and self.rng.random() < 0.1:
                pauses -= 1
                self.record(RunPauseRequested("somebody"), is_request=True)
            elif self.state.status == "waiting" and not self.state.running and self.rng.random() < 0.7:
                self.record(RunResumeRequested("somebody"), is_request=True)
            elif cancels and self.rng.random() < 0.1:
                cancels -= 1
                self.record(RunCancelRequested("somebody"), is_request=True)
            elif deaths and self.rng.random() < 0.15:
                deaths -= 1
                self.stopping.clear()
                self.record(RunClaimed("w-2"))
            elif self.state.running:
                self.finish(self.rng.choice(list(self.state.running)), failures)
        raise AssertionError(f"the run does not end: {[(s.place, s.status) for s in self.state.steps.values()]}")

    def obey(self) -> None:
        for command in decide(self.workflow, self.state, self.state.now):
            match command:
                case StartAttempt(place, attempt):
                    if self.rng.random() < 0.03:
                        self.record(AttemptFailed(place, attempt, "author", "FL-E101", "refused"))
                        return  # as the loop does: a refusal may have ended what the next commands were about
                    else:
                        self.record(AttemptStarted(place, attempt, "scripted", "1", Digest("sha256:1")))
                case StopAttempt(place, _, _):
                    self.stopping.add(place)
                case LoseAttempt(place, attempt):
                    self.record(AttemptLost(place, attempt, "its worker is gone"))
                case EndRun():
                    self.record(ended(command, {}))

    def finish(self, place: Place, failures: float) -> None:
        attempt = self.state.steps[place].attempts
        chance = self.rng.random()
        if place in self.stopping:
            self.stopping.discard(place)
            self.record(AttemptCancelled(place, attempt, self.state.doomed.get(place, "stopped")))
        elif chance < failures:
            self.record(AttemptFailed(place, attempt, "result", "FL-R210", "it failed"))
        elif chance < failures + 0.1:
            self.record(AttemptSucceeded(place, attempt, {"n": 1}, degraded=("less than asked",)))
        else:
            self.record(AttemptSucceeded(place, attempt, {"n": 1}))
