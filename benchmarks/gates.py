"""What CI may ask of one run on a busy machine: only figures that noise does not move."""

import sys
from typing import Any

from benchmarks.goals import LINES, SYNCS, YARDSTICK_MAX, holds

Result = dict[str, Any]  # Any: a result file, read as JSON


def misses(result: Result) -> list[str]:
    """Each gate of Fairlead that does not hold, in words. A figure that is missing is one too."""
    ours, theirs = result["figures"].get("fairlead", {}), result["figures"].get("yardstick", {})
    found = [f"{workload}: {reason}" for workload, reason in result["missing"].get("fairlead", {}).items()]
    for line in (*LINES, SYNCS):
        if not line.steady or line.key not in ours or line.goal is None:
            continue
        value = ours[line.key]["median"]
        if line.key.endswith(".cpu"):  # a slower processor slows both
            ratio = value / theirs[line.key]["median"] if line.key in theirs else float("inf")
            if ratio > YARDSTICK_MAX:
                found.append(
                    f"{line.workload} {line.title}: {ratio:.2f} times the yardstick, more than {YARDSTICK_MAX}"
                )
        elif not holds(line, value, line.goal):
            found.append(f"{line.workload} {line.title}: {value:g}, the goal is {line.goal:g}")
    return found


def report(result: Result) -> int:
    """Print what does not hold; 1 when there is something."""
    found = misses(result)
    for miss in found:
        print(miss, file=sys.stderr)
    print(f"{len(found)} gates do not hold" if found else "every gate holds")
    return 1 if found else 0
