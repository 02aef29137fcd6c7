"""Whatever is altered behind the journal's back is found, and the first bad event is named."""

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import Recorded
from fairlead.core.ids import RunId, Seq
from fairlead.core.json import digest
from fairlead.journal import Problem, Report, open_journal, open_reader, verify
from fairlead.journal.opening import Places
from tests.journal.parts import DEFINITION, RUN, Deliveries, FakeClock, queued, write_steps

HEAD = 14  # events that `sound` writes


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with two runs, in which everything is right."""
    directory = tmp_path_factory.mktemp("sound") / "state"
    deliveries = Deliveries()
    journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 6)
    journal.record(RunId("r-other000"), queued("key", depth=2))
    journal.close()
    assert report(directory).head == HEAD
    return directory


@pytest.fixture
def directory(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "state")
    return tmp_path / "state"


def report(directory: Path) -> Report:
    return verify(str(directory), clock=FakeClock())


def problems(directory: Path) -> list[Problem]:
    return list(report(directory).problems)


def change(directory: Path, *statements: str) -> None:
    connection = apsw.Connection(str(directory / "journal.db"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def flip(path: Path, at: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def test_a_sound_journal_has_no_problems(directory: Path) -> None:
    found = report(directory)
    assert found.problems == ()
    assert (found.events, found.runs, found.blobs, found.head) == (HEAD, 2, 1, HEAD)
    assert len(found.h) == 64
    assert not found.are_problems_left_out


# An expression that gives another value of the same kind for each column.
ALTERED = {
    "run": "run + 1",
    "kind": "CASE kind WHEN 5 THEN 6 ELSE 5 END",
    "place": "place || 'x'",
    "epoch": "epoch + 1",
    "at": "at + 1",
    "payload": "CAST(replace(CAST(payload AS TEXT), '1', '2') AS BLOB)",
    "salt": "zeroblob(16)",
    "digest": "zeroblob(32)",
    "h": "zeroblob(32)",
}


@pytest.mark.parametrize("seq", [1, 5, 9, HEAD])
@pytest.mark.parametrize("column", ALTERED)
def test_an_altered_column_is_found_with_its_event(directory: Path, column: str, seq: int) -> None:
    change(directory, f"UPDATE events SET {column} = {ALTERED[column]} WHERE seq = {seq}")
    found = problems(directory)
    assert (found[0].seq, found[0].code) == (seq, "FL-L002")


@pytest.mark.parametrize("column", ["payload", "salt"])
def test_a_payload_that_is_gone_is_found(directory: Path, column: str) -> None:
    change(directory, f"UPDATE events SET {column} = NULL WHERE seq = 4")
    assert problems(directory) == [Problem(Seq(4), "FL-L002", "its payload is gone")]


def test_an_event_that_is_missing_is_found(directory: Path) -> None:
    change(directory, "DELETE FROM events WHERE seq = 6")
    assert problems(directory)[0] == Problem(Seq(6), "FL-L002", "it is missing")


def test_several_events_that_are_missing_are_found(directory: Path) -> None:
    change(directory, "DELETE FROM events WHERE seq BETWEEN 6 AND 8")
    assert problems(directory)[0] == Problem(Seq(6), "FL-L002", "events 6 to 8 are missing")


def test_the_first_events_that_are_missing_are_found(directory: Path) -> None:
    change(directory, "DELETE FROM events WHERE seq <= 2")
    assert problems(directory)[0] == Problem(Seq(1), "FL-L002", "events 1 to 2 are missing")


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_last_events_that_are_missing_are_found(directory: Path, count: int) -> None:
    change(directory, f"DELETE FROM events WHERE seq > {HEAD - count}")
    found = problems(directory)
    assert (found[0].seq, found[0].code) == (HEAD - count + 1, "FL-L003")
    with pytest.raises(FairleadError, match="FL-L003"):
        open_reader(str(directory), clock=FakeClock())


def test_events_that_changed_places_are_found(directory: Path) -> None:
    change(
        directory,
        "UPDATE events SET seq = -6 WHERE seq = 6",
        "UPDATE events SET seq = 6 WHERE seq = 7",
        "UPDATE events SET seq = 7 WHERE seq = -6",
    )
    found = problems(directory)
    assert (found[0].seq, found[0].code) == (6, "FL-L002")


def test_an_event_that_was_put_in_is_found(directory: Path) -> None:
    change(
        directory,
        "INSERT INTO events (seq, run, kind, place, epoch, at, payload, salt, digest, h)"
        f" SELECT {HEAD + 1}, run, kind, place, epoch, at, payload, salt, digest, h FROM events WHERE seq = 4",
    )
    assert (problems(directory)[0].seq, problems(directory)[0].code) == (HEAD + 1, "FL-L002")
    with pytest.raises(FairleadError, match=rf"FL-L002.*at event {HEAD + 1}"):
        open_reader(str(directory), clock=FakeClock())


def test_damage_in_the_middle_does_not_hide_what_comes_after(directory: Path) -> None:
    change(directory, "UPDATE events SET salt = zeroblob(16) WHERE seq IN (3, 9)")
    assert [problem.seq for problem in problems(directory)] == [3, 9]


def test_an_altered_payload_stops_who_reads_it(directory: Path) -> None:
    change(directory, f"UPDATE events SET payload = {ALTERED['payload']} WHERE seq = 4")
    reader = open_reader(str(directory), clock=FakeClock())
    events = reader.events_of(RUN)
    assert [next(events).seq for _ in range(3)] == [1, 2, 3]
    with pytest.raises(FairleadError, match=r"FL-L002.*at event 4 \(its payload was altered\)") as caught:
        next(events)
    assert caught.value.exit_code == 9
    with pytest.raises(FairleadError, match="FL-L002"):
        reader.events_after(Seq(0))
    assert len(reader.events_after(Seq(4))) == HEAD - 4
    reader.close()


RUN_COLUMNS = {
    "id": "'r-7q2kabce'",
    "key": "'other'",
    "workflow": "'other'",
    "root": "'/'",
    "requester": "'eve'",
    "status": "'succeeded'",
    "queued_at": "1",
    "ended_at": "1",
    "epoch": "7",
    "worker": "'w-eve'",
    "last_request_seq": "0",
}


@pytest.mark.parametrize("column", RUN_COLUMNS)
def test_an_altered_line_of_the_table_of_runs_is_found(directory: Path, column: str) -> None:
    change(directory, f"UPDATE runs SET {column} = {RUN_COLUMNS[column]} WHERE number = 1")
    found = problems(directory)
    assert [(problem.seq, problem.code) for problem in found] == [(1, "FL-L009")]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM runs WHERE number = 1",
        "INSERT INTO runs SELECT 1, 'r-x', NULL, '', '', '', '', 0, 0, 0, '', 0 WHERE (SELECT 1 FROM runs LIMIT 1)"
        " ON CONFLICT DO UPDATE SET id = 'r-x'",
    ],
)
def test_a_missing_or_replaced_run_is_found(directory: Path, statement: str) -> None:
    change(directory, statement)
    assert [(problem.seq, problem.code) for problem in problems(directory)] == [(1, "FL-L009")]


def test_an_index_of_sqlite_that_misses_an_event_is_found(directory: Path) -> None:
    # As if a page of the index were an older one: whoever asks by run would not see the event.
    change(
        directory,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX events_of_run ON events (run, seq) WHERE seq <> 5'"
        " WHERE name = 'events_of_run'",
    )
    change(directory, "REINDEX events_of_run")
    change(
        directory,
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX events_of_run ON events (run, seq)' WHERE name = 'events_of_run'",
    )
    found = problems(directory)
    assert {problem.code for problem in found} == {"FL-L002"}
    assert any("missing from index events_of_run" in problem.text for problem in found)


def blob_is_altered(path: Path) -> None:
    flip(path, 0)


def blob_is_cut(path: Path) -> None:
    path.write_bytes(b"")


def blob_is_gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [blob_is_altered, blob_is_cut, blob_is_gone])
def test_content_that_an_event_names_is_looked_at(directory: Path, harm: Callable[[Path], None]) -> None:
    name = DEFINITION.removeprefix("sha256:")
    harm(directory / "blobs" / name[:2] / name[2:])
    assert [(problem.seq, problem.code) for problem in problems(directory)] == [(1, "FL-L006")]


def test_content_that_nobody_names_is_nobodys_business(directory: Path) -> None:
    journal = open_journal(str(directory), clock=FakeClock())
    name = journal.put(b"left over").removeprefix("sha256:")
    journal.close()
    flip(directory / "blobs" / name[:2] / name[2:], 0)
    assert problems(directory) == []
    assert digest(b"left over").endswith(name)


@pytest.mark.parametrize("slot", [0, 512])
def test_one_damaged_slot_of_the_anchor_is_no_damage(directory: Path, slot: int) -> None:
    # A torn write spoils one slot; the other is still a position that the journal must have.
    flip(directory / "anchor", slot + 20)
    assert problems(directory) == []
    assert open_reader(str(directory), clock=FakeClock()).head() == HEAD


def test_two_damaged_slots_are(directory: Path) -> None:
    flip(directory / "anchor", 20)
    flip(directory / "anchor", 512 + 20)
    assert [(problem.seq, problem.code) for problem in problems(directory)] == [(0, "FL-L005")]


def test_verifying_in_part_looks_at_what_a_start_looks_at(directory: Path) -> None:
    change(directory, "UPDATE events SET salt = zeroblob(16) WHERE seq IN (3, 14)")
    found = verify(str(directory), clock=FakeClock(), full=False)
    assert [problem.seq for problem in found.problems] == [14]
    assert found.events < HEAD


def test_the_number_of_problems_is_bounded(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairlead.journal.verification.PROBLEMS_MAX", 3)
    change(directory, "UPDATE events SET salt = zeroblob(16)")
    found = report(directory)
    assert [problem.seq for problem in found.problems] == [1, 2, 3]
    assert found.are_problems_left_out
    assert found.events == HEAD


@pytest.mark.parametrize("table", ["events", "runs"])
def test_text_that_is_not_utf_8_is_damage_too(directory: Path, table: str) -> None:
    column, found = ("place", (1, "FL-L002")) if table == "events" else ("workflow", (0, "FL-L009"))
    change(directory, f"UPDATE {table} SET {column} = CAST(x'ff' AS TEXT) WHERE rowid = 1")
    assert (problems(directory)[0].seq, problems(directory)[0].code) == found
    reader = open_reader(str(directory), clock=FakeClock())
    with pytest.raises(FairleadError, match="FL-L002"):
        list(reader.events_of(RUN) if table == "events" else reader.runs())
    reader.close()


def all_events(directory: Path) -> list[Recorded]:
    reader = open_reader(str(directory), clock=FakeClock())
    events = list(reader.events_after(Seq(0)))
    by_run = [list(reader.events_of(row.run)) for row in reader.runs()]
    reader.close()
    assert sorted((event for events_of in by_run for event in events_of), key=lambda event: event.seq) == events
    return events


def places_to_harm(size: int, count: int) -> Iterator[int]:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    return iter(random.Random(seed).sample(range(size), count))


def test_a_flipped_bit_anywhere_in_the_database_is_found_or_harmless(quick_path: Path) -> None:
    """Harmless is a bit in room that nothing uses: everything reads as before. All others are found."""
    sound = quick_path / "sound"
    deliveries = Deliveries()
    journal = open_journal(str(sound), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 300)
    journal.close()
    before = all_events(sound)
    found = 0
    for at in places_to_harm((sound / "journal.db").stat().st_size, 60):
        flip(sound / "journal.db", at, 1 << at % 8)
        if problems(sound):
            found += 1
        else:
            assert all_events(sound) == before, f"byte {at}"
        flip(sound / "journal.db", at, 1 << at % 8)
    assert problems(sound) == []
    assert found > 10, "a good part of these pages is in use"


def test_a_log_that_lost_its_end_is_found(sound: Path, tmp_path: Path) -> None:
    # SQLite takes a log up to the first frame whose checksum is wrong, and is silent about the rest.
    directory = tmp_path / "state"
    journal = open_journal(str(directory), clock=FakeClock())
    journal.put(b"{}")
    for number in range(5):
        journal.record(RunId(f"r-0000000{number}"), queued())
    crashed = tmp_path / "crashed"
    shutil.copytree(directory, crashed)  # before close: the commits are in the log only
    journal.close()
    (crashed / "journal.db-shm").unlink()
    log = crashed / "journal.db-wal"
    flip(log, log.stat().st_size - 100)
    with pytest.raises(FairleadError, match=r"FL-L003.*ends at event 4, not at 5"):
        open_journal(str(crashed), clock=FakeClock())
    assert (problems(crashed)[0].seq, problems(crashed)[0].code) == (5, "FL-L003")


def test_the_places_are_those_of_the_reference(directory: Path) -> None:
    places = Places(str(directory))
    assert {path.name for path in directory.iterdir()} == {
        *("journal.db", "journal.db-wal", "journal.db-shm", "anchor", "writer.lock", "blobs")
    }
    assert places.workers == str(directory / "workers")


def test_a_page_that_sqlite_refuses_is_bad_from_its_first_event_on(quick_path: Path) -> None:
    directory = quick_path / "state"
    deliveries = Deliveries()
    journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 300)
    journal.close()
    connection = apsw.Connection(str(directory / "journal.db"))
    pages = "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' ORDER BY path"
    leaves = [page for (page,) in connection.execute(pages)]
    connection.close()
    flip(directory / "journal.db", (leaves[2] - 1) * 16_384, 0xFF)  # what kind of page it is
    found = report(directory)
    assert {problem.code for problem in found.problems} >= {"FL-L002"}
    bad = found.problems[0].seq
    connection = apsw.Connection(str(directory / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    read = "SELECT seq FROM events WHERE seq = ?"
    assert connection.execute(read, (bad - 1,)).fetchone() == (bad - 1,)
    with pytest.raises(apsw.CorruptError):
        connection.execute(read, (bad,)).fetchone()
    connection.close()
    assert 50 < bad < 400
    assert found.head == 601  # what comes after it is still looked at
