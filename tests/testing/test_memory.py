"""The journal in memory keeps what every journal promises."""

import pytest

from fairlead.core.ids import WorkerId
from fairlead.core.ports import Journal
from fairlead.testing.memory import Memory, MemoryJournal
from tests.contracts.journal import JournalContract
from tests.journal.parts import Deliveries, FakeClock


class MemoryWorld:
    """Implements `tests.contracts.journal.JournalWorld` without files."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.deliveries = Deliveries()
        self.memory = Memory()
        self.journal: Journal = MemoryJournal(self.memory, self.clock, self.deliveries)

    def live(self, worker: WorkerId) -> None:
        if worker not in self.memory.living:
            MemoryJournal(self.memory, self.clock).register_worker(worker)

    def die(self, worker: WorkerId) -> None:
        del self.memory.living[worker]


@pytest.fixture
def world() -> MemoryWorld:
    return MemoryWorld()


class TestMemoryJournal(JournalContract):
    def test_another_journal_on_the_same_memory_is_noticed(self, world: MemoryWorld) -> None:
        other = MemoryJournal(world.memory, world.clock)
        assert not other.has_changed()
        self.begin(world)
        assert other.has_changed()
        assert not other.has_changed()
        assert not world.journal.has_changed(), "what it wrote itself is no news"
