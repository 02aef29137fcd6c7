"""The writer: one wait for the disk per commit, all that is queued in one commit, nothing before it is needed."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import RunCancelRequested
from fairlead.core.ids import Epoch, RunId, Seq, WorkerId
from fairlead.core.ports import Batch, Written
from fairlead.journal import open_journal, pen, verify, writer
from fairlead.journal.anchor import read_anchor
from fairlead.testing.disks import Call, WatchedDisk
from tests.journal.conftest import SqliteWorld
from tests.journal.parts import RUN, Deliveries, FakeClock, queued, started, succeeded, write_steps


def names_of_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "journal-writer"]


def test_nothing_is_made_or_started_before_the_first_word(world: SqliteWorld) -> None:
    assert world.journal.head() == 0
    assert names_of_threads() == []
    assert not world.directory.exists()
    world.journal.record(RUN, queued())
    assert names_of_threads() == ["journal-writer"]


def test_a_commit_waits_for_the_disk_exactly_once(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path)) as disk:
        deliveries = Deliveries()
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk, deliver=deliveries)
        write_steps(journal, deliveries, 1)
        before = disk.counted.copy()
        for number in range(50):
            journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
            deliveries.written()
        spent = disk.counted - before
        journal.close()
    assert spent["sync", "journal.db-wal"] == 50
    assert spent["sync", "journal.db"] == 0
    assert spent["write", "journal.db"] == 0, "the database itself is written by checkpoints alone"


STRACED = """
import sys
from fairlead.journal import open_journal
from tests.journal.parts import *
deliveries = Deliveries()
journal = open_journal(sys.argv[1], clock=FakeClock(), deliver=deliveries)
last = write_steps(journal, deliveries, int(sys.argv[2]))
journal.close()
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_the_kernel_sees_one_sync_per_commit_too(tmp_path: Path) -> None:
    counts = []
    for steps in (10, 60):
        log = tmp_path / f"strace-{steps}"
        traced = [sys.executable, "-c", STRACED, str(tmp_path / f"state-{steps}"), str(steps)]
        subprocess.run(["strace", "-f", "-e", "trace=fsync,fdatasync", "-o", str(log), *traced], check=True)
        counts.append(log.read_text().count("sync("))
    assert counts[1] - counts[0] == 50


def test_what_is_queued_during_a_commit_becomes_one_commit(tmp_path: Path) -> None:
    is_held, may_go_on = threading.Event(), threading.Event()
    deliveries = Deliveries()

    def hold(call: Call) -> None:
        if (call.kind, call.path) == ("sync", "journal.db-wal") and is_held.is_set() is False and armed.is_set():
            is_held.set()
            may_go_on.wait()

    armed = threading.Event()
    with WatchedDisk(str(tmp_path), hold) as disk:
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk, deliver=deliveries)
        write_steps(journal, deliveries, 1)
        armed.set()
        journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("first"),)), "first")
        is_held.wait()
        for number in range(40):
            journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
        syncs = disk.counted["sync", "journal.db-wal"]
        may_go_on.set()
        answers = [deliveries.written() for _ in range(41)]
        assert disk.counted["sync", "journal.db-wal"] == syncs + 1
        journal.close()
    assert deliveries.groups[-2:] == [["first"], list(range(40))]
    assert [answer.first_seq for answer in answers] == list(range(answers[0].first_seq, answers[0].first_seq + 41))
    assert len({answer.at for answer in answers}) == 1


def test_a_batch_that_nobody_waits_for_rides_with_the_next_commit(world: SqliteWorld) -> None:
    write_steps(world.journal, world.deliveries, 1)
    world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("rides"),)), None)
    world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("awaited"),)), "token")
    assert world.deliveries.written().first_seq == 5
    assert world.deliveries.groups[-1] == ["token"]
    assert [event.event for event in world.journal.events_of(RUN, Seq(3))] == [started("rides"), started("awaited")]


def test_what_still_rides_is_written_on_close(world: SqliteWorld) -> None:
    write_steps(world.journal, world.deliveries, 1)
    world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("rides"),)), None)
    world.journal.close()
    assert world.open().head() == 4


def test_even_if_nothing_was_awaited_before(world: SqliteWorld) -> None:
    write_steps(world.journal, world.deliveries, 1)
    world.journal.close()
    second = world.open()
    second.append(Batch(RUN, Epoch(1), Seq(2), (), (started("rides"),)), None)
    second.close()
    assert world.open().head() == 4


