"""The limits that no single process has: the memory and the number of all of them, and what they add to the copy.

Looked at from outside, many times a second. What goes over is ended at once, as a whole. One look costs what the
sandbox's own processes cost to read, not those of the machine.
"""

import errno
import os
import time
from collections.abc import Iterator
from itertools import islice

from fairlead.core.ports import Confinement
from fairlead.env.processes import descendants

LOOK_SECONDS = 0.05
_SCAN_SECONDS_MIN = 0.5  # between two looks at the copy, and
_SCAN_SHARE = 20  # at least so many times as long as the last one took
_DEPTH_MAX = 200  # of folders in one another; deeper ones could hide what they hold
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Guard:
    """Watches one sandbox. `reached` is the limit that it went over, in words."""

    def __init__(self, copy: str, confinement: Confinement) -> None:
        self.init = 0  # the first process inside, once there is one
        self.reached = ""
        self.memory_bytes = 0  # the most that was seen of all processes together
        self._copy = copy if confinement.is_copy else ""
        self._limits = confinement
        # Taken before the program begins: only what it adds counts.
        self._before = _Size(self._copy)
        self._scan_at = time.monotonic() + _SCAN_SECONDS_MIN

    def look(self) -> bool:
        """One look; whether the sandbox must end."""
        if not self.reached:
            self.reached = self._processes() or (self._files() if time.monotonic() >= self._scan_at else "")
        return bool(self.reached)

    def look_at_the_end(self) -> None:
        """The last look at the copy, when nothing writes to it any more."""
        self.reached = self.reached or self._files()

    def processes(self) -> list[int]:
        """The processes inside but the first, which is the launcher's own."""
        return list(_below(self.init)) if self.init else []

    def _processes(self) -> str:
        most = self._limits.processes_max
        # No further: what doubles faster than it is counted would never be counted to its end.
        inside = [self.init, *islice(_below(self.init), most + 1)] if self.init else [0]
        if len(inside) - 1 > most:
            return f"{most} processes"
        size = sum(_resident(pid) for pid in inside)
        if size > self._limits.memory_max:
            # Pages that several share are counted for each: this finer look is only worth its price now.
            size = sum(_proportional(pid) for pid in inside)
        self.memory_bytes = max(self.memory_bytes, size)
        return f"memory {self._limits.memory_max // 1_000_000} MB" if size > self._limits.memory_max else ""

    def _files(self) -> str:
        if not self._copy:
            return ""
        began = time.monotonic()
        now = _Size(self._copy, self._before.bytes + self._limits.disk_max, self._before.files + self._limits.files_max)
        ended = time.monotonic()
        self._scan_at = ended + max(_SCAN_SECONDS_MIN, _SCAN_SHARE * (ended - began))
        if now.is_too_deep:
            return f"folders {_DEPTH_MAX} deep"
        if now.bytes - self._before.bytes > self._limits.disk_max:
            return f"{self._limits.disk_max // 1_000_000} MB written"
        return f"{self._limits.files_max:,} files" if now.files - self._before.files > self._limits.files_max else ""


class _Size:
    """How much lies in a directory, counted until it is more than asked for. Links are counted, never followed."""

    def __init__(self, path: str, bytes_max: int = 1 << 62, files_max: int = 1 << 62) -> None:
        self.bytes = self.files = 0
        self.is_too_deep = False
        open_ends = [(path, 0)] if path else []
        while open_ends and self.bytes <= bytes_max and self.files <= files_max:
            folder, depth = open_ends.pop()
            if depth > _DEPTH_MAX:
                self.is_too_deep = True
                return
            try:
                self._count(folder, depth, open_ends)
            except OSError as error:
                # Gone, or closed to us as well: there the limits of single files still hold.
                self.is_too_deep = self.is_too_deep or error.errno == errno.ENAMETOOLONG

    def _count(self, folder: str, depth: int, open_ends: list[tuple[str, int]]) -> None:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    self.bytes += entry.stat(follow_symlinks=False).st_blocks * 512
                except FileNotFoundError:
                    continue  # it went away between the two questions
                self.files += 1
                if entry.is_dir(follow_symlinks=False):
                    open_ends.append((entry.path, depth + 1))


def _below(pid: int) -> Iterator[int]:
    """The processes below *pid*, by the lists of children that the kernel keeps; most kernels do."""
    if not os.path.exists(f"/proc/{os.getpid()}/task/{os.getpid()}/children"):
        yield from descendants(pid)
        return
    open_ends = [pid]
    while open_ends:
        at = open_ends.pop()
        try:
            tasks = os.listdir(f"/proc/{at}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                with open(f"/proc/{at}/task/{task}/children", "rb", buffering=0) as file:
                    found = [int(word) for word in file.read(65_536).split()]
            except OSError:
                continue
            yield from found
            open_ends += found


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:
            return int(file.read(256).split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb", buffering=0) as file:
            for line in file.read(8_192).splitlines():
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
