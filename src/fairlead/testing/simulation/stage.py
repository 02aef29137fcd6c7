"""One performance: workers, people and the world around one run, in one thread, from a journal's prefix to the end."""

import asyncio
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple, NoReturn

from fairlead.core.errors import FairleadError
from fairlead.core.events import AttemptFailed, Recorded, RunQueued
from fairlead.core.ids import Micros, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest, Json, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call, EffectCard, EffectWorld, Fenced, Interrupted, Journal, JournalFailed, World
from fairlead.core.standing import RunState
from fairlead.core.state import fold
from fairlead.core.workflow import NotifyAction, Workflow
from fairlead.gate.gate import Gate
from fairlead.gate.surroundings import Surroundings
from fairlead.journal import SqliteJournal
from fairlead.journal.opening import Places
from fairlead.runtime.engine import Engine
from fairlead.testing.agents import ScriptedAgent
from fairlead.testing.memory import Memory, MemoryJournal
from fairlead.testing.simulation.facts import unlike
from fairlead.testing.simulation.loop import SimulatedClock, SimulatedLoop, Stuck
from fairlead.testing.simulation.outside import CLASSES, Happening, Outside, answer_of, card_of, share_of
from fairlead.testing.simulation.people import People

RUN = RunId("r-simulate")
BEGAN = Micros(1_790_000_000_000_000)
CALM_S_MAX = 2 * 60.0  # between two events, when nothing goes wrong: twice the longest wait that a workflow asks for
CLAIMS_MAX = 80  # of one performance: a run that needs more does not end
FAULTS = ("order", "answers", "people", "clock", "slow", "disk", "stop", "zombie")
IN_MEMORY = frozenset(("disk", "zombie"))  # what only a journal in memory can be made to do
_YEAR_S = 365 * 86_400.0
_AGENTS = ("scripted", "second", "third", "run")


class Play(NamedTuple):
    """What is performed: the same for every performance of one seed."""

    seed: str
    workflow: Workflow
    inputs: dict[str, Json]
    allowed: tuple[str, ...]  # kinds of effects that nobody is asked about
    workflows: dict[Digest, Workflow]  # by the names under which the content store has them


class Boundary(NamedTuple):
    """A moment at which everybody might die: what is durable then, and what has happened outside."""

    events: int
    happened: int
    contents: int
    now: Micros
    monotonic: float


class History(NamedTuple):
    """What a performance left."""

    records: list[Recorded]
    happened: list[Happening]
    contents: dict[Digest, bytes]
    boundaries: list[Boundary]
    problems: list[str]
    counts: Counter[str]
    copies: list[str]  # of the state directory at each boundary; none: it was in memory

    def until(self, boundary: Boundary) -> "History":
        """What is left of it by a crash at *boundary*."""
        contents = dict(list(self.contents.items())[: boundary.contents])
        records, happened = self.records[: boundary.events], self.happened[: boundary.happened]
        copies = [self.copies[self.boundaries.index(boundary)]] if self.copies else []
        return History(records, happened, contents, [boundary], [], Counter(), copies)


