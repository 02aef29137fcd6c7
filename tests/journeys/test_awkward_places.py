"""A review in places where tools break: complete, honest about what it left out, and without touching anything."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fairlead import __version__
from tests.journeys.door import UNSHARE, Door
from tests.journeys.repositories import FAULTS, FAULTY, commit, differences, git, make_repository, snapshot
from tests.journeys.reviews import (
    COMPLETE,
    assert_complete,
    assert_nothing_to_look_at,
    found,
    header,
    review_untouched,
    steps,
    summary,
)

NO_NETWORK = (*UNSHARE, "--net")


def read_only(directory: Path) -> tuple[str, ...]:
    """Perform a command where *directory* is read-only for everybody, root too."""
    place = f"'{directory}'"
    script = f'mount --bind {place} {place} && mount -o remount,bind,ro {place} && cd {place} && exec "$@"'
    return (*UNSHARE, "--mount", "sh", "-c", script, "sh")


def test_network_off(door: Door, repository: Path) -> None:
    devices = subprocess.run([*NO_NETWORK, "cat", "/proc/net/dev"], check=True, capture_output=True, text=True).stdout
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"], "there is a network after all"
    view = review_untouched(door, repository, within=NO_NETWORK)
    assert_complete(view, {"app.py": FAULTS})


def test_not_a_git_repository(door: Door, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "app.py").write_text(FAULTY)
    answer = door.call(plain, "review")
    assert answer.exit_code == 1
    assert header(answer)[0].startswith(f"fairlead {__version__} · plain")
    assert "  not a git repository" in header(answer)
    assert sorted(path.name for path in plain.iterdir()) == [".fairlead", "app.py"]
    assert [path.name for path in (plain / ".fairlead").iterdir()] == ["state"]
    assert (plain / "app.py").read_text() == FAULTY
    # The record that lies in the directory is no part of what is reviewed.
    assert_complete(door.review(plain).json, {"app.py": FAULTS})
    assert door.verify(plain)["runs"] == 2


def test_empty_repository(door: Door, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    git(tmp_path, "init", "-q", "-b", "main", str(empty))
    before = snapshot(empty)
    answer = door.call(empty, "review")
    assert answer.exit_code == 0
    assert header(answer)[0].startswith(f"fairlead {__version__} · empty · no commit yet")
    assert "  no commits yet" in header(answer)
    assert "\n  no findings " in answer.text
    assert differences(before, snapshot(empty)) == []
    assert_nothing_to_look_at(review_untouched(door, empty))
    assert door.call(empty, "review", "--strict").exit_code == 7


def test_an_empty_directory_without_git(door: Door, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.mkdir()
    assert_nothing_to_look_at(door.review(nothing).json)


def test_dirty_tree(door: Door, repository: Path) -> None:
    for name in ("staged.py", "both.py", "deleted.py", "gone.py", "conflict.py"):
        (repository / name).write_text("x = 1\n")
    commit(repository, "More")
    git(repository, "checkout", "-q", "-b", "other")
    (repository / "conflict.py").write_text("x = 2\n")
    commit(repository, "Theirs")
    git(repository, "checkout", "-q", "main")
    (repository / "conflict.py").write_text("x = 3\n")
    commit(repository, "Ours")
    (repository / "stashed.py").write_text("x = 4\n")
    git(repository, "add", "stashed.py")
    git(repository, "stash", "-q")
    git(repository, "merge", "-q", "other", is_checked=False)
    (repository / "staged.py").write_text(FAULTY)
    (repository / "both.py").write_text("x = 5\n")
    git(repository, "add", "staged.py", "both.py")
    (repository / "both.py").write_text(FAULTY)
    git(repository, "rm", "-q", "deleted.py")
    (repository / "gone.py").unlink()
    (repository / "untracked.py").write_text(FAULTY)
    (repository / ".gitignore").write_text("ignored.py\n")
    (repository / "ignored.py").write_text(FAULTY)
    assert git(repository, "status", "--porcelain").decode().splitlines() == [
        *("MM both.py", "UU conflict.py", "D  deleted.py", " D gone.py", "M  staged.py"),
        *("?? .gitignore", "?? untracked.py"),
    ]
    view = review_untouched(door, repository)
    everywhere = dict.fromkeys(("app.py", "staged.py", "both.py", "untracked.py"), FAULTS)
    # Marks of a conflict are no Python: that the file was read only in part is said.
    assert_complete(view, {**everywhere, "conflict.py": {("security/not-parsed", 1)}})


def test_detached_head(door: Door, repository: Path) -> None:
    git(repository, "checkout", "-q", "--detach")
    head = git(repository, "rev-parse", "--short=7", "HEAD").decode().strip()
    before = snapshot(repository)
    answer = door.call(repository, "review")
    assert answer.exit_code == 1
    assert header(answer)[0].startswith(f"fairlead {__version__} · small · detached @ {head}")
    assert differences(before, snapshot(repository)) == []


def test_linked_worktree(door: Door, repository: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "-q", "-b", "side", str(linked))
    (linked / "app.py").write_text("x = 1\n")
    (linked / "side.py").write_text(FAULTY)
    before = snapshot(repository)
    view = review_untouched(door, linked)
    assert differences(before, snapshot(repository)) == []
    assert_complete(view, {"side.py": FAULTS})
    # One record for all worktrees of a repository, beside its objects.
    assert (repository / ".git/fairlead/journal.db").exists()
    assert_complete(review_untouched(door, repository), {"app.py": FAULTS})
    listed = door.call(linked, "runs", "list", "--json").json["runs"]
    assert [run["root"] for run in listed] == [str(repository), str(linked)]
    assert door.verify(linked) | {"seconds": 0} == door.verify(repository) | {"seconds": 0}


def test_submodule(door: Door, repository: Path, tmp_path: Path) -> None:
    library = make_repository(tmp_path / "library")
    git(repository, "submodule", "-q", "add", str(library), "vendor/library")
    commit(repository, "Add a library")
    view = review_untouched(door, repository)
    assert_complete(view, {"app.py": FAULTS})  # the library has a record of its own, and its own review
    assert summary(view, "inventory").endswith(" · 1 repository inside, not entered")
    assert "inside" not in summary(door.review(repository, "app.py").json, "inventory")
    inside = review_untouched(door, repository / "vendor/library")
    assert_complete(inside, {"app.py": FAULTS})
    assert (repository / ".git/modules/vendor/library/fairlead/journal.db").exists()


def test_a_repository_inside_of_a_repository(door: Door, repository: Path) -> None:
    make_repository(repository / "inner")
    assert git(repository, "status", "--porcelain") == b"?? inner/\n"
    view = review_untouched(door, repository)
    assert_complete(view, {"app.py": FAULTS})
    assert summary(view, "inventory").endswith(" · 1 repository inside, not entered")
    assert_complete(review_untouched(door, repository / "inner"), {"app.py": FAULTS})


def test_a_directory_of_a_repository(door: Door, repository: Path) -> None:
    inside = repository / "src" / "deep"
    inside.mkdir(parents=True)
    (inside / "part.py").write_text(FAULTY)
    everything = {"app.py": FAULTS, "src/deep/part.py": FAULTS}
    assert_complete(review_untouched(door, inside), everything)
    assert_complete(review_untouched(door, inside, "."), {"src/deep/part.py": FAULTS})
    assert_complete(review_untouched(door, inside, "../../app.py"), {"app.py": FAULTS})
    assert_complete(review_untouched(door, inside, "../.."), everything)


@pytest.fixture
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A directory in memory where the machine has one: twenty thousand files take a slow disk half a minute."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(dir=place) as directory:
        yield Path(directory)


def test_more_than_twenty_thousand_files(door: Door, in_memory: Path) -> None:
    repository = make_repository(in_memory / "large")
    many = 20_050
    # Written by git itself from one stream: the tree is checked out once, and nothing is forked for a file.
    stream = [b"blob\nmark :1\ndata 6\nx = 1\n\n"]
    stream.append(b"commit refs/heads/main\ncommitter Ada <ada@example.org> 1700000000 +0000\n")
    stream.append(b"data 4\nMany\nfrom refs/heads/main^0\n")
    stream += [b"M 100644 :1 docs/%d/%05d.txt\n" % (number % 50, number) for number in range(many)]
    subprocess.run(["git", "fast-import", "--quiet"], cwd=repository, input=b"".join(stream), check=True)
    git(repository, "checkout", "-q", "-f", "main")
    (repository / "changed.py").write_text(FAULTY)
    before = snapshot(repository)
    answer = door.review(repository)
    assert differences(before, snapshot(repository)) == []
    view = answer.json
    # Changed files come beside 2,000 of the rest; all of the others are counted.
    left_out = many + 2 - 2_000
    assert answer.exit_code == 1
    assert found(view) == {"app.py": FAULTS, "changed.py": FAULTS}
    assert view["status"] == "degraded"
    assert steps(view) == dict.fromkeys(COMPLETE, "degraded")
    said = [reason for reason in view["reasons"] if f"{left_out:,} files" in reason or f"{left_out} files" in reason]
    assert sorted(reason.split(":")[0] for reason in said) == sorted(COMPLETE), view["reasons"]
    assert all("fairlead review --all" in reason for reason in said)
    # Asked for all, the cheapest of the agents sees every file, and nothing is left out.
    (repository / "all.yaml").write_text(
        "fairlead: 1\nname: all\nsteps:\n  - id: look\n    agent: inventory\n    with: {all: true}\n"
    )
    whole = door.call(repository, "run", "all.yaml", "--json").json
    assert whole["status"] == "succeeded"
    assert f"{many + 4} files" in whole["steps"][0]["summary"], whole["steps"][0]["summary"]
    # A path limits the tree before it is counted.
    assert_complete(door.review(repository, "docs/7", "app.py").json, {"app.py": FAULTS})


def test_read_only_directory(door: Door, repository: Path, tmp_path: Path) -> None:
    within = read_only(repository)
    assert door.call(repository, "init", within=within).exit_code == 8  # it really is
    before = snapshot(repository)
    first = door.call(repository, "review", within=within)
    assert first.exit_code == 1
    [state] = (tmp_path / "home/.local/state/fairlead").iterdir()
    said = f"  {repository}/.git is read-only, so the record is kept in {state}"
    assert said in header(first)
    second = door.call(repository, "review", within=within)
    assert said not in header(second)  # said once
    view = review_untouched(door, repository, within=within)
    assert_complete(view, {"app.py": FAULTS})
    assert differences(before, snapshot(repository)) == []
    assert not (repository / ".git/fairlead").exists()
    verdict = door.call(repository, "journal", "verify", "--json", within=within)
    assert verdict.json["runs"] == 3


def test_read_only_everything(door: Door, repository: Path, tmp_path: Path) -> None:
    door.environ["HOME"] = str(repository)
    answer = door.call(repository, "review", within=read_only(repository))
    assert (answer.exit_code, answer.out) == (8, b"")
    assert answer.said.startswith(f"error[FL-N013]: the state directory {repository}/.local/state/fairlead/")
    assert "   = make it readable and writable for you, or name another one with FAIRLEAD_STATE_DIR\n" in answer.said
    elsewhere = {"FAIRLEAD_STATE_DIR": str(tmp_path / "elsewhere")}
    answer = door.call(repository, "review", "--json", within=read_only(repository), environ=elsewhere)
    assert_complete(answer.json, {"app.py": FAULTS})


def test_spaces_and_quotes_in_paths(door: Door, tmp_path: Path) -> None:
    directory = make_repository(tmp_path / "a b" / 'it\'s "this" $HOME;* \\x')
    assert_complete(review_untouched(door, directory), {"app.py": FAULTS})
    hints = door.call(tmp_path, "-C", str(directory), "runs", "list")
    assert hints.exit_code == 0


def test_links_in_circles_and_out_of_the_tree(door: Door, repository: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text(FAULTY)
    (repository / "self").symlink_to("self")
    (repository / "here").symlink_to(".")
    (repository / "up").symlink_to("..")
    (repository / "a").symlink_to("b")
    (repository / "b").symlink_to("a")
    (repository / "out").symlink_to(outside)
    (repository / "out.py").symlink_to(outside / "secret.py")
    (repository / "nowhere.py").symlink_to("/nowhere/at/all.py")
    assert_complete(review_untouched(door, repository), {"app.py": FAULTS})
    commit(repository, "Links")
    assert_complete(review_untouched(door, repository), {"app.py": FAULTS})


def test_links_in_circles_without_git(door: Door, tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    (plain / "deep").mkdir(parents=True)
    (plain / "app.py").write_text(FAULTY)
    (plain / "deep/back").symlink_to("..")
    (plain / "deep/self").symlink_to("self")
    assert_complete(door.review(plain).json, {"app.py": FAULTS})


def test_pipes_sockets_and_devices_in_the_tree(door: Door, repository: Path, tmp_path: Path) -> None:
    os.mkfifo(repository / "pipe.py")
    (repository / "folder").mkdir()
    os.mkfifo(repository / "folder/Dockerfile")
    assert_complete(review_untouched(door, repository), {"app.py": FAULTS})
    plain = tmp_path / "plain"
    plain.mkdir()
    os.mkfifo(plain / "app.py")
    assert_nothing_to_look_at(door.review(plain).json)


def test_a_tracked_file_that_became_a_pipe(door: Door, repository: Path) -> None:
    (repository / "app.py").unlink()
    os.mkfifo(repository / "app.py")
    view = review_untouched(door, repository)
    assert found(view) == {}


def test_bare_repository(door: Door, repository: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    before = snapshot(bare)
    answer = door.call(bare, "review")
    assert (answer.exit_code, answer.out) == (8, b"")
    assert answer.said.splitlines() == [
        f"error[FL-N023]: {bare} is a bare repository or lies inside of .git: there are no files to review",
        "   = Make a checkout with `git clone` and call the command there.",
        "   = more: fairlead explain FL-N023",
    ]
    assert differences(before, snapshot(bare)) == []


def test_shallow_clone(door: Door, repository: Path, tmp_path: Path) -> None:
    (repository / "more.py").write_text("x = 1\n")
    commit(repository, "More")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", str(shallow))
    view = review_untouched(door, shallow)
    assert_complete(view, {"app.py": FAULTS})


def test_sparse_checkout(door: Door, repository: Path) -> None:
    for folder in ("kept", "absent"):
        (repository / folder).mkdir()
        (repository / folder / "part.py").write_text(FAULTY)
    commit(repository, "Two folders")
    git(repository, "sparse-checkout", "set", "kept")
    assert not (repository / "absent").exists()
    view = review_untouched(door, repository)
    assert_complete(view, {"app.py": FAULTS, "kept/part.py": FAULTS})


def test_a_huge_file(door: Door, repository: Path) -> None:
    with (repository / "huge.py").open("wb") as file:
        file.truncate(3_000_000_000)
    before = snapshot(repository)
    answer = door.review(repository)
    assert differences(before, snapshot(repository)) == []
    assert answer.exit_code == 1
    by_path = found(answer.json)
    assert by_path.pop("app.py") == FAULTS
    # Not read, and not silently: a finding of its own says so.
    [(path, unread)] = by_path.items()
    assert path == "huge.py"
    assert {line for _, line in unread} == {0}, unread
    messages = [one["message"] for one in answer.json["findings"] if one["path"] == "huge.py"]
    assert all("larger than 2,000,000 bytes" in message for message in messages), messages


def test_a_repository_of_somebody_else(door: Door, repository: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    for path in (repository, repository / ".git"):
        os.chown(path, 12345, 12345)
    answer = door.call(repository, "review")
    assert (answer.exit_code, answer.out) == (8, b"")
    assert answer.said.startswith("error[FL-N021]: git refuses to work in ")
    assert f"   = git config --global --add safe.directory {repository}\n" in answer.said


def test_a_repository_that_would_run_programs(door: Door, repository: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for key in ("core.fsmonitor", "core.pager", "diff.external", "gpg.program", "core.sshCommand", "core.editor"):
        git(repository, "config", key, f"touch {marker}")
    git(repository, "config", "filter.evil.clean", f"touch {marker}; cat")
    git(repository, "config", "filter.evil.smudge", f"touch {marker}; cat")
    (repository / ".gitattributes").write_text("*.py filter=evil\n")
    hooks = repository / ".git/hooks"
    for name in ("post-index-change", "post-checkout", "pre-commit", "reference-transaction"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {marker}\n")
        (hooks / name).chmod(0o755)
    (repository / "app.py").write_text(FAULTY + "\n")
    (repository / "sitecustomize.py").write_text(f"open({str(marker)!r}, 'w')\n")
    (repository / "fairlead.py").write_text(f"open({str(marker)!r}, 'w')\n")
    assert found(door.review(repository).json)["app.py"] == FAULTS
    # A worker that is left behind starts in the directory itself: Python would look there for its modules first.
    left = door.call(repository, "review", "--json", "--detach").json["run"]
    watched = door.call(repository, "runs", "watch", left, "--json").json
    assert found(watched)["app.py"] == FAULTS
    (repository / "one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: cat app.py\n")
    assert door.call(repository, "run", "one.yaml").exit_code == 0
    assert not marker.exists()
