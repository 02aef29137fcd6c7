"""The journal on SQLite, for any number of processes of one machine."""

from collections.abc import Sequence

from fairlead.core.events import Recorded, Request, RunImported
from fairlead.core.ids import RunId, Seq, WorkerId
from fairlead.core.json import Digest
from fairlead.core.ports import Batch, Clock, Delivery
from fairlead.journal.disk import REAL, Disk
from fairlead.journal.failures import diagnose
from fairlead.journal.filesystem import refuse_network
from fairlead.journal.opening import Mode, Places
from fairlead.journal.reading import Reader
from fairlead.journal.workers import WorkerLock, sweep
from fairlead.journal.writer import InlineWriter, Later, Writer


class SqliteJournal(Reader):
    """Implements `fairlead.core.ports.Journal`. Nothing is made or started before the first word is written.

    With *later* there is no thread: it is given each commit to perform, in the thread that asks.
    """

    def __init__(
        self, places: Places, clock: Clock, deliver: Delivery | None, mode: Mode, later: Later | None = None
    ) -> None:
        super().__init__(places, clock)
        self._writer = (
            Writer(self.places, clock, deliver, mode)
            if later is None
            else InlineWriter(self.places, clock, deliver, mode, later)
        )
        self._strangers_met = 0
        self._locks: dict[WorkerId, WorkerLock] = {}

    def append(self, batch: Batch, token: object) -> None:
        """Queue *batch* for the next commit; its `Written`, or its exception, is delivered under *token*.

        With None as token nobody waits: it wakes nobody and rides with the next commit, at the latest on close.
        """
        self._writer.append(batch, token)

    def record(self, run: RunId, request: Request, after: Seq | None = None) -> Recorded:
        """Append a request and wait until it is durable. A `run.queued` with a known key gives the earlier record.

        Raises:
            FairleadError: FL-R101 unknown run; FL-R102 it has ended; FL-R103 the key belongs to another start;
                FL-R105 the run has a later request than *after*.
        """
        return self._writer.record(run, request, after)

    def take_over(self, records: Sequence[Recorded], remark: RunImported) -> Recorded:
        """Write a run that has ended in another journal: its events in order, then *remark*. All of it or nothing.

        Raises:
            FairleadError: FL-R104 there is a run with this id; FL-R103 its key belongs to another start.
        """
        return self._writer.take_over(records, remark)

    def claim(self, run: RunId, worker: WorkerId) -> Recorded:
        """Make *worker* the owner: `run.claimed` with the next epoch, durable. Register the worker first.

        Raises:
            FairleadError: FL-R101 unknown run; FL-R102 it has ended; FL-R401 another living worker owns it.
        """
        return self._writer.claim(run, worker)

    def claim_later(self, run: RunId, worker: WorkerId, token: object) -> None:
        """Claim in the next commit, together with whatever else is queued; the answer is delivered under *token*."""
        self._writer.claim_later(run, worker, token)

    def has_changed(self) -> bool:
        """Whether another process has written since this was last asked. Costs microseconds: ask every 50 ms."""
        if not super().has_changed():
            return False
        met = self._writer.strangers
        is_foreign = met != self._strangers_met or self.head() != self._writer.last_seq
        self._strangers_met = met
        return is_foreign

    def put(self, data: bytes) -> Digest:
        """Keep *data* in the content store, synced, under its digest. Putting it again is free."""
        return self._blobs.put(data)

    def register_worker(self, worker: WorkerId) -> None:
        """Prove from now on that *worker* lives: hold its lock. Call `beat` every ten seconds.

        Raises:
            FairleadError: FL-N012 when the disk is full, FL-L010 when it failed.
        """
        if worker in self._locks:
            return
        try:
            self._locks[worker] = WorkerLock(self.places, worker, self._clock)
            sweep(self.places)
            self._blobs.sweep(self._clock.now())
        except OSError as cause:
            raise diagnose(cause, self.places.directory) from None

    def beat(self) -> None:
        """Touch the files of this journal's workers. A worker that is not touched for 30 s loses its runs."""
        for lock in self._locks.values():
            lock.beat()

    def close(self) -> None:
        """Write what is queued, checkpoint, sync the anchor, give the workers' locks back."""
        try:
            self._writer.close()
        finally:
            for lock in self._locks.values():
                lock.release()
            self._locks.clear()
            super().close()


def open_journal(
    directory: str, *, clock: Clock, deliver: Delivery | None = None, mode: Mode = "full", disk: Disk = REAL
) -> SqliteJournal:
    """The journal of a state directory, to read and to write.

    *deliver* receives, once per commit and on the writer's thread, what became of the appended batches. With *mode*
    "process" a commit survives the death of the process, but not a power cut.

    Raises:
        FairleadError: FL-N011 a network file system; FL-L0xx what is there is no journal, a newer one, or damaged.
    """
    refuse_network(directory)
    journal = SqliteJournal(Places(directory, disk), clock, deliver, mode)
    journal.head()  # a journal that cannot be used says so now, not at the first write
    return journal


def open_reader(directory: str, *, clock: Clock, disk: Disk = REAL) -> Reader:
    """The journal of a state directory, only to read: no thread, nothing made.

    Raises:
        FairleadError: FL-N011 a network file system; FL-L0xx what is there is no journal, a newer one, or damaged.
    """
    refuse_network(directory)
    reader = Reader(Places(directory, disk), clock)
    reader.head()
    return reader
