"""The files of a backup: how they are copied, synced and listed, and how a list is compared with what lies there."""

import os
import stat
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ids import Micros
from fairlead.core.ports import Clock
from fairlead.journal.opening import Places, make_directory
from fairlead.journal.workers import look_at

_LIST = "backup.json"
FORMAT = 1
_PIECE_BYTES = 1 << 20
_BAD_SHOWN_MAX = 20


class Kept(msgspec.Struct, frozen=True):
    """One file of a backup."""

    path: str  # below the backup's directory
    bytes: int
    sha256: str


class Contents(msgspec.Struct, frozen=True):
    """What a backup holds, as it says itself in `backup.json`."""

    format: int
    made_at: Micros
    state_dir: str  # whose record it is
    receipt: str  # of its last event
    events: int
    runs: int
    contents: int  # of the content store
    bytes: int  # of all files
    files: tuple[Kept, ...]
    digest: str = ""  # of all of the above


def write_list(folder: str, held: Contents) -> Contents:
    """Write the list of a backup, as its last file."""
    held = msgspec.structs.replace(held, digest=_digest_of(held))
    write_synced(os.path.join(folder, _LIST), [msgspec.json.format(msgspec.json.encode(held), indent=1)])
    return held


def read_list(folder: str) -> Contents:
    """What the backup in *folder* says that it holds.

    Raises:
        FairleadError: FL-L031 there is no backup; FL-L032 the list itself was altered.
    """
    try:
        with open(os.path.join(folder, _LIST), "rb") as file:
            data = file.read()
    except OSError as cause:
        raise error(
            "FL-L031",
            f"there is no backup in {path_text(folder)}: {_LIST} cannot be read ({cause.strerror})",
            "name a directory that `fairlead backup` has made",
            exit_code=2,
        ) from None
    try:
        held = msgspec.json.decode(data, type=Contents)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise bad_backup(folder, [f"{_LIST} cannot be understood"]) from None
    if held.digest != _digest_of(held):
        raise bad_backup(folder, [f"{_LIST} is not what was written"])
    if held.format > FORMAT:
        raise error(
            "FL-L004",
            f"the backup in {path_text(folder)} has format {held.format}; this Fairlead knows up to {FORMAT}",
            "use the newer Fairlead that wrote it",
        )
    return held


def bad_backup(folder: str, found: Iterable[str]) -> FairleadError:
    """The backup in *folder* is not what was written."""
    texts = list(found)
    more = f" and {len(texts) - _BAD_SHOWN_MAX} more" if len(texts) > _BAD_SHOWN_MAX else ""
    return error(
        "FL-L032",
        f"the backup in {path_text(folder)} is damaged: {'; '.join(texts[:_BAD_SHOWN_MAX])}{more}",
        "take an older backup",
        "`fairlead journal repair --from` takes what is still good in this one",
    )


def _digest_of(held: Contents) -> str:
    return sha256(msgspec.json.encode(msgspec.structs.replace(held, digest=""))).hexdigest()


class _Regular(NamedTuple):
    path: str  # below the root
    full: str


def files_below(root: str, *parts: str) -> Iterator[_Regular]:
    """Every regular file below the *parts* of *root*, in alphabetical order; links are not followed, nor taken."""
    for part in parts:
        top = os.path.join(root, part)
        if os.path.isfile(top) and not os.path.islink(top):
            yield _Regular(part, top)
        for folder, folders, names in os.walk(top):
            folders.sort()
            for name in sorted(names):
                full = os.path.join(folder, name)
                if stat.S_ISREG(os.lstat(full).st_mode):
                    yield _Regular(os.path.relpath(full, root), full)


def copy_synced(source: str, target: str) -> Kept | None:
    """Copy one file and sync it; None when it is gone meanwhile. *target*'s directory is made, and synced by others."""
    try:
        file = open(source, "rb")  # noqa: SIM115 - what follows closes it, and a file that is gone is no error
    except FileNotFoundError:
        return None
    with file:
        make_directory(os.path.dirname(target))
        return write_synced(target, iter(lambda: file.read(_PIECE_BYTES), b""))


def write_synced(target: str, pieces: Iterable[bytes]) -> Kept:
    """Write a new file and sync it; gives its size and digest, its path as *target*."""
    seen, size = sha256(), 0
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        for piece in pieces:
            file.write(piece)
            seen.update(piece)
            size += len(piece)
        file.flush()
        os.fdatasync(file.fileno())
    return Kept(target, size, seen.hexdigest())


def look_at_file(path: str) -> tuple[int, str]:
    """Size and digest of a file; (-1, "") when it is not there."""
    seen, size = sha256(), 0
    try:
        with open(path, "rb") as file:
            for piece in iter(lambda: file.read(_PIECE_BYTES), b""):
                seen.update(piece)
                size += len(piece)
    except OSError:
        return -1, ""
    return size, seen.hexdigest()


def compare(folder: str, held: Contents) -> list[str]:
    """What in *folder* is not as its list says."""
    found = []
    for one in held.files:
        size, digest = look_at_file(os.path.join(folder, one.path))
        if (size, digest) != (one.bytes, one.sha256):
            found.append(f"{one.path} {'is missing' if size < 0 else 'is not what was written'}")
    return found


def sync_directories(root: str) -> None:
    """Make the names of everything below *root* durable."""
    for folder, _, _ in os.walk(root, topdown=False):
        Places(root).disk.sync_directory(folder)


def refuse_in_use(places: Places, clock: Clock) -> None:
    """Nothing is taken away from a worker that lives.

    Raises:
        FairleadError: FL-L034.
    """
    names = os.listdir(places.workers) if os.path.isdir(places.workers) else []
    alive = [name for name in sorted(names) if look_at(places, name, clock).is_alive]
    if alive:
        raise error(
            "FL-L034",
            f"the record in {places.directory} is in use: worker {alive[0]} performs a run",
            "let its runs end, or stop it with `fairlead cancel RUN`, then type the same again",
            exit_code=8,
        )


def unwritable(folder: str, cause: OSError) -> FairleadError:
    """What the disk refused while a backup or a restore wrote to *folder*."""
    return error(
        "FL-L039",
        f"{path_text(folder)} cannot be written: {cause.strerror or cause}; what was there before is untouched",
        "free some space, or name a directory on another disk",
        exit_code=8,
    )
