"""What every `ToolWorld` promises, kept by the one that ships and by the one that the agents' tests stand in."""

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlead.core.tools import WRITTEN_BYTES_MAX, ToolWorld, Unreadable, Unwritable
from fairlead.env.tool_world import LocalToolWorld
from tests.agents.conftest import DirectoryWorld, commit_all
from tests.proves import proves

WORLDS: dict[str, Callable[[Path], ToolWorld]] = {
    "local": lambda root: LocalToolWorld(str(root)),
    "directory": DirectoryWorld,
}
FILES = {"b.py": "b\n", "a.py": "first\n", "in/c d.py": "c\n", "in/é.py": "", ".github/x.yml": "x\n"}


@pytest.fixture(params=WORLDS)
def over(request: pytest.FixtureRequest) -> Callable[[Path], ToolWorld]:
    """Makes the world over a directory, once its files are written."""
    return WORLDS[request.param]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, "utf-8")
    return root


def test_all_files_are_listed_by_path_where_there_is_no_repository(
    over: Callable[[Path], ToolWorld], root: Path
) -> None:
    world = over(root)
    assert (world.root, world.is_git, world.files_left_out) == (str(root), False, 0)
    found = [(file.path, file.size, file.is_changed) for file in world.files]
    names = sorted(FILES, key=os.fsencode)
    assert found == [(name, len(FILES[name].encode()), False) for name in names]


