"""The points of a certification: which there are, what they are called, and which are drawn."""

from collections import Counter

import pytest

from fairlead.core.errors import FairleadError
from fairlead.testing.certifying.points import KINDS, all_points, read_point, sampled


def test_every_commit_and_effect_is_disturbed_before_and_after_and_every_commit_in_three_more_ways() -> None:
    counted = Counter(point.kind for point in all_points(12, 3, seed=1))
    assert counted["kill"] == 2 * (12 + 3)
    assert (counted["torn write"], counted["full disk"], counted["lost lock"]) == (12, 12, 12)
    assert 0 < counted["kill twice"] < counted["kill"]
    assert set(counted) == set(KINDS)


def test_a_name_says_all_of_a_point() -> None:
    points = all_points(9, 2, seed=3)
    assert [read_point(str(point)) for point in points] == points
    assert len({str(point) for point in points}) == len(points)


@pytest.mark.parametrize("text", ["", "commit-7", "commit-0-after", "torn-x", "effect-1-after+torn-2", "full-3-after"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(FairleadError) as refused:
        read_point(text)
    assert refused.value.diagnostics[0].code == "FL-R812"


def test_of_more_points_so_many_are_drawn_by_the_seed() -> None:
    points = all_points(4_000, 0, seed=0)
    assert len(points) > 10_000
    drawn = sampled(points, 10_000, seed=5)
    assert len(drawn) == len(set(drawn)) == 10_000
    assert drawn == sampled(points, 10_000, seed=5) != sampled(points, 10_000, seed=6)
    assert sampled(points[:50], 50, seed=5) == points[:50]
