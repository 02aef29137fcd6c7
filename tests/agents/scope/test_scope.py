"""What changed since a base: the diff makes the tree at hand out of it, and nothing is left out without a word."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fairlead.agents.builtin.change_scope import scope as module
from fairlead.agents.builtin.change_scope.scope import scope
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.conftest import GIT_ENVIRONMENT, DirectoryWorld, commit_all
from tests.proves import proves

BEFORE = {
    "kept.txt": b"the same\n",
    "src/app.py": b"import os\n\n\ndef main():\n    return 1\n",
    "src/gone.py": b"x = 1\n",
    "windows.txt": b"one\r\ntwo\r\nthree\r\n",
    "no end.txt": b"last line without an end",
    "emptied.txt": b"one\n",
    "moved/old.txt": b"a\nb\nc\nd\n",
}
COMMITTED = {
    "src/app.py": b"import os\n\n\ndef main():\n    return 2\n",
    "src/new.py": b"def fresh():\n    return 3\n",
    "windows.txt": b"one\r\n2\r\nthree\r\n",
    "no end.txt": b"last line with an end\n",
    "emptied.txt": b"",
    "moved/new.txt": b"a\nb\nc\nd\n",
}
AT_HAND = {
    "src/app.py": b"import os\n\n\ndef main():\n    return 22\n",
    "notes/a b ä.txt": b"first\nsecond",
    'notes/"quoted".txt': b"q\n",
    "notes/empty.txt": b"",
    "script.sh": b"#!/bin/sh\n",
}

SETTINGS = {
    "diff.noprefix": "true",
    "diff.context": "0",
    "diff.interHunkContext": "9",
    "diff.algorithm": "patience",
    "diff.renames": "copies",
    "diff.external": "/bin/false",
    "diff.orderFile": "/dev/null/none",
    "color.ui": "always",
    "core.quotePath": "true",
    "core.abbrev": "4",
}


def git(root: Path, *words: str, stdin: bytes = b"") -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(root), **GIT_ENVIRONMENT}
    done = subprocess.run(["git", *words], cwd=root, env=environment, input=stdin, check=True, capture_output=True)
    return done.stdout.decode()


def write(root: Path, files: dict[str, bytes]) -> None:
    for path, data in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)


def contents(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".git" not in path.parts
    }


def scoped(root: Path, base: str = "") -> Succeeded:
    outcome = scope({"base": base}, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded), outcome
    return outcome


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A branch of two commits, with changes that nobody committed, and a base that went on since."""
    root = tmp_path_factory.mktemp("scope") / "repo"
    write(root, BEFORE)
    commit_all(root, "Begin")
    git(root, "switch", "-q", "-c", "feature")
    write(root, COMMITTED)
    for path in ("src/gone.py", "moved/old.txt"):
        (root / path).unlink()
    commit_all(root, "Change much")
    commit_all(root, "Change nothing")
    git(root, "switch", "-q", "main")
    write(root, {"elsewhere.txt": b"not of this branch\n", "src/app.py": b"other\n"})
    commit_all(root, "Go on")
    git(root, "switch", "-q", "feature")
    write(root, AT_HAND)
    return root


@pytest.fixture
def branched(made_once: Path, tmp_path: Path) -> Path:
    """A copy of it for one test."""
    return shutil.copytree(made_once, tmp_path / "repo")


@proves("C8.12")
def test_the_diff_makes_the_tree_at_hand_out_of_the_base(branched: Path, tmp_path: Path) -> None:
    outcome = scoped(branched, "main")
    copy = tmp_path / "copy"
    git(tmp_path, "clone", "-q", str(branched), str(copy))
    git(copy, "checkout", "-q", outcome.output["base"])
    git(copy, "apply", "--whitespace=nowarn", "-", stdin=outcome.output["diff"].encode())
    assert contents(copy) == contents(branched)
    assert outcome.degraded == ()


