"""Where a command stands: every kind of place that a person may call it in."""

import os
import shutil
from pathlib import Path

import pytest

from fairlead.core.errors import FairleadError
from fairlead.env import places
from fairlead.env.mounts import is_writable, network_kind
from fairlead.env.places import find_place, look_around, user_name
from tests.env.conftest import as_nobody, git, make_repository, write_files


def code_of(directory: Path) -> str:
    with pytest.raises(FairleadError) as caught:
        find_place(str(directory), {})
    assert caught.value.diagnostics[0].hints
    return caught.value.diagnostics[0].code


def test_a_repository_is_found_from_a_folder_in_it(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"src/deep/a.py": "a"})
    place = find_place(str(root / "src/deep"), {})
    assert (place.root, place.is_git) == (str(root), True)
    assert place.state_dir == str(root / ".git/fairlead")
    assert place.git_dir == place.common_dir == str(root / ".git")
    assert place.notes == ()


def test_a_plain_directory_keeps_its_state_in_itself(tmp_path: Path) -> None:
    place = find_place(str(tmp_path), {})
    assert (place.root, place.is_git) == (str(tmp_path), False)
    assert place.state_dir == str(tmp_path / ".fairlead/state")
    assert place.notes == ("not a git repository",)
    assert look_around(place).name == tmp_path.name


def test_the_state_directory_may_be_chosen(tmp_path: Path) -> None:
    assert find_place(str(tmp_path), {"FAIRLEAD_STATE_DIR": "/else/where"}).state_dir == "/else/where"


