"""One long or wide run of Fairlead in this process; prints one RESULT line. Started by `long_runs.py`."""

import argparse
import asyncio
import os
import resource
import signal
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.bench_fairlead import Fairlead
from benchmarks.measuring import Figures, kind_of
from fairlead.core.errors import FairleadError
from fairlead.core.events import AttemptFailed, AttemptOutcome, RunQueued
from fairlead.core.ids import Place, RunId
from fairlead.core.json import encode
from fairlead.core.outcomes import Ask, Succeeded
from fairlead.core.ports import Admitted, Call, World
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.env.clock import SystemClock
from fairlead.gate.surroundings import Covers
from fairlead.journal import open_reader
from fairlead.testing import ScriptedAgent
from fairlead.views.runs import project_run, run_lines, view_run

import workloads as w  # type: ignore[import-not-found]  # isort: skip  # `bench_fairlead` has made it importable

PAYLOAD_BYTES = 1_024
AT_ONCE = 200  # runs that an adopting worker performs side by side


class Scene(Fairlead):
    """The engine as the other benchmarks put it together."""

    def __init__(self, directory: str) -> None:
        super().__init__("full", directory)

    async def start_many(self, runs: int, workflow: Workflow) -> list[RunId]:
        """Ask for that many runs, durable each, many in one commit."""
        queued = RunQueued(workflow.name, self.journal.put(encode(workflow)), {}, "/")
        names = [RunId(f"o{number}") for number in range(runs)]
        for first in range(0, runs, 500):
            some = names[first : first + 500]
            await asyncio.gather(*(asyncio.to_thread(self.journal.record, name, queued) for name in some))
        return names


