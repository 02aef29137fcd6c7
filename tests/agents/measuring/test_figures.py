"""Numbers out of samples: every sample counts, and percentiles are values that were measured."""

from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.agents.builtin.measuring.figures import figures_of
from tests.proves import proves

MS = st.floats(0.001, 10_000.0, allow_nan=False).map(lambda ms: round(ms, 6))
ROUNDS = st.lists(st.lists(MS, min_size=1, max_size=8), min_size=3, max_size=12)


def test_known_samples_give_known_figures() -> None:
    figures = figures_of([[float(n)] for n in range(1, 101)], 4)
    assert (figures.p50_ms, figures.p95_ms, figures.mean_ms) == (50.5, 95.0, 50.5)
    assert (figures.min_ms, figures.max_ms, figures.samples, figures.calls) == (1.0, 100.0, 100, 4)
    assert figures.variation == pytest.approx(49.5 / 50.5, abs=1e-6)
    assert figures.outliers == 0


@pytest.mark.parametrize(("count", "place"), [(1, 1), (7, 7), (19, 19), (20, 19), (21, 20), (100, 95)])
def test_the_95th_percentile_of_few_samples_is_the_largest(count: int, place: int) -> None:
    assert figures_of([[float(n)] for n in range(1, count + 1)], 1).p95_ms == place


@proves("C8.13")
def test_an_outlier_is_counted_and_stays_in_every_figure() -> None:
    quiet = [[10.0, 10.1], [10.0, 10.2], [10.1, 9.9], [10.0, 10.0], [10.1, 10.0], [9.9, 10.1], [10.0, 10.1]]
    disturbed = [*quiet[:-1], [10.0, 90.0]]
    without, with_it = figures_of(quiet, 1), figures_of(disturbed, 1)
    assert (without.outliers, with_it.outliers) == (0, 1)
    assert (with_it.max_ms, with_it.p95_ms, with_it.samples) == (90.0, 90.0, 14)
    assert with_it.mean_ms > without.mean_ms


def test_one_disturbed_round_of_seven_does_not_decide_the_variation_and_one_of_three_does() -> None:
    assert figures_of([[10.0]] * 6 + [[20.0]], 1).variation == 0.0
    assert figures_of([[10.0], [10.0], [20.0]], 1).variation == 0.5


def test_a_drifting_machine_is_not_called_quiet() -> None:
    assert figures_of([[10.0 + n] for n in range(7)], 1).variation > 0.2


@proves("C8.13")
@settings(max_examples=50, deadline=None)
@given(ROUNDS)
def test_the_figures_of_any_samples_fit_each_other(rounds: list[list[float]]) -> None:
    samples = sorted(sample for one in rounds for sample in one)
    figures = figures_of(rounds, 1)
    assert figures.samples == len(samples)
    assert figures.p95_ms in samples
    assert sum(sample <= figures.p95_ms for sample in samples) >= 0.95 * len(samples)
    assert figures.min_ms == samples[0] <= figures.p50_ms <= figures.p95_ms <= samples[-1] == figures.max_ms
    assert figures.mean_ms == pytest.approx(fmean(samples), abs=1e-5)
    assert figures.variation >= 0
    assert 0 <= figures.outliers < len(samples)


@settings(max_examples=50, deadline=None)
@given(ROUNDS)
def test_the_order_of_rounds_and_samples_does_not_matter(rounds: list[list[float]]) -> None:
    before = figures_of(rounds, 1)
    assert figures_of([list(reversed(one)) for one in reversed(rounds)], 1) == before
