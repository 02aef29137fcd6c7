"""A wall clock that jumps under two runs; the figures of the bar come from `fairlead prove`."""

import pytest

from fairlead.core.ids import Micros
from fairlead.journal import workers
from fairlead.runtime.steady import SteadyClock
from fairlead.testing.proving.clock_jumps import HOUR, JumpingClock, try_jumps
from tests.proves import proves


def quiet(text: str) -> None:
    """Nobody reads along."""


@proves("B1.12")
def test_no_wait_is_longer_and_no_run_is_lost() -> None:
    figure = try_jumps(1, 3, quiet)
    assert figure.problems == ()
    assert figure.counts["jumps"] >= 3
    assert figure.counts["refused"] >= 3


def test_a_steady_clock_follows_ahead_and_never_goes_back() -> None:
    clock = JumpingClock()
    steady = SteadyClock(clock)
    began = steady.now()
    clock.offset -= HOUR
    clock.sleep(5)
    assert steady.now() == began + 5_000_000
    clock.offset += 2 * HOUR
    assert steady.now() == clock.now() == Micros(began + 5_000_000 + round(HOUR * 1_000_000))
    assert steady.monotonic() == 5


def test_a_lease_by_the_wall_clock_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JumpingClock, "monotonic", lambda self: self.offset + self.passed)
    figure = try_jumps(1, 3, quiet)
    assert "was taken from its worker by a jump of the clock" in figure.problems[0]
    assert workers.SILENT_SECONDS < HOUR
