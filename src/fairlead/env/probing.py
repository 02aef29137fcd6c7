"""What this machine has, measured when `fairlead doctor` asks."""

import os
import platform
import shutil
import sys
from typing import NamedTuple

from fairlead.env.git import run_git

GIT_MIN = (2, 31)
_DISK_BYTES_WARN = 1_000_000_000


class Fact(NamedTuple):
    """One thing that was looked at. `status` is ok, warn, bad or none."""

    area: str
    status: str
    text: str
    fix: str = ""


def look_at_machine(state_dir: str) -> list[Fact]:
    """Python, git, disk and the place for the state; *state_dir* may not exist yet."""
    return [_python(), _platform(), _git(), _disk(state_dir), _state(state_dir)]


def _python() -> Fact:
    version = ".".join(str(part) for part in sys.version_info[:3])
    # The metadata of the package refuses older ones; here only the version is told.
    return Fact("machine", "ok", f"Python {version}")


def _platform() -> Fact:
    if platform.system() == "Linux":
        return Fact("machine", "ok", "Linux")
    return Fact("machine", "warn", platform.system(), "Linux is the platform that every limit is enforced on")


def _git() -> Fact:
    answer = run_git("/", "version")
    if answer.exit_code != 0:
        return Fact("machine", "warn", "no git: files are reviewed, history is not", "install git")
    words = answer.stdout.decode("utf-8", "replace").split()
    version = words[2] if len(words) > 2 else "unknown"
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers >= GIT_MIN:
        return Fact("machine", "ok", f"git {version}")
    return Fact("machine", "warn", f"git {version}", "working copies of `run` steps need git 2.31 or newer")


def _disk(state_dir: str) -> Fact:
    free = shutil.disk_usage(_existing(state_dir)).free
    text = f"{free / 1e9:.1f} GB free where the state lies"
    if free < _DISK_BYTES_WARN:
        return Fact("machine", "warn", text, "free some space: a full disk stops every run")
    return Fact("machine", "ok", text)


def _state(state_dir: str) -> Fact:
    if os.access(_existing(state_dir), os.W_OK):
        return Fact("state", "ok", f"kept in {state_dir}")
    return Fact("state", "bad", f"{state_dir} cannot be written", "set FAIRLEAD_STATE_DIR to a directory of yours")


def _existing(path: str) -> str:
    while not os.path.exists(path):
        path = os.path.dirname(path)
    return path
