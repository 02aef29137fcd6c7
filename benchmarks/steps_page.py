"""Prints what `steps.py` has found: from the result file only, so that no document can quote anything else.

`python -m benchmarks.steps_page` prints results/steps.md, results/steps.svg and the printed part of docs/performance.md
again from results/steps.json and results/long_runs.json.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import steps_plot
from benchmarks.goals import ALL_SYNCS, DISTANCES, LINES, PROCESS_MS_MAX, SYNCS, Line, holds

HERE = Path(__file__).parent
RESULTS = HERE / "results"
PAGE = HERE.parent / "docs" / "performance.md"
BEGIN, END = "<!-- printed by benchmarks/steps_page.py: begin -->", "<!-- printed: end -->"
Result = dict[str, Any]  # Any: a result file, read as JSON
_OURS = ("fairlead", "fairlead-process")
_NO_PEERS = (*_OURS, "yardstick", "raw-sqlite")
FLOOR_SPREAD_MAX = 8  # F's most over its least; beyond that somebody else has used the disk
_NO_VALUE = "–"


def _value(result: Result, engine: str, key: str) -> float | None:
    found = result["figures"].get(engine, {}).get(key)
    return None if found is None else float(found["median"])


def _text(value: float | None, line: Line) -> str:
    return _NO_VALUE if value is None else f"{value:,.{line.digits}f}"


def _missing(result: Result, engine: str, workload: str) -> str:
    return "–" if workload in result["missing"].get(engine, {}) else ""


def table(result: Result) -> str:
    """All of it: goals, then every engine, then what is missing and why."""
    floor = result["floor_ms"]
    lines = [
        "# What a durable step costs",
        "",
        f"*Written by `benchmarks/steps.py`: {result['machine']}; {result['rounds']} rounds, {result['seconds']} s,",
        "engines interleaved, each number from a fresh process, medians.*",
        "",
    ]
    if floor:
        lines.append(
            f"F, one commit of SQLite around each process: median {floor['median']:.2f} ms, "
            f"least {floor['least']:.2f}, most {floor['most']:.2f}. Compare ratios, not milliseconds."
        )
        if floor["most"] > FLOOR_SPREAD_MAX * floor["least"]:
            lines += [
                "",
                "**The machine was not quiet in this run: times in it are not to be quoted, counted figures are.**",
            ]
    lines += ["", *_goals(result), "", *_engines(result), "", *_files(result), "", *_reasons(result)]
    return "\n".join(lines).rstrip() + "\n"


def _goals(result: Result) -> Iterator[str]:
    yield "## Fairlead against its goals"
    yield ""
    heads = ("", "Figure", "Fairlead", "Goal", "Holds", "Stretch", "Holds", "÷ yardstick", "÷ SQLite alone")
    yield "| " + " | ".join((*heads, "Best peer", "÷ best peer")) + " |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for line in (*LINES, SYNCS):
        if line.goal is not None and (ours := _value(result, "fairlead", line.key)) is not None:
            yield _goal_row(result, line, ours)
    for minuend, subtrahend, goal, title in DISTANCES.values():
        upper, lower = (_value(result, "fairlead", key) for key in (minuend, subtrahend))
        if upper is not None and lower is not None:
            over = upper - lower
            workload = minuend.partition(".")[0]
            yield f"| {workload} | {title} | {over:,.0f} | ≤ {goal:g} | {_yes(over <= goal)} | | | | | | |"
    process = _value(result, "fairlead-process", "W1.ms")
    if process is not None:
        verdict = _yes(process <= PROCESS_MS_MAX)
        title = "`durability: process` (not through a power cut), a step, ms"
        yield f"| W1 | {title} | {process:.2f} | ≤ {PROCESS_MS_MAX:g} | {verdict} | | | | | | |"


def _goal_row(result: Result, line: Line, ours: float) -> str:
    assert line.goal is not None  # asked before
    sign = "=" if line is SYNCS else "≥" if line.more_is_better else "≤"
    best, peer = best_peer(result, line) if line is not SYNCS else ("", None)
    stretch = line.stretch if line is not SYNCS else None
    cells = [
        line.workload,
        line.title,
        _text(ours, line),
        f"{sign} {line.goal:,g}",
        _yes(holds(line, ours, line.goal)),
        "" if stretch is None else f"{sign} {stretch:,g}",
        "" if stretch is None else _yes(holds(line, ours, stretch)),
        *(f"{ours / below:.2f}" if (below := _value(result, n, line.key)) else "" for n in ("yardstick", "raw-sqlite")),
        f"{best} ({_text(peer, line)})" if best else "",
        f"{ours / peer:.2f}" if peer else "",
    ]
    return "| " + " | ".join(cells) + " |"


def best_peer(result: Result, line: Line) -> tuple[str, float | None]:
    """The peer with the best figure of that line, of those whose steps survive a power cut too; and the figure."""
    found = [
        (value, name)
        for name, about in result["engines"].items()
        if about["is_power_safe"] and name not in _NO_PEERS and (value := _value(result, name, line.key)) is not None
    ]
    if not found:
        return "", None
    value, name = max(found) if line.more_is_better else min(found)
    return name, value


def _yes(does_hold: bool) -> str:
    return "yes" if does_hold else "**no**"


def _engines(result: Result) -> Iterator[str]:
    names = list(result["engines"])
    yield "## Every engine"
    yield ""
    yield "| | Figure | " + " | ".join(names) + " |"
    yield "|---" * (len(names) + 2) + "|"
    yield "| | safe when a step has returned | " + " | ".join(result["engines"][n]["durable"] for n in names) + " |"
    for line in (*LINES, SYNCS, ALL_SYNCS):
        values = [_value(result, name, line.key) for name in names]
        if any(value is not None for value in values):
            yield f"| {line.workload} | {line.title} | " + " | ".join(_text(value, line) for value in values) + " |"


def _files(result: Result) -> Iterator[str]:
    """Where syncs and bytes go, by kind of file."""
    yield "## By kind of file"
    yield ""
    yield "| Engine | syncs a step | bytes on disk after SIGKILL at 1,000 steps | bytes after 1,000 steps of 1 KB |"
    yield "|---|---|---|---|"
    for name in result["engines"]:
        sizes = result["bytes"].get(name, {})
        cells = [
            _kinds(result["syncs"].get(name), 2) if name in result["syncs"] else _NO_VALUE,
            _kinds(sizes.get("W4"), 0),
            _kinds(sizes.get("W6"), 0),
        ]
        yield f"| {name} | " + " | ".join(cells) + " |"


def _kinds(found: dict[str, float] | None, digits: int) -> str:
    if found is None:
        return _NO_VALUE
    return " · ".join(f"{kind} {value:,.{digits}f}" for kind, value in sorted(found.items())) or "none"


def _reasons(result: Result) -> Iterator[str]:
    named = [
        f"- {engine}, {workload}: {reason}"
        for engine, mine in result["missing"].items()
        for workload, reason in mine.items()
    ]
    if named:
        yield "## Not measured, and why"
        yield ""
        yield from named
        yield ""
    versions = [f"{name} {about['version']}" for name, about in result["engines"].items() if about["version"]]
    if versions:
        yield f"Versions: {', '.join(versions)}."


def printed(page: str, result: Result, more: str = "") -> str:
    """*page* with its printed part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    text = table(result).replace("# What a durable step costs\n\n", "", 1).replace("\n## ", "\n### ")
    return f"{before}{BEGIN}\n{text}{more and chr(10) + more}{END}{after}"


def long_runs() -> str:
    """What `long_runs.py` has written for people; empty before its first run."""
    path = RESULTS / "long_runs.md"
    return path.read_text().replace("# ", "### ", 1) if path.exists() else ""


def write(result: Result) -> None:
    """The table, the plot and the part of the page."""
    (RESULTS / "steps.md").write_text(table(result))
    (RESULTS / "steps.svg").write_text(steps_plot.drawn(result))
    if PAGE.exists():
        PAGE.write_text(printed(PAGE.read_text(), result, long_runs()))


def renew() -> None:
    """Print everything again from the result files."""
    write(json.loads((RESULTS / "steps.json").read_text()))


def main() -> int:
    """As `renew`."""
    renew()
    return 0


if __name__ == "__main__":
    sys.exit(main())
