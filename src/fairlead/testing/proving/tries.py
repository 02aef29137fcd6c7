"""Trying one thing often, with real processes: each try in a fresh directory, with a seed of its own."""

import os
import random
import shutil
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path

from fairlead.core.proofs import Figure, Tell, bounded
from fairlead.env.processes import adopt_orphans
from fairlead.testing.proving.scene import Broken, adopting, reap

Try = Callable[[Path, random.Random], "Counter[str]"]  # raises Broken; gives what was done

_TELL_SECONDS = 0.5
_MEMORY = "/dev/shm"


def tried(
    name: str, promise: str, attempt: Try, count: int, seed: int, tell: Tell, *, what: str, at_once: int = 1
) -> Figure:
    """The figure of *count* tries of *attempt*; *what* is how its counts call one.

    With *at_once* more than one, as many processes try side by side; *attempt* is then a function of a module.
    """
    counts: Counter[str] = Counter()
    problems: list[str] = []
    told = 0.0
    for number, (done, problem) in enumerate(_all(attempt, count, seed, at_once), 1):
        counts.update(done)
        if problem:
            problems.append(problem)
            tell(problem)
        if time.monotonic() - told >= _TELL_SECONDS or number == count:
            told = time.monotonic()
            tell(f"{name}: {number} of {count}, {len(problems)} bad")
    shown = {what: count, **dict(sorted(counts.items())), "bad": len(problems)}
    return Figure(name, promise, seed, shown, bounded(problems))


def _all(attempt: Try, count: int, seed: int, at_once: int) -> Iterator[tuple["Counter[str]", str]]:
    if at_once <= 1:
        with adopting():
            for number in range(count):
                yield try_one(attempt, seed, number)
        return
    # Fresh interpreters: what the caller has open and which threads it has is nothing to the tries.
    with ProcessPoolExecutor(at_once, get_context("spawn"), initializer=adopt_orphans) as pool:
        open_ones: set[Future[tuple[Counter[str], str]]] = set()
        for number in range(count):
            open_ones.add(pool.submit(try_one, attempt, seed, number))
            if len(open_ones) > 2 * at_once:
                ended, open_ones = wait(open_ones, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in ended)
        for one in open_ones:
            yield one.result()


def try_one(attempt: Try, seed: int, number: int) -> tuple["Counter[str]", str]:
    """Try number *number* of *seed*: what was done, and what was wrong, "" for nothing."""
    with fresh_directory() as directory:
        try:
            return attempt(directory, random.Random(f"{seed}/{number}")), ""
        except Broken as broken:
            return Counter(), f"seed {seed}, try {number}: {broken}"
        except Exception:
            return Counter(), f"seed {seed}, try {number}: {traceback.format_exc(limit=-4)}"
        finally:
            reap()


@contextmanager
def fresh_directory() -> Iterator[Path]:
    """A directory in memory where there is such a thing, removed in the end whatever lies in it."""
    within = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="fairlead-proof-", dir=within))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def peak_memory_mb() -> int:
    """The most memory that this process has held, in MB. `getrusage` would count what whoever started it held too."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024
