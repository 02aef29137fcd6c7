"""A worker that is put to sleep; the figures of the bar come from `fairlead prove`."""

from fairlead.testing.proving.sleepers import try_sleepers
from tests.proves import proves


def quiet(text: str) -> None:
    """Nobody reads along."""


@proves("B8.2")
def test_a_sleeper_writes_nothing_into_a_run_that_was_taken_over() -> None:
    figure = try_sleepers(1, 4, quiet)
    assert figure.problems == ()
    assert figure.counts["taken over"] == 1
    assert figure.counts["steps"] >= 5
