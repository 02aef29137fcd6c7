"""Making and opening: reading leaves no trace, and what is not a sound journal of this build is refused untouched."""

import hashlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import apsw
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import RunId, Seq
from fairlead.journal import open_journal, open_reader, opening, statements, verify
from fairlead.journal.anchor import Anchor, Mark, read_anchor
from fairlead.journal.statements import migrations
from tests.journal.parts import RUN, Deliveries, FakeClock, queued, write_steps


def make(directory: Path, steps: int = 3) -> None:
    deliveries = Deliveries()
    journal = open_journal(str(directory), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, steps)
    journal.close()


def change(directory: Path, *statements: str) -> None:
    """Change the database behind the journal's back."""
    connection = apsw.Connection(str(directory / "journal.db"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def fingerprint(directory: Path) -> dict[str, str]:
    files = (path for path in sorted(directory.rglob("*")) if path.is_file())
    return {str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_reading_makes_nothing(tmp_path: Path) -> None:
    for opened in (open_journal, open_reader):
        journal = opened(str(tmp_path / "state"), clock=FakeClock())
        assert (journal.head(), list(journal.runs()), journal.has_changed()) == (0, [], False)
        journal.close()
    assert verify(str(tmp_path / "state"), clock=FakeClock()).problems == ()
    assert not (tmp_path / "state").exists()


def test_reading_changes_nothing(tmp_path: Path) -> None:
    make(tmp_path)
    before = fingerprint(tmp_path)
    reader = open_reader(str(tmp_path), clock=FakeClock())
    assert len(list(reader.events_of(RUN))) == 7
    reader.close()
    after = fingerprint(tmp_path)
    after.pop("journal.db-shm"), before.pop("journal.db-shm")  # memory that readers share, not a record
    assert after == before


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    make(tmp_path)
    reader = open_reader(str(tmp_path), clock=FakeClock())
    assert reader._connection is not None
    with pytest.raises(apsw.ReadOnlyError):
        reader._connection.execute("DELETE FROM events")
    reader.close()


def test_a_reader_that_came_before_the_journal_sees_it_when_it_is_there(tmp_path: Path) -> None:
    reader = open_reader(str(tmp_path / "state"), clock=FakeClock())
    assert reader.head() == 0
    make(tmp_path / "state")
    assert reader.head() == 7
    assert reader.has_changed()
    reader.close()


def test_the_files_belong_to_their_owner_alone(tmp_path: Path) -> None:
    make(tmp_path / "a" / "state")
    modes = {path.name: path.stat().st_mode & 0o077 for path in (tmp_path / "a").rglob("*")}
    assert modes == dict.fromkeys(modes, 0)


def test_sqlite_is_set_as_the_rules_of_the_record_ask(tmp_path: Path) -> None:
    make(tmp_path)
    places = opening.Places(str(tmp_path))
    for mode, synchronous in (("full", 2), ("process", 1)):
        connection = opening.connect_writer(places, mode)  # type: ignore[arg-type]
        names = ("journal_mode", "synchronous", "wal_autocheckpoint", "mmap_size", "trusted_schema", "cell_size_check")
        assert [connection.pragma(name) for name in names] == ["wal", synchronous, 0, 0, 0, 1]
        connection.close()
    reader = opening.connect_reader(places)
    assert reader is not None
    assert [reader.pragma(name) for name in ("query_only", "wal_autocheckpoint", "mmap_size")] == [1, 0, 0]
    reader.close()


def test_sqlite_has_no_known_damage_of_the_log(tmp_path: Path) -> None:
    # 3.7.0 to 3.51.2 can corrupt a database when the log is reset; 3.52.0 was withdrawn.
    assert tuple(map(int, apsw.sqlite_lib_version().split("."))) >= (3, 51, 3)
    assert apsw.sqlite_lib_version() != "3.52.0"


def test_a_newer_schema_is_refused_with_both_numbers_and_left_alone(tmp_path: Path) -> None:
    make(tmp_path)
    known = len(migrations())
    change(tmp_path, f"PRAGMA user_version = {known + 4}")
    before = fingerprint(tmp_path)
    for opened in (open_journal, open_reader):
        with pytest.raises(FairleadError, match=rf"FL-L004.*schema {known + 4}.*up to {known}") as caught:
            opened(str(tmp_path), clock=FakeClock())
        assert caught.value.exit_code == 9
    after = fingerprint(tmp_path)
    assert (after["journal.db"], after["anchor"]) == (before["journal.db"], before["anchor"])
    assert [problem.code for problem in verify(str(tmp_path), clock=FakeClock()).problems] == ["FL-L004"]


def test_an_older_schema_is_brought_up_by_the_first_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    longer = (*migrations(), "CREATE TABLE later (number INTEGER PRIMARY KEY) STRICT")
    monkeypatch.setattr(opening, "migrations", lambda: longer)
    journal = open_journal(str(tmp_path), clock=FakeClock())
    journal.record(RunId("r-other000"), queued())
    journal.close()
    connection = sqlite3.connect(tmp_path / "journal.db")
    assert connection.execute("PRAGMA user_version").fetchone() == (len(longer),)
    assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)
    connection.close()


def test_a_migration_that_fails_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path)
    longer = (*migrations(), "CREATE TABLE later (number INTEGER PRIMARY KEY) STRICT", "CREATE TABLE events (x)")
    monkeypatch.setattr(opening, "migrations", lambda: longer)
    journal = open_journal(str(tmp_path), clock=FakeClock())
    with pytest.raises(FairleadError, match="already exists"):
        journal.record(RunId("r-other000"), queued())
    journal.close()
    monkeypatch.undo()
    reader = open_reader(str(tmp_path), clock=FakeClock())
    assert reader.head() == 7
    reader.close()


def test_every_statement_stands_alone_in_its_file() -> None:
    folder = Path(statements.__file__).parent / "sql"
    for path in folder.rglob("*.sql"):
        text = "\n".join(line for line in path.read_text().splitlines() if not line.startswith("--"))
        assert ";" not in text, path
        assert "*" not in text, f"{path}: columns are named"


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 500, b"SQLite format 3\0" + bytes(5000)])
def test_a_file_that_is_no_journal_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal.db").write_bytes(content)
    for opened in (open_journal, open_reader):
        with pytest.raises(FairleadError, match="FL-L001") as caught:
            opened(str(tmp_path), clock=FakeClock())
        assert caught.value.exit_code == 9
    assert (tmp_path / "journal.db").read_bytes() == content
    assert [problem.code for problem in verify(str(tmp_path), clock=FakeClock()).problems] == ["FL-L001"]


