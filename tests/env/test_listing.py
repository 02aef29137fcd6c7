"""What belongs to a tree, in which order, and what is left out and said."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.findings import path_text
from fairlead.core.tools import Unreadable
from fairlead.env import listing
from fairlead.env.files import TreeReader
from fairlead.env.listing import Listing, list_tree
from fairlead.env.paths import PATHS_MAX, resolve_paths
from fairlead.env.relevance import rank
from tests.env.conftest import NOBODY, as_nobody, git, make_repository, write_files


def paths(found: Listing) -> list[str]:
    return [file.path for file in found.files]


def changed(found: Listing) -> list[str]:
    return [file.path for file in found.files if file.is_changed]


def test_changed_files_come_first_and_then_all_by_path(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"b.py": "b", "a.py": "a", "z/c.py": "c", "Z.py": "", ".gitignore": "*.log\n"})
    write_files(root, {"z/c.py": "changed", "new.py": "four", "x.log": "ignored"})
    found = list_tree(str(root))
    assert paths(found) == ["new.py", "z/c.py", ".gitignore", "Z.py", "a.py", "b.py"]
    assert changed(found) == ["new.py", "z/c.py"]
    assert [file.size for file in found.files[:2]] == [4, 7]
    assert (found.left_out, found.is_git, found.submodules) == (0, True, ())


def test_staged_deleted_and_renamed_files(tmp_path: Path) -> None:
    root = make_repository(
        tmp_path, {"gone.py": "", "staged.py": "", "old.py": "x" * 100, "cached.py": "", "same.py": ""}
    )
    (root / "gone.py").unlink()
    write_files(root, {"staged.py": "new"})
    git(root, "add", "staged.py")
    git(root, "mv", "old.py", "renamed.py")
    git(root, "rm", "-q", "--cached", "cached.py")
    found = list_tree(str(root))
    assert paths(found) == ["cached.py", "renamed.py", "staged.py", "same.py"]
    assert changed(found) == ["cached.py", "renamed.py", "staged.py"]


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    assert paths(list_tree(str(tmp_path))) == []
    write_files(tmp_path, {"a.py": "", "b.py": ""})
    git(tmp_path, "add", "a.py")
    assert changed(list_tree(str(tmp_path))) == ["a.py", "b.py"]


def test_names_that_are_no_text_or_hold_line_feeds(tmp_path: Path) -> None:
    names = [
        os.fsdecode(name) for name in (b"new\nline.py", b"not\xffutf8.py", b'quo"te.py', b" lead", b"-dash", b"tab\t")
    ]
    root = make_repository(tmp_path, dict.fromkeys(names, "x"))
    assert sorted(paths(list_tree(str(root)))) == sorted(names)
    write_files(root, dict.fromkeys(names, "changed"))
    assert sorted(changed(list_tree(str(root)))) == sorted(names)


def test_links_and_special_files_are_left_out(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"a.py": ""})
    (root / "link.py").symlink_to("a.py")
    git(root, "add", "link.py")
    (root / "loop").symlink_to(".")
    os.mkfifo(root / "pipe")
    assert paths(list_tree(str(root))) == ["a.py"]


def test_a_file_that_became_a_folder_is_not_a_file(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"thing": "", "a.py": ""})
    (root / "thing").unlink()
    write_files(root, {"thing/inside.py": ""})
    assert paths(list_tree(str(root))) == ["thing/inside.py", "a.py"]


def test_submodules_and_nested_repositories_are_named_and_not_entered(tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner", {"i.py": ""})
    root = make_repository(tmp_path / "r", {"a.py": ""})
    git(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    make_repository(root / "nested", {"n.py": ""})
    found = list_tree(str(root))
    assert paths(found) == [".gitmodules", "a.py"]
    assert found.submodules == ("sub", "nested")


def test_a_folder_of_a_repository_is_listed_from_there(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"a.py": "", "in/b.py": "", "in/c.py": ""})
    write_files(root, {"in/b.py": "changed", "in/new.py": "", "out.py": ""})
    found = list_tree(str(root / "in"))
    assert paths(found) == ["b.py", "new.py", "c.py"]
    assert changed(found) == ["b.py", "new.py"]


def test_conflicts_are_listed_once(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"a.py": "one"})
    git(root, "checkout", "-q", "-b", "other")
    write_files(root, {"a.py": "two"})
    git(root, "commit", "-qam", "Two")
    git(root, "checkout", "-q", "main")
    write_files(root, {"a.py": "three"})
    git(root, "commit", "-qam", "Three")
    with pytest.raises(subprocess.CalledProcessError):
        git(root, "merge", "other")
    assert changed(list_tree(str(root))) == ["a.py"]


def test_without_git_the_folders_of_tools_are_skipped(tmp_path: Path) -> None:
    kept = {"b.py": "", "a/c.py": ""}
    skipped = (
        "node_modules/x.js",
        ".venv/x.py",
        "a/__pycache__/x.pyc",
        ".fairlead/state/journal.db",
        "mine/journal.db",
    )
    write_files(tmp_path, kept | dict.fromkeys(skipped, ""))
    (tmp_path / "loop").symlink_to(tmp_path)
    found = list_tree(str(tmp_path), leave_out=[str(tmp_path / "mine")])
    assert paths(found) == ["a/c.py", "b.py"]
    assert not found.is_git
    assert changed(found) == []


def test_paths_limit_the_list(tmp_path: Path) -> None:
    root = make_repository(
        tmp_path, {"a.py": "", "in/b.py": "", "in/d/c.py": "", "inner.py": "", ".gitignore": "out/\n"}
    )
    write_files(root, {"out/made.js": ""})
    assert paths(list_tree(str(root), paths=["in"])) == ["in/b.py", "in/d/c.py"]
    assert paths(list_tree(str(root), paths=["in/d", "a.py"])) == ["a.py", "in/d/c.py"]
    assert len(paths(list_tree(str(root), paths=["."]))) == 5
    # What git ignores is listed when a person names it: they know what they ask for.
    assert paths(list_tree(str(root), paths=["out"])) == ["out/made.js"]
    assert paths(list_tree(str(root), paths=["out/made.js"])) == ["out/made.js"]


def test_a_path_that_is_no_text_arrives_in_the_form_of_inputs(tmp_path: Path) -> None:
    name = os.fsdecode(b"back\\slash\xff.py")
    write_files(tmp_path, {name: "", "other.py": ""})
    assert paths(list_tree(str(tmp_path), paths=[path_text(name)])) == [name]


def test_all_wrong_paths_are_named_at_once(tmp_path: Path) -> None:
    write_files(tmp_path / "r", {"source/module.py": "", "a.py": ""})
    write_files(tmp_path, {"outside.py": ""})
    with pytest.raises(FairleadError) as caught:
        resolve_paths(str(tmp_path / "r"), ["a.py", "sorce/module.py", "nothing-like-it", "../outside.py", "nul\0"])
    codes = [diagnostic.code for diagnostic in caught.value.diagnostics]
    assert codes == ["FL-S008", "FL-S008", "FL-S008", "FL-S008"]
    first, second, third, _ = caught.value.diagnostics
    assert first.hints[0] == "Did you mean source/module.py?"
    assert len(second.hints) == 1
    assert "outside of this tree" in third.message


def test_paths_are_read_from_where_the_person_stands(tmp_path: Path) -> None:
    write_files(tmp_path, {"in/a.py": ""})
    (tmp_path / "out").symlink_to("/etc")
    inside = str(tmp_path / "in")
    assert resolve_paths(str(tmp_path), ["a.py", "..", str(tmp_path / "in")], cwd=inside) == ("in/a.py", "", "in")
    with pytest.raises(FairleadError, match="outside of this tree"):
        resolve_paths(str(tmp_path), ["out/hostname"])


def test_one_path_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    write_files(tmp_path, {"a": ""})
    assert len(resolve_paths(str(tmp_path), ["a"] * PATHS_MAX)) == PATHS_MAX
    with pytest.raises(FairleadError, match="FL-N033"):
        resolve_paths(str(tmp_path), ["a"] * (PATHS_MAX + 1))


def test_a_very_large_tree_is_sampled_by_its_rule_and_the_rest_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FILES_MAX", 30)
    monkeypatch.setattr(listing, "SAMPLE_MAX", 10)
    files = {f"data/{n}.bin": "" for n in range(30)} | {f"src/m{n}.py": "" for n in range(6)}
    root = make_repository(tmp_path, files | {"pyproject.toml": "", "Dockerfile": "", ".github/workflows/ci.yml": ""})
    write_files(root, {"data/7.bin": "changed", "data/new.bin": ""})
    found = list_tree(str(root))
    assert changed(found) == ["data/7.bin", "data/new.bin"]
    sampled = {file.path for file in found.files if not file.is_changed}
    expected = {"pyproject.toml", "Dockerfile", ".github/workflows/ci.yml", *(f"src/m{n}.py" for n in range(6))}
    assert sampled == expected | {"data/0.bin"}
    assert found.left_out == 40 - 12
    assert list_tree(str(root)) == found
    whole = list_tree(str(root), is_whole=True)
    assert (len(whole.files), whole.left_out) == (40, 0)


def test_a_tree_of_exactly_the_limit_is_listed_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(tmp_path, {f"{n}.py": "" for n in range(31)})
    monkeypatch.setattr(listing, "FILES_MAX", 31)
    assert list_tree(str(tmp_path)).left_out == 0
    monkeypatch.setattr(listing, "FILES_MAX", 30)
    monkeypatch.setattr(listing, "SAMPLE_MAX", 10)
    assert list_tree(str(tmp_path)).left_out == 21


@pytest.fixture
def quick_folder() -> Iterator[Path]:
    """A folder in memory where there is one: making many files on a busy disk takes minutes."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    yield folder
    shutil.rmtree(folder)


