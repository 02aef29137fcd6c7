"""W1 to W8 for Fairlead, the yardstick, plain SQLite and the peers, in one interleaved run; writes results/steps.json.

Every number comes from a fresh process in a fresh directory, with the disk's floor F measured before and after it, so
that a busy machine shows as a larger F and not as a slower engine. An engine that fails is named with the reason, and
the others go on. The slow workloads of the peers are measured once, everything else in each round; each figure keeps
all its values. `--gate` asks only what noise does not move, and ends with 1 when something of that does not hold.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

from benchmarks import gates, steps_page
from benchmarks.engines import ENGINES, OURS, Engine, engines
from benchmarks.goals import ALL_SYNCS, LINES, SYNCS, WORKLOADS
from benchmarks.machine import described
from benchmarks.measuring import Unmeasured, once, syncs_per_step

RESULTS = Path(__file__).parent / "results"
ONCE_FOR_PEERS = frozenset({"W3", "W4", "W6", "W7", "W8"})
NEVER_FOR_PEERS = frozenset({"W4x10"})  # 10,000 finished steps take a peer up to a minute to make
ONCE_FOR_ALL = frozenset({"W6"})  # bytes are counted, not timed
LATER_ROUND = 0.5  # of the first one: what is measured once is behind it
SYNCS_S = 60  # that counting syncs may take
GATED = ("W1", "W2", "W3", "W4", "W5", "W6")


class Measured:
    """What has been found so far, in the form of the result file."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, list[float]]] = {}
        self.missing: dict[str, dict[str, str]] = {}
        self.sizes: dict[str, dict[str, dict[str, float]]] = {}
        self.syncs: dict[str, dict[str, float]] = {}
        self.floors: list[float] = []

    def keep(self, engine: Engine, workload: str, found: dict[str, float]) -> None:
        """The lines of that workload."""
        self.floors.append(found["floor_ms"])
        mine = self.figures.setdefault(engine.name, {})
        for line in LINES:
            value = line.read(found) if line.workload == workload else None
            if value is not None:
                mine.setdefault(line.key, []).append(value)
        sizes = {name.removeprefix("bytes: "): size for name, size in found.items() if name.startswith("bytes: ")}
        if sizes:
            self.sizes.setdefault(engine.name, {})[workload] = sizes

    def miss(self, engine: Engine, workload: str, reason: str) -> None:
        """Why there is no figure."""
        self.missing.setdefault(engine.name, {})[workload] = reason
        print(f"    {engine.name} {workload}: {reason}", file=sys.stderr)

    def count(self, engine: Engine) -> None:
        """Syncs a step, by kind of file."""
        if reason := engine.why_not("W1"):
            return self.miss(engine, "syncs", reason)
        try:
            found = syncs_per_step(engine)
        except Unmeasured as why:
            return self.miss(engine, "syncs", str(why))
        if found is None:
            return self.miss(engine, "syncs", "strace is not installed")
        self.syncs[engine.name] = found
        mine = self.figures.setdefault(engine.name, {})
        mine[SYNCS.key] = [found.get("wal", 0.0)]
        mine[ALL_SYNCS.key] = [sum(found.values())]
        return None


def measure(rounds: int, workloads: list[str], chosen: list[Engine], minutes: float = 60) -> dict[str, object]:
    """Interleave the engines, *rounds* times or as often as *minutes* allow, in turning order; then count syncs."""
    measured, began, done = Measured(), time.monotonic(), 0
    for number in range(rounds):
        passed = time.monotonic() - began
        if number and passed * (1 + LATER_ROUND / (1 + LATER_ROUND * (number - 1))) > minutes * 60 - SYNCS_S:
            print(f"  {passed:5.0f} s  no time for round {number + 1} of {rounds}", file=sys.stderr)
            break
        for workload in workloads:
            turned = chosen[number % len(chosen) :] + chosen[: number % len(chosen)]
            for engine in turned:
                _one(measured, engine, workload, number)
            print(f"  {time.monotonic() - began:5.0f} s  round {number + 1} of {rounds}  {workload}", file=sys.stderr)
        done += 1
    if "W1" in workloads:
        for engine in chosen:
            measured.count(engine)
        print(f"  {time.monotonic() - began:5.0f} s  syncs counted", file=sys.stderr)
    floors = sorted(measured.floors)
    return {
        "machine": described(),
        "rounds": done,
        "seconds": round(time.monotonic() - began),
        "floor_ms": {"least": floors[0], "median": statistics.median(floors), "most": floors[-1]} if floors else {},
        "engines": {
            engine.name: {
                "title": engine.title,
                "version": engine.version,
                "durable": engine.durable,
                "is_power_safe": engine.is_power_safe,
            }
            for engine in chosen
        },
        "figures": {
            name: {key: {"median": statistics.median(values), "values": values} for key, values in mine.items()}
            for name, mine in measured.figures.items()
        },
        "syncs": measured.syncs,
        "bytes": measured.sizes,
        "missing": measured.missing,
    }


def _one(measured: Measured, engine: Engine, workload: str, number: int) -> None:
    is_peer = engine.name not in OURS
    if number and (workload in ONCE_FOR_ALL or (is_peer and workload in ONCE_FOR_PEERS)):
        return
    if workload in measured.missing.get(engine.name, {}):
        return
    if is_peer and workload in NEVER_FOR_PEERS:
        return measured.miss(engine, workload, "not measured: takes too long to prepare")
    if reason := engine.why_not(workload):
        return measured.miss(engine, workload, reason)
    try:
        measured.keep(engine, workload, once(engine, workload))
    except Unmeasured as why:
        measured.miss(engine, workload, str(why))
    return None


def main() -> int:
    """Measure, write the result, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=12, help="begin no round that would not end in this time")
    parser.add_argument("--only", nargs="*", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--engines", nargs="*", choices=[engine.name for engine in ENGINES])
    parser.add_argument("--gate", action="store_true", help="one round of our own, nothing written, exit 1 on a miss")
    arguments = parser.parse_args()
    if arguments.gate:
        found = measure(1, list(GATED), engines(arguments.engines or ["fairlead", "yardstick"]))
        return gates.report(found)
    names = arguments.engines or [engine.name for engine in ENGINES]
    result = measure(arguments.rounds, arguments.only, engines(names), arguments.minutes)
    is_whole = set(names) == {engine.name for engine in ENGINES} and set(arguments.only) == set(WORKLOADS)
    name = "steps" if is_whole else "steps_part"  # what documents quote is only ever replaced by a whole run
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    if is_whole:
        steps_page.write(result)
    print(steps_page.table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
