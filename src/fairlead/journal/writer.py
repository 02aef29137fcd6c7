"""The writer: one thread with the one connection of this process that writes and checkpoints.

Whatever is queued while a commit is under way becomes the next commit, with exactly one wait for the disk. The order of
things is always: writer's lock → BEGIN IMMEDIATE → rows → COMMIT → anchor → lock given back → answers delivered.

After the first error of the disk the thread acknowledges nothing more: everything that waits and everything that comes
is answered with the failure. The next start repairs, with the same code as after a crash.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import NamedTuple

import apsw

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import Recorded, Request, RunImported
from fairlead.core.ids import RunId, Seq, WorkerId
from fairlead.core.ports import Batch, Clock, Delivery, JournalFailed, Written
from fairlead.journal.failures import diagnose
from fairlead.journal.opening import Mode, Places
from fairlead.journal.pen import Answer, ClaimRun, Pen, RecordRequest, TakeOver, What
from fairlead.journal.refusals import queue_full

QUEUE_MAX = 100_000  # entries that may wait for the disk
GROUP_MAX = 5_000  # entries in one commit, so that the first of them does not wait for ever
Later = Callable[[Callable[[], None]], None]  # performs what it is given, at once or when it likes
_IDLE_SECONDS = 1.0  # without work: time to sync the anchor and to checkpoint


class _Waiter:
    """A token behind which a thread stands still until it is answered."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[Answer] = SimpleQueue()


class _Asked(NamedTuple):
    """What is to be written, and who wants to know: a `_Waiter`, nobody (None), or a token for the `Delivery`."""

    what: What
    token: object


class Writer:
    """Takes what is to be written from any thread and answers from its own. Nothing starts before the first word."""

    def __init__(self, places: Places, clock: Clock, deliver: Delivery | None, mode: Mode) -> None:
        self._places = places
        self._clock = clock
        self._deliver = deliver
        self._mode: Mode = mode
        self._queue: deque[_Asked] = deque()
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

    def record(self, run: RunId, request: Request, after: Seq | None = None) -> Recorded:
        """Record *request* and wait until it is durable; with *after*, only when no later request of the run is."""
        return self._wait_for(RecordRequest(run, request, after))

    def claim(self, run: RunId, worker: WorkerId) -> Recorded:
        """Claim *run* for *worker* and wait until that is durable."""
        return self._wait_for(ClaimRun(run, worker))

    def take_over(self, records: Sequence[Recorded], remark: RunImported) -> Recorded:
        """Write a whole run of another journal and wait until it is durable."""
        return self._wait_for(TakeOver(records, remark))

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

    def _wait_for(self, what: RecordRequest | ClaimRun | TakeOver) -> Recorded:
        waiter = _Waiter()
        self._ask(what, waiter)
        return _recorded(waiter.answers.get())

    def _ask(self, what: What, token: object) -> None:
        if self._is_closing:
            raise RuntimeError("the journal is closed")
        if self._process != os.getpid():
            raise RuntimeError("the journal belongs to another process: a forked child opens its own")
        if len(self._queue) >= QUEUE_MAX:
            raise queue_full(QUEUE_MAX)
        self._queue.append(_Asked(what, token))
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

    def _write_next(self, pen: Pen) -> None:
        try:
            self._bell.get(timeout=_IDLE_SECONDS if pen.has_loose_ends() else None)
        except Empty:
            self._write_group(pen, is_quiet=True)
        else:
            self._write_group(pen)

    def _write_group(self, pen: Pen, *, is_quiet: bool = False) -> None:
        """Write what is queued, and answer; in a quiet moment tidy up instead."""
        asked: list[_Asked] = []
        try:
            if is_quiet:
                pen.tidy()
                return
            asked = self._take()
            if asked:
                answers = pen.write([one.what for one in asked])
                self.last_seq, self.strangers = pen.groups.head.seq, pen.groups.strangers
                self._answer(asked, answers)
                asked = []  # what fails from here on is no longer about them
            pen.tidy_while_busy()
        except Exception as cause:
            self._failure = _as_failure(cause, self._places, pen.system_errno())
            self._refuse(asked)

    def _take(self) -> list[_Asked]:
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

    def _answer(self, asked: Sequence[_Asked], answers: Sequence[Answer]) -> None:
        delivered: list[tuple[object, Written | Recorded | Exception]] = []
        for one, answer in zip(asked, answers, strict=True):
            if isinstance(one.token, _Waiter):
                one.token.answers.put(answer)
            elif one.token is not None:
                delivered.append((one.token, answer))
        if delivered and self._deliver is not None:
            try:
                self._deliver(delivered)
            except RuntimeError:
                pass  # the receiver's event loop is closed: what it asked for is durable all the same

    def _refuse(self, asked: Sequence[_Asked]) -> None:
        assert self._failure is not None
        self._answer(asked, [self._refusal(self._failure, one) for one in asked])

    @staticmethod
    def _refusal(failure: FairleadError, one: _Asked) -> Answer:
        # A fresh exception for each: a shared one would gather the tracebacks of all who raise it.
        again = FairleadError(*failure.diagnostics, exit_code=failure.exit_code)
        if isinstance(one.token, _Waiter):
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


class InlineWriter(Writer):
    """Writes in the thread that asks, whenever *later* performs what it is given; for who has but one thread.

    Whoever waits for an answer has everything written at once. Nothing is tidied up in quiet moments: there are none.
    """

    def __init__(self, places: Places, clock: Clock, deliver: Delivery | None, mode: Mode, later: Later) -> None:
        super().__init__(places, clock, deliver, mode)
        self._later = later
        self._pen: Pen | None = None

    def close(self) -> None:
        """Write what is still queued and close the files."""
        self._write_now()
        self._is_closing = True
        if self._pen is not None:
            self._pen.close(is_sound=self._failure is None)
            self._pen = None

    def _wait_for(self, what: RecordRequest | ClaimRun | TakeOver) -> Recorded:
        waiter = _Waiter()
        self._queue.append(_Asked(what, waiter))
        self._write_now()
        return _recorded(waiter.answers.get_nowait())

    def _ring(self) -> None:
        self._later(self._write_now)

    def _write_now(self) -> None:
        while self._queue:
            if self._pen is None and self._failure is None:
                try:
                    self._pen = Pen(self._places, self._clock, self._mode)
                except Exception as cause:
                    self._failure = _as_failure(cause, self._places)
            if self._pen is None or self._failure is not None:
                self._refuse(self._take())
            else:
                self._write_group(self._pen)


def _recorded(answer: Answer) -> Recorded:
    if isinstance(answer, Recorded):
        return answer
    assert isinstance(answer, FairleadError), answer
    raise answer


def _as_failure(cause: Exception, places: Places, system_errno: int = 0) -> FairleadError:
    """What everybody who waits is told. Also for a bug of ours: it must not leave anybody waiting for ever."""
    if isinstance(cause, FairleadError):
        return cause
    if isinstance(cause, apsw.Error | OSError):
        return diagnose(cause, places.directory, system_errno)
    failure = error("FL-X003", f"the journal's writer stopped: {cause!r}")
    failure.__cause__ = cause
    return failure
