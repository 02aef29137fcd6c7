"""The SQLite journal keeps what every journal promises, with a thread of its own and without."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.core.ports import Journal
from fairlead.journal import SqliteJournal
from fairlead.journal.opening import Places
from tests.contracts.journal import JournalContract
from tests.journal.conftest import SqliteWorld


class TestSqliteJournal(JournalContract):
    def test_it_fits_the_port(self, world: SqliteWorld) -> None:
        journal: Journal = world.journal  # what mypy checks here cannot be seen at run time
        assert journal.head() == 0


class InlineWorld(SqliteWorld):
    """Without a thread: every commit is performed by who asks for it."""

    def open(self) -> SqliteJournal:
        return SqliteJournal(Places(str(self.directory)), self.clock, self.deliveries, "full", lambda commit: commit())


class TestInlineJournal(JournalContract):
    @pytest.fixture
    def world(self, quick_path: Path) -> Iterator[InlineWorld]:
        world = InlineWorld(quick_path / "state")
        yield world
        world.journal.close()
