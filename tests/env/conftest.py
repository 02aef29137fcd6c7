"""Real spawners, real repositories, and a way to wait for a condition."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairlead.env.spawner import LocalSpawner, start_spawner

TOOLS = str(Path(__file__).parent / "tools")
WAIT_SECONDS_MAX = 20.0
NOBODY = 65_534

# The user's own git configuration must not decide a test.
GIT_ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2025-03-02T10:00:00+00:00",
    "GIT_COMMITTER_DATE": "2025-03-02T10:00:00+00:00",
}


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home of the test: neither the person's ignore rules nor their state directory take part."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "FAIRLEAD_STATE_DIR", "GIT_DIR", "GIT_WORK_TREE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def spawner() -> Iterator[LocalSpawner]:
    sys.path.insert(0, TOOLS)
    try:
        started = start_spawner()
    finally:
        sys.path.remove(TOOLS)
    yield started
    started.close()


def git(root: Path, *args: str | bytes) -> str:
    """What git answers in *root*, without the last line feed."""
    done = subprocess.run(["git", *args], cwd=root, env=GIT_ENVIRONMENT, check=True, capture_output=True)
    return os.fsdecode(done.stdout).removesuffix("\n")


def make_repository(root: Path, files: dict[str, str]) -> Path:
    """A repository at *root* with one commit of *files*."""
    root.mkdir(parents=True, exist_ok=True)
    git(root, "init", "-q", "-b", "main")
    write_files(root, files)
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "First")
    return root


def write_files(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait until *condition* holds; fail with *what* when it does not in time."""
    give_up = time.monotonic() + WAIT_SECONDS_MAX
    while not condition():
        assert time.monotonic() < give_up, f"waited {WAIT_SECONDS_MAX:g} s in vain: {what}"
        time.sleep(0.005)


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and only waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def noted(path: Path) -> list[int]:
    """The process ids that the children of a test wrote down, whole lines only."""
    if not path.exists():
        return []
    return [int(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")]


def as_nobody(function: Callable[[], str]) -> str:
    """What *function* gives in a fork that has no rights. Only root can give rights away."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setuid(NOBODY)
            os.write(writing, function().encode())
        except BaseException as error:
            os.write(writing, repr(error).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(pid, 0)
    return said


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter and only its owner may write to."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)
