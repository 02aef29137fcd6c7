"""From a program and the machine it shall run on to the profile of its sandbox: looks at the disk, changes nothing."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from fairlead.core.ports import Confinement, Program
from fairlead.env.sandbox.installations import (
    SYSTEM,
    Installations,
    base_of_environment,
    find_installations,
    is_below,
    is_in_system,
)
from fairlead.env.sandbox.profile import (
    ETC,
    HOME,
    MASKED,
    OBJECTS,
    READ_ONLY_PROC,
    SHARED_MEMORY_BYTES_MAX,
    TEMPORARY_BYTES_MAX,
    WRITTEN,
    Mount,
    Profile,
)

# What is installed into a checkout and ignored by git: a program would otherwise have to install it anew.
_INSTALLED = (".venv", "venv", "node_modules")
_FOLDERS_MAX = 500  # that are looked into for those
_PATH = "/usr/local/bin:/usr/bin:/bin"


class Machine(msgspec.Struct, frozen=True):
    """What of the worker's surroundings decides about a sandbox."""

    environ: Mapping[str, str]
    prefixes: tuple[str, ...] = ()  # the installations that Fairlead itself runs in
    hidden: tuple[str, ...] = ()  # never shown, wherever it lies: the record of runs, the data of the machine
    shown: tuple[str, ...] = ()  # to be read besides: Fairlead's own package, for Python code of a project


def plan_sandbox(program: Program, confinement: Confinement, machine: Machine) -> Profile:
    """The profile for *program*. Its working copy is not believed: nothing is mounted through a link in it."""
    place = confinement.place
    hidden = (*machine.hidden, machine.environ.get("HOME", ""))
    own = list(_installed(place, program.cwd)) if confinement.is_copy else []
    path = (machine.environ.get("PATH") or _PATH).split(os.pathsep)
    found = find_installations(path, machine.prefixes, place, hidden)
    bases: dict[str, str] = dict(found.mounts)
    for folder in (*own, place):
        bases.update(base_of_environment(folder, place, hidden))
    mounts = [
        *_system(),
        *_kernel(),
        *(Mount("memory", one, size=4096) for one in hidden if one and is_in_system(one) and os.path.isdir(one)),
        *(Mount("read", name, real) for name, real in sorted(bases.items())),
        *(Mount("read", one, one) for one in machine.shown if not is_in_system(one)),
        Mount("write" if confinement.is_copy else "read", place, program.cwd),
        *(Mount("read", folder, folder) for folder in own),
        *(Mount("read", file, file) for file in confinement.shown if _may_be_shown(file, confinement, program.cwd)),
        *(_objects(program.cwd, place) if confinement.is_copy else _veil(place, machine.hidden)),
        Mount("seal", "/dev"),
        Mount("seal", "/"),
    ]
    return Profile(tuple(mounts), _environment(program, found, machine), place)


def find_program(name: str, profile: Profile) -> str:
    """Why the program *name* cannot be started in there; "" when it can."""
    if "/" in name:
        return _start_problem(os.path.normpath(os.path.join(profile.cwd, name)), profile)
    folders = profile.environment["PATH"].split(os.pathsep)
    if any(not _start_problem(os.path.join(folder, name), profile) for folder in folders):
        return ""
    return "there is no such program in the sandbox"


def _start_problem(path: str, profile: Profile) -> str:
    real = _outside(path, profile)
    if not real or not os.path.isfile(real):
        return "there is no such program in the sandbox"
    return "" if os.access(real, os.X_OK) else "Permission denied"


def _outside(path: str, profile: Profile) -> str:
    """Where *path* of the sandbox lies outside of it; "" when it is not there."""
    for mount in reversed(profile.mounts):
        if mount.kind == "link" and is_below(path, mount.place):
            target = os.path.join(os.path.dirname(mount.place), mount.source)
            return _outside(os.path.normpath(target + path.removeprefix(mount.place)), profile)
        if mount.kind in ("read", "write") and is_below(path, mount.place):
            return mount.source + path.removeprefix(mount.place)
    return ""


def _system() -> Iterator[Mount]:
    for folder in SYSTEM:
        if os.path.islink(folder):
            yield Mount("link", folder, os.readlink(folder))
        elif os.path.isdir(folder):
            yield Mount("read", folder, folder)
    for name in ETC:
        if os.path.exists(f"/etc/{name}"):
            yield Mount("read", f"/etc/{name}", os.path.realpath(f"/etc/{name}"))
    for name, text in WRITTEN.items():
        yield Mount("text", f"/etc/{name}", text)


