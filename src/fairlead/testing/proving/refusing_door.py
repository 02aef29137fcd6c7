"""The `fairlead` command on a disk that refuses: what a person sees, and with which exit code.

    python -m fairlead.testing.proving.refusing_door ERROR KIND NAME AFTER WORD…

From the call of this KIND (write, sync, …; `any`) on the file NAME (`any`) that comes after AFTER such calls, the disk
answers each of them with ERROR (EIO, ENOSPC). Everything else is the program as it ships.
"""

import errno
import os
import sys
from collections.abc import Sequence

from fairlead.app import App, main
from fairlead.journal.disk import Disk
from fairlead.testing.disks import Before, Call, Refusal, WatchedDisk


class RefusedApp(App):
    """One process of Fairlead whose journals lie on a given disk."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self._disk = disk

    @property
    def disk(self) -> Disk:
        """What the journals lie on."""
        return self._disk


def refuse_from(error: str, kind: str, name: str, after: int) -> Before:
    """Refuse calls of this kind on files of this name, once there were *after* of them."""
    refusal = Refusal(getattr(errno, error))
    seen = 0

    def before(call: Call) -> Refusal | None:
        nonlocal seen
        if kind not in ("any", call.kind) or name not in ("any", os.path.basename(call.path)):
            return None
        seen += 1
        return refusal if seen > after else None

    return before


def call(argv: Sequence[str]) -> int:
    """Perform the command; gives its exit code."""
    error, kind, name, after, *words = argv
    with WatchedDisk("/", refuse_from(error, kind, name, int(after)), reads=True) as disk:
        return main(words, RefusedApp(disk))


if __name__ == "__main__":
    sys.exit(call(sys.argv[1:]))
