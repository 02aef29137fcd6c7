"""Random workflows of every shape through the real engine and the real journal; workers die and others go on."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from fairlead.core.events import (
    ApprovalDecided,
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    RunEnded,
    RunResumeRequested,
    SignalReceived,
)
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.standing import RunState
from fairlead.core.state import fold
from fairlead.core.workflow import EffectAction, NotifyAction, Workflow
from fairlead.testing import FakeClock
from fairlead.testing.simulation.grammar import CHILD, any_workflow, inputs_for
from tests.core.runs import facts
from tests.proves import proves
from tests.runtime.engines import Bench
from tests.runtime.moving import perform
from tests.simulation.paper import Paper

WORKERS_MAX = 60


class Stage:
    """One workflow over one state directory, with as many workers as it takes."""

    def __init__(self, directory: Path, seed: int) -> None:
        rng = random.Random(seed)
        self.workflow, self.inputs = _drawn(rng)
        self.paper = Paper(self.workflow, self.inputs, seed)  # it draws the answers
        self.directory, self.rng, self.clock = str(directory), rng, FakeClock()
        self.run = RunId(f"r-engine{seed:02d}"[:10])
        self.performed: Counter[Place] = Counter()
        self.at_once = self.most_at_once = 0
        self.dies_at = 0  # the worker dies in so many calls from now; 0: it lives
        self.is_dead = False
        self.bench = self._worker()
        self.bench.journal.put(encode(CHILD))
        self.bench.queue(self.workflow, self.inputs, run=self.run)

    def _worker(self) -> Bench:
        scripts = dict.fromkeys(("scripted", "second", "third", "run"), self._answer)
        return Bench(self.directory, self.clock, None, **scripts)

    async def _answer(self, call: Call, world: World) -> Outcome:
        if self.dies_at:
            self.dies_at -= 1
            self.is_dead = not self.dies_at
        if call.run != self.run:
            return Succeeded({"n": 3})  # of the child run, which has a window of its own
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            for _ in range(self.rng.randrange(4)):
                await asyncio.sleep(0)
            while self.is_dead:
                await asyncio.sleep(0)  # its worker is gone: nobody hears what it would say
        finally:
            self.at_once -= 1
        self.performed[call.place] += 1
        failed = [
            r
            for r in self.bench.journal.events_of(self.run)
            if isinstance(r.event, AttemptFailed) and r.event.place == call.place
        ]
        self.paper.failed_before = lambda run, place: len(failed)  # type: ignore[method-assign]  # they are counted here
        return self.paper.answer(call)

    def perform(self, deaths: float) -> RunState:
        for _ in range(WORKERS_MAX):
            self.dies_at = self.rng.randint(1, 6) if self.rng.random() < deaths else 0
            state = asyncio.run(perform(self.bench, self.clock, self.run, lambda: self.is_dead))
            if state is None:
                self.bench.journal.close()
                self.is_dead = False
                self.bench = self._worker()
            elif state.ended is not None:
                return state
            else:
                self._answer_what_is_asked(state)
        raise AssertionError("the run does not end")

    def _answer_what_is_asked(self, state: RunState) -> None:
        for place in state.waiting:
            asked = state.steps[place].asked
            if asked is not None:
                for by in ("ann", "ben"):
                    self.bench.journal.record(
                        self.run, ApprovalDecided(place, asked.approval, "approve", by, asked.digest)
                    )
                return
        for name, places in state.listening.items():
            if places:
                self.bench.journal.record(self.run, SignalReceived(name, {"sent": name}))
                return
        # Three of its workers died under the same step.
        self.bench.journal.record(self.run, RunResumeRequested("ann"))


def _drawn(rng: random.Random) -> tuple[Workflow, dict[str, Json]]:
    """A workflow that needs no more than agents and people."""
    while True:
        workflow = any_workflow(rng, is_racing=False)
        actions = [one.step.action for one in workflow.plan.values()]
        if len(actions) > 4 and not any(isinstance(action, EffectAction | NotifyAction) for action in actions):
            return workflow, inputs_for(rng)


@proves("A2.2", "A2.7")
@pytest.mark.parametrize("seed", range(24))
def test_a_run_of_any_shape_ends_with_what_its_record_says(seed: int, tmp_path: Path) -> None:
    stage = Stage(tmp_path / "state", seed)
    state = stage.perform(deaths=0.7 if seed % 2 else 0.0)
    assert stage.most_at_once <= stage.workflow.parallel_max
    records = list(stage.bench.journal.events_of(stage.run))
    told = fold(stage.workflow, records)
    assert told is not None
    state.applied = told.applied
    assert facts(state) == facts(told)
    ends = Counter(r.event.place for r in records if isinstance(r.event, AttemptSucceeded | AttemptFailed))
    again = {place: count - ends[place] for place, count in stage.performed.items() if count > ends[place]}
    assert not again, "what had been answered and recorded was performed again"
    started = Counter(r.event.place for r in records if isinstance(r.event, AttemptStarted))
    assert all(started[place] >= count for place, count in stage.performed.items())
    assert [r.seq for r in records if isinstance(r.event, RunEnded)] == [records[-1].seq]
    stage.bench.journal.close()
