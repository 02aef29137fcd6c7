"""Times of one thing that was measured several times, in milliseconds."""

from collections.abc import Sequence

from fairlead.core.json import Json


def timings(seconds: Sequence[float]) -> dict[str, Json]:
    """Mean, percentiles and extremes of *seconds*. A percentile lies between the two nearest measurements."""
    ordered = sorted(seconds)
    mean = sum(ordered) / len(ordered)
    spread = (sum((one - mean) ** 2 for one in ordered) / (len(ordered) - 1)) ** 0.5 if len(ordered) > 1 else 0.0
    return {
        "mean_ms": ms(mean),
        "stddev_ms": ms(spread),
        "min_ms": ms(ordered[0]),
        "p50_ms": ms(_percentile(ordered, 0.5)),
        "p95_ms": ms(_percentile(ordered, 0.95)),
        "p99_ms": ms(_percentile(ordered, 0.99)),
        "max_ms": ms(ordered[-1]),
        "runs": len(ordered),
    }


def ms(seconds: float) -> float:
    """*seconds* in milliseconds, to the nanosecond."""
    return round(seconds * 1_000, 6)


def _percentile(ordered: Sequence[float], share: float) -> float:
    at = share * (len(ordered) - 1)
    below = int(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)
