"""Codes of family N; see `fairlead.core.codes`."""

from fairlead.core.codes import Code

CODES: tuple[Code, ...] = (
    Code(
        "FL-N011",
        "The state directory is on a network file system",
        "The journal needs locks between processes, memory shared between them, and a disk that keeps what it says it"
        " has written. NFS, SMB, sshfs and the like promise too little of that.",
        "name a directory on a local disk with FAIRLEAD_STATE_DIR",
    ),
    Code(
        "FL-N012",
        "The disk is full",
        "A write to the state directory found no space, or a quota was reached. The commit under way was undone as a"
        " whole; everything that was acknowledged before is safe.",
        "free some space, then run `fairlead resume`",
    ),
    Code(
        "FL-N013",
        "The state directory cannot be written",
        "The directory, or a file of the journal in it, is read-only or belongs to somebody else.",
        "make it writable for you, or name another one with FAIRLEAD_STATE_DIR",
    ),
)
