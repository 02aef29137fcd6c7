"""Several files of the checkout changed as one: all of them or none, and what was there is kept first.

The record of a change is on disk before the first file is touched: what every file was, and what it will be. Whoever
finds a record that is not done knows from the files themselves how far it came: when all of them are changed, it has
happened; else what was changed is taken back, and it can begin anew. A file that is neither is left to a person.
"""

import base64
import hashlib
import json
import os
from collections.abc import Sequence

import msgspec

from fairlead.core.findings import path_text
from fairlead.core.json import Digest, Json, digest
from fairlead.env.effects.checkout import Checkout, Held
from fairlead.env.effects.refusals import Refused, disk_refused
from fairlead.env.files import LocalFiles


class Change(msgspec.Struct, frozen=True):
    """What becomes of one file."""

    path: str
    before: Held | None  # None: it is not there
    after: bytes | None  # None: it will not be there
    is_program: bool | None = None  # None: as it is now


class _File(msgspec.Struct):
    """One file in a record. `path` is as JSON has it, lone surrogates escaped."""

    path: str
    before: str | None  # base64
    mode: int  # of what was there
    after: Digest | None
    after_mode: int | None  # None: whatever a new file has here
    staged: str  # the name beside it, until it is swapped


class _Record(msgspec.Struct):
    files: list[_File]
    folders: list[str]  # that were made for it, from the outermost
    output: dict[str, Json]
    is_done: bool = False


class Swap:
    """One change of the *checkout*, recorded at *place*."""

    def __init__(self, checkout: Checkout, place: str) -> None:
        self._checkout = checkout
        self._place = place

    def perform(self, changes: Sequence[Change], output: dict[str, Json]) -> None:
        """Make all *changes*; *output* is kept with them for `settle`.

        Raises:
            Refused: FL-R335 a file is not what it was any more; FL-R341 the disk refused. Nothing was changed.
        """
        record = self._recorded(changes, output)
        self._write(record)
        swapped = 0
        try:
            for change, file in zip(changes, record.files, strict=True):
                if change.after is not None:
                    self._checkout.stage(change.path, file.staged, change.after, file.after_mode)
                    if change.before is None and change.is_program:
                        self._checkout.make_program(change.path, file.staged)
            for change, file in zip(changes, record.files, strict=True):
                if self._checkout.read(change.path) != change.before:
                    raise _changed(change.path)
                swapped += 1
                if change.after is None:
                    self._checkout.remove(change.path)
                else:
                    self._checkout.swap(change.path, file.staged)
        except OSError as problem:
            self._take_back(record, swapped)
            raise disk_refused(problem) from None
        except Refused:
            self._take_back(record, swapped)
            raise
        record.is_done = True
        self._write(record)

    def settle(self) -> dict[str, Json] | None:
        """The output of the change when it has happened. One that was broken off is taken back first; gives None then.

        Raises:
            Refused: FL-R340 a file is neither what it was nor what it should become.
        """
        record = self._read()
        if record is None:
            return None
        if record.is_done:
            return record.output
        if all(self._state(file) == "after" for file in record.files):
            record.is_done = True
            self._write(record)
            return record.output
        self._take_back(record, len(record.files))
        return None

    def _take_back(self, record: _Record, count: int) -> None:
        """Let the first *count* files be what they were; none of the others was touched. Then forget the change."""
        states = [self._state(file) for file in record.files[:count]]
        for file, state in zip(record.files, states, strict=False):
            if state == "other":
                raise Refused(
                    "FL-R340",
                    f"{path_text(file.path)} is neither what it was before an effect that was broken off nor what it"
                    " should become",
                    f"Somebody changed it in between. What every file was is kept in {self._place}; mend it by hand.",
                    fault="platform",
                    error="",
                )
        for file, state in zip(record.files, states, strict=False):
            if state == "after" and file.before is None:
                self._checkout.remove(file.path)
            elif state == "after" and file.before is not None:
                self._checkout.stage(file.path, file.staged, base64.b64decode(file.before), file.mode)
                self._checkout.swap(file.path, file.staged)
        for file in record.files:
            self._checkout.remove(os.path.join(os.path.dirname(file.path), file.staged))
        for folder in reversed(record.folders):
            self._checkout.remove_folder(folder)
        os.unlink(self._place)

    def _state(self, file: _File) -> str:
        """What lies there now: "after", "before" or "other". Content decides, and the mode where that is a change."""
        now = self._checkout.read(file.path)
        data = digest(now.data) if now is not None else None
        before = digest(base64.b64decode(file.before)) if file.before is not None else None
        is_same_mode = now is None or file.after_mode is None or now.mode == file.after_mode
        if data == file.after and is_same_mode:
            return "after"
        return "before" if data == before else "other"

    def _recorded(self, changes: Sequence[Change], output: dict[str, Json]) -> _Record:
        files = []
        folders: dict[str, None] = {}
        for change in changes:
            name = (
                ".fairlead-"
                + hashlib.sha256((self._place + "\0" + change.path).encode("utf-8", "surrogatepass")).hexdigest()[:16]
            )
            before, mode, after_mode = None, 0, None
            if change.before is not None:
                before, mode = base64.b64encode(change.before.data).decode(), change.before.mode
                after_mode = _mode(mode, change.is_program)
            after = digest(change.after) if change.after is not None else None
            files.append(_File(change.path, before, mode, after, after_mode if after else None, name))
            if after is not None:
                folders |= dict.fromkeys(self._checkout.missing_folders(change.path))
        return _Record(files, list(folders), output)

    def _write(self, record: _Record) -> None:
        # Python's own JSON: a name may hold bytes that are no text.
        LocalFiles().write(self._place, json.dumps(msgspec.to_builtins(record)).encode())

    def _read(self) -> _Record | None:
        data = LocalFiles().read(self._place, limit=1_000_000_000)
        return msgspec.convert(json.loads(data), _Record) if data is not None else None


def _mode(mode: int, is_program: bool | None) -> int:
    if is_program is None:
        return mode
    return mode | (mode & 0o444) >> 2 if is_program else mode & ~0o111


def _changed(path: str) -> Refused:
    return Refused(
        "FL-R335",
        f"{path_text(path)} changed while it was being written",
        "Make the change again from the files as they are; nothing of it was applied.",
        fault="platform",
    )
