"""How the files of a journal are made, opened and checked before the first word is read or written.

Nothing is created by reading. The database is made whole under another name and then renamed, so that no process and no
crash ever sees half a journal.
"""

import fcntl
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

import apsw

from fairlead.journal import chain
from fairlead.journal.anchor import Anchor, Mark, read_anchor
from fairlead.journal.disk import REAL, Disk
from fairlead.journal.failures import anchor_unusable, damaged, diagnose, newer_schema, not_a_journal, older_than_anchor
from fairlead.journal.statements import Values, migrations, sql

Mode = Literal["full", "process"]

_APPLICATION = 0x464C4A4E  # "FLJN": tells our databases from others
# A step with 1 KB of output takes 2.1 KB on pages of 4096 bytes, 1.7 on 8192 and 1.5 on these: less room is left over
# at the end of each. A commit writes two pages whatever their size, and waits for the disk no longer.
_PAGE_BYTES = 16384
_BUSY_MILLISECONDS = 10_000  # only a recovery after a crash holds SQLite's own locks for long
_CHECKED_AT_ONCE = 1_000  # rows read at a time
_RENEWED_AT_ONCE = 1_000_000  # bytes of the log


class Places(NamedTuple):
    """Where the files of one state directory lie."""

    directory: str
    disk: Disk = REAL  # what they lie on

    @property
    def database(self) -> str:
        return os.path.join(self.directory, "journal.db")

    @property
    def anchor(self) -> str:
        return os.path.join(self.directory, "anchor")

    @property
    def writer_lock(self) -> str:
        return os.path.join(self.directory, "writer.lock")

    @property
    def workers(self) -> str:
        return os.path.join(self.directory, "workers")

    @property
    def blobs(self) -> str:
        return os.path.join(self.directory, "blobs")


class WriterLock:
    """The lock between processes: only its holder writes to the journal, its anchor or checkpoints.

    It belongs to the file, not to the process: one that dies holding it gives it back.
    """

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @contextmanager
    def held(self) -> Iterator[None]:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._fd)


def make_directory(path: str, disk: Disk = REAL) -> None:
    """Make *path* and what is missing above it, for its owner only, and sync the directories that gained an entry."""
    if os.path.isdir(path):
        return
    parent = os.path.dirname(os.path.abspath(path))
    make_directory(parent, disk)
    try:
        disk.mkdir(path)
    except FileExistsError:
        pass  # another process was faster; it may not have synced yet, so this one does
    disk.sync_directory(parent)


def sync_names(path: str, disk: Disk = REAL) -> None:
    """Make the name of *path* durable, and the names above it that a process like this one may have made.

    Whoever made them may have died before it came so far. They look as `make_directory` makes them.
    """
    path = os.path.abspath(path)
    while True:
        parent = os.path.dirname(path)
        if not os.access(parent, os.R_OK):
            return
        disk.sync_directory(parent)
        found = os.stat(parent)
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) != 0o700 or parent == path:
            return
        path = parent


def try_disk(directory: str, disk: Disk = REAL) -> None:
    """Whether the disk takes a write just now, where the state directory lies. Leaves nothing behind.

    Raises:
        FairleadError: FL-N012 it is full; FL-N013 it cannot be written; FL-L010 it failed.
    """
    if not os.path.isdir(directory):
        return
    try:
        disk.try_writing(directory)
    except OSError as cause:
        raise diagnose(cause, directory) from None


def prepare(places: Places, lock: WriterLock) -> None:
    """Make the journal if there is none, and bring an older one to this schema.

    Raises:
        FairleadError: what is there is no journal, or a newer one.
    """
    with lock.held():
        if not os.path.exists(places.database):
            _refuse_lost_database(places)
            sync_names(places.directory, places.disk)
            _create(places)
            return
        # Its name may not be durable yet; it is once SQLite has synced the log for the first time on a connection.
        connection = _connect(places, apsw.SQLITE_OPEN_READWRITE)
        try:
            if _schema(connection, places) < len(migrations()):
                _migrate(connection)
        finally:
            connection.close()


def connect_writer(places: Places, mode: Mode) -> apsw.Connection:
    """The one connection of this process that writes and checkpoints."""
    connection = _connect(places, apsw.SQLITE_OPEN_READWRITE)
    connection.pragma("synchronous", "FULL" if mode == "full" else "NORMAL")
    return connection


def connect_reader(places: Places) -> apsw.Connection | None:
    """A connection that can only read; None when there is no journal yet.

    Raises:
        FairleadError: FL-L0xx, what is there is no journal, a newer one, or damaged since its last anchor.
    """
    connection = connect_unchecked(places)
    if connection is None:
        _refuse_lost_database(places)
        return None
    try:
        check_since_anchor(connection, places)
    except apsw.Error as cause:
        connection.close()
        raise diagnose(cause, places.directory) from None
    except BaseException:
        connection.close()
        raise
    return connection


def connect_unchecked(places: Places) -> apsw.Connection | None:
    """As `connect_reader`, for who looks at the events and the anchor without help."""
    if not os.path.exists(places.database):
        return None
    try:
        connection = _connect(places, apsw.SQLITE_OPEN_READONLY)
    except apsw.Error as cause:
        raise diagnose(cause, places.directory) from None
    try:
        connection.pragma("query_only", True)
        _schema(connection, places)
    except apsw.Error as cause:
        connection.close()
        raise diagnose(cause, places.directory) from None
    except BaseException:
        connection.close()
        raise
    return connection


