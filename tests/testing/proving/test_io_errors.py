"""The proof of a disk that refuses: every kind of call is among those refused, and nothing acknowledged is lost."""

import random
import sys

from fairlead.testing.proving.io_errors import all_faults, reference_calls, try_io_errors
from tests.proves import proves

FAULTS = 80


@proves("B11.6")
def test_whatever_the_disk_refuses_nothing_acknowledged_is_lost() -> None:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    kinds = reference_calls()
    faults = random.Random(seed).sample(all_faults(kinds), FAULTS)
    figure = try_io_errors(faults, len(kinds), seed, lambda text: None)
    assert figure.problems == ()
    assert (figure.counts["faults"], figure.counts["lost"], figure.counts["stuck"]) == (FAULTS, 0, 0)
    assert figure.counts["told"] > FAULTS * 0.9


def test_the_reference_run_does_everything_that_a_disk_can_refuse() -> None:
    kinds = reference_calls()
    changes = {"make", "write", "sync", "truncate", "rename", "unlink", "mkdir", "sync directory"}
    assert changes | {"open", "read"} <= set(kinds)
    assert kinds.count("write") > 100
    assert kinds.count("sync") > 30


def test_every_call_fails_in_every_way_that_its_kind_can() -> None:
    faults = all_faults(["read", "write"])
    assert [str(fault) for fault in faults if fault.number == 1] == ["EIO at call 1", "EIO at call 1 and from then on"]
    assert {fault.name for fault in faults if fault.number == 2} == {"EIO", "ENOSPC", "a short write"}
