"""The table of runs says what the events say, whatever was asked of a run: `verify` folds them and compares."""

from pathlib import Path

from fairlead.core.events import (
    FindingAccepted,
    Recorded,
    RunCancelRequested,
    RunClaimed,
    RunImported,
    RunPauseRequested,
    RunResumeRequested,
)
from fairlead.core.ids import Epoch, Micros, RunId, Seq, WorkerId
from fairlead.core.json import digest
from fairlead.core.ports import Batch
from fairlead.journal import open_journal, verify
from tests.journal.parts import DEFINITION, Deliveries, FakeClock, ended, queued


def test_pauses_remarks_and_runs_of_others_leave_the_index_true(tmp_path: Path) -> None:
    clock, deliveries = FakeClock(), Deliveries()
    journal = open_journal(str(tmp_path), clock=clock, deliver=deliveries)
    assert journal.put(b"{}") == DEFINITION
    one, other, far = RunId("r-one00000"), RunId("r-other000"), RunId("r-far00000")
    worker = WorkerId("w-ada")
    journal.register_worker(worker)
    for run in (one, other):
        journal.record(run, queued())
        journal.record(run, RunPauseRequested("ada"))
        claimed = journal.claim(run, worker)
    journal.record(one, RunResumeRequested("ada"))
    last = journal.record(other, RunCancelRequested("ada"))
    journal.append(Batch(other, claimed.epoch, last.seq, (), (ended("cancelled"),)), "t")
    deliveries.written()
    journal.record(other, FindingAccepted("f" * 24, "a/b", "x.py", "a test"))
    records = [
        Recorded(Seq(1), far, Epoch(0), Micros(5), queued("key")),
        Recorded(Seq(2), far, Epoch(0), Micros(6), RunPauseRequested("ben")),
        Recorded(Seq(3), far, Epoch(0), Micros(7), RunResumeRequested("ben")),
        Recorded(Seq(4), far, Epoch(2), Micros(8), RunClaimed("w-far")),
        Recorded(Seq(5), far, Epoch(2), Micros(9), ended("degraded")),
    ]
    journal.take_over(records, RunImported(digest(b"export")))
    statuses = {row.run: row.status for row in journal.runs()}
    journal.close()
    assert statuses == {one: "running", other: "cancelled", far: "degraded"}
    report = verify(str(tmp_path), clock=clock)
    assert report.problems == ()
    assert (report.events, report.runs) == (16, 3)
