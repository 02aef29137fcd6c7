"""The commit to compare with, and its tree in a directory of its own: the repository is only read."""

from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.env.baselines import LocalRepository
from fairlead.env.listing import list_tree
from tests.journeys.repositories import commit, differences, git, make_repository, snapshot


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "shop")


def head(root: Path, name: str = "HEAD") -> str:
    return git(root, "rev-parse", name).decode().strip()


def test_it_is_where_both_part_and_the_commit_itself_when_they_never_met(root: Path) -> None:
    begin = head(root)
    git(root, "switch", "-q", "-c", "feature")
    (root / "b.py").write_text("b = 1\n")
    commit(root, "B")
    git(root, "switch", "-q", "main")
    (root / "c.py").write_text("c = 1\n")
    commit(root, "C")
    repository = LocalRepository(str(root), True)
    found = repository.common_commit("feature")
    assert (found.commit, found.is_merge_base, found.name) == (begin, True, f"feature @ {begin[:7]}")
    git(root, "switch", "-q", "--orphan", "other")
    (root / "d.py").write_text("d = 1\n")
    commit(root, "D")
    alone = repository.common_commit("main")
    assert (alone.commit, alone.is_merge_base) == (head(root, "main"), False)
    assert repository.reachable([begin, head(root, "main"), "0" * 40, "--all"], head(root, "feature")) == {begin}


@pytest.mark.parametrize("ref", ["nope", "", "--all", "-h", "HEAD:app.py", "x" * 300, "a\0b", "@{u}", "HEAD^{tree}"])
def test_what_names_no_commit_is_refused(root: Path, ref: str) -> None:
    with pytest.raises(FairleadError, match="FL-S057"):
        LocalRepository(str(root), True).common_commit(ref)


def test_a_slip_is_answered_with_the_name_that_is_near(root: Path) -> None:
    git(root, "branch", "release-1")
    with pytest.raises(FairleadError) as refused:
        LocalRepository(str(root), True).common_commit("relaese-1")
    assert refused.value.diagnostics[0].hints[:2] == ("--new-since release-1", "git fetch origin relaese-1")


def test_a_shallow_clone_is_told_how_to_fetch_more(root: Path, tmp_path: Path) -> None:
    git(root, "switch", "-q", "-c", "feature")
    (root / "b.py").write_text("b = 1\n")
    commit(root, "B")
    git(tmp_path, "clone", "-q", "--depth=1", "--no-single-branch", f"file://{root}", "narrow")
    git(root, "switch", "-q", "main")
    (root / "c.py").write_text("c = 1\n")
    commit(root, "C")
    narrow = tmp_path / "narrow"
    git(narrow, "fetch", "-q", "--depth=1", "origin", "main")
    repository = LocalRepository(str(narrow), True)
    for ref, typed in (
        ("origin/main", "git fetch origin main --depth=50"),
        ("nope", "git fetch origin nope --depth=50"),
        ("HEAD~3", "git fetch --deepen=50"),
    ):
        with pytest.raises(FairleadError, match="FL-S058") as refused:
            repository.common_commit(ref)
        assert refused.value.diagnostics[0].hints[0] == typed


def test_without_a_repository_or_a_commit_there_is_nothing_to_compare_with(tmp_path: Path) -> None:
    with pytest.raises(FairleadError, match="FL-S056"):
        LocalRepository(str(tmp_path), False).common_commit("main")
    git(tmp_path, "init", "-q")
    with pytest.raises(FairleadError, match="FL-S057"):
        LocalRepository(str(tmp_path), True).common_commit("main")


def test_the_exported_tree_lists_the_files_of_the_commit_and_the_repository_stays_as_it_is(
    root: Path, tmp_path: Path
) -> None:
    (root / ".gitignore").write_text("*.log\n")
    (root / "kept.log").write_text("tracked all the same\n")
    git(root, "add", "-f", "kept.log")
    (root / "folder").mkdir()
    (root / "folder" / "größe.py").write_text("a = 1\n")
    (root / "link").symlink_to("app.py")
    git(root, "config", "filter.evil.smudge", f"touch {tmp_path}/smudged; cat")
    (root / ".gitattributes").write_text("*.py filter=evil\n")
    commit(root, "More")
    wanted = head(root)
    (root / "app.py").write_text("changed\n")
    (root / "new.py").write_text("new\n")
    before = snapshot(root)
    smudged = tmp_path / "smudged"
    smudged.unlink(missing_ok=True)
    told: list[str] = []
    repository = LocalRepository(str(root), True)
    place = tmp_path / "exported" / "x"
    place.parent.mkdir()
    repository.export(wanted, str(place), told.append)
    repository.export(wanted, str(place), told.append)
    listing = list_tree(str(place))
    assert listing.is_git
    assert [file.path for file in listing.files if file.is_changed] == []
    names = {".gitattributes", ".gitignore", "app.py", "folder/größe.py", "kept.log", "readme.md"}
    assert {file.path for file in listing.files} == names
    assert (place / "app.py").read_text() != "changed\n"
    assert differences(before, snapshot(root)) == []
    assert not smudged.exists(), "a filter of the repository is a program of a stranger"
    assert told == []
    repository.drop(str(place))
    assert list(place.parent.iterdir()) == []


def test_a_commit_that_is_gone_cannot_be_exported(root: Path, tmp_path: Path) -> None:
    with pytest.raises(FairleadError, match="FL-S059"):
        LocalRepository(str(root), True).export("0" * 40, str(tmp_path / "x"), lambda text: None)
    assert not (tmp_path / "x").exists()
