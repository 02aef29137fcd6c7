"""One file of the checkout, written whole or not at all."""

import os
from pathlib import Path

import pytest

from fairlead.core.json import Json, digest
from fairlead.core.ports import EffectWorld
from fairlead.core.tools import WRITTEN_BYTES_MAX
from tests.env.conftest import write_files
from tests.env.effects.conftest import FILES, attempt, contents, done, found, refused, shown, world_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout; that there is git in it is only to be seen from its folder."""
    root = tmp_path / "r"
    write_files(root, {**FILES, ".git/hooks/sample": ""})
    return root


def test_a_new_file_in_new_folders(root: Path, world: EffectWorld) -> None:
    given: dict[str, Json] = {"path": "docs/deep/notes.md", "content": "# Grüße\r\n"}
    assert shown("file.write", given, world)["File"] == "docs/deep/notes.md (is new)"
    assert not (root / "docs").exists()
    output = done("file.write", given, world)
    data = (root / "docs/deep/notes.md").read_bytes()
    assert data == "# Grüße\r\n".encode()
    assert (output["path"], output["is_changed"]) == ("docs/deep/notes.md", True)
    assert (output["digest"], output["size_bytes"]) == (digest(data), len(data))
    assert found("file.write", given, world) == attempt("file.write", given, world)


def test_a_file_is_replaced_and_can_be_had_back(root: Path, world: EffectWorld) -> None:
    (root / "run.sh").chmod(0o700)
    before = contents(root)
    output = done("file.write", {"path": "run.sh", "content": "new\n"}, world)
    assert (root / "run.sh").read_text() == "new\n"
    assert (root / "run.sh").stat().st_mode & 0o777 == 0o700
    done("patch.apply", {"patch": output["undo"]}, world_of(root, "back"))
    assert contents(root) == before


def test_the_same_content_is_left_alone(root: Path, world: EffectWorld) -> None:
    then = (root / "a.py").stat()
    output = done("file.write", {"path": "a.py", "content": "one\ntwo\nthree\n"}, world)
    now = (root / "a.py").stat()
    assert (output["is_changed"], output["kept"]) == (False, "")
    assert (now.st_ino, now.st_mtime_ns) == (then.st_ino, then.st_mtime_ns)


@pytest.mark.parametrize(
    ("mode", "before", "after"), [("755", 0o640, 0o750), ("644", 0o755, 0o644), ("", 0o600, 0o600)]
)
def test_the_mode_says_whether_it_is_a_program(
    root: Path, world: EffectWorld, mode: str, before: int, after: int
) -> None:
    (root / "a.py").chmod(before)
    output = done("file.write", {"path": "a.py", "content": "one\ntwo\nthree\n", "mode": mode}, world)
    assert (root / "a.py").stat().st_mode & 0o777 == after
    assert output["is_changed"] == (before != after)


def test_a_new_program_is_as_open_as_the_persons_mask_lets_it(root: Path, world: EffectWorld) -> None:
    mask = os.umask(0o027)
    try:
        done("file.write", {"path": "new.sh", "content": "#!/bin/sh\n", "mode": "755"}, world)
    finally:
        os.umask(mask)
    assert (root / "new.sh").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"path": "../out.txt", "content": "x"}, "FL-R339"),
        ({"path": "/tmp/out.txt", "content": "x"}, "FL-R339"),
        ({"path": "in/./b.py", "content": "x"}, "FL-R339"),
        ({"path": "in//b.py", "content": "x"}, "FL-R339"),
        ({"path": "a\0b", "content": "x"}, "FL-R339"),
        ({"path": ".git/hooks/post-commit", "content": "x"}, "FL-R339"),
        ({"path": ".GIT/config", "content": "x"}, "FL-R339"),
        ({"path": "in/.git/config", "content": "x"}, "FL-R339"),
        ({"path": "out/x", "content": "x"}, "FL-R339"),
        ({"path": "link", "content": "x"}, "FL-R339"),
        ({"path": "in", "content": "x"}, "FL-R339"),
        ({"path": "pipe", "content": "x"}, "FL-R339"),
        ({"path": "a.py/x", "content": "x"}, "FL-R339"),
        ({"path": "", "content": "x"}, "FL-R330"),
        ({"path": "a.py"}, "FL-R330"),
        ({"path": "a.py", "content": 3}, "FL-R330"),
        ({"path": "a.py", "content": "x", "mode": "777"}, "FL-R330"),
        ({"path": "a.py", "content": "x", "owner": "root"}, "FL-R330"),
        ({"path": "a.py", "content": "x" * (WRITTEN_BYTES_MAX + 1)}, "FL-R330"),
    ],
    ids=lambda value: value if isinstance(value, str) else repr(value.get("path")),
)
def test_nothing_else_is_written(
    root: Path, world: EffectWorld, tmp_path: Path, given: dict[str, Json], code: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "out").symlink_to(outside)
    (root / "link").symlink_to(root / "a.py")
    os.mkfifo(root / "pipe")
    before = contents_without(root, "pipe")
    assert refused("file.write", given, world).code == code
    assert contents_without(root, "pipe") == before
    assert list(outside.iterdir()) == []
    assert not (root / ".git/hooks/post-commit").exists()


def contents_without(root: Path, name: str) -> dict[str, tuple[int, bytes]]:
    pipe = root / name
    pipe.unlink()
    try:
        return contents(root)
    finally:
        os.mkfifo(pipe)