def test_more_than_twenty_thousand_real_files(quick_folder: Path) -> None:
    for folder in range(21):
        (quick_folder / f"d{folder}").mkdir()
        for n in range(1_000):
            os.mknod(quick_folder / f"d{folder}" / f"{n}.txt")
    write_files(quick_folder, {"main.py": "x"})
    found = list_tree(str(quick_folder))
    assert len(found.files) == 2_000
    assert found.left_out == 19_001
    assert "main.py" in paths(found)


def test_the_rule_puts_first_what_says_most() -> None:
    in_order = [
        b"package.json", b"web/package.json", b"Dockerfile", b".github/workflows/ci.yml", b"app.py", b"src/app.py",
        b"settings.yaml", b"notes.txt", b"vendor/lib.py", b"node_modules/x/package.json",
    ]  # fmt: skip
    shuffled = list(in_order)
    random.Random(7).shuffle(shuffled)
    assert sorted(shuffled, key=rank) == in_order


def test_nothing_that_the_repository_names_is_started(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a", "b.bin": "b", ".gitattributes": "* filter=evil diff=evil\n"})
    proof = tmp_path / "proof"
    script = tmp_path / "evil.sh"
    script.write_text(f"#!/bin/sh\necho $0 $@ >> {proof}\ncat\n")
    script.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process"):
        git(root, "config", key, str(script))
    for key in ("diff.evil.textconv", "diff.evil.command", "diff.external", "core.sshCommand", "core.editor"):
        git(root, "config", key, str(script))
    git(root, "config", "filter.evil.required", "true")
    for hook in ("post-index-change", "reference-transaction", "pre-commit"):
        (root / ".git/hooks" / hook).write_text(script.read_text())
        (root / ".git/hooks" / hook).chmod(0o755)
    (root / "a.py").write_text("A")  # as long as before, so that git has to compare contents
    os.utime(root / "b.bin")
    found = list_tree(str(root))
    assert "a.py" in changed(found)
    from fairlead.env.tool_world import LocalToolWorld

    world = LocalToolWorld(str(root))
    assert world.git("log", "-p", "--all").exit_code == 0
    assert world.git("diff", "HEAD").exit_code == 0
    assert world.git("status", "--porcelain").exit_code == 0
    assert not proof.exists()


def test_listing_changes_nothing(tmp_path: Path) -> None:
    root = make_repository(tmp_path, {"a.py": "a", "b.py": "b"})
    os.utime(root / "a.py")  # `git status` would refresh its index here
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*") if path.is_file()}
    list_tree(str(root))
    assert before == {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in root.rglob("*") if path.is_file()}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as somebody else")
def test_what_may_not_be_read_is_listed_so_that_reading_says_so(open_folder: Path) -> None:
    write_files(open_folder, {"plain/closed/a.py": "", "plain/b.py": "", "shut/c.py": ""})
    (open_folder / "plain/closed").chmod(0)
    (open_folder / "shut").chmod(0)

    def look() -> str:
        found = list_tree(str(open_folder / "plain"))
        reader = TreeReader(str(open_folder / "plain"))
        said = []
        for file in found.files:
            try:
                reader.read(file.path)
            except Unreadable as reason:
                said.append(f"{file.path}: {reason}")
        try:
            list_tree(str(open_folder / "shut"))
        except FairleadError as error:
            said.append(error.diagnostics[0].code)
        return ", ".join((*paths(found), *said))

    assert as_nobody(look) == "b.py, closed, closed: it is a folder, FL-N024"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as somebody else")
def test_a_tracked_file_in_a_closed_folder_is_not_taken_for_deleted(open_folder: Path) -> None:
    root = make_repository(open_folder / "r", {"a.py": "", "closed/b.py": ""})
    for folder, folders, names in os.walk(root):
        for name in (".", *folders, *names):
            os.chown(os.path.join(folder, name), NOBODY, NOBODY)
    (root / "closed").chmod(0)
    assert as_nobody(lambda: ", ".join(sorted(paths(list_tree(str(root)))))) == "a.py, closed/b.py"
