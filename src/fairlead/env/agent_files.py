"""The agent files of a project, of a person and of installed packages, read without following a link out of them."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fairlead.core.agent_format import BYTES_MAX
from fairlead.core.tools import Unreadable
from fairlead.env.files import TreeReader

FILES_MAX = 2_000  # of one folder
CODE_BYTES_MAX = 20_000_000  # of one folder together
FOLDERS_MAX = 200  # in one folder of agents
WALKED_MAX = 20_000  # directories that are looked into for folders of agents
_SITES = ("site-packages", "dist-packages")
_LEFT_OUT = frozenset(("node_modules", "__pycache__", "venv", "site-packages"))


def read_agent_folder(root: str, folder: str, *, is_deep: bool = False) -> Iterator[tuple[str, bytes, str]]:
    """Path from the root, content, and why it cannot be read, of each file directly in *folder*, by name.

    With *is_deep*, those of the folders in it come after. A file that lies elsewhere below the root may be named by a
    link; one that leads out of it is refused.
    """
    if not os.path.isdir(os.path.join(root, folder)):
        return
    top = os.path.realpath(root)
    reader = TreeReader(top)
    room = CODE_BYTES_MAX
    try:
        for nth_folder, inner in enumerate(_folders(top, folder) if is_deep else [folder]):
            path = inner
            for nth, (path, is_link) in enumerate(_files(root, inner)):
                if nth >= FILES_MAX or nth_folder >= FOLDERS_MAX or room <= 0:
                    yield path, b"", f"the folder holds more than {FILES_MAX:,} files or {CODE_BYTES_MAX:,} bytes"
                    return
                try:
                    data = _read(reader, top, path, is_link)
                except Unreadable as error:
                    yield path, b"", str(error)
                else:
                    room -= len(data)
                    yield path, data, ""
    finally:
        reader.close()


def _files(root: str, folder: str) -> list[tuple[str, bool]]:
    """Path and whether it may be a link, of each file in *folder*, by name."""
    full = os.path.join(root, folder)
    try:
        with os.scandir(full) as entries:
            found = [
                (f"{folder}/{entry.name}", entry.is_symlink())
                for entry in entries
                if not entry.name.startswith(".") and not entry.is_dir()
            ]
    except OSError:
        return []
    is_behind_link = os.path.realpath(full) != os.path.join(os.path.realpath(root), folder)
    return sorted((path, is_link or is_behind_link) for path, is_link in found)


def _folders(top: str, folder: str) -> Iterator[str]:
    """*folder* and the folders in it, each after the one that holds it; no link is followed."""
    yield folder
    try:
        with os.scandir(os.path.join(top, folder)) as entries:
            names = sorted(
                entry.name
                for entry in entries
                if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            )
    except OSError:
        return
    for name in names:
        yield from _folders(top, f"{folder}/{name}")


def directories_above(root: str, directory: str) -> list[str]:
    """*directory* and those above it, below *root*, each from the root; none when it does not lie below it."""
    inner = os.path.relpath(os.path.realpath(directory), os.path.realpath(root))
    if inner == "." or inner.startswith(".."):
        return []
    parts = inner.split(os.sep)
    return ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]


def directories_with(root: str, folder: str) -> list[str]:
    """The directories below *root* that hold *folder*, each from the root: for what was found from one of them."""
    found: list[str] = []
    waiting = [""]
    for _ in range(WALKED_MAX):
        if not waiting:
            break
        inner = waiting.pop()
        try:
            with os.scandir(os.path.join(root, inner)) as entries:
                names = [
                    entry.name
                    for entry in entries
                    if not entry.name.startswith(".")
                    and entry.name not in _LEFT_OUT
                    and entry.is_dir(follow_symlinks=False)
                ]
        except OSError:
            continue
        below = [f"{inner}/{name}" if inner else name for name in names]
        found += [one for one in below if os.path.isdir(os.path.join(root, one, folder))]
        waiting += below
    return sorted(found)


class InstalledFolder(NamedTuple):
    """A folder of agent files that an installed package brings."""

    package: str  # the name of the distribution, and its version
    top: str  # the directory that holds its modules
    folder: str  # from there


def installed_agent_folders(group: str, search: Sequence[str] | None = None) -> list[InstalledFolder]:
    """The folders that installed packages name by entry points of *group*; none of their code is imported.

    `importlib.metadata` would read every package's metadata for it: this reads one small file of each. Only folders
    that package managers write to count, so that no repository becomes an installed package by being worked in.
    """
    found: dict[tuple[str, str], InstalledFolder] = {}
    here = os.path.realpath(os.curdir)
    search = sys.path if search is None else search
    places = [place for place in search if place and os.path.realpath(place) != here]
    for place in places:
        if os.path.basename(place) not in _SITES:
            continue
        try:
            names = sorted(name for name in os.listdir(place) if name.endswith((".dist-info", ".egg-info")))
        except OSError:
            continue
        for name in names:
            for module in _named_modules(os.path.join(place, name, "entry_points.txt"), group):
                inner = module.replace(".", "/")
                top = next((one for one in (place, *places) if os.path.isdir(os.path.join(one, inner))), "")
                package = name.rpartition(".")[0]
                if top:
                    found.setdefault((package.partition("-")[0], module), InstalledFolder(package, top, inner))
    return sorted(found.values())


def _named_modules(path: str, group: str) -> list[str]:
    """The packages that the entry points of *group* name; what stands after a colon is of no matter."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read(BYTES_MAX)
    except OSError:
        return []
    if group not in text:
        return []
    section = ""
    found: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            section = line.strip("[] ")
        elif section == group and "=" in line and not line.startswith(("#", ";")):
            module = line.partition("=")[2].partition(":")[0].partition("[")[0].strip()
            if all(part.isidentifier() for part in module.split(".")):
                found.append(module)
    return found


def is_inside(root: str, path: str) -> bool:
    """Whether *path* lies below *root* once every link on the way is followed."""
    return os.path.realpath(path).startswith(os.path.realpath(root).rstrip("/") + "/")


def _read(reader: TreeReader, top: str, path: str, is_link: bool) -> bytes:
    if is_link:
        real = os.path.realpath(os.path.join(top, path))
        if not real.startswith(top.rstrip("/") + "/"):
            raise Unreadable("it is a link that leads out of the project")
        path = os.path.relpath(real, top)
    return reader.read(path, BYTES_MAX)
