"""The time that the waits of one run go by: a wall clock that is set back makes none of them longer."""

from fairlead.core.ids import Micros
from fairlead.core.ports import Clock


class SteadyClock:
    """Implements `Clock`: as *clock*, but its wall clock never stands still and never goes back.

    One that jumps ahead is followed: that may as well have been a night in which the machine slept. The record keeps
    the machine's own time; a run that another process goes on with takes that as it is then.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._at = clock.now()
        self._since = clock.monotonic()

    def now(self) -> Micros:
        """Microseconds since 1970."""
        wall, monotonic = self._clock.now(), self._clock.monotonic()
        steady = Micros(self._at + round((monotonic - self._since) * 1_000_000))
        if wall > steady:
            self._at, self._since = wall, monotonic
            return wall
        return steady

    def monotonic(self) -> float:
        """Seconds."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Stand still."""
        self._clock.sleep(seconds)
