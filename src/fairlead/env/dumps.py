"""Reads dumps of JSON documents one by one: a directory, a .zip, a .json with one or a list of them, a .jsonl."""

import json
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator

from fairlead.core.errors import FairleadError, error
from fairlead.core.findings import path_text

ENTRY_BYTES_MAX = 10_000_000  # of one document
_PART_BYTES = 1_000_000  # read at once from a list
_ENDINGS = (".json", ".jsonl", ".zip")
_BETWEEN = re.compile(r"[ \t\r\n,]*")  # two items of a list
_KEEP = "The data that were there stay as they are."

Document = tuple[str, bytes | None]  # its name for people, and its bytes; None when it is too large or cannot be read


def documents(path: str) -> Iterator[Document]:
    """Every document of the dump at *path*, with bounded memory.

    Raises:
        FairleadError: FL-S040 nothing is there, FL-N040 it is no form that is read, FL-N042 it is cut off or damaged.
    """
    try:
        kind = os.stat(path).st_mode
        if stat.S_ISDIR(kind):
            yield from _of_directory(path)
        elif not stat.S_ISREG(kind) or not path.lower().endswith(_ENDINGS):
            raise error(
                "FL-N040",
                f"{path_text(path)} is no directory, .zip, .json or .jsonl",
                "Unpack it, and name the directory.",
            )
        else:
            yield from _of_file(path)
    except OSError as refusal:
        why = refusal.strerror or type(refusal).__name__
        raise error("FL-S040", f"{path_text(path)} cannot be read: {why}", "Check the path.") from None


def _of_directory(path: str) -> Iterator[Document]:
    for folder, inner, names in os.walk(path, onerror=_refuse):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        for name in sorted(names):
            full = os.path.join(folder, name)
            if not name.lower().endswith(_ENDINGS) or not os.path.isfile(full):
                continue
            if not name.lower().endswith(".json"):
                yield from _of_file(full)
                continue
            shown = path_text(os.path.relpath(full, path))
            try:
                # One file of thousands that is cut off is one broken entry.
                yield from ((shown, data) for _, data in _of_file(full))
            except (FairleadError, OSError):
                yield shown, None


def _refuse(refusal: OSError) -> None:
    """A directory that cannot be listed would make a part look like the whole."""
    raise refusal


def _of_file(path: str) -> Iterator[Document]:
    name = path.lower()
    if name.endswith(".zip"):
        return _of_zip(path)
    return _of_lines(path) if name.endswith(".jsonl") else _of_json(path)


def _of_zip(path: str) -> Iterator[Document]:
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.is_dir() or not entry.filename.lower().endswith(".json"):
                    continue
                name = path_text(entry.filename)
                if entry.file_size > ENTRY_BYTES_MAX:
                    yield name, None
                    continue
                with archive.open(entry) as file:
                    yield name, file.read(ENTRY_BYTES_MAX)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as damage:
        raise _damaged(path, str(damage)) from None


def _of_lines(path: str) -> Iterator[Document]:
    shown = path_text(os.path.basename(path))
    with open(path, "rb") as file:
        number = 0
        while line := file.readline(ENTRY_BYTES_MAX + 1):
            number += 1
            if not line.endswith(b"\n") and len(line) <= ENTRY_BYTES_MAX and not _is_json(line):
                raise _damaged(path, f"its last line, {number}, is cut off")
            if len(line) > ENTRY_BYTES_MAX:
                yield f"{shown}:{number}", None
                while line and not line.endswith(b"\n"):
                    line = file.readline(ENTRY_BYTES_MAX)
            elif line.strip():
                yield f"{shown}:{number}", line


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _of_json(path: str) -> Iterator[Document]:
    """One document, or the items of a list as they come: a list may hold all the advisories of the world."""
    shown = path_text(os.path.basename(path))
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        text = file.read(_PART_BYTES).lstrip("\ufeff \t\r\n")
        if not text.startswith("["):
            text += file.read(ENTRY_BYTES_MAX)
            data = text.encode("utf-8", "surrogateescape")
            if len(data) > ENTRY_BYTES_MAX:
                yield shown, None
            elif not data or not _is_json(data):
                raise _damaged(path, "it is not whole" if data else "it is empty")
            else:
                yield shown, data
            return
        decode = json.JSONDecoder().raw_decode
        at, number = 1, 0
        while True:
            at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches nothing at all, too
            if text.startswith("]", at):
                return
            try:
                _, end = decode(text, at)
            except (ValueError, RecursionError):
                more = file.read(max(_PART_BYTES, len(text) - at))
                if not more or len(text) - at > ENTRY_BYTES_MAX:
                    raise _damaged(path, f"item {number + 1} of its list is cut off or broken") from None
                text, at = text[at:] + more, 0
                continue
            number += 1
            yield f"{shown}[{number}]", text[at:end].encode("utf-8", "surrogateescape")
            at = end


def _damaged(path: str, why: str) -> FairleadError:
    return error("FL-N042", f"{path_text(path)} is cut off or damaged: {why}", f"Get it anew. {_KEEP}")