def test_a_refusal_alone_costs_no_commit(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path)) as disk:
        deliveries = Deliveries()
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk, deliver=deliveries)
        write_steps(journal, deliveries, 1)
        syncs = disk.counted["sync", "journal.db-wal"]
        journal.append(Batch(RUN, Epoch(9), Seq(2), (), (started("x"),)), "stale")
        deliveries.refused()
        with pytest.raises(FairleadError, match="FL-R101"):
            journal.record(RunId("r-nobody00"), RunCancelRequested())
        assert disk.counted["sync", "journal.db-wal"] == syncs
        journal.close()


def test_the_queue_is_bounded(world: SqliteWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    write_steps(world.journal, world.deliveries, 1)
    monkeypatch.setattr(writer, "QUEUE_MAX", 3)
    for number in range(3):
        world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), None)
    with pytest.raises(FairleadError, match="FL-L008"):
        world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("more"),)), None)
    world.journal.close()
    assert world.open().head() == 6, "what was taken is written"


def test_a_commit_takes_a_bounded_number_of_batches(world: SqliteWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    write_steps(world.journal, world.deliveries, 1)
    monkeypatch.setattr(writer, "GROUP_MAX", 4)
    for number in range(9):
        world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), None)
    world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("last"),)), "last")
    assert world.deliveries.written().first_seq == 13


def test_an_event_has_a_largest_size(world: SqliteWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairlead.journal.group.PAYLOAD_BYTES_MAX", 2_000)
    write_steps(world.journal, world.deliveries, 1)
    world.journal.append(Batch(RUN, Epoch(1), Seq(2), (succeeded("x", output="y" * 2_000),), ()), "large")
    assert "FL-L007" in str(world.deliveries.refused())
    with pytest.raises(FairleadError, match="FL-L007"):
        world.journal.record(RunId("r-other000"), queued(text="y" * 2_000))
    assert world.journal.head() == 3


def test_a_receiver_that_is_gone_does_not_stop_the_writer(world: SqliteWorld) -> None:
    def gone(delivered: object) -> None:
        raise RuntimeError("Event loop is closed")

    write_steps(world.journal, world.deliveries, 1)
    other = open_journal(str(world.directory), clock=world.clock, deliver=gone)
    other.append(Batch(RUN, Epoch(1), Seq(2), (), (started("x"),)), "token")
    assert other.record(RunId("r-other000"), queued()).seq > 3
    other.close()


def test_a_closed_journal_takes_nothing(world: SqliteWorld) -> None:
    world.journal.record(RUN, queued())
    world.journal.close()
    world.journal.close()
    with pytest.raises(RuntimeError, match="closed"):
        world.journal.record(RunId("r-other000"), queued())
    with pytest.raises(RuntimeError, match="closed"):
        world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), ()), "token")
    assert names_of_threads() == []


FORKED = """
import os, sys
from fairlead.journal import open_journal
from tests.journal.parts import *
journal = open_journal(sys.argv[1], clock=FakeClock())
journal.record(RUN, queued())
if os.fork() == 0:
    for word in (journal.head, lambda: journal.record(RunId("r-child000"), queued())):
        try:
            word()
        except RuntimeError as error:
            print(error, flush=True)
    own = open_journal(sys.argv[1], clock=FakeClock())
    print(own.record(RunId("r-child000"), queued()).seq, flush=True)
    own.close()
    os._exit(0)
os.wait()
print(journal.record(RunId("r-parent00"), queued()).seq)
journal.close()
"""


def test_a_forked_child_opens_its_own_journal(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    refusal = "the journal belongs to another process: a forked child opens its own\n"
    assert done.stdout == refusal * 2 + "2\n3\n"


def test_the_anchor_follows_each_commit_and_is_synced_once_a_second(tmp_path: Path) -> None:
    clock, deliveries = FakeClock(), Deliveries()
    journal = open_journal(str(tmp_path), clock=clock, deliver=deliveries)
    write_steps(journal, deliveries, 1)
    looked_at, synced = pen_of(journal), list[bool]()
    for number, seconds in enumerate((0.5, 0.4, 0.2, 0.5, 0.6)):
        clock.move(seconds)
        journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
        last = deliveries.written().last_seq
        journal.record(RunId(f"r-0000000{number}"), queued())  # after this, the one before is tidied up
        marks = read_anchor(str(tmp_path / "anchor"))
        assert marks is not None
        assert marks[-2].seq == last
        synced.append(looked_at._anchor_synced == clock.monotonic())
    journal.close()
    assert synced == [False, False, True, False, True]


def pen_of(journal: object) -> pen.Pen:
    """The writer's files, to look at when it is quiet."""
    import gc

    [found] = [one for one in gc.get_objects() if isinstance(one, pen.Pen) and one._places == journal.places]  # type: ignore[attr-defined]
    return found


def test_a_long_log_is_checkpointed_even_without_a_quiet_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pen, "WAL_PAGES_BUSY_MAX", 30)
    with WatchedDisk(str(tmp_path)) as disk:
        deliveries = Deliveries()
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk, deliver=deliveries)
        write_steps(journal, deliveries, 200)
        syncs = disk.counted["sync", "journal.db"]
        journal.close()
    assert syncs > 5
    assert (tmp_path / "journal.db-wal").stat().st_size == 0
    assert verify(str(tmp_path), clock=FakeClock()).problems == ()


