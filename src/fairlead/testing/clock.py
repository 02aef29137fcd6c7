"""A clock that stands still until it is moved."""

from fairlead.core.ids import Micros


class FakeClock:
    """Implements `Clock`. Both of its clocks move together."""

    def __init__(self, now: int = 1_700_000_000_000_000) -> None:
        self._now = now

    def now(self) -> Micros:
        """Microseconds since 1970."""
        return Micros(self._now)

    def monotonic(self) -> float:
        """Seconds."""
        return self._now / 1_000_000

    def sleep(self, seconds: float) -> None:
        """Nobody waits: the clock is moved instead."""
        self.move(seconds)

    def move(self, seconds: float) -> None:
        """Let *seconds* pass."""
        self._now += round(seconds * 1_000_000)
