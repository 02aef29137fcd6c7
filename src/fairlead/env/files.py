"""Reading files of a tree without ever leaving it, and writing files whole or not at all."""

import os
import secrets
import stat
from collections.abc import Sequence

from fairlead.core.tools import FILE_BYTES_MAX, Unreadable

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Non-blocking: should the file have become a pipe since we looked, opening it must not wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class TreeReader:
    """Reads regular files below one directory. No part of a path may be a link or lead upwards."""

    def __init__(self, root: str) -> None:
        self._root = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        self._folder = ""  # files come sorted: the directory of the last one is mostly that of the next one
        self._folder_descriptor = self._root

    def read(self, path: str, limit: int = FILE_BYTES_MAX) -> bytes:
        """The whole content of the file at *path*, relative to the root.

        Raises:
            Unreadable: it is larger than *limit* bytes, is gone, is no regular file, leads out of the tree, or may not
                be read.
        """
        folder, _, name = path.rpartition("/")
        if path.startswith("/"):
            raise Unreadable("it leads out of the tree")
        try:
            self._enter(folder)
            return self._read(name, limit)
        except FileNotFoundError:
            raise Unreadable("it is gone") from None
        except (OSError, ValueError) as error:
            raise Unreadable(_reason(error)) from None

    def stamp(self, path: str) -> str:
        """What becomes another text whenever the file at *path* is written anew; "" where none can be read."""
        folder, _, name = path.rpartition("/")
        try:
            self._enter(folder)
            found = os.stat(name, dir_fd=self._folder_descriptor, follow_symlinks=False)
        except (OSError, ValueError, Unreadable):
            return ""
        # The time of the last change too: what is put there from elsewhere keeps the time at which it was written.
        return f"{found.st_ino}.{found.st_mtime_ns}.{found.st_ctime_ns}.{found.st_size}"

    def close(self) -> None:
        self._leave()
        os.close(self._root)

    def _enter(self, folder: str) -> None:
        if folder == self._folder:
            return
        self._leave()
        current = self._root
        for part in folder.split("/") if folder else ():
            if part in ("", ".", ".."):
                self._forget(current)
                raise Unreadable("it leads out of the tree")
            try:
                following = os.open(part, _DIRECTORY, dir_fd=current)
            except NotADirectoryError:
                is_link = stat.S_ISLNK(os.stat(part, dir_fd=current, follow_symlinks=False).st_mode)
                raise Unreadable("a link lies on the way to it" if is_link else "it is gone") from None
            finally:
                self._forget(current)
            current = following
        self._folder, self._folder_descriptor = folder, current

    def _leave(self) -> None:
        self._forget(self._folder_descriptor)
        self._folder, self._folder_descriptor = "", self._root

    def _forget(self, descriptor: int) -> None:
        if descriptor != self._root:
            os.close(descriptor)

    def _read(self, name: str, limit: int) -> bytes:
        if name in ("", ".", ".."):
            raise Unreadable("it leads out of the tree")
        found = os.stat(name, dir_fd=self._folder_descriptor, follow_symlinks=False)
        _must_be_regular(found.st_mode)
        if found.st_size > limit:
            raise Unreadable(_too_large(limit))
        with open(os.open(name, _FILE, dir_fd=self._folder_descriptor), "rb", buffering=0) as file:
            _must_be_regular(os.fstat(file.fileno()).st_mode)
            data = bytearray()
            # It may grow while we read: the limit counts, not the size that was seen first.
            while part := file.read(min(limit + 1 - len(data), max(found.st_size + 1 - len(data), 65_536))):
                data += part
                if len(data) > limit:
                    raise Unreadable(_too_large(limit))
        return bytes(data)


def _must_be_regular(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise Unreadable("it is a link")
    if not stat.S_ISREG(mode):
        raise Unreadable("it is a folder" if stat.S_ISDIR(mode) else "it is no regular file")


def _too_large(limit: int) -> str:
    return f"it is larger than {limit:,} bytes"


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, PermissionError):
        return "it may not be read"
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


class LocalFiles:
    """The few files that a door reads and writes on behalf of a person."""

    def read(self, path: str, *, offset: int = 0, limit: int = 10_000_000) -> bytes | None:
        """Bytes of a regular file; None when there is none, or it may not be read."""
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):
                return None
            with open(path, "rb") as file:
                file.seek(offset)
                return file.read(limit)
        except (OSError, ValueError):
            return None

    def write(self, path: str, data: bytes, *, is_new: bool = False) -> None:
        """Write the whole file or nothing, synced; directories above it are made. A link leads to what is written.

        What is there and is no regular file, such as /dev/null or a pipe, is written to and never replaced.

        Raises:
            FileExistsError: *is_new*, and something is there already.
            OSError: the place cannot be written.
        """
        if is_new and os.path.lexists(path):
            raise FileExistsError(17, "it exists already", path)
        path = os.path.realpath(path)
        if os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as device:
                device.write(data)
            return
        folder = os.path.dirname(path)
        os.makedirs(folder, exist_ok=True)
        beside = os.path.join(folder, f".{os.path.basename(path)[:80]}.{secrets.token_hex(4)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            if is_new:
                os.link(beside, path)  # unlike a rename, this refuses when someone else was faster
            else:
                os.replace(beside, path)
        finally:
            try:
                os.unlink(beside)
            except FileNotFoundError:
                pass  # it was renamed
        _sync_folder(folder)

    def append(self, path: str, data: bytes) -> None:
        """Add to the end of a file that somebody else has made, or make it.

        Raises:
            OSError: the place cannot be written.
        """
        with open(path, "ab") as file:
            file.write(data)

    def exists(self, path: str) -> bool:
        """Whether anything is there, be it a link that leads nowhere."""
        return os.path.lexists(path)

    def is_directory(self, path: str) -> bool:
        """Whether a directory is there."""
        return os.path.isdir(path)

    def names(self, path: str) -> Sequence[str]:
        """The names in a directory in alphabetical order; none when there is no such directory."""
        try:
            return sorted(os.listdir(path))
        except OSError:
            return ()


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
