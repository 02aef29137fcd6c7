"""What a step costs, in figures that no noise moves: syncs, bytes, memory. No clock is looked at."""

import asyncio
import tracemalloc
from pathlib import Path

from benchmarks.bench_fairlead import Fairlead
from fairlead.core.events import RunQueued, decode_definition
from fairlead.core.ids import RunId
from fairlead.core.state import fold
from fairlead.testing.disks import WatchedDisk
from tests.proves import proves

PAYLOAD_BYTES = 1_024
BYTES_PER_BYTE_MAX = 1.6
STATE_KB_MAX = 3.0  # of memory for each finished step of a run


def performed(directory: Path, variant: str, *chains: tuple[str, int, int]) -> list[dict[str, int]]:
    """Perform chains (name, steps, payload) one after the other; syncs by name of file so far, after each."""
    found = []

    async def perform() -> None:
        with WatchedDisk(str(directory)) as disk:
            bench = Fairlead(variant, str(directory / "state"))
            bench.disk = disk
            await bench.open()
            for name, steps, size in chains:
                await bench.chain(name, steps, size)
                found.append({path: calls for (kind, path), calls in disk.counted.items() if kind == "sync"})
            await bench.close()

    (directory / "state").mkdir()
    asyncio.run(perform())
    return found


def size_of(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


@proves("M3.1")
def test_a_step_that_is_awaited_costs_exactly_one_sync_of_the_log(tmp_path: Path) -> None:
    found = performed(tmp_path, "full", ("warm", 3, 0), ("short", 20, 0), ("long", 60, 0))
    warm, short, long = (syncs["journal.db-wal"] for syncs in found)
    assert (long - short) - (short - warm) == 40, found  # what a run costs once is in both


@proves("M3.1")
def test_nothing_else_is_synced_for_a_step(tmp_path: Path) -> None:
    warm, after = performed(tmp_path, "full", ("warm", 3, 0), ("a", 60, 0))
    grown = {path: calls - warm.get(path, 0) for path, calls in after.items() if calls > warm.get(path, 0)}
    assert grown.pop("journal.db-wal") >= 60
    assert grown.pop("anchor", 0) <= 20, "the anchor is synced once a second, not with every commit"
    assert sum(grown.values()) <= 1, grown  # the definition of the second run


@proves("M3.1")
def test_in_mode_process_no_step_waits_for_the_disk(tmp_path: Path) -> None:
    warm, after = performed(tmp_path, "process", ("warm", 3, 0), ("a", 60, 0))
    assert after.get("journal.db-wal", 0) == warm.get("journal.db-wal", 0)


@proves("M4.1")
def test_a_byte_of_payload_takes_little_more_than_a_byte(tmp_path: Path) -> None:
    kept = []
    for steps in (100, 400):
        place = tmp_path / str(steps)
        place.mkdir()
        performed(place, "full", ("paid", steps, PAYLOAD_BYTES))
        kept.append(size_of(place))
    assert (kept[1] - kept[0]) / 300 / PAYLOAD_BYTES <= BYTES_PER_BYTE_MAX


@proves("M4.1")
def test_the_state_of_a_run_takes_little_memory_for_each_step(tmp_path: Path) -> None:
    held = [_state_bytes(tmp_path / str(steps), steps) for steps in (100, 500)]
    assert (held[1] - held[0]) / 400 / 1024 <= STATE_KB_MAX


def _state_bytes(directory: Path, steps: int) -> int:
    directory.mkdir()
    performed(directory, "process", ("r", steps, 0))
    bench = Fairlead("process", str(directory / "state"))

    async def folded() -> int:
        await bench.open(fresh=False)
        try:
            first = next(iter(bench.journal.events_of(RunId("r"))))
            assert isinstance(first.event, RunQueued)
            workflow = decode_definition(bench.journal.get(first.event.definition))
            tracemalloc.start()
            state = fold(workflow, bench.journal.events_of(RunId("r")))
            taken, _ = tracemalloc.get_traced_memory()
            assert state is not None
            assert state.status == "succeeded"
            return taken
        finally:
            tracemalloc.stop()
            await bench.close()

    return asyncio.run(folded())


@proves("M3.1")
def test_runs_at_once_share_their_commits(tmp_path: Path) -> None:
    """Group commit: the same steps in runs at once need fewer syncs than one after the other."""

    async def perform(at_once: bool) -> int:
        place = tmp_path / str(at_once)
        place.mkdir()
        with WatchedDisk(str(place)) as disk:
            bench = Fairlead("full", str(place / "state"))
            bench.disk = disk
            (place / "state").mkdir()
            await bench.open()
            if at_once:
                await bench.many(3, 20)
            else:
                for number in range(3):
                    await bench.chain(f"c{number}", 20)
            await bench.close()
            return disk.counted["sync", "journal.db-wal"]

    assert asyncio.run(perform(at_once=True)) < asyncio.run(perform(at_once=False))
