"""A power cut at any moment while a journal is made: what was acknowledged is there, and the journal can be opened.

Cuts of whole lives are the business of `tests/testing/proving/test_power_cuts.py`; here it is each of the moments at
which names become durable.
"""

import errno
import random
import sys
from pathlib import Path

from fairlead.journal import verify
from fairlead.testing.clock import FakeClock
from fairlead.testing.disks import Platter, Refusal, WatchedDisk, refuse_at
from fairlead.testing.proving.journal_work import STATE, Work
from tests.proves import proves

DRAWS = 4  # things that each moment may leave, with half of the names that are not for sure


def seeded() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    sys.stdout.write(f"seed {seed}\n")
    return random.Random(seed)


def problems_after(platter: Platter, work: Work, calls: int, draw: random.Random, directory: Path) -> list[str]:
    """What is wrong with what a cut leaves after so many calls."""
    platter.cut(draw, names=0.5).lay(str(directory))
    report = verify(str(directory / STATE), clock=FakeClock())
    problems = [f"{problem.code}: {problem.text}" for problem in report.problems]
    if report.head < work.seq_at(calls):
        problems.append(f"event {work.seq_at(calls)} was acknowledged; the journal ends at {report.head}")
    for name in work.contents_at(calls):
        if not (directory / STATE / "blobs" / name[7:9] / name[9:]).exists():
            problems.append(f"the content {name} is gone")
    return problems


@proves("B11.5")
def test_a_cut_at_any_call_while_a_journal_is_made_loses_nothing(quick_path: Path) -> None:
    draw = seeded()
    (quick_path / "disk").mkdir()
    with WatchedDisk(str(quick_path / "disk")) as disk:
        work = Work(disk, draw)
        work.go_on()
    assert {"make", "mkdir", "rename", "sync directory", "unlink"} <= {call.kind for call in disk.calls}
    platter = Platter()
    for number, call in enumerate(disk.calls):
        for _ in range(DRAWS):
            assert problems_after(platter, work, number, draw, quick_path / "cut") == [], f"before call {number}"
        platter.perform(call)


def test_what_a_dead_process_began_to_make_is_durable_before_the_next_one_promises_anything(quick_path: Path) -> None:
    """The first process dies at any of its calls; the next finds directories and names that nobody has synced."""
    draw = seeded()
    number = 1
    while True:
        root = quick_path / str(number)
        root.mkdir()
        with WatchedDisk(str(root), refuse_at(number, Refusal(errno.EIO, is_death=True), is_sticky=True)) as disk:
            first = Work(disk, draw)
            try:
                first.go_on()
                return  # it came through
            except Exception:  # of whatever kind: it is dead
                disk.before = None
            work = Work(disk, draw, seq=first.ends[-1])
            work.acknowledged.extend(first.acknowledged)
            work.go_on()
        platter = Platter()
        for call in disk.calls:
            platter.perform(call)
        for _ in range(2):
            found = problems_after(platter, work, len(disk.calls), draw, quick_path / "cut")
            assert found == [], f"the first process died before call {number}"
        number += 1
