"""Which file systems a journal may lie on: not those of a network, where locks and syncs promise too little."""

import os
import re

from fairlead.core.errors import error

_MOUNTS = "/proc/self/mountinfo"

# Types as the kernel names them in mountinfo. WAL needs memory shared between processes and honest locks.
_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "9p",
        "afs",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "ncpfs",
        "coda",
    }
)
_NETWORK_FUSE = frozenset(
    {
        "sshfs",
        "glusterfs",
        "ceph",
        "s3fs",
        "rclone",
        "gcsfuse",
        "davfs",
        "curlftpfs",
        "blobfuse",
        "blobfuse2",
        "juicefs",
    }
)


def network_filesystem(directory: str, mountinfo: str | None = None) -> str:
    """The type of the network file system that *directory* lies on, or "" when it lies on a local one.

    The directory need not exist yet. *mountinfo* is the text of `/proc/self/mountinfo`; where the system has no such
    file, every file system counts as local.
    """
    if mountinfo is None:
        try:
            with open(_MOUNTS, encoding="utf-8", errors="surrogateescape") as file:
                mountinfo = file.read()
        except OSError:
            return ""
    kind = _type_at(os.path.realpath(directory), mountinfo)
    return kind if kind in _NETWORK or kind.removeprefix("fuse.") in _NETWORK_FUSE else ""


def refuse_network(directory: str) -> None:
    """Refuse a state directory on a network file system, before anything is made there.

    Raises:
        FairleadError: FL-N011.
    """
    kind = network_filesystem(directory)
    if kind:
        raise error(
            "FL-N011",
            f"the state directory {directory} lies on a network file system ({kind}), where no journal is safe",
            "name a directory on a local disk with FAIRLEAD_STATE_DIR",
        )


def _type_at(path: str, mountinfo: str) -> str:
    """The type of the mount that holds *path*: the longest mount point wins, and of two equal ones the later."""
    found, length = "", -1
    for line in mountinfo.splitlines():
        # "36 35 98:0 /root /mount/point options optional* - type source options"; see proc_pid_mountinfo(5)
        before, _, after = line.partition(" - ")
        fields = before.split(" ")
        if len(fields) < 6 or not after:
            continue
        point = _unescape(fields[4])
        if len(point) >= length and (path == point or path.startswith(point.rstrip("/") + "/")):
            found, length = after.split(" ")[0], len(point)
    return found


def _unescape(text: str) -> str:
    """Spaces, tabs, newlines and backslashes stand in mountinfo as three octal digits."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