def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "journal.db")
    connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY)")
    connection.close()
    with pytest.raises(FairleadError, match="FL-L001"):
        open_journal(str(tmp_path), clock=FakeClock())


def test_what_a_crash_left_while_the_journal_was_made_is_no_journal_yet(tmp_path: Path) -> None:
    (tmp_path / "journal.db-new").write_bytes(b"half")
    (tmp_path / "journal.db-new-journal").write_bytes(b"half")
    anchor = Anchor(str(tmp_path / "anchor"))
    anchor.write(Mark(0, bytes(32)))
    anchor.close()
    assert open_reader(str(tmp_path), clock=FakeClock()).head() == 0
    make(tmp_path)
    assert open_reader(str(tmp_path), clock=FakeClock()).head() == 7
    assert not [path for path in os.listdir(tmp_path) if "-new" in path]


def anchor_is_gone(directory: Path) -> None:
    (directory / "anchor").unlink()


def anchor_is_damaged(directory: Path) -> None:
    (directory / "anchor").write_bytes(bytes(1024))


def journal_is_older(directory: Path) -> None:
    change(directory, "DELETE FROM events WHERE seq > 5")


def journal_is_gone(directory: Path) -> None:
    (directory / "journal.db").unlink()
    (directory / "journal.db-wal").unlink()


