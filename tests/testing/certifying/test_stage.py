"""The disposable copy: everything that a run may read is in it, and nothing leads back."""

import os
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.service.parts import Project
from fairlead.testing.certifying import stage
from fairlead.testing.certifying.stage import Stage, copy_project, left_in
from tests.journeys.repositories import commit, git, snapshot, snapshot_of_content


@pytest.fixture
def copied(repository: Path, tmp_path: Path) -> Stage:
    (tmp_path / "copy").mkdir()
    return copy_project(Project(str(repository), str(repository / ".git/fairlead")), str(tmp_path / "copy"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in {
        ".gitignore": "build/\n.fairlead/agents/\n.fairlead/state/\n",
        "a.txt": "one",
        "build/out.txt": "built",
        ".fairlead/agents/own.md": "ignored, and called all the same",
        ".fairlead/state/journal.db": "the record",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    git(root, "branch", "other")
    git(root, "remote", "add", "origin", "https://example.org/x.git")
    (root / "a.txt").write_text("two")
    (root / "new.txt").write_text("untracked")
    return root


def test_the_copy_holds_what_a_run_could_read(repository: Path, copied: Stage) -> None:
    before = snapshot(repository)
    copied.set_up()
    root = Path(copied.root)
    assert (root / "a.txt").read_text() == "two"
    assert (root / "new.txt").read_text() == "untracked"
    assert (root / ".fairlead/agents/own.md").exists()
    assert not (root / "build").exists()
    assert not (root / ".fairlead/state").exists()
    for words in (("rev-parse", "HEAD", "main", "other"), ("symbolic-ref", "HEAD"), ("status", "--porcelain")):
        assert git(root, *words) == git(repository, *words), words
    assert snapshot(repository) == before


def test_what_is_done_in_the_copy_reaches_neither_the_project_nor_its_remote(repository: Path, copied: Stage) -> None:
    before = snapshot_of_content(repository)
    copied.set_up()
    root = Path(copied.root)
    fresh = left_in(copied)
    commit(root, "A change of the run")
    git(root, "push", "-q", "origin", "main")
    assert snapshot_of_content(repository) == before
    left = left_in(copied)
    assert left["reference refs/heads/main of ."].startswith("2 commits")
    assert left["reference refs/heads/main of ../remote-0.git"].startswith("2 commits")
    copied.set_up()
    assert left_in(copied) == fresh


def test_what_lies_beside_the_copy_is_looked_at(copied: Stage) -> None:
    copied.set_up()
    Path(copied.place, "ledger.txt").write_text("paid\npaid\n")
    assert left_in(copied)["file ../ledger.txt"].startswith("10 bytes, 2 lines")


def test_a_project_that_is_too_large_is_refused(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "FILES_MAX", 2)
    (tmp_path / "large").mkdir()
    with pytest.raises(FairleadError) as refused:
        copy_project(Project(str(repository), os.devnull), str(tmp_path / "large"))
    assert refused.value.diagnostics[0].code == "FL-R814"
