"""A run whose clock is moved: whenever nothing but a moment can make it go on, that moment comes."""

import asyncio
from collections.abc import Callable

from fairlead.core.events import AttemptStarted
from fairlead.core.ids import Micros, RunId
from fairlead.core.standing import RunState
from fairlead.testing import FakeClock
from tests.runtime.engines import Bench

Look = Callable[[], bool]


async def perform(bench: Bench, clock: FakeClock, run: RunId, until: Look = lambda: False) -> RunState | None:
    """Bring *run* to its end; or to where *until* holds, where its worker is gone without a word, and give None."""
    performing = asyncio.create_task(bench.engine.perform(run))
    while not performing.done():
        await asyncio.sleep(0)
        if until():
            performing.cancel()
            await asyncio.wait([performing])
            return None
        embedded = bench.engine._runs.get(run)
        if embedded is None or embedded._waiter is None or embedded._waiter.done():
            continue
        if embedded._is_writing or embedded._under_way:
            continue
        if embedded._due is not None:
            clock.move(max(0, embedded._due - clock.now()) / 1e6)
            embedded.tick()
    return performing.result()


def starts_s(bench: Bench, run: RunId) -> list[float]:
    """When each attempt of the run began, in seconds after the first."""
    moments: list[Micros] = [r.at for r in bench.journal.events_of(run) if isinstance(r.event, AttemptStarted)]
    return [(moment - moments[0]) / 1e6 for moment in moments]
