"""A whole engine over a real journal, with agents that play scripts."""

import asyncio
import itertools
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

from fairlead.core.events import RunQueued
from fairlead.core.ids import RunId, WorkerId
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Agent, Call, Clock, Effect, World
from fairlead.core.state import RunState, fold
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.env.clock import SystemClock
from fairlead.gate.gate import Gate
from fairlead.gate.surroundings import Deliver, Surroundings
from fairlead.journal import SqliteJournal, open_journal
from fairlead.runtime.engine import Engine
from fairlead.testing import ScriptedAgent

_workers = itertools.count(1)
T = TypeVar("T")


def nothing(*_: object) -> NoReturn:
    raise AssertionError("a scripted agent starts no children")


class Bench:
    """One worker: engine, journal, gate."""

    def __init__(
        self,
        directory: str,
        clock: Clock | None = None,
        notices: Deliver | None = None,
        **scripts: Callable[[Call, World], Coroutine[Any, Any, Outcome]],
    ) -> None:
        self.agents: dict[str, Agent] = {name: ScriptedAgent(name, script) for name, script in scripts.items()}
        self.effects: dict[str, Effect] = {}
        self.allowed: set[str] = set()  # kinds of effects that nobody is asked about
        self.clock = clock or SystemClock()
        self.worker = WorkerId(f"w-{next(_workers):012d}")
        self.engine = Engine(self.clock, self.worker)
        self.journal: SqliteJournal = open_journal(directory, clock=self.clock, deliver=self.engine.deliver)
        self.journal.register_worker(self.worker)
        around = Surroundings(
            journal=self.journal,
            clock=self.clock,
            spawner=nothing,  # type: ignore[arg-type]  # stands for a port that no scripted agent uses
            trees=nothing,
            agents=self.agents.get,
            programs=self.agents.get("run") or ScriptedAgent("run", nothing),
            progress=lambda *_: None,
            log_of=lambda *_: "",
            effects=lambda kind: self.effects.get(kind),
            notices=notices,
            git_dir_of=lambda run: f"{directory}/trees/{run}.git",
            is_allowed=lambda kind: kind in self.allowed,
        )
        self.engine.join(self.journal, Gate(around))

    def queue(self, workflow: Workflow, inputs: dict[str, Json] | None = None, run: str = "r-abcd1234") -> RunId:
        definition = self.journal.put(encode(workflow))
        self.journal.record(RunId(run), RunQueued(workflow.name, definition, inputs or {}, "/tree"))
        return RunId(run)

    async def perform(self, run: RunId) -> RunState:
        watching = asyncio.create_task(self.engine.watch_over())
        try:
            return await self.engine.perform(run)
        finally:
            watching.cancel()

    def folded(self, workflow: Workflow, run: RunId) -> RunState:
        state = fold(workflow, self.journal.events_of(run))
        assert state is not None
        return state


async def at_once(call: Call, world: World) -> Outcome:
    """Succeeds with its inputs as output."""
    return Succeeded({"was": call.inputs})


async def for_ever(call: Call, world: World) -> Outcome:
    """Never ends by itself."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets the event")


def leaf(name: str, agent: str = "at_once", **more: Any) -> Step:  # Any: keyword arguments of one test each
    return Step(name, AgentAction(agent), **more)
