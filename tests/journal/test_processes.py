"""Several processes, and processes that are killed: what was acknowledged is there, and the chain is whole."""

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from fairlead.core.events import AttemptStarted, Recorded
from fairlead.core.ids import RunId, Seq, WorkerId
from fairlead.journal import open_journal, open_reader, verify
from tests.journal import writing_child
from tests.journal.parts import FakeClock, queued
from tests.proves import proves

KILLS = 10


def begin(directory: Path, run: str, count: int, *more: str) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, str(writing_child.__file__), str(directory), run, str(count), *more]
    surroundings = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.Popen(argv, stdout=subprocess.PIPE, env=surroundings, cwd=Path(__file__).parents[2])


def output(child: "subprocess.Popen[bytes]") -> IO[bytes]:
    assert child.stdout is not None
    return child.stdout


def acknowledged(lines: list[bytes]) -> dict[int, str]:
    return {int(seq): what for seq, what in (line.decode().split() for line in lines)}


def events_by_seq(directory: Path) -> dict[int, Recorded]:
    reader = open_reader(str(directory), clock=FakeClock())
    events: dict[int, Recorded] = {event.seq: event for event in reader.events_after(Seq(0), limit=1_000_000)}
    reader.close()
    return events


def check(directory: Path, known: dict[int, str]) -> None:
    events = events_by_seq(directory)
    for seq, what in known.items():
        event = events[seq].event
        assert not isinstance(event, AttemptStarted) or event.place == what
    assert list(events) == list(range(1, len(events) + 1))
    assert verify(str(directory), clock=FakeClock()).problems == ()


def test_two_processes_write_at_once(tmp_path: Path) -> None:
    count = 300
    children = [begin(tmp_path / "state", run, count) for run in ("r-first000", "r-second00")]
    known = [acknowledged(output(child).readlines()) for child in children]
    assert [child.wait() for child in children] == [0, 0]
    assert [len(one) for one in known] == [count + 2, count + 2]
    assert known[0].keys().isdisjoint(known[1])
    check(tmp_path / "state", known[0] | known[1])
    events = events_by_seq(tmp_path / "state")
    assert len(events) == 2 * (count + 2)
    for run in ("r-first000", "r-second00"):
        places = [event.event.place for event in events.values() if event.run == run and hasattr(event.event, "place")]
        assert places == [f"{run}/{number}" for number in range(count)], "each run's own order is kept"


def test_many_processes_may_make_the_journal_at_once(tmp_path: Path) -> None:
    children = [begin(tmp_path / "state", f"r-0000000{number}", 2) for number in range(6)]
    known = [acknowledged(output(child).readlines()) for child in children]
    assert [child.wait() for child in children] == [0] * 6
    check(tmp_path / "state", {seq: what for one in known for seq, what in one.items()})
    assert len(events_by_seq(tmp_path / "state")) == 6 * 4


@proves("B1.1")
def test_what_was_acknowledged_survives_kill_after_kill(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    draw = random.Random(seed)
    known: dict[int, str] = {}
    for number in range(KILLS):
        child = begin(tmp_path / "state", f"r-{number:08}", 100_000)
        lines = [output(child).readline() for _ in range(draw.randint(1, 60))]
        child.kill()
        lines += output(child).readlines()  # what it still said before it died was acknowledged too
        assert child.wait() == -9
        output(child).close()
        known |= acknowledged([line for line in lines if line])
    assert len(known) >= KILLS
    check(tmp_path / "state", known)
    # Every run of the dead is free for the next worker, with a higher epoch.
    journal = open_journal(str(tmp_path / "state"), clock=FakeClock())
    for row in journal.runs(KILLS):
        assert not journal.is_alive(row.worker)
        assert journal.claim(row.run, WorkerId("w-heir")).epoch == row.epoch + 1
    journal.close()


def test_a_crash_before_any_call_of_the_disk_loses_nothing(quick_path: Path) -> None:
    """The process ends at its first, second, … call of SQLite's file layer, until it comes through."""
    fewest = 0
    child = begin(quick_path, "r-crash000", 4, "--crash", "200")
    said = [line.split(maxsplit=1) for line in output(child).readlines()]
    output(child).close()
    assert child.wait() == 0
    for number in range(1, 200):
        directory = quick_path / str(number)
        *lines, last = [what for which, what in said if int(which) == number]
        known, ended = acknowledged(lines), int(last.removeprefix(b"ended "))
        journal = open_journal(str(directory), clock=FakeClock())
        assert journal.head() >= len(known) >= fewest
        journal.put(b"{}")
        journal.record(RunId("r-goes0on0"), queued())
        journal.close()
        check(directory, known)
        fewest = len(known)
        if ended == 0:
            assert len(known) == 6
            return
        assert ended == 9
    pytest.fail("the reference run does not end within 200 calls of the disk")


def test_a_reader_sees_what_a_killed_writer_left_in_the_log(tmp_path: Path) -> None:
    child = begin(tmp_path, "r-killed00", 100_000)
    lines = [output(child).readline() for _ in range(20)]
    child.kill()
    child.wait()
    output(child).close()
    assert (tmp_path / "journal.db-wal").stat().st_size > 0
    assert events_by_seq(tmp_path).keys() >= acknowledged(lines).keys()


def test_a_change_by_another_process_is_noticed(tmp_path: Path) -> None:
    journal = open_journal(str(tmp_path), clock=FakeClock())
    journal.record(RunId("r-own00000"), queued())
    journal.has_changed()
    child = begin(tmp_path, "r-other000", 2)
    output(child).read()
    output(child).close()
    assert child.wait() == 0
    assert journal.has_changed()
    assert not journal.has_changed()
    assert [row.run for row in journal.runs()] == ["r-other000", "r-own00000"]
    journal.close()