def check_since_anchor(connection: apsw.Connection, places: Places) -> Mark:
    """Check the chain from the older slot of the anchor to the head, and give the head.

    The older slot, so that at least the last commit is looked at each time.

    Raises:
        FairleadError: FL-L002 with the first bad event; FL-L003 when the head is behind the anchor; FL-L005.
    """
    # The anchor is read before the head: it is never ahead, so another process that writes meanwhile does no harm.
    marks = read_anchor(places.anchor, places.disk)
    if not marks:
        raise anchor_unusable(places.directory, "is missing" if marks is None else "is damaged in both slots")
    head = read_head(connection)
    if head.seq < marks[-1].seq:
        raise older_than_anchor(places.directory, head.seq, marks[-1].seq)
    expected = {mark.seq: mark.h for mark in marks}
    last = marks[0]
    for row in rows_from(connection, max(last.seq, 1)):
        try:
            if row.seq > last.seq:
                if row.seq != last.seq + 1:
                    raise damaged(places.directory, last.seq + 1, "it is missing")
                chain.check_link(last.h, row)
            if row.h != expected.get(row.seq, row.h):
                raise damaged(places.directory, row.seq, "it is not the event that the anchor remembers")
            chain.check_payload(row)
        except chain.Altered as cause:
            raise damaged(places.directory, row.seq, str(cause)) from None
        last = Mark(row.seq, row.h)
    return last


def newest_mark(places: Places) -> Mark | None:
    """The last position that the anchor remembers."""
    marks = read_anchor(places.anchor, places.disk)
    return marks[-1] if marks else None


def renew_log(places: Places) -> None:
    """Write what is in SQLite's log once more, as it is, and sync it. Hold the writer's lock.

    After a sync that failed, Linux goes on showing what it could not write, and counts it as written: no later sync
    makes it durable. What is read from such a log must not be built on before it was written anew.
    """
    disk, at = places.disk, 0
    fd = disk.open(places.database + "-wal", os.O_RDWR)
    try:
        while data := disk.pread(fd, _RENEWED_AT_ONCE, at):
            at += disk.pwrite(fd, data, at)
        disk.fdatasync(fd)
    finally:
        disk.close(fd)


def read_head(connection: apsw.Connection) -> Mark:
    """The last event's seq and h; (0, zeros) before the first."""
    found = connection.execute(sql("select_head")).fetchone()
    return Mark(*found) if found else Mark(0, chain.START)


def rows_from(connection: apsw.Connection, seq: int) -> Iterator[chain.Row]:
    """All rows from *seq* on, read a thousand at a time."""
    while True:
        found: Iterable[Values] = connection.execute(sql("select_events_from"), (seq, _CHECKED_AT_ONCE))
        rows = [chain.Row(*values) for values in found]
        yield from rows
        if len(rows) < _CHECKED_AT_ONCE:
            return
        seq = rows[-1].seq + 1


def _connect(places: Places, flags: int) -> apsw.Connection:
    connection = apsw.Connection(places.database, flags=flags, vfs=places.disk.vfs, statementcachesize=32)
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    # Closing the last connection would checkpoint by itself, without anybody looking at the result.
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.wal_autocheckpoint(0)
    connection.pragma("mmap_size", 0)
    connection.pragma("trusted_schema", False)
    connection.pragma("cell_size_check", True)
    return connection


def _schema(connection: apsw.Connection, places: Places) -> int:
    """The schema's number, if this is a journal that this build can read."""
    if connection.pragma("application_id") != _APPLICATION:
        raise not_a_journal(places.directory)
    found, known = connection.pragma("user_version"), len(migrations())
    if found > known:
        raise newer_schema(places.directory, found, known)
    return int(found)


def _refuse_lost_database(places: Places) -> None:
    """An anchor without its database means that a journal was here."""
    marks = read_anchor(places.anchor, places.disk)
    # Looked for once more: another process may have made it meanwhile, and then the anchor is of its first events.
    if marks and marks[-1].seq and not os.path.exists(places.database):
        raise older_than_anchor(places.directory, 0, marks[-1].seq)


def _create(places: Places) -> None:
    disk, new = places.disk, places.database + "-new"
    for leftover in (new, new + "-journal", new + "-wal", new + "-shm"):
        if os.path.exists(leftover):
            disk.unlink(leftover)  # of a process that died while it made the journal
    connection = apsw.Connection(new, vfs=disk.vfs)
    try:
        connection.pragma("page_size", _PAGE_BYTES)
        connection.pragma("application_id", _APPLICATION)
        _migrate(connection)
        connection.pragma("journal_mode", "WAL")
    except apsw.Error as cause:
        raise diagnose(cause, places.directory, connection.system_errno) from None
    finally:
        connection.close()
    os.chmod(new, 0o600)
    anchor = Anchor(places.anchor, disk)
    anchor.write(Mark(0, chain.START))
    anchor.sync()
    anchor.close()
    # The database's name comes last: where it exists, everything else does, after a power cut too.
    disk.sync_directory(places.directory)
    disk.rename(new, places.database)
    disk.sync_directory(places.directory)


def _migrate(connection: apsw.Connection) -> None:
    """Do what is missing, in one transaction."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:  # a savepoint: an error undoes everything, also the number
        for statement in migrations()[connection.pragma("user_version") :]:
            connection.execute(statement)
        connection.pragma("user_version", len(migrations()))
    connection.execute("COMMIT")
