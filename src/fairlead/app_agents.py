"""Joins what a project's own agents need: their files, and child processes that look at their code and try them.

A part of `fairlead.app`, loaded when a command or a run asks for the agents of a project.
"""

import os
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from fairlead.agents.adapters.command import CommandAgent
from fairlead.agents.adapters.own_tool import DESCRIBER, OwnToolAgent
from fairlead.agents.catalog import FileCatalog, Looking
from fairlead.agents.own.definitions import AgentFile, Definition
from fairlead.agents.own.diagnoses import diagnose
from fairlead.core.errors import Diagnostic, Span
from fairlead.core.json import Digest, Json, encode, parse
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Agent, ToolCall
from fairlead.core.tools import ToolCode
from fairlead.service.parts import Files, Project, Tried

if TYPE_CHECKING:
    from fairlead.env.spawner import LocalSpawner

_FOLDERS = (".fairlead/agents", ".claude/agents")  # the first of a name wins
LOOK_SECONDS_MAX = 20.0  # for importing an agent's code and reading its types
LOOK_BYTES_MAX = 512_000_000
_REMEMBERED_BYTES_MAX = 1_000_000

_T = TypeVar("_T")


class ProjectAgents:
    """Implements `fairlead.service.parts.OwnAgents`."""

    def __init__(self, project: Project, files: Files, spawner: "Callable[[], LocalSpawner]") -> None:
        self._project = project
        self._files = files
        self._spawner = spawner

    def catalog(self) -> FileCatalog:
        """The agents that can be called here, from their files as they are now."""
        from fairlead.workflow import read_values

        looking = Looking(self._describe, self._described, _schema_problem)
        return FileCatalog(read_values, self._read, looking=looking)

    def find(self, name: str, definition: Digest) -> Agent | None:
        """The project's agent *name*; None when it is not what *definition* names any more."""
        own = self.catalog().find_own(name)
        if own is None or own.card.digest != definition:
            return None
        return self._agent(own)

    def names(self) -> Sequence[tuple[str, str]]:
        """Name and file of each agent of the project."""
        return [(one.card.name, one.file.path) for one in self.catalog().definitions()]

    def hiding(self) -> Sequence[tuple[str, str]]:
        """Name and file of those that have the name of an agent that ships."""
        catalog = self.catalog()
        first = {one.card.name: one.file.path for one in reversed(catalog.definitions()) if one.hides}
        return [(name, file) for name, file in first.items() if catalog.is_shipped(name)]

    def check(self, names: Sequence[str]) -> Sequence[Diagnostic]:
        """Everything that is wrong with them."""
        catalog = self.catalog()
        chosen = [one for one in catalog.definitions() if not names or one.card.name in names]
        return diagnose(catalog, chosen, _locate)

    def is_inside(self, path: str) -> bool:
        """Whether *path* stays in the project."""
        from fairlead.env.agent_files import is_inside

        return is_inside(self._project.root, path)

    def attempt(self, name: str, inputs: dict[str, Json], tree: str) -> Tried:
        """Call an agent once over a copy of *tree*."""
        from fairlead.agents.adapters.tool import ToolAgent
        from fairlead.testing.trying import try_agent

        catalog = self.catalog()
        own = catalog.find_own(name)
        card = catalog.find(name)
        if card is None:
            return Tried(Failed("author", "FL-A101", f"there is no agent named {name!r}", "fairlead agents list"))
        agent = ToolAgent(card) if own is None else self._agent(own)
        return _wait(try_agent(agent, inputs, tree, self._spawner(), is_own=own is not None))

    def _agent(self, own: Definition) -> Agent:
        if own.code is not None:
            return OwnToolAgent(own.card, own.code)
        # Files beside the card are named from the root of the project, and the program works in a copy of it, perhaps.
        argv = tuple(os.path.join(self._project.root, word) if word in own.own_files else word for word in own.argv)
        return CommandAgent(own.card, argv, own.passed_on, own.gives)

    def _read(self) -> Iterator[AgentFile]:
        from fairlead.env.agent_files import read_agent_folder

        for folder in _FOLDERS:
            for path, data, problem in read_agent_folder(self._project.root, folder):
                yield AgentFile(path, data, problem)

    def _describe(self, code: ToolCode, digest: Digest) -> Outcome:
        call = ToolCall(DESCRIBER, {}, self._project.root, LOOK_SECONDS_MAX, LOOK_BYTES_MAX, code=code)
        end = _wait(self._spawner().call_tool(call, lambda text, found: None))
        outcome = end.outcome
        if isinstance(outcome, Failed) and not outcome.code.startswith("FL-A"):
            return Failed("author", "FL-A154", f"looking at the agent's code failed: {outcome.message}", outcome.hint)
        if isinstance(outcome, Succeeded):
            try:
                self._files.write(self._memory(digest), encode(outcome.output))
            except OSError:
                pass  # it is looked at again next time
        return outcome

    def _described(self, digest: Digest) -> Mapping[str, Json] | None:
        data = self._files.read(self._memory(digest), limit=_REMEMBERED_BYTES_MAX)
        if data is None:
            return None
        try:
            found: Mapping[str, Json] = parse(data)
        except ValueError:
            return None
        return found if isinstance(found, dict) and "input_schema" in found else None

    def _memory(self, digest: Digest) -> str:
        return os.path.join(self._project.state_dir, "agents", digest.removeprefix("sha256:") + ".json")


def _schema_problem(schema: Json) -> str:
    from fairlead.gate.contracts import schema_problem

    return schema_problem(schema)


def _locate(data: bytes, first_line: int) -> tuple[Mapping[str, Span], Span | None]:
    from fairlead.workflow.places import key_places

    return key_places(data, first_line)


def _wait(coroutine: Coroutine[object, object, _T]) -> _T:
    """The result of *coroutine*, also where an event loop is running: then it gets one of its own, in a thread."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
