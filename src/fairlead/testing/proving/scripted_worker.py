"""A worker of its own over a real journal, with the real engine and gate; its agents play scripts and start nothing."""

import asyncio
from collections.abc import Coroutine
from typing import Any, NoReturn

from fairlead.core.adoption import Adoption
from fairlead.core.events import RunQueued
from fairlead.core.ids import RunId, WorkerId
from fairlead.core.json import encode
from fairlead.core.state import RunState
from fairlead.core.workflow import Workflow
from fairlead.env.clock import SystemClock
from fairlead.gate.gate import Gate
from fairlead.gate.surroundings import Surroundings
from fairlead.journal import SqliteJournal, open_journal
from fairlead.journal.opening import Mode
from fairlead.runtime.adopting import Adopting
from fairlead.runtime.engine import Engine
from fairlead.testing.agents import Script, ScriptedAgent

ROOT = "/tree"  # no agent looks at it


def _nothing(*_: object) -> NoReturn:
    raise AssertionError("a scripted agent starts no children")


class ScriptedWorker:
    """Engine, journal and gate; *script* plays every agent."""

    def __init__(self, directory: str, name: str, script: Script, *, mode: Mode = "full") -> None:
        clock = SystemClock()
        player = ScriptedAgent("player", script)
        self.clock = clock
        self.engine = Engine(clock, WorkerId(name))
        self.journal: SqliteJournal = open_journal(directory, clock=clock, deliver=self.engine.deliver, mode=mode)
        self.journal.register_worker(self.engine.worker)
        around = Surroundings(
            journal=self.journal,
            clock=clock,
            spawner=_nothing,  # type: ignore[arg-type]  # stands for a port that no scripted agent uses
            trees=_nothing,
            agents=lambda name: player,
            programs=player,
            progress=lambda *_: None,
            log_of=lambda *_: "",
        )
        self.engine.join(self.journal, Gate(around))

    def queue(self, workflow: Workflow, run: str) -> RunId:
        """Record that *workflow* shall be performed."""
        definition = self.journal.put(encode(workflow))
        self.journal.record(RunId(run), RunQueued(workflow.name, definition, {}, ROOT))
        return RunId(run)

    def perform(self, run: RunId) -> RunState:
        """Perform one run."""
        state = asyncio.run(self._watched(self.engine.perform(run)))
        assert isinstance(state, RunState)
        return state

    def adopt(self, *, at_once: int = 10, stays: bool = False) -> Adoption:
        """Go on with every open run that nobody living performs."""
        tally = Adoption()
        adopting = Adopting(self.engine, self.journal, self.clock, ROOT, at_once, tally)
        asyncio.run(self._watched(adopting.perform(stays=stays)))
        return tally

    async def _watched(self, work: Coroutine[Any, Any, object]) -> object:
        watching = asyncio.create_task(self.engine.watch_over())
        try:
            return await work
        finally:
            watching.cancel()
