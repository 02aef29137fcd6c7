"""The watched disk: every call is noted as it was done, and refused as a real disk refuses it."""

import errno
import os
from pathlib import Path

import apsw
import pytest

from fairlead.testing.disks import Call, Image, Platter, Refusal, WatchedDisk, refuse_at

FLAGS = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE


def use(disk: WatchedDisk, root: Path) -> None:
    """A little of everything, by Python and by SQLite."""
    disk.mkdir(str(root / "d"))
    fd = disk.open(str(root / "d/a"), os.O_RDWR | os.O_CREAT)
    disk.write(fd, memoryview(b"hello"))
    disk.pwrite(fd, b"J", 0)
    disk.fdatasync(fd)
    assert disk.pread(fd, 5, 0) == b"Jello"
    disk.close(fd)
    disk.rename(str(root / "d/a"), str(root / "d/b"))
    disk.sync_directory(str(root / "d"))
    connection = apsw.Connection(str(root / "base"), flags=FLAGS, vfs=disk.vfs)
    try:
        connection.pragma("journal_mode", "WAL")
        connection.execute("CREATE TABLE t (x)")
        connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        connection.execute("INSERT INTO t VALUES (zeroblob(5000))")
    finally:
        connection.close()


def files_under(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_who_follows_the_calls_knows_every_file(tmp_path: Path) -> None:
    platter = Platter()
    with WatchedDisk(str(tmp_path)) as disk:
        use(disk, tmp_path)
    for call in disk.calls:
        platter.perform(call)
    assert platter.whole() == Image(files_under(tmp_path), frozenset({"d"}))


def test_who_did_what_is_told_apart_and_counted(tmp_path: Path) -> None:
    with WatchedDisk(str(tmp_path)) as disk:
        use(disk, tmp_path)
    mine = [call.kind for call in disk.calls if not call.by_sqlite]
    assert mine == ["mkdir", "make", "write", "write", "sync", "rename", "sync directory"]
    assert {"make", "write", "sync", "truncate", "unlink"} <= {call.kind for call in disk.calls if call.by_sqlite}
    assert disk.counted["sync", "a"] == 1
    assert disk.counted["sync", "base-wal"] >= 2


def test_a_log_that_is_new_is_synced_with_its_name(tmp_path: Path) -> None:
    """As SQLite's own layer does it: without that the first commits would have no name after a cut."""
    with WatchedDisk(str(tmp_path)) as disk:
        use(disk, tmp_path)
    syncs = [call.path for call in disk.calls if call.kind in ("sync", "sync directory") and call.by_sqlite]
    assert syncs[syncs.index("base-wal") + 1] == ""


@pytest.mark.parametrize("is_sticky", [False, True])
def test_every_call_can_be_refused(tmp_path: Path, is_sticky: bool) -> None:
    refused = 0
    while True:
        root = tmp_path / str(refused)
        root.mkdir()
        refuse = refuse_at(refused + 1, Refusal(errno.EIO), is_sticky=is_sticky)
        with WatchedDisk(str(root), refuse, reads=True) as disk:
            try:
                use(disk, root)
            except (OSError, apsw.Error):
                refused += 1
                continue
        break
    assert refused > 40


def test_a_full_disk_is_one_for_sqlite_and_for_python(tmp_path: Path) -> None:
    full = Refusal(errno.ENOSPC)
    with WatchedDisk(str(tmp_path), lambda call: full if call.kind == "write" else None) as disk:
        fd = disk.open(str(tmp_path / "a"), os.O_RDWR | os.O_CREAT)
        with pytest.raises(OSError, match="No space left"):
            disk.pwrite(fd, b"x", 0)
        disk.close(fd)
        with pytest.raises(apsw.FullError):
            use_sqlite(disk, tmp_path)


def test_a_write_may_be_done_in_part(tmp_path: Path) -> None:
    short = Refusal(errno.ENOSPC, is_short=True)
    with WatchedDisk(str(tmp_path), lambda call: short if call.kind == "write" else None) as disk:
        fd = disk.open(str(tmp_path / "a"), os.O_RDWR | os.O_CREAT)
        assert disk.write(fd, memoryview(b"12345678")) == 4
        disk.close(fd)
        assert (tmp_path / "a").read_bytes() == b"1234"
        with pytest.raises(apsw.FullError):
            use_sqlite(disk, tmp_path)


def test_a_sync_that_failed_is_noted_but_not_one_that_the_dead_ask_for(tmp_path: Path) -> None:
    for refusal, expected in ((Refusal(errno.EIO), [True]), (Refusal(errno.EIO, is_death=True), [])):
        with WatchedDisk(str(tmp_path)) as disk:
            fd = disk.open(str(tmp_path / "a"), os.O_RDWR | os.O_CREAT)
            disk.before = lambda call, refusal=refusal: refusal
            with pytest.raises(OSError, match="Input/output"):
                disk.fdatasync(fd)
            disk.before = None
            disk.close(fd)
            assert [call.is_failed for call in disk.calls if call.kind == "sync"] == expected


def use_sqlite(disk: WatchedDisk, root: Path) -> None:
    connection = apsw.Connection(str(root / "base"), flags=FLAGS, vfs=disk.vfs)
    try:
        connection.execute("CREATE TABLE t (x)")
    finally:
        connection.close()


def test_a_call_says_what_it_was(tmp_path: Path) -> None:
    seen: list[Call] = []
    with WatchedDisk(str(tmp_path), seen.append) as disk:
        fd = disk.open(str(tmp_path / "a"), os.O_RDWR | os.O_CREAT)
        disk.pwrite(fd, b"x", 7)
        disk.close(fd)
    assert seen == [Call("make", "a"), Call("write", "a", 7, b"x")]
