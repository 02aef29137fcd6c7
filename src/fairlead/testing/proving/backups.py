"""Backups while two other processes write: each has to verify, to be a beginning of the journal, to hold all that was
acknowledged before it began, and to come back as a record in which a run goes on.
"""

import os
import select
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, closing

from fairlead.core.events import Recorded, RunEnded
from fairlead.core.ids import RunId, Seq, WorkerId
from fairlead.core.ports import Batch
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.env.clock import SystemClock
from fairlead.journal import open_reader, verify
from fairlead.journal.backup import back_up
from fairlead.journal.opening import Places, connect_unchecked, rows_from
from fairlead.journal.pen import ClaimRun, Pen
from fairlead.journal.restoring import restore
from fairlead.testing.proving.journal_work import temporary_root

COUNT: dict[Lane, int] = {"fast": 5, "full": 50}
_STEPS = 40  # of a run, while a backup is made
_PATIENCE_SECONDS = 60.0  # only a writer that hangs lets the proof wait so long
_WRITER = (sys.executable, "-P", "-m", "fairlead.testing.proving.backup_writer")


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Back up as often as *lane* asks."""
    return try_backups(COUNT[lane], seed, tell)


def try_backups(count: int, seed: int, tell: Tell) -> Figure:
    """Make *count* backups. What the writers do between two of them is up to the system: the seed changes nothing."""
    counts: Counter[str] = Counter()
    problems: list[str] = []
    clock = SystemClock()
    with temporary_root("backups") as root, ExitStack() as held:
        state = os.path.join(root, "state")
        writers = [held.enter_context(closing(_Process(state, name))) for name in ("a", "b")]
        heads: list[tuple[int, str]] = []
        for number in range(count):
            tell(f"backup {number + 1} of {count}")
            for writer in writers:
                writer.begin()
            acknowledged = max(writer.wait() for writer in writers)
            to = os.path.join(root, "backup")
            receipt = back_up(state, to, clock=clock).receipt
            heads.append((int(receipt.partition(":")[0]), receipt.partition(":")[2]))
            meanwhile = max(writer.latest() for writer in writers)
            counts["events_meanwhile"] += max(0, meanwhile - acknowledged)
            found = _judge(root, to, acknowledged, receipt)
            problems += [f"backup {number + 1}, seed {seed}: {one}" for one in found]
            counts["backups"] += 1
            for name in ("backup", "restored"):
                shutil.rmtree(os.path.join(root, name), ignore_errors=True)
        for writer in writers:
            writer.end()
        problems += _compare_beginnings(state, heads)
        counts["events"] = heads[-1][0] if heads else 0
    return Figure(
        "backups",
        "a backup that is made while others write holds all that was acknowledged, verifies, and goes on",
        seed,
        {name: counts[name] for name in ("backups", "events", "events_meanwhile")}
        | {"writers": 2, "bad": len(problems)},
        bounded(problems),
    )


class _Process:
    """A writer, and what it has said so far."""

    def __init__(self, state: str, name: str) -> None:
        self._last = 0
        self._process = subprocess.Popen(
            [*_WRITER, state, name, str(_STEPS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
        )

    def begin(self) -> None:
        """Let it perform one more run."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()

    def wait(self) -> int:
        """The last event that it was told is durable, once there is a new one."""
        return self._read(_PATIENCE_SECONDS)

    def latest(self) -> int:
        """As `wait`, without waiting."""
        return self._read(0.0)

    def end(self) -> None:
        """Let it come to its end."""
        self._process.communicate(timeout=_PATIENCE_SECONDS)
        if self._process.returncode:
            raise RuntimeError(f"a writer ended with {self._process.returncode}")

    def close(self) -> None:
        """Leave nothing behind, also when the proof breaks down."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()

    def _read(self, patience: float) -> int:
        assert self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        while select.select([descriptor], [], [], patience)[0]:
            data = os.read(descriptor, 1 << 16)
            if not data:
                raise RuntimeError("a writer has ended by itself")
            # The last line may be half of one; a number that is cut off is smaller than the one before.
            self._last = max(self._last, *(int(line) for line in data.split()))
            patience = 0.0
        return self._last


def _judge(root: str, backup: str, acknowledged: int, receipt: str) -> list[str]:
    """What is wrong with one backup."""
    clock, restored = SystemClock(), os.path.join(root, "restored")
    found = []
    head = int(receipt.partition(":")[0])
    if head < acknowledged:
        found.append(f"event {acknowledged} was acknowledged before it, and it ends at {head}")
    done = restore(backup, restored, clock=clock, receipt=receipt)
    report = verify(restored, clock=clock)
    found += [f"restored: {one.text}" for one in report.problems]
    if (report.head, done.contents.events, report.blobs) != (head, head, done.contents.contents):
        found.append(f"it says {done.contents.events} events, and {report.head} were restored")
    with closing(open_reader(restored, clock=clock)) as reader:
        rows = reader.runs(1_000)
    for row in rows:
        if not os.path.exists(os.path.join(restored, "logs", row.run, "step.1.log")):
            found.append(f"the log of {row.run} is not in it")
    opened = [row.run for row in rows if not row.ended_at]
    return found + (_go_on(restored, opened[0], head) if opened else ["no run of it can go on"])


def _go_on(restored: str, run: RunId, head: int) -> list[str]:
    """Let another worker take a run over and end it."""
    clock = SystemClock()
    pen = Pen(Places(restored), clock, "full")
    (claimed,) = pen.write([ClaimRun(run, WorkerId("w-after"))])
    if isinstance(claimed, Recorded):
        pen.write([Batch(run, claimed.epoch, Seq(1 << 60), (RunEnded("succeeded"),), ())])
    pen.close(is_sound=True)
    report = verify(restored, clock=clock)
    if report.problems or report.head != head + 2:
        return [f"run {run} does not go on: {claimed} {report.problems[:1]}"]
    return []


def _compare_beginnings(state: str, heads: list[tuple[int, str]]) -> list[str]:
    """The h of an event covers all before it: where it is the same, so is everything up to there."""
    connection = connect_unchecked(Places(state))
    assert connection is not None
    with closing(connection):
        chain = {row.seq: row.h.hex() for row in rows_from(connection, 1)}
    return [f"the backup that ends at event {seq} is no beginning" for seq, h in heads if chain.get(seq) != h]
