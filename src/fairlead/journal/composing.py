"""A journal made from events: each is checked before it is written, and the list of runs follows from them.

Backup and repair both make journals so. What they make owes nothing to the pages of the database that the events come
from: no damage of an index, a table or a free page is carried over.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

import apsw

from fairlead.core.errors import FairleadError
from fairlead.journal import chain
from fairlead.journal.anchor import Anchor, Mark
from fairlead.journal.failures import damaged, newer_kind
from fairlead.journal.opening import Places, WriterLock, connect_writer, make_directory, prepare
from fairlead.journal.run_index import RunIndex
from fairlead.journal.statements import sql

_ROWS_OF_A_COMMIT = 20_000  # the log is emptied after so many


class Composed:
    """What a new journal holds."""

    def __init__(self) -> None:
        self.head = Mark(0, chain.START)
        self.index = RunIndex()


def compose(places: Places, rows: Iterable[chain.Row], source: str) -> Composed:
    """Make the journal of *places*, where none is, from *rows*; synced when this returns.

    Raises:
        FairleadError: FL-L002 with the first row that is not the next event of the chain; *source* is where it lies.
            FL-L004 a newer Fairlead has written it.
        OSError: the disk refused what was to be written.
    """
    make_directory(places.directory, places.disk)
    composed = Composed()
    with closing(WriterLock(places.writer_lock)) as lock:
        try:
            prepare(places, lock)
        except FairleadError as refusal:  # of the place that is written to, not of the record
            raise OSError(refusal.diagnostics[0].message) from None
        with lock.held(), closing(connect_writer(places, "full")) as connection:
            _fill(connection, _checked(rows, composed, source))
            with connection:
                connection.executemany(sql("insert_run_line"), list(composed.index.lines.values()))
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        with closing(Anchor(places.anchor, places.disk)) as anchor:
            for _ in range(2):  # both slots: none says less than the journal holds
                anchor.write(composed.head)
            anchor.sync()
    for name in (places.database + "-wal", places.database + "-shm", places.writer_lock):
        if os.path.exists(name):
            places.disk.unlink(name)  # the log was carried over and cut; the others hold nothing
    places.disk.sync_directory(places.directory)
    return composed


def check_next(before: Mark, row: chain.Row) -> Mark:
    """Where the chain stands after *row*.

    Raises:
        chain.Altered: it is not the event that follows *before*.
    """
    if row.seq != before.seq + 1:
        raise chain.Altered("it is missing")
    chain.check_link(before.h, row)
    chain.check_payload(row)
    return Mark(row.seq, row.h)


def _fill(connection: apsw.Connection, rows: Iterator[tuple[object, ...]]) -> None:
    while True:
        with connection:
            some = list(islice(rows, _ROWS_OF_A_COMMIT))
            connection.executemany(sql("insert_event"), some)
        if len(some) < _ROWS_OF_A_COMMIT:
            return
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def _checked(rows: Iterable[chain.Row], composed: Composed, source: str) -> Iterator[tuple[object, ...]]:
    for row in rows:
        try:
            composed.head = check_next(composed.head, row)
            composed.index.follow(row, chain.event_of(row))
        except chain.NewerKind as cause:
            raise newer_kind(source, row.seq, str(cause)) from None
        except chain.Altered as cause:
            raise damaged(source, composed.head.seq + (row.seq != composed.head.seq), str(cause)) from None
        yield (row.seq, row.run, row.kind, row.place.decode(), *row[4:])