def test_linked_worktrees_share_their_state(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    git(root, "worktree", "add", "-q", "-b", "other", str(tmp_path / "linked"))
    place = find_place(str(tmp_path / "linked"), {})
    assert place.root == str(tmp_path / "linked")
    assert place.state_dir == find_place(str(root), {}).state_dir
    assert place.git_dir == str(root / ".git/worktrees/linked")
    assert look_around(place).branch == "other"


def test_a_submodule_is_a_tree_of_its_own(tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner", {"i.py": "i"})
    outer = make_repository(tmp_path / "outer", {"o.py": "o"})
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    place = find_place(str(outer / "sub"), {})
    assert place.root == str(outer / "sub")
    assert place.state_dir == str(outer / ".git/modules/sub/fairlead")


def test_what_a_person_sees_of_a_repository(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a", "b.py": "b", ".gitignore": "ignored\n"})
    seen = look_around(find_place(str(root), {}))
    assert (seen.name, seen.branch, seen.changed, seen.notes) == ("r", "main", 0, ())
    assert seen.head == git(root, "rev-parse", "HEAD")[:7]
    write_files(root, {"a.py": "changed", "new/c.py": "", "new/d.py": "", "ignored": ""})
    (root / "b.py").unlink()
    assert look_around(find_place(str(root), {})).changed == 4


def test_a_detached_head_has_no_branch(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": "a"})
    git(root, "checkout", "-q", "--detach")
    seen = look_around(find_place(str(root), {}))
    assert (seen.branch, seen.head) == ("", git(root, "rev-parse", "HEAD")[:7])


def test_an_empty_repository_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write_files(tmp_path, {"a.py": ""})
    seen = look_around(find_place(str(tmp_path), {}))
    assert (seen.branch, seen.head, seen.changed, seen.notes) == ("main", "", 1, ("no commits yet",))


def test_a_repository_in_a_folder_with_an_odd_name(tmp_path: Path) -> None:
    folder = Path(os.path.join(tmp_path, os.fsdecode(b"odd\xff\nname")))
    root = make_repository(folder, {"a.py": "a"})
    place = find_place(str(root), {"XDG_STATE_HOME": str(tmp_path / "state")})
    # As bytes: the message of a failure must be text, or the test runner stumbles over it.
    assert os.fsencode(place.root) == os.fsencode(root)
    assert look_around(place).name == "odd\\xff\nname"
    # SQLite takes names in UTF-8 only.
    assert os.fsencode(place.state_dir).startswith(os.fsencode(tmp_path / "state/fairlead/"))
    assert "has a name that is not UTF-8" in place.notes[-1]


def test_a_line_feed_in_the_path_is_nothing_special(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "odd\nname", {"a.py": "a"})
    place = find_place(str(root), {})
    assert (place.root, place.state_dir) == (str(root), str(root / ".git/fairlead"))


def test_a_missing_directory_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    with pytest.raises(FairleadError) as caught:
        find_place(str(tmp_path / "projcet"), {})
    assert caught.value.diagnostics[0].code == "FL-S008"
    assert str(tmp_path / "project") in caught.value.diagnostics[0].hints[0]


def test_there_is_nothing_to_review_in_a_bare_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "bare.git")
    root = make_repository(tmp_path / "r", {"a.py": ""})
    assert code_of(tmp_path / "bare.git") == "FL-N023"
    assert code_of(root / ".git") == "FL-N023"


def test_without_git_a_repository_is_refused_and_a_plain_directory_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_repository(tmp_path / "r", {"a.py": ""})
    (tmp_path / "plain").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    assert code_of(root) == "FL-N020"
    assert not find_place(str(tmp_path / "plain"), {}).is_git


def test_a_broken_repository_is_no_plain_directory(tmp_path: Path) -> None:
    root = make_repository(tmp_path / "r", {"a.py": ""})
    git(root, "worktree", "add", "-q", str(tmp_path / "linked"))
    shutil.rmtree(root)
    assert code_of(tmp_path / "linked") == "FL-N022"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can act as somebody else")
def test_a_directory_of_another_user_is_refused_with_the_cure(open_folder: Path) -> None:
    root = make_repository(open_folder / "r", {"a.py": ""})

    def look() -> str:
        try:
            find_place(str(root), {})
        except FairleadError as error:
            return error.diagnostics[0].code + error.diagnostics[0].hints[0]
        return "it was read"

    assert as_nobody(look) == f"FL-N021git config --global --add safe.directory {root}"


@pytest.mark.skipif(os.getuid() != 0, reason="root may write everywhere; others see the same through the next test")
def test_a_read_only_directory_keeps_its_state_elsewhere(open_folder: Path) -> None:
    def look() -> str:
        place = find_place(str(open_folder), {"XDG_STATE_HOME": "/some/state"})
        return "\n".join((place.state_dir, *place.notes))

    state_dir, first, second = as_nobody(look).split("\n")
    assert state_dir.startswith("/some/state/fairlead/")
    assert first == "not a git repository"
    assert "is read-only, so the record is kept in /some/state/fairlead/" in second


def test_a_network_place_keeps_its_state_elsewhere_and_says_so_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "network_kind", lambda directory: "nfs4")
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    place = find_place(str(tmp_path), environ)
    assert place.state_dir.startswith(str(tmp_path / "state/fairlead/"))
    assert "network file system (nfs4)" in place.notes[-1]
    os.makedirs(place.state_dir)
    again = find_place(str(tmp_path), environ)
    assert again.state_dir == place.state_dir
    assert again.notes == ("not a git repository",)


def test_mounts_are_told_apart_by_the_longest_path() -> None:
    mounts = (
        "20 1 0:1 / / rw - ext4 /dev/a rw\n"
        "21 20 0:2 / /home rw shared:1 - nfs4 server:/home rw\n"
        "22 21 0:3 / /home/my\\040disk rw - ext4 /dev/b rw\n"
        "23 20 0:4 / /mnt rw - fuse.sshfs me@there rw\n"
        "24 20 0:5 / /box rw - fuse.portal portal rw\n"
    )
    assert network_kind("/srv/x", mounts) == ""
    assert network_kind("/home", mounts) == "nfs4"
    assert network_kind("/home/ada/x", mounts) == "nfs4"
    assert network_kind("/homes", mounts) == ""
    assert network_kind("/home/my disk/x", mounts) == ""
    assert network_kind("/mnt", mounts) == "fuse.sshfs"
    assert network_kind("/box", mounts) == ""
    assert network_kind("/") == ""


def test_a_place_that_does_not_exist_yet_is_judged_by_what_is_above_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert is_writable(str(tmp_path / "a/b/c"))
    assert not is_writable(str(tmp_path / "file/b"))


def test_the_user_has_a_name() -> None:
    assert user_name()
