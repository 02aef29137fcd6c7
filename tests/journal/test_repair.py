"""A repair keeps every good event, takes the rest from a backup where the chain fits, and names what nobody has."""

import os
import shutil
from pathlib import Path
from typing import Any

import apsw
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId, Seq, WorkerId
from fairlead.journal import open_journal, open_reader, verify
from fairlead.journal.backup import back_up
from fairlead.journal.opening import Places
from fairlead.journal.repair import Range, Repair, repair
from fairlead.journal.workers import WorkerLock
from tests.journal.parts import DEFINITION, RUN, Deliveries, FakeClock, queued, write_steps
from tests.proves import proves

BACKED_UP = 13  # events that the backup has
HEAD = 23


@pytest.fixture
def state(quick_path: Path) -> Path:
    """A record of 23 events, and a backup of the first 13 beside it."""
    deliveries = Deliveries()
    journal = open_journal(str(quick_path / "state"), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 6)
    back_up(str(quick_path / "state"), str(quick_path / "backup"), clock=FakeClock())
    for number in range(HEAD - BACKED_UP):
        journal.record(RunId(f"r-after{number:03}"), queued())
    journal.close()
    return quick_path / "state"


def mend(state: Path, backup: str = "backup", *, is_writing: bool = True) -> Repair:
    source = str(state.parent / backup) if backup else ""
    return repair(str(state), source, clock=FakeClock(), is_writing=is_writing)


