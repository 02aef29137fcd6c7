"""Completion: scripts that their shells can read, and answers that never spoil a command line."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.journeys.door import Door
from tests.journeys.repositories import differences, snapshot


@pytest.mark.parametrize("shell", [name for name in ("bash", "zsh", "fish") if shutil.which(name)])
def test_the_script_can_be_read_by_its_shell(door: Door, repository: Path, tmp_path: Path, shell: str) -> None:
    script = tmp_path / "script"
    script.write_bytes(door.call(repository, "completion", shell).out)
    read = subprocess.run([shell, "-n", str(script)], capture_output=True, check=False, env=door.environ)
    assert (read.returncode, read.stderr) == (0, b"")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(door: Door, repository: Path, shell: str) -> None:
    answer = door.call(repository, "completion", shell)
    assert answer.exit_code == 0
    assert f"fairlead __complete {shell} -- " in answer.text


def candidates(door: Door, directory: Path, *words: str) -> list[str]:
    answer = door.call(directory, "__complete", "bash", "--", *words)
    assert (answer.exit_code, answer.err) == (0, b"")
    return [line.split("\t")[0] for line in answer.text.splitlines()]


def test_words_are_completed_from_what_is_there(door: Door, repository: Path) -> None:
    (repository / ".fairlead/workflows").mkdir(parents=True)
    (repository / ".fairlead/workflows/one.yaml").write_text("fairlead: 1\nname: one\nsteps:\n  - id: a\n    run: ls\n")
    run = door.call(repository, "run", "one", "--json").json["run"]
    before = snapshot(repository)
    assert candidates(door, repository, "rev") == ["review"]
    assert candidates(door, repository, "run", "o") == ["one"]
    assert run in candidates(door, repository, "runs", "show", "r")
    assert candidates(door, repository, "agents", "show", "sec") == ["secret-scanner", "security-scanner"]
    assert candidates(door, repository, "explain", "FL-W109") == ["FL-W109"]
    assert candidates(door, repository, "logs", "step:") == ["step:a"]
    assert candidates(door, repository, "nonsense", "x") == []
    formats = candidates(door, repository, "findings", "export", "--format", "")
    assert formats == "sarif json md junit gitlab rdjson csv html github summary accepted".split()
    assert candidates(door, repository, "review", "--fail-on", "new-h") == ["new-high"]
    assert candidates(door, repository, "init", "--ci", "") == ["github", "gitlab", "buildkite", "jenkins"]
    assert differences(before, snapshot(repository)) == []


def test_where_nothing_can_be_known_nothing_is_said(door: Door, repository: Path, tmp_path: Path) -> None:
    assert candidates(door, repository, "logs", "step:") == []
    assert not (repository / ".git/fairlead").exists()
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "init", "-q", "--bare", str(bare)], check=True)
    assert candidates(door, bare, "runs", "show", "") == []
    state = repository / ".git/fairlead"
    state.mkdir()
    (state / "journal.db").write_bytes(b"no database")
    assert candidates(door, repository, "runs", "show", "") == []
