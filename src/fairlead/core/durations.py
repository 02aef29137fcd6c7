"""Durations as people write them: `10m`, `1h30m`, `500ms`, `1.5h`."""

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|[smhdw])", re.ASCII)


def parse_duration(text: str) -> float | None:
    """Seconds; `None` when *text* is no duration. Parts add up: `1h30m` is 5,400."""
    seconds = 0.0
    position = 0
    while part := _PART.match(text, position):
        seconds += float(part[1]) * _UNITS[part[2]]
        position = part.end()
    return seconds if text and position == len(text) else None


def say_duration(seconds: float) -> str:
    """The shortest way to write *seconds*: 5400 is `1h30m`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    said = ""
    rest = seconds
    for unit in ("h", "m"):
        count, rest = divmod(rest, _UNITS[unit])
        said += f"{count:.0f}{unit}" if count else ""
    return said + (f"{rest:g}s" if rest else "")
