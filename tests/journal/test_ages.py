"""Database, log and anchor of different times, put together, are the journal of one moment or are refused."""

import itertools
import shutil
from collections import Counter
from pathlib import Path

import apsw

from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId
from fairlead.journal import open_journal, open_reader, verify
from fairlead.journal.backup import back_up
from fairlead.journal.repair import repair
from fairlead.journal.statements import sql
from tests.journal.parts import FakeClock, queued
from tests.proves import proves

AGES = 3
FILES = ("journal.db", "journal.db-wal", "anchor")
Row = tuple[object, ...]


def grow(root: Path) -> list[list[Row]]:
    """A journal that is written by one process after the other, and a copy of it from each; gives what each holds."""
    state, held = root / "state", []
    for age in range(AGES):
        journal = open_journal(str(state), clock=FakeClock())
        journal.put(b"{}")
        for number in range(8):
            journal.record(RunId(f"r-{age}{number:07}"), queued(text="x" * 3_000))
        shutil.copytree(state, root / f"age-{age}")  # the last commits are in the log only
        held.append(read(root / f"age-{age}"))
        journal.close()
    back_up(str(root / f"age-{AGES - 1}"), str(root / "backup"), clock=FakeClock())
    return held


def read(directory: Path) -> list[Row]:
    """All events with plain SQL; nothing when they cannot be read."""
    (directory / "journal.db-shm").unlink(missing_ok=True)
    connection = apsw.Connection(str(directory / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    try:
        return [*connection.execute(sql("select_events_from"), (1, 1000)), *connection.execute(sql("select_run_index"))]
    except apsw.Error:
        return []
    finally:
        connection.close()


def put_together(root: Path, ages: tuple[int, ...]) -> Path:
    state = root / "mixed"
    shutil.rmtree(state, ignore_errors=True)
    shutil.copytree(root / "age-2" / "blobs", state / "blobs")
    for name, age in zip(FILES, ages, strict=True):
        shutil.copyfile(root / f"age-{age}" / name, state / name)
    return state


def refusal_of(state: Path) -> FairleadError | None:
    try:
        open_reader(str(state), clock=FakeClock()).close()
    except FairleadError as refusal:
        return refusal
    return None


@proves("B1.5")
def test_files_of_different_ages_are_one_moment_or_refused(quick_path: Path) -> None:
    held = grow(quick_path)
    seen: Counter[str] = Counter()
    for ages in itertools.product(range(AGES), repeat=len(FILES)):
        state = put_together(quick_path, ages)
        before = {name: (state / name).read_bytes() for name in FILES}
        refusal = refusal_of(state)
        problems = verify(str(state), clock=FakeClock()).problems
        assert {name: (state / name).read_bytes() for name in FILES} == before
        moment = next((age for age in range(AGES) if read(state) == held[age]), -1)
        if moment >= ages[2]:
            seen["one moment"] += 1
            assert (refusal, problems) == (None, ()), ages
            continue
        seen["refused"] += 1
        assert refusal is not None or problems, ages
        if moment >= 0:  # sound in itself, and older than its anchor: no start goes on from it
            seen["older"] += 1
            assert refusal is not None, ages
            assert refusal.code == "FL-L003", ages
        if refusal is not None:
            assert "fairlead journal repair" in refusal.hint, ages
            assert refusal.exit_code == 9
        repair(str(state), str(quick_path / "backup"), clock=FakeClock(), is_writing=True)
        assert read(state) == held[-1], ages
    assert seen["one moment"] + seen["refused"] == AGES ** len(FILES)
    assert seen["older"] >= 3
    assert seen["refused"] >= 10
