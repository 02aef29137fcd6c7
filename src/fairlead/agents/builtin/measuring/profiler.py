"""The profiler: in which functions the time of a suite goes."""

from collections.abc import Mapping, Sequence

from fairlead.agents.builtin.measuring.suites import perform_suite
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld

ROWS_MAX = 1_000  # that the profile hands over; what is less costly is summed up
_SPOTS = 30
_CALLS = 3


def profile(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Perform the suite under Python's own profiler and name the functions that cost most by themselves."""
    top = int(inputs.get("top") or _SPOTS)
    calls = int(inputs.get("calls") or _CALLS)
    answer = perform_suite(str(inputs["suite"]), world, {"do": "profile", "calls": calls, "rows": ROWS_MAX})
    if isinstance(answer, Failed):
        return answer
    rows = sorted(answer["rows"], key=_order)
    total = sum(row[4] for row in rows) + answer["left_out_ms"]
    spots = [_spot(row, total) for row in rows[:top]]
    shown = sum(row[4] for row in rows[:top])
    output: dict[str, Json] = {
        "hot_spots": spots,
        "total_ms": round(total, 3),
        "left_out": len(rows) - len(spots) + answer["left_out"],
        "left_out_ms": round(total - shown, 3),
        "calls": calls,
        "python": answer["python"],
    }
    first = f"{spots[0]['function']} {spots[0]['share']:.0%}" if spots else "no function was called"
    return Succeeded(output, f"{total:.4g} ms in {len(rows) + answer['left_out']} functions · {first}")


def _order(row: Sequence[Json]) -> tuple[Json, ...]:
    """The most costly first; those that cost the same by their place, so that the order is never chance."""
    path, line, function, _, own_ms, _, _ = row
    return (-round(own_ms, 3), path, line, function)


def _spot(row: Sequence[Json], total: float) -> dict[str, Json]:
    path, line, function, calls, own_ms, total_ms, is_in_tree = row
    return {
        "function": function,
        "file": path_text(path),
        "line": line,
        "own_ms": round(own_ms, 3),
        "total_ms": round(total_ms, 3),
        "calls": calls,
        "share": round(own_ms / total, 4) if total else 0.0,
        "is_in_tree": is_in_tree,
    }
