"""The proof of power cuts finds nothing in the real journal, and much in one that does not wait for the disk."""

import random
import re
import sys

from fairlead.testing.proving.power_cuts import CUTS, try_power_cuts
from tests.proves import proves

_ONLY_LOST = re.compile(r"event \d+ was acknowledged; the journal ends at \d+$")


def drawn_seed() -> int:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    return seed


@proves("B11.5")
def test_no_power_cut_loses_what_was_acknowledged() -> None:
    figure = try_power_cuts(200, drawn_seed(), lambda text: None)
    assert figure.problems == ()
    assert (figure.counts["cuts"], figure.counts["during_recovery"]) == (200, 100)
    assert [figure.counts[name] for name in ("lost", "holes", "refused")] == [0, 0, 0]
    assert figure.counts["events"] > 200, "not only empty journals were looked at"
    assert figure.counts["contents"] > 100


def test_without_waiting_for_the_disk_a_power_cut_does_lose_some() -> None:
    """The mode "process" promises no more than that what is left can be used; and the test above can fail."""
    figure = try_power_cuts(80, drawn_seed(), lambda text: None, mode="process")
    assert figure.counts["lost"] > 4
    assert (figure.counts["holes"], figure.counts["refused"]) == (0, 0)
    assert [problem for problem in figure.problems if not _ONLY_LOST.search(problem)] == []


def test_the_same_seed_cuts_at_the_same_moments() -> None:
    assert try_power_cuts(40, 5, lambda text: None).counts == try_power_cuts(40, 5, lambda text: None).counts


def test_the_lanes_cut_as_often_as_the_bar_asks() -> None:
    assert CUTS == {"fast": 2_000, "full": 100_000}
