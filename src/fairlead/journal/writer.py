"""The writer: one thread with the one connection of this process that writes and checkpoints.

Whatever is queued while a commit is under way becomes the next commit, with exactly one wait for the disk. The order of
things is always: writer's lock → BEGIN IMMEDIATE → rows → COMMIT → anchor → lock given back → answers delivered.

After the first error of the disk the thread acknowledges nothing more: everything that waits and everything that comes
is answered with the failure. The next start repairs, with the same code as after a crash.
"""

import os
import threading
from collections import deque
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import NamedTuple

import apsw

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import Recorded, Request
from fairlead.core.ids import RunId, WorkerId
from fairlead.core.ports import Batch, Clock, Delivery, Fenced, JournalFailed, Written
from fairlead.journal.anchor import Anchor
from fairlead.journal.failures import diagnose
from fairlead.journal.group import Groups
from fairlead.journal.opening import (
    Mode,
    Places,
    WriterLock,
    check_since_anchor,
    connect_writer,
    make_directory,
    prepare,
)
from fairlead.journal.refusals import queue_full
from fairlead.journal.workers import look_at

QUEUE_MAX = 100_000  # batches that may wait for the disk
GROUP_MAX = 5_000  # batches in one commit, so that the first of them does not wait for ever
IDLE_SECONDS = 1.0  # without work: time to sync the anchor and to checkpoint
ANCHOR_SECONDS = 1.0  # the anchor is synced at most this often while there is work
WAL_PAGES_IDLE = 1_000  # a larger log is checkpointed as soon as there is a quiet moment
WAL_PAGES_BUSY = 8_000  # a larger log is checkpointed even if there is none

Answer = Written | Recorded | FairleadError | Fenced | JournalFailed


class RecordRequest(NamedTuple):
    """A request to be recorded."""

    run: RunId
    request: Request


class ClaimRun(NamedTuple):
    """A run to be given to a worker."""

    run: RunId
    worker: WorkerId


