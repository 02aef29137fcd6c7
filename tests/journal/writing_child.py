"""A process that writes to a journal and says, line by line, what was acknowledged. Performed by the tests as a child.

    writing_child.py DIRECTORY RUN COUNT            perform COUNT steps, each awaited, two batches at a time
    writing_child.py DIRECTORY RUN COUNT --crash N  the same over a disk that ends the process at its Nth call

The parent reads `seq place` of each acknowledged event, and kills at will.
"""

import os
import sys
from contextlib import nullcontext

from fairlead.core.ids import RunId, WorkerId
from fairlead.core.ports import Batch
from fairlead.journal import open_journal
from fairlead.journal.disk import REAL, Disk
from fairlead.testing.disks import Before, Call, WatchedDisk
from tests.journal.parts import Deliveries, FakeClock, queued, started


def write(directory: str, run: RunId, count: int, disk: Disk) -> None:
    deliveries = Deliveries()
    journal = open_journal(directory, clock=FakeClock(), deliver=deliveries, disk=disk)
    worker = WorkerId("w-" + run)
    journal.register_worker(worker)
    journal.put(b"{}")
    say(journal.record(run, queued()).seq, "queued")
    claimed = journal.claim(run, worker)
    say(claimed.seq, "claimed")
    for number in range(0, count, 2):
        for one in (number, number + 1):
            journal.append(Batch(run, claimed.epoch, claimed.seq, (), (started(f"{run}/{one}"),)), f"{run}/{one}")
        for one in (number, number + 1):
            say(deliveries.written().last_seq, f"{run}/{one}")
    journal.close()


def say(seq: int, what: str) -> None:
    os.write(1, f"{seq} {what}\n".encode())  # one write a line, so that a kill leaves no half line


def crash_at(number: int) -> Before:
    """End the process, as a kill would, before the change of this number that SQLite makes."""
    calls = 0

    def before(call: Call) -> None:
        nonlocal calls
        calls += call.by_sqlite and call.kind in ("write", "sync", "truncate")
        if calls == number:
            os._exit(9)

    return before


if __name__ == "__main__":
    directory, run, count = sys.argv[1], RunId(sys.argv[2]), int(sys.argv[3])
    with WatchedDisk(directory, crash_at(int(sys.argv[5]))) if len(sys.argv) > 4 else nullcontext(REAL) as disk:
        write(directory, run, count, disk)
