"""A journal in a directory of the test, closed when the test ends."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.core.ids import WorkerId
from fairlead.journal import SqliteJournal, open_journal
from fairlead.journal.opening import Places
from fairlead.journal.workers import WorkerLock
from tests.journal.parts import Deliveries, FakeClock


class SqliteWorld:
    """Implements `tests.contracts.journal.JournalWorld` with real files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.clock = FakeClock()
        self.deliveries = Deliveries()
        self.journal: SqliteJournal = self.open()
        self._locks: dict[WorkerId, WorkerLock] = {}

    def open(self) -> SqliteJournal:
        return open_journal(str(self.directory), clock=self.clock, deliver=self.deliveries)

    def live(self, worker: WorkerId) -> None:
        if worker not in self._locks:
            self._locks[worker] = WorkerLock(Places(str(self.directory)), worker, self.clock)

    def die(self, worker: WorkerId) -> None:
        self._locks.pop(worker).forget()  # what the kernel does for a process that is killed: the file stays


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where the system has such a place: for tests that make hundreds of journals.

    Syncs cost nothing there. What they mean is then shown by counting or refusing them, which works anywhere.
    """
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="fairlead-test-") as directory:
        yield Path(directory)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SqliteWorld]:
    world = SqliteWorld(tmp_path / "state")
    yield world
    world.journal.close()
