"""How long a check takes: 50 files, and steps of 10,000 generated definitions; writes results/check.json and .md.

The files are the examples of the project and the workflow that ships, again and again under other names, so that
nothing but parsed expressions is found again. The first check of a process, which imports what the others share, is
measured apart, in a process of its own. The milliseconds are those of the processor: other programs may be at work.
"""

import json
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import described
from fairlead.agents.catalog import FileCatalog
from fairlead.workflow import check_workflow, read_values

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent
FILES = 50
FILES_GOAL_MS = 150.0
STEP_GOAL_MS = 1.0
DEFINITIONS = 10_000
ROUNDS = 7
_FIRST = """
import sys, time
start = time.process_time()
from benchmarks.check import check_all, files
found = files()
begin = time.process_time()
check_all(found)
print((time.process_time() - begin) * 1000, (begin - start) * 1000)
"""


def files() -> list[tuple[str, bytes]]:
    """Fifty files to check."""
    folders = (ROOT / "tests/workflow/examples", ROOT / "src/fairlead/agents/workflows")
    kept = sorted(path for folder in folders for path in folder.glob("*.yaml"))
    texts = [path.read_text("utf-8") for path in kept]
    return [
        (f"w{number}.yaml", texts[number % len(texts)].replace("\nname: ", f"\nname: w{number}-", 1).encode())
        for number in range(FILES)
    ]


def check_all(found: list[tuple[str, bytes]]) -> None:
    """One `check` of all of them: agents are read once."""
    catalog = FileCatalog(read_values)
    for path, data in found:
        check_workflow(path, data, catalog)


def definition(rng: random.Random, number: int) -> tuple[bytes, int]:
    """A random definition, and how many steps it has. No two hold the same expression."""
    count = rng.randrange(1, 12)
    lines = ["fairlead: 1", f"name: generated-{number}", "flow: graph", "inputs:", "  n: {type: integer, default: 1}"]
    lines.append("steps:")
    for index in range(count):
        lines.append(f"  - id: s{index}")
        above = rng.sample(range(index), min(index, rng.randrange(3)))
        if above:
            lines.append(f"    needs: [{', '.join(f's{one}' for one in above)}]")
        read = f"${{ steps.s{above[0]}.attempts + {number} }}" if above else f"${{ inputs.n + {number} }}"
        match rng.randrange(4):
            case 0:
                lines += ["    agent: security-scanner", "    with:", "      paths: ['src']"]
            case 1:
                lines += [f"    if: inputs.n > {number}", f"    run: echo {read}"]
            case 2:
                lines += ["    each: \"['a', 'b']\"", "    as: part", "    tolerate: 25%"]
                lines.append(f"    run: ls ${{ part }} {read}")
            case _:
                lines += [f"    run: echo {read}", "    retry: 2", "    timeout: 5m"]
    return "\n".join(lines).encode() + b"\n", count


def measured() -> dict[str, float]:
    """Milliseconds of each figure."""
    found = files()
    check_all(found)
    spans = []
    for _ in range(ROUNDS):
        start = time.process_time()
        check_all(found)
        spans.append((time.process_time() - start) * 1000)
    first = subprocess.run(
        [sys.executable, "-c", _FIRST], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    rng = random.Random(20261121)
    catalog = FileCatalog(read_values)
    per_step = []
    for number in range(DEFINITIONS):
        data, count = definition(rng, number)
        start = time.process_time()
        read = check_workflow("g.yaml", data, catalog)
        per_step.append((time.process_time() - start) * 1000 / count)
        assert read.workflow is not None, (data.decode(), read.diagnostics)
    cuts = statistics.quantiles(per_step, n=100)
    return {
        "files_p50_ms": statistics.median(spans),
        "files_max_ms": max(spans),
        "files_first_ms": float(first[0]),
        "files_imports_ms": float(first[1]),
        "step_p50_ms": cuts[49],
        "step_p95_ms": cuts[94],
        "step_p99_ms": cuts[98],
    }


def main() -> None:
    """Measure, print and write down."""
    found = measured()
    rows = (
        (f"{FILES} files, median of {ROUNDS}", found["files_p50_ms"], FILES_GOAL_MS),
        (f"{FILES} files, the first time in a process", found["files_first_ms"], FILES_GOAL_MS),
        ("importing what checks", found["files_imports_ms"], None),
        (f"one step, p50 of {DEFINITIONS:,} generated definitions", found["step_p50_ms"], STEP_GOAL_MS),
        ("one step, p95", found["step_p95_ms"], STEP_GOAL_MS),
        ("one step, p99", found["step_p99_ms"], None),
    )
    lines = ["# Checking workflow files", "", f"{described()}", "", "| What | ms | Goal |", "|---|---|---|"]
    lines += [f"| {name} | {value:.2f} | {f'≤ {goal:g}' if goal else '–'} |" for name, value, goal in rows]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "check.md").write_text(text, encoding="utf-8")
    (RESULTS / "check.json").write_text(json.dumps({"machine": described(), **found}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
