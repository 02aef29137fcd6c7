"""A real gate: real journal, real spawner, real working copies."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from fairlead.agents.adapters.program import ProgramAgent
from fairlead.agents.adapters.tool import ToolAgent
from fairlead.core.events import AttemptFailed, AttemptOutcome
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json
from fairlead.core.outcomes import Ask
from fairlead.core.ports import Admitted, Agent, Call
from fairlead.env.clock import SystemClock
from fairlead.env.spawner import LocalSpawner, start_spawner
from fairlead.env.trees import RunTrees
from fairlead.gate.gate import Gate
from fairlead.gate.surroundings import Surroundings
from fairlead.journal import open_journal
from tests.agents.conftest import commit_all
from tests.contracts.test_agent import CARD as SAMPLE
from tests.contracts.test_agent import TOOLS

RUN = RunId("r-abcdefgh")
CARD = msgspec.structs.replace(SAMPLE, name="told", title="Told")


class World:
    """One gate over one repository, and what it left on disk."""

    def __init__(self, directory: Path, spawner: LocalSpawner) -> None:
        self.root = directory / "repository"
        self.root.mkdir()
        (self.root / "a.py").write_text("a\n")
        commit_all(self.root)
        self.state = directory / "state"
        self.journal = open_journal(str(self.state), clock=SystemClock())
        self.told: list[tuple[str, int]] = []
        self.is_off = True  # tests of the gate look at what programs leave outside of their copy
        self.agents: dict[str, Agent] = {"told": ToolAgent(CARD)}
        self.trees = RunTrees(str(self.state), RUN, str(self.root), spawner)
        self.gate = Gate(
            Surroundings(
                journal=self.journal,
                clock=SystemClock(),
                spawner=spawner,
                trees=lambda run, root: self.trees,
                agents=self.agents.get,
                programs=ProgramAgent(),
                progress=lambda run, place, text, found: self.told.append((text, found)),
                log_of=lambda run, place, attempt: str(directory / f"{place}.{attempt}.log"),
                is_off=lambda: self.is_off,
            )
        )

    def program(self, script: str, tree: str = "", timeout_s: float = 60.0) -> Call:
        """The call of a `run` step that performs *script* with a shell."""
        return self.call("run", {}, ("sh", "-c", script), tree, timeout_s)

    def call(
        self,
        agent: str,
        inputs: dict[str, Json],
        argv: tuple[str, ...] = (),
        tree: str = "",
        timeout_s: float = 60.0,
    ) -> Call:
        return Call(RUN, Place("step"), 1, agent, inputs, str(self.root), argv, timeout_s, tree)

    def perform(self, call: Call) -> AttemptOutcome:
        """Both halves."""
        admitted = self.admit(call)
        if isinstance(admitted, AttemptFailed):
            return admitted
        return asyncio.run(self.gate.carry_out(admitted))

    def admit(self, call: Call) -> Admitted | AttemptFailed:
        answer = asyncio.run(self.gate.admit(call, lambda names: ""))
        assert not isinstance(answer, Ask)
        return answer

    def copies(self) -> list[str]:
        """The working copies that lie on disk."""
        folder = self.state / "trees" / RUN
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def with_card(self, **changed: Json) -> None:
        """Give the agent `told` another card."""
        self.agents["told"] = ToolAgent(msgspec.structs.replace(CARD, **changed))


@pytest.fixture(scope="package")
def spawner() -> Iterator[LocalSpawner]:
    sys.path.insert(0, str(TOOLS))
    try:
        started = start_spawner()
    finally:
        sys.path.remove(str(TOOLS))
    yield started
    started.close()


@pytest.fixture
def world(tmp_path: Path, spawner: LocalSpawner) -> Iterator[World]:
    world = World(tmp_path, spawner)
    yield world
    world.journal.close()
