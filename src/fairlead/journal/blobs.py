"""The content store: immutable bytes under their digest, `blobs/ab/cdef…`, synced before any event names them."""

import itertools
import os
import threading
from hashlib import sha256

from fairlead.core.errors import error
from fairlead.core.ids import Micros
from fairlead.core.json import Digest
from fairlead.journal.disk import Disk
from fairlead.journal.failures import diagnose
from fairlead.journal.opening import Places, make_directory, sync_names

_LEFTOVER_MICROS = 3_600 * 1_000_000
_KNOWN_MAX = 10_000  # digests remembered as durable; forgetting one costs a directory sync, nothing else


class Blobs:
    """The content store of one state directory. Any thread and any process may put and get."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._known: set[Digest] = set()  # durable for sure: written or seen by this process
        self._folders: set[str] = set()  # whose names are durable for sure; at most 256, and `blobs` itself
        self._numbers = itertools.count(1)

    def put(self, data: bytes) -> Digest:
        """Keep *data*, synced, under its digest. Putting it again is free.

        Raises:
            FairleadError: FL-N012 when the disk is full, FL-L010 when it failed.
        """
        digest = Digest("sha256:" + sha256(data).hexdigest())
        if digest not in self._known:
            try:
                self._keep(data, self.path(digest))
            except OSError as cause:
                raise diagnose(cause, self._places.directory) from None
            if len(self._known) >= _KNOWN_MAX:
                self._known.clear()
            self._known.add(digest)
        return digest

    def get(self, digest: Digest) -> bytes:
        """What was put under *digest*, checked.

        Raises:
            FairleadError: FL-L006 when it is missing or altered.
        """
        try:
            data = self._places.disk.read_file(self.path(digest))
        except OSError as cause:
            raise _unusable(digest, f"cannot be read ({cause.strerror})") from None
        if "sha256:" + sha256(data).hexdigest() != digest:
            raise _unusable(digest, "is not what was put there")
        return data

    def sweep(self, now: Micros) -> None:
        """Remove what processes that died while they put something have left behind, once it is an hour old."""
        new = os.path.join(self._places.blobs, "new")
        for name in os.listdir(new) if os.path.isdir(new) else ():
            path = os.path.join(new, name)
            try:
                if os.stat(path).st_mtime_ns // 1000 < now - _LEFTOVER_MICROS:
                    os.unlink(path)
            except FileNotFoundError:
                pass  # its process has finished, or another one sweeps too

    def path(self, digest: Digest) -> str:
        """Where *digest* lies, or would lie.

        Raises:
            FairleadError: FL-L006 when *digest* has not the form of one.
        """
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or len(digest) != 71 or not set(name) <= set("0123456789abcdef"):
            raise _unusable(digest, "is no name of anything in it")
        return os.path.join(self._places.blobs, name[:2], name[2:])

    def _keep(self, data: bytes, path: str) -> None:
        disk, folder = self._places.disk, os.path.dirname(path)
        self._make_folder(self._places.blobs)
        self._make_folder(folder)
        if not _is_there(path, len(data)):
            new = os.path.join(self._places.blobs, "new")
            make_directory(new, disk)  # nothing in it has to last
            # Process and thread in the name: nobody else writes to this file.
            name = os.path.join(new, f"{os.getpid()}-{threading.get_ident()}-{next(self._numbers)}")
            try:
                _write_synced(name, data, disk)
                disk.rename(name, path)
            except OSError:
                if os.path.exists(name):
                    disk.unlink(name)
                raise
        # Also when it was there: the process that put it may not have come so far yet.
        disk.sync_directory(folder)

    def _make_folder(self, path: str) -> None:
        """Make *path*. Where it is, whoever made it may have died before its name was durable."""
        if path in self._folders:
            return
        disk, parent = self._places.disk, os.path.dirname(path)
        if os.path.isdir(path):
            disk.sync_directory(parent)
        else:
            make_directory(path, disk)
        if path == self._places.blobs and not os.path.exists(self._places.database):
            sync_names(parent, disk)
        self._folders.add(path)


def _is_there(path: str, size: int) -> bool:
    try:
        return os.stat(path).st_size == size
    except FileNotFoundError:
        return False


def _write_synced(path: str, data: bytes, disk: Disk) -> None:
    fd = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    try:
        view = memoryview(data)
        while view:
            view = view[disk.write(fd, view) :]
        disk.fdatasync(fd)
    finally:
        disk.close(fd)


def _unusable(digest: Digest, text: str) -> Exception:
    return error(
        "FL-L006",
        f"the content {digest[:19]}… of the content store {text}",
        "run `fairlead journal verify` to see what else is affected, then `fairlead journal repair --from BACKUP`",
    )