def _kernel() -> Iterator[Mount]:
    """/proc and /dev of its own, and memory to write to. What bubblewrap leaves writable of them is closed."""
    yield Mount("proc", "/proc")
    for name in READ_ONLY_PROC:
        # As root these would belong to whoever is in the sandbox: the kernel asks who one is, not in which namespace.
        if os.path.exists(f"/proc/{name}"):
            yield Mount("read", f"/proc/{name}", f"/proc/{name}")
    for name in MASKED:
        if os.path.exists(f"/proc/{name}"):
            yield Mount("text", f"/proc/{name}", "")
    yield Mount("dev", "/dev")
    yield Mount("memory", "/dev/shm", size=SHARED_MEMORY_BYTES_MAX)
    yield Mount("memory", "/tmp", size=TEMPORARY_BYTES_MAX)
    yield Mount("folder", HOME)


def _installed(place: str, copy: str) -> Iterator[str]:
    """The directories of `_INSTALLED` that the checkout has and the copy has not: at the top and two levels below."""
    folders = [place]
    looked = 0
    while folders and looked < _FOLDERS_MAX:
        folder = folders.pop(0)
        looked += 1
        depth = os.path.relpath(folder, place).count(os.sep) + (folder != place)
        for entry in _folders_in(folder):
            inside = os.path.join(copy, os.path.relpath(entry, place))
            if os.path.basename(entry) not in _INSTALLED:
                if depth < 2 and not os.path.basename(entry).startswith("."):
                    folders.append(entry)
            elif not os.path.lexists(inside) and _is_plain(copy, os.path.dirname(inside)):
                yield entry


def _folders_in(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []


def _is_plain(copy: str, folder: str) -> bool:
    """Whether *folder* is a directory of the copy that no link leads to: a mount would follow it out of the copy."""
    return os.path.isdir(folder) and os.path.realpath(folder) == os.path.realpath(copy) + folder.removeprefix(copy)


def _may_be_shown(file: str, confinement: Confinement, copy: str) -> bool:
    """Whether a file outside may be mounted at its own path: in a copy only where no link is, or leads there."""
    if not os.path.isfile(file) or os.path.islink(file):
        return False
    if not confinement.is_copy or not is_below(file, confinement.place):
        return not is_in_system(file) and not is_below(file, confinement.place)
    inside = copy + file.removeprefix(confinement.place)
    return not os.path.islink(inside) and not os.path.isdir(inside) and _is_plain(copy, os.path.dirname(inside))


def _objects(copy: str, place: str) -> Iterator[Mount]:
    """The contents that git needs in the copy: without them every `git status` and every version made from tags fails.

    They are mounted at neutral places, read-only, and the copy's list of them is covered by one that names those.
    """
    own = os.path.join(copy, ".git", "objects")
    listed = os.path.join(own, "info", "alternates")
    if not os.path.isfile(listed) or os.path.realpath(listed) != os.path.realpath(copy) + listed.removeprefix(copy):
        return
    stores = _stores(own)
    for nth, store in enumerate(stores):
        yield Mount("read", f"{OBJECTS}/{nth}", store)
        if os.path.isfile(os.path.join(store, "info", "alternates")):
            yield Mount("text", f"{OBJECTS}/{nth}/info/alternates", "")
    names = "".join(f"{OBJECTS}/{nth}\n" for nth in range(len(stores)))
    yield Mount("text", os.path.join(place, ".git", "objects", "info", "alternates"), names)


def _stores(objects: str) -> list[str]:
    """The object directories behind the copy's own: the run's, and what that one names.

    What the repository itself names further is left out: a file of the repository would decide what is mounted.
    """
    near = _named_by(objects)
    return list(dict.fromkeys([*near, *(store for one in near for store in _named_by(one))]))


def _named_by(objects: str) -> list[str]:
    """What the list of an object directory names; it was written by `private_git.alternates`."""
    try:
        with open(os.path.join(objects, "info", "alternates"), "rb") as file:
            lines = file.read(65_536).split(b"\n")
    except OSError:
        return []
    plain = (re.sub(rb"\\(.)", lambda m: b"\n" if m[1] == b"n" else m[1], line[1:-1]) for line in lines if line)
    return [store for line in plain if os.path.isdir(store := os.fsdecode(line))]


def _veil(place: str, hidden: Sequence[str]) -> Iterator[Mount]:
    """Empty directories over what is hidden of a checkout that is shown itself."""
    for path in hidden:
        if is_below(path, place) and os.path.isdir(path):
            yield Mount("memory", path, size=4096)


def _environment(program: Program, found: Installations, machine: Machine) -> dict[str, str]:
    """Built from empty; nothing of the person's but PATH, as far as it leads somewhere, and what is passed on."""
    passed_on = {name: machine.environ[name] for name in program.passed_on if machine.environ.get(name)}
    return {
        "PATH": os.pathsep.join(found.path) or _PATH,
        "HOME": HOME,
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        **passed_on,
        **program.env,
    }
