"""Regular files of the checkout, reached folder by folder: no part of a path is a link, leads up or is git's own."""

import os
import stat
from typing import NamedTuple

from fairlead.core.findings import path_text
from fairlead.core.tools import WRITTEN_BYTES_MAX
from fairlead.env.effects.refusals import Refused

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Held(NamedTuple):
    """A file as it is."""

    data: bytes
    mode: int  # permissions


class Checkout:
    """The files below *root*, without what lies in *hidden*."""

    def __init__(self, root: str, hidden: str) -> None:
        self._root = root
        self._hidden = hidden.rstrip("/") + "/"

    def read(self, path: str) -> Held | None:
        """The file at *path*; None when nothing is there.

        Raises:
            Refused: FL-R339 it is no regular file that an effect may touch.
        """
        self._must_be_inside(path)
        try:
            folder = self._enter(path)
        except FileNotFoundError:
            return None
        try:
            name = os.path.basename(path)
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode):
                raise _refused(path, "is a link" if stat.S_ISLNK(found.st_mode) else "is no regular file")
            with open(os.open(name, _READ, dir_fd=folder), "rb") as file:
                data = file.read(WRITTEN_BYTES_MAX + 1)
            if len(data) > WRITTEN_BYTES_MAX:
                raise _refused(path, f"has more than {WRITTEN_BYTES_MAX:,} bytes")
            return Held(data, stat.S_IMODE(found.st_mode))
        except FileNotFoundError:
            return None
        finally:
            os.close(folder)

    def missing_folders(self, path: str) -> list[str]:
        """The folders above *path* that are not there, from the outermost."""
        parts = path.split("/")[:-1]
        above = ["/".join(parts[: number + 1]) for number in range(len(parts))]
        return [folder for folder in above if not os.path.lexists(os.path.join(self._root, folder))]

    def stage(self, path: str, name: str, data: bytes, mode: int | None) -> None:
        """Put *data* beside *path* under *name*, synced; *mode* is that of the file, None for a new one's own."""
        folder = self._enter(path, makes=True)
        try:
            _unlink(name, folder)
            # A new file's permissions are what the person's mask makes of them.
            descriptor = os.open(name, _NEW, 0o666, dir_fd=folder)
            with open(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                if mode is not None:
                    os.fchmod(descriptor, mode)
                os.fsync(descriptor)
        finally:
            os.close(folder)

    def swap(self, path: str, name: str) -> None:
        """Let *path* be what was staged under *name*."""
        folder = self._enter(path)
        try:
            os.rename(name, os.path.basename(path), src_dir_fd=folder, dst_dir_fd=folder)
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self, path: str) -> None:
        """Remove the file at *path*, if it is there."""
        try:
            folder = self._enter(path)
        except FileNotFoundError:
            return
        try:
            _unlink(os.path.basename(path), folder)
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove_folder(self, path: str) -> None:
        """Remove an empty folder; one that holds something stays."""
        try:
            os.rmdir(os.path.join(self._root, path))
        except OSError:
            pass  # somebody has put something there, or it was never made

    def make_program(self, path: str, name: str) -> None:
        """Let whoever may read what was staged under *name* start it too."""
        folder = self._enter(path)
        try:
            mode = stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
            os.chmod(name, mode | (mode & 0o444) >> 2, dir_fd=folder)
        finally:
            os.close(folder)

    def _enter(self, path: str, *, makes: bool = False) -> int:
        current = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in path.split("/")[:-1]:
            try:
                if makes:
                    try:
                        os.mkdir(part, dir_fd=current)
                        os.fsync(current)
                    except FileExistsError:
                        pass  # mostly
                following = os.open(part, _FOLDER, dir_fd=current)
            except NotADirectoryError:
                raise _refused(path, "lies behind a link or a file") from None
            finally:
                os.close(current)
            current = following
        return current

    def _must_be_inside(self, path: str) -> None:
        parts = path.split("/")
        if {"", ".", ".."} & set(parts) or "\0" in path:
            raise _refused(path, "is no path inside of the checkout")
        if any(part.lower() == ".git" for part in parts):
            raise _refused(path, "is git's own")
        if os.path.join(self._root, path).startswith(self._hidden):
            raise _refused(path, "is Fairlead's own state")


def _unlink(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass  # that is what was wanted


def _refused(path: str, why: str) -> Refused:
    return Refused(
        "FL-R339",
        f"{path_text(path)} {why}",
        "Effects change regular files inside of the checkout, by relative paths with `/`.",
        error="permission",
    )
