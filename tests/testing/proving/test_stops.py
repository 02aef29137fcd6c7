"""Stops of the real program; the figures of the bar come from `fairlead prove`."""

from fairlead.testing.proving.stops import try_stops
from tests.proves import proves


def quiet(text: str) -> None:
    """Nobody reads along."""


@proves("B8.4")
def test_two_runs_that_are_stopped_lose_nothing() -> None:
    figure = try_stops(1, 10, quiet)
    assert figure.problems == ()
    assert figure.counts["stopped"] == 2
