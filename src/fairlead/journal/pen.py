"""The pen: the files that the writer's thread holds open, and the order in which a commit touches them.

Writer's lock → BEGIN IMMEDIATE → rows → COMMIT → anchor → lock given back, with exactly one wait for the disk in it:
the log's, in COMMIT. Checkpoints are made here and nowhere else, by the connection that writes, and their result is
looked at.
"""

from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import NamedTuple

import apsw

from fairlead.core.errors import FairleadError
from fairlead.core.events import Recorded, Request, RunImported
from fairlead.core.ids import RunId, Seq, WorkerId
from fairlead.core.ports import Batch, Clock, Fenced, JournalFailed, Written
from fairlead.journal.anchor import Anchor
from fairlead.journal.group import Groups
from fairlead.journal.opening import (
    Mode,
    Places,
    WriterLock,
    check_since_anchor,
    connect_writer,
    make_directory,
    newest_mark,
    prepare,
    renew_log,
)
from fairlead.journal.workers import look_at

WAL_PAGES_IDLE_MAX = 60  # 1 MB; a larger log is checkpointed as soon as there is a quiet moment
# 4 MB; a larger log is checkpointed even if there is none. While a log grows, each wait for the disk is one for the new
# size of the file too: on a busy disk a step took ten times as long with a log that may grow to 32 MB.
WAL_PAGES_BUSY_MAX = 250
_ANCHOR_SECONDS = 1.0  # the anchor is synced at most this often while there is work

Answer = Written | Recorded | FairleadError | Fenced | JournalFailed


class RecordRequest(NamedTuple):
    """A request to be recorded."""

    run: RunId
    request: Request
    after: Seq | None = None  # the run may have no later request


class ClaimRun(NamedTuple):
    """A run to be given to a worker."""

    run: RunId
    worker: WorkerId


class TakeOver(NamedTuple):
    """A whole run that another journal recorded."""

    records: Sequence[Recorded]
    remark: RunImported


What = Batch | RecordRequest | ClaimRun | TakeOver


class Pen:
    """The files that the writer's thread holds open, and what it does with them."""

    def __init__(self, places: Places, clock: Clock, mode: Mode) -> None:
        make_directory(places.directory, places.disk)
        self._places = places
        self._clock = clock
        self._waits = mode == "full"  # each commit is durable when it has come to its end
        with ExitStack() as held:  # gives back what it holds, unless all of this comes to its end
            self._lock = held.enter_context(closing(WriterLock(places.writer_lock)))
            prepare(places, self._lock)
            self._anchor = held.enter_context(closing(Anchor(places.anchor, places.disk)))
            self._connection = held.enter_context(closing(connect_writer(places, mode)))
            with self._lock.held():
                head = check_since_anchor(self._connection, places)
                if head != newest_mark(places):
                    # A group that nobody has acknowledged: its process died, or was told that the disk failed.
                    renew_log(places)
                    self._anchor.write(head)
            self._held = held.pop_all()
        self._anchor_synced = clock.monotonic()
        self._wal_pages = 0
        self._connection.set_wal_hook(self._note_wal)
        self.groups = Groups(self._connection, lambda worker: look_at(places, worker, clock), mode)

    def write(self, what: Sequence[What]) -> list[Answer]:
        """Write one group. When this returns, it is durable."""
        groups, connection = self.groups, self._connection
        with self._lock.held():
            connection.execute("BEGIN IMMEDIATE")
            try:
                groups.begin(self._clock.now())
                before = groups.head
                answers = [self._write_one(one) for one in what]
                groups.end()
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            if groups.head.seq != before.seq and self._waits:
                self._anchor.write(groups.head)
        return answers

    def _write_one(self, what: What) -> Answer:
        match what:
            case Batch():
                return self.groups.append(what)
            case RecordRequest(run, request, after):
                return self.groups.record(run, request, after)
            case ClaimRun(run, worker):
                return self.groups.claim(run, worker)
            case TakeOver(records, remark):
                return self.groups.take_over(records, remark)

    def has_loose_ends(self) -> bool:
        return not self._anchor.is_synced or self._wal_pages > WAL_PAGES_IDLE_MAX

    def tidy(self) -> None:
        """In a quiet moment: make the anchor durable, and empty the log if it has grown."""
        if self._wal_pages > WAL_PAGES_IDLE_MAX:
            self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        else:
            self._sync_anchor()

    def tidy_while_busy(self) -> None:
        if self._wal_pages > WAL_PAGES_BUSY_MAX:
            self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif not self._anchor.is_synced and self._clock.monotonic() - self._anchor_synced >= _ANCHOR_SECONDS:
            self._sync_anchor()

    def system_errno(self) -> int:
        """What the operating system last told SQLite."""
        return self._connection.system_errno

    def close(self, *, is_sound: bool) -> None:
        """Give everything back. Only a sound journal is touched once more: it is checkpointed and its anchor synced."""
        try:
            if is_sound:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            self._held.close()

    def _checkpoint(self, mode: int) -> None:
        with self._lock.held():
            try:
                pages, carried = self._connection.wal_checkpoint(mode=mode)
                if not self._waits and carried == pages and self.groups.head.seq > 0:
                    self._anchor.write(self.groups.head)  # only now is it durable: the anchor is never ahead
            except apsw.BusyError:
                pass  # somebody reads an older state; the next checkpoint comes further
            self._wal_pages = 0
        self._sync_anchor()

    def _sync_anchor(self) -> None:
        if not self._anchor.is_synced:
            self._anchor.sync()
            self._anchor_synced = self._clock.monotonic()

    def _note_wal(self, connection: apsw.Connection, name: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _roll_back(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except apsw.Error:
            pass  # the connection is given up right after this; an unfinished transaction is never seen again
