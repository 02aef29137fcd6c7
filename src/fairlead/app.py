"""The one place where parts are chosen and joined. Everything is made when it is first asked for."""

import os
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fairlead.core.durability import Durability
from fairlead.core.errors import FairleadError, error
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Digest
from fairlead.core.outcomes import Failed
from fairlead.core.ports import (
    Agent,
    AgentCard,
    Call,
    Catalog,
    Clock,
    Effect,
    EffectCard,
    Fenced,
    Ids,
    Journal,
    JournalFailed,
    Trees,
)
from fairlead.service.parts import Checkout, Ending, Files, IsolationSetting, Probe, Project, Repository
from fairlead.views.rules import RuleText

if TYPE_CHECKING:
    import asyncio

    from fairlead.app_agents import ProjectAgents
    from fairlead.core.adoption import Adoption, Manner
    from fairlead.env.live import LiveFile
    from fairlead.env.permissions import Permission
    from fairlead.env.spawner import LocalSpawner
    from fairlead.gate.surroundings import Deliver
    from fairlead.journal import Reader, SqliteJournal
    from fairlead.journal.disk import Disk
    from fairlead.runtime.engine import Engine
    from fairlead.service.certifying import Certificate, Setup
    from fairlead.service.certifying import Tell as TellPoint
    from fairlead.service.parts import AdvisoryState, Imported
    from fairlead.service.proofs import Audience, Evidence, Order, ProofRow, ReadBundle
    from fairlead.workflow.building.built import Built

LOG_NAME_MAX = 180  # characters of a place in the name of its log
_GRACE_S = 20.0  # after SIGTERM, for what runs; Ctrl-C, or a second signal, ends it at once
_TICK_S = 0.05  # how often a door redraws while a run is performed in its process


def main(argv: Sequence[str] | None = None, parts: "App | None" = None) -> int:
    """The `fairlead` command; gives its exit code. *parts* are given back afterwards."""
    from fairlead.cli.main import main as command_line
    from fairlead.cli.main import say_unclosed

    parts = parts or App()
    refusal = None
    try:
        code = command_line(sys.argv[1:] if argv is None else argv, parts)
    finally:
        try:
            parts.close()
        except FairleadError as failed:
            refusal = failed  # the disk, at the last moment: what was answered stays
    return code if refusal is None else say_unclosed(refusal)


