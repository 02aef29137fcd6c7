"""One thread, and a clock that jumps: an event loop in which every order is drawn and nobody waits for real time."""

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import Context
from heapq import heappop, heappush
from typing import Any, TypeVar, TypeVarTuple

from fairlead.core.ids import Micros

LOOKING_S = 0.2  # whoever sleeps no longer looks again and again: the clock is not moved for him alone
LOOKS_MAX = 200  # in a row, with nothing else to do
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class Stuck(Exception):
    """Nothing can ever happen again: somebody waits for what nobody will do."""


class SimulatedClock:
    """Implements `Clock`: its monotonic clock is moved by the loop, its wall clock is also put forth and back."""

    def __init__(self, now: Micros, monotonic: float) -> None:
        self.moved_s = monotonic
        self._offset = now - round(monotonic * 1e6)

    def now(self) -> Micros:
        """Microseconds since 1970."""
        return Micros(self._offset + round(self.moved_s * 1e6))

    def monotonic(self) -> float:
        """Seconds."""
        return self.moved_s

    def sleep(self, seconds: float) -> None:
        """Nobody waits: the clock is moved instead."""
        self.moved_s += seconds

    def set_forth(self, seconds: float) -> None:
        """Somebody changes the wall clock; negative: back."""
        self._offset += round(seconds * 1e6)


class SimulatedLoop(asyncio.BaseEventLoop):
    """Performs what is ready in an order that *rng* draws; when nothing is, the clock jumps to what comes next.

    *due* says, as a moment of the wall clock, what the product itself looks out for beside the timers of the loop.
    """

    def __init__(self, clock: SimulatedClock, rng: random.Random | None, due: Callable[[], Micros | None]) -> None:
        super().__init__()
        self._simulated = clock
        self._rng = rng  # none: first come, first served
        self._due = due
        self._now_ready: list[asyncio.Handle] = []
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._looking: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._count = 0
        self._looks = 0

    def time(self) -> float:
        """The monotonic clock."""
        return self._simulated.moved_s

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Perform it in one of the next turns."""
        handle = asyncio.Handle(callback, args, self, context)
        self._now_ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Perform it when *delay* seconds have passed."""
        return self._timed(self.time() + delay, delay <= LOOKING_S, callback, args, context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Perform it at a moment of the monotonic clock."""
        return self._timed(when, False, callback, args, context)

    # Any: whatever the callback takes.
    def _timed(
        self, when: float, is_looking: bool, callback: Callable[..., object], args: Any, context: Context | None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._count += 1
        heappush(self._looking if is_looking else self._timers, (when, self._count, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """It is passed over when its moment comes."""

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> "asyncio.Future[T]":
        """Call it at once: there is one thread."""
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as problem:
            future.set_exception(problem)
        return future

    def _run_once(self) -> None:
        """One turn: what has become due, then everything that is ready now."""
        if not self._now_ready:
            self._jump()
        self._ripen(self._timers)
        self._ripen(self._looking)
        ready, self._now_ready = self._now_ready, []
        if self._rng is not None and len(ready) > 1:
            self._rng.shuffle(ready)
        for handle in ready:
            if not handle.cancelled():
                handle._run()

    def _jump(self) -> None:
        """Move the clock to the next moment that anything is known to happen at."""
        for timers in (self._timers, self._looking):
            while timers and timers[0][2].cancelled():
                heappop(timers)
        moments = [self._timers[0][0]] if self._timers else []
        due = self._due()
        if due is not None:
            moments.append(self.time() + max(0, due - self._simulated.now()) / 1e6)
        if moments:
            self._looks = 0
        elif self._looking:
            self._looks += 1
            moments.append(self._looking[0][0])
        if not moments or self._looks > LOOKS_MAX:
            raise Stuck("nothing is ready, and no moment is waited for")
        moment = min(moments)
        if moment > self.time():
            self._simulated.moved_s = moment
        if self._looking and due is not None:
            # Whoever looks again and again looks now: that is how what the product waits for is noticed.
            when, _, handle = heappop(self._looking)
            self._now_ready.append(handle)
            self._simulated.moved_s = max(self._simulated.moved_s, when)

    def _ripen(self, timers: list[tuple[float, int, asyncio.TimerHandle]]) -> None:
        now = self.time()
        while timers and timers[0][0] <= now:
            self._now_ready.append(heappop(timers)[2])

    def _process_events(self, event_list: object) -> None:
        """There is no selector."""

    def _write_to_self(self) -> None:
        """There is nobody to wake."""
