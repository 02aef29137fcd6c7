"""The simulated loop: one thread, orders that the seed draws, a clock that jumps."""

import asyncio
import random
from collections.abc import Callable

import pytest

from fairlead.core.ids import Micros
from fairlead.testing.simulation.cases import case_of, play_of
from fairlead.testing.simulation.loop import SimulatedClock, SimulatedLoop, Stuck
from fairlead.testing.simulation.stage import History, Stage

START = Micros(1_790_000_000_000_000)


def loop_of(seed: int | None, due: Callable[[], Micros | None] = lambda: None) -> tuple[SimulatedClock, SimulatedLoop]:
    clock = SimulatedClock(START, 1_000.0)
    return clock, SimulatedLoop(clock, None if seed is None else random.Random(seed), due)


def order_of(seed: int | None) -> list[int]:
    _, loop = loop_of(seed)
    ran: list[int] = []

    async def all_at_once() -> None:
        for number in range(10):
            loop.call_soon(ran.append, number)
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    loop.run_until_complete(all_at_once())
    loop.close()
    return ran


def test_what_is_ready_runs_in_the_order_that_the_seed_draws() -> None:
    assert order_of(None) == list(range(10))
    assert order_of(1) == order_of(1) != order_of(2)
    assert sorted(order_of(2)) == list(range(10))


def test_nobody_waits_for_real_time() -> None:
    clock, loop = loop_of(1)
    loop.run_until_complete(asyncio.sleep(86_400.0))
    loop.close()
    assert (clock.monotonic(), clock.now()) == (87_400.0, START + 86_400_000_000)


def test_a_thread_is_a_call() -> None:
    _, loop = loop_of(1)
    assert loop.run_until_complete(asyncio.to_thread(lambda: 7)) == 7
    with pytest.raises(ZeroDivisionError):
        loop.run_until_complete(asyncio.to_thread(lambda: 1 // 0))
    loop.close()


def test_who_waits_for_what_nobody_does_is_stuck() -> None:
    _, loop = loop_of(1)

    async def waits() -> None:
        while True:
            await asyncio.sleep(0.05)  # looks again and again, and nothing else ever happens

    with pytest.raises(Stuck):
        loop.run_until_complete(waits())
    loop.close()


def test_the_wall_clock_is_set_without_moving_the_other() -> None:
    clock, loop = loop_of(1)
    clock.set_forth(-3_600.0)
    loop.close()
    assert (clock.monotonic(), clock.now()) == (1_000.0, START - 3_600_000_000)


def history_of(seed: str) -> History:
    case = case_of("8 answers+clock+people+slow+order -1 -1 0")
    return Stage(play_of(case), seed, case.faults).perform()


def test_the_same_seed_gives_the_same_history() -> None:
    one, again, other = history_of("1"), history_of("1"), history_of("2")
    assert (one.records, one.happened, one.boundaries) == (again.records, again.happened, again.boundaries)
    assert one.records != other.records
