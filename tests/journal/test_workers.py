"""Proof of life: a lock that the kernel gives back, and a touch that a stopped process cannot give."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import WorkerId
from fairlead.journal.opening import Places
from fairlead.journal.workers import SILENT_SECONDS, WorkerLock, look_at, sweep
from tests.journal.conftest import SqliteWorld
from tests.journal.parts import RUN, FakeClock, queued

ADA, BEN = WorkerId("w-ada"), WorkerId("w-ben")

# A process that is worker w-ada, says so, and waits. The clock stands still at the second that the test knows.
LIVING = """
import sys
from fairlead.journal.opening import Places
from fairlead.journal.workers import WorkerLock
from tests.journal.parts import FakeClock
lock = WorkerLock(Places(sys.argv[1]), "w-ada", FakeClock())
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(str(tmp_path / "state"))


def test_a_worker_without_a_file_is_not_alive(places: Places) -> None:
    assert not look_at(places, ADA, FakeClock()).is_alive
    assert not look_at(places, "", FakeClock()).is_alive
    assert not look_at(places, "../anchor", FakeClock()).is_alive
    assert not Path(places.directory).exists(), "looking makes nothing"


def test_a_worker_lives_as_long_as_it_touches_its_file(places: Places) -> None:
    clock = FakeClock()
    lock = WorkerLock(places, ADA, clock)
    clock.move(SILENT_SECONDS)
    assert look_at(places, ADA, clock).is_alive
    clock.move(0.1)
    silent = look_at(places, ADA, clock)
    assert (silent.is_alive, round(silent.silent_seconds, 1)) == (False, 30.1)
    lock.beat()
    assert look_at(places, ADA, clock).is_alive
    lock.release()
    assert not look_at(places, ADA, clock).is_alive
    assert os.listdir(places.workers) == []


def test_a_change_of_the_wall_clock_takes_no_run_from_anybody(places: Places) -> None:
    lock = WorkerLock(places, ADA, FakeClock())
    year_later = FakeClock()
    year_later._now += 365 * 24 * 3600 * 1_000_000
    assert look_at(places, ADA, year_later).is_alive
    lock.release()


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_process_is_not_alive(places: Places, signal_number: signal.Signals) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", LIVING, places.directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdin is not None
    assert child.stdout.readline() == "ready\n"
    life = look_at(places, ADA, FakeClock())
    assert life.is_alive
    assert life.sheet is not None
    assert life.sheet.pid == child.pid
    child.send_signal(signal_number)
    child.wait()
    assert not look_at(places, ADA, FakeClock()).is_alive
    child.stdin.close()
    child.stdout.close()


# A worker that forks: the child outlives it and must not keep it alive.
FORKING = """
import os, sys
from fairlead.journal.opening import Places
from fairlead.journal.workers import WorkerLock
from tests.journal.parts import FakeClock
lock = WorkerLock(Places(sys.argv[1]), "w-ada", FakeClock())
if os.fork() == 0:
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)
os._exit(0)
"""


def test_a_forked_child_does_not_keep_its_dead_parent_alive(places: Places) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", FORKING, places.directory], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    assert parent.stdin is not None
    assert parent.stdout.readline() == "ready\n"
    parent.wait()
    assert not look_at(places, ADA, FakeClock()).is_alive
    parent.stdin.close()  # now the child ends too
    assert parent.stdout.read() == ""
    parent.stdout.close()


def test_a_file_that_nobody_can_read_yet_counts_as_life(places: Places) -> None:
    lock = WorkerLock(places, ADA, FakeClock())
    Path(places.workers, ADA).write_text("not yet")
    assert look_at(places, ADA, FakeClock()).is_alive
    lock.release()


def test_the_files_of_the_dead_are_swept_and_those_of_the_living_stay(places: Places) -> None:
    living, dead = WorkerLock(places, ADA, FakeClock()), WorkerLock(places, BEN, FakeClock())
    dead.forget()
    sweep(places)
    assert os.listdir(places.workers) == [ADA]
    living.release()


def test_a_stopped_worker_loses_its_run_after_thirty_seconds(world: SqliteWorld) -> None:
    world.journal.record(RUN, queued())
    world.live(ADA)
    world.live(BEN)
    world.journal.claim(RUN, ADA)
    world.clock.move(SILENT_SECONDS + 0.1)
    assert world.journal.claim(RUN, BEN).epoch == 2


def test_who_is_refused_learns_who_works_since_when_and_what_to_do(world: SqliteWorld) -> None:
    world.journal.record(RUN, queued())
    world.live(ADA)
    world.journal.claim(RUN, ADA)
    with pytest.raises(FairleadError) as caught:
        world.journal.claim(RUN, BEN)
    [diagnostic] = caught.value.diagnostics
    assert diagnostic.code == "FL-R401"
    assert f"w-ada (process {os.getpid()}, since 2026-09-21 14:13:20 UTC)" in diagnostic.message
    assert "fairlead runs watch r-7q2kabcd" in diagnostic.hints[0]


def test_a_journal_keeps_its_workers_alive_until_it_is_closed(world: SqliteWorld) -> None:
    world.journal.register_worker(ADA)
    world.journal.register_worker(ADA)  # a second time is nothing new
    world.clock.move(25)
    world.journal.beat()
    world.clock.move(25)
    assert world.journal.is_alive(ADA)
    world.journal.close()
    assert not world.journal.is_alive(ADA)
    assert os.listdir(world.journal.places.workers) == []
