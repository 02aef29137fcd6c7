"""Repositories made by the real git, and what a review must leave alone in them.

`snapshot` sees every file of a directory, and of its repository, but for the state that Fairlead keeps there.
"""

import hashlib
import os
import stat
import subprocess
from collections.abc import Mapping
from pathlib import Path

STATE = "fairlead"  # in the repository's git directory
GIT = ("git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "protocol.file.allow=always")


def git(directory: Path, *words: str, is_checked: bool = True) -> bytes:
    """Git as on a machine where nobody configured it."""
    environ = {
        "PATH": os.environ["PATH"],
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",  # looking must not write: the index is compared too
    }
    done = subprocess.run([*GIT, *words], cwd=directory, env=environ, check=False, capture_output=True)
    assert done.returncode == 0 or not is_checked, (words, done.stderr)
    return done.stdout


# Two problems that every review finds, one critical and one high, in lines 8 and 12.
FAULTY = """\
import subprocess

import requests
from flask import request


def ping() -> int:
    return subprocess.call("ping -c 1 " + request.args["host"], shell=True)


def fetch(url: str) -> object:
    return requests.get(url, verify=False, timeout=1)
"""
FAULTS = {("security/command-injection", 8), ("security/tls-verification-off", 12)}


def make_repository(directory: Path) -> Path:
    """A repository with one commit and two problems in `app.py`."""
    directory.mkdir(parents=True)
    git(directory, "init", "-q", "-b", "main")
    (directory / "app.py").write_text(FAULTY)
    (directory / "readme.md").write_text("# Small\n")
    commit(directory)
    return directory


def commit(directory: Path, message: str = "Begin") -> None:
    git(directory, "add", "-A")
    git(directory, "commit", "-q", "-m", message)


def snapshot(directory: Path) -> dict[str, object]:
    """Everything that a review must leave as it is: status, and kind, mode, time and content of every file.

    The index, HEAD, refs, stash and configuration are files of the git directory, so they are in it byte by byte. Only
    the state directory is left out.
    """
    seen: dict[str, object] = {}
    if git(directory, "rev-parse", "--is-inside-work-tree", is_checked=False):
        seen["status"] = git(directory, "status", "--porcelain=v2", "--branch", "--ignored", "-z", is_checked=False)
        seen["stash"] = git(directory, "stash", "list", is_checked=False)
    top = os.fsencode(directory)
    for folder, folders, names in os.walk(top):
        if os.path.basename(folder) == b".git" and STATE.encode() in folders:
            folders.remove(STATE.encode())
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            seen[os.fsdecode(os.path.relpath(path, top))] = _facts(path)
    return seen


def snapshot_of_content(directory: Path) -> dict[str, object]:
    """The same without the times of objects: git renews that of one which it would write and finds where it reads."""
    return {
        name: (entry[:2], entry[3:]) if ".git/objects" in name and isinstance(entry, tuple) else entry
        for name, entry in snapshot(directory).items()
    }


def _facts(path: bytes) -> object:
    facts = os.lstat(path)
    if stat.S_ISLNK(facts.st_mode):
        return "link", os.readlink(path)
    if not stat.S_ISREG(facts.st_mode):
        return stat.S_IFMT(facts.st_mode), stat.S_IMODE(facts.st_mode)
    with open(path, "rb") as file:
        content = hashlib.sha256(file.read()).digest() if facts.st_size < 100_000_000 else b"too large to read"
    return facts.st_mode, facts.st_size, facts.st_mtime_ns, content


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The names of what changed."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