class Waiter:
    """A token behind which a thread stands still until it is answered."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[Answer] = SimpleQueue()


class Asked(NamedTuple):
    """What is to be written, and who wants to know: a `Waiter`, nobody (None), or a token for the `Delivery`."""

    what: Batch | RecordRequest | ClaimRun
    token: object


class Writer:
    """Takes what is to be written from any thread and answers from its own. Nothing starts before the first word."""

    def __init__(self, places: Places, clock: Clock, deliver: Delivery | None, mode: Mode) -> None:
        self._places = places
        self._clock = clock
        self._deliver = deliver
        self._mode: Mode = mode
        self._queue: deque[Asked] = deque()
        self._bell: SimpleQueue[None] = SimpleQueue()  # one ring for each thing that somebody waits for
        self._is_closing = False
        self._process = os.getpid()
        self._failure: FairleadError | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self.last_seq = 0  # of the journal, when this process last wrote
        self.strangers = 0  # how often this process found events of another one when it wrote

    def append(self, batch: Batch, token: object) -> None:
        """Queue *batch*. With None as *token* nobody waits: it wakes nobody and rides with the next commit."""
        self._ask(batch, token)

    def record(self, run: RunId, request: Request) -> Recorded:
        """Record *request* and wait until it is durable."""
        return self._wait_for(RecordRequest(run, request))

    def claim(self, run: RunId, worker: WorkerId) -> Recorded:
        """Claim *run* for *worker* and wait until that is durable."""
        return self._wait_for(ClaimRun(run, worker))

    def claim_later(self, run: RunId, worker: WorkerId, token: object) -> None:
        """Queue a claim; the answer is delivered under *token*."""
        self._ask(ClaimRun(run, worker), token)

    def close(self) -> None:
        """Write what is still queued, checkpoint, sync the anchor. Waits for all of it.

        Raises:
            FairleadError: the disk failed while this was done.
        """
        failure = self._failure  # who waited for something has been told of it
        if self._queue:
            self._ring()
        self._is_closing = True
        if self._thread is not None:
            self._bell.put(None)
            self._thread.join()
            self._thread = None
        if self._failure is not failure and self._failure is not None:
            raise self._failure

    def _wait_for(self, what: RecordRequest | ClaimRun) -> Recorded:
        waiter = Waiter()
        self._ask(what, waiter)
        answer = waiter.answers.get()
        if isinstance(answer, Recorded):
            return answer
        assert isinstance(answer, FairleadError), answer
        raise answer

    def _ask(self, what: Batch | RecordRequest | ClaimRun, token: object) -> None:
        if self._is_closing:
            raise RuntimeError("the journal is closed")
        if self._process != os.getpid():
            raise RuntimeError("the journal belongs to another process: a forked child opens its own")
        if len(self._queue) >= QUEUE_MAX:
            raise queue_full(QUEUE_MAX)
        self._queue.append(Asked(what, token))
        if token is not None:
            self._ring()

    def _ring(self) -> None:
        # The entry is queued before the bell rings, so that the writer finds it.
        self._bell.put(None)
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._write_all, name="journal-writer", daemon=True)
                    self._thread.start()

    # ------------------------------------------------------------------------------------ on the writer's own thread

    def _write_all(self) -> None:
        try:
            pen = Pen(self._places, self._clock, self._mode)
        except Exception as cause:
            self._failure = _as_failure(cause, self._places)
            self._refuse_all()
            return
        while self._failure is None and (self._queue or not self._is_closing):
            self._write_next(pen)
        try:
            pen.close(is_sound=self._failure is None)
        except Exception as cause:
            self._failure = self._failure or _as_failure(cause, self._places)
        self._refuse_all()

    def _write_next(self, pen: "Pen") -> None:
        asked: list[Asked] = []
        try:
            try:
                self._bell.get(timeout=IDLE_SECONDS if pen.has_loose_ends() else None)
            except Empty:
                pen.tidy()
                return
            asked = self._take()
            if asked:
                answers = pen.write(asked)
                self.last_seq, self.strangers = pen.groups.head.seq, pen.groups.strangers
                self._answer(asked, answers)
            pen.tidy_while_busy()
        except Exception as cause:
            self._failure = _as_failure(cause, self._places, pen.system_errno())
            self._refuse(asked)

    def _take(self) -> list[Asked]:
        """Everything that is queued, up to a bound."""
        try:
            while True:
                self._bell.get_nowait()
        except Empty:
            pass
        queue = self._queue
        taken = [queue.popleft() for _ in range(min(len(queue), GROUP_MAX))]
        if queue:
            self._bell.put(None)
        return taken

    def _answer(self, asked: Sequence[Asked], answers: Sequence[Answer]) -> None:
        delivered: list[tuple[object, Written | Recorded | Exception]] = []
        for one, answer in zip(asked, answers, strict=True):
            if isinstance(one.token, Waiter):
                one.token.answers.put(answer)
            elif one.token is not None:
                delivered.append((one.token, answer))
        if delivered and self._deliver is not None:
            try:
                self._deliver(delivered)
            except RuntimeError:
                pass  # the receiver's event loop is closed: what it asked for is durable all the same

    def _refuse(self, asked: Sequence[Asked]) -> None:
        assert self._failure is not None
        self._answer(asked, [self._refusal(self._failure, one) for one in asked])

    @staticmethod
    def _refusal(failure: FairleadError, one: Asked) -> Answer:
        # A fresh exception for each: a shared one would gather the tracebacks of all who raise it.
        again = FairleadError(*failure.diagnostics, exit_code=failure.exit_code)
        if isinstance(one.token, Waiter):
            return again
        failed = JournalFailed(str(failure))
        failed.__cause__ = again
        return failed

    def _refuse_all(self) -> None:
        """Answer whatever comes with the failure, until the journal is closed."""
        while self._failure is not None:
            self._refuse(self._take())
            if self._is_closing:
                return
            self._bell.get()


class Pen:
    """The files that the writer's thread holds open, and what it does with them."""

    def __init__(self, places: Places, clock: Clock, mode: Mode) -> None:
        make_directory(places.directory)
        self._places = places
        self._clock = clock
        self._lock = WriterLock(places.writer_lock)
        prepare(places, self._lock)
        self._anchor = Anchor(places.anchor)
        self._anchor_synced = clock.monotonic()
        self._connection = connect_writer(places, mode)
        with self._lock.held():
            check_since_anchor(self._connection, places)
        self._wal_pages = 0
        self._connection.set_wal_hook(self._note_wal)
        self.groups = Groups(self._connection, lambda worker: look_at(places, worker, clock))

    def write(self, asked: Sequence[Asked]) -> list[Answer]:
        """Write one group. When this returns, it is durable."""
        groups, connection = self.groups, self._connection
        with self._lock.held():
            connection.execute("BEGIN IMMEDIATE")
            try:
                groups.begin(self._clock.now())
                before = groups.head
                answers = [self._write_one(one) for one in asked]
                groups.end()
                connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            if groups.head.seq != before.seq:
                self._anchor.write(groups.head)
        return answers

    def _write_one(self, one: Asked) -> Answer:
        match one.what:
            case Batch():
                return self.groups.append(one.what)
            case RecordRequest(run, request):
                return self.groups.record(run, request)
            case ClaimRun(run, worker):
                return self.groups.claim(run, worker)

    def has_loose_ends(self) -> bool:
        return not self._anchor.is_synced or self._wal_pages > WAL_PAGES_IDLE

    def tidy(self) -> None:
        """In a quiet moment: make the anchor durable, and empty the log if it has grown."""
        if self._wal_pages > WAL_PAGES_IDLE:
            self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        else:
            self._sync_anchor()

    def tidy_while_busy(self) -> None:
        if self._wal_pages > WAL_PAGES_BUSY:
            self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        elif not self._anchor.is_synced and self._clock.monotonic() - self._anchor_synced >= ANCHOR_SECONDS:
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
            self._connection.close()
            self._anchor.close()
            self._lock.close()

    def _checkpoint(self, mode: int) -> None:
        with self._lock.held():
            try:
                self._connection.wal_checkpoint(mode=mode)
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


def _as_failure(cause: Exception, places: Places, system_errno: int = 0) -> FairleadError:
    """What everybody who waits is told. Also for a bug of ours: it must not leave anybody waiting for ever."""
    if isinstance(cause, FairleadError):
        return cause
    if isinstance(cause, apsw.Error | OSError):
        return diagnose(cause, places.directory, system_errno)
    failure = error("FL-X003", f"the journal's writer stopped: {cause!r}")
    failure.__cause__ = cause
    return failure
