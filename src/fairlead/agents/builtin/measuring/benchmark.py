"""The benchmark: how long the functions of a suite take, and how sure that is."""

from collections.abc import Mapping

import msgspec

from fairlead.agents.builtin.measuring.figures import figures_of
from fairlead.agents.builtin.measuring.suites import perform_suite
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld

_REPEATS = 7


def measure(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Time the suite in `repeats` rounds. The figures of the whole are those of its slowest function."""
    repeats = int(inputs.get("repeats") or _REPEATS)
    world.progress(f"{repeats} rounds")
    answer = perform_suite(str(inputs["suite"]), world, {"do": "measure", "repeats": repeats})
    if isinstance(answer, Failed):
        return answer
    per = {row["name"]: figures_of(row["rounds"], row["calls"]) for row in answer["functions"]}
    # A threshold on the suite is one on each of its functions, so the slowest speaks for all; of equals the first.
    slowest = max(per, key=lambda name: per[name].p95_ms)
    whole = per[slowest]
    output: dict[str, Json] = {
        "p50_ms": whole.p50_ms,
        "p95_ms": whole.p95_ms,
        "mean_ms": whole.mean_ms,
        "variation": whole.variation,
        "samples": whole.samples,
        "outliers": whole.outliers,
        "slowest": slowest,
        "repeats": repeats,
        "per": {name: msgspec.to_builtins(figures) for name, figures in per.items()},
        "python": answer["python"],
    }
    more = f" · slowest of {len(per)}: {slowest}" if len(per) > 1 else ""
    line = f"p95 {whole.p95_ms:.4g} ms · variation {whole.variation:.1%} · {whole.samples} samples{more}"
    return Succeeded(output, line)
