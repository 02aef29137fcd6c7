"""What is read from a result, in the words of the table; which goal it has; and whether the goal holds.

A goal that names a time is a ratio to F, the disk's floor around the same process, or a distance to W5 in the same run.
"""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.measuring import Figures

PAYLOAD_BYTES = 1_024
YARDSTICK_MAX = 1.5  # CPU a step over the yardstick's, and the other ratios that a gate in CI looks at


@dataclass(frozen=True)
class Line:
    """One figure of one workload."""

    key: str
    workload: str
    title: str
    read: Callable[[Figures], float | None]
    digits: int = 2
    more_is_better: bool = False
    goal: float | None = None
    stretch: float | None = None
    steady: bool = False  # noise does not move it: a gate in CI may look at it


def _field(name: str, over: str = "", factor: float = 1.0) -> Callable[[Figures], float | None]:
    def read(found: Figures) -> float | None:
        value, below = found.get(name), found.get(over) if over else 1.0
        return None if value is None or not below else value / below * factor

    return read


def _at_kill(found: Figures) -> float | None:
    kept = sum(size for name, size in found.items() if name.startswith("bytes: ") and name != "bytes: index")
    return kept / 1_000 if kept else None


LINES: tuple[Line, ...] = (
    Line("W1.floors", "W1", "a step, in F", _field("ms_step", "floor_ms"), 1, goal=3, stretch=2),
    Line("W1.ms", "W1", "a step, ms", _field("ms_step")),
    Line("W1.cpu", "W1", "CPU a step, ms", _field("cpu_ms_step"), goal=0.45, steady=True),
    Line("W2.rate", "W2", "steps/s", _field("steps_s"), 0, True, goal=10_000, stretch=20_000),
    Line("W2.cpu", "W2", "CPU a step, ms", _field("cpu_ms_step"), 3, goal=0.1, steady=True),
    Line("W3.rate", "W3", "steps/s", _field("steps_s"), 0, True, goal=10_000, stretch=20_000),
    Line("W3.cpu", "W3", "CPU a step, ms", _field("cpu_ms_step"), 3, goal=0.1, steady=True),
    Line("W3.spread", "W3", "a run's p99 over its p50", _field("p99_ms", "p50_ms"), goal=1.5),
    Line("W3.memory", "W3", "peak memory, MB", _field("rss_mb"), 0),
    Line("W4.ms", "W4", "to the first new step, 1,000 finished, ms", _field("ms"), 0),
    Line("W4.reran", "W4", "finished steps run again", _field("reran"), 0, goal=0, steady=True),
    Line("W4.bytes", "W4", "bytes a step on disk at the kill", _at_kill, 0),
    Line("W4x10.ms", "W4x10", "to the first new step, 10,000 finished, ms", _field("ms"), 0),
    Line("W4x10.reran", "W4x10", "finished steps run again, of 10,000", _field("reran"), 0, goal=0, steady=True),
    Line("W5.ms", "W5", "start of the process to the first durable step, ms", _field("ms"), 0, goal=150, stretch=110),
    Line("W5.memory", "W5", "peak memory, MB", _field("rss_mb"), 0, goal=40, steady=True),
    Line("W6.bytes", "W6", "bytes a step of 1 KB, n = 1,000", _field("bytes_step_1000"), 0),
    Line(
        "W6.payload",
        "W6",
        "bytes for each byte of payload",
        _field("bytes_step_1000", factor=1 / PAYLOAD_BYTES),
        goal=1.6,
        steady=True,
    ),
    Line("W7.ms", "W7", "history of 1,000 steps, ms", _field("history_ms"), 1, goal=15),
    Line("W8.growth", "W8", "last decile of step times over the first", _field("last_over_first"), goal=1.2),
    Line("W8.memory", "W8", "peak memory, MB", _field("rss_mb"), 0),
    Line("W8.steps", "W8", "steps reached", _field("steps"), 0, True),
)
# Counted by the kernel's tracer, not by the harness.
SYNCS = Line("W1.syncs", "W1", "syncs a step of the write-ahead log", lambda _: None, goal=1, stretch=1, steady=True)
ALL_SYNCS = Line("W1.all_syncs", "W1", "syncs a step, all files", lambda _: None, steady=True)
# A goal that is a distance between two lines of one engine: key → (minuend, subtrahend, goal, title).
DISTANCES: dict[str, tuple[str, str, float, str]] = {
    "W4.over": ("W4.ms", "W5.ms", 40, "W4 beyond W5, 1,000 finished, ms"),
    "W4x10.over": ("W4x10.ms", "W5.ms", 250, "W4 beyond W5, 10,000 finished, ms"),
}
PROCESS_MS_MAX = 0.1  # a step under `durability: process`
WORKLOADS = tuple(dict.fromkeys(line.workload for line in LINES))


def holds(line: Line, value: float, goal: float) -> bool:
    """Whether *value* reaches *goal*. One sync means one: fewer would lose something, more would cost something."""
    if line is SYNCS:
        return value == goal
    return value >= goal if line.more_is_better else value <= goal
