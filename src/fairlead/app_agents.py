"""Joins what a project's own agents need: their files, and child processes that look at their code and try them.

A part of `fairlead.app`, loaded when a command or a run asks for the agents of a project.
"""

import os
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fairlead.agents.adapters.command import CommandAgent
from fairlead.agents.adapters.own_tool import DESCRIBER, OwnToolAgent
from fairlead.agents.adapters.tool import ToolAgent
from fairlead.agents.adapters.unavailable import UnavailableAgent
from fairlead.agents.catalog import FileCatalog, Looking
from fairlead.agents.files import places
from fairlead.agents.files.effective import settings_of
from fairlead.agents.own.definitions import AgentFile, Definition
from fairlead.agents.own.diagnoses import diagnose
from fairlead.core.errors import Diagnostic, FairleadError, Span
from fairlead.core.json import Digest, Json, encode, parse
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Agent, Confinement, Setting, ToolCall
from fairlead.core.tools import ToolCode
from fairlead.service.parts import Files, Mend, Project, Tried

if TYPE_CHECKING:
    from fairlead.env.spawner import LocalSpawner

LOOK_SECONDS_MAX = 20.0  # for importing an agent's code and reading its types
LOOK_BYTES_MAX = 512_000_000
_REMEMBERED_BYTES_MAX = 1_000_000

_T = TypeVar("_T")


class Around(NamedTuple):
    """Where agent files lie besides those of the project."""

    home: str = ""  # of the person; "" to leave their own agents out
    config_home: str = ""  # $XDG_CONFIG_HOME, or what is usual
    has_installed: bool = False  # whether installed packages are asked
    data_dir: str = ""  # where the person's own settings lie; "" for none


