"""Runs that kill whoever performs them, among runs that do not: worker after worker is killed until nothing is left.

Each worker is a process that adopts what is open, several runs at a time; a step of a poisonous run ends it with
SIGKILL, as the kernel does when memory runs out. Counted is how many workers each poisonous run took with it.
"""

import asyncio
import os
import random
import signal
from collections.abc import Iterator
from multiprocessing import get_context

from fairlead.core.decide import DEATHS_MAX
from fairlead.core.events import AttemptStarted, RunCancelRequested, RunParked, RunResumeRequested
from fairlead.core.ids import RunId
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.testing.proving.scripted_worker import ScriptedWorker
from fairlead.testing.proving.tries import fresh_directory

_ROUNDS: dict[Lane, int] = {"fast": 2, "full": 30}
_RUNS = 20  # that harm nobody, in each round
_WORKERS_MAX = 50  # of a round; what is never put away would go on for ever
_CODE = "FL-R440"
_WORKFLOW = Workflow("w", (Step("a", AgentAction("player")), Step("b", AgentAction("player"))))


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Let runs kill their workers, and see that the others end."""
    return try_poison(_ROUNDS[lane], seed, tell)


def try_poison(rounds: int, seed: int, tell: Tell) -> Figure:
    """As many *rounds*, each with one to three poisonous runs among twenty others."""
    problems: list[str] = []
    counts = {"rounds": rounds, "poisonous": 0, "others": 0, "workers_killed": 0, "bad": 0}
    for number in range(rounds):
        rng = random.Random(f"{seed}/{number}")
        for problem in _round(rng, counts):
            problems.append(f"seed {seed}, round {number}: {problem}")
        tell(f"poison: {number + 1} of {rounds}, {len(problems)} bad")
    counts["bad"] = len(problems)
    promise = "a run under which three workers died waits with a code, by itself nobody tries it again, and others end"
    return Figure("poison", promise, seed, counts, bounded(problems))


def _round(rng: random.Random, counts: dict[str, int]) -> Iterator[str]:
    names = [f"r-{number:08}" for number in range(_RUNS + rng.randint(1, 3))]
    rng.shuffle(names)
    poisonous = {RunId(name): rng.choice("ab") for name in names[_RUNS:]}
    with fresh_directory() as directory:
        watcher = ScriptedWorker(str(directory), "w-watcher", _harmless)
        try:
            for name in sorted(names):
                watcher.queue(_WORKFLOW, name)
            deaths = _perform(str(directory), poisonous, rng)
            counts["poisonous"] += len(poisonous)
            counts["others"] += _RUNS
            counts["workers_killed"] += deaths
            if deaths > DEATHS_MAX * len(poisonous):
                yield f"{deaths} workers were killed by {len(poisonous)} runs"
            yield from _judge(watcher, names, poisonous)
            for run in poisonous:  # a person decides: one is tried again and does no harm now, the next one is ended
                request = RunResumeRequested("ada") if rng.random() < 0.5 else RunCancelRequested("ada")
                watcher.journal.record(run, request)
            watcher.adopt()
            if left := watcher.journal.open_runs(len(names)):
                yield f"{left[0].run} did not end after a person had decided"
        finally:
            watcher.journal.close()


def _perform(directory: str, poisonous: dict[RunId, str], rng: random.Random) -> int:
    """Start workers until one ends by itself; gives how many were killed."""
    for killed in range(_WORKERS_MAX):
        at_once, seed = rng.randint(1, 6), rng.randrange(1 << 30)
        worker = get_context("spawn").Process(target=_work, args=(directory, f"w-{killed}", poisonous, at_once, seed))
        worker.start()
        worker.join()
        if worker.exitcode != -signal.SIGKILL:
            assert worker.exitcode == 0, f"a worker ended with {worker.exitcode}"
            return killed
    return _WORKERS_MAX


def _work(directory: str, name: str, poisonous: dict[RunId, str], at_once: int, seed: int) -> None:
    rng = random.Random(seed)

    async def play(call: Call, world: World) -> Outcome:
        await asyncio.sleep(rng.random() * 0.01)
        if poisonous.get(call.run) == call.place:
            os.kill(os.getpid(), signal.SIGKILL)
        return Succeeded({})

    worker = ScriptedWorker(directory, name, play)
    worker.adopt(at_once=at_once)
    worker.journal.close()


async def _harmless(call: Call, world: World) -> Outcome:
    return Succeeded({})


def _judge(watcher: ScriptedWorker, names: list[str], poisonous: dict[RunId, str]) -> Iterator[str]:
    rows = {row.run: row for row in watcher.journal.runs(len(names))}
    for name in names:
        run = RunId(name)
        if run not in poisonous:
            if rows[run].status != "succeeded":
                yield f"{run}, which kills nobody, is {rows[run].status}"
            continue
        events = [record.event for record in watcher.journal.events_of(run)]
        tried = sum(isinstance(event, AttemptStarted) and event.place == poisonous[run] for event in events)
        if tried != DEATHS_MAX:
            yield f"{run} was tried {tried} times"
        if not any(isinstance(event, RunParked) and _CODE in event.reasons[0] for event in events):
            yield f"{run} was not put away: it is {rows[run].status}"
