"""What the disk or SQLite refused, as diagnostics."""

import errno

import apsw

from fairlead.core.errors import FairleadError, error

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_NO_USE = frozenset({errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR})


def diagnose(cause: apsw.Error | OSError, directory: str, system_errno: int = 0) -> FairleadError:
    """The diagnostic for *cause*. `system_errno` is what the operating system last told SQLite, when that is known."""
    number = cause.errno if isinstance(cause, OSError) else system_errno
    if isinstance(cause, apsw.FullError) or number in _NO_SPACE:
        return error(
            "FL-N012",
            f"the disk that holds {directory} is full: nothing more can be recorded; what was acknowledged is safe",
            "free some space, then run `fairlead resume`",
        )
    if isinstance(cause, apsw.ReadOnlyError | apsw.PermissionsError) or number in _NO_USE:
        return error(
            "FL-N013",
            f"the state directory {directory} cannot be used: {cause}",
            "make it readable and writable for you, or name another one with FAIRLEAD_STATE_DIR",
        )
    if isinstance(cause, apsw.NotADBError):
        return not_a_journal(directory)
    if isinstance(cause, apsw.CorruptError):
        return damaged(directory, 0, f"SQLite says: {cause}")
    return error(
        "FL-L010",
        f"the disk that holds {directory} failed ({type(cause).__name__}: {cause}); what was acknowledged stays",
        "look at the disk (`dmesg`), then run `fairlead journal verify`",
    )


def not_a_journal(directory: str) -> FairleadError:
    return error(
        "FL-L001",
        f"{directory}/journal.db is not a journal of Fairlead",
        "name another state directory with FAIRLEAD_STATE_DIR, or move that file away",
    )


def damaged(directory: str, seq: int, text: str) -> FairleadError:
    """Damage in acknowledged events; `seq` is the first bad one, 0 when it is not known."""
    where = f"at event {seq} " if seq else ""
    return error(
        "FL-L002",
        f"the journal in {directory} is damaged {where}({text})",
        "run `fairlead journal verify` to see all of it, then `fairlead journal repair --from BACKUP`",
    )


def older_than_anchor(directory: str, head: int, anchored: int) -> FairleadError:
    return error(
        "FL-L003",
        f"the journal in {directory} is older than its anchor: it ends at event {head}, not at {anchored}",
        "put the newer journal.db (and journal.db-wal) back, or see what `fairlead journal repair --from BACKUP` does",
    )


def newer_schema(directory: str, found: int, known: int) -> FairleadError:
    return error(
        "FL-L004",
        f"the journal in {directory} has schema {found}; this Fairlead knows up to {known}. Nothing was touched",
        "use the newer Fairlead that wrote it, or name another state directory with FAIRLEAD_STATE_DIR",
    )


def newer_kind(directory: str, seq: int, text: str) -> FairleadError:
    return error(
        "FL-L004",
        f"event {seq} of the journal in {directory} was written by a newer Fairlead: {text}",
        "use the newer Fairlead that wrote it; `fairlead journal verify` tells whether it was altered instead",
    )


def anchor_unusable(directory: str, text: str) -> FairleadError:
    return error(
        "FL-L005",
        f"the anchor of the journal in {directory} {text}",
        "put the `anchor` back that belongs to this journal.db; `fairlead journal repair --write` makes a new one",
    )