def alter(state: Path, *statements: str) -> None:
    connection = apsw.Connection(str(state / "journal.db"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def chain_of(directory: Path) -> list[Any]:
    reader = open_reader(str(directory), clock=FakeClock())
    found = list(reader.events_after(Seq(0)))
    reader.close()
    return found


def files_of(directory: Path) -> dict[str, bytes]:
    """All but what SQLite makes when somebody looks, which holds nothing."""
    names = (path for path in directory.rglob("*") if path.is_file() and not path.name.endswith(("-shm", ".lock")))
    files = {str(path.relative_to(directory)): path.read_bytes() for path in names}
    return {name: data for name, data in files.items() if data or not name.endswith("-wal")}


def blob_of(directory: Path) -> Path:
    name = DEFINITION.removeprefix("sha256:")
    return directory / "blobs" / name[:2] / name[2:]


def is_sound(state: Path) -> bool:
    return verify(str(state), clock=FakeClock()).problems == ()


@proves("B1.5")
def test_good_events_before_and_after_a_bad_one_are_kept(state: Path) -> None:
    before = chain_of(state)
    alter(state, "UPDATE events SET payload = x'7b7d' WHERE seq IN (4, 5, 9)")
    damaged = (state / "journal.db").read_bytes()
    done = mend(state)
    assert [problem.seq for problem in done.problems] == [4, 5, 9]
    assert done.from_backup == (Range(Seq(4), Seq(5)), Range(Seq(9), Seq(9)))
    assert (done.kept, done.head, done.lost, done.contents_lost) == (HEAD - 3, HEAD, (), ())
    assert chain_of(state) == before
    assert is_sound(state)
    assert (Path(done.kept_as) / "journal.db").read_bytes() == damaged
    journal = open_journal(str(state), clock=FakeClock())
    assert journal.record(RunId("r-goes-on"), queued()).seq == HEAD + 1
    journal.close()
    assert is_sound(state)


def test_what_nobody_has_is_named_by_its_numbers(state: Path) -> None:
    before = chain_of(state)
    alter(state, "UPDATE events SET digest = zeroblob(32) WHERE seq IN (6, 18)")
    done = mend(state)
    assert done.lost == (Range(Seq(18), Seq(HEAD)),)
    assert (done.kept, done.from_backup, done.head) == (16, (Range(Seq(6), Seq(6)),), 17)
    assert chain_of(state) == before[:17]
    assert is_sound(state)


def test_without_a_backup_the_events_before_the_first_bad_one_are_kept(state: Path) -> None:
    before = chain_of(state)
    alter(state, "DELETE FROM events WHERE seq = 6")
    done = mend(state, "")
    assert (done.kept, done.head, done.lost) == (5, 5, (Range(Seq(6), Seq(HEAD)),))
    assert chain_of(state) == before[:5]
    assert is_sound(state)


def test_looking_changes_nothing(state: Path) -> None:
    alter(state, "UPDATE events SET payload = x'7b7d' WHERE seq = 4", "DELETE FROM events WHERE seq > 20")
    blob_of(state).unlink()
    before = files_of(state.parent)
    done = mend(state, is_writing=False)
    assert (done.is_written, done.kept_as) == (False, "")
    assert done.lost == (Range(Seq(21), Seq(HEAD)),)
    assert done.contents_from_backup == 1
    assert files_of(state.parent) == before
    assert "writer.lock" in os.listdir(state)
    written = mend(state)
    assert (written.lost, written.from_backup, written.head) == (done.lost, done.from_backup, done.head)


def test_a_sound_journal_is_left_alone(state: Path) -> None:
    before = files_of(state)
    done = mend(state)
    assert (done.problems, done.is_written, done.lost, done.kept) == ((), False, (), HEAD)
    assert files_of(state) == before


def test_the_list_of_runs_is_made_anew_from_the_events(state: Path) -> None:
    alter(
        state,
        "UPDATE runs SET status = 'succeeded', worker = 'w-eve' WHERE number = 1",
        "DELETE FROM runs WHERE number > 20",
    )
    done = mend(state, "")
    assert {problem.code for problem in done.problems} == {"FL-L009"}
    assert (done.kept, done.lost) == (HEAD, ())
    assert is_sound(state)


@pytest.mark.parametrize("name", ["anchor", "journal.db"])
def test_a_file_that_is_gone_comes_back(state: Path, name: str) -> None:
    (state / name).unlink()
    done = mend(state)
    gone = name == "journal.db"
    assert done.head == (BACKED_UP if gone else HEAD)
    assert done.lost == ((Range(Seq(BACKED_UP + 1), Seq(HEAD)),) if gone else ())
    assert is_sound(state)


def test_a_database_of_which_nothing_can_be_read_comes_from_the_backup(state: Path) -> None:
    (state / "journal.db").write_bytes(b"not a database" * 1000)
    done = mend(state)
    assert (done.kept, done.head, done.lost) == (0, BACKED_UP, (Range(Seq(BACKED_UP + 1), Seq(HEAD)),))
    assert is_sound(state)


def test_contents_and_files_of_runs_come_from_the_backup(state: Path) -> None:
    shutil.rmtree(state.parent / "backup")
    log, tree = state / f"logs/{RUN}/a.1.log", state / f"trees/{RUN}.git/objects/ab/cd"
    for path in (log, tree):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"kept")
    back_up(str(state), str(state.parent / "backup"), clock=FakeClock())
    shutil.rmtree(state / "trees")
    log.write_bytes(b"kept, and more")
    blob_of(state).write_bytes(b"[]")
    done = mend(state)
    assert (done.contents_from_backup, done.files_from_backup) == (1, 1)
    assert (tree.read_bytes(), log.read_bytes()) == (b"kept", b"kept, and more")
    assert (Path(done.kept_as) / blob_of(state).relative_to(state)).read_bytes() == b"[]"
    assert is_sound(state)


def test_a_content_that_nobody_has_is_named_with_its_event(state: Path) -> None:
    blob_of(state).unlink()
    blob_of(state.parent / "backup").write_bytes(b"[]")
    done = mend(state)
    assert (done.contents_lost, done.events_without_contents) == ((DEFINITION,), (1,))
    assert done.lost == ()
    assert [one.code for one in verify(str(state), clock=FakeClock()).problems] == ["FL-L006"]


def test_a_damaged_backup_gives_what_is_good_in_it(state: Path) -> None:
    before = chain_of(state)
    alter(state, "UPDATE events SET payload = x'7b7d' WHERE seq IN (4, 9)")
    alter(state.parent / "backup", "UPDATE events SET payload = x'7b7d' WHERE seq IN (5, 9)")
    done = mend(state)
    assert done.from_backup == (Range(Seq(4), Seq(4)),)
    assert done.lost == (Range(Seq(9), Seq(HEAD)),)
    assert chain_of(state) == before[:8]


def test_a_backup_of_another_record_is_refused(state: Path) -> None:
    deliveries = Deliveries()
    journal = open_journal(str(state.parent / "strange"), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 30)
    journal.close()
    back_up(str(state.parent / "strange"), str(state.parent / "other"), clock=FakeClock())
    alter(state, "UPDATE events SET digest = zeroblob(32) WHERE seq = 1")
    before = files_of(state)
    with pytest.raises(FairleadError, match="FL-L038"):
        mend(state, "other")
    (state / "journal.db").write_bytes(b"")
    with pytest.raises(FairleadError, match="FL-L038"):
        mend(state, "other")  # nothing can be compared, and it names another state directory
    assert files_of(state) == before | {"journal.db": b""}


def test_what_is_no_backup_is_refused(state: Path) -> None:
    alter(state, "UPDATE events SET digest = zeroblob(32) WHERE seq = 1")
    (state.parent / "empty").mkdir()
    for name in ("empty", "nothing"):
        with pytest.raises(FairleadError, match="FL-L031"):
            mend(state, name)
    assert not [name for name in os.listdir(state) if name.startswith(("repair", "damaged"))]


def test_a_file_in_the_place_of_a_backup_is_called_what_it_is(state: Path, tmp_path: Path) -> None:
    file = tmp_path / "no-backup"
    file.touch()
    for backup, said in ((file, "is no directory"), (tmp_path / "nowhere", "is not there")):
        with pytest.raises(FairleadError, match=said) as refusal:
            repair(str(state), str(backup), clock=FakeClock())
        assert refusal.value.code == "FL-L031"


def test_nothing_is_repaired_beneath_a_worker_that_lives(state: Path) -> None:
    alter(state, "UPDATE events SET payload = x'7b7d' WHERE seq = 4")
    lock = WorkerLock(Places(str(state)), WorkerId("w-alive"), FakeClock())
    with pytest.raises(FairleadError, match="FL-L034"):
        mend(state)
    assert mend(state, is_writing=False).from_backup == (Range(Seq(4), Seq(4)),)
    lock.release()
    assert mend(state).is_written


def test_a_journal_of_a_newer_fairlead_is_not_repaired(state: Path) -> None:
    alter(state, "PRAGMA user_version = 99")
    before = files_of(state)
    with pytest.raises(FairleadError, match="FL-L004"):
        mend(state)
    assert files_of(state) == before
