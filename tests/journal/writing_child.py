"""A process that writes to a journal and says, line by line, what was acknowledged. Performed by the tests as a child.

    writing_child.py DIRECTORY RUN COUNT            perform COUNT steps, each awaited, two batches at a time
    writing_child.py DIRECTORY RUN COUNT --crash N  the same in DIRECTORY/1, DIRECTORY/2, …, at most N of them, each
                                                    in a process of its own that the disk ends at its first, second, …
                                                    call, until one comes through; each line begins with its number

The parent reads `seq place` of each acknowledged event, and kills at will.
"""

import os
import sys

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


def crash_everywhere(directory: str, run: RunId, count: int, most: int) -> None:
    """Fork one writer for each call of the disk: what is imported once need not be imported by each of them."""
    for number in range(1, most):
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.dup2(writing, 1)
            os.close(reading)
            with WatchedDisk(f"{directory}/{number}", crash_at(number)) as disk:
                write(f"{directory}/{number}", run, count, disk)
            os._exit(0)
        os.close(writing)
        with open(reading, "rb") as told:
            for line in told:
                os.write(1, b"%d %s" % (number, line))
        ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.write(1, b"%d ended %d\n" % (number, ended))
        if ended == 0:
            return


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
    if len(sys.argv) > 4:
        crash_everywhere(directory, run, count, int(sys.argv[5]))
    else:
        write(directory, run, count, REAL)
