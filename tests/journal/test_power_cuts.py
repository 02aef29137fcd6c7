"""A power cut at any moment: what was not synced may be lost, kept, torn or reordered; what was acknowledged is there.

A kill cannot show this: the kernel keeps what a dead process wrote. Here one run over a logging disk is performed
for real; each cut then makes the files that such a disk could have been left with, and opens them.
"""

import os
import random
import sys
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId, Seq
from fairlead.journal import open_journal, open_reader, pen, verify
from fairlead.journal.opening import Mode
from tests.journal.disk import Disk, Done
from tests.journal.parts import FakeClock, queued

CUTS = 300
SECTOR_BYTES = 512
ANCHOR = "anchor"


class Reference:
    """One run of the journal, call by call, with what had been acknowledged before each."""

    def __init__(self, directory: Path, mode: Mode, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pen, "WAL_PAGES_BUSY_MAX", 12)  # checkpoints belong to it
        clock = FakeClock()
        with Disk() as disk:
            journal = open_journal(str(directory), clock=clock, mode=mode)
            journal.put(b"{}")
            journal.record(RunId("r-before00"), queued())
            self.before = {name: (directory / name).read_bytes() for name in ("journal.db", "journal.db-wal", ANCHOR)}
            self._log_anchor(disk, directory, monkeypatch)
            disk.is_logging = True
            self.acknowledged: list[int] = []  # how many calls were done when this event was acknowledged
            for number in range(40):
                clock.move(0.3)
                journal.record(RunId(f"r-{number:08}"), queued(text="x" * (number * 500)))
                self.acknowledged.append(len(disk.done))
            disk.is_logging = False
            self.done = list(disk.done)
            journal.close()

    def _log_anchor(self, disk: Disk, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The anchor is no file of SQLite: its calls are logged where Python makes them."""
        pwrite, fdatasync = os.pwrite, os.fdatasync

        def is_anchor(fd: int) -> bool:
            return os.path.samestat(os.fstat(fd), os.stat(directory / ANCHOR))

        def logged_pwrite(fd: int, data: bytes, offset: int) -> int:
            if is_anchor(fd):
                disk.note(Done("write", ANCHOR, offset, data))
            return pwrite(fd, data, offset)

        def logged_fdatasync(fd: int) -> None:
            fdatasync(fd)
            if is_anchor(fd):
                disk.note(Done("sync", ANCHOR))

        monkeypatch.setattr(os, "pwrite", logged_pwrite)
        monkeypatch.setattr(os, "fdatasync", logged_fdatasync)

    def cut(self, at: int, draw: random.Random, directory: Path) -> int:
        """Leave in *directory* what a cut before call *at* can leave; gives how many events were acknowledged."""
        directory.mkdir(exist_ok=True)
        (directory / "journal.db-shm").unlink(missing_ok=True)
        for name, before in self.before.items():
            key = name.removeprefix("journal.db")
            done = [one for one in self.done[:at] if one.name == key]
            synced = max((number for number, one in enumerate(done) if one.call == "sync"), default=-1)
            content = bytearray(before)
            for number, one in enumerate(done):
                if number < synced:
                    _apply(content, one)
                elif one.call != "sync":
                    _apply_perhaps(content, one, draw)
            (directory / name).write_bytes(content)
        return 1 + sum(1 for calls in self.acknowledged if calls <= at)


def _apply(content: bytearray, one: Done) -> None:
    if one.call == "write":
        content.extend(bytes(max(0, one.offset + len(one.data) - len(content))))
        content[one.offset : one.offset + len(one.data)] = one.data
    elif one.call == "truncate":
        del content[one.offset :]


def _apply_perhaps(content: bytearray, one: Done, draw: random.Random) -> None:
    """What was not synced: all of it, none of it, or some of its sectors."""
    fate = draw.choice(("kept", "lost", "torn"))
    if fate == "kept":
        _apply(content, one)
    elif fate == "torn" and one.call == "write":
        for at in range(0, len(one.data), SECTOR_BYTES):
            if draw.random() < 0.5:
                _apply(content, Done("write", one.name, one.offset + at, one.data[at : at + SECTOR_BYTES]))


def lost_events(reference: Reference, directory: Path, cuts: int) -> int:
    """In how many of so many cuts something acknowledged was lost, or the journal could not be opened."""
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    draw = random.Random(seed)
    lost = 0
    for _ in range(cuts):
        acknowledged = reference.cut(draw.randint(0, len(reference.done)), draw, directory)
        try:
            reader = open_reader(str(directory), clock=FakeClock())
            events = [event.seq for event in reader.events_after(Seq(0))]
            reader.close()
        except FairleadError:
            lost += 1
            continue
        assert events == list(range(1, len(events) + 1))
        problems = [
            problem for problem in verify(str(directory), clock=FakeClock()).problems if problem.code != "FL-L006"
        ]
        lost += len(events) < acknowledged or bool(problems)
    return lost


def test_no_power_cut_loses_what_was_acknowledged(quick_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reference = Reference(quick_path / "reference", "full", monkeypatch)
    kinds = {(one.call, one.name) for one in reference.done}
    assert {("sync", ""), ("sync", "-wal"), ("sync", ANCHOR), ("write", ""), ("write", ANCHOR)} <= kinds
    assert lost_events(reference, quick_path / "cut", CUTS) == 0


def test_without_waiting_for_the_disk_a_power_cut_does_lose_some(
    quick_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mode "process" promises no more; and the test above can fail."""
    reference = Reference(quick_path / "reference", "process", monkeypatch)
    assert lost_events(reference, quick_path / "cut", 100) > 10
