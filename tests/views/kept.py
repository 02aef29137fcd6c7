"""A run that was performed on paper, written into a real journal."""

from collections.abc import Iterable

from fairlead.core.events import Event, RunCancelRequested, RunClaimed, RunQueued
from fairlead.core.ids import Epoch, RunId, Seq, WorkerId
from fairlead.core.json import encode
from fairlead.core.ports import Batch, Written
from fairlead.core.workflow import Workflow
from fairlead.journal import SqliteJournal
from tests.journal.parts import Deliveries


class Keeper:
    """Writes events of one run in their order, each awaited."""

    def __init__(self, journal: SqliteJournal, deliveries: Deliveries, workflow: Workflow, run: RunId) -> None:
        self._journal = journal
        self._deliveries = deliveries
        self._workflow = workflow
        self._run = run
        self._epoch = Epoch(0)
        self._last = Seq(0)
        self._workers = 0

    def keep(self, events: Iterable[Event]) -> None:
        for event in events:
            self._keep(event)

    def _keep(self, event: Event) -> None:
        match event:
            case RunQueued(inputs=inputs, root=root, requester=requester, labels=labels):
                definition = self._journal.put(encode(self._workflow))
                request = RunQueued(self._workflow.name, definition, inputs, root, requester=requester, labels=labels)
                self._last = self._journal.record(self._run, request).seq
            case RunCancelRequested():
                self._last = self._journal.record(self._run, event).seq
            case RunClaimed():
                worker = WorkerId(f"w-{self._run[2:]}{self._workers:04d}")
                self._workers += 1
                claimed = self._journal.claim(self._run, worker)
                self._epoch, self._last = claimed.epoch, claimed.seq
            case _:
                self._journal.append(Batch(self._run, self._epoch, self._last, (event,), ()), "")
                written = self._deliveries.written()
                assert isinstance(written, Written)
                self._last = written.last_seq
