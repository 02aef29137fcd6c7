"""A project whose agents are tried for real: files on a disk, a spawner, child processes."""

import asyncio
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.app_agents import ProjectAgents
from fairlead.core.errors import Diagnostic
from fairlead.core.ids import Place, RunId
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Call
from fairlead.env.files import LocalFiles
from fairlead.env.spawner import LocalSpawner, start_spawner
from fairlead.gate.contracts import Contracts
from fairlead.gate.world import CallWorld
from fairlead.service.parts import Project

HEAD = "from fairlead import Context, Findings, agent\n\n\n"


class Workshop:
    """A project in a directory, and its agents."""

    def __init__(self, root: Path, spawner: LocalSpawner) -> None:
        self.root = root / "project"
        self.tree = root / "tree"
        self.log = root / "log"
        for folder in (self.root, self.tree):
            folder.mkdir()
        self._spawner = spawner
        project = Project(str(self.root), str(root / "state"))
        self.agents = ProjectAgents(project, LocalFiles(), lambda: spawner)

    def write(self, path: str, text: str | bytes) -> None:
        """A file of the project."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())

    def agent(self, name: str, body: str, *, head: str = HEAD) -> None:
        """The Python file of an agent."""
        self.write(f".fairlead/agents/{name}.py", head + textwrap.dedent(body))

    def card(self, name: str, settings: str) -> None:
        """The card of an agent."""
        inner = textwrap.indent(textwrap.dedent(settings).strip(), "  ")
        self.write(f".fairlead/agents/{name}.md", f"---\nname: {name}\ndescription: x\nfairlead:\n{inner}\n---\n")

    def listed(self) -> dict[str, AgentCard]:
        """The project's entries of the list, by file."""
        return {card.source: card for card in self.agents.catalog().cards() if card.source.startswith(".")}

    def found(self, name: str) -> AgentCard:
        """The agent as a call finds it."""
        card = self.agents.catalog().find(name)
        assert card is not None
        return card

    def wrong(self, *names: str) -> list[Diagnostic]:
        """What `agents check` says."""
        return list(self.agents.check(names))

    def call(self, name: str, **inputs: Any) -> Outcome:  # Any: inputs are JSON of every kind
        """Call the agent over `tree`, through the checks of the gate."""
        own = self.agents.catalog().find_own(name)
        assert own is not None
        assert not own.card.problem, own.card.problem
        agent = self.agents.find(name, own.card.digest)
        assert agent is not None
        call = Call(RunId("r-abcdefgh"), Place("a"), 1, name, inputs, str(self.tree), definition=own.card.digest)
        contracts = Contracts()
        refusal = contracts.refuse(own.card, call)
        if refusal is not None:
            return refusal
        self.log.unlink(missing_ok=True)
        world = CallWorld(call, str(self.tree), self._spawner, str(self.log), lambda text, found: None)
        return contracts.judge(own.card, asyncio.run(agent.perform(call, world)))

    def output(self, name: str, **inputs: Any) -> dict[str, Any]:  # as above, and so is an output
        """The output of a call that must succeed."""
        outcome = self.call(name, **inputs)
        assert isinstance(outcome, Succeeded), outcome
        return outcome.output

    def failure(self, name: str, **inputs: Any) -> Failed:  # as above
        """How a call fails that must."""
        outcome = self.call(name, **inputs)
        assert isinstance(outcome, Failed), outcome
        return outcome


@pytest.fixture(scope="module")
def spawner() -> Iterator[LocalSpawner]:
    started = start_spawner()
    yield started
    started.close()


@pytest.fixture
def workshop(tmp_path: Path, spawner: LocalSpawner) -> Workshop:
    return Workshop(tmp_path, spawner)
