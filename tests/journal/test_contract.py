"""The SQLite journal keeps what every journal promises."""

from fairlead.core.ports import Journal
from tests.contracts.journal import JournalContract
from tests.journal.conftest import SqliteWorld


class TestSqliteJournal(JournalContract):
    def test_it_fits_the_port(self, world: SqliteWorld) -> None:
        journal: Journal = world.journal  # what mypy checks here cannot be seen at run time
        assert journal.head() == 0
