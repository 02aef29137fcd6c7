"""When the disk refuses: nothing acknowledged is lost, nothing more is acknowledged, and everybody is told."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import RunCancelRequested
from fairlead.core.ids import Epoch, RunId, Seq, WorkerId
from fairlead.core.ports import Batch, JournalFailed, Written
from fairlead.journal import SqliteJournal, open_journal, open_reader, pen, verify
from tests.journal.disk import Before, Disk, refuse_at
from tests.journal.parts import RUN, Deliveries, FakeClock, queued, started, write_steps


def io_error() -> apsw.Error:
    return apsw.IOError("the disk says no")


def full() -> apsw.Error:
    return apsw.FullError("no room")


def acknowledged(directory: Path, before: Before | None) -> tuple[Disk, list[Seq]]:
    """Perform the reference run over a disk with *before*; gives the seqs that were acknowledged until it failed."""
    known: list[Seq] = []
    deliveries = Deliveries()
    with Disk(before) as disk:
        try:
            journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries)
        except FairleadError:
            return disk, known
        try:
            known.append(journal.record(RUN, queued()).seq)
            known.append(journal.claim(RUN, WorkerId("w-1")).seq)
            for number in range(6):
                journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started(f"s{number}"),)), number)
                _, answer = deliveries.next()
                if isinstance(answer, JournalFailed):
                    break
                assert isinstance(answer, Written)
                known.append(answer.last_seq)
        except FairleadError:
            pass
        try:
            journal.close()
        except FairleadError:
            pass  # the refused call may be one of closing
    return disk, known


def check(directory: Path, known: list[Seq]) -> None:
    """Whatever was acknowledged is there, the chain is whole, and the journal goes on."""
    reader = open_reader(str(directory), clock=FakeClock())
    assert {event.seq for event in reader.events_after(Seq(0))} >= set(known)
    reader.close()
    codes = {problem.code for problem in verify(str(directory), clock=FakeClock()).problems}
    assert codes <= {"FL-L006"}, "the reference run puts no content"
    journal = open_journal(str(directory), clock=FakeClock())
    assert journal.record(RunId("r-goes0on0"), queued()).seq > len(known)
    journal.close()


@pytest.mark.parametrize("is_sticky", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("refusal", [io_error, full], ids=["I/O error", "no space"])
def test_an_error_at_any_call_loses_nothing(
    quick_path: Path, refusal: "type[object]", is_sticky: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pen, "WAL_PAGES_BUSY_MAX", 8)  # a checkpoint belongs to the reference run
    disk, known = acknowledged(quick_path / "reference", None)
    assert len(known) == 8
    calls = sum(disk.calls.values())
    assert disk.calls["sync", ""] > 2
    for number in range(1, calls + 1):
        directory = quick_path / str(number)
        error = refusal()
        assert isinstance(error, apsw.Error)
        _, known = acknowledged(directory, refuse_at(number, error, is_sticky=is_sticky))
        check(directory, known)
        shutil.rmtree(directory)


def broken(directory: Path, error: apsw.Error) -> tuple[SqliteJournal, Deliveries, Disk]:
    """A journal with three events whose disk refuses every sync from now on."""
    deliveries = Deliveries()
    disk = Disk()
    disk.__enter__()
    journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 1)

    def before(call: str, name: str) -> None:
        if call == "sync":
            raise error

    disk.before = before
    return journal, deliveries, disk


def test_after_an_error_everything_that_waits_and_everything_that_comes_is_refused(tmp_path: Path) -> None:
    journal, deliveries, disk = broken(tmp_path, io_error())
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
    check(tmp_path, [Seq(1), Seq(2), Seq(3)])


def test_a_full_disk_is_named_and_ends_with_its_own_exit_code(tmp_path: Path) -> None:
    journal, deliveries, disk = broken(tmp_path, full())
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
    journal, _, disk = broken(tmp_path, io_error())
    with pytest.raises(FairleadError, match="FL-L010"):
        journal.close()
    disk.__exit__(None, None, None)
    check(tmp_path, [Seq(1), Seq(2), Seq(3)])


def test_an_anchor_that_cannot_be_written_stops_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = Deliveries()
    journal = open_journal(str(tmp_path), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 1)

    def no_space(fd: int, data: bytes, at: int) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", no_space)
    journal.append(Batch(RUN, Epoch(1), Seq(2), (), (started("x"),)), "token")
    assert "FL-N012" in str(deliveries.refused())
    monkeypatch.undo()
    journal.close()
    check(tmp_path, [Seq(1), Seq(2), Seq(3)])


def test_content_that_finds_no_room_is_not_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = open_journal(str(tmp_path), clock=FakeClock())

    def no_space(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fdatasync", no_space)
    with pytest.raises(FairleadError, match="FL-N012") as caught:
        journal.put(b"an artifact")
    assert caught.value.exit_code == 8
    assert [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == []
    monkeypatch.undo()
    assert journal.get(journal.put(b"an artifact")) == b"an artifact"
    journal.close()


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
