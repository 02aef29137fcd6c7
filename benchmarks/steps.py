"""W1 to W8 for Fairlead and the yardstick in one interleaved run; writes results/steps.json and results/steps.md.

Every number comes from a fresh process. F is one SQLite commit (WAL, FULL) measured between the rounds, so that a busy
machine shows as a larger F and not as a slower engine. Quote the ratios.
"""

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import apsw

from benchmarks.machine import described

HERE = Path(__file__).parent
RESULTS = HERE / "results"
ENGINES = {
    "yardstick": [sys.executable, str(HERE / "yardstick" / "bench_proto.py"), "--variant", "full"],
    "fairlead": [sys.executable, str(HERE / "bench_fairlead.py"), "--variant", "full"],
}
Figures = dict[str, float]


def commit_ms(rounds: int = 200) -> float:
    """F: the median time of one small commit on this disk, in this moment."""
    with tempfile.TemporaryDirectory() as directory:
        connection = apsw.Connection(f"{directory}/f.db")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB)")
        times = []
        for number in range(rounds):
            began = time.perf_counter()
            connection.execute("INSERT INTO t VALUES(?, zeroblob(300))", (number,))
            times.append((time.perf_counter() - began) * 1e3)
        connection.close()
    return statistics.median(times)


class Bench:
    """Runs one workload of one engine in a fresh process and a fresh directory."""

    def __init__(self, engine: str) -> None:
        self.engine = engine

    def once(self, workload: str) -> Figures:
        """One result, as the harness prints it."""
        with tempfile.TemporaryDirectory() as directory:
            if workload == "W4":
                return self._killed_and_resumed(directory)
            if workload == "W7":
                self._run(directory, workload, phase="prepare")
            began = time.monotonic()
            result = self._run(directory, workload)
            if workload == "W5":
                result["ms"] = (result["done"] - began) * 1e3
            return result

    def _killed_and_resumed(self, directory: str) -> Figures:
        """SIGKILL inside step 1,000; then the time from the start of a new process to entering that step."""
        self._run(directory, "W4", phase="prepare", BENCH_KILL_AT="1000")
        began = time.monotonic()
        result = self._run(directory, "W4", BENCH_MARK_AT="1000")
        return {"ms": (result["entered"] - began) * 1e3, "reran": result["reran"], "rss_mb": result["rss_mb"]}

    def _run(self, directory: str, workload: str, phase: str = "run", **environ: str) -> Figures:
        argv = [*ENGINES[self.engine], "--workload", workload, "--dir", f"{directory}/d", "--phase", phase]
        found = subprocess.run(argv, env=os.environ | environ, capture_output=True, text=True, timeout=300)
        lines = [line for line in found.stdout.splitlines() if line.startswith("RESULT ")]
        if not lines and phase == "run":
            raise SystemExit(f"{self.engine} {workload} gave no result:\n{found.stderr[-2000:]}")
        return json.loads(lines[-1][7:]) if lines else {}

    def syncs_per_step(self) -> float | None:
        """fdatasync and fsync calls of W1, counted by the kernel's tracer, for each step; None without a tracer."""
        if shutil.which("strace") is None:
            return None
        with tempfile.TemporaryDirectory() as directory:
            argv = ["strace", "-f", "-c", "-e", "trace=fdatasync,fsync", "-o", f"{directory}/counts"]
            argv += [*ENGINES[self.engine], "--workload", "W1", "--dir", f"{directory}/d"]
            subprocess.run(argv, capture_output=True, check=True, timeout=300)
            counts = Path(f"{directory}/counts").read_text()
        calls = sum(int(line.split()[3]) for line in counts.splitlines() if re.search(r"f(data)?sync$", line))
        return calls / 510  # 5 chains of 100 and a warm-up of 10


