"""A checkout before and after: every change that matters is named, and none that does not."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.env.fingerprints import differences, fingerprint
from tests.env.conftest import git, make_repository


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "shop", {"app.py": "one\n", "lib/sums.py": "two\n"})


def _same_length(root: Path) -> None:
    (root / "app.py").write_text("eno\n")


def _hook(root: Path) -> None:
    hook = root / ".git/hooks/post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\n")


def _monitor(root: Path) -> None:
    git(root, "config", "core.fsmonitor", "true")


def _packed(root: Path) -> None:
    git(root, "branch", "planted")
    git(root, "pack-refs", "--all")


CHANGES: list[tuple[Callable[[Path], object], str]] = [
    (_same_length, "app.py"),
    (lambda root: (root / "lib/sums.py").unlink(), "lib/sums.py"),
    (lambda root: (root / "lib/new.py").touch(), "lib/new.py"),
    (lambda root: (root / "app.py").chmod(0o755), "app.py"),
    (_hook, ".git/hooks/post-checkout"),
    (_monitor, ".git/config"),
    (lambda root: git(root, "branch", "planted"), ".git/refs/heads/planted"),
    (_packed, ".git/packed-refs"),
    (lambda root: git(root, "checkout", "-q", "--detach"), ".git/HEAD"),
    (lambda root: git(root, "update-index", "--chmod=+x", "app.py"), ".git/index"),
]


@pytest.mark.parametrize(("change", "named"), CHANGES, ids=[name for _, name in CHANGES])
def test_a_change_is_named(checkout: Path, change: Callable[[Path], object], named: str) -> None:
    before = fingerprint(str(checkout))
    change(checkout)
    (said,) = differences(before, fingerprint(str(checkout)))
    assert named in said.removeprefix("the checkout changed while it ran: ").split(", ")


def test_reading_and_the_record_change_nothing(checkout: Path) -> None:
    state = checkout / ".fairlead/state"
    state.mkdir(parents=True)
    before = fingerprint(str(checkout), [str(state)])
    (state / "journal.db").write_text("more")
    (checkout / "app.py").read_text()
    git(checkout, "log")
    assert differences(before, fingerprint(str(checkout), [str(state)])) == ()


def test_a_worktree_is_known_by_both_of_its_directories(checkout: Path) -> None:
    other = checkout.parent / "other"
    git(checkout, "worktree", "add", "-q", str(other), "-b", "side")
    before = fingerprint(str(other))
    git(checkout, "branch", "planted")
    git(other, "checkout", "-q", "--detach")
    (said,) = differences(before, fingerprint(str(other)))
    assert ".git/HEAD" in said
    assert ".git/refs/heads/planted" in said


def test_many_changes_are_counted(checkout: Path) -> None:
    before = fingerprint(str(checkout))
    for number in range(9):
        (checkout / f"new{number}").touch()
    assert differences(before, fingerprint(str(checkout)))[0].endswith("new4 and 4 more")


def test_without_git_files_are_compared(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    before = fingerprint(str(tmp_path))
    os.utime(tmp_path / "a", ns=(1, 1))
    assert differences(before, fingerprint(str(tmp_path))) == ("the checkout changed while it ran: a",)
