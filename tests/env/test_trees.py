"""Working copies: filled from the tree at hand, recorded when the step says so, and the repository never touched."""

import asyncio
import errno
import os
import shutil
import stat
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.ids import Place, RunId
from fairlead.env import private_git
from fairlead.env.spawner import LocalSpawner
from fairlead.env.trees import RunTrees, sweep
from tests.env.conftest import git, make_repository, write_files

SCAN = Place("scan")
Picture = dict[str, tuple[str, bytes]]


def open_copy(trees: RunTrees, tree: str = "", attempt: int = 1, place: Place = SCAN) -> Path:
    return Path(asyncio.run(trees.open_copy(place, attempt, tree)))


def record(trees: RunTrees, copy: Path) -> str:
    return asyncio.run(trees.record_copy(str(copy)))


def picture(root: Path) -> Picture:
    """Every file below *root* except its git directory: kind and content."""
    found: Picture = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name != ".git"]
        for name in names:
            path = Path(folder) / name
            mode = path.lstat().st_mode
            if stat.S_ISLNK(mode):
                found[str(path.relative_to(root))] = ("link", os.fsencode(os.readlink(path)))
            else:
                found[str(path.relative_to(root))] = ("program" if mode & 0o100 else "file", path.read_bytes())
    return found


def everything(root: Path) -> dict[str, tuple[int, bytes]]:
    """All of the repository, its own files included, down to the time of the last change."""
    files = (path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def trees_of(root: Path, state: Path, spawner: LocalSpawner) -> RunTrees:
    return RunTrees(str(state), RunId("r-abcdefgh"), str(root), spawner)


def test_a_copy_is_the_tree_at_hand(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    odd = os.fsdecode(b"odd\xff\nname")
    files = {"a.py": "a", "gone.py": "", "in/b.py": "b", "run.sh": "#!/bin/sh", odd: "odd", ".gitignore": "*.log\n"}
    root = make_repository(tmp_path / "r", files)
    (root / "run.sh").chmod(0o755)
    (root / "link").symlink_to("in/b.py")
    (root / "dangling").symlink_to(b"nowhere\xfe")
    (root / "gone.py").unlink()
    write_files(root, {"a.py": "changed", "new/c.py": "new", "x.log": "ignored"})
    expected = picture(root)
    del expected["x.log"]
    assert picture(open_copy(trees_of(root, state, spawner))) == expected


def test_a_change_in_the_same_moment_as_the_index_is_seen(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "one"})
    moment = (root / ".git/index").stat().st_mtime_ns
    (root / "a.py").write_text("two")  # as long as before, and as old as the index
    os.utime(root / "a.py", ns=(moment, moment))
    assert (open_copy(trees_of(root, state, spawner)) / "a.py").read_text() == "two"


def test_what_a_step_leaves_is_recorded_and_given_to_the_next(
    tmp_path: Path, state: Path, spawner: LocalSpawner
) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a", "b.py": "b", "c.py": "c"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    write_files(copy, {"a.py": "changed", "new/d.py": "d"})
    (copy / "b.py").unlink()
    (copy / "c.py").chmod(0o755)
    (copy / "link").symlink_to("a.py")
    expected = picture(copy)
    tree = record(trees, copy)
    write_files(copy, {"a.py": "after the record"})
    asyncio.run(trees.drop_copy(str(copy)))
    assert not copy.exists()
    assert picture(open_copy(trees_of(root, state, spawner), tree, 2)) == expected
    assert record(trees, open_copy(trees, tree, 3)) == tree


def test_the_repository_is_only_read(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a", "b.py": "b"})
    write_files(root, {"a.py": "stashed"})
    git(root, "stash", "-q")
    write_files(root, {"b.py": "changed", "staged.py": "", "new.py": ""})
    git(root, "add", "staged.py")
    os.utime(root / "a.py")  # a plain `git status` would refresh the index now
    before = everything(root)
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    write_files(copy, {"a.py": "by the step"})
    tree = record(trees, copy)
    open_copy(trees, tree, 2)
    asyncio.run(trees.drop_copy(str(copy)))
    assert everything(root) == before
    git(root, "fsck", "--strict")
    assert git(root, "stash", "list").startswith("stash@{0}")


def test_nothing_that_the_repository_names_is_started(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a", ".gitattributes": "* filter=evil\n"})
    proof, script = tmp_path / "proof", tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {proof}\ncat\n")
    script.chmod(0o755)
    keys = ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.editor")
    for key in keys:
        git(root, "config", key, str(script))
    Path(os.environ["HOME"], ".gitconfig").write_text(f'[filter "evil"]\n\tclean = {script}\n\trequired = true\n')
    for hook in ("post-index-change", "post-checkout", "reference-transaction"):
        shutil.copy(script, root / ".git/hooks" / hook)
    write_files(root, {"a.py": "changed", "new.py": "new"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    # And nothing that the step leaves in its copy is started either.
    git(copy, "config", "core.fsmonitor", str(script))
    git(copy, "config", "filter.evil.clean", str(script))
    proof.unlink(missing_ok=True)
    write_files(copy, {"a.py": "by the step"})
    open_copy(trees, record(trees, copy), 2)
    assert not proof.exists()


def test_ignore_rules_of_every_kind_are_kept(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {".gitignore": "by_tree\n", "a.py": ""})
    (root / ".git/info/exclude").write_text("by_repository\n")
    mine = tmp_path / "my ignores"
    mine.write_text("by_person\n")
    Path(os.environ["HOME"], ".gitconfig").write_text(f'[core]\n\texcludesFile = "{mine}"\n')
    write_files(root, {"by_tree": "", "by_repository": "", "by_person": "", "kept": ""})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    assert set(picture(copy)) == {".gitignore", "a.py", "kept"}
    write_files(copy, {"by_person": "", "made": ""})
    assert set(picture(open_copy(trees, record(trees, copy), 2))) == {".gitignore", "a.py", "kept", "made"}


def test_without_git_files_are_copied_all_the_same(tmp_path: Path, spawner: LocalSpawner) -> None:
    root = tmp_path / "plain"
    write_files(root, {"a.py": "a", "node_modules/x.js": "", "in/b.py": "b", ".fairlead/workflows/w.yaml": ""})
    state = root / ".fairlead/state"
    write_files(state, {"journal.db": ""})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    assert set(picture(copy)) == {"a.py", "in/b.py", ".fairlead/workflows/w.yaml"}
    write_files(copy, {"a.py": "changed"})
    assert picture(open_copy(trees, record(trees, copy), 2))["a.py"] == ("file", b"changed")


def test_a_repository_without_a_commit(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q")
    write_files(root, {"a.py": "a"})
    copy = open_copy(trees_of(root, state, spawner))
    assert set(picture(copy)) == {"a.py"}
    assert git(copy, "status", "--porcelain") == "A  a.py"


def test_a_linked_worktree_gives_its_own_tree(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "main"})
    git(root, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    write_files(tmp_path / "linked", {"a.py": "linked"})
    git(tmp_path / "linked", "add", "a.py")
    assert (open_copy(trees_of(tmp_path / "linked", state, spawner)) / "a.py").read_text() == "linked"


def test_submodules_stay_empty_folders_and_keep_their_commit(
    tmp_path: Path, state: Path, spawner: LocalSpawner
) -> None:
    inner = make_repository(tmp_path / "inner", {"i.py": "i"})
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    git(root, "commit", "-qm", "Submodule")
    write_files(root / "sub", {"i.py": "changed"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    assert set(picture(copy)) == {"a.py", ".gitmodules"}
    assert list((copy / "sub").iterdir()) == []
    tree = record(trees, copy)
    assert tree == git(root, "rev-parse", "HEAD^{tree}")


def test_an_index_in_two_parts_is_read(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {f"{n}.py": str(n) for n in range(20)})
    git(root, "update-index", "--split-index")
    write_files(root, {"new.py": "new"})
    git(root, "add", "new.py")
    assert len(picture(open_copy(trees_of(root, state, spawner)))) == 21


def test_settings_that_decide_what_a_content_is_are_taken_over(
    tmp_path: Path, state: Path, spawner: LocalSpawner
) -> None:
    root = make_repository(tmp_path / "r", {"a.txt": "one\n"})
    git(root, "config", "core.fileMode", "false")
    (root / "a.txt").chmod(0o755)
    assert picture(open_copy(trees_of(root, state, spawner))) == {"a.txt": ("file", b"one\n")}


def test_a_repository_of_sha256_works_too(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = tmp_path / "r"
    root.mkdir()
    git(root, "init", "-q", "--object-format=sha256")
    make_repository(root, {"a.py": "a"})
    trees = trees_of(root, state, spawner)
    tree = record(trees, open_copy(trees))
    assert tree == git(root, "rev-parse", "HEAD^{tree}")
    assert len(tree) == 64


def test_git_works_in_a_copy_and_shows_what_the_step_did(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a\n"})
    copy = open_copy(trees_of(root, state, spawner))
    write_files(copy, {"a.py": "b\n"})
    assert git(copy, "status", "--porcelain") == " M a.py"
    assert git(copy, "rev-parse", "HEAD") == git(root, "rev-parse", "HEAD")
    git(copy, "commit", "-qam", "In the copy")
    assert git(root, "rev-list", "--all", "--count") == "1"


def test_a_recorded_tree_survives_the_collection_of_garbage(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    write_files(copy, {"a.py": "by the step"})
    tree = record(trees, copy)
    git(root, "--git-dir", str(state / "trees/r-abcdefgh.git"), "gc", "-q", "--prune=now")
    assert (open_copy(trees, tree, 2) / "a.py").read_text() == "by the step"


def test_a_copy_that_an_earlier_attempt_left_is_made_anew(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    write_files(copy, {"left": "", "closed/x": ""})
    write_files(state / "trees/r-abcdefgh.git/indexes", {"scan.1.lock": "left by a killed git"})
    (copy / "closed").chmod(0)
    assert open_copy(trees) == copy
    assert set(picture(copy)) == {"a.py"}


def test_dropping_follows_no_link(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    (copy / "out").symlink_to(root)
    asyncio.run(trees.drop_copy(str(copy)))
    assert (root / "a.py").read_text() == "a"


def test_places_that_look_alike_have_copies_of_their_own(tmp_path: Path, state: Path, spawner: LocalSpawner) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    trees = trees_of(root, state, spawner)

    async def side_by_side() -> list[str]:
        places = (Place("each[a/b]"), Place("each[a.b]"), Place("../../up"))
        return await asyncio.gather(*(trees.open_copy(place, 1, "") for place in places))

    copies = asyncio.run(side_by_side())
    assert len(set(copies)) == 3
    assert {os.path.dirname(copy) for copy in copies} == {str(state / "trees/r-abcdefgh")}
    assert [set(picture(Path(copy))) for copy in copies] == [{"a.py"}] * 3


def test_a_tree_that_is_not_there_is_said_and_leaves_the_repository_alone(
    tmp_path: Path, state: Path, spawner: LocalSpawner
) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    before = everything(root)
    with pytest.raises(FairleadError, match="FL-N034"):
        open_copy(trees_of(root, state, spawner), "1" * 40)
    assert everything(root) == before


def test_what_a_killed_owner_left_is_removed_and_nothing_else(
    tmp_path: Path, state: Path, spawner: LocalSpawner
) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    trees = trees_of(root, state, spawner)
    kept = record(trees, open_copy(trees))
    left = open_copy(trees, kept, attempt=2)
    run, other = RunId("r-abcdefgh"), RunId("r-jkmnpqrs")
    git_dir = state / "trees" / f"{run}.git"
    (git_dir / "indexes" / f"{run}-scan.2.lock").touch()
    theirs = git_dir / "indexes" / f"{other}-scan.1"  # of a child run, which keeps its trees here
    theirs.touch()
    beside = state / "trees" / f"{run}.git.0a1b2c3d"
    beside.mkdir()
    sweep(str(state), run, run)
    assert not left.exists()
    assert not beside.exists()
    assert list((git_dir / "indexes").iterdir()) == [theirs]
    assert picture(open_copy(trees, kept, attempt=3)) == picture(root)
    sweep(str(state), other, run)
    assert not theirs.exists()
    assert (state / "trees" / run / "scan.3").exists()
    sweep(str(state), RunId("r-tvwxyz22"), run)  # one that never had anything


def test_what_still_changes_while_it_is_swept_is_removed_all_the_same(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = state / "trees" / "r-abcdefgh" / "scan.1"
    copy.mkdir(parents=True)
    (copy / "a.py").touch()
    remove = shutil.rmtree
    disturbed: list[OSError] = [OSError(errno.ENOTEMPTY, "written to"), FileNotFoundError("taken away")]

    def disturbed_once(path: str) -> None:
        if disturbed:
            raise disturbed.pop()
        remove(path)

    monkeypatch.setattr(shutil, "rmtree", disturbed_once)
    sweep(str(state), RunId("r-abcdefgh"), RunId("r-abcdefgh"))
    assert not copy.exists()


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "FL-N012"), (errno.EDQUOT, "FL-N012"), (errno.EIO, "")])
def test_a_disk_without_room_is_no_mistake_of_the_step(
    tmp_path: Path, state: Path, spawner: LocalSpawner, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    trees = trees_of(make_repository(tmp_path / "r", {"a.py": "a"}), state, spawner)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "makedirs", refuse)
    with pytest.raises(FairleadError if code else OSError) as caught:
        open_copy(trees)
    said = caught.value
    assert (said.diagnostics[0].code if isinstance(said, FairleadError) else "") == code


@pytest.mark.parametrize(
    "word",
    ["error: unable to write file x: No space left on device", "fatal: sha1 file 'x' write error. Out of diskspace"],
)
def test_a_disk_without_room_that_git_meets_is_said(
    tmp_path: Path, state: Path, spawner: LocalSpawner, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    trees = trees_of(root, state, spawner)
    copy = open_copy(trees)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\necho "{word}" >&2\nexit 128\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setattr(private_git, "git_argv", lambda words: (str(tmp_path / "bin" / "git"), *words))
    with pytest.raises(FairleadError) as caught:
        record(trees, copy)
    assert caught.value.diagnostics[0].code == "FL-N012"
