"""The content store: durable before it is named, checked when it is read."""

import os
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import Micros
from fairlead.core.json import digest
from fairlead.journal.blobs import Blobs
from fairlead.journal.opening import Places

DATA = b"the bytes of an artifact" * 100


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(Places(str(tmp_path / "state")))


def steps_of_disk(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked of the disk from here on, in order; it is done all the same."""
    seen: list[str] = []
    fdatasync, fsync, rename = os.fdatasync, os.fsync, os.rename

    def name_of(fd: int) -> str:
        path = Path(os.readlink(f"/proc/self/fd/{fd}"))
        return "temporary" if path.parent.name == "new" else path.name

    def seen_fdatasync(fd: int) -> None:
        seen.append(f"fdatasync {name_of(fd)}")
        fdatasync(fd)

    def seen_fsync(fd: int) -> None:
        seen.append(f"fsync {name_of(fd)}")
        fsync(fd)

    def seen_rename(old: str, new: str) -> None:
        seen.append("rename")
        rename(old, new)

    monkeypatch.setattr(os, "fdatasync", seen_fdatasync)
    monkeypatch.setattr(os, "fsync", seen_fsync)
    monkeypatch.setattr(os, "rename", seen_rename)
    return seen


def test_bytes_then_name_then_directory_become_durable(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.put(DATA)  # makes the directories
    other = next(data for number in range(10_000) if digest(data := b"%d" % number)[7:9] == digest(DATA)[7:9])
    steps = steps_of_disk(monkeypatch)
    blobs.put(other)
    assert steps == ["fdatasync temporary", "rename", f"fsync {digest(DATA)[7:9]}"]


def test_new_directories_are_made_durable_in_their_parents(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = steps_of_disk(monkeypatch)
    blobs.put(DATA)
    folder = digest(DATA)[7:9]
    assert steps == [
        f"fsync {tmp_path.name}",  # gained state
        "fsync state",  # gained blobs
        "fsync blobs",  # gained the folder
        "fsync blobs",  # gained new
        "fdatasync temporary",
        "rename",
        f"fsync {folder}",
    ]


def test_putting_again_asks_nothing_of_the_disk(blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs.put(DATA)
    steps = steps_of_disk(monkeypatch)
    blobs.put(DATA)
    assert steps == []


def test_what_another_process_put_is_synced_but_not_written_again(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.put(DATA)
    steps = steps_of_disk(monkeypatch)
    Blobs(Places(str(tmp_path / "state"))).put(DATA)
    assert steps == [f"fsync {digest(DATA)[7:9]}"]


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
