"""A journal that waits for no disk says so with each claim; one that does says nothing."""

from pathlib import Path

import pytest

from fairlead.core.events import RunClaimed
from fairlead.core.ids import WorkerId
from fairlead.journal import open_journal
from fairlead.journal.opening import Mode
from tests.journal.parts import RUN, FakeClock, queued


@pytest.mark.parametrize(("mode", "said"), [("full", ""), ("process", "process")])
def test_a_claim_says_what_the_progress_that_follows_survives(tmp_path: Path, mode: Mode, said: str) -> None:
    journal = open_journal(str(tmp_path), clock=FakeClock(), mode=mode)
    try:
        journal.record(RUN, queued())
        journal.register_worker(WorkerId("w-ada"))
        assert journal.claim(RUN, WorkerId("w-ada")).event == RunClaimed("w-ada", said)
        assert [record.event for record in journal.events_of(RUN)][-1] == RunClaimed("w-ada", said)
    finally:
        journal.close()