class App:
    """Implements `fairlead.service.parts.Parts`: one process of Fairlead."""

    def __init__(self) -> None:
        self._journals: dict[str, SqliteJournal] = {}
        self._readers: dict[str, Reader] = {}
        self._engine: Engine | None = None  # that performs just now
        self._engines: dict[Project, Engine] = {}
        self._live: dict[RunId, LiveFile] = {}  # progress of the runs that this process performs

        self._copies: dict[RunId, Trees] = {}  # working copies of those runs
        self._durability = ""  # as the command line says; "" where it says nothing

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment that the command was called in."""
        return os.environ

    @cached_property
    def clock(self) -> Clock:
        """The machine's clocks."""
        from fairlead.env.clock import SystemClock

        return SystemClock()

    @cached_property
    def ids(self) -> Ids:
        """Random names."""
        from fairlead.env.ids import RandomIds

        return RandomIds()

    @cached_property
    def files(self) -> Files:
        """The few files that a door reads and writes."""
        from fairlead.env.files import LocalFiles

        return LocalFiles()

    @property
    def cwd(self) -> str:
        """Where the command was called."""
        return os.getcwd()

    @property
    def disk(self) -> "Disk":
        """What the journals lie on."""
        from fairlead.journal.disk import REAL

        return REAL

    @property
    def durability(self) -> Durability:
        """What acknowledged work survives: the command line says it, else the environment."""
        from fairlead.core.durability import read_durability

        return read_durability(self._durability or self.environ.get("FAIRLEAD_DURABILITY", ""))

    def use_durability(self, word: str) -> None:
        """What the command line says, before anything is recorded."""
        from fairlead.core.durability import read_durability

        self._durability = read_durability(word)

    @property
    def user(self) -> str:
        """The operating-system user; the number when it has no name here."""
        from fairlead.env.places import user_name

        return user_name()

    def project(self, directory: str) -> Project:
        """The tree around *directory*."""
        from fairlead.env.places import find_place

        place = find_place(directory, os.environ)
        return Project(place.root, place.state_dir, place.is_git, place.notes, directory)

    def checkout(self, project: Project) -> Checkout:
        """What lies in the project just now."""
        from fairlead.env.places import Whereabouts, look_around

        seen = look_around(Whereabouts(project.root, project.state_dir, project.is_git))
        return Checkout(seen.branch, seen.head, seen.changed, seen.notes, seen.commit)

    def repository(self, project: Project) -> Repository:
        """The commits of the project's repository."""
        from fairlead.env.baselines import LocalRepository

        return LocalRepository(project.root, project.is_git)

    def git_facts(self, project: Project, *, with_changed: bool, with_tree: bool) -> dict[str, Any]:
        """What expressions may read of the repository."""
        from fairlead.env.facts import git_facts

        return git_facts(project.root, with_changed=with_changed, with_tree=with_tree)

    def effect_cards(self) -> Mapping[str, EffectCard]:
        """What is known of the effects that this build performs."""
        from fairlead.env.effects import effects

        return {kind: effect.describe() for kind, effect in effects().items()}

    def host_facts(self) -> dict[str, Any]:
        """What expressions may read of the machine."""
        from fairlead.env.facts import host_facts

        return host_facts()

    def files_between(self, project: Project, before: str, after: str) -> Sequence[str] | None:
        """What differs between two commits."""
        from fairlead.env.commits import files_between

        return files_between(project.root, before, after)

    def journal(self, project: Project) -> Journal:
        """The project's journal. The spawner is forked first: a fork wants a process without threads."""
        if project.state_dir not in self._journals:
            from fairlead.journal import open_journal

            self._spawner.leave_out = (*self._spawner.leave_out, project.state_dir)
            mode = self.durability
            journal = open_journal(
                project.state_dir, clock=self.clock, deliver=self._deliver, mode=mode, disk=self.disk
            )
            self._journals[project.state_dir] = journal
        return self._journals[project.state_dir]

    def reader(self, project: Project) -> "Journal | Reader | None":
        """The project's journal for reading; None when nothing was ever recorded here."""
        if project.state_dir in self._journals:
            return self._journals[project.state_dir]
        # An anchor without its journal is no empty record but a lost one, and the journal says so.
        if not any(self.files.exists(os.path.join(project.state_dir, name)) for name in ("journal.db", "anchor")):
            return None
        if project.state_dir not in self._readers:
            from fairlead.journal import open_reader

            # Only looking needs neither the writer's thread nor a spawner.
            self._readers[project.state_dir] = open_reader(project.state_dir, clock=self.clock, disk=self.disk)
        return self._readers[project.state_dir]

    def catalog(self, project: Project) -> Catalog:
        """The agents that ship and the agent files of the project."""
        return self.own_agents(project).catalog()

    def shipped_catalog(self) -> Catalog:
        """The agents that ship and no others."""
        from fairlead.agents.catalog import FileCatalog, ShippedCatalog
        from fairlead.workflow import read_values

        return ShippedCatalog(FileCatalog(read_values))

    def own_agents(self, project: Project) -> "ProjectAgents":
        """The agent files of the project."""
        from fairlead.app_agents import Around, ProjectAgents

        home = self.environ.get("HOME", "")
        config = self.environ.get("XDG_CONFIG_HOME", "") or (os.path.join(home, ".config") if home else "")
        around = Around(home, config, has_installed=True, data_dir=_data_dir())
        return ProjectAgents(project, self.files, lambda: self._spawner, around)

    def build(self, project: Project, path: str, data: bytes) -> "Built":
        """Perform a Python file in a child process."""
        from fairlead.app_building import build

        return build(project, path, data, self._spawner, is_off=self.isolation(project).is_off)

    def shipped_workflow(self, name: str) -> tuple[str, bytes] | None:
        """A workflow that ships with Fairlead."""
        from fairlead.agents.shipped import shipped_workflow

        data = shipped_workflow(name)
        return None if data is None else (f"<fairlead>/{name}.yaml", data)

    def workflow_template(self, file: str) -> bytes:
        """A file of the templates that ship."""
        from fairlead.agents.shipped import workflow_template

        return workflow_template(file)

    def rules(self) -> Mapping[str, RuleText]:
        """The rules of all scanners that ship, by id."""
        from fairlead.agents.rules import all_rules

        return all_rules()

    def log_path(self, project: Project, run: RunId, place: str, attempt: int) -> str:
        """Where the gate keeps what a call wrote."""
        if len(place) > LOG_NAME_MAX:  # items in items in items: a file's name has an end
            from fairlead.core.json import digest

            place = f"{place[: LOG_NAME_MAX - 20]}~{digest(place.encode())[7:23]}"
        return os.path.join(project.state_dir, "logs", run, f"{place}.{attempt}.log")

    def live_path(self, project: Project, run: RunId) -> str:
        """Where the owner of a run writes its progress."""
        return os.path.join(project.state_dir, "live", f"{run}.jsonl")

    def perform(self, project: Project, run: RunId, on_tick: Callable[[], None]) -> Ending:
        """Perform the run in this process until it has ended or a signal asks to stop."""
        import asyncio

        self.journal(project)
        try:
            return asyncio.run(self._work(project, on_tick, lambda engine: engine.perform(run)))
        except Fenced:
            raise error(
                "FL-R401",
                f"run {run} was taken over by another worker while this one was silent",
                f"follow it with `fairlead runs watch {run}`",
            ) from None

    def adopt(self, project: Project, manner: "Manner", on_tick: "Callable[[Adoption], None]") -> Ending:
        """Go on in this process with every open run of the checkout that nobody living performs."""
        import asyncio

        from fairlead.core.adoption import Adoption
        from fairlead.core.findings import path_text
        from fairlead.runtime.adopting import Adopting

        journal, tally = self.journal(project), Adoption()

        def tick() -> None:
            on_tick(tally)

        async def work(engine: "Engine") -> None:
            adopting = Adopting(engine, journal, self.clock, path_text(project.root), manner.at_once, tally)
            await adopting.perform(stays=manner.stays)

        try:
            return asyncio.run(self._work(project, tick, work))
        finally:
            tick()

    def certify(self, project: Project, setup: "Setup", tell: "TellPoint") -> "Certificate":
        """Perform a workflow in disposable copies, and disturb it."""
        from fairlead.app_certifying import certify

        return certify(project, setup, tell)

    def start_worker(self, project: Project, run: RunId) -> None:
        """Start a worker process that outlives this one."""
        from fairlead.env.workers import start_worker

        # -P: the worker starts in the project's root, and nothing that lies there may take a module's place.
        argv = [sys.executable, "-P", "-m", "fairlead", "-C", project.root, "worker", "--run", run]
        argv += ["--durability", self._durability] if self._durability else []  # else it has our environment
        start_worker(argv, project.root, os.path.join(project.state_dir, "logs", run, "worker.log"))

    def advisories(self) -> "AdvisoryState":
        """What the advisory data of this machine are, and how old."""
        from fairlead.app_advisories import advisory_state

        return advisory_state(self.files, _data_dir(), self.clock)

    def import_advisories(
        self, path: str, source: str, *, is_replacing: bool, tell: Callable[[int], None]
    ) -> "Imported":
        """Take a dump of advisories over."""
        from fairlead.app_advisories import import_advisories

        return import_advisories(
            path, source, _data_dir(), self.clock, self.files, is_replacing=is_replacing, tell=tell
        )

    def permissions(self, project: Project) -> "Sequence[Permission]":
        """What the person lets happen unasked in this project."""
        from fairlead.env.permissions import read_permissions

        return read_permissions(_data_dir(), project.state_dir)

    def change_permission(self, project: Project, what: str, *, is_allowed: bool, reason: str) -> None:
        """Write the person's setting down."""
        from fairlead.env.permissions import Permission, write_permissions
        from fairlead.views.acceptances import day_of

        kept = [one for one in self.permissions(project) if one.what != what]
        if is_allowed:
            kept.append(Permission(what, self.user, day_of(self.clock.now()), reason))
        write_permissions(_data_dir(), project.state_dir, tuple(kept))

    def isolation(self, project: Project) -> IsolationSetting:
        """What the person has set for the project's programs."""
        from fairlead.env.isolation import read_isolation

        return read_isolation(_data_dir(), project.state_dir)

    def switch_isolation(self, project: Project, *, is_off: bool, reason: str) -> None:
        """Write the person's setting down."""
        from fairlead.env.isolation import switch_isolation_off, switch_isolation_on
        from fairlead.views.acceptances import day_of

        if is_off:
            switch_isolation_off(_data_dir(), project.state_dir, self.user, day_of(self.clock.now()), reason)
        else:
            switch_isolation_on(_data_dir(), project.state_dir)

    def level_of(self, project: Project, card: AgentCard | None, call: Call) -> str | Failed:
        """As the gate's table says."""
        from fairlead.agents.adapters.program import ProgramAgent
        from fairlead.gate.levels import level_for

        return level_for(card or ProgramAgent().describe(), call, is_off=self.isolation(project).is_off)

    def sandbox_problem(self) -> FairleadError | None:
        """Why nothing can be confined here."""
        from fairlead.env.sandbox.trying import sandbox_problem

        return sandbox_problem()

    def probes(self, project: Project | None) -> Sequence[Probe]:
        """What `doctor` looks at."""
        from fairlead.app_advisories import advisory_probes
        from fairlead.env.probing import look_at_machine

        facts = look_at_machine(project.state_dir if project else self.cwd)
        seen = [Probe(fact.area, fact.status, fact.text, fact.fix) for fact in facts]  # type: ignore[arg-type]  # one closed set, named on both sides
        seen += self._journal_probes(project)
        seen += advisory_probes(self.advisories())
        try:
            if project is not None:
                from fairlead.journal import try_disk

                self.reader(project)
                try_disk(project.state_dir, self.disk)
        except FairleadError as refusal:
            first = refusal.diagnostics[0]
            seen.append(Probe("state", "bad", f"{first.code}: {first.message}", "; ".join(first.hints[:1])))
        return seen

    def proofs(self) -> "Sequence[ProofRow]":
        """What can be proven."""
        from fairlead.app_proving import proofs

        return proofs()

    def new_seed(self) -> int:
        """A seed that nobody has chosen."""
        from fairlead.testing.proving.performing import new_seed

        return new_seed()

    def prove(self, order: "Order", seed: int, directory: str, audience: "Audience") -> "Evidence":
        """Try promises of the engine, and keep the evidence."""
        from fairlead.app_proving import prove

        return prove(order, seed, directory, audience, self.clock)

    def read_bundle(self, directory: str) -> "ReadBundle | None":
        """Evidence as it lies on the disk."""
        from fairlead.testing.proving.bundle import read_bundle

        return read_bundle(directory)

    def _journal_probes(self, project: Project | None) -> Sequence[Probe]:
        from fairlead.core.durability import PROMISES
        from fairlead.journal import library_problem, library_version, network_filesystem

        problem = library_problem()
        seen = [Probe("state", "warn" if problem else "ok", f"SQLite {library_version()}", problem)]
        if project is not None and (kind := network_filesystem(project.state_dir)):
            text = f"FL-N011: {project.state_dir} lies on a network file system ({kind})"
            return [*seen, Probe("state", "bad", text, "set FAIRLEAD_STATE_DIR to a directory on a local disk")]
        try:
            word = self.durability
        except FairleadError as refusal:
            first = refusal.diagnostics[0]
            return [*seen, Probe("state", "bad", f"{first.code}: {first.message}", first.hints[0])]
        fix = "" if word == "full" else "unset FAIRLEAD_DURABILITY where a power cut may cost nothing"
        return [*seen, Probe("state", "warn" if fix else "ok", f"durability {word}: {PROMISES[word]}", fix)]

    def close(self) -> None:
        """Give everything back: journals first, so that what is acknowledged is synced."""
        with ExitStack() as last:  # whatever fails, the rest is given back too; what came last goes first
            if "_spawner" in self.__dict__:
                last.callback(self._spawner.close)
            for held in (*self._readers.values(), *self._journals.values()):
                last.callback(held.close)

    # ------------------------------------------------------------------------------------------- joining a worker

    @cached_property
    def _spawner(self) -> "LocalSpawner":
        from fairlead.env.spawner import start_spawner

        spawner = start_spawner()
        spawner.data_dir = _data_dir()
        return spawner

    def _deliver(self, results: Sequence[tuple[object, object]]) -> None:
        assert self._engine is not None  # only an engine appends
        self._engine.deliver(results)  # type: ignore[arg-type]  # the journal's Delivery and the engine's are one

    async def _work(
        self, project: Project, on_tick: Callable[[], None], work: "Callable[[Engine], Coroutine[Any, Any, object]]"
    ) -> Ending:
        import asyncio

        from fairlead.core.ports import Interrupted

        if project not in self._engines:
            self._engines[project] = self._join(project)
        # One worker, however often this process goes on with a run: another one would find it owned by the living.
        engine = self._engine = self._engines[project]
        wishes: asyncio.Queue[float] = asyncio.Queue()
        ending: Ending = "interrupted"

        def stop(signal_number: int) -> None:
            nonlocal ending
            is_gentle = signal_number == signal.SIGTERM
            ending = "terminated" if is_gentle else ending
            wishes.put_nowait(_GRACE_S if is_gentle else 0.0)

        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        companions = {
            asyncio.create_task(engine.watch_over()),
            asyncio.create_task(_tick(on_tick)),
            asyncio.create_task(_interrupt_when(wishes, engine)),
        }
        performing = asyncio.create_task(work(engine))
        try:
            await _first_to_end(performing, companions, engine)
            await performing
            return "ended"
        except Interrupted:
            return ending
        except JournalFailed as failed:
            # The engine knows only that; why, and what to do about it, the journal has said to it.
            raise failed.__cause__ or failed from None
        finally:
            for companion in companions:
                companion.cancel()
            await asyncio.gather(*companions, return_exceptions=True)

    def _join(self, project: Project) -> "Engine":
        from fairlead.agents.adapters.program import ProgramAgent
        from fairlead.env.live import LiveFile
        from fairlead.env.memory import look_rarely
        from fairlead.env.trees import git_dir_of
        from fairlead.gate.gate import Gate
        from fairlead.gate.surroundings import Surroundings
        from fairlead.runtime.engine import Engine

        look_rarely()
        journal = self._journals[project.state_dir]
        engine = Engine(self.clock, self.ids.worker_id())
        journal.register_worker(engine.worker)

        def progress(run: RunId, place: Place, text: str, found: int) -> None:
            if run not in self._live:
                self._live[run] = LiveFile(self.live_path(project, run), self.clock)
            self._live[run].write(place, text, found)

        around = Surroundings(
            journal=journal,
            clock=self.clock,
            spawner=self._spawner,
            trees=lambda run, root: self._trees(project, run, root),
            agents=self._agents(self.shipped_catalog()),
            programs=ProgramAgent(),
            progress=progress,
            log_of=lambda run, place, attempt: self.log_path(project, run, place, attempt),
            own_agents=self.agents_by_digest(project),
            is_off=lambda: self.isolation(project).is_off,
            effects=self.effect_of,
            notices=self.messenger(),
            git_dir_of=lambda run: git_dir_of(project.state_dir, self._store_of(project, run)),
            is_allowed=lambda kind: any(one.what == kind for one in self.permissions(project)),
            sweep=lambda run: self._sweep(project, run),
        )
        engine.join(journal, Gate(around))
        engine.let_go = self._let_go
        return engine

    def _let_go(self, run: RunId) -> None:
        """A process that performs one run after the other keeps nothing of those that it is done with."""
        self._copies.pop(run, None)
        if run in self._live:
            self._live.pop(run).remove()

    def effect_of(self, kind: str) -> Effect | None:
        """What performs the effects of this kind."""
        from fairlead.env.effects import effects

        return effects().get(kind)

    def messenger(self) -> "Deliver":
        """What delivers messages."""
        from fairlead.env.notices import deliver

        return deliver

    def _sweep(self, project: Project, run: RunId) -> None:
        from fairlead.env.live import LiveFile
        from fairlead.env.trees import sweep

        sweep(project.state_dir, run, self._store_of(project, run))
        if run not in self._live:
            LiveFile(self.live_path(project, run), self.clock).remove()

    def agents_by_digest(self, project: Project) -> Callable[[str, Digest], Agent | None]:
        """What performs an agent of the project, as long as it is what the digest names."""
        return self.own_agents(project).find

    def _agents(self, catalog: Catalog) -> Callable[[str], Agent | None]:
        from fairlead.agents.adapters.tool import ToolAgent
        from fairlead.agents.adapters.unavailable import UnavailableAgent

        found: dict[str, Agent | None] = {}

        def agent(name: str) -> Agent | None:
            if name not in found:
                card = catalog.find(name)
                found[name] = None if card is None else UnavailableAgent(card) if card.needs else ToolAgent(card)
            return found[name]

        return agent

    def _trees(self, project: Project, run: RunId, root: str) -> Trees:
        from fairlead.env.trees import RunTrees

        if run not in self._copies:
            store = self._store_of(project, run)
            self._copies[run] = RunTrees(project.state_dir, run, root, self._spawner, store)
        return self._copies[run]

    def _store_of(self, project: Project, run: RunId) -> RunId:
        """The run among whose trees those of *run* lie: its parent's parent, or the run whose outcomes it keeps."""
        from fairlead.core.events import RunQueued

        while True:
            first = next(iter(self._journals[project.state_dir].events_of(run))).event
            before = (first.parent or first.origin) if isinstance(first, RunQueued) else ""
            if not before:
                return run
            run = RunId(before)


def _data_dir() -> str:
    from fairlead.env.places import data_dir

    return data_dir(os.environ)


async def _tick(on_tick: Callable[[], None]) -> None:
    import asyncio

    while True:
        on_tick()
        await asyncio.sleep(_TICK_S)


async def _interrupt_when(wishes: "asyncio.Queue[float]", engine: "Engine") -> None:
    while True:
        await engine.interrupt("it was interrupted", await wishes.get())


async def _first_to_end(
    performing: "asyncio.Task[object]", companions: "set[asyncio.Task[None]]", engine: "Engine"
) -> None:
    """Wait until the run has ended. A companion that breaks down stops the run, which anybody can then resume."""
    import asyncio

    pending: set[asyncio.Task[Any]] = {performing, *companions}  # Any: tasks of different results
    while not performing.done():
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        broken = [task for task in done - {performing} if not task.cancelled() and task.exception() is not None]
        if broken:
            await engine.interrupt("the process that performed it broke down")
            await asyncio.wait({performing})
            await broken[0]
