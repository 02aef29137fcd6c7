"""Fairlead under the yardstick's harness: in-process scripted agents, the real journal, gate and runtime."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "yardstick"))

import workloads as w  # type: ignore[import-not-found]  # the yardstick is taken over as it is, without types
from common import Bench, main  # type: ignore[import-not-found]  # as above

from fairlead.core.decide import decide
from fairlead.core.events import RunQueued
from fairlead.core.ids import Place, RunId, WorkerId
from fairlead.core.json import encode
from fairlead.core.outcomes import Succeeded
from fairlead.core.ports import Agent, Call, World
from fairlead.core.workflow import AgentAction, ParallelAction, Step, Workflow
from fairlead.env.clock import SystemClock
from fairlead.env.memory import look_rarely
from fairlead.gate.gate import Gate
from fairlead.gate.surroundings import Surroundings
from fairlead.journal import open_journal
from fairlead.journal.disk import REAL, Disk
from fairlead.runtime.engine import Engine
from fairlead.testing import ScriptedAgent


async def trivial(call: Call, world: World) -> Succeeded:
    """The yardstick's own step."""
    return Succeeded({"value": w.step_body(call.inputs["i"], call.inputs["size"])})


STEP = ScriptedAgent("step", trivial)


def _nothing(*_: object) -> Any:  # Any: stands for ports that no trivial step uses
    raise AssertionError("a trivial step touches nothing")


class Fairlead(Bench):  # type: ignore[misc]  # as above
    """One engine over one journal."""

    variants = ("full", "process")
    agent: Agent = STEP
    disk: Disk = REAL

    async def open(self, fresh: bool = True) -> None:
        """The parts of a worker, joined as `fairlead.app` joins them, without a spawner."""
        look_rarely()
        clock = SystemClock()
        worker = WorkerId(f"w-{os.getpid():012d}")
        self.engine = Engine(clock, worker)
        self.journal = open_journal(
            self.dir, clock=clock, deliver=self.engine.deliver, mode=self.variant, disk=self.disk
        )
        self.journal.register_worker(worker)
        around = Surroundings(
            journal=self.journal,
            clock=clock,
            spawner=_nothing,  # type: ignore[arg-type]  # stands for a port that no trivial step uses
            trees=_nothing,
            agents=lambda name: self.agent if name == "step" else None,
            programs=self.agent,
            progress=lambda *_: None,
            log_of=lambda *_: "",
        )
        self.gate = Gate(around)
        self.engine.join(self.journal, self.gate)
        self.watching = asyncio.create_task(self.engine.watch_over())

    async def close(self) -> None:
        """Stop the watch and close the journal."""
        self.watching.cancel()
        self.journal.close()

    async def _start(self, run: str, steps: Sequence[Step], width: int) -> None:
        workflow = Workflow("bench", tuple(steps), parallel_max=width)
        definition = self.journal.put(encode(workflow))
        self.journal.record(RunId(run), RunQueued("bench", definition, {}, "/"))
        await self._perform(run)

    async def _perform(self, run: str) -> None:
        state = await self.engine.perform(RunId(run))
        assert state.status == "succeeded", state.ended
        assert decide(state.workflow, state, state.now) == ()

    async def chain(self, rid: str, n: int, size: int = 0, keep: bool = False) -> None:
        """One step after the other."""
        await self._start(rid, [_step(i, size) for i in range(n)], 1)

    async def many(self, k: int, n: int) -> list[float]:
        """*k* runs at once: asked for first, each by a thread as a server would, then performed together."""
        workflow = Workflow("bench", tuple(_step(i, 0) for i in range(n)), parallel_max=1)
        definition = self.journal.put(encode(workflow))
        queued = RunQueued("bench", definition, {}, "/")
        runs = [RunId(f"m{j}") for j in range(k)]
        await asyncio.gather(*(asyncio.to_thread(self.journal.record, run, queued) for run in runs))

        async def one(run: RunId) -> float:
            began = time.monotonic()
            await self._perform(run)
            return time.monotonic() - began

        return await asyncio.gather(*(one(run) for run in runs))

    async def fanout(self, rid: str, n: int) -> None:
        """All at once, then the join."""
        block = ParallelAction(tuple(_step(i, 0) for i in range(n)))
        await self._start(rid, [Step("fan", block)], n)

    async def resume(self, rid: str, n: int) -> None:
        """What a killed process left goes on."""
        await self._perform(rid)

    async def history(self, rid: str) -> int:
        """The finished steps of a run, as events with their outputs."""
        return sum(1 for record in self.journal.events_of(RunId(rid)) if getattr(record.event, "output", None))

    def extra(self) -> dict[str, object]:
        """Nothing beside what the harness measures."""
        return {}


def _step(i: int, size: int) -> Step:
    return Step(Place(f"s{i}"), AgentAction("step"), given={"i": i, "size": size})


if __name__ == "__main__":
    main(Fairlead)
