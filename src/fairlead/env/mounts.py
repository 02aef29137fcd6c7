"""What kind of disk a directory lies on."""

import os
import re

# Types as the kernel names them. Locks between processes and syncs promise too little on these.
_NETWORK = re.compile(
    r"(nfs4?|cifs|smb3|smbfs|9p|afs|ceph|glusterfs|lustre|gpfs|beegfs|ncpfs|coda"
    r"|fuse\.(sshfs|glusterfs|ceph|s3fs|rclone|gcsfuse|davfs|curlftpfs|blobfuse2?|juicefs))"
)


def network_kind(directory: str, mountinfo: str | None = None) -> str:
    """The type of the network file system that *directory* lies on; "" for a local disk, or when it cannot be known."""
    if mountinfo is None:
        try:
            with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
                mountinfo = file.read()
        except OSError:
            return ""
    path, kind, longest = os.path.realpath(directory) + "/", "", -1
    for line in mountinfo.splitlines():
        fields, _, source = line.partition(" - ")
        parts = fields.split(" ")
        if len(parts) < 5:
            continue
        point = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), parts[4]).rstrip("/") + "/"
        if (
            path.startswith(point) and len(point) >= longest
        ):  # of two mounts at one place, the later one hides the other
            kind, longest = source.split(" ")[0], len(point)
    return kind if _NETWORK.fullmatch(kind) else ""


def is_writable(directory: str) -> bool:
    """Whether *directory*, or the nearest one above it that exists, may be written to."""
    while not os.path.isdir(directory):
        above = os.path.dirname(directory)
        if above == directory or os.path.lexists(directory):
            return False
        directory = above
    try:
        is_read_only = bool(os.statvfs(directory).f_flag & os.ST_RDONLY)
    except OSError:
        return False
    return not is_read_only and os.access(directory, os.W_OK | os.X_OK)