@proves("C8.12")
def test_what_changed_is_named_and_counted(branched: Path) -> None:
    output = scoped(branched, "main").output
    assert output["base"] == git(branched, "merge-base", "main", "feature").strip()
    assert (output["base_name"], output["head"]) == ("main", git(branched, "rev-parse", "HEAD").strip())
    assert output["deleted_files"] == ["moved/old.txt", "src/gone.py"]
    assert output["files"] == sorted({*COMMITTED, *AT_HAND})
    rows = {row.pop("path"): row for row in output["changes"]}
    same: dict[str, Any] = {"is_binary": False, "is_untracked": False}
    assert rows["src/app.py"] == {"status": "modified", "added": 1, "deleted": 1, **same}
    assert rows["src/gone.py"] == {"status": "deleted", "added": 0, "deleted": 1, **same}
    assert rows["src/new.py"] == {"status": "added", "added": 2, "deleted": 0, **same}
    assert rows["notes/a b ä.txt"] == {**same, "status": "added", "added": 2, "deleted": 0, "is_untracked": True}
    assert output["added"] == sum(row["added"] for row in rows.values())
    assert output["deleted"] == sum(row["deleted"] for row in rows.values())
    assert [row["title"] for row in output["commits"]] == ["Change nothing", "Change much"]
    folders = {row["folder"]: (row["files"], row["added"], row["deleted"]) for row in output["by_folder"]}
    assert folders["src"] == (3, 3, 2)
    assert folders["moved"] == (2, 4, 4)
    assert output["languages"]["Python"] == 3


