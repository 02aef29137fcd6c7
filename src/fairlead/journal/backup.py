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
from fairlead.journal.receipts import receipt_text
from fairlead.journal.run_index import RunIndex
from fairlead.journal.verification import verify


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
    prove_copy(part, held, part, clock)
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


def prove_copy(part: str, held: Contents, name: str, clock: Clock) -> None:
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


def _is_empty_directory(path: str) -> bool:
    return os.path.isdir(path) and not os.path.islink(path) and not os.listdir(path)