# Workload → what is read from the harness's result, in the words of the table.
READ: dict[str, dict[str, Callable[[Figures], float]]] = {
    "W1": {"ms a step": lambda r: r["ms_step"], "CPU ms a step": lambda r: r["cpu_ms_step"]},
    "W2": {"steps/s": lambda r: r["steps_s"], "CPU ms a step": lambda r: r["cpu_ms_step"]},
    "W3": {
        "steps/s": lambda r: r["steps_s"],
        "CPU ms a step": lambda r: r["cpu_ms_step"],
        "p99/p50 of a run": lambda r: r["p99_ms"] / r["p50_ms"],
    },
    "W4": {"ms to the first new step": lambda r: r["ms"], "finished steps run again": lambda r: r["reran"]},
    "W5": {"ms to the first durable step": lambda r: r["ms"], "peak MB": lambda r: r["rss_mb"]},
    "W6": {
        "bytes a step, n = 100": lambda r: r["bytes_step_100"],
        "bytes a step, n = 1,000": lambda r: r["bytes_step_1000"],
    },
    "W7": {"ms for 1,000 steps": lambda r: r["history_ms"]},
    "W8": {"last decile / first": lambda r: r["last_over_first"], "MB after 10,000 steps": lambda r: r["rss_mb"]},
}


def measure(rounds: int, workloads: list[str]) -> dict[str, object]:
    """Interleave the engines, *rounds* times; medians of everything, F measured before each."""
    floors: list[float] = []
    found: dict[str, dict[str, dict[str, list[float]]]] = {}
    for number in range(rounds):
        for workload in workloads:
            floors.append(commit_ms())
            for engine in ENGINES:
                result = Bench(engine).once(workload)
                for name, read in READ[workload].items():
                    found.setdefault(workload, {}).setdefault(name, {}).setdefault(engine, []).append(read(result))
        print(f"round {number + 1} of {rounds} done", file=sys.stderr)
    medians = {
        workload: {name: {e: statistics.median(values) for e, values in by.items()} for name, by in names.items()}
        for workload, names in found.items()
    }
    syncs = {engine: Bench(engine).syncs_per_step() for engine in ENGINES}
    return {
        "machine": described(),
        "rounds": rounds,
        "commit_ms": statistics.median(floors),
        "syncs_per_step": syncs,
        "workloads": medians,
    }


def table(result: dict[str, object]) -> str:
    """The result for people: one line a figure, with the ratio to the yardstick and, for times, to F."""
    floor = float(str(result["commit_ms"]))
    lines = [
        "# What a durable step costs",
        "",
        f"*Written by `benchmarks/steps.py`: {result['machine']}, {result['rounds']} rounds, medians.*",
        f"One commit of SQLite on this disk in this run (F): {floor:.2f} ms.",
        "",
        "| | Figure | yardstick | Fairlead | Fairlead / yardstick | Fairlead / F |",
        "|---|---|---|---|---|---|",
    ]
    workloads = result["workloads"]
    assert isinstance(workloads, dict)
    for workload, names in workloads.items():
        for name, by in names.items():
            ours, theirs = by["fairlead"], by["yardstick"]
            ratio = f"{ours / theirs:.2f}" if theirs else "–"
            in_floors = f"{ours / floor:.1f}" if name == "ms a step" else ""
            lines.append(f"| {workload} | {name} | {theirs:,.2f} | {ours:,.2f} | {ratio} | {in_floors} |")
    syncs = result["syncs_per_step"]
    assert isinstance(syncs, dict)
    if all(value is not None for value in syncs.values()):
        ours, theirs = syncs["fairlead"], syncs["yardstick"]
        lines.append(f"| W1 | syncs a step, all files | {theirs:.2f} | {ours:.2f} | {ours / theirs:.2f} | |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Measure and write the two files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", default=list(READ), choices=list(READ))
    arguments = parser.parse_args()
    result = measure(arguments.rounds, arguments.only)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "steps.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / "steps.md").write_text(table(result))
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
