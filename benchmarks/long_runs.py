"""Long and wide runs of Fairlead: 100,000 steps, a fan-out of 10,000, 10,000 open runs adopted.

Each scene in a fresh process and directory (`long_program.py`). What can only be timed is a time beside F; the rest is
counted. Writes results/long_runs.json and .md; `--quick` takes a tenth of everything and writes nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import steps_page
from benchmarks.machine import described
from benchmarks.measuring import Figures, Unmeasured, floor_ms, last_words

HERE = Path(__file__).parent
RESULTS = HERE / "results"
LIMIT_S = 400.0
Result = dict[str, Any]  # Any: a result file, read as JSON


@dataclass(frozen=True)
class Row:
    """One figure of a scene, with its goal."""

    title: str
    read: Callable[[Figures], float]
    digits: int = 0
    goal: float | None = None


@dataclass(frozen=True)
class Scene:
    """What is performed, how large, and what is read from it."""

    key: str
    program: str
    n: int
    title: str
    rows: tuple[Row, ...]
    before: str = ""  # the program that leaves behind what this one finds


def _kept(found: Figures) -> float:
    return sum(size for name, size in found.items() if name.startswith("bytes: "))


_CHAIN = (
    Row("last decile of step times over the first", lambda f: f["last_over_first"], 2, 1.2),
    Row("CPU a step, ms", lambda f: f["cpu_ms_step"], 2, 0.45),
    Row("memory a step, KB", lambda f: (f["rss_mb"] - f["rss_at_start_mb"]) * 1024 / f["n"], 2),
    Row("peak memory, MB", lambda f: f["rss_mb"]),
    Row("bytes a step on disk", lambda f: _kept(f) / f["n"]),
)
_PAYLOAD = (Row("bytes for each byte of payload", lambda f: f["bytes_payload"], 2, 1.6),)
SCENES: tuple[Scene, ...] = (
    Scene("chain-10k", "chain", 10_000, "one run of {n} steps", _CHAIN),
    Scene("chain-100k", "chain", 100_000, "one run of {n} steps", _CHAIN),
    Scene("payload-1k", "payload", 1_000, "{n} steps of 1 KB", _PAYLOAD),
    Scene("payload-10k", "payload", 10_000, "{n} steps of 1 KB", _PAYLOAD),
    Scene(
        "fan-10k",
        "fan",
        10_000,
        "a fan-out of {n}",
        (
            Row("steps/s", lambda f: f["steps_s"]),
            Row("CPU a step, ms", lambda f: f["cpu_ms_step"], 3, 0.1),
            Row("peak memory of the process, MB", lambda f: f["rss_mb"]),
            Row("memory a branch, KB", lambda f: f["kb_a_branch"], 1),
        ),
    ),
    Scene(
        "many-200",
        "many",
        200,
        "{n} runs of 50 steps at once",
        (
            Row("steps/s", lambda f: f["steps_s"]),
            Row("CPU a step, ms", lambda f: f["cpu_ms_step"], 3, 0.1),
            Row("a run's p99 over its p50", lambda f: f["spread"], 2, 1.5),
            Row("peak memory, MB", lambda f: f["rss_mb"], 0, 400),
        ),
    ),
    Scene(
        "adopted-10k",
        "adopted",
        10_000,
        "{n} open runs after a crash",
        (
            Row("s until all are adopted", lambda f: f["adopted_s"], 1, 10),
            Row("s until all have ended", lambda f: f["ended_s"], 1),
            Row("peak memory, MB", lambda f: f["rss_mb"]),
        ),
        before="left",
    ),
    Scene(
        "resume-1k",
        "resume",
        1_000,
        "in a process that is up, {n} finished steps",
        (
            Row("ms from opening the journal to the next step", lambda f: f["resume_point_ms"], 0, 50),
            Row("ms from asking for a run to its first step", lambda f: f["start_ms"], 0, 100),
        ),
        before="killed",
    ),
    Scene(
        "summary-1k",
        "summary",
        1_000,
        "reading a run of {n} steps",
        (
            Row("its line in a list of runs, ms", lambda f: f["line_ms"], 2, 2),
            Row("all that is shown of it, ms", lambda f: f["view_ms"], 1),
        ),
        before="chain",
    ),
    Scene(
        "gate-500",
        "gate",
        500,
        "{n} calls through the gate",
        (
            Row("deciding, median, ms", lambda f: f["admit_ms"], 3, 1),
            Row("the whole call, median, ms", lambda f: f["call_ms"], 3, 10),
        ),
    ),
)


def performed(scene: Scene, n: int) -> Figures:
    """One scene in fresh processes."""
    with tempfile.TemporaryDirectory() as directory:
        if scene.before:
            _run(scene.before, n, directory, BENCH_KILL_AT=str(n))
        floor = floor_ms()
        found = _run(scene.program, n, directory)
        return found | {"n": n, "floor_ms": (floor + floor_ms()) / 2}


def _run(program: str, n: int, directory: str, **environ: str) -> Figures:
    argv = [sys.executable, "-m", "benchmarks.long_program", program, "--n", str(n), "--dir", f"{directory}/d"]
    try:
        done = subprocess.run(
            argv, cwd=HERE.parent, env=os.environ | environ, capture_output=True, text=True, timeout=LIMIT_S
        )
    except subprocess.TimeoutExpired:
        raise Unmeasured(f"no result within {LIMIT_S:.0f} s") from None
    if environ and done.returncode == -9:
        return {}
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise Unmeasured(last_words(done))
    found: Figures = json.loads(lines[-1][7:])
    return found


def measure(share: int, only: list[str]) -> Result:
    """Every scene once; what fails is named."""
    scenes: dict[str, Any] = {}
    for scene in (scene for scene in SCENES if scene.key in only):
        n = max(scene.n // share, 10)
        try:
            scenes[scene.key] = {"n": n, "found": performed(scene, n)}
            print(f"  {scene.key} done", file=sys.stderr)
        except Unmeasured as why:
            scenes[scene.key] = {"n": n, "missing": str(why)}
            print(f"  {scene.key}: {why}", file=sys.stderr)
    return {"machine": described(), "scenes": scenes}


def table(result: Result) -> str:
    """The result for people."""
    lines = [
        "# Long and wide runs",
        "",
        f"*Written by `benchmarks/long_runs.py`: {result['machine']}; each scene once in a fresh process.*",
        "",
        "| Scene | Figure | Found | Goal | Holds | F, ms |",
        "|---|---|---|---|---|---|",
    ]
    for scene in SCENES:
        found = result["scenes"].get(scene.key)
        if found is None:
            continue
        title = scene.title.format(n=f"{found['n']:,}")
        if "missing" in found:
            lines.append(f"| {title} | not measured: {found['missing']} | | | | |")
            continue
        floor = found["found"]["floor_ms"]
        for row in scene.rows:
            value = row.read(found["found"])
            goal = "" if row.goal is None else f"≤ {row.goal:g}"
            verdict = "" if row.goal is None else "yes" if value <= row.goal else "**no**"
            lines.append(f"| {title} | {row.title} | {value:,.{row.digits}f} | {goal} | {verdict} | {floor:.2f} |")
    return "\n".join([*lines, *_deciles(result)]) + "\n"


def _deciles(result: Result) -> list[str]:
    chains = [
        found["found"]
        for key, found in result["scenes"].items()
        if key.startswith("chain") and "median_ms" in found.get("found", {})
    ]
    if not chains:
        return []
    head = "| Steps | " + " | ".join(f"{tenth}." for tenth in range(1, 11)) + " |"
    rows = [
        f"| {found['steps']:,} | " + " | ".join(f"{value:.2f}" for value in found["median_ms"]) + " |"
        for found in chains
    ]
    return ["", "Time of a step by decile of the run, median in ms:", "", head, "|---" * 11 + "|", *rows]


def main() -> int:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything; nothing is written")
    parser.add_argument("--only", nargs="*", default=[scene.key for scene in SCENES])
    arguments = parser.parse_args()
    result = measure(10 if arguments.quick else 1, arguments.only)
    if not arguments.quick and len(arguments.only) == len(SCENES):
        (RESULTS / "long_runs.json").write_text(json.dumps(result, indent=1) + "\n")
        (RESULTS / "long_runs.md").write_text(table(result))
        steps_page.renew()
    print(table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
