"""The record: append, read, follow, claim; the content store beside it. See `docs/reference/journal.md`."""

from fairlead.journal.filesystem import network_filesystem
from fairlead.journal.reading import Reader
from fairlead.journal.sqlite import SqliteJournal, open_journal, open_reader

__all__ = ["Reader", "SqliteJournal", "network_filesystem", "open_journal", "open_reader"]
