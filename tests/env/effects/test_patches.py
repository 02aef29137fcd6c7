"""Patches in the checkout: all files or none, also when the process is killed, and a way back that is exact."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.patch_texts import make_patch
from fairlead.core.ports import EffectWorld
from fairlead.env.effects.checkout import Checkout
from tests.env.conftest import as_nobody
from tests.env.effects.conftest import (
    TWO,
    Killer,
    attempt,
    change,
    contents,
    done,
    found,
    killed,
    refused,
    shown,
    world_of,
)
from tests.proves import proves

BEFORE = {"a.py": "one\ntwo\nthree\n", "in/b.py": "b\n", "run.sh": "#!/bin/sh\n", "mine.txt": "not committed\n"}
THREE: dict[str, Json] = {
    "patches": [
        TWO,
        change("new/deep/c.py", None, "c\n"),
        change("in/b.py", "b\n", None),
        change("run.sh", "#!/bin/sh\n", "#!/bin/sh\nls\n"),
    ]
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout without git: patches need none."""
    root = tmp_path / "r"
    fill(root)
    return root


def fill(root: Path) -> None:
    for name, text in BEFORE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        (root / name).chmod(0o644)
    (root / "run.sh").chmod(0o750)


def beside(root: Path, key: str = "r-abcdefgh/apply") -> EffectWorld:
    """Its state lies outside of it."""
    world = world_of(root, key)
    return EffectWorld(world.root, str(root.parent / "state/trees/r-abcdefgh.git"), world.run, key, "")


def test_patches_change_the_files_as_they_lie_there(folder: Path) -> None:
    output = done("patch.apply", THREE, beside(folder))
    assert output["files"] == ["a.py", "new/deep/c.py", "in/b.py", "run.sh"]
    assert (folder / "a.py").read_text() == "one\nTWO\nthree\n"
    assert (folder / "new/deep/c.py").read_text() == "c\n"
    assert not (folder / "in/b.py").exists()
    assert (folder / "run.sh").stat().st_mode & 0o777 == 0o750
    assert (folder / "mine.txt").read_text() == "not committed\n"


@proves("B10.2")
def test_the_way_back_is_exact(folder: Path) -> None:
    (folder / "end.txt").write_bytes(b"no line end\r\nhere")
    (folder / "latin.txt").write_bytes(b"\xe9\n" + b"x\n" * 9 + b"old\n")
    more = [
        change("end.txt", "no line end\r\nhere", "no line end\r\nhere\r\n"),
        {"patch": make_patch("latin.txt", "\udce9\n" + "x\n" * 9 + "old\n", "\udce9\n" + "x\n" * 9 + "new\n")},
    ]
    before = contents(folder)
    output = done("patch.apply", {"patches": [*THREE["patches"], *more]}, beside(folder))
    assert contents(folder) != before
    done("patch.apply", {"patch": output["undo"]}, beside(folder, "r-abcdefgh/back"))
    after = contents(folder)
    for made in ("new/deep", "new"):
        assert after.pop(made)[1] == b"folder"
    assert after == before


def test_what_the_files_were_is_kept(folder: Path) -> None:
    output = done("patch.apply", THREE, beside(folder))
    kept = json.loads((folder.parent / "state" / output["kept"]).read_text())
    files = {file["path"]: file["before"] and base64.b64decode(file["before"]).decode() for file in kept["files"]}
    assert files == {"a.py": BEFORE["a.py"], "new/deep/c.py": None, "in/b.py": "b\n", "run.sh": "#!/bin/sh\n"}
    assert {file["mode"] for file in kept["files"] if file["path"] == "run.sh"} == {0o750}


def test_a_second_attempt_changes_nothing_more(folder: Path) -> None:
    first = attempt("patch.apply", THREE, beside(folder))
    (folder / "a.py").write_text("a person goes on\n")
    before = contents(folder)
    assert found("patch.apply", THREE, beside(folder)) == first
    assert attempt("patch.apply", THREE, beside(folder)) == first
    assert contents(folder) == before


def test_what_is_shown_is_what_happens(folder: Path) -> None:
    before = contents(folder)
    rows = shown("patch.apply", THREE, beside(folder))
    assert contents(folder) == before
    assert not (folder.parent / "state").exists()
    output = done("patch.apply", THREE, beside(folder))
    assert rows["Files"] == output["files"]
    done("patch.apply", {"patch": output["undo"]}, beside(folder, "back"))
    done("patch.apply", {"patch": rows["Change"]}, beside(folder, "again"))
    assert (folder / "a.py").read_text() == "one\nTWO\nthree\n"


