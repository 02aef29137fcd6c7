"""Numbers out of samples: percentiles that were measured, and a spread that one disturbed round does not decide."""

from collections.abc import Sequence
from statistics import fmean, median

import msgspec

_OUTLIER_SPREADS = 3  # so many times the middle half's width away from it: Tukey's "far out"
_SPREAD_SHARE_MIN = 0.01  # of the median: where half of the samples are equal, the next one is no outlier yet


class Figures(msgspec.Struct, frozen=True):
    """What a function's samples say; the key of `per` is its name."""

    p50_ms: float
    p95_ms: float
    mean_ms: float
    min_ms: float
    max_ms: float
    variation: float  # the middle half of the rounds' medians, as a share of their median
    samples: int
    calls: int  # in one sample, which is their mean
    outliers: int  # counted in every figure like the other samples: none is dropped


def figures_of(rounds: Sequence[Sequence[float]], calls: int) -> Figures:
    """The figures of at least one round of at least one sample each, in milliseconds."""
    samples = sorted(sample for one in rounds for sample in one)
    medians = sorted(median(one) for one in rounds)
    middle = median(medians)
    spread = _quantile(medians, 0.75) - _quantile(medians, 0.25)
    return Figures(
        p50_ms=round(median(samples), 6),
        p95_ms=_at_or_below(samples, 95),
        mean_ms=round(fmean(samples), 6),
        min_ms=samples[0],
        max_ms=samples[-1],
        variation=round(spread / middle, 6) if middle else 0.0,
        samples=len(samples),
        calls=calls,
        outliers=_outliers(samples),
    )


def _at_or_below(samples: Sequence[float], percent: int) -> float:
    """The smallest sample that *percent* of them do not exceed: a value that was measured, of few the largest."""
    return samples[-(-percent * len(samples) // 100) - 1]


def _quantile(values: Sequence[float], share: float) -> float:
    """Between the two nearest values, in proportion: with three rounds each of them still counts."""
    place = share * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(values) - 1)
    return values[below] + (values[above] - values[below]) * (place - below)


def _outliers(samples: Sequence[float]) -> int:
    low, high = _quantile(samples, 0.25), _quantile(samples, 0.75)
    reach = _OUTLIER_SPREADS * max(high - low, _SPREAD_SHARE_MIN * median(samples))
    return sum(sample < low - reach or sample > high + reach for sample in samples)
