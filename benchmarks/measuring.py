"""One workload of one engine in a fresh process and a fresh directory; the disk's floor; syncs counted by the kernel.

Nothing here knows Fairlead from another engine: all of them are programs under the yardstick's harness.
"""

import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.engines import Engine

RESUMED_AT = 1_000  # steps that are finished when W4's process is killed
LIMIT_S = 120.0
Figures = dict[str, float]

# What a file is, by its name. The first that fits counts; the rest are payloads that an engine keeps in files.
KINDS: tuple[tuple[str, str], ...] = (
    ("wal", r"-wal$"),
    ("index", r"-shm$"),
    ("rollback", r"-journal$"),
    ("database", r"\.(db|sqlite)$"),
    ("anchor", r"(^|/)anchor$"),
    ("directory", r"^d$"),
    ("blobs", r"(^|/)blobs(/|$)"),
    ("payload files", r"\.json$"),
)


class Unmeasured(Exception):
    """An engine gave no result; the message says why."""


def last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Why a process has failed, without the paths of this machine: a result file may quote it."""
    said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
    return re.sub(r"/\S+/", "", said[-1])[:200]


def kind_of(path: str) -> str:
    """What kind of file that is, for counting syncs and bytes apart."""
    return next((kind for kind, pattern in KINDS if re.search(pattern, path)), "other")


def floor_ms(commits: int = 150) -> float:
    """F: the median time of one small commit (WAL, FULL) on this disk in this moment."""
    with tempfile.TemporaryDirectory() as directory:
        connection = sqlite3.connect(f"{directory}/f.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB)")
        times = []
        for number in range(commits):
            began = time.perf_counter()
            connection.execute("INSERT INTO t VALUES(?, zeroblob(300))", (number,))
            times.append((time.perf_counter() - began) * 1e3)
        connection.close()
    return statistics.median(times)


def once(engine: Engine, workload: str) -> Figures:
    """One result with the floor around it; `floor_ms` is the mean of before and after."""
    before = floor_ms()
    with tempfile.TemporaryDirectory() as directory:
        if workload in ("W4", "W4x10"):
            found = _killed_and_resumed(engine, directory, RESUMED_AT * (10 if workload == "W4x10" else 1))
        else:
            if workload == "W7":
                _run(engine, directory, workload, phase="prepare")
            began = time.monotonic()
            found = _run(engine, directory, workload)
            if workload == "W5":
                found["ms"] = (found["done"] - began) * 1e3
            if workload == "W6":
                found |= _sizes(directory)
    return found | {"floor_ms": (before + floor_ms()) / 2}


def _killed_and_resumed(engine: Engine, directory: str, steps: int) -> Figures:
    """SIGKILL inside a step; then the time from the start of a new process to entering that step."""
    number = str(steps)
    _run(engine, directory, "W4", phase="prepare", BENCH_KILL_AT=number, BENCH_W4_N=number)
    sizes = _sizes(directory)
    began = time.monotonic()
    found = _run(engine, directory, "W4", BENCH_MARK_AT=number, BENCH_W4_N=number)
    return {"ms": (found["entered"] - began) * 1e3, "reran": found["reran"], "rss_mb": found["rss_mb"]} | sizes


def _sizes(directory: str) -> Figures:
    """Bytes on disk by kind of file, as the process has left them."""
    sizes: Counter[str] = Counter()
    for folder, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(folder, name)
            sizes[f"bytes: {kind_of(os.path.relpath(path, directory))}"] += os.path.getsize(path)
    return dict(sizes)


def _run(engine: Engine, directory: str, workload: str, phase: str = "run", **environ: str) -> Figures:
    argv = [*engine.argv, "--workload", workload, "--dir", f"{directory}/d", "--phase", phase]
    quiet = {"PYTHONWARNINGS": "ignore", "LANGSMITH_TRACING": "false"}
    try:
        found = subprocess.run(argv, env=os.environ | quiet | environ, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        raise Unmeasured(f"no result within {LIMIT_S:.0f} s") from None
    lines = [line for line in found.stdout.splitlines() if line.startswith("RESULT ")]
    if lines:
        result: Figures = json.loads(lines[-1][7:])
        return result
    killed = phase == "prepare" and "BENCH_KILL_AT" in environ and found.returncode == -9
    if killed:
        return {}
    raise Unmeasured(last_words(found))


def syncs_per_step(engine: Engine, first: int = 100, second: int = 300) -> Figures | None:
    """fsync and fdatasync calls a step by kind of file; None without the kernel's tracer.

    The difference between two chains, both killed inside a step: what a run costs once is in neither.
    """
    if shutil.which("strace") is None:
        return None
    short, long = (_syncs(engine, steps) for steps in (first, second))
    found = {kind: (long[kind] - short[kind]) / (second - first) for kind in sorted(long | short)}
    return {kind: calls for kind, calls in found.items() if calls}


def _syncs(engine: Engine, steps: int) -> Counter[str]:
    with tempfile.TemporaryDirectory() as directory:
        log = f"{directory}/calls"
        argv = ["strace", "-f", "-y", "-e", "trace=fdatasync,fsync,sync_file_range,msync", "-o", log, *engine.argv]
        argv += ["--workload", "W4", "--phase", "prepare", "--dir", f"{directory}/d"]
        number = {"BENCH_KILL_AT": str(steps), "BENCH_W4_N": str(steps)}
        try:
            subprocess.run(argv, env=os.environ | number, capture_output=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            raise Unmeasured(f"no count of syncs within {LIMIT_S:.0f} s") from None
        lines = Path(log).read_text().splitlines()
    paths = [found.group(1) for line in lines if (found := re.search(r"sync\w*\(\d+<([^>]*)>", line))]
    return Counter(kind_of(os.path.relpath(path, directory)) for path in paths)
