"""When the disk refuses: nothing acknowledged is lost, nothing more is acknowledged, and everybody is told."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import RunCancelRequested
from fairlead.core.ids import Epoch, RunId, Seq, WorkerId
from fairlead.core.ports import Batch, JournalFailed, Written
from fairlead.journal import SqliteJournal, open_journal, pen, verify
from fairlead.testing.disks import Refusal, WatchedDisk
from tests.journal.parts import RUN, Deliveries, FakeClock, queued, started, write_steps

FAILED = Refusal(errno.EIO)
FULL = Refusal(errno.ENOSPC)


def check(directory: Path, known: int) -> None:
    """Whatever was acknowledged is there, the chain is whole, and the journal goes on."""
    assert verify(str(directory), clock=FakeClock()).problems == ()
    journal = open_journal(str(directory), clock=FakeClock())
    assert journal.head() >= known
    assert journal.record(RunId("r-goes0on0"), queued()).seq > known
    journal.close()


def broken(directory: Path, refusal: Refusal, kind: str = "sync") -> tuple[SqliteJournal, Deliveries, WatchedDisk]:
    """A journal with three events whose disk refuses every call of this kind from now on."""
    deliveries = Deliveries()
    disk = WatchedDisk(str(directory))
    disk.__enter__()
    journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries, disk=disk)
    write_steps(journal, deliveries, 1)
    disk.before = lambda call: refusal if call.kind == kind else None
    return journal, deliveries, disk


def test_after_an_error_everything_that_waits_and_everything_that_comes_is_refused(tmp_path: Path) -> None:
    journal, deliveries, disk = broken(tmp_path, FAILED)
    for number in range(3):
        journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
    assert [type(deliveries.refused()) for _ in range(3)] == [JournalFailed] * 3
    disk.before = None  # the disk is well again, but SQLite cannot know what it lost meanwhile
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("later"),)), "later")
    assert isinstance(deliveries.refused(), JournalFailed)
    journal.claim_later(RUN, WorkerId("w-1"), "claim")
    assert isinstance(deliveries.refused(), JournalFailed)
    with pytest.raises(FairleadError, match="FL-L010") as caught:
        journal.record(RUN, RunCancelRequested())
    assert caught.value.exit_code == 9
    with pytest.raises(FairleadError, match="FL-L010"):
        journal.claim(RUN, WorkerId("w-1"))
    journal.close()
    disk.__exit__(None, None, None)
    check(tmp_path, 3)


def test_a_full_disk_is_named_and_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    journal, deliveries, disk = broken(tmp_path, FULL)
    with pytest.raises(FairleadError, match=r"FL-N012.*is full.*what was acknowledged is safe") as caught:
        journal.record(RUN, RunCancelRequested())
    assert caught.value.exit_code == 8
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("later"),)), "later")
    failed = deliveries.refused()
    assert isinstance(failed, JournalFailed)
    assert isinstance(failed.__cause__, FairleadError)
    assert failed.__cause__.exit_code == 8
    journal.close()
    disk.__exit__(None, None, None)


def test_an_error_while_closing_is_told(tmp_path: Path) -> None:
    journal, _, disk = broken(tmp_path, FAILED)
    with pytest.raises(FairleadError, match="FL-L010"):
        journal.close()
    disk.__exit__(None, None, None)
    check(tmp_path, 3)


def test_an_anchor_that_cannot_be_written_stops_the_journal(tmp_path: Path) -> None:
    journal, deliveries, disk = broken(tmp_path, FULL)
    disk.before = lambda call: FULL if (call.kind, call.path) == ("write", "anchor") else None
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("x"),)), "token")
    assert "FL-N012" in str(deliveries.refused())
    disk.before = None
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("y"),)), "later")
    assert isinstance(deliveries.refused(), JournalFailed)
    journal.close()
    disk.__exit__(None, None, None)
    check(tmp_path, 3)


def test_an_anchor_that_is_written_in_part_stops_the_journal(tmp_path: Path) -> None:
    journal, deliveries, disk = broken(tmp_path, FULL)
    short = Refusal(errno.ENOSPC, is_short=True)
    disk.before = lambda call: short if (call.kind, call.path) == ("write", "anchor") else None
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("x"),)), "token")
    assert "FL-N012" in str(deliveries.refused())
    journal.close()
    disk.__exit__(None, None, None)
    check(tmp_path, 3)


def test_a_checkpoint_that_fails_takes_nothing_back_and_stops_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, deliveries, disk = broken(tmp_path, FAILED)
    monkeypatch.setattr(pen, "WAL_PAGES_BUSY_MAX", 1)
    disk.before = lambda call: FAILED if (call.kind, call.path) == ("sync", "journal.db") else None
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("x"),)), "durable")
    token, answer = deliveries.next()
    assert token == "durable"
    assert isinstance(answer, Written)
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("y"),)), "later")
    token, answer = deliveries.next()
    assert token == "later", "nobody is answered twice"
    assert isinstance(answer, JournalFailed)
    journal.close()
    disk.__exit__(None, None, None)
    check(tmp_path, 4)


def test_content_that_finds_no_room_is_not_half_there(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path)) as disk:
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk)
        disk.before = lambda call: FULL if call.kind == "sync" else None
        with pytest.raises(FairleadError, match="FL-N012") as caught:
            journal.put(b"an artifact")
        assert caught.value.exit_code == 8
        assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
        disk.before = None
        assert journal.get(journal.put(b"an artifact")) == b"an artifact"
        journal.close()


def test_a_sync_that_failed_is_not_tried_again(tmp_path: Path) -> None:
    """The second one would succeed, and have nothing left to write."""
    with WatchedDisk(str(tmp_path)) as disk:
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk)
        first = iter((FAILED,))
        disk.before = lambda call: next(first, None) if call.kind == "sync" else None
        with pytest.raises(FairleadError, match="FL-L010"):
            journal.put(b"an artifact")
        assert [call.is_failed for call in disk.calls if call.kind == "sync"] == [True]
        journal.close()


def test_content_that_is_written_in_pieces_is_whole(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path)) as disk:
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk)
        disk.before = lambda call: Refusal(errno.ENOSPC, is_short=True) if len(call.data) > 1 else None
        assert journal.get(journal.put(b"an artifact")) == b"an artifact"
        journal.close()


def test_a_worker_that_cannot_register_is_told_why(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path), lambda call: FULL if call.kind == "mkdir" else None) as disk:
        journal = open_journal(str(tmp_path), clock=FakeClock(), disk=disk)
        with pytest.raises(FairleadError, match="FL-N012"):
            journal.register_worker(WorkerId("w-1"))
        journal.close()


def test_what_nobody_acknowledged_is_written_anew_before_it_is_built_on(tmp_path: Path) -> None:
    """After a sync that failed, memory shows a commit that the disk does not have, and no later sync mends that."""
    journal, deliveries, disk = broken(tmp_path, FAILED)
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("x"),)), "refused")
    assert isinstance(deliveries.refused(), JournalFailed)
    journal.close()
    disk.before = None
    disk.calls.clear()
    again = open_journal(str(tmp_path), clock=FakeClock(), disk=disk)
    assert again.head() == 4, "the commit is in the log all the same"
    assert again.record(RunId("r-other000"), queued()).seq == 5
    written = sum(len(call.data) for call in disk.calls if call.path == "journal.db-wal" and not call.by_sqlite)
    assert written > 0
    again.close()
    disk.calls.clear()
    third = open_journal(str(tmp_path), clock=FakeClock(), disk=disk)
    third.record(RunId("r-third000"), queued())
    third.close()
    assert not [call for call in disk.calls if call.path == "journal.db-wal" and not call.by_sqlite], "only when needed"
    disk.__exit__(None, None, None)


# Fills a small disk, tells what was acknowledged, makes room, and goes on: all inside its own mount namespace.
FILLING = """
import os, sys
from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId
from fairlead.journal import open_journal, verify
from tests.journal.parts import FakeClock, queued
disk = sys.argv[1]
reserve = open(os.path.join(disk, "reserve"), "wb")
reserve.write(bytes(2_500_000))
reserve.close()
journal = open_journal(os.path.join(disk, "state"), clock=FakeClock())
journal.put(b"{}")
known = 0
try:
    while True:
        journal.record(RunId(f"r-{known:08}"), queued(text="x" * 20_000))
        known += 1
except FairleadError as error:
    print(error.diagnostics[0].code, error.exit_code, known > 10)
journal.close()
os.unlink(os.path.join(disk, "reserve"))
journal = open_journal(os.path.join(disk, "state"), clock=FakeClock())
print(journal.head() - known, journal.record(RunId("r-after000"), queued()).seq - known)
journal.close()
print(verify(os.path.join(disk, "state"), clock=FakeClock()).problems)
"""


def has_private_mounts() -> bool:
    unshare = shutil.which("unshare")
    tried = [str(unshare), "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return unshare is not None and subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not has_private_mounts(), reason="this system gives no private mounts")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    script = f'mount -t tmpfs -o size=5m tmpfs {tmp_path} && exec {sys.executable} -c "$FILLING" {tmp_path}'
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        env={**os.environ, "FILLING": FILLING},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == ["FL-N012 8 True", "0 1", "()"], done.stderr
