"""One number from the findings and the size of what was read. Every further finding lowers it; it never reaches 0."""

from collections.abc import Mapping

from fairlead.core.findings import SEVERITIES, Severity

POINTS: dict[Severity, float] = {"info": 0.25, "low": 1.0, "medium": 4.0, "high": 10.0, "critical": 25.0}
LINES_PER_POINT = 50
ROOM = 10  # so that the first finding in a tiny file does not ruin it

FORMULA = (
    f"score = 100 * room / (room + points); room = {ROOM} + lines / {LINES_PER_POINT}; points = the sum of "
    + ", ".join(f"{POINTS[severity]:g} for each {severity}" for severity in SEVERITIES)
)


def score(counts: Mapping[Severity, int], lines: int) -> float | None:
    """The score by `FORMULA`, with two decimals; None where nothing was read, because unknown is not clean."""
    if not lines:
        return None
    room = ROOM + lines / LINES_PER_POINT
    points = sum(POINTS[severity] * count for severity, count in counts.items())
    return round(100 * room / (room + points), 2)
