"""The record: append, read, follow, claim; the content store beside it. See `docs/reference/journal.md`."""

from fairlead.journal.filesystem import network_filesystem
from fairlead.journal.opening import try_disk
from fairlead.journal.reading import Reader
from fairlead.journal.sqlite import SqliteJournal, open_journal, open_reader
from fairlead.journal.sqlite_build import library_problem, library_version
from fairlead.journal.verification import Problem, Report, verify

__all__ = [
    "Problem",
    "Reader",
    "Report",
    "SqliteJournal",
    "library_problem",
    "library_version",
    "network_filesystem",
    "open_journal",
    "open_reader",
    "try_disk",
    "verify",
]
