"""The disk as the journal sees it: the few calls on files that decide what a power cut or a full disk leaves behind.

Everything that has to be durable goes through a `Disk`, SQLite's own files too, by the name of its file layer (VFS).
`fairlead.testing.disks` has disks that pull the plug and disks that refuse.
"""

import errno
import os

_TRIED_BYTES = 65_536


class Disk:
    """The real disk. Each method is the call of the operating system that it is named after."""

    vfs: str | None = None  # the name of SQLite's file layer; None is the one that SQLite has for this system

    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        return os.open(path, flags | os.O_CLOEXEC, mode)

    def close(self, fd: int) -> None:
        os.close(fd)

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        return os.pread(fd, size, offset)

    def pwrite(self, fd: int, data: bytes, offset: int) -> int:
        return os.pwrite(fd, data, offset)

    def write(self, fd: int, data: memoryview) -> int:
        return os.write(fd, data)

    def fdatasync(self, fd: int) -> None:
        os.fdatasync(fd)

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new)

    def unlink(self, path: str) -> None:
        os.unlink(path)

    def mkdir(self, path: str) -> None:
        os.mkdir(path, 0o700)

    def read_file(self, path: str) -> bytes:
        """All of the file at *path*."""
        with open(path, "rb") as file:
            return file.read()

    def sync_directory(self, path: str) -> None:
        """Make the entries of *path* durable: a file that was synced can still lose its name."""
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def try_writing(self, directory: str) -> None:
        """Write and sync a little in a file without a name, so that nothing is left of it.

        Raises:
            OSError: the disk is full or fails.
        """
        try:
            fd = self.open(directory, os.O_TMPFILE | os.O_WRONLY)
        except OSError as refusal:
            if refusal.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                return  # this file system has no such files; the first real write will tell
            raise
        try:
            view = memoryview(bytes(_TRIED_BYTES))
            while view:
                view = view[self.write(fd, view) :]
            self.fdatasync(fd)
        finally:
            self.close(fd)


REAL = Disk()
