"""A disk that is really full; the figures of the bar come from `fairlead prove`."""

import pytest

from fairlead.testing.proving import full_disk
from fairlead.testing.proving.full_disk import cannot_mount, try_fills
from tests.proves import proves


def quiet(text: str) -> None:
    """Nobody reads along."""


@proves("B1.7")
@pytest.mark.skipif(bool(cannot_mount()), reason="no file system can be mounted here")
def test_a_full_disk_refuses_and_loses_nothing() -> None:
    figure = try_fills(1, 210, quiet)
    assert figure.problems == ()
    assert figure.counts["refused"] >= 1
    assert figure.counts["resumed"] >= 1


def test_where_nothing_can_be_mounted_the_figure_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(full_disk, "UNSHARE", ("false",))
    figure = try_fills(1, 1, quiet)
    assert figure.skipped.startswith("no file system can be mounted here")
    assert figure.counts["fills"] == 0
