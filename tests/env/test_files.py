"""Files are read without leaving the tree, and written whole or not at all."""

import os
import socket
from pathlib import Path

import pytest

from fairlead.core.tools import Unreadable
from fairlead.env.files import LocalFiles, TreeReader


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "a/b").mkdir(parents=True)
    (root / "a/b/deep.txt").write_bytes(b"deep")
    (root / "top.txt").write_bytes(b"top")
    (tmp_path / "outside.txt").write_bytes(b"outside")
    return root


def test_files_are_read_whole_in_any_order(tree: Path) -> None:
    reader = TreeReader(str(tree))
    odd = os.fsdecode(b"a/b/odd\xff\n.txt")
    (tree / odd).write_bytes(b"odd")
    for _ in range(2):
        assert reader.read("a/b/deep.txt") == b"deep"
        assert reader.read("top.txt") == b"top"
        assert reader.read(odd) == b"odd"
    reader.close()


def test_no_link_is_followed(tree: Path) -> None:
    (tree / "link.txt").symlink_to("top.txt")
    (tree / "out.txt").symlink_to("../outside.txt")
    (tree / "folder").symlink_to("a")
    reader = TreeReader(str(tree))
    for path, reason in (("link.txt", "link"), ("out.txt", "link"), ("folder/b/deep.txt", "link lies on the way")):
        with pytest.raises(Unreadable, match=reason):
            reader.read(path)


@pytest.mark.parametrize(
    "path", ["../outside.txt", "a/../../outside.txt", "/etc/passwd", "/top.txt", "a//b/deep.txt", "", "a/", ".."]
)
def test_no_path_leads_out(tree: Path, path: str) -> None:
    with pytest.raises(Unreadable, match="out of the tree"):
        TreeReader(str(tree)).read(path)


def test_what_is_no_regular_file_is_not_opened(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tree / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    monkeypatch.chdir(tree)  # the address of a socket has room for about a hundred characters
    listening.bind("socket")
    reader = TreeReader(str(tree))
    for path, reason in (("pipe", "no regular file"), ("socket", "no regular file"), ("a", "a folder")):
        with pytest.raises(Unreadable, match=reason):
            reader.read(path)
    listening.close()


def test_what_is_gone_is_said(tree: Path) -> None:
    reader = TreeReader(str(tree))
    for path in ("missing", "a/missing/x", "top.txt/x"):
        with pytest.raises(Unreadable, match="gone"):
            reader.read(path)
    with pytest.raises(Unreadable, match="null"):
        reader.read("a/b/nul\0")
    assert reader.read("a/b/deep.txt") == b"deep"


def test_the_limit_counts(tree: Path) -> None:
    (tree / "big").write_bytes(b"x" * 1_000)
    reader = TreeReader(str(tree))
    assert len(reader.read("big", 1_000)) == 1_000
    with pytest.raises(Unreadable, match="larger than 999 bytes"):
        reader.read("big", 999)


def test_a_sparse_file_of_a_terabyte_costs_nothing(tree: Path) -> None:
    with (tree / "huge").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(Unreadable, match="larger than 2,000,000 bytes"):
        TreeReader(str(tree)).read("huge")


def test_a_file_without_a_size_is_bounded_too() -> None:
    """What the kernel makes up on reading says that it has no bytes."""
    with pytest.raises(Unreadable, match="larger than 10 bytes"):
        TreeReader("/proc/self").read("status", 10)


def test_descriptors_do_not_pile_up(tree: Path) -> None:
    reader = TreeReader(str(tree))
    before = len(os.listdir("/proc/self/fd"))
    for path in ("a/b/deep.txt", "a/missing/x", "a/../x", "top.txt/x", "top.txt") * 20:
        try:
            reader.read(path)
        except Unreadable:
            pass
    reader.close()
    assert len(os.listdir("/proc/self/fd")) == before - 1


def test_writing_replaces_the_whole_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    files = LocalFiles()
    path = tmp_path / "new/folder/out.json"
    files.write(str(path), b"one")
    files.write(str(path), b"two")
    assert files.read(str(path)) == b"two"
    assert files.names(str(path.parent)) == ["out.json"]


def test_a_new_file_does_not_replace_another(tmp_path: Path) -> None:
    files = LocalFiles()
    path = str(tmp_path / "out")
    files.write(path, b"one", is_new=True)
    with pytest.raises(FileExistsError):
        files.write(path, b"two", is_new=True)
    assert files.read(path) == b"one"
    assert files.names(str(tmp_path)) == ["out"]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError):
        LocalFiles().write(str(tmp_path / "folder"), b"x")
    assert LocalFiles().names(str(tmp_path)) == ["folder"]


def test_reading_takes_a_part_and_says_none_for_nothing(tmp_path: Path) -> None:
    files = LocalFiles()
    (tmp_path / "a").write_bytes(b"0123456789")
    assert files.read(str(tmp_path / "a"), offset=3, limit=4) == b"3456"
    assert files.read(str(tmp_path / "b")) is None
    assert files.read(str(tmp_path)) is None
    assert list(files.names(str(tmp_path / "b"))) == []


def test_a_device_and_a_pipe_are_written_to_and_stay_what_they_are(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    LocalFiles().write(str(pipe), b"through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()
    LocalFiles().write("/dev/null", b"away")
    assert Path("/dev/null").is_char_device()


def test_a_link_leads_to_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "real.txt").write_bytes(b"old")
    (tmp_path / "link.txt").symlink_to("real.txt")
    LocalFiles().write(str(tmp_path / "link.txt"), b"new")
    assert (tmp_path / "real.txt").read_bytes() == b"new"
    assert (tmp_path / "link.txt").is_symlink()
