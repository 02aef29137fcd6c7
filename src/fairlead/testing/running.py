"""Whole workflows with scripted agents: the real engine, journal, gate, git and sandbox, and a script for a model."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence

from fairlead.app import App, main
from fairlead.core.ids import RunId
from fairlead.core.json import Digest, Json
from fairlead.core.ports import Agent, AgentCard, Catalog
from fairlead.service.parts import Project
from fairlead.service.runs import show_run
from fairlead.service.starts import find_definition, start_run
from fairlead.testing.agents import ScriptedAgent
from fairlead.views.runs import RunView


def run_workflow(
    directory: str | os.PathLike[str],
    workflow: str,
    inputs: Mapping[str, Json] | None = None,
    *,
    agents: Iterable[ScriptedAgent] = (),
) -> RunView:
    """Perform *workflow*, a name or a file as `fairlead run` takes it, on the project at *directory*.

    Each of *agents* plays the agent of its name: where the project has a file for it, with the inputs, outputs and
    `writes` of that file, which are judged as those of the real one. Gives the run as `fairlead runs show` has it, also
    when it waits for a person.

    Raises:
        FairleadError: what is wrong with the workflow or the inputs; nothing was started then.
    """
    parts = ScriptedApp(agents)
    try:
        project = parts.project(os.path.abspath(directory))
        definition = find_definition(parts, project, project.directory or project.root, workflow)
        started = start_run(parts, project, definition, dict(inputs or {}))
        parts.perform(project, started.run, lambda: None)
        return show_run(parts, project, RunId(started.run))
    finally:
        parts.close()


def command(argv: Sequence[str], *, agents: Iterable[ScriptedAgent] = ()) -> int:
    """The `fairlead` command with *agents* in the place of those of their names; prints, and gives the exit code.

    For what `run_workflow` has no words for: `approve`, `resume`, `trace`. A run is performed in this process.
    """
    return main(argv, ScriptedApp(agents))


class ScriptedApp(App):
    """One process of Fairlead in which some agents play scripts."""

    def __init__(self, agents: Iterable[ScriptedAgent]) -> None:
        super().__init__()
        self._scripts = {agent.describe().name: agent for agent in agents}

    def catalog(self, project: Project) -> Catalog:
        """The agents of the project, and those that play."""
        return _Casting(super().catalog(project), self._scripts)

    def agents_by_digest(self, project: Project) -> Callable[[str, Digest], Agent | None]:
        """Those that play come first."""
        others, cast = super().agents_by_digest(project), _Casting(super().catalog(project), self._scripts)
        return lambda name, definition: cast.player(name) or others(name, definition)


class _Casting:
    """Implements `Catalog`: who plays whom."""

    def __init__(self, catalog: Catalog, scripts: Mapping[str, ScriptedAgent]) -> None:
        self._catalog = catalog
        self._scripts = scripts

    def cards(self) -> Sequence[AgentCard]:
        """Every agent once, as it is called."""
        names = {card.name for card in self._catalog.cards()} | set(self._scripts)
        return [card for name in sorted(names) if (card := self.find(name)) is not None]

    def find(self, name: str) -> AgentCard | None:
        """The card of the agent that a step reaches by *name*."""
        player = self.player(name)
        return self._catalog.find(name) if player is None else player.describe()

    def player(self, name: str) -> ScriptedAgent | None:
        """The script of this name, in the part of the agent that it stands for when there is one."""
        script = self._scripts.get(name)
        if script is None:
            return None
        part = self._catalog.find(name)
        return script.playing(part or script.describe())
