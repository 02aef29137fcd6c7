"""Runs of one group, performed by real engines over one journal: never two at once, and nobody waits for the dead."""

import asyncio
from collections.abc import Iterator

import pytest

from fairlead.core.events import RunQueued
from fairlead.core.ids import RunId
from fairlead.core.json import encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.workflow import Workflow
from fairlead.runtime.engine import TURN_S_MAX
from fairlead.testing import ScriptedAgent
from fairlead.testing.clock import FakeClock
from tests.proves import proves
from tests.runtime.engines import Bench, leaf

WORKFLOW = Workflow("w", (leaf("only", "counted"),))


class Counted:
    """An agent that knows how many of its calls are at work at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self.runs: list[str] = []

    async def __call__(self, call: Call, world: World) -> Outcome:
        self.runs.append(call.run)
        self.now += 1
        self.most = max(self.most, self.now)
        for _ in range(20):
            await asyncio.sleep(0)
        self.now -= 1
        return Succeeded({})


@pytest.fixture
def counted() -> Counted:
    return Counted()


def queue(bench: Bench, run: str, most: int = 1) -> RunId:
    bench.journal.record(
        RunId(run), RunQueued("w", bench.journal.put(encode(WORKFLOW)), {}, "/tree", group="one", group_max=most)
    )
    return RunId(run)


@pytest.fixture
def bench(directory: str, counted: Counted) -> Iterator[Bench]:
    made = Bench(directory)
    made.agents["counted"] = ScriptedAgent("counted", counted)
    yield made
    made.journal.close()


async def perform(bench: Bench, *runs: RunId) -> list[str]:
    watching = asyncio.create_task(bench.engine.watch_over())
    try:
        states = await asyncio.gather(*(bench.engine.perform(run) for run in runs))
    finally:
        watching.cancel()
    return [state.status for state in states]


@proves("A5.2")
@pytest.mark.parametrize(("most", "at_once"), [(1, 1), (2, 2)])
def test_runs_of_one_group_take_turns_in_their_order(bench: Bench, counted: Counted, most: int, at_once: int) -> None:
    runs = [queue(bench, f"r-{letter}bcd1234", most) for letter in "xyz"]
    assert asyncio.run(perform(bench, *reversed(runs))) == ["succeeded"] * 3
    assert counted.most <= at_once
    assert counted.runs[:1] == [runs[0]] or most > 1
    if most == 1:
        assert counted.runs == runs


@proves("A5.2")
def test_a_run_whose_process_died_before_its_turn_holds_nobody_up(directory: str, counted: Counted) -> None:
    clock = FakeClock()
    bench = Bench(directory, clock)
    bench.agents["counted"] = ScriptedAgent("counted", counted)
    dead, alive = queue(bench, "r-dead1234"), queue(bench, "r-live1234")

    async def scene() -> list[str]:
        waiting = asyncio.create_task(perform(bench, alive))
        for _ in range(3):
            await asyncio.sleep(0.01)
        assert counted.runs == []  # it may still come
        while not waiting.done():
            clock.move(TURN_S_MAX)
            await asyncio.sleep(0.01)
        return await waiting

    assert asyncio.run(scene()) == ["succeeded"]
    assert counted.runs == [alive]
    # Whoever comes back late finds the group free, or waits until it is.
    assert asyncio.run(perform(bench, dead)) == ["succeeded"]
    bench.journal.close()
