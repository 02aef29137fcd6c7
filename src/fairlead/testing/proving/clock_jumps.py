"""Wall clocks that jump: an hour, a year, forwards, backwards, in the middle of waits and of repeats.

Both clocks of this process are its own, so that a minute passes at once; engine, journal, gate and their files are
real. Two runs are performed side by side, and after each jump a second worker asks for both: a lease goes by the clock
that does not jump, so each is refused.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple, NoReturn

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    Recorded,
    RunEnded,
    RunQueued,
    WaitBegun,
)
from fairlead.core.ids import Micros, RunId, Seq, WorkerId
from fairlead.core.json import encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.proofs import Figure, Lane, Tell
from fairlead.core.workflow import AgentAction, ParallelAction, Retry, Step, WaitAction, Workflow
from fairlead.gate.gate import Gate
from fairlead.gate.surroundings import Surroundings
from fairlead.journal import SqliteJournal, open_journal, verify
from fairlead.runtime.engine import Engine
from fairlead.testing.agents import ScriptedAgent
from fairlead.testing.proving.scene import Broken
from fairlead.testing.proving.tries import tried

COUNTS: dict[Lane, int] = {"fast": 4, "full": 150}  # tries, of about seven jumps each
HOUR, YEAR = 3_600.0, 365 * 86_400.0
JUMPS = (HOUR, -HOUR, YEAR, -YEAR, 86_400.0, -86_400.0, 0.5, -0.5)
PASS_SECONDS_MAX = 8.0  # of both clocks at once; a worker that beats every ten seconds is never silent
WAIT_SECONDS, REPEAT_SECONDS = 60.0, 40.0
LATE_SECONDS_MAX = 10 * PASS_SECONDS_MAX  # a wait that is over is seen some looks later at the latest
REPEATS = 2
STEPS_MAX = 400
LOOK_SECONDS = 0.03  # of real time, in which the engine looks at the clock again

PROMISE = (
    "a wall clock that jumps makes no wait and no repeat longer, and shorter only when it jumps ahead; it takes no run"
    " from its worker, and the record stays in order"
)


class JumpingClock:
    """Implements `Clock`: time passes and the wall clock jumps when this is told to."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.offset = 1_700_000_000.0

    def now(self) -> Micros:
        """Microseconds since 1970."""
        return Micros(round((self.offset + self.passed) * 1_000_000))

    def monotonic(self) -> float:
        """Seconds."""
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Let them pass."""
        self.passed += seconds


class Seen(NamedTuple):
    """A record, and where the clocks stood when it was seen."""

    record: Recorded
    passed: float
    ahead: int  # jumps ahead until then


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """See the module."""
    return try_jumps(COUNTS[lane], seed, tell, at_once=2)


def try_jumps(count: int, seed: int, tell: Tell, *, at_once: int = 1) -> Figure:
    """Perform two runs so often under a clock that jumps."""
    return tried("clock-jumps", PROMISE, jump_once, count, seed, tell, what="tries", at_once=at_once)


def jump_once(directory: Path, rng: random.Random) -> Counter[str]:
    """Two runs at once, and a clock that jumps until both have ended.

    Raises:
        Broken: the promise does not hold.
    """
    with _worker(directory) as (engine, journal, clock):
        runs = [_queue(journal, number) for number in range(2)]
        seen, done = asyncio.run(_perform(engine, journal, clock, runs, rng))
        done["back in the record"] += sum(after.record.at < before.record.at for before, after in pairwise(seen))
    for run in runs:
        _check([one for one in seen if one.record.run == run], done)
    report = verify(str(directory), clock=clock)
    if report.problems:
        raise Broken(f"the journal does not verify: {report.problems[0]}")
    return done


@contextmanager
def _worker(directory: Path) -> Iterator[tuple[Engine, SqliteJournal, JumpingClock]]:
    clock = JumpingClock()
    engine = Engine(clock, WorkerId("w-000000000001"))
    journal = open_journal(str(directory), clock=clock, deliver=engine.deliver)
    try:
        journal.register_worker(engine.worker)
        agents = {"trembles": ScriptedAgent("trembles", _tremble)}
        around = Surroundings(
            journal=journal,
            clock=clock,
            spawner=_nothing,  # type: ignore[arg-type]  # stands for a port that no scripted agent uses
            trees=_nothing,
            agents=agents.get,
            programs=agents["trembles"],
            progress=lambda *_: None,
            log_of=lambda *_: "",
        )
        engine.join(journal, Gate(around))
        yield engine, journal, clock
    finally:
        journal.close()


def _nothing(*_: object) -> NoReturn:
    raise AssertionError("a scripted agent needs nothing")


async def _tremble(call: Call, world: World) -> Outcome:
    if call.attempt <= REPEATS:
        return Failed("provider", "FL-R235", "not yet", error="transient")
    return Succeeded({})


def _queue(journal: SqliteJournal, number: int) -> RunId:
    retry = Retry(max=REPEATS, backoff="constant", initial_s=REPEAT_SECONDS)
    beside = (
        Step("waits", WaitAction(for_=f"{WAIT_SECONDS:.0f}s")),
        Step("trembles", AgentAction("trembles"), retry=retry),
    )
    steps = (
        Step("both", ParallelAction(beside)),
        Step("waits-again", WaitAction(for_=f"{WAIT_SECONDS:.0f}s"), needs=("both",)),
    )
    workflow = Workflow("jumps", steps)
    run = RunId(f"r-jumps00{number}")
    journal.record(run, RunQueued("jumps", journal.put(encode(workflow)), {}, "/tree"))
    return run


async def _perform(
    engine: Engine, journal: SqliteJournal, clock: JumpingClock, runs: list[RunId], rng: random.Random
) -> tuple[list[Seen], Counter[str]]:
    seen: list[Seen] = []
    done: Counter[str] = Counter()
    watching = asyncio.create_task(engine.watch_over())
    performing = [asyncio.create_task(engine.perform(run)) for run in runs]
    ahead = 0
    try:
        for _ in range(STEPS_MAX):
            await _look(journal, seen, clock, ahead)
            if all(task.done() for task in performing):
                return seen, done
            clock.sleep(rng.uniform(0.0, PASS_SECONDS_MAX))
            if rng.random() < 0.3:
                jump = rng.choice(JUMPS)
                clock.offset += jump
                ahead += jump > 0
                done["jumps"] += 1
                await asyncio.to_thread(_rival, journal, clock, runs, done)
        left = [run for run, task in zip(runs, performing, strict=True) if not task.done()]
        raise Broken(f"still not at their ends after {clock.passed:.0f} s: {left}")
    finally:
        watching.cancel()
        for task in performing:
            task.cancel()
        await asyncio.gather(watching, *performing, return_exceptions=True)


async def _look(journal: SqliteJournal, seen: list[Seen], clock: JumpingClock, ahead: int) -> None:
    """Give the engine time to look at the clock, until nothing more is recorded; then look at what is."""
    quiet = time.monotonic() + 2 * LOOK_SECONDS
    while time.monotonic() < quiet:
        await asyncio.sleep(LOOK_SECONDS)
        after = seen[-1].record.seq if seen else Seq(0)
        if new := journal.events_after(after):
            seen.extend(Seen(record, clock.passed, ahead) for record in new)
            quiet = time.monotonic() + 2 * LOOK_SECONDS


def _rival(journal: SqliteJournal, clock: JumpingClock, runs: list[RunId], done: Counter[str]) -> None:
    """A second worker asks for each run, and is refused."""
    rival = open_journal(journal.places.directory, clock=clock, deliver=None)
    try:
        for run in runs:
            if any(isinstance(record.event, RunEnded) for record in rival.events_of(run)):
                continue
            try:
                rival.claim(run, WorkerId("w-000000000002"))
            except FairleadError as refusal:
                if refusal.diagnostics[0].code not in ("FL-R401", "FL-R102"):
                    raise
                done["refused"] += 1
            else:
                raise Broken(f"{run} was taken from its worker by a jump of the clock")
    finally:
        rival.close()


def _check(seen: list[Seen], done: Counter[str]) -> None:
    """Each wait took its time, and its step says how late it was seen."""
    end = seen[-1].record.event
    if not isinstance(end, RunEnded) or end.status != "succeeded":
        raise Broken(f"{seen[-1].record.run} did not succeed: {end}")
    for number, one in enumerate(seen):
        event = one.record.event
        if isinstance(event, WaitBegun):
            over = next(s for s in seen[number:] if _is(s.record.event, AttemptSucceeded, event.place, event.attempt))
            assert isinstance(over.record.event, AttemptSucceeded)
            output = over.record.event.output
            if not isinstance(output, dict) or not isinstance(output["late_s"], float) or output["late_s"] < 0:
                raise Broken(f"{event.place} does not say how late it was: {output}")
            _check_span(one, over, WAIT_SECONDS, done)
        elif isinstance(event, AttemptFailed):
            again = next(
                s for s in seen[number:] if _is(s.record.event, AttemptStarted, event.place, event.attempt + 1)
            )
            _check_span(one, again, REPEAT_SECONDS, done)


def _is(event: Event, kind: type[AttemptSucceeded | AttemptStarted], place: str, attempt: int) -> bool:
    return isinstance(event, kind) and (event.place, event.attempt) == (place, attempt)


def _check_span(begun: Seen, over: Seen, wanted: float, done: Counter[str]) -> None:
    took = over.passed - begun.passed
    where = f"what began with event {begun.record.seq} of {begun.record.run}"
    if took > wanted + LATE_SECONDS_MAX:
        raise Broken(f"{where} took {took:.0f} s and not {wanted:.0f}")
    if over.ahead == begun.ahead and took < wanted - 2 * PASS_SECONDS_MAX:
        raise Broken(f"{where} took {took:.0f} s and not {wanted:.0f}, and the clock did not jump ahead")
    done["cut short by a jump ahead" if took < wanted - PASS_SECONDS_MAX else "waited in full"] += 1
