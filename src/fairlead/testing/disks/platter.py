"""What a disk holds for sure, what it may hold, and what is left of both when the power goes.

A write is for sure once its file was synced; a name (of a new file or directory, after a rename or a removal) once its
directory was. Of everything else a cut keeps any part: all, nothing, some, single sectors of 512 bytes, later ones
without the earlier. A file whose name is lost is lost, however well it was synced. After a sync that failed, what it
should have made durable may be lost for ever, though every program on the machine still reads it: so does Linux. (Not
so for names: where they cannot be written, a file system gives up altogether.)
"""

import os
import random
import shutil
from typing import NamedTuple

from fairlead.testing.disks.watched import Call

SECTOR_BYTES = 512

# What a disk does with what was not synced, in one cut: shares of what is kept whole and of what is torn.
_MOODS = ((1.0, 0.0), (0.0, 0.0), (0.34, 0.33), (0.9, 0.05), (0.05, 0.05), (0.0, 1.0))


class Image(NamedTuple):
    """Files and directories, by their path below the root."""

    files: dict[str, bytes]
    directories: frozenset[str]

    def lay(self, root: str) -> None:
        """Make *root* hold this and nothing else."""
        if os.path.isdir(root):
            shutil.rmtree(root)
        os.mkdir(root)
        for path in sorted(self.directories):
            os.mkdir(os.path.join(root, path), 0o700)
        for path, data in self.files.items():
            fd = os.open(os.path.join(root, path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            try:
                os.write(fd, data)
            finally:
                os.close(fd)


class _Loose:
    """A change that is not for sure yet. When its sync failed it never will be."""

    __slots__ = ("call", "file", "is_doomed", "is_sure")

    def __init__(self, call: Call, file: "_File | None" = None) -> None:
        self.call = call
        self.file = file  # that a name is for; None is a directory's
        self.is_sure = False
        self.is_doomed = False


class _File:
    """What was written to one file, whatever its names."""

    __slots__ = ("changes", "sure")

    def __init__(self, sure: bytes = b"") -> None:
        self.sure = bytearray(sure)
        self.changes: list[_Loose] = []

    def sync(self) -> None:
        _settle(self.changes)
        while self.changes and self.changes[0].is_sure:
            _apply(self.sure, self.changes.pop(0).call)

    def cut(self, draw: random.Random, mood: tuple[float, float]) -> bytes:
        content = bytearray(self.sure)
        for change in self.changes:
            if change.is_sure:
                _apply(content, change.call)
            else:
                _apply_perhaps(content, change.call, draw, mood)
        return bytes(content)

    def whole(self) -> bytes:
        content = bytearray(self.sure)
        for change in self.changes:
            _apply(content, change.call)
        return bytes(content)


class Platter:
    """Follows the calls on a disk that at first holds *image*, all of it for sure."""

    def __init__(self, image: Image | None = None) -> None:
        held: dict[str, _File | None] = {}
        if image is not None:
            held.update({path: _File(data) for path, data in image.files.items()})
            held.update(dict.fromkeys(image.directories))
        self._sure = held  # names that no cut takes away
        self._seen = dict(held)  # names as every program sees them
        self._names: list[_Loose] = []  # changes of names, in order

    def perform(self, call: Call) -> None:
        """Follow one call."""
        match call.kind:
            case "write" | "truncate":
                file = self._seen.get(call.path)
                if file is not None:  # else it was removed while it was open
                    file.changes.append(_Loose(call))
            case "sync":
                file = self._seen.get(call.path)
                if file is not None and call.is_failed:
                    _doom(file.changes)
                elif file is not None:
                    file.sync()
            case "make":
                if call.path not in self._seen:
                    self._rename(_Loose(call, _File()))
            case "mkdir" | "unlink":
                self._rename(_Loose(call))
            case "rename":
                self._rename(_Loose(call, self._seen[call.path]))
            case "sync directory":
                self._sync_names(call)

    def cut(self, draw: random.Random, names: float | None = None) -> Image:
        """What a power cut may leave at this moment. With *names* that share of the loose names is kept."""
        mood, held = draw.choice(_MOODS), dict(self._sure)
        kept = draw.choice((0.0, 0.5, 0.5, 0.5, 1.0)) if names is None else names
        for change in self._names:
            if change.is_sure or draw.random() < kept:
                _change(held, change)
        contents: dict[int, bytes] = {}  # a file that has two names is the same under both
        for file in held.values():
            if file is not None and id(file) not in contents:
                contents[id(file)] = file.cut(draw, mood)
        return _image({path: None if file is None else contents[id(file)] for path, file in held.items()})

    def whole(self) -> Image:
        """What is there when nothing is lost: what a killed process leaves."""
        return _image({path: None if file is None else file.whole() for path, file in self._seen.items()})

    def _rename(self, change: _Loose) -> None:
        _change(self._seen, change)
        self._names.append(change)

    def _sync_names(self, call: Call) -> None:
        mine = [change for change in self._names if os.path.dirname(change.call.to or change.call.path) == call.path]
        _settle(mine)
        while self._names and self._names[0].is_sure:
            _change(self._sure, self._names.pop(0))


def _settle(changes: list[_Loose]) -> None:
    for change in changes:
        change.is_sure = not change.is_doomed


def _doom(changes: list[_Loose]) -> None:
    for change in changes:
        change.is_doomed = not change.is_sure


def _change(names: "dict[str, _File | None]", change: _Loose) -> None:
    call = change.call
    if call.kind in ("unlink", "rename"):
        names.pop(call.path, None)
    if call.kind != "unlink":
        names[call.to or call.path] = change.file


def _image(held: dict[str, bytes | None]) -> Image:
    """What can be reached from the root: without its directory nothing in it is there."""
    directories = {""}
    for path in sorted(path for path, data in held.items() if data is None):
        if os.path.dirname(path) in directories:
            directories.add(path)
    files = {path: data for path, data in held.items() if data is not None and os.path.dirname(path) in directories}
    return Image(files, frozenset(directories - {""}))


def _apply(content: bytearray, call: Call) -> None:
    if call.kind == "truncate":
        del content[call.offset :]
        content.extend(bytes(call.offset - len(content)))
        return
    end = call.offset + len(call.data)
    if end > len(content):
        content.extend(bytes(end - len(content)))
    content[call.offset : end] = call.data


def _apply_perhaps(content: bytearray, call: Call, draw: random.Random, mood: tuple[float, float]) -> None:
    """All of it, none of it, or some of its sectors."""
    fate, (kept, torn) = draw.random(), mood
    if fate < kept:
        _apply(content, call)
    elif fate < kept + torn and call.kind == "write":
        at, end = call.offset, call.offset + len(call.data)
        while at < end:
            until = min(end, at - at % SECTOR_BYTES + SECTOR_BYTES)
            if draw.random() < 0.5:
                _apply(content, Call("write", "", at, call.data[at - call.offset : until - call.offset]))
            at = until
