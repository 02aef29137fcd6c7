"""The journal without files: the same rules, in memory. What outlives a worker is a `Memory`; each worker opens its own
`MemoryJournal` on it.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.events import (
    Asking,
    Event,
    FindingAccepted,
    FindingReopened,
    Recorded,
    Remark,
    Request,
    RunClaimed,
    RunContinued,
    RunEnded,
    RunImported,
    RunParked,
    RunQueued,
    decode_event,
    encode_event,
    happening_of,
)
from fairlead.core.ids import Epoch, Micros, RunId, Seq, WorkerId
from fairlead.core.json import Digest, digest
from fairlead.core.ports import BEGINNING, Batch, Clock, Delivery, Fenced, JournalFailed, OpenRun, RunRow, Written
from fairlead.core.transitions import RUN
from fairlead.journal.refusals import ended, overtaken, owned, same_id, same_key, unknown_run
from fairlead.journal.workers import SILENT_SECONDS, Life
from fairlead.journal.writer import Later

_FOUND_MAX = 10


class _Run:
    """Where one run stands: the line of the list, its key, and its events."""

    __slots__ = ("ended_at", "epoch", "first", "last_request_seq", "records", "status", "worker")

    def __init__(self, first: RunQueued, last_request_seq: Seq) -> None:
        self.first = first
        self.epoch = 0
        self.status = "queued"
        self.ended_at = 0
        self.worker = ""
        self.last_request_seq = last_request_seq
        self.records: list[Recorded] = []


class Memory:
    """What is durable: all events in order, the contents, and which workers prove life."""

    def __init__(self) -> None:
        self.records: list[Recorded] = []
        self.contents: dict[Digest, bytes] = {}
        self.living: dict[str, float] = {}  # worker → when it was last touched, monotonic
        self.runs: dict[RunId, _Run] = {}
        self.keys: dict[str, RunId] = {}

    @classmethod
    def holding(cls, records: Iterable[Recorded], contents: dict[Digest, bytes]) -> "Memory":
        """What is left of a journal after a crash: these events and contents, and no worker alive."""
        memory = cls()
        memory.contents = contents
        for record in records:
            memory.keep(record)
        return memory

    def keep(self, record: Recorded) -> None:
        """Take *record* behind all others, into the index too."""
        event = record.event
        self.records.append(record)
        run = self.runs.get(record.run)
        if run is None:
            assert isinstance(event, RunQueued)  # no other event may be a run's first
            run = self.runs[record.run] = _Run(event, record.seq)
            if event.key:
                self.keys[event.key] = record.run
        run.records.append(record)
        if not record.epoch:
            run.last_request_seq = record.seq
        match event:
            case RunClaimed():
                run.epoch, run.worker = record.epoch, event.worker
                run.status = RUN[run.status][happening_of(event)]
            case RunEnded():
                # The time 0 means "not ended"; a clock that stands at 1970 must not hide an end.
                run.status, run.ended_at = event.status, record.at or 1
            case RunParked() | RunContinued():
                run.status = RUN[run.status][happening_of(event)]
            case _ if isinstance(event, Asking):
                run.status = RUN[run.status][happening_of(event)]


class MemoryJournal:
    """Implements `fairlead.core.ports.Journal` over a `Memory`, in one thread.

    What is appended is written when *later* performs the commit that it is given; at once when it is not given. Whoever
    waits (`record`, `claim`) has everything written that is queued before.
    """

    def __init__(
        self, memory: Memory, clock: Clock, deliver: Delivery | None = None, later: Later | None = None
    ) -> None:
        self.memory = memory
        self._clock = clock
        self._deliver = deliver
        self._later = later
        self._queue: list[tuple[Batch | tuple[RunId, WorkerId], object]] = []
        self._workers: list[WorkerId] = []
        self._seen = Seq(0)  # the journal's head when this one last wrote, or looked for others
        self._failure = ""
        self._is_written = False

    # --------------------------------------------------------------------------------------------------------- writing

    def append(self, batch: Batch, token: object) -> None:
        """Queue *batch* for the next commit. With None as token nobody waits: it rides with the next one."""
        self._ask(batch, token)

    def record(self, run: RunId, request: Request, after: Seq | None = None) -> Recorded:
        """Append a request. Refused as by every journal."""
        self._begin()
        if isinstance(request, RunQueued):
            earlier = self._earlier(run, request)
            if earlier is not None:
                return earlier
        else:
            found = self.memory.runs.get(run)
            if found is None:
                raise unknown_run(run)
            if found.ended_at and not isinstance(request, Remark):
                raise ended(run, found.status, found.ended_at)
            if after is not None and found.last_request_seq > after:
                raise overtaken(run)
        return self._write(run, Epoch(0), request)

    def take_over(self, records: Sequence[Recorded], remark: RunImported) -> Recorded:
        """Write a run that has ended in another journal, then *remark*."""
        self._begin()
        run, first = records[0].run, records[0].event
        assert isinstance(first, RunQueued)  # who reads an export has checked it
        if run in self.memory.runs:
            raise same_id(run)
        if first.key in self.memory.keys:
            raise same_key(first.key, self.memory.keys[first.key])
        for record in records:
            self._write(run, record.epoch, record.event, record.at)
        return self._write(run, Epoch(0), remark)

    def claim(self, run: RunId, worker: WorkerId) -> Recorded:
        """Make *worker* the owner of *run*."""
        self._begin()
        answer = self._claim(run, worker)
        if isinstance(answer, FairleadError):
            raise answer
        return answer

    def claim_later(self, run: RunId, worker: WorkerId, token: object) -> None:
        """Claim in the next commit; the answer is delivered under *token*."""
        self._ask((run, worker), token)

    def fail(self, why: str, *, is_written: bool = False) -> None:
        """From now on the disk refuses everything; with *is_written* the next group lands on it, and nobody is told."""
        self._failure, self._is_written = why, is_written

    def commit(self) -> None:
        """Write everything that is queued, as one group, and deliver the answers."""
        queue, self._queue = self._queue, []
        if not queue:
            return
        delivered: list[tuple[object, Written | Recorded | Exception]] = []
        for what, token in queue:
            answer: Written | Recorded | Exception
            if not self._failure or self._is_written:
                answer = self._append(what) if isinstance(what, Batch) else self._claim(*what)
            if self._failure:
                answer = JournalFailed(self._failure)
            if token is not None:
                delivered.append((token, answer))
        self._is_written = False
        if delivered and self._deliver is not None:
            self._deliver(delivered)

    def _ask(self, what: Batch | tuple[RunId, WorkerId], token: object) -> None:
        self._queue.append((what, token))
        if token is None:
            return
        if self._later is None:
            self.commit()
        else:
            self._later(self.commit)

    def _begin(self) -> None:
        self.commit()
        if self._failure:
            raise error("FL-L010", self._failure)

    def _append(self, batch: Batch) -> Written | Exception:
        run = self.memory.runs.get(batch.run)
        if run is None:
            return unknown_run(batch.run)
        if batch.epoch != run.epoch:
            return Fenced(f"run {batch.run} is at epoch {run.epoch}; this came from epoch {batch.epoch}")
        if run.ended_at:
            return ended(batch.run, run.status, run.ended_at)
        are_intents_written = run.last_request_seq <= batch.applied
        events = batch.outcomes + batch.intents if are_intents_written else batch.outcomes
        first = Seq(len(self.memory.records) + 1 if events else 0)
        now = self._clock.now()
        for event in events:
            self._write(batch.run, batch.epoch, event, now)
        return Written(first, run.records[-1].seq, now, are_intents_written=are_intents_written)

    def _claim(self, run: RunId, worker: WorkerId) -> Recorded | FairleadError:
        found = self.memory.runs.get(run)
        if found is None:
            return unknown_run(run)
        if found.ended_at:
            return ended(run, found.status, found.ended_at)
        if found.worker not in ("", worker) and self.is_alive(found.worker):
            return owned(run, found.worker, Life(is_alive=True))
        return self._write(run, Epoch(found.epoch + 1), RunClaimed(worker))

    def _write(self, run: RunId, epoch: Epoch, event: Event, at: Micros | None = None) -> Recorded:
        # What is read is what was written as text: a value that JSON has no words for shows here as on a disk.
        kept = decode_event(encode_event(event))
        seq = Seq(len(self.memory.records) + 1)
        record = Recorded(seq, run, epoch, self._clock.now() if at is None else at, kept)
        if self._seen == seq - 1:
            self._seen = seq
        self.memory.keep(record)
        return record

    def _earlier(self, run: RunId, request: RunQueued) -> Recorded | None:
        known = self.memory.keys.get(request.key) if request.key else None
        if known is not None:
            first = self.memory.runs[known].records[0]
            if _start_of(self.memory.runs[known].first) == _start_of(request):
                return first
            raise same_key(request.key, known)
        if run in self.memory.runs:
            raise same_id(run)
        return None

    # --------------------------------------------------------------------------------------------------------- reading

    def events_of(self, run: RunId, after: Seq = BEGINNING) -> Iterator[Recorded]:
        """The run's events in order."""
        found = self.memory.runs.get(run)
        records = found.records if found is not None else []
        return iter([record for record in records if record.seq > after] if after else list(records))

    def events_after(self, after: Seq, limit: int = 10_000) -> Sequence[Recorded]:
        """Events of all runs, for followers."""
        return self.memory.records[after : after + limit]

    def requests_after(self, after: Seq) -> Sequence[Recorded]:
        """Requests of all runs, in order."""
        return [record for record in self.memory.records[after:] if not record.epoch]

    def remarks_on_findings(self) -> Sequence[Recorded]:
        """Every acceptance of a finding, and what was taken back."""
        return [one for one in self.memory.records if isinstance(one.event, FindingAccepted | FindingReopened)]

    def head(self) -> Seq:
        """The number of the last event."""
        return Seq(len(self.memory.records))

    def runs(self, limit: int = 50) -> Sequence[RunRow]:
        """Newest first."""
        return [_row(run, found) for run, found in reversed(self.memory.runs.items())][:limit]

    def find_run(self, prefix: str) -> Sequence[RunRow]:
        """Runs whose id begins with *prefix*, newest first."""
        if prefix[1:2] == "_":
            prefix = prefix[0] + "-" + prefix[2:]
        return [row for row in self.runs(len(self.memory.runs)) if row.run.startswith(prefix)][:_FOUND_MAX]

    def open_runs(self, limit: int) -> Sequence[OpenRun]:
        """Those that have not ended, oldest first."""
        return [_open(run, found) for run, found in self.memory.runs.items() if not found.ended_at][:limit]

    def has_changed(self) -> bool:
        """Whether another journal on the same memory has written since this was last asked."""
        head = self.head()
        has_changed, self._seen = self._seen != head, head
        return has_changed

    # ------------------------------------------------------------------------------------------- workers and contents

    def register_worker(self, worker: WorkerId) -> None:
        """Prove from now on that *worker* lives."""
        self._workers.append(worker)
        self.memory.living[worker] = self._clock.monotonic()

    def is_alive(self, worker: str) -> bool:
        """Whether *worker* proves life."""
        touched = self.memory.living.get(worker)
        return touched is not None and self._clock.monotonic() - touched <= SILENT_SECONDS

    def beat(self) -> None:
        """Prove that this journal's workers live."""
        for worker in self._workers:
            if worker in self.memory.living:
                self.memory.living[worker] = self._clock.monotonic()

    def put(self, data: bytes) -> Digest:
        """Keep *data* under its digest."""
        if self._failure:
            raise error("FL-L010", self._failure)
        name = digest(data)
        self.memory.contents.setdefault(name, data)
        return name

    def get(self, digest: Digest) -> bytes:
        """What was put under *digest*."""
        try:
            return self.memory.contents[digest]
        except KeyError:
            raise error("FL-L006", f"nothing is kept under {digest}") from None

    def close(self) -> None:
        """Write what is queued; the workers of this journal live no more."""
        self.commit()
        for worker in self._workers:
            self.memory.living.pop(worker, None)
        self._workers.clear()


def _start_of(first: RunQueued) -> object:
    return first.workflow, first.definition, msgspec.to_builtins(first.inputs), first.root


def _open(run: RunId, found: _Run) -> OpenRun:
    row = _row(run, found)
    asked = Seq(found.last_request_seq)
    return OpenRun(run, row.root, row.status, row.queued_at, row.last_seq, asked, row.epoch, row.worker)


def _row(run: RunId, found: _Run) -> RunRow:
    first = found.records[0]
    return RunRow(
        run,
        found.first.workflow,
        found.first.root,
        found.status,
        first.at,
        Micros(found.ended_at),
        first.seq,
        found.records[-1].seq,
        Epoch(found.epoch),
        found.worker,
        found.first.requester,
    )
