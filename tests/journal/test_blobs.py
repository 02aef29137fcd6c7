"""The content store: durable before it is named, checked when it is read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import Micros
from fairlead.core.json import digest
from fairlead.journal.blobs import Blobs
from fairlead.journal.opening import Places, sync_names
from fairlead.testing.disks import WatchedDisk

DATA = b"the bytes of an artifact" * 100


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[WatchedDisk]:
    tmp_path.chmod(0o755)  # unlike a directory of ours
    with WatchedDisk(str(tmp_path)) as disk:
        yield disk


@pytest.fixture
def blobs(tmp_path: Path, disk: WatchedDisk) -> Blobs:
    return Blobs(Places(str(tmp_path / "state"), disk))


def steps_of(disk: WatchedDisk) -> list[str]:
    """What was asked of the disk since this was last looked at, as far as it makes something durable, in order."""
    kinds = ("sync", "rename", "sync directory")
    steps = [
        f"{call.kind} {'temporary' if '/new/' in call.path else call.path}" for call in disk.calls if call.kind in kinds
    ]
    disk.calls.clear()
    return steps


def test_bytes_then_name_then_directory_become_durable(blobs: Blobs, disk: WatchedDisk) -> None:
    blobs.put(DATA)  # makes the directories
    other = next(data for number in range(10_000) if digest(data := b"%d" % number)[7:9] == digest(DATA)[7:9])
    steps_of(disk)
    blobs.put(other)
    assert steps_of(disk) == ["sync temporary", "rename temporary", f"sync directory state/blobs/{digest(DATA)[7:9]}"]


def test_new_directories_are_made_durable_in_their_parents(blobs: Blobs, disk: WatchedDisk) -> None:
    blobs.put(DATA)
    assert (
        steps_of(disk)
        == [
            "sync directory ",  # gained state
            "sync directory state",  # gained blobs
            "sync directory ",  # there is no journal yet: whoever made state may have died before it was synced
            "sync directory state/blobs",  # gained the folder
            "sync directory state/blobs",  # gained new
            "sync temporary",
            "rename temporary",
            f"sync directory state/blobs/{digest(DATA)[7:9]}",
        ]
    )


def test_putting_again_asks_nothing_of_the_disk(blobs: Blobs, disk: WatchedDisk) -> None:
    blobs.put(DATA)
    steps_of(disk)
    blobs.put(DATA)
    assert steps_of(disk) == []


def test_what_another_process_put_is_synced_but_not_written_again(
    blobs: Blobs, disk: WatchedDisk, tmp_path: Path
) -> None:
    blobs.put(DATA)
    (tmp_path / "state/journal.db").touch()
    steps_of(disk)
    Blobs(Places(str(tmp_path / "state"), disk)).put(DATA)
    assert steps_of(disk) == [
        "sync directory state",
        "sync directory state/blobs",
        f"sync directory state/blobs/{digest(DATA)[7:9]}",
    ]


def test_directories_that_only_their_owner_enters_are_synced_upwards(tmp_path: Path, disk: WatchedDisk) -> None:
    """Their maker, a process like this one, may have died before it had done that."""
    (tmp_path / "a/b/c").mkdir(parents=True)
    for name in ("a/b/c", "a/b"):
        (tmp_path / name).chmod(0o700)
    (tmp_path / "a").chmod(0o755)
    sync_names(str(tmp_path / "a/b/c"), disk)
    assert steps_of(disk) == ["sync directory a/b", "sync directory a"]


def test_a_content_that_was_cut_is_put_anew(blobs: Blobs, tmp_path: Path) -> None:
    path = Path(blobs.path(blobs.put(DATA)))
    path.write_bytes(DATA[:10])
    again = Blobs(Places(str(tmp_path / "state")))
    assert again.get(again.put(DATA)) == DATA


def test_nothing_temporary_is_left_and_only_the_owner_can_read(blobs: Blobs, tmp_path: Path) -> None:
    path = Path(blobs.path(blobs.put(DATA)))
    assert list((tmp_path / "state/blobs/new").iterdir()) == []
    assert path == tmp_path / "state/blobs" / digest(DATA)[7:9] / digest(DATA)[9:]
    assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700


def test_what_a_dead_process_left_is_swept_when_it_is_old(blobs: Blobs, tmp_path: Path) -> None:
    blobs.sweep(Micros(10**16))  # where nothing was ever put there is nothing to sweep
    name = blobs.put(DATA)
    old, fresh = tmp_path / "state/blobs/new/1-1-1", tmp_path / "state/blobs/new/1-1-2"
    for path, seconds in ((old, 10_000), (fresh, 13_000)):
        path.write_bytes(b"half")
        os.utime(path, (seconds, seconds))
    blobs.sweep(Micros(14_000 * 1_000_000))
    assert list((tmp_path / "state/blobs/new").iterdir()) == [fresh]
    assert blobs.get(name) == DATA


@pytest.mark.parametrize("at", [0, 100, len(DATA) - 1])
def test_a_flipped_bit_is_found(blobs: Blobs, at: int) -> None:
    path = Path(blobs.path(blobs.put(DATA)))
    altered = bytearray(DATA)
    altered[at] ^= 64
    path.write_bytes(altered)
    with pytest.raises(FairleadError, match=r"FL-L006.*is not what was put there"):
        blobs.get(digest(DATA))


def test_the_number_of_remembered_digests_is_bounded(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fairlead.journal.blobs._KNOWN_MAX", 3)
    names = [blobs.put(b"%d" % number) for number in range(8)]
    assert [blobs.get(name) for name in names] == [b"%d" % number for number in range(8)]
    assert len(blobs._known) <= 3
