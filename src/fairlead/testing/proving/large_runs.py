"""Runs of ten thousand steps and more, through the real engine: what a step costs does not grow with the run.

Each case is a process of its own, so that the memory it needed at most is its own. Costs are CPU seconds: what else the
machine does changes them little. A large run is killed in its middle too: whoever goes on performs nothing twice.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import msgspec

from fairlead.core.events import RunQueued
from fairlead.core.ids import RunId
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.core.workflow import AgentAction, Each, Step, Workflow
from fairlead.testing.proving.scripted_worker import ROOT, ScriptedWorker
from fairlead.testing.proving.tries import fresh_directory, peak_memory_mb
from fairlead.views.runs import project_run, run_lines, view_run

GROWTH_MAX = 2.0  # of the CPU a step costs, from a tenth of the steps to all of them
_RUN = RunId("r-00000001")
_PARALLEL = 16


class _Case(NamedTuple):
    """A run to be performed, and what it may need."""

    shape: str  # chain, fan_out
    steps: int
    mb_max: int


_CASES: dict[Lane, tuple[_Case, ...]] = {
    "fast": (_Case("chain", 2_000, 100), _Case("fan_out", 2_000, 100)),
    "full": (_Case("chain", 10_000, 100), _Case("fan_out", 10_000, 100), _Case("chain", 100_000, 400)),
}


class _Cost(NamedTuple):
    """What a process needed."""

    perform_s: float
    fold_s: float
    view_s: float
    peak_mb: int
    status: str
    steps: int


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Perform large runs whole, and kill one in its middle."""
    return try_large_runs(_CASES[lane], seed, tell)


def try_large_runs(cases: tuple[_Case, ...], seed: int, tell: Tell) -> Figure:
    """Perform each of *cases*; the first one is killed in its middle too. *seed* says where."""
    problems: list[str] = []
    counts: dict[str, int] = {}
    for case in cases:
        tell(f"large-runs: {case.shape} of {case.steps:,}")
        small, whole = _cost(case.shape, case.steps // 10), _cost(case.shape, case.steps)
        name = f"{case.shape}_{case.steps}"
        counts[f"{name}_us_per_step"] = round(1e6 * whole.perform_s / case.steps)
        counts[f"{name}_show_us_per_step"] = round(1e6 * (whole.fold_s + whole.view_s) / case.steps)
        counts[f"{name}_mb"] = whole.peak_mb
        problems += (f"{case.shape} of {case.steps:,}: {said}" for said in _judge(case, small, whole))
    tell(f"large-runs: kill a chain of {cases[0].steps:,}")
    at = seed % cases[0].steps
    again, left = _killed_in_the_middle(cases[0].steps, at)
    counts |= {"killed_at": at, "finished_steps_again": again}
    if again or left:
        problems.append(f"seed {seed}: after a kill at step {at}, {again} finished steps ran again, {left} were left")
    counts["bad"] = len(problems)
    promise = "a step costs the same in a run of ten thousand, memory is bounded, and none is done twice after a kill"
    return Figure("large-runs", promise, seed, counts, bounded(problems))


def _judge(case: _Case, small: _Cost, whole: _Cost) -> Iterator[str]:
    if whole.status != "succeeded" or whole.steps < case.steps:
        yield f"it is {whole.status}, with {whole.steps} steps"
    if whole.peak_mb > case.mb_max:
        yield f"it needed {whole.peak_mb} MB of at most {case.mb_max}"
    for what in ("perform_s", "fold_s", "view_s"):
        before, after = getattr(small, what) / case.steps * 10, getattr(whole, what) / case.steps
        if after > GROWTH_MAX * before:
            said = f"{after * 1e6:.0f} µs a step, {before * 1e6:.0f} µs with a tenth of them"
            yield f"{what.removesuffix('_s')} grows: {said}"


# -------------------------------------------------------------------------------------------------------- the processes


def _cost(shape: str, steps: int) -> _Cost:
    with fresh_directory() as directory:
        process = get_context("spawn").Process(target=_measure, args=(str(directory), shape, steps))
        process.start()
        process.join()
        assert process.exitcode == 0, f"it ended with {process.exitcode}"
        return msgspec.json.decode((directory / "cost").read_bytes(), type=_Cost)


def _measure(directory: str, shape: str, steps: int) -> None:
    worker = ScriptedWorker(directory, "w-one", _play)
    _queue(worker, shape, steps)
    marks = [time.process_time()]
    state = worker.perform(_RUN)
    status = state.status
    del state
    marks.append(time.process_time())
    seen = project_run(worker.journal, _RUN).state
    marks.append(time.process_time())
    view = view_run(seen, worker.journal)
    run_lines(worker.journal.runs(50), worker.journal)
    marks.append(time.process_time())
    worker.journal.close()
    perform_s, fold_s, view_s = (after - before for before, after in pairwise(marks))
    peak_mb = peak_memory_mb()
    cost = _Cost(perform_s, fold_s, view_s, peak_mb, status, len(view.steps))
    Path(directory, "cost").write_bytes(msgspec.json.encode(cost))


async def _play(call: Call, world: World) -> Outcome:
    return Succeeded({"n": 1})


def _queue(worker: ScriptedWorker, shape: str, steps: int) -> None:
    inputs: dict[str, Json] = {}
    action = AgentAction("player")
    if shape == "chain":
        workflow = Workflow("chain", tuple(Step(f"s{number}", action) for number in range(steps)))
    else:
        inputs["items"] = list(range(steps))
        workflow = Workflow("fan_out", (Step("all", action, each=Each("inputs.items")),), parallel_max=_PARALLEL)
    definition = worker.journal.put(encode(workflow))
    worker.journal.record(_RUN, RunQueued(workflow.name, definition, inputs, ROOT))


def _killed_in_the_middle(steps: int, at: int) -> tuple[int, int]:
    """How many finished steps of a chain are performed again, and how many never, when its worker dies at step *at*."""
    with fresh_directory() as directory:
        process = get_context("spawn").Process(target=_die, args=(str(directory), steps, at))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"it ended with {process.exitcode}"
        performed = Counter((directory / "performed").read_text().split())

        async def play(call: Call, world: World) -> Outcome:
            performed[str(call.place)] += 1
            return Succeeded({})

        worker = ScriptedWorker(str(directory), "w-two", play)
        worker.perform(_RUN)
        worker.journal.close()
        again = sum(count > 1 for place, count in performed.items() if place != f"s{at}")  # that one was under way
        return again, sum(not performed[f"s{number}"] for number in range(steps))


def _die(directory: str, steps: int, at: int) -> None:
    log = os.open(os.path.join(directory, "performed"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    async def play(call: Call, world: World) -> Outcome:
        os.write(log, f"{call.place} ".encode())
        if call.place == f"s{at}":
            os.kill(os.getpid(), signal.SIGKILL)
        return Succeeded({})

    worker = ScriptedWorker(directory, "w-one", play)
    _queue(worker, "chain", steps)
    worker.perform(_RUN)