class Stage:
    """One performance, under some *faults* that *seed* draws. Nothing of it waits for real time.

    With *directory*, an empty one, the journal is the real one in there, and is copied at every boundary.
    """

    def __init__(
        self, play: Play, seed: str, faults: frozenset[str], begun: History | None = None, directory: str = ""
    ) -> None:
        self.play = play
        self.faults = faults - IN_MEMORY if directory else faults
        self.rng = random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.problems: list[str] = []
        self.boundaries: dict[tuple[int, int], Boundary] = {}
        self._engines: list[Engine] = []
        self._others: list[asyncio.Task[RunState | None]] = []
        self._workers = 0
        self._calm_from = -1  # so many events were recorded while something could go wrong
        self._keeps_time = "clock" not in faults
        self._directory = directory
        self._copies: list[str] = []
        self._opened: list[SqliteJournal] = []
        self._acknowledged = begun.records if begun is not None else []
        if begun is None:
            self.memory, self.outside = Memory(), Outside([])
            self.clock = SimulatedClock(BEGAN, 1_000.0)
        else:
            self.memory = Memory.holding(begun.records, begun.contents)
            self.outside = Outside(list(begun.happened))
            last = begun.boundaries[0]
            self._workers = last.events  # no worker of before has the name of a later one
            self.clock = SimulatedClock(last.now, last.monotonic)
            self.clock.sleep(self.rng.choice((0.0, 1.0, 45.0)))
            if directory:
                shutil.copytree(begun.copies[0], self._state, dirs_exist_ok=True)
        rng = random.Random(f"{seed} order") if "order" in faults else None
        self.loop = SimulatedLoop(self.clock, rng, self._due)
        self.desk = self.journal()  # of everybody who is no worker
        self.people = People(self)

    @property
    def _state(self) -> str:
        return os.path.join(self._directory, "state")

    # ------------------------------------------------------------------------------------------------------ performing

    def perform(self) -> History:
        """To the end of the run: first with the faults, then without them."""
        if not self.memory.runs:
            self._queue()
        try:
            self.loop.run_until_complete(self._live())
        except Stuck as stuck:
            self.problems.append(f"stuck: {stuck}")
        finally:
            self._drop_everything()
        if self.memory.records[: len(self._acknowledged)] != self._acknowledged:
            self.problems.append("what was acknowledged before the crash is not in the journal as it was")
        if self._calm_from >= 0 and self._keeps_time:
            moments = [record.at for record in self.memory.records[self._calm_from :]]
            longest_s = max((after - at for at, after in pairwise(moments)), default=0) / 1e6
            if longest_s > CALM_S_MAX:
                self.problems.append(f"nothing went wrong any more, and nothing was recorded for {longest_s:.0f} s")
        boundaries = list(self.boundaries.values())
        return History(
            self.memory.records,
            self.outside.happened,
            self.memory.contents,
            boundaries,
            self.problems,
            self.counts,
            self._copies,
        )

    def _queue(self) -> None:
        for workflow in self.play.workflows.values():
            definition = self.desk.put(encode(workflow))
        self.desk.record(RUN, RunQueued(workflow.name, definition, self.play.inputs, "/tree"))  # the last is the run's
        self.mark()

    async def _live(self) -> None:
        for _ in range(CLAIMS_MAX):
            run = next((run for run, found in self.memory.runs.items() if not found.ended_at), None)
            if run is None:
                return
            state = await self._work(run)
            for other in self._others:
                state = await other or state
            self._others.clear()
            if self._calm_from < 0:
                self._calm_from = len(self.memory.records)
            self.faults &= {"order"}  # from here on nothing more goes wrong, and every run has to end
            if state is not None and state.ended is None:
                self.people.answer()
        self.problems.append(f"the run did not end under {CLAIMS_MAX} workers")

    async def _work(self, run: RunId) -> RunState | None:
        """One worker's part: to the end, to where the run waits for a person, or to its own end (None)."""
        self._workers += 1
        engine = Engine(self.clock, WorkerId(f"w-{self._workers:012d}"))
        journal = self.journal(engine)
        journal.register_worker(engine.worker)
        engine.join(journal, Gate(self._around(journal)))
        self._engines.append(engine)
        watching = self.loop.create_task(engine.watch_over())
        try:
            state = await engine.perform(run)
        except (Interrupted, Fenced, JournalFailed, FairleadError) as end:
            code = f" {end.diagnostics[0].code}" if isinstance(end, FairleadError) else ""
            self.counts[f"ended by {type(end).__name__}{code}"] += 1
            state = None
        except Exception as bug:
            self.problems.append(f"a worker of {run} died of {type(bug).__name__}: {bug}")
            state = None
        finally:
            watching.cancel()
            self._engines.remove(engine)
            if isinstance(journal, SqliteJournal):
                journal.close()
                self._opened.remove(journal)
                self.mark()
            self.memory.living.pop(engine.worker, None)
        if state is not None and self.rng.random() < 0.1:
            self._compare(state)
        return state

    def _compare(self, state: RunState) -> None:
        records = self.memory.runs[state.run].records
        if records[-1].epoch != state.epoch:
            return  # somebody has asked for something since, or owns the run
        told = fold(state.workflow, records)
        assert told is not None
        self.counts["states compared"] += 1
        if found := unlike(state, told):
            self.problems.append(f"what lived in memory is not what the journal tells: {found}")

    def _drop_everything(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # its worker is dead: nobody waits for it
        self.loop.close()
        for journal in self._opened:
            journal.close()

    def _due(self) -> Micros | None:
        """What the runs look out for. The engine shows it to nobody else, for nobody else moves the clock."""
        dues = [
            embedded._due
            for engine in self._engines
            for embedded in engine._runs.values()
            if embedded._due is not None and embedded._waiter is not None and not embedded._waiter.done()
            if not embedded._is_writing
        ]
        return min(dues, default=None)

    # ---------------------------------------------------------------------------------------------- journal and faults

    def journal(self, engine: Engine | None = None) -> MemoryJournal | SqliteJournal:
        """A journal of one process; without an engine that of a person's command."""
        opened: list[MemoryJournal | SqliteJournal] = []

        def later(commit: Callable[[], None]) -> None:
            assert engine is not None  # people wait for what they ask
            wait_s = self.rng.choice((0.0, 0.3, 2.0)) if "slow" in self.faults else 0.0
            self.counts["slow commits"] += bool(wait_s)
            if wait_s:
                self.loop.call_later(wait_s, self._commit, engine, opened[0], commit)
            else:
                self.loop.call_soon(self._commit, engine, opened[0], commit)

        deliver = engine.deliver if engine is not None else None
        if self._directory:
            real = SqliteJournal(Places(self._state), self.clock, deliver, "process", later)
            self._opened.append(real)
            opened.append(real)
        else:
            opened.append(MemoryJournal(self.memory, self.clock, deliver, later))
        return opened[0]

    def _commit(self, engine: Engine, journal: MemoryJournal | SqliteJournal, commit: Callable[[], None]) -> None:
        self.mark()
        if "disk" in self.faults and isinstance(journal, MemoryJournal) and self.rng.random() < 0.05:
            self.counts["disk failures"] += 1
            journal.fail("the disk is gone", is_written=self.rng.random() < 0.5)
        commit()
        self.mark()
        if self.faults:
            self._disturb(engine)

    def mark(self) -> None:
        """Everybody might die now."""
        if self._directory:
            for record in self.desk.events_after(Seq(len(self.memory.records))):
                self.memory.keep(record)
        key = len(self.memory.records), len(self.outside.happened)
        self.counts["moments"] += 1
        if key not in self.boundaries:
            contents = len(self.memory.contents)
            self.boundaries[key] = Boundary(*key, contents, self.clock.now(), self.clock.monotonic())
            if self._directory:
                self._copies.append(os.path.join(self._directory, f"at-{len(self._copies)}"))
                shutil.copytree(self._state, self._copies[-1])

    def _disturb(self, engine: Engine) -> None:
        """After a commit: what the faults of this performance do now, if anything."""
        drawn = self.rng.random()
        if "people" in self.faults and drawn < 0.25:
            self.people.ask_something()
        if "clock" in self.faults and 0.25 < drawn < 0.35:
            self.counts["clock jumps"] += 1
            self.clock.set_forth(self.rng.choice((-1, 1)) * self.rng.choice((1.0, 3_600.0, _YEAR_S)))
        if "stop" in self.faults and 0.35 < drawn < 0.38:
            self.counts["stops"] += 1
            self.loop.create_task(engine.interrupt("stopped"))
        if "zombie" in self.faults and 0.38 < drawn < 0.42 and not self._others:
            self.counts["sleeping workers"] += 1
            self.memory.living.pop(engine.worker, None)
            self._others.append(self.loop.create_task(self._work(RUN)))

    # ---------------------------------------------------------------------------------------------- agents and effects

    def _around(self, journal: Journal) -> Surroundings:
        agents = {name: ScriptedAgent(name, self._agent) for name in _AGENTS}
        effects = {kind: _SimulatedEffect(self, kind) for kind in CLASSES}
        return Surroundings(
            journal=journal,
            clock=self.clock,
            spawner=_nothing,  # type: ignore[arg-type]  # stands for a port that no scripted agent uses
            trees=_nothing,
            agents=agents.get,
            programs=agents["run"],
            progress=lambda *_: None,
            log_of=lambda run, place, attempt: f"{attempt} {place}",  # so an effect knows whose it is
            effects=effects.get,
            notices=self._notify,
            git_dir_of=lambda run: "",
            is_allowed=lambda kind: kind in self.play.allowed,
        )

    async def pause(self) -> None:
        """Take some turns of the loop, or some simulated time."""
        drawn = self.rng.random()
        if drawn < 0.1:
            await asyncio.sleep(1 + 100 * drawn)
        elif drawn < 0.5:
            await asyncio.sleep(0)

    async def _agent(self, call: Call, world: World) -> Outcome:
        await self.pause()
        failed = sum(
            isinstance(record.event, AttemptFailed) and record.event.place == call.place
            for record in self.memory.runs[call.run].records
        )
        self.counts["agents' calls"] += 1
        return answer_of(self.play.seed, call.place, call.agent, failed)

    async def _notify(self, message: NotifyAction, world: EffectWorld, progress: Callable[[str], None]) -> Outcome:
        return await self.happen("notify", "", world)

    async def happen(self, kind: str, key: str, world: EffectWorld) -> Outcome:
        """Change the world, with a moment to die before, in and after it."""
        number, _, name = world.log.partition(" ")
        attempt, place = int(number), Place(name)
        await self.pause()
        self.mark()
        if "answers" in self.faults and share_of(self.play.seed, place, kind, attempt) < 0.1:
            self.counts["refused effects"] += 1
            return Failed("provider", "FL-R346", "not now", error="transient")
        self.counts["effects"] += 1
        if not self.outside.take(Happening(len(self.memory.records), world.run, place, attempt, kind, key)):
            self.counts["effects found again"] += 1
        self.mark()
        if "answers" in self.faults and self.rng.random() < 0.2:
            self.counts["lost answers"] += 1
            if self.rng.random() < 0.3:
                raise ConnectionError("the line went dead")
            await asyncio.sleep(world.timeout_s + 1)
        await self.pause()
        self.mark()
        return Succeeded({"done": kind})


class _SimulatedEffect:
    """Implements `Effect` over the simulated world."""

    def __init__(self, stage: Stage, kind: str) -> None:
        self._stage, self._kind = stage, kind

    def describe(self) -> EffectCard:
        return card_of(self._kind)

    def class_of(self, given: dict[str, Json]) -> str:
        return CLASSES[self._kind]

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        return [{"name": "kind", "value": self._kind}]

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        await self._stage.pause()
        if CLASSES[self._kind] == "keyed" and self._stage.outside.knows(world.key):
            self._stage.counts["effects found again"] += 1
            return Succeeded({"done": self._kind})
        return None

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        if CLASSES[self._kind] == "read_only":
            await self._stage.pause()
            return Succeeded({"seen": len(self._stage.outside.happened)})
        return await self._stage.happen(self._kind, world.key if CLASSES[self._kind] == "keyed" else "", world)


def states_of(stage: Stage) -> list[RunState]:
    """Every run that has not ended, as the journal tells it."""
    states = []
    for run in stage.memory.runs.values():
        if not run.ended_at:
            state = fold(stage.play.workflows[run.first.definition], run.records)
            assert state is not None
            states.append(state)
    return states


def _nothing(*_: object) -> NoReturn:
    raise AssertionError("a scripted agent starts no children")
