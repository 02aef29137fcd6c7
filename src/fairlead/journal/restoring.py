"""Restoring: a backup takes the place of a state directory, whole, verified, and without losing what was there."""

import os
import shutil

import msgspec

from fairlead.core.errors import error
from fairlead.core.findings import path_text
from fairlead.core.ports import Clock
from fairlead.journal.anchor import read_anchor
from fairlead.journal.backup import prove_copy
from fairlead.journal.backup_files import (
    Contents,
    bad_backup,
    copy_synced,
    read_list,
    refuse_in_use,
    sync_directories,
    unwritable,
    write_synced,
)
from fairlead.journal.opening import Places, make_directory
from fairlead.journal.receipts import check_form, check_receipt

_RECORD = ("journal.db", "journal.db-wal", "journal.db-shm", "anchor", "blobs", "trees", "logs")


class Restored(msgspec.Struct, frozen=True):
    """What a restore brought back."""

    contents: Contents
    kept_as: str = ""  # where what was there before lies now
    lost: int = 0  # events that the anchor of what was there remembers and the backup does not hold


def restore(source: str, directory: str, *, clock: Clock, is_replacing: bool = False, receipt: str = "") -> Restored:
    """Bring the backup in *source* back as the state directory *directory*.

    What lies there is only replaced when *is_replacing*, and is kept beside it. *receipt* is what the backup must hold.

    Raises:
        FairleadError: FL-L031, FL-L032 *source* is no sound backup; FL-L033 there is a record already; FL-L034 a
            living worker uses it; FL-L035, FL-L036 the backup does not hold *receipt*; FL-L039.
    """
    if receipt:
        check_form(receipt)
    held = read_list(source)
    places = Places(os.path.abspath(directory))
    is_there = any(os.path.lexists(os.path.join(places.directory, name)) for name in _RECORD)
    if is_there and not is_replacing:
        raise error(
            "FL-L033",
            f"there is a record in {places.directory} already",
            "with --force it is kept under another name and the backup takes its place",
            exit_code=2,
        )
    refuse_in_use(places, clock)
    part = f"{places.directory}.restored-{os.getpid()}"
    try:
        make_directory(os.path.dirname(places.directory))
        os.mkdir(part, 0o700)
        _bring(source, held, part)
        prove_copy(part, held, source, clock)
        if receipt:
            check_receipt(part, receipt, f"the backup in {path_text(source)}")
        settle(part, held.state_dir, places.directory)
        sync_directories(part)
        lost = max(0, _remembered(places) - held.events)
        kept_as = _put_in_place(part, places, clock) if is_there else _move_in(part, places)
    except OSError as cause:
        raise unwritable(places.directory, cause) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Restored(held, kept_as, lost)


def _bring(source: str, held: Contents, part: str) -> None:
    """Copy what the list names, and nothing else."""
    bad = []
    for one in held.files:
        if os.path.isabs(one.path) or ".." in one.path.split("/"):
            raise bad_backup(source, [f"{one.path[:100]} lies outside of it"])
        copy = copy_synced(os.path.join(source, one.path), os.path.join(part, one.path))
        if copy is None or (copy.bytes, copy.sha256) != (one.bytes, one.sha256):
            bad.append(f"{one.path} {'is missing' if copy is None else 'is not what was written'}")
    if bad:
        raise bad_backup(source, bad)


def _remembered(places: Places) -> int:
    """The last event that the anchor of *places* knows."""
    try:
        return max((mark.seq for mark in read_anchor(places.anchor, places.disk) or []), default=0)
    except OSError:
        return 0


def _put_in_place(part: str, places: Places, clock: Clock) -> str:
    """Give *part* the place of what is there, which keeps all it has under a name of its own."""
    kept_as = aside_name(places.directory, "before-restore", clock)
    os.rename(places.directory, kept_as)
    os.rename(part, places.directory)
    places.disk.sync_directory(os.path.dirname(places.directory))
    return kept_as


def _move_in(part: str, places: Places) -> str:
    """Give a directory without a record what is in *part*: the database last, for where it is everything else is."""
    make_directory(places.directory)
    for name in sorted(os.listdir(part), key=lambda name: (name == "journal.db", name)):
        os.rename(os.path.join(part, name), os.path.join(places.directory, name))
    places.disk.sync_directory(places.directory)
    return ""


def aside_name(path: str, why: str, clock: Clock) -> str:
    """A name beside *path* that nothing has."""
    from datetime import UTC, datetime

    stamp = f"{datetime.fromtimestamp(clock.now() / 1_000_000, UTC):%Y%m%d-%H%M%S}"
    names = (f"{path}.{why}-{stamp}{suffix}" for suffix in ("", *(f"-{number}" for number in range(2, 1_000))))
    return next(name for name in names if not os.path.lexists(name))


def settle(folder: str, before: str, after: str) -> None:
    """Make the private git directories below *folder* whole: a list of files holds no empty directories, and where
    further objects lie is written down with the place of the state directory, *before* once and *after* now.
    """
    trees = os.path.join(folder, "trees")
    for name in sorted(os.listdir(trees)) if os.path.isdir(trees) else ():
        if not name.endswith(".git"):
            continue
        for part in ("objects/info", "added", "refs/trees", "info", "indexes"):
            make_directory(os.path.join(trees, name, part))
        path = os.path.join(trees, name, "objects", "info", "alternates")
        if before != after and os.path.isfile(path):
            with open(path, "rb") as file:
                data = file.read()
            old, new = (b'"' + _quoted(one) + b"/" for one in (before, after))
            write_synced(path, [data.replace(old, new)])


def _quoted(path: str) -> bytes:
    """As git quotes a path in its list of further objects."""
    return os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
