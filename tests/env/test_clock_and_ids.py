"""Names are readable, and the two clocks are what they say."""

import re
import time

from fairlead.env.clock import SystemClock
from fairlead.env.ids import RandomIds


def test_ids_have_a_letter_first_and_no_look_alikes() -> None:
    ids = RandomIds()
    runs = [ids.run_id() for _ in range(2_000)]
    assert all(re.fullmatch(r"r-[a-z][a-z0-9]{7}", run) for run in runs)
    assert not set("".join(run[2:] for run in runs)) & set("01ilo")
    assert len(set(runs)) == 2_000
    assert re.fullmatch(r"w-[a-z][a-z0-9]{11}", ids.worker_id())


def test_now_is_microseconds_since_1970_and_monotonic_never_goes_back() -> None:
    clock = SystemClock()
    before, now, after = time.time_ns() // 1000, clock.now(), time.time_ns() // 1000
    assert before <= now <= after
    moments = [clock.monotonic() for _ in range(100)]
    assert moments == sorted(moments)
    clock.sleep(0)
