"""A backup holds the record of one moment, is verified before it is one, and comes back whole or not at all."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec
import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import Seq, WorkerId
from fairlead.journal import backup as backups
from fairlead.journal import open_journal, open_reader, verify
from fairlead.journal.anchor import Anchor, Mark
from fairlead.journal.backup import back_up
from fairlead.journal.backup_files import Contents, Kept, copy_synced, read_list, write_list
from fairlead.journal.chain import Row, link
from fairlead.journal.opening import Places
from fairlead.journal.repair import repair
from fairlead.journal.restoring import Restored, restore
from fairlead.journal.statements import Values, sql
from fairlead.journal.workers import WorkerLock
from tests.journal.parts import RUN, Deliveries, FakeClock, queued, write_steps
from tests.proves import proves

HEAD = 13  # events that `state` has
TREE = "ab" * 20
FILES = {
    f"trees/{RUN}.git/HEAD": b"ref: refs/heads/none\n",
    f"trees/{RUN}.git/objects/ab/{'cd' * 19}": b"an object",
    f"trees/{RUN}.git/refs/trees/{TREE}": TREE.encode() + b"\n",
    f"trees/{RUN}.effects/undo": b"what was there before",
    f"logs/{RUN}/step.1.log": b"what a step wrote\n",
}
LEFT_BEHIND = {
    f"trees/{RUN}.git/objects/ab/tmp_obj_x1": b"half an obj",
    f"trees/{RUN}.git/indexes/checkout.1": b"an index",
    f"trees/{RUN}.git/index.lock": b"",
    f"trees/{RUN}/step.1/file": b"a working copy",
    f"live/{RUN}.jsonl": b"{}",
    "crashes/one.txt": b"a crash",
}


@pytest.fixture
def state(quick_path: Path) -> Path:
    """A record with one run, its contents and files."""
    deliveries = Deliveries()
    journal = open_journal(str(quick_path / "state"), clock=FakeClock(), deliver=deliveries)
    write_steps(journal, deliveries, 6)
    journal.close()
    put(quick_path / "state", FILES | LEFT_BEHIND)
    return quick_path / "state"


def put(directory: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(data)


def make(state: Path, name: str = "backup") -> Contents:
    return back_up(str(state), str(state.parent / name), clock=FakeClock())


def bring(source: Path, state: Path, *, is_replacing: bool = False, receipt: str = "") -> Restored:
    return restore(str(source), str(state), clock=FakeClock(), is_replacing=is_replacing, receipt=receipt)


def refused(act: Callable[[], object]) -> FairleadError:
    with pytest.raises(FairleadError) as caught:
        act()
    assert caught.value.hint
    return caught.value


def content_of(directory: Path) -> dict[str, bytes]:
    paths = (path for path in directory.rglob("*") if path.is_file() and path.name != "writer.lock")
    return {str(path.relative_to(directory)): path.read_bytes() for path in paths}


def write_more(state: Path, count: int = 3) -> None:
    journal = open_journal(str(state), clock=FakeClock())
    for number in range(count):
        journal.record(RUN.__class__(f"r-more{number:04}"), queued())
    journal.close()


@proves("B1.5")
def test_a_backup_holds_the_record_and_the_files_of_its_runs(state: Path) -> None:
    held = make(state)
    assert (held.events, held.runs, held.contents, held.state_dir) == (HEAD, 1, 1, str(state))
    there = content_of(state.parent / "backup")
    assert {name for name in there if not name.startswith("blobs/")} == {"backup.json", "anchor", "journal.db", *FILES}
    assert {name: there[name] for name in FILES} == FILES
    assert {one.path for one in held.files} == set(there) - {"backup.json"}
    assert held.bytes == sum(len(data) for name, data in there.items() if name != "backup.json")
    report = verify(str(state), clock=FakeClock())
    assert held.receipt == f"{report.head}:{report.h}"
    assert read_list(str(state.parent / "backup")) == held
    assert all(path.stat().st_mode & 0o077 == 0 for path in (state.parent / "backup").rglob("*"))


def test_a_backup_is_made_while_a_writer_has_the_journal_open(state: Path) -> None:
    journal = open_journal(str(state), clock=FakeClock())
    journal.record(RUN.__class__("r-another0"), queued())
    held = make(state)  # the last commit is in the log only
    journal.record(RUN.__class__("r-another1"), queued())
    assert (held.events, journal.head()) == (HEAD + 1, HEAD + 2)
    journal.close()
    assert bring(state.parent / "backup", state.parent / "other").contents == held


def test_a_backup_overwrites_nothing(state: Path) -> None:
    make(state)
    before = content_of(state.parent / "backup")
    assert refused(lambda: make(state)).code == "FL-L030"
    (state.parent / "file").write_bytes(b"mine")
    assert refused(lambda: make(state, "file")).code == "FL-L030"
    assert content_of(state.parent / "backup") == before
    (state.parent / "empty").mkdir()
    assert make(state, "empty").events == HEAD
    assert sorted(os.listdir(state.parent)) == ["backup", "empty", "file", "state"]


def test_a_place_that_cannot_be_written_is_said(state: Path) -> None:
    (state.parent / "file").write_bytes(b"")
    refusal = refused(lambda: make(state, "file/below"))
    assert (refusal.code, refusal.exit_code) == ("FL-L039", 8)
    assert refused(lambda: make(state, "caf\udce9")).code == "FL-L039"


def test_a_disk_that_is_full_leaves_nothing_half_done(state: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for size in (40_000, 100_000):  # SQLite's shared memory, which looking needs, is smaller
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
        try:
            refusal = refused(lambda: make(state))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert (refusal.code, refusal.exit_code) == ("FL-L039", 8)
        assert os.listdir(state.parent) == ["state"]
    assert verify(str(state), clock=FakeClock()).head == HEAD


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def blob_of(directory: Path) -> Path:
    return next(path for path in (directory / "blobs").rglob("*") if path.is_file())


def test_a_damaged_record_is_not_backed_up(state: Path) -> None:
    whole = (state / "journal.db").read_bytes()
    at = whole.index(b'"n":3')
    (state / "journal.db").write_bytes(whole[:at] + b'"n":4' + whole[at + 5 :])
    refusal = refused(lambda: make(state))
    assert refusal.code == "FL-L002"
    assert "at event 8" in str(refusal)
    (state / "journal.db").write_bytes(whole)
    flip(blob_of(state))
    assert refused(lambda: make(state)).code == "FL-L006"
    assert os.listdir(state.parent) == ["state"]  # nothing half done is left


def test_what_was_not_written_as_it_was_read_is_no_backup(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lying(source: str, target: str) -> Kept | None:
        copy = copy_synced(source, target)
        if target.endswith(".log"):
            flip(Path(target))
        return copy

    monkeypatch.setattr(backups, "copy_run_file", lying)
    refusal = refused(lambda: make(state))
    assert (refusal.code, refusal.exit_code) == ("FL-L032", 9)
    assert f"logs/{RUN}/step.1.log is not what was written" in str(refusal)
    assert os.listdir(state.parent) == ["state"]


def test_a_name_of_a_tree_that_is_just_written_is_whole_in_the_backup(state: Path) -> None:
    (state / f"trees/{RUN}.git/refs/trees/{TREE}").write_bytes(b"")
    make(state)
    assert (state.parent / f"backup/trees/{RUN}.git/refs/trees/{TREE}").read_bytes() == TREE.encode() + b"\n"


@proves("E12.3")
def test_a_restore_brings_everything_back_elsewhere(state: Path) -> None:
    held = make(state)
    before = content_of(state.parent / "backup")
    done = bring(state.parent / "backup", state.parent / "deep/other")
    assert done == Restored(held)
    assert content_of(state.parent / "backup") == before
    there = content_of(state.parent / "deep/other")
    assert there == {name: data for name, data in before.items() if name != "backup.json"}
    assert verify(str(state.parent / "deep/other"), clock=FakeClock()).problems == ()
    for folder in ("indexes", "added", "refs/trees", "info", "objects/info"):
        assert (state.parent / f"deep/other/trees/{RUN}.git/{folder}").is_dir()
    write_more(state.parent / "deep/other")
    assert verify(str(state.parent / "deep/other"), clock=FakeClock()).head == HEAD + 3


def test_git_finds_its_objects_where_the_record_lies_now(state: Path) -> None:
    lines = f'"{state}/trees/{RUN}.git/added"\n"/elsewhere/.git/objects"\n'
    put(state, {f"trees/{RUN}.git/objects/info/alternates": lines.encode()})
    make(state)
    bring(state.parent / "backup", state.parent / 'o"ther')
    written = (state.parent / f'o"ther/trees/{RUN}.git/objects/info/alternates').read_text()
    assert written == f'"{state.parent}/o\\"ther/trees/{RUN}.git/added"\n"/elsewhere/.git/objects"\n'


def test_what_is_there_is_only_replaced_when_asked_and_is_kept(state: Path) -> None:
    make(state)
    write_more(state)
    before = content_of(state)
    assert refused(lambda: bring(state.parent / "backup", state)).code == "FL-L033"
    assert content_of(state) == before
    done = bring(state.parent / "backup", state, is_replacing=True)
    assert done.lost == 3
    assert content_of(Path(done.kept_as)) == before
    assert open_reader(str(state), clock=FakeClock()).head() == HEAD
    again = bring(state.parent / "backup", state, is_replacing=True)
    assert again.lost == 0
    assert again.kept_as != done.kept_as


def test_a_directory_without_a_record_keeps_what_else_it_has(state: Path) -> None:
    make(state)
    put(state.parent / "other", {"crashes/one.txt": b"a crash", "writer.lock": b""})
    assert bring(state.parent / "backup", state.parent / "other").kept_as == ""
    assert (state.parent / "other/crashes/one.txt").read_bytes() == b"a crash"
    assert verify(str(state.parent / "other"), clock=FakeClock()).head == HEAD


def test_nothing_is_taken_away_from_a_worker_that_lives(state: Path) -> None:
    make(state)
    lock = WorkerLock(Places(str(state)), WorkerId("w-alive"), FakeClock())
    refusal = refused(lambda: bring(state.parent / "backup", state, is_replacing=True))
    assert (refusal.code, refusal.exit_code) == ("FL-L034", 8)
    lock.release()
    assert bring(state.parent / "backup", state, is_replacing=True).contents.events == HEAD


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("harm", [flip, cut, Path.unlink])
@pytest.mark.parametrize("name", ["journal.db", "anchor", "blob", "backup.json", *FILES])
def test_a_damaged_backup_is_not_restored(state: Path, name: str, harm: Callable[[Path], None]) -> None:
    make(state)
    backup = state.parent / "backup"
    harm(blob_of(backup) if name == "blob" else backup / name)
    refusal = refused(lambda: bring(backup, state.parent / "other"))
    assert refusal.code == ("FL-L031" if name == "backup.json" and harm is Path.unlink else "FL-L032")
    assert sorted(os.listdir(state.parent)) == ["backup", "state"]
    assert refused(lambda: bring(backup, state, is_replacing=True)).code == refusal.code
    assert open_reader(str(state), clock=FakeClock()).head() == HEAD


def test_a_list_that_leads_outside_is_refused(state: Path) -> None:
    held = make(state)
    backup = state.parent / "backup"
    evil = Kept("../state/crashes/one.txt", 7, "0" * 64)
    write_list(str(backup), msgspec.structs.replace(held, files=(evil,)))
    assert "lies outside of it" in str(refused(lambda: bring(backup, state.parent / "other")))


def test_a_backup_of_a_newer_fairlead_is_refused(state: Path) -> None:
    held = make(state)
    write_list(str(state.parent / "backup"), msgspec.structs.replace(held, format=2))
    assert refused(lambda: bring(state.parent / "backup", state.parent / "other")).code == "FL-L004"


def test_a_restore_refuses_a_backup_that_is_older_than_a_receipt(state: Path) -> None:
    held = make(state)
    write_more(state)
    later = verify(str(state), clock=FakeClock())
    other = state.parent / "other"
    refusal = refused(lambda: bring(state.parent / "backup", other, receipt=f"{later.head}:{later.h}"))
    assert (refusal.code, refusal.exit_code) == ("FL-L035", 9)
    assert refused(lambda: bring(state.parent / "backup", other, receipt=f"{HEAD}:{'0' * 64}")).code == "FL-L036"
    assert refused(lambda: bring(state.parent / "backup", other, receipt="13")).code == "FL-L037"
    assert not other.exists()
    assert bring(state.parent / "backup", other, receipt=held.receipt[:30]).contents.events == Seq(HEAD)


def read_rows(connection: apsw.Connection) -> list[Values]:
    return list(connection.execute(sql("select_events_from"), (1, 100)))


def test_an_event_of_a_newer_fairlead_is_neither_backed_up_nor_repaired(state: Path) -> None:
    connection = apsw.Connection(str(state / "journal.db"))
    *_, before, row = (Row(*values) for values in read_rows(connection))
    h = link(before.h, row.seq, row.run, 200, row.place, row.epoch, row.at, row.digest)
    connection.execute("UPDATE events SET kind = 200, h = ? WHERE seq = ?", (h, HEAD))
    connection.close()
    anchor = Anchor(str(state / "anchor"))
    for _ in range(2):
        anchor.write(Mark(HEAD, h))
    anchor.close()
    before_all = content_of(state)
    assert refused(lambda: make(state)).code == "FL-L004"
    assert refused(lambda: repair(str(state), "", clock=FakeClock())).code == "FL-L004"
    assert refused(lambda: repair(str(state), "", clock=FakeClock(), is_writing=True)).code == "FL-L004"
    assert {name: data for name, data in content_of(state).items() if name in before_all} == before_all
