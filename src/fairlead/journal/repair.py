"""Repair: a journal put together again from what a damaged one still holds and what a backup has.

Event by event the chain decides. The damaged journal's own event is taken when it is the one that follows; else the
backup's, when that one follows; at the first number where neither does, the rest is lost, and is named. Everything is
read from copies, so looking changes nothing, and the damaged files are kept aside when something is written.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext, suppress

import apsw
import msgspec

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text
from fairlead.core.ids import Seq
from fairlead.core.ports import Clock
from fairlead.journal import chain
from fairlead.journal.anchor import Mark, read_anchor
from fairlead.journal.backup import copy_run_file, parts_of
from fairlead.journal.backup_files import (
    copy_synced,
    files_below,
    read_list,
    refuse_in_use,
    sync_directories,
    unwritable,
)
from fairlead.journal.blobs import Blobs
from fairlead.journal.chain import Row
from fairlead.journal.composing import Composed, check_next, compose
from fairlead.journal.opening import Places, WriterLock, connect_unchecked, make_directory
from fairlead.journal.restoring import aside_name, settle
from fairlead.journal.salvage import Cursor
from fairlead.journal.verification import Problem, verify

_DATABASE = ("journal.db", "journal.db-wal")
_SHOWN_MAX = 100


class Range(msgspec.Struct, frozen=True):
    """Events from one number to another, both included."""

    first: Seq
    last: Seq


class Repair(msgspec.Struct, frozen=True):
    """What a repair found, and what it did or would do."""

    problems: tuple[Problem, ...]  # of the damaged journal; none means that there is nothing to repair
    head: Seq  # the last event of the repaired journal
    kept: int  # events that are taken from the damaged journal
    from_backup: tuple[Range, ...]  # events that are taken from the backup
    lost: tuple[Range, ...]  # events that somebody remembers and that neither has
    contents_from_backup: int
    contents_lost: tuple[str, ...]  # digests of contents that neither has
    events_without_contents: tuple[Seq, ...]  # the first event that names each of those
    files_from_backup: int  # of runs: trees, effects, logs
    is_written: bool = False
    kept_as: str = ""  # where the damaged files lie now


def repair(directory: str, backup: str, *, clock: Clock, is_writing: bool = False) -> Repair:
    """Put the journal of a state directory together again, with what *backup* has; "" for no backup.

    Without *is_writing* nothing is changed: it says what would be.

    Raises:
        FairleadError: FL-L031 *backup* holds no journal; FL-L034 a living worker uses the record; FL-L038 *backup* is
            of another record; FL-L039.
    """
    if backup and not os.path.isdir(backup):  # else what is wrong with it looks like a fault of the record's disk
        said = "is no directory" if os.path.lexists(backup) else "is not there"
        hint = "name a directory that `fairlead backup` has made"
        raise error("FL-L031", f"there is no backup: {path_text(backup)} {said}", hint, exit_code=2)
    places = Places(os.path.abspath(directory))
    problems = verify(places.directory, clock=clock).problems
    newer = next((one for one in problems if one.code == "FL-L004"), None)
    if newer is not None:  # what this version cannot read is no damage
        hint = "use the newer Fairlead that wrote it; `fairlead restore FROM --force` keeps what is there"
        raise error("FL-L004", f"the journal in {places.directory} cannot be repaired: {newer.text}", hint)
    if is_writing:
        refuse_in_use(places, clock)
    part = os.path.join(places.directory, f"repair-{os.getpid()}")  # inside: what is made there is only renamed
    try:
        os.mkdir(part, 0o700)
        with _locked(places, is_writing=is_writing):
            work = _Work(places, backup, part)
            found = work.put_together(problems)
            if is_writing and problems:
                return work.write(found, clock)
            return found
    except OSError as cause:
        raise unwritable(places.directory, cause) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _locked(places: Places, *, is_writing: bool) -> AbstractContextManager[object]:
    """Nobody writes meanwhile; who only looks at a record without a lock makes none."""
    if not is_writing and not os.path.exists(places.writer_lock):
        return nullcontext()
    held = ExitStack()
    lock = held.enter_context(closing(WriterLock(places.writer_lock)))
    held.enter_context(lock.held())
    return held


class _Work:
    """One repair: everything is made in a directory *part* beside the record."""

    def __init__(self, places: Places, backup: str, part: str) -> None:
        self._places = places
        self._backup = Places(os.path.abspath(backup)) if backup else None
        self._new = Places(os.path.join(part, "new"))
        self._part = part
        self._kept = 0
        self._from_backup: list[Range] = []
        self._agreed = self._compared = 0  # events that both have, and that could be compared
        self._last_seen = 0
        self._composed = Composed()

    def put_together(self, problems: tuple[Problem, ...]) -> Repair:
        marks = self._marks()
        known = marks[-1].seq if marks else 0
        with ExitStack() as held:
            own, other = self._open(held, self._places, "damaged"), self._open(held, self._backup, "backup")
            if self._backup is not None and other is None:
                raise error(
                    "FL-L031",
                    f"there is no journal in {path_text(self._backup.directory)}",
                    "name a directory that `fairlead backup` has made",
                    exit_code=2,
                )
            rows = self._chosen(Cursor(own, known), Cursor(other, known))
            self._composed = compose(self._new, rows, self._places.directory)
        if self._from_backup and not self._agreed and (self._compared or not self._is_ours(marks)):
            self._refuse_stranger()
        head = self._composed.head.seq
        last = max(known, self._last_seen)
        brought, lost = self._contents()
        return Repair(
            problems=problems,
            head=Seq(head),
            kept=self._kept,
            from_backup=tuple(self._from_backup),
            lost=(Range(Seq(head + 1), Seq(last)),) if last > head else (),
            contents_from_backup=brought,
            contents_lost=tuple(digest for digest, _ in lost[:_SHOWN_MAX]),
            events_without_contents=tuple(Seq(seq) for _, seq in lost[:_SHOWN_MAX]),
            files_from_backup=self._files(),
        )

    def write(self, found: Repair, clock: Clock) -> Repair:
        """Keep the damaged files aside and put the repaired ones in their place: the database last."""
        left = [one for one in verify(self._new.directory, clock=clock).problems if one.code != "FL-L006"]
        if left:
            raise AssertionError(f"the repaired journal does not verify: {left[0].text}")
        sync_directories(self._new.directory)
        aside = aside_name(os.path.join(self._places.directory, "damaged"), "repair", clock)
        os.mkdir(aside, 0o700)
        for name in (*_DATABASE, "anchor"):
            copy_synced(os.path.join(self._places.directory, name), os.path.join(aside, name))
        new = [one for one in files_below(self._new.directory, "blobs", "trees", "logs") if "/new/" not in one.path]
        for one in new:
            there = os.path.join(self._places.directory, one.path)
            if os.path.lexists(there):
                make_directory(os.path.dirname(os.path.join(aside, one.path)))
                os.rename(there, os.path.join(aside, one.path))
            make_directory(os.path.dirname(there))
            os.rename(one.full, there)
            self._places.disk.sync_directory(os.path.dirname(there))
        settle(self._places.directory, "", "")
        sync_directories(aside)
        # From here to the last rename the record has no log: who opens it is told that it is older than its anchor.
        for name in ("journal.db-wal", "journal.db-shm"):
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self._places.directory, name))
        for name in ("anchor", "journal.db"):
            os.rename(os.path.join(self._new.directory, name), os.path.join(self._places.directory, name))
        self._places.disk.sync_directory(self._places.directory)
        return msgspec.structs.replace(found, is_written=True, kept_as=aside)

    def _marks(self) -> list[Mark]:
        try:
            return read_anchor(self._places.anchor, self._places.disk) or []
        except OSError:
            return []

    def _open(self, held: ExitStack, places: Places | None, name: str) -> apsw.Connection | None:
        """A connection to a copy of the database and its log: opening one may write beside it."""
        if places is None:
            return None
        copy = Places(os.path.join(self._part, name))
        for one in _DATABASE:
            copy_synced(os.path.join(places.directory, one), os.path.join(copy.directory, one))
        try:
            connection = connect_unchecked(copy)
        except FairleadError:
            return None  # nothing in it can be read
        return None if connection is None else held.enter_context(closing(connection))

    def _chosen(self, own: Cursor, other: Cursor) -> Iterator[Row]:
        """The events of the repaired journal, in order."""
        head = Mark(0, chain.START)
        while True:
            one, two = own.at(head.seq + 1), other.at(head.seq + 1)
            if one is not None and two is not None:
                self._compared += 1
                self._agreed += one.h == two.h
            after = _after(head, one)
            row, is_own = (one, True) if after is not None else (two, False)
            after = after or _after(head, two)
            if row is None or after is None:
                self._last_seen = max(own.last(), other.seen)
                return
            head = after
            self._count(row.seq, is_own=is_own)
            yield row

    def _count(self, seq: int, *, is_own: bool) -> None:
        if is_own:
            self._kept += 1
        elif self._from_backup and self._from_backup[-1].last == seq - 1:
            self._from_backup[-1] = Range(self._from_backup[-1].first, Seq(seq))
        else:
            self._from_backup.append(Range(Seq(seq), Seq(seq)))

    def _is_ours(self, marks: list[Mark]) -> bool:
        """Whether the backup is of this record, when none of its events can be compared with one of the journal."""
        if self._composed.head in marks:
            return True
        assert self._backup is not None
        try:
            is_named = read_list(self._backup.directory).state_dir == self._places.directory
        except FairleadError:
            is_named = False
        # What the anchor remembers must not stand against it.
        return is_named and all(mark.seq > self._composed.head.seq for mark in marks if mark.seq)

    def _refuse_stranger(self) -> None:
        assert self._backup is not None
        raise error(
            "FL-L038",
            f"the backup in {path_text(self._backup.directory)} is of another record than {self._places.directory}",
            "name a backup of this project; `fairlead restore FROM --force` takes any, and keeps what is there",
            exit_code=2,
        )

    def _contents(self) -> tuple[int, list[tuple[str, int]]]:
        """Put what is missing or altered in the content store into the new one, from the backup."""
        own, new = Blobs(self._places), Blobs(self._new)
        other = Blobs(self._backup) if self._backup is not None else None
        brought, lost = 0, []
        for digest, seq in self._composed.index.named.items():
            try:
                own.get(digest)
                continue
            except FairleadError:
                pass
            try:
                if other is None:
                    raise error("FL-L006", "there is no backup")
                new.put(other.get(digest))
                brought += 1
            except FairleadError:
                lost.append((str(digest), seq))
        return brought, lost

    def _files(self) -> int:
        """Put what runs have lost of their files into the new directory, from the backup."""
        brought = 0
        if self._backup is None:
            return brought
        for run in self._composed.index.runs:
            for one in files_below(self._backup.directory, *parts_of(run)):
                if not os.path.lexists(os.path.join(self._places.directory, one.path)):
                    brought += copy_run_file(one.full, os.path.join(self._new.directory, one.path)) is not None
        return brought


def _after(head: Mark, row: Row | None) -> Mark | None:
    """Where the chain stands after *row*; None when it is not the event that follows."""
    try:
        if row is not None:
            chain.event_of(row)
        return None if row is None else check_next(head, row)
    except chain.Altered:
        return None