def test_a_stamp_changes_with_every_writing_and_only_then(over: Callable[[Path], ToolWorld], root: Path) -> None:
    world = over(root)
    before = world.stamp("in/c d.py")
    assert before
    world.read("in/c d.py")
    assert world.stamp("in/c d.py") == before
    times = (root / "in/c d.py").stat()
    (root / "in/new").write_text("c\n")
    os.utime(root / "in/new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (root / "in/new").rename(root / "in/c d.py")  # the same bytes and the same time, and yet another file
    assert world.stamp("in/c d.py") != before
    assert world.stamp("in/not there.py") == ""
    assert world.stamp("not there/c.py") == ""


def test_changed_files_come_first_and_ignored_ones_not_at_all(over: Callable[[Path], ToolWorld], root: Path) -> None:
    (root / ".gitignore").write_text("*.log\n")
    commit_all(root)
    (root / "b.py").write_text("changed\n")
    (root / "new.py").write_text("")
    (root / "x.log").write_text("")
    (root / "a.py").unlink()
    (root / os.fsdecode(b"odd\xff\n.py")).write_text("odd")
    world = over(root)
    assert world.is_git
    found = [(file.path, file.is_changed) for file in world.files]
    changed = [("b.py", True), ("new.py", True), (os.fsdecode(b"odd\xff\n.py"), True)]
    rest = [(".github/x.yml", False), (".gitignore", False), ("in/c d.py", False), ("in/é.py", False)]
    assert found == changed + rest
    assert world.read(os.fsdecode(b"odd\xff\n.py")) == b"odd"


def test_a_file_is_read_whole_up_to_its_limit(over: Callable[[Path], ToolWorld], root: Path) -> None:
    world = over(root)
    assert world.read("in/c d.py") == b"c\n"
    assert world.read("in/é.py", 0) == b""
    assert world.read("a.py", 6) == b"first\n"
    with pytest.raises(Unreadable, match="larger than 5 bytes"):
        world.read("a.py", 5)


@pytest.mark.parametrize("path", ["gone.py", "in", "a.py/x", "../outside", "/etc/hostname", "out", "door/outside", ""])
def test_what_cannot_be_read_is_said_and_never_given_empty(
    over: Callable[[Path], ToolWorld], root: Path, path: str
) -> None:
    (root.parent / "outside").write_text("not yours")
    (root / "out").symlink_to(root.parent / "outside")
    (root / "door").symlink_to(root.parent)
    with pytest.raises(Unreadable, match=r"\w"):
        over(root).read(path)


def test_a_program_is_started_as_words_and_not_by_a_shell(over: Callable[[Path], ToolWorld], root: Path) -> None:
    done = over(root).run(["printf", "%s|", "$HOME; ls", "*", "a b"], timeout_s=30)
    assert (done.exit_code, done.stdout, done.stderr) == (0, b"$HOME; ls|*|a b|", b"")
    assert (done.is_timed_out, done.is_cut) == (False, False)
    assert done.seconds >= 0


def test_a_program_gets_its_input_its_place_and_clean_surroundings(
    over: Callable[[Path], ToolWorld], root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    world = over(root)
    done = world.run(["sh", "-c", "cat; echo $GIVEN-$LEAKED; pwd >&2"], timeout_s=30, stdin=b"in ", env={"GIVEN": "1"})
    assert (done.stdout, done.stderr) == (b"in 1-\n", f"{root}\n".encode())
    assert world.run(["pwd"], timeout_s=30, cwd="/").stdout == b"/\n"
    assert world.run(["cat"], timeout_s=30).stdout == b"", "without input it reads nothing, and waits for nobody"


@pytest.mark.parametrize(
    ("argv", "code"), [(["sh", "-c", "exit 3"], 3), (["sh", "-c", "kill -TERM $$"], -signal.SIGTERM)]
)
def test_how_a_program_ended_is_told(over: Callable[[Path], ToolWorld], root: Path, argv: list[str], code: int) -> None:
    assert over(root).run(argv, timeout_s=30).exit_code == code


def test_a_missing_program_is_127_with_its_reason(over: Callable[[Path], ToolWorld], root: Path) -> None:
    done = over(root).run(["no-such-program-here"], timeout_s=30)
    assert (done.exit_code, done.stdout) == (127, b"")
    assert b"no-such-program-here" in done.stderr


def test_a_program_past_its_time_is_killed_and_what_it_wrote_is_kept(
    over: Callable[[Path], ToolWorld], root: Path
) -> None:
    done = over(root).run(["sh", "-c", "echo begun; exec sleep 600"], timeout_s=1.0)
    assert done.is_timed_out
    assert done.exit_code < 0
    assert done.stdout == b"begun\n"


def test_output_beyond_the_cap_is_cut_and_said(over: Callable[[Path], ToolWorld], root: Path) -> None:
    world = over(root)
    flood = world.run(["head", "-c", "5000000", "/dev/zero"], timeout_s=30, stdout_max=1_000)
    assert (flood.is_cut, len(flood.stdout)) == (True, 1_000)
    assert flood.exit_code < 0
    whole = world.run(["head", "-c", "1000", "/dev/zero"], timeout_s=30, stdout_max=1_000)
    assert (whole.is_cut, len(whole.stdout), whole.exit_code) == (False, 1_000, 0)


def test_git_is_asked_and_never_told(over: Callable[[Path], ToolWorld], root: Path) -> None:
    head = commit_all(root)
    world = over(root)
    assert world.git("rev-parse", "HEAD").stdout.decode().strip() == head
    assert world.git("rev-parse", "no-such-thing").exit_code == 128
    assert world.git("log", "-1", "--format=%s", stdout_max=3).stdout == b"Cha"
    for args in (("commit", "--allow-empty", "-m", "x"), ("tag", "x"), ("config", "a.b", "c"), ("log", "--output=x")):
        assert world.git(*args).exit_code == 129, args
    assert commit_all(root) != head  # the repository still works
    assert not (root / "x").exists()


def test_git_starts_nothing_that_the_repository_names(over: Callable[[Path], ToolWorld], root: Path) -> None:
    commit_all(root)
    proof = root.parent / "proof"
    script = root.parent / "evil.sh"
    script.write_text(f"#!/bin/sh\ntouch {proof}\n")
    script.chmod(0o755)
    with (root / ".git/config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = {script}\n[diff]\n\texternal = {script}\n[diff "d"]\n\ttextconv = {script}\n'
        )
    (root / ".git/info/attributes").write_text("*.py diff=d\n")
    (root / "a.py").write_text("changed\n")
    world = over(root)
    assert next(file.path for file in world.files) == "a.py"
    world.git("status", "--porcelain")
    assert b"+changed" in world.git("diff").stdout
    world.git("log", "-p")
    assert not proof.exists()


WRITING_WORLDS: dict[str, Callable[[Path, list[str]], ToolWorld]] = {
    "local": lambda root, writes: LocalToolWorld(str(root), writes=writes),
    "directory": lambda root, writes: DirectoryWorld(root, writes=writes),
}


@pytest.mark.parametrize("kind", WRITING_WORLDS)
def test_a_file_is_written_whole_and_keeps_its_mode(kind: str, root: Path) -> None:
    (root / "a.py").chmod(0o755)
    os.link(root / "b.py", root.parent / "elsewhere")
    world = WRITING_WORLDS[kind](root, ["**"])
    for path in ("a.py", "b.py", "new/er/f.py"):
        world.write(path, b"\xff\r\n")
        assert world.read(path) == b"\xff\r\n"
    assert (root / "a.py").stat().st_mode & 0o777 == 0o755
    assert (root / "new/er/f.py").stat().st_mode & 0o777 == 0o644
    assert (root.parent / "elsewhere").read_text() == "b\n", "a file is replaced: another name of it keeps its content"
    left = {str(file.relative_to(root)) for file in root.rglob("*") if file.is_file()}
    assert left == {*FILES, "new/er/f.py"}, "nothing is left beside them"


@proves("C11.5")
@pytest.mark.parametrize("kind", WRITING_WORLDS)
@pytest.mark.parametrize(
    ("path", "writes", "why"),
    [
        ("a.py", [], "writes nothing"),
        ("b.py", ["a.py"], "does not name it"),
        ("in/new.py", ["*.py"], "does not name it"),
        ("../outside", ["**"], "leads out"),
        ("in/../../outside", ["**"], "leads out"),
        ("/etc/hostname", ["**"], "leads out"),
        ("", ["**"], "leads out"),
        ("nul\0", ["**"], "leads out"),
        (".git/config", ["**"], "git's own"),
        ("in/.GIT/hooks/x", ["**"], "git's own"),
        ("out", ["**"], "a link is there"),
        ("door/outside", ["**"], "a link lies on the way"),
        ("a.py/x", ["**"], "a file lies on the way"),
        ("in", ["**"], "no regular file"),
        ("n" * 300, ["**"], "too long"),
    ],
)
def test_what_may_not_be_written_is_refused_and_nothing_changes(
    kind: str, path: str, writes: list[str], why: str, root: Path
) -> None:
    outside = root.parent / "outside"
    outside.write_text("not yours")
    (root / "out").symlink_to(outside)
    (root / "door").symlink_to(root.parent)
    before = {file: file.read_bytes() for file in root.parent.rglob("*") if file.is_file()}
    with pytest.raises(Unwritable, match=why):
        WRITING_WORLDS[kind](root, writes).write(path, b"evil")
    assert {file: file.read_bytes() for file in root.parent.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("kind", WRITING_WORLDS)
def test_more_than_the_limit_is_not_written(kind: str, root: Path) -> None:
    with pytest.raises(Unwritable, match="at most"):
        WRITING_WORLDS[kind](root, ["**"]).write("a.py", bytes(WRITTEN_BYTES_MAX + 1))


DATA_WORLDS: dict[str, Callable[[Path, Path], ToolWorld]] = {
    "local": lambda root, data: LocalToolWorld(str(root), data_dir=str(data), today="2026-02-03"),
    "directory": lambda root, data: DirectoryWorld(root, data=data, today="2026-02-03"),
}


@pytest.mark.parametrize("kind", DATA_WORLDS)
def test_shared_data_are_read_by_name_and_nothing_beside_them(kind: str, root: Path, tmp_path: Path) -> None:
    data = tmp_path / "shared"
    (data / "advisories").mkdir(parents=True)
    (data / "advisories" / "current.json").write_bytes(b"{}")
    (tmp_path / "outside").write_text("not yours")
    (data / "out").symlink_to(tmp_path / "outside")
    world = DATA_WORLDS[kind](root, data)
    assert world.data("advisories/current.json") == b"{}"
    assert world.data("advisories/gone") is None
    assert world.today == "2026-02-03"
    for name in ("out", "../outside", "advisories"):
        with pytest.raises(Unreadable, match=r"\w"):
            world.data(name)


@pytest.mark.parametrize("kind", DATA_WORLDS)
def test_a_machine_without_shared_data_has_none(kind: str, root: Path, tmp_path: Path) -> None:
    assert DATA_WORLDS[kind](root, tmp_path / "never made").data("advisories/current.json") is None


def test_without_a_place_for_shared_data_there_are_none(over: Callable[[Path], ToolWorld], root: Path) -> None:
    world = over(root)
    assert world.data("a.py") is None
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", world.today)


def test_telling_is_never_an_error(over: Callable[[Path], ToolWorld], root: Path) -> None:
    world = over(root)
    world.progress("half of it \udcff\n")
    world.found()
    world.found(41)
    world.found(0)