def journal_is_another_one(directory: Path) -> None:
    anchor = (directory / "anchor").read_bytes()
    for path in directory.glob("journal.db*"):
        path.unlink()
    (directory / "anchor").unlink()
    make(directory)
    (directory / "anchor").write_bytes(anchor)


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (anchor_is_gone, "FL-L005"),
        (anchor_is_damaged, "FL-L005"),
        (journal_is_older, "FL-L003"),
        (journal_is_gone, "FL-L003"),
        (journal_is_another_one, "FL-L002"),
    ],
)
def test_a_journal_and_an_anchor_that_do_not_fit_are_refused(
    tmp_path: Path, harm: Callable[[Path], None], code: str
) -> None:
    make(tmp_path)
    harm(tmp_path)
    for opened in (open_journal, open_reader):
        with pytest.raises(FairleadError, match=code) as caught:
            opened(str(tmp_path), clock=FakeClock())
        assert caught.value.exit_code == 9
    assert code in {problem.code for problem in verify(str(tmp_path), clock=FakeClock()).problems}


def test_a_backup_that_is_older_than_its_anchor_is_refused(tmp_path: Path) -> None:
    make(tmp_path)
    backup = (tmp_path / "journal.db").read_bytes()
    journal = open_journal(str(tmp_path), clock=FakeClock())
    journal.record(RunId("r-other000"), queued())
    journal.close()
    (tmp_path / "journal.db").write_bytes(backup)
    with pytest.raises(FairleadError, match=r"FL-L003.*ends at event 7, not at 8"):
        open_journal(str(tmp_path), clock=FakeClock())


def test_the_last_commit_is_checked_at_every_start(tmp_path: Path) -> None:
    make(tmp_path)
    change(tmp_path, "UPDATE events SET payload = CAST(payload || ' ' AS BLOB) WHERE seq = 7")
    with pytest.raises(FairleadError, match=r"FL-L002.*at event 7 \(its payload was altered\)"):
        open_journal(str(tmp_path), clock=FakeClock())


def test_what_came_after_an_old_anchor_is_checked_too(tmp_path: Path) -> None:
    # As after a power cut: the anchor that reached the disk is a second old.
    deliveries = Deliveries()
    journal = open_journal(str(tmp_path), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 1)
    old = (tmp_path / "anchor").read_bytes()
    journal.close()
    journal = open_journal(str(tmp_path), clock=FakeClock(), deliver=deliveries)
    for number in range(10):
        journal.record(RunId(f"r-0000000{number}"), queued())
    journal.close()
    (tmp_path / "anchor").write_bytes(old)
    reader = open_reader(str(tmp_path), clock=FakeClock())
    assert reader.head() == Seq(13)
    reader.close()
    change(tmp_path, "UPDATE events SET epoch = 3 WHERE seq = 8")
    with pytest.raises(FairleadError, match=r"FL-L002.*at event 8"):
        open_reader(str(tmp_path), clock=FakeClock())


def test_a_writer_that_cannot_begin_gives_its_files_back(tmp_path: Path) -> None:
    make(tmp_path)
    journal = open_journal(str(tmp_path), clock=FakeClock())
    (tmp_path / "anchor").write_bytes(bytes(1024))  # between opening and the first write
    with pytest.raises(FairleadError, match="FL-L005"):
        journal.record(RunId("r-other000"), queued())
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    held = {os.readlink(link) for link in links if os.path.lexists(link)}
    assert held.isdisjoint({str(tmp_path / "anchor"), str(tmp_path / "writer.lock")})
    with pytest.raises(FairleadError, match="FL-L005"):
        journal.record(RunId("r-other000"), queued())
    journal.close()


def test_a_directory_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FairleadError, match=r"FL-N013.*Not a directory") as caught:
        open_journal(str(tmp_path / "file" / "state"), clock=FakeClock())
    assert caught.value.exit_code == 8


def test_a_journal_that_is_made_while_somebody_looks_for_it_is_not_a_lost_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = read_anchor

    def is_overtaken(path: str, *disk: object) -> list[Mark] | None:
        monkeypatch.setattr(opening, "read_anchor", read)
        with closing(open_journal(str(tmp_path), clock=FakeClock())) as journal:
            journal.put(b"{}")
            journal.record(RUN, queued())
        return read(path)

    monkeypatch.setattr(opening, "read_anchor", is_overtaken)
    with closing(open_reader(str(tmp_path), clock=FakeClock())) as reader:
        assert reader.head() == 1
