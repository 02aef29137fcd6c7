"""Commits and branches: made beside the checkout, on branches of Fairlead's own, found again, once."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json
from fairlead.core.ports import EffectWorld
from fairlead.env.effects import branches, scratch
from fairlead.env.effects.repository import SHOWN_CHARACTERS_MAX
from fairlead.env.git import run_git
from fairlead.env.spawner import LocalSpawner
from fairlead.env.trees import RunTrees
from tests.env.conftest import git, write_files
from tests.env.effects.conftest import (
    FILES,
    TWO,
    Killer,
    attempt,
    change,
    done,
    found,
    killed,
    picture,
    refused,
    shown,
    world_of,
)
from tests.proves import proves

COMMIT: dict[str, Json] = {"branch": "fairlead/fix", "patches": [TWO]}


def message(root: Path, commit: str) -> str:
    return git(root, "log", "-1", "--format=%B", commit)


def test_a_commit_holds_the_patches_and_stands_on_what_is_checked_out(root: Path, world: EffectWorld) -> None:
    given: dict[str, Json] = {
        **COMMIT,
        "patches": [TWO, None, change("new/c.py", None, "c\n"), change("in/b.py", "b\n", None)],
    }
    output = done("git.commit", given, world)
    assert output["branch"] == "fairlead/fix"
    assert output["parent"] == git(root, "rev-parse", "HEAD")
    assert output["files"] == ["a.py", "in/b.py", "new/c.py"]
    assert output["commit"] == git(root, "rev-parse", "fairlead/fix")
    assert git(root, "show", "fairlead/fix:a.py") == "one\nTWO\nthree"
    assert git(root, "ls-tree", "-r", "--name-only", "fairlead/fix").split() == ["a.py", "new/c.py", "run.sh"]
    git(root, "fsck", "--strict")


@proves("B10.2")
def test_checkout_index_and_stash_stay_byte_for_byte(root: Path, world: EffectWorld) -> None:
    write_files(root, {"run.sh": "stashed"})
    git(root, "stash")
    write_files(root, {"a.py": "one\nstaged\nthree\n"})
    git(root, "add", "a.py")
    write_files(root, {"a.py": "not even staged\n", "untracked.txt": "mine"})
    before = picture(root)
    output = done("git.commit", COMMIT, world)
    done("git.revert", {"commit": output["commit"], "branch": "fairlead/fix"}, world_of(root, "r-abcdefgh/back"))
    assert picture(root) == before
    assert git(root, "show", f"{output['commit']}:a.py") == "one\nTWO\nthree"
    assert "untracked.txt" not in git(root, "ls-tree", "-r", "--name-only", "fairlead/fix")


def test_a_second_attempt_finds_the_commit_of_the_first(root: Path, world: EffectWorld) -> None:
    assert found("git.commit", COMMIT, world) is None
    first = attempt("git.commit", COMMIT, world)
    assert found("git.commit", COMMIT, world) == first
    assert attempt("git.commit", COMMIT, world) == first
    assert git(root, "rev-list", "--count", "fairlead/fix") == "2"


def test_another_step_commits_on_top_and_both_are_still_found(root: Path, world: EffectWorld) -> None:
    first = attempt("git.commit", COMMIT, world)
    other = world_of(root, "r-abcdefgh/apply#2")
    given: dict[str, Json] = {"branch": "fairlead/fix", "diff": change("in/b.py", "b\n", "B\n")["patch"]}
    second = done("git.commit", given, other)
    assert second["parent"] == git(root, "rev-parse", "fairlead/fix~1")
    assert found("git.commit", COMMIT, world) == first
    assert git(root, "rev-list", "--count", "fairlead/fix") == "3"


def test_a_message_cannot_speak_for_another_key(root: Path, world: EffectWorld) -> None:
    other = world_of(root, "r-abcdefgh/other")
    forged = f"Harmless\n\nFairlead-Key: {world.key}"
    done("git.commit", {**COMMIT, "message": forged}, other)
    assert found("git.commit", COMMIT, world) is None


def test_a_key_that_is_no_word_is_found_by_its_digest(root: Path) -> None:
    odd = world_of(root, "r-abcdefgh/fix[a\nFairlead-Key: x]")
    first = done("git.commit", COMMIT, odd)
    assert message(root, first["commit"]).count("Fairlead-Key") == 1
    assert done("git.commit", COMMIT, odd) == first


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        ([TWO], "Mend a.py"),
        ([TWO, change("in/b.py", "b\n", "B\n")], "Apply 2 patches\n\n- Mend a.py\n- Mend in/b.py"),
        ([TWO["patch"]], "Apply 1 patch"),
    ],
)
def test_without_a_message_the_patches_speak(root: Path, world: EffectWorld, patches: Json, expected: str) -> None:
    output = done("git.commit", {"branch": "x", "patches": patches}, world)
    assert message(root, output["commit"]) == f"{expected}\n\nFairlead-Key: {world.key}\n"


def test_the_author_is_the_person_or_a_default_that_is_shown(
    root: Path, world: EffectWorld, quiet_home: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown("git.commit", COMMIT, world)["Author"] == "Fairlead <fairlead@localhost>"
    git(root, "config", "user.name", "Grace")
    git(root, "config", "user.email", "grace@example.org")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "Linus")
    output = done("git.commit", COMMIT, world)
    who = git(root, "log", "-1", "--format=%an <%ae> / %cn <%ce>", output["commit"])
    assert who == "Grace <grace@example.org> / Linus <grace@example.org>"


def test_what_is_shown_is_what_is_committed(root: Path, world: EffectWorld) -> None:
    before = git(root, "count-objects", "-v")
    rows = shown("git.commit", {**COMMIT, "message": "Say it"}, world)
    assert rows == shown("git.commit", {**COMMIT, "message": "Say it"}, world)
    assert git(root, "count-objects", "-v") == before, "showing writes nothing into the repository"
    output = done("git.commit", {**COMMIT, "message": "Say it"}, world)
    assert rows["Branch"] == "fairlead/fix (new)"
    assert rows["On top of"] == output["parent"]
    assert rows["Files"] == output["files"]
    assert rows["Change"] == git(root, "diff", "--full-index", output["parent"], output["commit"]) + "\n"
    assert message(root, output["commit"]).startswith(rows["Message"])


def test_a_change_that_nobody_can_read_is_cut_aloud(root: Path, world: EffectWorld) -> None:
    line = "x" * 999 + "\n"
    given: dict[str, Json] = {"branch": "x", "patches": [change("big.txt", None, line * 1_001)]}
    rows = shown("git.commit", given, world)
    assert len(rows["Change"]) == SHOWN_CHARACTERS_MAX
    assert "more characters" in rows["Not shown"]
    assert "Not shown" not in shown("git.commit", COMMIT, world)


# ------------------------------------------------------------------------------------------------------------ refusals


def test_a_patch_that_does_not_fit_refuses_all(root: Path, world: EffectWorld) -> None:
    misfit = change("in/b.py", "something else\n", "B\n")
    failed = refused("git.commit", {**COMMIT, "patches": [TWO, misfit]}, world)
    assert (failed.code, failed.error) == ("FL-R335", "validation")
    assert "in/b.py" in failed.message
    assert git(root, "branch", "--list", "fairlead/*") == ""


def test_two_patches_of_one_line_are_refused(root: Path, world: EffectWorld) -> None:
    other = change("a.py", FILES["a.py"], "one\nzwei\nthree\n")
    failed = refused("git.commit", {**COMMIT, "patches": [TWO, other]}, world)
    assert failed.code == "FL-R335"
    assert "patch 2" in failed.message


def test_a_patch_of_a_link_is_refused(root: Path, world: EffectWorld) -> None:
    (root / "link").symlink_to("a.py")
    git(root, "add", "link")
    git(root, "commit", "-qm", "Link")
    assert refused("git.commit", {**COMMIT, "patches": [change("link", "a.py", "in/b.py")]}, world).code == "FL-R335"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"branch": "x"}, "FL-R330"),
        ({"branch": "x", "patches": [TWO], "diff": TWO["patch"]}, "FL-R330"),
        ({"branch": "x", "patches": [{"text": "no patch"}]}, "FL-R330"),
        ({"branch": "x", "patches": ["not a patch"]}, "FL-R330"),
        ({"branch": "x", "patches": [TWO], "brnch": "y"}, "FL-R330"),
        ({"branch": "x", "patches": [TWO] * 1_001}, "FL-R330"),
        ({"branch": "x", "patches": []}, "FL-R336"),
        ({"branch": "x", "patches": [None, {"patch": ""}]}, "FL-R336"),
        ({"branch": "x", "tree": "0123456789"}, "FL-R338"),
        ({"branch": "my fix", "patches": [TWO]}, "FL-R333"),
        ({"branch": "-f", "patches": [TWO]}, "FL-R333"),
        ({"branch": "a\0b", "patches": [TWO]}, "FL-R333"),
        ({"branch": "x", "patches": [change("../out.py", None, "x")]}, "FL-R330"),
        ({"branch": "x", "patches": [change(".git/hooks/post-commit", None, "x")]}, "FL-R330"),
    ],
)
def test_bad_arguments_change_nothing(root: Path, world: EffectWorld, given: dict[str, Json], code: str) -> None:
    failed = refused("git.commit", given, world)
    assert failed.code == code
    assert failed.error == "validation"
    assert [path.name for path in (root / ".git/refs/heads").iterdir()] == ["main"]


def test_a_tree_without_a_change_is_no_commit(root: Path, world: EffectWorld) -> None:
    tree = git(root, "rev-parse", "HEAD^{tree}")
    assert refused("git.commit", {"branch": "x", "tree": tree}, world).code == "FL-R336"
    assert refused("git.branch", {"name": "x", "from": tree}, world).code == "FL-R336"


def test_branches_of_others_are_not_moved(root: Path, world: EffectWorld, tmp_path: Path) -> None:
    git(root, "branch", "theirs")
    git(root, "worktree", "add", "-q", "-b", "elsewhere", str(tmp_path / "w"))
    done("git.commit", {**COMMIT, "branch": "mixed"}, world_of(root, "k1"))
    git(root, "switch", "-q", "mixed")
    git(root, "commit", "-q", "--allow-empty", "-m", "Mine")
    git(root, "switch", "-q", "main")
    before = git(root, "for-each-ref")
    for branch, why in (
        ("main", "is checked out"),
        ("elsewhere", "is checked out in another worktree"),
        ("theirs", "holds commits that Fairlead did not make"),
        ("mixed", "holds commits that Fairlead did not make"),
        ("theirs/part", "cannot stand beside"),
    ):
        failed = refused("git.commit", {**COMMIT, "branch": branch}, world)
        assert (failed.code, failed.error) == ("FL-R334", "permission")
        assert why in failed.message, branch
    assert git(root, "for-each-ref") == before
    assert "FL-R334" in shown("git.commit", {**COMMIT, "branch": "main"}, world)["As things are, it would fail"]


def test_a_commit_of_others_below_ours_is_seen(root: Path, world: EffectWorld) -> None:
    """A rebase keeps our trailer on the last commit and puts a person's below it."""
    done("git.commit", COMMIT, world_of(root, "k1"))
    git(root, "switch", "-q", "fairlead/fix")
    write_files(root, {"mine.txt": "mine"})
    git(root, "add", "mine.txt")
    git(root, "commit", "-qm", "Mine")
    git(root, "-c", "sequence.editor=sed -i '1{h;d};2G'", "rebase", "-q", "-i", "main")
    git(root, "switch", "-q", "main")
    assert message(root, "fairlead/fix").endswith("Fairlead-Key: k1\n")
    assert refused("git.commit", {**COMMIT, "patches": [change("in/b.py", "b\n", "B\n")]}, world).code == "FL-R334"


