"""The machine's two clocks."""

import time

from fairlead.core.ids import Micros


class SystemClock:
    """Wall time for display, monotonic time for waiting."""

    def now(self) -> Micros:
        return Micros(time.time_ns() // 1000)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