class ProjectAgents:
    """Implements `fairlead.service.parts.OwnAgents`."""

    def __init__(
        self, project: Project, files: Files, spawner: "Callable[[], LocalSpawner]", around: Around | None = None
    ) -> None:
        self._project = project
        self._files = files
        self._spawner = spawner
        self._around = around or Around()

    def catalog(self) -> FileCatalog:
        """The agents that can be called here, from their files as they are now."""
        return self._catalog(self._read)

    def _catalog(self, read: Callable[[], Iterator[AgentFile]]) -> FileCatalog:
        from fairlead.workflow import read_values

        return FileCatalog(read_values, read, looking=Looking(self._describe, self._described, _schema_problem))

    def find(self, name: str, definition: Digest) -> Agent | None:
        """The agent file *name*; None when it is not what *definition* names any more."""
        catalog = self.catalog()
        own = catalog.find_exactly(name, definition)
        if own is None:
            # The run may have begun in another directory of the project, which has agents of its own.
            catalog = self._catalog(self._read_everywhere)
            own = catalog.find_exactly(name, definition)
        # Looking at the code may have shown that it has changed meanwhile.
        return self._agent(own, catalog) if own is not None and own.card.digest == definition else None

    def names(self) -> Sequence[tuple[str, str]]:
        """Name and file of each agent of the project."""
        return [(one.card.name, one.file.path) for one in self.catalog().definitions() if one.file.whose == "project"]

    def hiding(self) -> Sequence[tuple[str, str]]:
        """Name and file of those that have the name of an agent that ships."""
        catalog = self.catalog()
        first = {one.card.name: one.file.path for one in reversed(catalog.definitions()) if one.hides}
        return [(name, file) for name, file in first.items() if catalog.is_shipped(name)]

    def check(self, names: Sequence[str]) -> Sequence[Diagnostic]:
        """Everything that is wrong with them."""
        catalog = self.catalog()
        return diagnose(catalog, _chosen(catalog, names), _locate)

    def settings(self, name: str) -> Sequence[Setting]:
        """What holds for an agent and why."""
        catalog = self.catalog()
        card = catalog.find(name)
        own = catalog.find_own(name)
        return settings_of(card, own) if card is not None else ()

    def mends(self, names: Sequence[str]) -> Sequence[Mend]:
        """The files that are read by recovery only, each as it is and as it should be."""
        catalog = self.catalog()
        return [
            Mend(one.card.name, one.file.path, self._full(one.file), one.file.data, one.mended)
            for one in _chosen(catalog, names)
            if one.mended and one.mended != one.file.data
        ]

    def is_inside(self, path: str) -> bool:
        """Whether *path* stays in the project."""
        from fairlead.env.agent_files import is_inside

        return is_inside(self._project.root, path)

    def attempt(self, name: str, inputs: dict[str, Json], tree: str) -> Tried:
        """Call an agent once over a copy of *tree*."""
        from fairlead.testing.trying import try_agent

        catalog = self.catalog()
        own = catalog.find_own(name)
        card = catalog.find(name)
        if card is None:
            return Tried(Failed("author", "FL-A101", f"there is no agent named {name!r}", "fairlead agents list"))
        agent = ToolAgent(card) if own is None else self._agent(own, catalog)
        return wait(try_agent(agent, inputs, tree, self._spawner(), is_own=own is not None, is_off=self._is_off()))

    def _agent(self, own: Definition, catalog: FileCatalog) -> Agent:
        if own.card.needs:
            return UnavailableAgent(own.card)
        if own.code is not None:
            return OwnToolAgent(own.card, own.code)
        if own.card.adapter == "tool":
            return ToolAgent(own.card)
        # Files beside the card are named from the root of the project, and the program works in a copy of it, perhaps.
        beside = {file.path: self._full(file) for file in catalog.files if file.path in own.own_files}
        argv = tuple(beside.get(word, word) for word in own.argv)
        return CommandAgent(own.card, argv, own.passed_on, own.gives, tuple(beside.values()))

    def _full(self, file: AgentFile) -> str:
        return file.full or os.path.join(self._project.root, file.path)

    def _read(self) -> Iterator[AgentFile]:
        from fairlead.env.agent_files import directories_above

        root = self._project.root
        return self._read_below(directories_above(root, self._project.directory or root))

    def _read_everywhere(self) -> Iterator[AgentFile]:
        from fairlead.env.agent_files import directories_with

        nearest = next(place.folder for place in places.PROJECT if place.is_nearest_first)
        return self._read_below(directories_with(self._project.root, nearest))

    def _read_below(self, above: Sequence[str]) -> Iterator[AgentFile]:
        from fairlead.env.agent_files import read_agent_folder

        for place in places.PROJECT:
            for folder in places.folders_of(place, above):
                for path, data, problem in read_agent_folder(self._project.root, folder, is_deep=place.is_deep):
                    yield AgentFile(path, data, problem, suffix=place.suffix, is_ours=place.is_ours)
        around = self._around
        for base, shown, folders in (
            (around.config_home, _shown(around.config_home, around.home), places.CONFIG_HOME),
            (around.home, "~", places.HOME),
        ):
            for place in folders if base else ():
                for path, data, problem in read_agent_folder(base, place.folder, is_deep=place.is_deep):
                    full = os.path.join(base, path)
                    yield AgentFile(
                        f"{shown}/{path}", data, problem, full, "user", suffix=place.suffix, is_ours=place.is_ours
                    )
        if around.has_installed:
            yield from _installed()

    def _is_off(self) -> bool:
        """Whether the person wants no isolation for this project."""
        from fairlead.env.isolation import read_isolation

        data_dir = self._around.data_dir
        return bool(data_dir) and read_isolation(data_dir, self._project.state_dir).is_off

    def _describe(self, code: ToolCode, digest: Digest) -> Outcome:
        root = self._project.root
        # Importing is running: the code is shut in for that as it is when it is called.
        shut_in = None if self._is_off() else Confinement(root, is_copy=False, memory_max=LOOK_BYTES_MAX)
        call = ToolCall(DESCRIBER, {}, root, LOOK_SECONDS_MAX, LOOK_BYTES_MAX, code=code, confinement=shut_in)
        try:
            outcome = wait(self._spawner().call_tool(call, lambda text, found: None)).outcome
        except FairleadError as refusal:
            first = refusal.diagnostics[0]
            outcome = Failed("platform", first.code, first.message, "; ".join(first.hints))
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


def _chosen(catalog: FileCatalog, names: Sequence[str]) -> Sequence[Definition]:
    """Those of *names*; without any, those that lie in the project."""
    if names:
        return [one for one in catalog.definitions() if one.card.name in names]
    return [one for one in catalog.definitions() if one.file.whose == "project"]


def _shown(directory: str, home: str) -> str:
    """*directory* as people write it."""
    inside = home and directory.startswith(home.rstrip("/") + "/")
    return f"~/{os.path.relpath(directory, home)}" if inside else directory


def _installed() -> Iterator[AgentFile]:
    from fairlead.env.agent_files import installed_agent_folders, read_agent_folder

    for package, top, folder in installed_agent_folders(places.GROUP):
        for path, data, problem in read_agent_folder(top, folder):
            full = os.path.join(top, path)
            yield AgentFile(f"{package}:{path}", data, problem, full, "package", is_ours=False)


def _schema_problem(schema: Json) -> str:
    from fairlead.gate.contracts import schema_problem

    return schema_problem(schema)


def _locate(data: bytes, first_line: int) -> tuple[Mapping[str, Span], Span | None]:
    from fairlead.workflow.places import key_places

    return key_places(data, first_line)


def wait(coroutine: Coroutine[object, object, _T]) -> _T:
    """The result of *coroutine*, also where an event loop is running: then it gets one of its own, in a thread."""
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
