"""Brings a dump into the machine's shared data: as a stream, in bounded memory, and whole or not at all.

A new folder for each import; the pointer to it is renamed into place at the end, under a lock. A folder that an import
left behind when it was killed has no lock held on it, and the next import removes it.
"""

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Protocol

from fairlead.core.errors import error
from fairlead.core.findings import path_text
from fairlead.env.dumps import documents
from fairlead.env.files import LocalFiles

ROWS_BYTES_MAX = 16_000_000  # kept in memory before they are written out
_TELL_EVERY = 1_000  # documents
_POINTER = "current.json"
_BUILDING = ".new-"
_LOCK = "lock"


class Sorter(Protocol):
    """Knows what is in a dump; this module knows only files."""

    def take(self, name: str, data: bytes) -> Iterable[tuple[str, bytes]]:
        """Rows of one document, each with the place (`GROUP/FILE`) where it belongs."""
        ...

    def reject(self, name: str, why: str) -> None: ...

    def judge(self) -> Sequence[str]:
        """The groups that are to be written, once everything was taken; raises when the dump is refused."""
        ...

    def shard(self, place: str, rows: Iterable[bytes]) -> bytes: ...
    def last_files(self, group: str) -> Iterable[tuple[str, bytes]]: ...

    def pointer(self, before: bytes | None, folders: dict[str, str]) -> tuple[bytes, set[str]]:
        """The new pointer, and every folder that must stay."""
        ...


def import_dump(path: str, directory: str, sorter: Sorter, tell: Callable[[int], None]) -> None:
    """Sort the dump at *path* into *directory*; *tell* hears now and then how many documents were read.

    Raises:
        FairleadError: what `documents` and the sorter raise; FL-N046 the directory cannot be written. Whatever it is,
            the data that were there are still there.
    """
    try:
        os.makedirs(directory, mode=0o755, exist_ok=True)
        token = secrets.token_hex(4)
        with _building_folder(directory, token) as folder:
            places = _spread(path, folder, sorter, tell)
            groups = sorter.judge()
            for group in groups:
                _write_group(folder, group, [place for place in places if place.startswith(group + "/")], sorter)
            _put_in_place(directory, folder, {group: f"{group}-{token}" for group in groups}, sorter)
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        raise error(
            "FL-N046",
            f"{path_text(directory)} cannot be written: {why}",
            "Free some space, or name another place with FAIRLEAD_DATA_DIR.",
        ) from None


@contextmanager
def _building_folder(directory: str, token: str) -> Iterator[str]:
    folder = os.path.join(directory, _BUILDING + token)
    with ExitStack() as open_files:
        with _only_one(directory):
            _remove_left_overs(directory)
            os.mkdir(folder)
            lock = open_files.enter_context(open(os.path.join(folder, _LOCK), "wb"))
            fcntl.flock(lock, fcntl.LOCK_EX)  # as long as it is held, somebody is at work here
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _only_one(directory: str) -> Iterator[None]:
    """Everybody else waits; held for moments only."""
    with open(os.path.join(directory, _LOCK), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_left_overs(directory: str) -> None:
    for name in os.listdir(directory):
        if name.startswith(_BUILDING):
            try:
                with open(os.path.join(directory, name, _LOCK), "rb") as lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(os.path.join(directory, name), ignore_errors=True)
            except OSError:
                pass  # somebody is at work there


def _spread(path: str, folder: str, sorter: Sorter, tell: Callable[[int], None]) -> list[str]:
    """Write every row behind those of its place; gives the places."""
    rows: dict[str, list[bytes]] = {}
    places: set[str] = set()
    size = 0
    for number, (name, data) in enumerate(documents(path), 1):
        if data is None:
            sorter.reject(name, "it is too large, cut off or cannot be read")
        else:
            for place, row in sorter.take(name, data):
                rows.setdefault(place, []).append(row)
                size += len(row)
        if number % _TELL_EVERY == 0:
            tell(number)
        if size > ROWS_BYTES_MAX:
            places |= _append(folder, rows)
            rows, size = {}, 0
    places |= _append(folder, rows)
    return sorted(places)


def _append(folder: str, rows: dict[str, list[bytes]]) -> set[str]:
    for place, some in rows.items():
        target = os.path.join(folder, "rows", place)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "ab") as file:
            file.writelines(some)
    return set(rows)


def _write_group(folder: str, group: str, places: Iterable[str], sorter: Sorter) -> None:
    os.mkdir(os.path.join(folder, group))
    for place in places:
        with open(os.path.join(folder, "rows", place), "rb") as rows:
            _write(os.path.join(folder, place), sorter.shard(place, rows))
    for name, data in sorter.last_files(group):
        _write(os.path.join(folder, group, name), data)
    _sync(os.path.join(folder, group))


def _put_in_place(directory: str, building: str, folders: dict[str, str], sorter: Sorter) -> None:
    with _only_one(directory):
        pointer = os.path.join(directory, _POINTER)
        after, needed = sorter.pointer(LocalFiles().read(pointer), folders)
        for group, name in folders.items():
            os.rename(os.path.join(building, group), os.path.join(directory, name))
        _sync(directory)
        LocalFiles().write(pointer, after)
        for name in os.listdir(directory):
            full = os.path.join(directory, name)
            if not name.startswith(_BUILDING) and name not in needed and os.path.isdir(full):
                shutil.rmtree(full, ignore_errors=True)


def _write(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fdatasync(file.fileno())


def _sync(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
