"""What is left of a killed run: the processes that carry its token."""

import os
import select
import time
from pathlib import Path

ORPHAN_SECONDS_MAX = 10.0


def no_orphans(token: str) -> None:
    """No process of the killed run is left, ten seconds later at the latest."""
    until = time.monotonic() + ORPHAN_SECONDS_MAX
    left = _with_token(token)
    while left and time.monotonic() < until:
        for pid in left:
            _wait_for_end(pid, until)
        left = _with_token(token)
    if left:
        raise AssertionError(f"processes outlived their worker: {left}")


def _wait_for_end(pid: int, until: float) -> None:
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
    finally:
        os.close(descriptor)


def _with_token(token: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                words = Path(f"/proc/{name}/cmdline").read_bytes()
            except OSError:
                continue  # it ended while we looked
            if token.encode() in words:
                found.append(int(name))
    return found
