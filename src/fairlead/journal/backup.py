"""Backup and restore of a state directory, while others go on writing.

A backup is a directory that holds the record as one moment saw it: the journal, made anew from that moment's events
(each checked against the chain on the way), its anchor, the contents that they name, and beside them what the runs
keep in files: the trees that steps have recorded, what effects need to be undone, logs. All of it was synced before the
event that speaks of it, so copying it *after* the journal's moment gets everything, and perhaps a little more.

It comes into being under another name, is read back and verified there, and only then is given its own.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing

import apsw
import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ids import RunId
from fairlead.core.ports import Clock
from fairlead.journal.anchor import read_anchor
from fairlead.journal.backup_files import (
    FORMAT,
    Contents,
    Kept,
    bad_backup,
    compare,
    copy_synced,
    files_below,
    look_at_file,
    read_list,
    refuse_in_use,
    sync_directories,
    unwritable,
    write_list,
    write_synced,
)
from fairlead.journal.blobs import Blobs
from fairlead.journal.chain import Row
from fairlead.journal.composing import Composed, compose
from fairlead.journal.failures import diagnose, older_than_anchor
from fairlead.journal.opening import Places, connect_unchecked, make_directory, rows_from
from fairlead.journal.receipts import check_form, check_receipt, receipt_text
from fairlead.journal.run_index import RunIndex
from fairlead.journal.verification import verify

_RECORD = ("journal.db", "journal.db-wal", "journal.db-shm", "anchor", "blobs", "trees", "logs")


class Restored(msgspec.Struct, frozen=True):
    """What a restore brought back."""

    contents: Contents
    kept_as: str = ""  # where what was there before lies now
    lost: int = 0  # events that the anchor of what was there remembers and the backup does not hold


def back_up(directory: str, to: str, *, clock: Clock) -> Contents:
    """Make a backup of the state directory in *to*, which must not exist or be empty.

    Raises:
        FairleadError: FL-L030 something lies at *to*; FL-L039 it cannot be written; FL-L002, FL-L003, FL-L006 the
            record is damaged, and nothing was made.
    """
    try:
        to.encode()
    except UnicodeEncodeError:
        raise unwritable(to, OSError("SQLite takes only names in UTF-8")) from None
    if os.path.lexists(to) and not _is_empty_directory(to):
        raise error(
            "FL-L030",
            f"{path_text(to)} is there already, and a backup never overwrites anything",
            "name a directory that does not exist yet",
            exit_code=2,
        )
    part = f"{to.rstrip('/')}.part-{os.getpid()}"
    try:
        make_directory(os.path.dirname(os.path.abspath(to)))
        os.mkdir(part, 0o700)
    except OSError as cause:
        raise unwritable(to, cause) from None
    try:
        held = _fill(Places(directory), part, clock)
        os.rename(part, to)
        Places(to).disk.sync_directory(os.path.dirname(os.path.abspath(to)))
    except OSError as cause:
        raise unwritable(to, cause) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return held


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
        _prove(part, held, source, clock)
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


def _fill(source: Places, part: str, clock: Clock) -> Contents:
    target = Places(part)
    composed = _copy_journal(source, target)
    _copy_contents(source, target, composed.index)
    copied = {}
    for run in composed.index.runs:
        for one in files_below(source.directory, *parts_of(run)):
            copy = copy_run_file(one.full, os.path.join(part, one.path))
            if copy is not None:
                copied[one.path] = copy
    held = _listed(part, composed, copied, os.path.abspath(source.directory), clock)
    _prove(part, held, part, clock)
    write_list(part, held)
    sync_directories(part)
    return read_list(part)


def _copy_journal(source: Places, target: Places) -> Composed:
    """Make the journal anew from one view of the events of *source*."""
    marks = read_anchor(source.anchor, source.disk)  # before the view: it is never ahead
    connection = connect_unchecked(source)
    if connection is None:
        raise older_than_anchor(source.directory, 0, marks[-1].seq if marks else 0)
    with closing(connection):
        try:
            composed = compose(target, _rows_of(connection, source), source.directory)
        except apsw.Error as cause:  # what reading refuses is a diagnostic already
            raise OSError(f"SQLite says: {cause}") from None
    if marks and marks[-1].seq > composed.head.seq:
        raise older_than_anchor(source.directory, composed.head.seq, marks[-1].seq)
    return composed


def _rows_of(connection: apsw.Connection, source: Places) -> Iterator[Row]:
    try:
        connection.execute("BEGIN")  # one view for all that follows
        yield from rows_from(connection, 1)
    except apsw.Error as cause:
        raise diagnose(cause, source.directory) from None


def _copy_contents(source: Places, target: Places, index: RunIndex) -> None:
    blobs, copies = Blobs(source), Blobs(target)
    for digest in index.named:
        data = blobs.get(digest)
        try:
            copies.put(data)
        except FairleadError as refusal:
            raise OSError(refusal.diagnostics[0].message) from None


def parts_of(run: RunId) -> tuple[str, ...]:
    """Where a run keeps files in the state directory. Its working copies are disposable and stay behind."""
    return (f"trees/{run}.git", f"trees/{run}.effects", f"logs/{run}")


def copy_run_file(source: str, target: str) -> Kept | None:
    """Copy a file of a run, unless it is one that git has not finished."""
    folder, name = os.path.split(source)
    if name.startswith("tmp_") or name.endswith(".lock") or "/indexes/" in source:
        return None
    if os.path.basename(folder) == "trees" and os.path.basename(os.path.dirname(folder)) == "refs":
        # It names itself, and whoever records the same tree once more writes it anew: never half of it.
        make_directory(os.path.dirname(target))
        return write_synced(target, [name.encode() + b"\n"])
    return copy_synced(source, target)


def _listed(part: str, composed: Composed, copied: Mapping[str, Kept], state_dir: str, clock: Clock) -> Contents:
    files = []
    for one in files_below(part, *sorted(os.listdir(part))):
        # Of a copy what was read counts, not what was written: so the look that follows compares the two.
        copy = copied.get(one.path)
        size, digest = look_at_file(one.full) if copy is None else (copy.bytes, copy.sha256)
        files.append(Kept(one.path, size, digest))
    return Contents(
        *(FORMAT, clock.now(), state_dir, receipt_text(composed.head), composed.head.seq),
        runs=len(composed.index.lines),
        contents=len(composed.index.named),
        bytes=sum(one.bytes for one in files),
        files=tuple(files),
    )


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


def _prove(part: str, held: Contents, name: str, clock: Clock) -> None:
    """Read back what was written: nothing is called a backup, or restored, that does not verify.

    Raises:
        FairleadError: FL-L032.
    """
    found = compare(part, held)
    report = verify(part, clock=clock)
    found += [f"event {one.seq}: {one.text}" if one.seq else one.text for one in report.problems]
    if not found and f"{report.head}:{report.h}" != held.receipt:
        found = [f"it ends at event {report.head}, not at {held.receipt[:24]}"]
    if found:
        raise bad_backup(name, found)
    for name in ("journal.db-wal", "journal.db-shm"):  # of the look that was just taken
        path = os.path.join(part, name)
        if os.path.exists(path):
            os.unlink(path)


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


def _is_empty_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)


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
