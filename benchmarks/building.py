"""How long the Python builder takes: importing it, and writing down 100 steps; writes results/building.json and .md.

Both in processes of their own, the time that a bare interpreter takes left out. The milliseconds are those of the
processor: other programs may be at work.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.machine import described
from fairlead import Workflow, expect, output

RESULTS = Path(__file__).parent / "results"
STEPS = 100
ROUNDS = 11
IMPORT_GOAL_MS = 60.0
BUILD_GOAL_MS = 50.0
_IMPORT = "import time; start = time.process_time(); {}; print((time.process_time() - start) * 1000)"


def build() -> str:
    """A workflow of a hundred steps, each of which reads the one above."""
    wf = Workflow("hundred")
    above = wf.run("s0", "date")
    for number in range(1, STEPS):
        above = wf.run(
            f"s{number}",
            f"echo {above.output.exit_code}",
            if_=(above.output.exit_code == 0) & ~above.cached,
            timeout="5m",
            expect=[expect(output.stdout.size() > number, f"{output.stdout} is too short")],
        )
    return wf.to_json()


def measured() -> dict[str, float]:
    """Milliseconds of each figure: medians."""
    found = {}
    for name, statement in (("package", "import fairlead"), ("builder", "from fairlead import Workflow, steps")):
        argv = [sys.executable, "-c", _IMPORT.format(statement)]
        spans = [float(subprocess.run(argv, capture_output=True, text=True, check=True).stdout) for _ in range(ROUNDS)]
        found[f"import_{name}_ms"] = statistics.median(spans)
    spans = []
    for _ in range(ROUNDS):
        start = time.process_time()
        build()
        spans.append((time.process_time() - start) * 1000)
    return {**found, "build_first_ms": spans[0], "build_p50_ms": statistics.median(spans)}


def main() -> None:
    """Measure, print and write down."""
    found = measured()
    rows = (
        ("`import fairlead`", found["import_package_ms"], IMPORT_GOAL_MS),
        ("`from fairlead import Workflow, steps`", found["import_builder_ms"], None),
        (f"{STEPS} steps, the first time in a process", found["build_first_ms"], BUILD_GOAL_MS),
        (f"{STEPS} steps, median of {ROUNDS}", found["build_p50_ms"], BUILD_GOAL_MS),
    )
    lines = ["# Workflows in Python", "", described(), "", "| What | ms | Goal |", "|---|---|---|"]
    lines += [f"| {name} | {value:.2f} | {f'≤ {goal:g}' if goal else '–'} |" for name, value, goal in rows]
    text = "\n".join(lines) + "\n"
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "building.md").write_text(text, encoding="utf-8")
    (RESULTS / "building.json").write_text(json.dumps({"machine": described(), **found}, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
