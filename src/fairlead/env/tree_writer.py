"""Writing files of a working copy without ever leaving it: for the agents whose card says what they write."""

import os
import re
import secrets
import stat
from collections.abc import Sequence

from fairlead.core.tools import WRITTEN_BYTES_MAX, Unwritable

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class TreeWriter:
    """Writes regular files below one directory. No part of a path may be a link, lead upwards or be git's own."""

    def __init__(self, root: str, writes: Sequence[str]) -> None:
        self._root = root
        self._patterns = [_pattern(glob) for glob in writes]

    def write(self, path: str, data: bytes) -> None:
        """Put *data* at *path*, whole or not at all. What was there keeps its mode; missing folders are made.

        Raises:
            Unwritable: the card does not let it, the path leads out of the tree or over a link, or the disk refuses.
        """
        parts = path.split("/")
        if not self._patterns:
            raise Unwritable("the agent's card says that it writes nothing")
        if {"", ".", ".."} & set(parts) or "\0" in path:
            raise Unwritable("it leads out of the tree")
        if any(part.lower() == ".git" for part in parts):
            raise Unwritable("it is git's own")
        if not any(pattern.fullmatch(path) for pattern in self._patterns):
            raise Unwritable("the agent's card does not name it under `writes`")
        if len(data) > WRITTEN_BYTES_MAX:
            raise Unwritable(f"it has {len(data):,} bytes; at most {WRITTEN_BYTES_MAX:,} are written")
        try:
            folder = self._enter(parts[:-1])
            try:
                _replace(folder, parts[-1], data)
            finally:
                os.close(folder)
        except (OSError, ValueError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
            raise Unwritable(reason) from None

    def _enter(self, folders: Sequence[str]) -> int:
        current = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in folders:
            try:
                try:
                    following = os.open(part, _DIRECTORY, dir_fd=current)
                except FileNotFoundError:
                    os.mkdir(part, 0o777, dir_fd=current)
                    following = os.open(part, _DIRECTORY, dir_fd=current)
            except NotADirectoryError:
                is_link = stat.S_ISLNK(os.stat(part, dir_fd=current, follow_symlinks=False).st_mode)
                raise Unwritable("a link lies on the way to it" if is_link else "a file lies on the way") from None
            finally:
                os.close(current)
            current = following
        return current


def _replace(folder: int, name: str, data: bytes) -> None:
    mode = 0o644
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISREG(found.st_mode):
            raise Unwritable("a link is there" if stat.S_ISLNK(found.st_mode) else "no regular file is there")
        mode = stat.S_IMODE(found.st_mode)
    except FileNotFoundError:
        pass
    beside = f".{secrets.token_hex(8)}"
    descriptor = os.open(beside, _NEW, 0o600, dir_fd=folder)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fchmod(descriptor, mode)
        os.rename(beside, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(beside, dir_fd=folder)
        raise


def _pattern(glob: str) -> re.Pattern[str]:
    """*glob* as a pattern for whole paths: `*` stands for anything but `/`, `**/` for any folders."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    return re.compile("".join(_MEANING.get(part) or re.escape(part) for part in parts), re.DOTALL)
