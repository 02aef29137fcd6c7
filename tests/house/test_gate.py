"""The gate says no when a lane says no, and the Makefile says in one sentence what a machine lacks."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.house.source import ROOT

PROGRAMS = ("bash", "dirname", "env", "mkdir", "rm", "sh", "timeout", "touch")


def program(folder: Path, name: str, text: str) -> None:
    """Put a small shell program called *name* into *folder*."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A directory of programs as on a very small machine: no Python, no make, no package tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in PROGRAMS:
        found = shutil.which(name)
        assert found, name
        (folder / name).symlink_to(found)
    program(folder, "id", "echo 1000")
    return folder


def run(machine: Path, script: str, **environment: str) -> tuple[int, str, str]:
    """Run a script of the project on that machine."""
    argv = [str(machine / "bash"), str(ROOT / script)]
    surroundings = {"PATH": str(machine), "HOME": str(machine.parent), **environment}
    done = subprocess.run(argv, env=surroundings, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_the_gate_passes_when_every_lane_passes(machine: Path) -> None:
    program(machine, "make", 'echo "lane $1"')
    code, printed, _ = run(machine, ".ci/run")
    assert code == 0
    assert [line for line in printed.splitlines() if line.startswith("lane")] == [
        "lane setup",
        "lane test",
        "lane check",
    ]


@pytest.mark.parametrize("lane", ["setup", "test", "check"])
def test_the_gate_fails_with_the_lane_that_fails(machine: Path, lane: str) -> None:
    program(machine, "make", f'[ "$1" != {lane} ] || exit 2')
    code, printed, errors = run(machine, ".ci/run")
    assert code == 2
    assert f"== make {lane} failed with 2" in errors
    assert f"make {lane} passed" not in printed


def test_a_machine_without_python_is_told_what_to_install(machine: Path) -> None:
    code, printed, errors = run(machine, "tools/find-python")
    assert (code, printed) == (8, "")
    assert "needs Python 3.11 or newer" in errors
    assert "apt-get install python3 python3-venv" in errors


def test_a_python_that_is_too_old_or_does_not_start_is_passed_over_and_named(machine: Path) -> None:
    program(machine, "python3.11", "exit 127")  # a version manager's shim without a version behind it
    program(machine, "python3", 'case "$2" in *print*) echo "Python 3.10";; *) exit 1;; esac')
    code, _, errors = run(machine, "tools/find-python")
    assert code == 8
    assert f"{machine}/python3.11: does not start" in errors
    assert f"{machine}/python3: Python 3.10" in errors


def test_the_first_python_that_works_is_taken(machine: Path) -> None:
    program(machine, "python3.11", "exit 127")
    program(machine, "python3.12", "exit 0")
    assert run(machine, "tools/find-python") == (0, f"{machine}/python3.12\n", "")


def test_a_python_that_was_asked_for_is_taken_or_refused_but_never_replaced(machine: Path) -> None:
    program(machine, "python3.12", "exit 0")
    program(machine, "mine", "exit 0")
    program(machine, "broken", "exit 1")
    assert run(machine, "tools/find-python", PYTHON=str(machine / "mine"))[:2] == (0, f"{machine}/mine\n")
    code, printed, errors = run(machine, "tools/find-python", PYTHON=str(machine / "broken"))
    assert (code, printed) == (8, "")
    assert f"PYTHON={machine}/broken cannot be used" in errors


def test_where_it_is_allowed_the_missing_python_is_installed(machine: Path) -> None:
    program(machine, "id", "echo 0")
    program(machine, "python3", f"test -e {machine}/installed")
    program(machine, "apt-get", f'[ "$1" = update ] || touch {machine}/installed; echo "$@"')
    code, printed, errors = run(machine, "tools/find-python")
    assert (code, printed) == (0, f"{machine}/python3\n")
    assert "install --yes --no-install-recommends python3 python3-venv" in errors


def test_missing_debian_packages_are_named_and_only_git_is_indispensable(machine: Path) -> None:
    code, _, errors = run(machine, "tools/debian-packages")
    assert code == 8
    assert "apt-get install git strace chromium bubblewrap." in errors
    program(machine, "git", "exit 0")
    code, _, errors = run(machine, "tools/debian-packages")
    assert code == 0
    assert "apt-get install strace chromium bubblewrap." in errors
    program(machine, "strace", "exit 0")
    program(machine, "chromium", "exit 0")
    program(machine, "bwrap", "exit 0")
    assert run(machine, "tools/debian-packages") == (0, "", "")


def test_a_second_setup_has_nothing_to_do(tmp_path: Path) -> None:
    make = shutil.which("make")
    assert make, "make is needed to test the Makefile"
    tree = tmp_path / "tree"
    names = ("Makefile", "pyproject.toml", "requirements", "tools", "src/fairlead/__init__.py")
    for name in names:
        target = tree / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, target)
    programs = tree / ".venv/bin"
    programs.mkdir(parents=True)
    (programs / "python").symlink_to(os.devnull)
    (tree / ".venv/.made").write_text(f"{tree}\n", "utf-8")
    (tree / ".venv/.run").touch()
    (tree / ".venv/.dev").touch()

    def wants(*changes: str) -> str:
        argv = [make, "--dry-run", *changes, "setup"]
        return subprocess.run(argv, cwd=tree, capture_output=True, text=True, check=True).stdout

    assert "install" not in wants()
    assert "core.lock" not in wants("--what-if=requirements/dev.lock")
    assert "dev.lock" in wants("--what-if=requirements/dev.lock")
    assert "--editable" in wants("--what-if=pyproject.toml")
    (tree / ".venv/.made").write_text("/elsewhere\n", "utf-8")
    assert "-m venv" in wants(), "an environment that was moved is made anew"