def test_the_branch_that_others_start_from_is_found(branched: Path) -> None:
    by_name, found = scoped(branched, "main"), scoped(branched)
    assert found == by_name
    git(branched, "update-ref", "refs/remotes/origin/trunk", "HEAD~1")
    git(branched, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    output = scoped(branched).output
    assert (output["base_name"], [row["title"] for row in output["commits"]]) == ("origin/HEAD", ["Change nothing"])


def test_without_any_usual_branch_only_what_nobody_committed_has_changed(branched: Path) -> None:
    git(branched, "branch", "-q", "-D", "main")
    output = scoped(branched).output
    assert (output["base_name"], output["base"], output["commits"]) == ("HEAD", output["head"], [])
    assert output["files"] == sorted(AT_HAND)


def test_nothing_changed_is_said(tmp_path: Path) -> None:
    write(tmp_path, BEFORE)
    commit_all(tmp_path)
    outcome = scoped(tmp_path)
    assert (outcome.output["files"], outcome.output["diff"], outcome.degraded) == ([], "", ())
    assert outcome.summary.startswith("nothing changed since main (")


def test_histories_without_a_common_commit_are_compared_and_that_is_said(branched: Path) -> None:
    git(branched, "checkout", "-q", "--orphan", "alone")
    (branched / "kept.txt").unlink()
    commit_all(branched, "Alone")
    outcome = scoped(branched, "main")
    assert outcome.degraded == ("HEAD and main have no commit in common: all that differs counts as changed.",)
    assert "kept.txt" in outcome.output["deleted_files"]


def test_nobodys_settings_change_the_answer(branched: Path) -> None:
    before = scoped(branched, "main")
    for name, value in SETTINGS.items():
        git(branched, "config", name, value)
    assert scoped(branched, "main") == before


@proves("C8.6")
def test_two_looks_say_the_same(branched: Path) -> None:
    assert scoped(branched, "main") == scoped(branched, "main")


def test_below_the_root_of_the_repository_only_what_lies_there_counts(branched: Path) -> None:
    outcome = scope({"base": "main"}, LocalToolWorld(str(branched / "src")))
    assert isinstance(outcome, Succeeded), outcome
    assert outcome.output["files"] == ["app.py", "new.py"]
    assert outcome.output["deleted_files"] == ["gone.py"]
    assert "+++ b/app.py\n" in outcome.output["diff"]
    assert "notes" not in outcome.output["diff"]


def test_binary_files_are_named_only(branched: Path) -> None:
    write(branched, {"kept.txt": b"\0\1", "new.bin": b"\0\1\n\n", "latin.txt": b"caf\xe9\n"})
    output = scoped(branched, "main").output
    rows = {row["path"]: (row["is_binary"], row["added"]) for row in output["changes"]}
    assert (rows["kept.txt"], rows["new.bin"], rows["latin.txt"]) == ((True, 0), (True, 0), (True, 0))
    assert output["binary"] == 3
    assert "Binary files /dev/null and b/new.bin differ\n" in output["diff"]


@proves("C8.12")
def test_a_diff_that_is_too_long_is_cut_and_says_so(branched: Path) -> None:
    line = b"a line of some length\n"
    write(branched, {"kept.txt": line * (module.DIFF_BYTES_MAX // len(line) + 1)})
    outcome = scoped(branched, "main")
    diff = outcome.output["diff"]
    assert outcome.output["is_diff_cut"]
    assert module.DIFF_BYTES_MAX - 100 < len(diff.encode()) <= module.DIFF_BYTES_MAX
    assert diff.endswith("\n")
    assert outcome.degraded == ("The diff is longer than 1,000,000 bytes and is cut there; `files` names all of it.",)
    assert "script.sh" in outcome.output["files"]


@proves("C8.12")
def test_a_new_file_that_does_not_fit_any_more_is_left_out_of_the_diff_and_that_is_said(branched: Path) -> None:
    write(branched, {"zz.txt": b"x\n" * (module.DIFF_BYTES_MAX // 2), "zzz.txt": b"small\n"})
    outcome = scoped(branched, "main")
    assert outcome.output["is_diff_cut"]
    assert "zz.txt" not in outcome.output["diff"]
    assert "zz.txt" in outcome.output["files"]
    assert len(outcome.degraded) == 1


def test_a_new_file_that_cannot_be_read_is_named_and_said(branched: Path) -> None:
    (branched / "link").symlink_to("/etc/hostname")
    write(branched, {"huge.txt": b"x" * 2_000_001})
    outcome = scoped(branched, "main")
    assert outcome.degraded == (
        "2 new files are named, but their lines are in no diff and no count: huge.txt and 1 more.",
    )
    assert {"huge.txt", "link"} <= set(outcome.output["files"])


def test_more_files_and_commits_than_are_named_are_counted(branched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_MAX", 3)
    monkeypatch.setattr(module, "COMMITS_MAX", 1)
    outcome = scoped(branched, "main")
    total = len(COMMITTED) + 2 + len(AT_HAND) - 1  # two are gone, one was changed twice
    assert (len(outcome.output["changes"]), outcome.output["files_left_out"]) == (3, total - 3)
    assert (len(outcome.output["commits"]), outcome.output["commits_left_out"]) == (1, 1)
    assert outcome.degraded == (
        f"{total - 3} changed files are left out: at most 3 are named.",
        "1 commits are left out: at most 1 are named.",
    )


def test_a_name_that_is_not_utf_8_and_a_repository_inside_do_no_harm(branched: Path) -> None:
    (branched / os.fsdecode(b"caf\xe9.txt")).write_text("x\n")
    write(branched, {"inside/a.txt": b"a\n"})
    commit_all(branched / "inside")
    output = scoped(branched, "main").output
    assert "caf\\xe9.txt" in output["files"]
    assert not any(path.startswith("inside") for path in output["files"])


@pytest.mark.parametrize(
    "base", ["mian", "--output=stolen", "-O/etc/passwd", "HEAD:src", "main..feature", "\u00e4", "x" * 500]
)
def test_a_base_that_git_does_not_know_is_refused(branched: Path, base: str) -> None:
    outcome = scope({"base": base}, DirectoryWorld(branched))
    assert isinstance(outcome, Failed), outcome
    assert (outcome.fault, outcome.code) == ("author", "FL-A122")
    assert base[:200] in outcome.message
    assert not (branched / "stolen").exists()


def test_no_repository_and_no_commit_are_refused(tmp_path: Path) -> None:
    outcome = scope({}, DirectoryWorld(tmp_path))
    assert isinstance(outcome, Failed), outcome
    assert outcome.code == "FL-A122"
    git(tmp_path, "init", "-q")
    unborn = scope({}, DirectoryWorld(tmp_path))
    assert isinstance(unborn, Failed), unborn
    assert (unborn.code, unborn.hint) == ("FL-A122", "commit once")


def test_a_git_that_fails_is_the_platforms_fault(branched: Path) -> None:
    for pack in (branched / ".git/objects").glob("[0-9a-f][0-9a-f]/*"):
        if git(branched, "cat-file", "-t", pack.parent.name + pack.name).strip() == "tree":
            pack.unlink()
    outcome = scope({"base": "main"}, DirectoryWorld(branched))
    assert isinstance(outcome, Failed), outcome
    assert (outcome.fault, outcome.code) == ("platform", "FL-A123")
