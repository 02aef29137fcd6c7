"""What comes between an attempt and its record: requests of others, an interruption, a moment that is long past."""

import asyncio
from collections.abc import Iterator

import pytest

from fairlead.core.events import RunPauseRequested, RunResumeRequested, SignalReceived
from fairlead.core.ids import Micros, Place, RunId, WorkerId
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call, Interrupted, World
from fairlead.core.workflow import Expectation, ParallelAction, Retry, Step, WaitAction, Workflow
from fairlead.gate.gate import Gate
from fairlead.testing import FakeClock, ScriptedAgent
from tests.runtime.engines import Bench, at_once, leaf

WANTED = (Expectation("output.n > 1", "only ${ output.n }"),)


class Impatient(FakeClock):
    """Is asked for the time a few hundred times by whoever waits properly, and without end by whoever spins."""

    looks_left = 2_000

    def now(self) -> Micros:
        self.looks_left -= 1
        assert self.looks_left > 0, "somebody spins on a moment that is past"
        return super().now()


@pytest.fixture
def clock() -> FakeClock:
    return Impatient()


@pytest.fixture
def bench(directory: str, clock: FakeClock) -> Iterator[Bench]:
    made = Bench(directory, clock=clock, at_once=at_once)
    yield made
    made.journal.close()


def test_what_ends_at_the_moment_of_a_request_is_judged_all_the_same(bench: Bench) -> None:
    async def asks(call: Call, world: World) -> Outcome:
        def ask() -> None:
            bench.journal.record(call.run, SignalReceived("go"))
            bench.engine._hand_out_requests()

        asyncio.get_running_loop().call_soon(ask)  # before whoever waits for the end hears of it
        return Succeeded({"n": 1})

    bench.agents["asks"] = ScriptedAgent("asks", asks)
    workflow = Workflow("w", (leaf("a", "asks", expect=WANTED), leaf("b")))
    state = asyncio.run(bench.perform(bench.queue(workflow)))
    step = bench.folded(workflow, state.run).steps[Place("a")]
    assert (step.status, step.code, step.message) == ("failed", "FL-R212", "only 1")
    assert state.status == "failed"


def test_what_ends_at_the_moment_of_an_interruption_is_judged_all_the_same(bench: Bench) -> None:
    async def stops(call: Call, world: World) -> Outcome:
        await bench.engine.interrupt("Ctrl-C")
        return Succeeded({"n": 1})

    bench.agents["stops"] = ScriptedAgent("stops", stops)
    workflow = Workflow("w", (leaf("a", "stops", expect=WANTED), leaf("b")))
    run = bench.queue(workflow)
    with pytest.raises(Interrupted):
        asyncio.run(bench.perform(run))
    step = bench.folded(workflow, run).steps[Place("a")]
    assert (step.status, step.code) == ("failed", "FL-R212")


def test_what_an_earlier_owner_left_is_removed_before_anything_begins_and_at_the_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def sweep(gate: Gate, run: RunId) -> None:
        told.append(f"swept {run}")

    async def begins(call: Call, world: World) -> Outcome:
        told.append("begun")
        return Succeeded({})

    monkeypatch.setattr(Gate, "sweep", sweep)
    bench.agents["begins"] = ScriptedAgent("begins", begins)
    run = bench.queue(Workflow("w", (leaf("a", "begins"),)))
    bench.journal.claim(run, WorkerId("w-killed000000"))
    asyncio.run(bench.perform(run))
    assert told == [f"swept {run}", "begun", f"swept {run}"]


def test_with_a_grace_what_runs_ends_and_nothing_more_begins(bench: Bench) -> None:
    async def outlasts(call: Call, world: World) -> Outcome:
        await bench.engine.interrupt("SIGTERM", 20.0)
        for _ in range(5):
            await asyncio.sleep(0)  # whoever stops it at once does so here
        return Succeeded({"n": 1})

    bench.agents["outlasts"] = ScriptedAgent("outlasts", outlasts)
    workflow = Workflow("w", (leaf("a", "outlasts"), leaf("b")))
    run = bench.queue(workflow)
    with pytest.raises(Interrupted):
        asyncio.run(bench.perform(run))
    steps = bench.folded(workflow, run).steps
    assert (steps[Place("a")].status, steps[Place("b")].attempts) == ("succeeded", 0)


@pytest.mark.parametrize("is_hurried", [True, False])
def test_what_outlasts_its_grace_is_lost_and_done_again(bench: Bench, is_hurried: bool) -> None:
    async def hangs(call: Call, world: World) -> Outcome:
        if call.attempt == 1:
            await bench.engine.interrupt("SIGTERM", 20.0 if is_hurried else 0.01)
            if is_hurried:
                asyncio.get_running_loop().call_soon(asyncio.ensure_future, bench.engine.interrupt("again", 20.0))
            await asyncio.Event().wait()
        return Succeeded({})

    bench.agents["hangs"] = ScriptedAgent("hangs", hangs)
    workflow = Workflow("w", (leaf("a", "hangs"),))
    run = bench.queue(workflow)
    with pytest.raises(Interrupted):
        asyncio.run(asyncio.wait_for(bench.perform(run), 10))
    step = bench.folded(workflow, run).steps[Place("a")]
    assert (step.status, step.attempts) == ("ready", 1)


def test_a_repeat_that_is_due_waits_for_a_free_place_and_the_run_goes_on(bench: Bench, clock: FakeClock) -> None:
    """Of two steps one sleeps and is due while the other fills the window: whoever waits must wait for that one."""
    went: list[str] = []

    async def first_fails(call: Call, world: World) -> Outcome:
        went.append(f"{call.place}/{call.attempt}")
        if call.place == "a" and call.attempt == 1:
            return Failed("provider", "FL-N201", "no", error="transient")
        if call.place == "b":
            clock.move(60)
            bench.engine._runs[call.run].tick()
            for _ in range(5):
                await asyncio.sleep(0)  # who spins on the moment that is past never lets this go on
        return Succeeded({})

    bench.agents["first_fails"] = ScriptedAgent("first_fails", first_fails)
    block = ParallelAction((leaf("a", "first_fails"), leaf("b", "first_fails")))
    workflow = Workflow("w", (Step("p", block),), parallel_max=1)
    state = asyncio.run(bench.perform(bench.queue(workflow)))
    assert state.status == "succeeded"
    assert went == ["a/1", "b/1", "a/2"]


def test_a_paused_run_lets_what_runs_end_also_when_a_moment_is_past(bench: Bench, clock: FakeClock) -> None:
    async def pauses(call: Call, world: World) -> Outcome:
        bench.journal.record(call.run, RunPauseRequested("ann"))
        bench.engine._hand_out_requests()
        clock.move(60)
        for _ in range(5):
            await asyncio.sleep(0)
        return Succeeded({})

    bench.agents["pauses"] = ScriptedAgent("pauses", pauses)
    block = ParallelAction((Step("wait", WaitAction(for_="5s")), leaf("a", "pauses", retry=Retry(max=0))))
    workflow = Workflow("w", (Step("p", block),))
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    assert (state.status, state.steps[Place("a")].status, state.steps[Place("wait")].status) == (
        "waiting",
        "succeeded",
        "waiting",
    )
    bench.journal.record(run, RunResumeRequested("ann"))
    state = asyncio.run(bench.perform(run))
    assert state.status == "succeeded"
    assert state.steps[Place("wait")].output == {"data": None, "late_s": 55.0}