@pytest.mark.parametrize(
    ("given", "code", "error"),
    [
        ({"patches": [TWO, change("in/b.py", "other\n", "B\n")]}, "FL-R335", "validation"),
        ({"patches": [TWO, change("a.py", BEFORE["a.py"], "one\nzwei\nthree\n")]}, "FL-R335", "validation"),
        ({"patches": [TWO, change("a.py", None, "new\n")]}, "FL-R335", "validation"),
        ({"patches": [TWO, change("gone.py", "x\n", None)]}, "FL-R335", "validation"),
        ({"patches": [TWO, change("in/link/x.py", None, "x\n")]}, "FL-R339", "permission"),
        ({"patches": [TWO, change("in/link", "../a.py", "x")]}, "FL-R339", "permission"),
        ({"patches": [TWO, change("a.py/x", None, "x\n")]}, "FL-R339", "permission"),
        ({"patches": [TWO, change("in/.git/config", None, "x\n")]}, "FL-R330", "validation"),
        ({"patches": [TWO, change("../x", None, "x\n")]}, "FL-R330", "validation"),
        ({"patch": TWO["patch"], "patches": [TWO]}, "FL-R330", "validation"),
        ({}, "FL-R330", "validation"),
        ({"patches": [None]}, "FL-R336", "validation"),
    ],
)
def test_all_files_or_none(folder: Path, given: dict[str, Json], code: str, error: str) -> None:
    (folder / "in/link").symlink_to("..")
    before = contents(folder)
    failed = refused("patch.apply", given, beside(folder))
    assert (failed.code, failed.error) == (code, error)
    assert contents(folder) == before
    assert code in next(iter(shown("patch.apply", given, beside(folder)).values()))


def test_the_state_of_fairlead_is_not_changed(folder: Path) -> None:
    """Without git the state lies inside of the checkout."""
    inside = EffectWorld(str(folder), str(folder / ".fairlead/state/trees/r.git"), world_of(folder).run, "k", "")
    given: dict[str, Json] = {"patch": change(".fairlead/state/anchor", None, "x\n")["patch"]}
    assert refused("patch.apply", given, inside).code == "FL-R339"
    done("patch.apply", {"patch": change(".fairlead/config.toml", None, "x\n")["patch"]}, inside)


def test_a_file_that_changes_in_the_last_moment_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Checkout.stage

    def stage(self: Checkout, path: str, name: str, data: bytes, mode: int | None) -> None:
        real(self, path, name, data, mode)
        if path == "run.sh":
            (folder / "run.sh").write_text("a person saves\n")

    monkeypatch.setattr(Checkout, "stage", stage)
    before = contents(folder)
    failed = refused("patch.apply", THREE, beside(folder))
    assert failed.code == "FL-R335"
    assert "run.sh" in failed.message
    mode = before["run.sh"][0]
    assert contents(folder) == {**before, "run.sh": (mode, b"a person saves\n")}


def test_a_disk_that_refuses_leaves_everything_as_it_was(tmp_path: Path, open_folder: Path) -> None:
    """The last of the files may not be written by whoever performs the effect."""
    root = open_folder / "r"
    fill(root)
    (root / "new/deep").mkdir(parents=True)
    (open_folder / "state").mkdir(mode=0o777)
    for path in (root, root / "in", root / "new", open_folder / "state"):
        path.chmod(0o777)
    (root / "new/deep").chmod(0o555)
    before = contents(root)

    def perform() -> str:
        outcome = attempt("patch.apply", {"patches": [TWO, change("new/deep/c.py", None, "c\n")]}, beside(root))
        return f"{outcome.code} {outcome.error}" if isinstance(outcome, Failed) else "no failure"

    assert as_nobody(perform) == "FL-R341 resource"
    assert contents(root) == before


CALLS = ("rename", "replace", "unlink", "mkdir", "rmdir", "fchmod")


@proves("B10.1")
def test_killed_anywhere_all_files_are_changed_or_none_and_then_all_once(tmp_path: Path) -> None:
    """A real process is killed before every call that changes what is on the disk."""
    at = 0
    ends = []
    while True:
        root = tmp_path / f"{at}" / "r"
        fill(root)
        before = contents(root)
        if not killed_at(at, root):
            break
        outcome = found("patch.apply", THREE, beside(root))
        ends.append(outcome is not None)
        if outcome is None:
            assert contents(root) == before, f"at {at}: not taken back whole"
        first = done("patch.apply", THREE, beside(root))
        assert outcome in (None, Succeeded(first, "4 files changed in the checkout")), at
        after = contents(root)
        assert sorted(after) == ["a.py", "in", "mine.txt", "new", "new/deep", "new/deep/c.py", "run.sh"], at
        assert after["run.sh"] == (before["run.sh"][0], b"#!/bin/sh\nls\n")
        at += 1
    assert ends == sorted(ends), "once it has happened it is never taken back"
    assert len(ends) > 10
    assert {True, False} == set(ends)


def killed_at(at: int, root: Path) -> bool:
    """Whether a process that applies the patches was killed before call number *at*."""

    def perform() -> None:
        killer = Killer(at)

        def watched(real: Any) -> Any:
            def call(*args: Any, **more: Any) -> Any:
                killer.boundary()
                return real(*args, **more)

            return call

        for name in CALLS:
            setattr(os, name, watched(getattr(os, name)))
        attempt("patch.apply", THREE, beside(root))

    return killed(perform)


def test_what_somebody_changed_after_a_kill_is_left_to_them(folder: Path) -> None:
    at = 0
    while killed_at(at, folder) and (folder / "a.py").read_text() == BEFORE["a.py"]:
        at += 1
    assert (folder / "in/b.py").exists(), "killed when one file was changed and others were not"
    (folder / "a.py").write_text("a person goes on\n")
    failed = refused("patch.apply", THREE, beside(folder))
    assert (failed.code, failed.fault, failed.error) == ("FL-R340", "platform", "")
    assert "state" in failed.hint
    assert (folder / "a.py").read_text() == "a person goes on\n"
