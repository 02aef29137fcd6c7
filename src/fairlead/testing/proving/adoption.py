"""Thousands of runs are under way when everything is killed: other workers take over what can go on, and only that.

The record is written by a process that is killed when it is done: runs that nobody has begun, runs with an attempt
under way, runs between two steps, runs that wait for a moment, for a person or in a pause. One worker lives through it
and keeps its runs. Two workers then adopt at once. Read from the record: who claimed what, and what was done how often.
"""

import os
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec

from fairlead.core.events import (
    ApprovalAsked,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    Recorded,
    RunClaimed,
    RunEnded,
    RunParked,
    RunPauseRequested,
    RunQueued,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Batch, Call, World
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.core.workflow import AgentAction, ApproveAction, Step, WaitAction, Workflow
from fairlead.env.clock import SystemClock
from fairlead.journal import SqliteJournal, open_journal, open_reader
from fairlead.testing.proving.scripted_worker import ROOT, ScriptedWorker
from fairlead.testing.proving.tries import fresh_directory, peak_memory_mb
from fairlead.views.runs import project_run, run_lines, view_run

ADOPTED_MS_MAX = 10_000  # of ten thousand runs
ANSWER_MS_MAX = 2_000  # of a list, or one run, meanwhile
_COUNTS: dict[Lane, int] = {"fast": 600, "full": 10_000}
_TIMER_S = 2.0
_THREADS = 32
_END_S = 600.0  # only workers that hang let anybody wait so long

_A, _B = Step("a", AgentAction("player")), Step("b", AgentAction("player"))
_CHAIN = Workflow("chain", (_A, _B))
_TIMED = Workflow("timed", (Step("a", WaitAction(f"{_TIMER_S}s")), _B))
_ASKED = Workflow("asked", (Step("a", ApproveAction("Shall it go on?")), _B))
# Where the crash finds a run, and how many of a hundred are found there.
_SHARES = {"queued": 20, "under way": 40, "between": 20, "timer": 5, "asked": 8, "paused": 4, "living": 3}
_LEFT_ALONE = ("asked", "paused", "living")


class _Seen(NamedTuple):
    """What one adopter said of itself."""

    adopted: int
    adopted_ms: int
    peak_mb: int


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Kill everything over open runs, and let two workers adopt them."""
    figure = try_adoption(_COUNTS[lane], seed, tell)
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        return figure  # others use this machine too: how long it took is theirs as well
    late = [
        f"{name}: {figure.counts[name]:,} ms, {limit:,} are promised"
        for name, limit in (("adopted_ms", ADOPTED_MS_MAX), ("answer_ms_max", ANSWER_MS_MAX))
        if figure.counts[name] > limit
    ]
    return msgspec.structs.replace(figure, problems=(*figure.problems, *late))


def try_adoption(count: int, seed: int, tell: Tell) -> Figure:
    """Kill everything over *count* open runs, and let two workers adopt them."""
    rng = random.Random(seed)
    kinds = rng.choices(list(_SHARES), list(_SHARES.values()), k=count)
    runs = {RunId(f"r-{number:08}"): kind for number, kind in enumerate(kinds)}
    context = get_context("spawn")
    with fresh_directory() as directory:
        tell(f"adoption: writing {count} open runs")
        maker = context.Process(target=_make, args=(str(directory), runs))
        maker.start()
        maker.join()
        assert maker.exitcode == -signal.SIGKILL, "whoever wrote the record was not killed"
        living = open_journal(str(directory), clock=SystemClock())
        try:
            living.register_worker(WorkerId("w-living"))
            for run in (run for run, kind in runs.items() if kind == "living"):
                living.claim(run, WorkerId("w-living"))
                living.beat()
            before = living.head()
            adopters = [context.Process(target=_adopt, args=(str(directory), f"w-{name}")) for name in ("one", "two")]
            for adopter in adopters:
                adopter.start()

            def is_going_on() -> bool:
                living.beat()  # as every worker does that lives
                return any(adopter.is_alive() for adopter in adopters)

            answers = _ask_meanwhile(directory, list(runs), rng, is_going_on, tell)
            for adopter in adopters:
                adopter.join()
            records = list(_events(living, before))
        finally:
            living.close()
        seen = [msgspec.json.decode((directory / f"w-{name}").read_bytes(), type=_Seen) for name in ("one", "two")]
        performed = Counter((directory / "performed").read_text().splitlines())
        problems = list(_problems(runs, records, performed))
    counts = {
        "runs": count,
        "adopted_by_one": seen[0].adopted,
        "adopted_by_two": seen[1].adopted,
        "left_alone": sum(kind in _LEFT_ALONE for kind in kinds),
        "adopted_ms": max(one.adopted_ms for one in seen),
        "answers": len(answers),
        "answer_ms_max": max(answers),
        "worker_mb_max": max(one.peak_mb for one in seen),
        "bad": len(problems),
    }
    return Figure(
        "adoption",
        "after a crash of everything each open run that can go on has one new owner, what waits still waits, and what"
        " the living perform stays theirs",
        seed,
        counts,
        bounded(problems),
    )


# -------------------------------------------------------------------------------------------------------- the processes


def _make(directory: str, runs: dict[RunId, str]) -> None:
    """Write what the crash finds, all of it durable, and die of it."""
    clock = SystemClock()
    answers: list[object] = []
    journal = open_journal(directory, clock=clock, deliver=answers.extend)
    worker = WorkerId("w-killed")
    journal.register_worker(worker)
    definitions = {one.name: journal.put(encode(one)) for one in (_CHAIN, _TIMED, _ASKED)}

    def record(run: RunId) -> None:
        name = {"timer": "timed", "asked": "asked"}.get(runs[run], "chain")
        journal.record(run, RunQueued(name, definitions[name], {}, ROOT))

    with ThreadPoolExecutor(_THREADS) as threads:  # what many ask for at once is one commit
        list(threads.map(record, runs))
        claimed = [run for run, kind in runs.items() if kind not in ("queued", "living")]
        list(threads.map(lambda run: journal.claim(run, worker), claimed))
        due = Micros(clock.now() + round(_TIMER_S * 1e6))
        for run in claimed:
            events = _progress(runs[run], due)
            if events:
                journal.append(Batch(run, Epoch(1), journal.head(), (), events), run)
        list(threads.map(lambda run: journal.record(run, RunPauseRequested("ada")), _of(runs, "paused")))
    waited_for = sum(bool(_progress(runs[run], due)) for run in claimed)
    while len(answers) < waited_for:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def _of(runs: dict[RunId, str], kind: str) -> list[RunId]:
    return [run for run, one in runs.items() if one == kind]


def _progress(kind: str, due: Micros) -> tuple[Event, ...]:
    a = Place("a")
    started = AttemptStarted(a, 1, "player", "1", Digest(""))
    match kind:
        case "under way":
            return (started,)
        case "between":
            return (started, AttemptSucceeded(a, 1, {}))
        case "timer":
            return (WaitBegun(a, 1, due),)
        case "asked":
            return (ApprovalAsked(a, "a-1", "approve", "Shall it go on?"), RunParked(("a waits for a decision",)))
        case _:
            return ()


def _adopt(directory: str, name: str) -> None:
    """One of the workers that come after the crash."""
    log = os.open(os.path.join(directory, "performed"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def play(call: Call, world: World) -> Outcome:
        os.write(log, f"{call.run} {call.place}\n".encode())
        return Succeeded({})

    worker = ScriptedWorker(directory, name, play)
    tally = worker.adopt()
    worker.journal.close()
    peak_mb = peak_memory_mb()
    seen = _Seen(tally.adopted, round(tally.adopted_s * 1000), peak_mb)
    Path(directory, name).write_bytes(msgspec.json.encode(seen))


def _ask_meanwhile(
    directory: Path, runs: list[RunId], rng: random.Random, is_going_on: Callable[[], bool], tell: Tell
) -> list[int]:
    """How many milliseconds it took to list and to show, as a fresh process would, while the workers adopt."""
    taken: list[int] = []
    end = time.monotonic() + _END_S
    while is_going_on() or not taken:
        assert time.monotonic() < end, "the workers hang"
        began = time.monotonic()
        reader = open_reader(str(directory), clock=SystemClock())
        try:
            run_lines(reader.runs(50), reader)
            view_run(project_run(reader, rng.choice(runs)).state, reader)
            tell(f"adoption: {len(reader.open_runs(len(runs)))} runs are open")
        finally:
            reader.close()
        taken.append(round((time.monotonic() - began) * 1000))
        time.sleep(0.1)
    return taken


def _events(journal: SqliteJournal, after: Seq) -> Iterator[Recorded]:
    while found := journal.events_after(after):
        yield from found
        after = found[-1].seq


# ------------------------------------------------------------------------------------------------------------ judging


def _problems(runs: dict[RunId, str], records: list[Recorded], performed: "Counter[str]") -> Iterator[str]:
    after: dict[RunId, list[Recorded]] = defaultdict(list)
    for record in records:
        after[record.run].append(record)
    for run, kind in runs.items():
        owners = {one.event.worker for one in after[run] if isinstance(one.event, RunClaimed)}
        if kind in _LEFT_ALONE:
            if after[run]:
                yield f"{run} ({kind}) was not left alone: {after[run][0].event}"
            continue
        if len(owners) != 1:
            yield f"{run} ({kind}) has {len(owners)} new owners: {', '.join(sorted(owners))}"
        if not any(isinstance(one.event, RunEnded) and one.event.status == "succeeded" for one in after[run]):
            yield f"{run} ({kind}) did not end"
        wanted = Counter({f"{run} b": 1} if kind in ("between", "timer") else {f"{run} a": 1, f"{run} b": 1})
        done = Counter({name: performed[name] for name in (f"{run} a", f"{run} b") if performed[name]})
        if done != wanted:
            yield f"{run} ({kind}) performed {dict(done)}"
        if kind == "timer" and any(isinstance(one.event, WaitBegun) for one in after[run]):
            yield f"{run}: its wait began again"
