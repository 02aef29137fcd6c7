"""The processes below this one: finding them, ending them, and how Linux is told that they are ours."""

import os
import signal
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36

_SETTLE_SECONDS = 0.05  # what is on its way out already is neither killed nor counted
END_SECONDS_MAX = 5.0  # a process that SIGKILL does not end by then hangs in the kernel; waiting longer is no use


def adopt_orphans() -> None:
    """From now on a descendant whose parent ends becomes a child of this process, however often it forked."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent() -> None:
    """The kernel sends this process SIGKILL when its parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, argument: int) -> None:
    import ctypes

    call = getattr(ctypes.CDLL(None), "prctl", None)
    if call is not None:  # macOS has none: what forks twice there is not found again (best effort)
        call(option, argument, 0, 0, 0)


def descendants(of: int) -> list[int]:
    """The living processes below *of*, from one look at /proc; none where there is no /proc."""
    children: dict[int, list[int]] = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return []
    for name in names:
        if name.isdigit():
            parent = _parent_if_alive(name)
            if parent is not None:
                children.setdefault(parent, []).append(int(name))
    found: list[int] = []
    open_ends = [of]
    while open_ends:
        below = children.get(open_ends.pop(), [])
        found += below
        open_ends += below
    return found


def _parent_if_alive(name: str) -> int | None:
    try:
        with open(f"/proc/{name}/stat", "rb", buffering=0) as file:
            # The second field is the program's name in parentheses and may itself hold spaces and parentheses.
            state, parent = file.read(1024).rpartition(b")")[2].split()[:2]
    except (OSError, ValueError):
        return None  # it ended between the two looks
    # A zombie still holds its place in the tree, for its own children hang below its parent already.
    return None if state in (b"Z", b"X") else int(parent)


def end_children() -> int:
    """Kill every process below this one; gives how many there were. Needs `adopt_orphans` before.

    Returns when they are gone and reaped, or after `END_SECONDS_MAX`.
    """
    settled = time.monotonic() + _SETTLE_SECONDS
    while _has_children() and time.monotonic() < settled:
        time.sleep(0.001)
    ended: set[int] = set()
    give_up = time.monotonic() + END_SECONDS_MAX
    while _has_children() and time.monotonic() < give_up:
        below = descendants(os.getpid())
        ended.update(below)
        for pid in below:
            send(pid, signal.SIGKILL)
        time.sleep(0.001)
    return len(ended)


def _has_children() -> bool:
    """Reap what has ended, and say whether anything is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def kill_strays(keep: frozenset[int]) -> None:
    """Kill every process below this one except those in *keep* and what is below them. One look; reaps nothing."""
    kept = keep.union(*(descendants(pid) for pid in keep))
    for pid in descendants(os.getpid()):
        if pid not in kept:
            send(pid, signal.SIGKILL)


def send(pid: int, number: int) -> None:
    """Send a signal; a process that has already ended is no error."""
    try:
        os.kill(pid, number)
    except (ProcessLookupError, PermissionError):
        pass


def send_group(pid: int, number: int) -> None:
    """Send a signal to the group that *pid* leads; a group that has already ended is no error."""
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        pass
