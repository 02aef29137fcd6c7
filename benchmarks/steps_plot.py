"""One picture of a result file: for each figure a row of bars, on a scale of powers of ten, ours first."""

import math
from html import escape
from typing import Any

from benchmarks.goals import LINES, Line

Result = dict[str, Any]  # Any: a result file, read as JSON
KEYS = ("W1.floors", "W1.cpu", "W2.rate", "W3.rate", "W4.ms", "W5.ms", "W6.payload", "W7.ms")
COLOURS = {"fairlead": "#0b6e4f", "fairlead-process": "#6fb98f", "yardstick": "#3d5a80", "raw-sqlite": "#98a6b5"}
PEER = "#c98b4b"
_BAR, _GAP, _HEAD, _NAMES, _WIDE, _COLUMN = 15, 4, 44, 128, 210, 430
_MARGIN = 16


def drawn(result: Result) -> str:
    """The picture as SVG, two columns of panels."""
    names = list(result["engines"])
    lines = [line for key in KEYS for line in LINES if line.key == key]
    panel = _HEAD + len(names) * (_BAR + _GAP) + 18
    rows = math.ceil(len(lines) / 2)
    width, height = 2 * _COLUMN + 2 * _MARGIN, rows * panel + 66
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'font-family="system-ui, sans-serif" font-size="12" fill="#1d2733">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_MARGIN}" y="26" font-size="17" font-weight="600">What a durable step costs</text>',
        f'<text x="{_MARGIN}" y="44" fill="#5b6875">{escape(result["machine"])}; scales are powers of ten; '
        "* a step is not safe through a power cut</text>",
    ]
    for number, line in enumerate(lines):
        left, top = _MARGIN + number % 2 * _COLUMN, 56 + number // 2 * panel
        parts += _panel(result, line, names, left, top)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(result: Result, line: Line, names: list[str], left: int, top: int) -> list[str]:
    better = "more is better" if line.more_is_better else "less is better"
    values = {name: result["figures"].get(name, {}).get(line.key, {}).get("median") for name in names}
    known = [value for value in values.values() if value]
    parts = [
        f'<text x="{left}" y="{top + 18}" font-weight="600">{line.workload} · {escape(line.title)}</text>',
        f'<text x="{left}" y="{top + 33}" fill="#5b6875" font-size="11">{better}</text>',
    ]
    if not known:
        return parts
    least, most = min([*known, line.goal or known[0]]), max([*known, line.goal or known[0]])
    low, span = math.log10(least) - 0.15, math.log10(most) - math.log10(least) + 0.3

    def at(value: float) -> float:
        return left + _NAMES + (math.log10(value) - low) / span * _WIDE

    labels: list[str] = []  # drawn last: the goal's line does not cross them
    for number, name in enumerate(names):
        y = top + _HEAD + number * (_BAR + _GAP)
        value = values[name]
        parts.append(
            f'<text x="{left + _NAMES - 6}" y="{y + 12}" text-anchor="end">{escape(name)}{_star(result, name)}</text>'
        )
        if not value:
            parts.append(f'<text x="{left + _NAMES + 4}" y="{y + 12}" fill="#5b6875">not measured</text>')
            continue
        wide = at(value) - left - _NAMES
        colour = COLOURS.get(name, PEER)
        parts.append(f'<rect x="{left + _NAMES}" y="{y}" width="{wide:.1f}" height="{_BAR}" fill="{colour}"/>')
        said = f"{value:,.{line.digits}f}"
        halo = 'stroke="#ffffff" stroke-width="4" paint-order="stroke"'
        labels.append(f'<text x="{at(value) + 5:.1f}" y="{y + 12}" {halo}>{said}</text>')
    if line.goal:
        x, bottom = at(line.goal), top + _HEAD + len(names) * (_BAR + _GAP)
        parts.append(
            f'<line x1="{x:.1f}" y1="{top + _HEAD - 8}" x2="{x:.1f}" y2="{bottom}" '
            'stroke="#b3261e" stroke-width="1.5" stroke-dasharray="4 3"/>'
        )
        parts.append(
            f'<text x="{x:.1f}" y="{top + _HEAD - 10}" fill="#b3261e" text-anchor="middle" font-size="11">goal</text>'
        )
    return parts + labels


def _star(result: Result, name: str) -> str:
    return "" if result["engines"][name]["is_power_safe"] else " *"
