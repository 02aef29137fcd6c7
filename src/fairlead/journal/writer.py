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

from fairlead.core.errors import Diagnostic, FairleadError
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


class RecordAsked(NamedTuple):
    """Somebody waits until this request is durable."""

    run: RunId
    request: Request
    answer: "SimpleQueue[Answer]"


class ClaimAsked(NamedTuple):
    """Somebody waits until this worker owns the run: at the answer, or for the token when there is none."""

    run: RunId
    worker: WorkerId
    answer: "SimpleQueue[Answer] | None"
    token: object = None


class BatchAsked(NamedTuple):
    """The loop goes on meanwhile; what becomes of the batch is delivered under its token."""

    batch: Batch
    token: object


Asked = BatchAsked | RecordAsked | ClaimAsked


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
        if len(self._queue) >= QUEUE_MAX:
            raise queue_full(QUEUE_MAX)
        self._queue.append(BatchAsked(batch, token))
        if token is not None:
            self._ring()

    def record(self, run: RunId, request: Request) -> Recorded:
        answer: SimpleQueue[Answer] = SimpleQueue()
        self._queue.append(RecordAsked(run, request, answer))
        return self._wait_for(answer)

    def claim(self, run: RunId, worker: WorkerId) -> Recorded:
        answer: SimpleQueue[Answer] = SimpleQueue()
        self._queue.append(ClaimAsked(run, worker, answer))
        return self._wait_for(answer)

    def claim_later(self, run: RunId, worker: WorkerId, token: object) -> None:
        self._queue.append(ClaimAsked(run, worker, None, token))
        self._ring()

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

    def _wait_for(self, answer: "SimpleQueue[Answer]") -> Recorded:
        self._ring()
        result = answer.get()
        if isinstance(result, Recorded):
            return result
        assert isinstance(result, FairleadError), result
        raise result

    def _ring(self) -> None:
        if self._is_closing:
            raise RuntimeError("the journal is closed")
        if self._process != os.getpid():
            raise RuntimeError("the journal belongs to another process: a forked child opens its own")
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
        except (FairleadError, apsw.Error, OSError) as cause:
            self._failure = _as_failure(cause, self._places)
            self._refuse_all()
            return
        try:
            while not self._failure:
                self._write_next(pen)
                if self._is_closing and not self._queue:
                    break
        finally:
            try:
                pen.close(is_sound=self._failure is None)
            except (apsw.Error, OSError) as cause:
                self._failure = self._failure or pen.diagnose(cause)
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
        except (apsw.Error, OSError) as cause:
            self._failure = pen.diagnose(cause)
            self._refuse(asked)
        except BaseException as cause:
            # A bug of ours must not leave anybody waiting for ever.
            self._failure = FairleadError(Diagnostic("FL-X003", f"the journal's writer stopped: {cause!r}"))
            self._refuse(asked)
            raise

    def _take(self) -> list[Asked]:
        """Everything that is queued, up to a bound. A ring comes after its entry, so none is missed."""
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
            if not isinstance(one, BatchAsked) and one.answer is not None:
                one.answer.put(answer)
            elif not isinstance(one, RecordAsked) and one.token is not None:
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
        if not isinstance(one, BatchAsked):
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
        match one:
            case BatchAsked():
                return self.groups.append(one.batch)
            case RecordAsked():
                return self.groups.record(one.run, one.request)
            case ClaimAsked():
                return self.groups.claim(one.run, one.worker)

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

    def diagnose(self, cause: apsw.Error | OSError) -> FairleadError:
        return diagnose(cause, self._places.directory, self._connection.system_errno)

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


def _as_failure(cause: FairleadError | apsw.Error | OSError, places: Places) -> FairleadError:
    return cause if isinstance(cause, FairleadError) else diagnose(cause, places.directory)
