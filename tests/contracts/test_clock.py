"""What every `Clock` promises, kept by the machine's own and by both that stand still."""

from collections.abc import Callable

import pytest

from fairlead.core.ports import Clock
from fairlead.env.clock import SystemClock
from fairlead.testing import FakeClock
from tests.journal import parts

CLOCKS: dict[str, Callable[[], Clock]] = {
    "system": SystemClock,
    "fake": FakeClock,
    "fake of the journal's tests": parts.FakeClock,
}
SECONDS = 0.004  # short enough for the real clock, and far above its resolution


@pytest.fixture(params=CLOCKS)
def clock(request: pytest.FixtureRequest) -> Clock:
    return CLOCKS[request.param]()


def test_now_is_a_whole_number_of_microseconds_of_our_days(clock: Clock) -> None:
    now = clock.now()
    assert type(now) is int
    assert 1_500_000_000_000_000 < now < 4_000_000_000_000_000


def test_monotonic_counts_seconds_and_never_goes_back(clock: Clock) -> None:
    moments = [clock.monotonic() for _ in range(100)]
    assert all(isinstance(moment, float) for moment in moments)
    assert moments == sorted(moments)


def test_sleeping_lets_at_least_so_much_time_pass(clock: Clock) -> None:
    before = clock.monotonic()
    clock.sleep(SECONDS)
    assert clock.monotonic() - before >= SECONDS - 0.000_001  # the last digit of a float of many seconds


def test_sleeping_for_no_time_is_allowed(clock: Clock) -> None:
    before = clock.monotonic()
    clock.sleep(0)
    assert clock.monotonic() >= before


@pytest.mark.parametrize("fake", [FakeClock, parts.FakeClock])
def test_a_fake_stands_still_until_it_is_moved(fake: Callable[[], FakeClock]) -> None:
    clock = fake()
    assert (clock.now(), clock.monotonic()) == (clock.now(), clock.monotonic())
    now, moment = clock.now(), clock.monotonic()
    clock.sleep(86_400)
    clock.move(0.5)
    assert (clock.now() - now, clock.monotonic() - moment) == (86_400_500_000, 86_400.5)