def test_a_branch_that_does_not_exist_yet_but_is_checked_out(tmp_path: Path) -> None:
    """Before the first commit HEAD names a branch that is none yet; to make it would be to move the checkout."""
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    given: dict[str, Json] = {"branch": "main", "patches": [change("a.py", None, "a\n")]}
    assert refused("git.commit", given, world_of(root)).code == "FL-R334"
    output = done("git.commit", {**given, "branch": "fairlead/first"}, world_of(root))
    assert output["parent"] == ""
    assert git(root, "rev-list", "--count", "fairlead/first") == "1"
    assert done("git.commit", {**given, "branch": "fairlead/first"}, world_of(root)) == output


def test_without_git_there_are_no_commits(tmp_path: Path) -> None:
    assert refused("git.commit", COMMIT, world_of(tmp_path)).code == "FL-R331"


def test_whoever_moves_the_branch_in_between_wins(
    root: Path, world: EffectWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = branches._move

    def late(*args: Any) -> None:
        monkeypatch.setattr(branches, "_move", real)
        done("git.commit", {**COMMIT, "patches": [change("in/b.py", "b\n", "B\n")]}, world_of(root, "k2"))
        real(*args)

    monkeypatch.setattr(branches, "_move", late)
    failed = refused("git.commit", COMMIT, world)
    assert (failed.code, failed.error) == ("FL-R337", "transient")
    done("git.commit", COMMIT, world)  # the next attempt starts from where the branch is now
    assert git(root, "rev-list", "--count", "fairlead/fix") == "3"


# --------------------------------------------------------------------------------------------------------------- trees


def test_a_recorded_tree_of_the_run_becomes_a_branch(root: Path, world: EffectWorld, spawner: LocalSpawner) -> None:
    state = Path(world.trees).parent.parent
    trees = RunTrees(str(state), RunId("r-abcdefgh"), str(root), spawner)
    copy = Path(asyncio.run(trees.open_copy(Place("tune"), 1, "")))
    write_files(copy, {"a.py": "faster\n", "deep/new.bin": ""})
    (copy / "deep/new.bin").write_bytes(b"\0\xff")
    tree = asyncio.run(trees.record_copy(str(copy)))
    before = picture(root)
    output = done("git.branch", {"name": "perf/one", "from": tree, "message": "Make it fast"}, world)
    shutil.rmtree(world.trees)  # the branch needs nothing of the run
    assert git(root, "rev-parse", "perf/one^{tree}") == tree
    assert output["files"] == ["a.py", "deep/new.bin"]
    assert message(root, "perf/one").startswith("Make it fast\n")
    git(root, "fsck", "--strict")
    assert picture(root) == before
    assert done("git.branch", {"name": "perf/one", "from": tree, "message": "Make it fast"}, world) == output
    failed = refused("git.branch", {"name": "perf/one", "from": tree}, world_of(root, "k2"))
    assert "exists already" in failed.message


def test_with_a_base_only_the_change_is_committed(root: Path, world: EffectWorld) -> None:
    """A recorded tree also holds what was not committed: `base` says where the change began."""
    write_files(root, {"in/b.py": "not committed\n"})
    git(root, "add", "-A")
    base = git(root, "write-tree")
    write_files(root, {"a.py": "changed\n"})
    git(root, "add", "-A")
    tree = git(root, "write-tree")
    git(root, "reset", "-q", "--hard")
    output = done("git.commit", {"branch": "x", "tree": tree, "base": base}, world)
    assert output["files"] == ["a.py"]
    assert git(root, "show", "x:in/b.py") == "b"
    whole = done("git.commit", {"branch": "y", "tree": tree}, world_of(root, "k2"))
    assert whole["files"] == ["a.py", "in/b.py"]


def test_a_tree_is_not_carried_over_what_has_changed_since(root: Path, world: EffectWorld) -> None:
    base = git(root, "rev-parse", "HEAD")
    write_files(root, {"a.py": "theirs\n"})
    git(root, "commit", "-qam", "Meanwhile")
    given: dict[str, Json] = {"branch": "x", "patches": [TWO], "base": base}
    failed = refused("git.commit", given, world)
    assert failed.code == "FL-R335"
    assert "a.py has changed since" in failed.message


def test_a_commit_is_taken_back_also_when_the_file_went_on_elsewhere(root: Path, world: EffectWorld) -> None:
    long = "".join(f"line {n}\n" for n in range(20))
    write_files(root, {"long.txt": long})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Long")
    write_files(root, {"long.txt": long.replace("line 3\n", "bad\n"), "bad.txt": "bad"})
    git(root, "add", "-A")
    git(root, "commit", "-qm", "Bad idea")
    bad = git(root, "rev-parse", "HEAD")
    write_files(root, {"long.txt": "first\n" + long.replace("line 3\n", "bad\n")})
    git(root, "commit", "-qam", "Go on")
    output = done("git.revert", {"commit": bad[:10]}, world)
    assert output["branch"] == f"fairlead/revert-{bad[:10]}"
    assert output["files"] == ["bad.txt", "long.txt"]
    assert git(root, "show", f"{output['commit']}:long.txt") + "\n" == "first\n" + long
    assert message(root, output["commit"]).startswith("Take back: Bad idea\n")
    write_files(root, {"long.txt": long.replace("line 3\n", "worse\n")})
    git(root, "commit", "-qam", "Same line")
    assert refused("git.revert", {"commit": bad, "branch": "other"}, world_of(root, "k2")).code == "FL-R335"
    assert refused("git.revert", {"commit": "0123456"}, world_of(root, "k3")).code == "FL-R338"


# -------------------------------------------------------------------------------------------------- what may not happen


def test_line_ends_and_modes_are_those_of_a_checkout(tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    git(root, "config", "core.autocrlf", "true")
    (root / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    (root / "run.sh").write_text("x\n")
    (root / "run.sh").chmod(0o755)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "First")
    ends = change("a.txt", "one\r\ntwo\r\n", "one\r\nTWO\r\n")
    program = {"patch": make_program()}
    mode = change("run.sh", "x\r\n", "y\r\n")
    done("git.commit", {"branch": "x", "patches": [ends, program, mode]}, world_of(root))
    assert git(root, "cat-file", "blob", "x:a.txt") == "one\nTWO"
    assert [line.split()[0] for line in git(root, "ls-tree", "x").splitlines()] == ["100644", "100755", "100755"]


def make_program() -> str:
    from fairlead.core.patch_texts import make_patch

    return make_patch("new.sh", None, "#!/bin/sh\r\n", "100755")


def plant_programs(root: Path, marks: Path) -> None:
    """Everything in a repository that can start a program, each leaving its mark."""
    marks.mkdir()

    def mark(name: str) -> str:
        script = marks / f"{name}.sh"
        script.write_text(f"#!/bin/sh\ntouch '{marks}/{name}.ran'\ncat\n")
        script.chmod(0o755)
        return str(script)

    hooks = root / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit",
        "post-commit",
        "reference-transaction",
        "post-index-change",
        "commit-msg",
        "post-checkout",
    ):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{marks}/{name}.ran'\n")
        (hooks / name).chmod(0o755)
    for key, name in (
        ("core.fsmonitor", "fsmonitor"),
        ("filter.f.clean", "clean"),
        ("filter.f.smudge", "smudge"),
        ("filter.p.process", "process"),
        ("diff.d.textconv", "textconv"),
        ("diff.d.command", "command"),
        ("diff.external", "external"),
        ("merge.d.driver", "merge"),
        ("gpg.program", "gpg"),
        ("core.editor", "editor"),
        ("core.pager", "pager"),
        ("credential.helper", "credential"),
        ("core.sshCommand", "ssh"),
        ("core.alternateRefsCommand", "alternates"),
    ):
        git(root, "config", key, mark(name))
    git(root, "config", "commit.gpgSign", "true")
    git(root, "config", "log.showSignature", "true")
    (root / ".git/info").mkdir(exist_ok=True)
    (root / ".git/info/attributes").write_text("*.py filter=f diff=d merge=d\n*.sh filter=p\n")


def test_nothing_in_the_repository_starts_a_program(root: Path, world: EffectWorld, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    plant_programs(root, marks)
    shown("git.commit", COMMIT, world)
    output = done("git.commit", COMMIT, world)
    done("git.commit", COMMIT, world)
    done("git.branch", {"name": "b", "from": output["commit"]}, world_of(root, "k2"))
    done("git.revert", {"commit": output["commit"], "branch": "fairlead/fix"}, world_of(root, "k3"))
    done("patch.apply", {"patches": [TWO]}, world_of(root, "k4"))
    assert [path.name for path in marks.glob("*.ran")] == []
    # The marks can be made: an ordinary commit makes several.
    git(root, "-c", "commit.gpgSign=false", "commit", "-qam", "As a person does")
    assert {"pre-commit.ran", "clean.ran", "reference-transaction.ran"} <= {path.name for path in marks.glob("*.ran")}


def test_new_objects_and_references_may_be_read_by_whoever_may_read_the_others(root: Path, world: EffectWorld) -> None:
    (root / ".git/objects").chmod(0o755)
    (root / ".git/refs/heads").chmod(0o755)
    output = done("git.commit", COMMIT, world)
    made = root / ".git/objects" / output["commit"][:2] / output["commit"][2:]
    assert made.stat().st_mode & 0o777 == 0o444
    assert (root / ".git/refs/heads/fairlead/fix").stat().st_mode & 0o777 == 0o644
    (root / ".git/objects").chmod(0o700)
    hidden = done("git.commit", {**COMMIT, "branch": "y"}, world_of(root, "k2"))
    made = root / ".git/objects" / hidden["commit"][:2] / hidden["commit"][2:]
    assert made.stat().st_mode & 0o077 == 0


WRITES = ("unpack-objects", "commit-tree", "update-ref")


@proves("B10.1")
@pytest.mark.parametrize("at", range(2 * len(WRITES)))
def test_killed_before_and_after_each_write_there_is_one_commit(root: Path, world: EffectWorld, at: int) -> None:
    killer = Killer(at)
    real = run_git

    def perform() -> None:
        def watched(cwd: str, *args: str, **more: Any) -> Any:
            if args[0] not in WRITES:
                return real(cwd, *args, **more)
            killer.boundary()
            answer = real(cwd, *args, **more)
            killer.boundary()
            return answer

        scratch.__dict__["run_git"] = watched
        attempt("git.commit", COMMIT, world)

    before = picture(root)
    assert killed(perform), f"nothing happens at boundary {at}"
    is_there = git(root, "branch", "--list", "fairlead/fix") != ""
    assert is_there == (at == 2 * len(WRITES) - 1)
    output = done("git.commit", COMMIT, world)
    assert git(root, "rev-list", "fairlead/fix", "^main").split() == [output["commit"]]
    assert picture(root) == before
    assert os.listdir(world.trees.removesuffix(".git") + ".effects") == [], "nothing of the killed one is left"
    git(root, "fsck", "--strict")


def test_git_that_fails_moves_nothing(root: Path, world: EffectWorld) -> None:
    (root / ".git/refs/heads/fairlead").mkdir()
    (root / ".git/refs/heads/fairlead/fix.lock").touch()
    failed = refused("git.commit", COMMIT, world)
    assert (failed.code, failed.fault) == ("FL-R332", "platform")
    (root / ".git/refs/heads/fairlead/fix.lock").unlink()
    done("git.commit", COMMIT, world)


def test_nothing_is_left_behind(root: Path, world: EffectWorld) -> None:
    done("git.commit", COMMIT, world)
    refused("git.commit", {**COMMIT, "branch": "main"}, world)
    assert os.listdir(world.trees.removesuffix(".git") + ".effects") == []
    assert subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, check=True).stdout == b""


def test_a_repository_of_sha256_has_commits_too(tmp_path: Path) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q", "-b", "main", "--object-format=sha256")
    write_files(root, FILES)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "First")
    output = done("git.commit", COMMIT, world_of(root))
    assert len(output["commit"]) == 64
    git(root, "fsck")


def test_a_linked_worktree_commits_into_the_shared_repository(root: Path, tmp_path: Path) -> None:
    linked = tmp_path / "w"
    git(root, "worktree", "add", "-q", "-b", "elsewhere", str(linked))
    world = EffectWorld(str(linked), str(root / ".git/fairlead/trees/r-abcdefgh.git"), RunId("r-abcdefgh"), "k", "")
    output = done("git.commit", COMMIT, world)
    assert git(root, "rev-parse", "fairlead/fix") == output["commit"]
