"""Which directories of PATH a confined program may use, and what has to be mounted for them.

A directory on PATH is kept when it lies

1. in a part of the system that is mounted anyway (`SYSTEM`);
2. in the checkout, where it is found at its own place;
3. in the `bin` of an installation, known by its shape: a Python (its standard library is there), a virtual environment
   (`pyvenv.cfg`), a Node, Rust, Go or Java. The installation is mounted, read-only, and nothing around it. One that
   holds the home directory, the checkout or the record of runs is no installation but a trap.

All else is left out: `~/.local/bin`, `~/.cargo/bin` and the shims of version managers lie among credentials. Only PATH
counts, and the installation that Fairlead itself runs in: both were chosen by the person, and no file of the project
can add to them.
"""

import glob
import os
from collections.abc import Iterable, Sequence
from typing import NamedTuple

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store")
_PATH_ENTRIES_MAX = 100
# What lies beside `bin` and makes it the `bin` of an installation. Rust: rustup's own directory has no `rustlib`.
_SHAPES = ("lib/python3*/os.py", "pyvenv.cfg", "lib/node_modules/npm", "lib/rustlib", "pkg/tool", "lib/modules")


class Installations(NamedTuple):
    """What is found of PATH: the entries that stay, and what has to be mounted (as it is named, as it really lies)."""

    path: tuple[str, ...]
    mounts: tuple[tuple[str, str], ...]


def find_installations(
    path: Iterable[str], prefixes: Sequence[str], place: str, hidden: Sequence[str]
) -> Installations:
    """What stays of *path* in a sandbox for the checkout at *place*; *prefixes* are installations chosen besides.

    *hidden* are directories that nothing may hold that is mounted.
    """
    entries: list[str] = []
    mounts: dict[str, str] = {}
    wide = [os.path.realpath(one) for one in (*hidden, place) if one]
    for entry in list(dict.fromkeys(path))[:_PATH_ENTRIES_MAX]:
        if not os.path.isabs(entry):
            continue  # it would mean another place in each directory
        entry = os.path.normpath(entry)
        if is_below(entry, place) or is_in_system(os.path.realpath(entry)):
            entries.append(entry)
            continue
        found = _installation(os.path.dirname(entry), wide) if os.path.basename(entry) == "bin" else {}
        if found:
            entries.append(entry)
            mounts.update(found)
    for prefix in prefixes:
        mounts.update(_installation(prefix, wide))
    return Installations(tuple(entries), tuple(sorted(mounts.items())))


def base_of_environment(environment: str, place: str, hidden: Sequence[str]) -> dict[str, str]:
    """The Python installation behind the virtual environment at *environment*, unless it is mounted anyway."""
    home = _home_of(environment)
    wide = [os.path.realpath(one) for one in (*hidden, place) if one]
    return _installation(os.path.dirname(home), wide) if home else {}


def is_below(path: str, folder: str) -> bool:
    """Whether *path* is *folder* or lies in it, by name."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def is_in_system(path: str) -> bool:
    """Whether *path* lies in what is mounted of the system."""
    return any(is_below(path, folder) for folder in SYSTEM)


def _installation(prefix: str, wide: Sequence[str]) -> dict[str, str]:
    """What to mount for the installation at *prefix*, by name; nothing when it is none or holds what is hidden."""
    real = os.path.realpath(prefix)
    if is_in_system(real) or any(is_below(one, real) for one in wide):
        return {}
    if not any(glob.glob(os.path.join(glob.escape(real), shape)) for shape in _SHAPES):
        return {}
    found = {real: real, prefix: real}
    home = _home_of(real)
    if home and os.path.realpath(os.path.dirname(home)) != real:
        # A virtual environment borrows the interpreter and the library of another installation.
        found.update(_installation(os.path.dirname(home), wide))
    return found


def _home_of(environment: str) -> str:
    """The `bin` that a virtual environment was made from; "" for everything else."""
    try:
        with open(os.path.join(environment, "pyvenv.cfg"), encoding="utf-8", errors="replace") as file:
            lines = file.read(20_000).splitlines()
    except OSError:
        return ""
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "home" and os.path.isabs(value.strip()):
            return os.path.normpath(value.strip())
    return ""