def memory_mb() -> float:
    """The most that this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def sizes(directory: str) -> Figures:
    """Bytes on disk by kind of file."""
    found: Figures = {}
    for path in Path(directory).rglob("*"):
        if path.is_file():
            kind = f"bytes: {kind_of(str(path.relative_to(directory)))}"
            found[kind] = found.get(kind, 0) + path.stat().st_size
    return found


async def chain(scene: Scene, n: int) -> Figures:
    """One run of *n* steps: time a step by decile, memory, bytes."""
    await scene.open()
    at_start, cpu = memory_mb(), time.process_time()
    w.STAMPS.clear()
    await scene.chain("long", n)
    found: Figures = w.bucket_stats(w.STAMPS)
    found |= {"cpu_ms_step": (time.process_time() - cpu) * 1e3 / n, "rss_mb": memory_mb(), "rss_at_start_mb": at_start}
    await scene.close()
    return found | sizes(scene.dir)


async def payload(scene: Scene, n: int) -> Figures:
    """One run of *n* steps of 1 KB each: bytes kept for each byte of payload."""
    await scene.open()
    await scene.chain("paid", n, PAYLOAD_BYTES)
    await scene.close()
    found = sizes(scene.dir)
    return found | {"bytes_payload": sum(found.values()) / n / PAYLOAD_BYTES, "rss_mb": memory_mb()}


async def fan(scene: Scene, n: int) -> Figures:
    """A fan-out of *n* and its join: the most that the process held."""
    await scene.open()
    await scene.fanout("warm", 10)
    at_start, began, cpu = memory_mb(), time.monotonic(), time.process_time()
    await scene.fanout("wide", n)
    seconds = time.monotonic() - began
    return {
        "steps_s": n / seconds,
        "cpu_ms_step": (time.process_time() - cpu) * 1e3 / n,
        "rss_mb": memory_mb(),
        "rss_at_start_mb": at_start,
        "kb_a_branch": (memory_mb() - at_start) * 1024 / n,
    }


async def many(scene: Scene, n: int) -> Figures:
    """*n* runs of fifty steps at once."""
    await scene.open()
    await scene.chain("warm", 5)
    began, cpu = time.monotonic(), time.process_time()
    took = sorted(await scene.many(n, 50))
    steps = n * 50
    return {
        "steps_s": steps / (time.monotonic() - began),
        "cpu_ms_step": (time.process_time() - cpu) * 1e3 / steps,
        "spread": took[int(0.99 * n)] / took[n // 2],
        "rss_mb": memory_mb(),
    }


async def left(scene: Scene, n: int) -> Figures:
    """Leave *n* open runs behind, each with one finished step and one under way: SIGKILL when all have come so far."""
    reached = 0

    async def held(call: Call, world: World) -> Succeeded:
        nonlocal reached
        if call.inputs["i"] == 1:
            reached += 1
            if reached == n:
                os.kill(os.getpid(), signal.SIGKILL)
            await asyncio.Event().wait()
        return Succeeded({"value": 1})

    scene.agent = ScriptedAgent("step", held)
    await scene.open()
    runs = await scene.start_many(n, _three_steps())
    await asyncio.gather(*(scene.engine.perform(run) for run in runs))
    raise AssertionError("not killed")


async def adopted(scene: Scene, n: int) -> Figures:
    """Adopt what `left` has left: until all are claimed, then until all have ended."""
    try:
        from fairlead.core.adoption import Adoption
        from fairlead.runtime.adopting import Adopting  # here: the door for it may not be there
    except ImportError as missing:
        return {"missing": f"there is no door for it: {missing}"}  # type: ignore[dict-item]  # the one text
    began = time.monotonic()
    await scene.open(fresh=False)
    tally = Adoption()
    await Adopting(scene.engine, scene.journal, SystemClock(), "/", AT_ONCE, tally).perform(stays=False)
    assert tally.adopted == n, tally
    assert tally.ended == {"succeeded": n}, tally
    return {"adopted_s": tally.adopted_s, "ended_s": time.monotonic() - began, "rss_mb": memory_mb()}


async def resume(scene: Scene, n: int) -> Figures:
    """In a process that is up: from opening a journal with *n* finished steps to entering the next one; and a start."""

    entered = 0.0

    async def noting(call: Call, world: World) -> Succeeded:
        nonlocal entered
        entered = time.monotonic()
        return Succeeded({"value": 1})

    scene.agent = ScriptedAgent("step", noting)
    began = time.monotonic()
    await scene.open(fresh=False)
    resumed = asyncio.create_task(scene.resume("r", n + 5))
    while not entered:
        await asyncio.sleep(0)
    point = entered - began
    await resumed
    entered, began = 0.0, time.monotonic()
    started = asyncio.create_task(scene.chain("s", 1))
    while not entered:
        await asyncio.sleep(0)
    start = entered - began
    await started
    return {"resume_point_ms": point * 1e3, "start_ms": start * 1e3, "rss_mb": memory_mb()}


async def summary(scene: Scene, n: int) -> Figures:
    """What a list of runs says of the finished run that `chain` has left, and all that is shown of it."""
    reader = open_reader(scene.dir, clock=SystemClock())
    run = RunId("long")

    def all_of_it() -> None:
        view_run(project_run(reader, run).state, reader)

    return {
        "line_ms": _median_ms(lambda: run_lines(reader.find_run(run), reader)),
        "view_ms": _median_ms(all_of_it),
        "rss_mb": memory_mb(),
    }


def _median_ms(read: Callable[[], object], times: int = 9) -> float:
    found = []
    for _ in range(times):
        began = time.perf_counter()
        read()
        found.append((time.perf_counter() - began) * 1e3)
    return statistics.median(found)


async def gate(scene: Scene, n: int) -> Figures:
    """A chain of *n* whose way through the gate is timed: what is decided before a call, and all around it."""
    await scene.open()
    admit, carry_out = scene.gate.admit, scene.gate.carry_out
    deciding: list[float] = []
    calling: list[float] = []

    async def timed_admit(call: Call, covers: Covers) -> Admitted | AttemptFailed | Ask:
        began = time.perf_counter()
        try:
            return await admit(call, covers)
        finally:
            deciding.append((time.perf_counter() - began) * 1e3)

    async def timed_carry_out(admitted: Admitted) -> AttemptOutcome:
        began = time.perf_counter()
        try:
            return await carry_out(admitted)
        finally:
            calling.append((time.perf_counter() - began) * 1e3)

    scene.gate.admit = timed_admit  # type: ignore[method-assign]  # what is measured is the gate that everybody uses
    scene.gate.carry_out = timed_carry_out  # type: ignore[method-assign]  # as above
    await scene.chain("g", n)
    assert len(deciding) == len(calling) == n
    return {"admit_ms": statistics.median(deciding), "call_ms": statistics.median(calling), "rss_mb": memory_mb()}


async def killed(scene: Scene, n: int) -> Figures:
    """A chain that is killed inside of step *n*: what `resume` goes on with."""
    await scene.open()
    await scene.chain("r", n + 5)
    raise AssertionError("not killed")


def _three_steps() -> Workflow:
    steps = tuple(Step(Place(f"s{i}"), AgentAction("step"), given={"i": i, "size": 0}) for i in range(3))
    return Workflow("bench", steps, parallel_max=1)


SCENES: dict[str, Callable[[Scene, int], Awaitable[Figures]]] = {
    scene.__name__: scene for scene in (chain, payload, fan, many, left, adopted, killed, resume, summary, gate)
}


def main() -> None:
    """Perform one scene."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene", choices=list(SCENES))
    parser.add_argument("--n", type=int, required=True)
    parser.add_argument("--dir", required=True)
    arguments = parser.parse_args()
    os.makedirs(arguments.dir, exist_ok=True)
    try:
        found = asyncio.run(_performed(arguments.scene, arguments.dir, arguments.n))
    except (FairleadError, AssertionError, NotImplementedError) as why:
        raise SystemExit(f"{arguments.scene}: {type(why).__name__} {why}") from why
    w.emit(found)


async def _performed(scene: str, directory: str, n: int) -> Figures:
    return await SCENES[scene](Scene(directory), n)


if __name__ == "__main__":
    main()
