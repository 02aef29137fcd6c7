"""Programs that do not want to end; the figures of the bar come from `fairlead prove`."""

from fairlead.testing.proving.children import try_children
from tests.proves import proves


def quiet(text: str) -> None:
    """Nobody reads along."""


@proves("B8.1")
def test_what_does_not_want_to_end_is_ended() -> None:
    figure = try_children(1, 16, quiet)
    assert figure.problems == ()
    assert figure.counts["parents killed"] + figure.counts["parents ended"] == 2