def test_a_quiet_moment_empties_a_log_that_has_grown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pen, "WAL_PAGES_IDLE_MAX", 10)
    monkeypatch.setattr(writer, "_IDLE_SECONDS", 0.001)
    is_synced = threading.Event()

    def seen(call: Call) -> None:
        if (call.kind, call.path) == ("sync", "journal.db"):
            is_synced.set()

    with WatchedDisk(str(tmp_path), seen) as disk:
        deliveries = Deliveries()
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk, deliver=deliveries)
        write_steps(journal, deliveries, 1)
        is_synced.clear()
        journal.record(RunId("r-large000"), queued(text="x" * 200_000))
        assert is_synced.wait(60)
        journal.close()


def test_a_reader_of_an_older_state_does_not_stop_a_checkpoint_or_closing(tmp_path: Path) -> None:
    deliveries = Deliveries()
    journal = open_journal(str(tmp_path), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 3)
    other = open_journal(str(tmp_path), clock=FakeClock())
    events = other.events_of(RUN)
    assert next(events).seq == 1
    journal.close()
    assert len(list(events)) == 6
    other.close()


def test_what_a_step_costs_on_disk_does_not_grow(tmp_path: Path) -> None:
    sizes = []
    for steps in (1_000, 4_000):
        deliveries = Deliveries()
        directory = tmp_path / str(steps)
        journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries)
        write_steps(journal, deliveries, 1)
        for number in range(0, steps, 100):
            for one in range(number, number + 100):
                outcome = succeeded(f"step-{one}", output={"text": "x" * 1_011})
                batch = Batch(RUN, Epoch(1), Seq(2), (outcome,), (started(f"step-{one + 1}"),))
                journal.append(batch, one)
            for _ in range(100):
                deliveries.written()
        journal.close()
        sizes.append((directory / "journal.db").stat().st_size / steps)
    assert sizes[1] <= 1.6 * 1_024, "for 1 KB of output"
    assert sizes[1] <= sizes[0]


def test_in_the_process_mode_a_commit_waits_for_no_disk(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path)) as disk:
        deliveries = Deliveries()
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk, deliver=deliveries, mode="process")
        write_steps(journal, deliveries, 1)
        before = disk.counted.copy()
        for number in range(20):
            journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
            assert isinstance(deliveries.written(), Written)
        assert (disk.counted - before)["sync", "journal.db-wal"] == 0
        journal.close()


def test_only_what_others_write_is_a_change(world: SqliteWorld) -> None:
    write_steps(world.journal, world.deliveries, 1)
    assert world.journal.has_changed(), "what was there at the start is new too"
    assert not world.journal.has_changed()
    world.journal.record(RunId("r-own00000"), queued())
    # The writer answers a moment before it has noted that this was its own; the second answer comes after that.
    world.journal.record(RunId("r-own00001"), queued())
    world.journal.claim(RunId("r-own00001"), WorkerId("w-1"))
    other = world.open()
    other.record(RunId("r-other000"), queued())
    assert world.journal.has_changed()
    assert not world.journal.has_changed()
    other.record(RunId("r-other001"), queued())
    world.journal.record(RunId("r-own00002"), queued())
    assert world.journal.has_changed(), "an own commit does not hide another's"
    other.close()


def test_two_threads_may_record_and_read_at_once(world: SqliteWorld) -> None:
    world.journal.record(RUN, queued())
    faults: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for number in range(50):
                world.journal.record(RunId(f"r-{name}{number:07}"), queued())
                assert world.journal.head() > number
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert world.journal.head() == 151
    assert [row.first_seq for row in world.journal.runs(200)] == list(range(151, 0, -1))


def test_more_events_than_one_page_are_read_in_order(world: SqliteWorld) -> None:
    write_steps(world.journal, world.deliveries, 1)
    intents = tuple(started(f"s{number}") for number in range(2_500))
    world.journal.append(Batch(RUN, Epoch(1), Seq(2), (), intents), "many")
    written = world.deliveries.written()
    assert (written.first_seq, written.last_seq) == (4, 2_503)
    assert [event.seq for event in world.journal.events_of(RUN)] == list(range(1, 2_504))
    assert os.path.exists(world.directory / "journal.db")
