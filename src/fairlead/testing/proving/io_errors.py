"""The disk refuses at every call of a reference run, once and from then on, in every way that a disk has.

Whoever was told that something is recorded finds it there: after the failure, after the next process has gone on, and
after a power cut that follows. Nothing is acknowledged once the writer has failed, and nobody waits for ever.
"""

import errno
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from queue import Empty, SimpleQueue
from typing import NamedTuple, TypeVar

import msgspec

from fairlead.core.errors import FairleadError
from fairlead.core.events import AttemptStarted, AttemptSucceeded, Recorded, RunCancelRequested, RunQueued
from fairlead.core.ids import Epoch, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest
from fairlead.core.ports import Batch, Fenced, JournalFailed, Written
from fairlead.core.proofs import Figure, Lane, Tell, bounded
from fairlead.journal import SqliteJournal, open_journal, verify
from fairlead.testing.clock import FakeClock
from fairlead.testing.disks import Call, Platter, Refusal, WatchedDisk, refuse_at
from fairlead.testing.proving import refusing_door
from fairlead.testing.proving.journal_work import STATE, small_logs, temporary_root

T = TypeVar("T")

PATIENCE_SECONDS = 60.0  # only a writer that hangs makes anybody wait so long
_PROMISE = (
    "Whichever call the disk refuses, and however: nothing acknowledged is lost, the writer stops for good and says so "
    "with a code, and the next process goes on."
)
_COUNTS = ("calls", "faults", "told", "harmless", "lost", "acknowledged_later", "hidden", "stuck", "uncoded")
_PROCESSES = 2  # that use the journal, one after the other: the second finds what the first left
_STEPS = 5


class Screen(NamedTuple):
    """A command on a disk that refuses, and what it has to say."""

    fault: str  # as `refusing_door` takes it
    code: str
    exit_code: int


NOT_READY, FAILED = 8, 9  # exit codes: the surroundings are not as they have to be; the record or its disk is not
_SCREENS = (
    Screen("ENOSPC write journal.db-wal 4", "FL-N012", NOT_READY),
    Screen("EIO sync journal.db 0", "FL-L010", FAILED),  # when everything was said
    Screen("EIO sync journal.db-wal 2", "FL-L010", FAILED),
    Screen("ENOSPC write anchor 1", "FL-N012", NOT_READY),
    Screen("EIO write anchor 2", "FL-L010", FAILED),
    Screen("ENOSPC sync any 1", "FL-N012", NOT_READY),
    Screen("EIO rename any 0", "FL-L010", FAILED),
)
_WORKFLOW = """\
fairlead: 1
name: look
steps:
  - id: look
    agent: inventory
"""


class Fault(NamedTuple):
    """One way to fail at one call."""

    number: int
    name: str
    refusal: Refusal
    is_sticky: bool

    def __str__(self) -> str:
        return f"{self.name} at call {self.number}{' and from then on' if self.is_sticky else ''}"


# Which calls fail in which way; () is every call. A disk that is full lets everybody read.
_WAYS: tuple[tuple[str, Refusal, tuple[str, ...]], ...] = (
    ("EIO", Refusal(errno.EIO), ()),
    ("ENOSPC", Refusal(errno.ENOSPC), ("write", "sync", "make", "mkdir", "rename", "truncate")),
    ("a short write", Refusal(errno.ENOSPC, is_short=True), ("write",)),
)
# What changes something: when SQLite is refused one of these and nobody hears of it, it was hidden.
_CHANGES = ("write", "sync", "truncate")


def prove(lane: Lane, seed: int, tell: Tell) -> Figure:
    """Refuse every call in every way, in the full lane once and from then on, in the fast one of these two."""
    kinds = reference_calls()
    faults = all_faults(kinds)
    if lane == "fast":
        draw = random.Random(seed)
        faults = [draw.choice(pair) for pair in zip(faults[::2], faults[1::2], strict=True)]
    figure = try_io_errors(faults, len(kinds), seed, tell, processes=2 if lane == "full" else 1)
    screens = _SCREENS if lane == "full" else _SCREENS[:2]
    tell("the same through the command line")
    problems = [f"{screen.fault}: {text}" for screen in screens for text in try_screen(screen)]
    counts = figure.counts | {"screens": len(screens), "wrong_screens": len(problems)}
    return msgspec.structs.replace(figure, counts=counts, problems=bounded([*figure.problems, *problems]))


def try_screen(screen: "Screen") -> Iterator[str]:
    """Perform a real `fairlead run` and a real `doctor` on a disk that refuses, and look at the record afterwards."""
    with temporary_root("screens") as root:
        for name in ("home", "project"):
            os.mkdir(os.path.join(root, name))
        with open(os.path.join(root, "project", "flow.yaml"), "w", encoding="utf-8") as file:
            file.write(_WORKFLOW)

        def said(fault: str, *words: str) -> tuple[int, str]:
            argv = (sys.executable, "-P", "-m", refusing_door.__name__, *fault.split(), *words)
            environ = {"PATH": os.environ.get("PATH", ""), "HOME": os.path.join(root, "home"), "LC_ALL": "C.UTF-8"}
            done = subprocess.run(
                argv,
                cwd=os.path.join(root, "project"),
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=2 * PATIENCE_SECONDS,
            )
            return done.returncode, done.stdout + done.stderr

        for words, expected, fault in (
            (("run", "flow.yaml"), screen.exit_code, screen.fault),
            (("doctor",), NOT_READY, "ENOSPC write any 0" if screen.code == "FL-N012" else "EIO sync any 0"),
            (("journal", "verify"), 0, "EIO none none 0"),
            (("run", "flow.yaml"), 0, "EIO none none 0"),
        ):
            exit_code, text = said(fault, *words)
            if exit_code != expected or "Traceback" in text:
                yield f"`fairlead {' '.join(words)}` ended with {exit_code}, not {expected}: {text[-300:]}"
            elif expected == screen.exit_code and screen.code not in text:
                yield f"`fairlead {' '.join(words)}` does not say {screen.code}: {text[-300:]}"


def all_faults(kinds: Sequence[str]) -> list[Fault]:
    """Every way in which calls of these kinds can fail, once and from then on."""
    return [
        Fault(number, name, refusal, is_sticky)
        for number, kind in enumerate(kinds, 1)
        for name, refusal, of in _WAYS
        if not of or kind in of
        for is_sticky in (False, True)
    ]


def try_io_errors(faults: Sequence[Fault], calls: int, seed: int, tell: Tell, *, processes: int = 1) -> Figure:
    """Perform the reference run, which makes so many calls, once with each of *faults*."""
    counts: Counter[str] = Counter(calls=calls)
    problems: list[str] = []
    for found, complaints in _each(faults, seed, processes):
        counts.update(found)
        problems.extend(f"seed {seed}, {complaint}" for complaint in complaints)
        if counts["faults"] % 50 == 0:
            tell(f"{counts['faults']} of {len(faults)} faults, {len(problems)} problems")
    return Figure("io-errors", _PROMISE, seed, {name: counts[name] for name in _COUNTS}, bounded(problems))


Judged = tuple["Counter[str]", list[str]]


def _each(faults: Sequence[Fault], seed: int, processes: int) -> Iterator[Judged]:
    if processes == 1:
        yield from (try_fault(fault, seed) for fault in faults)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(try_fault, faults, [seed] * len(faults), chunksize=8)


def reference_calls() -> list[str]:
    """The kinds of the calls that the reference run makes when nothing is refused."""
    kinds: list[str] = []

    def before(call: Call) -> Refusal | None:
        kinds.append(call.kind)
        return None

    with small_logs(), temporary_root("faults") as root, WatchedDisk(root, before, reads=True) as disk:
        user = User(disk)
        user.live()
    if user.errors or user.complaints:
        raise AssertionError(f"the reference run itself failed: {user.errors} {user.complaints}")
    return kinds


def try_fault(fault: Fault, seed: int) -> Judged:
    """Perform the reference run with one fault, let the next process go on, and cut the power after that."""
    draw = random.Random(f"{seed}/{fault}")
    refused: list[Call] = []
    refuse = refuse_at(fault.number, fault.refusal, is_sticky=fault.is_sticky)

    def before(call: Call) -> Refusal | None:
        refusal = refuse(call)
        if refusal is not None:
            refused.append(call)
        return refusal

    with small_logs(), temporary_root("faults") as root:
        top, cut = os.path.join(root, "top"), os.path.join(root, "cut")
        os.mkdir(top)
        with WatchedDisk(top, before, reads=True) as disk:
            user = User(disk)
            user.live()
            was_told = bool(user.errors)
            calls = user.recover()
        complaints = list(user.complaints)
        platter = Platter()
        for call in disk.calls[:calls]:
            platter.perform(call)
        platter.cut(draw).lay(cut)
        for state, when in ((os.path.join(top, STATE), "afterwards"), (os.path.join(cut, STATE), "after a power cut")):
            complaints.extend(("lost", f"{when}: {text}") for text in _missing(state, user))
    if refused and not was_told and refused[0].by_sqlite and refused[0].kind in _CHANGES:
        complaints.append(("hidden", "nobody was told"))
    counts: Counter[str] = Counter(kind for kind, _ in complaints)
    counts.update(faults=1, told=was_told, harmless=not was_told)
    what = f"{fault} ({refused[0].kind} {refused[0].path})" if refused else f"{fault}"
    return counts, [f"{what}: {kind}: {text}" for kind, text in complaints]


def _missing(state: str, user: "User") -> Iterator[str]:
    """What was acknowledged and is not there, or is not as it was."""
    report = verify(state, clock=FakeClock())
    yield from (f"{problem.code} at event {problem.seq}: {problem.text}" for problem in report.problems[:2])
    if report.head < user.seq:
        yield f"event {user.seq} was acknowledged; the journal ends at {report.head}"
    for name in sorted(user.contents):
        path = os.path.join(state, "blobs", name[7:9], name[9:])
        if not os.path.isfile(path):
            yield f"the content {name[:19]}… is gone"


class User:
    """Who uses a journal: notes what was acknowledged and what was refused, and tries the rest all the same."""

    def __init__(self, disk: WatchedDisk) -> None:
        self.disk = disk
        self.seq = 0  # the last acknowledged event
        self.contents: set[Digest] = set()  # acknowledged
        self.errors: list[Exception] = []
        self.complaints: list[tuple[str, str]] = []  # kind and text, of what must never happen
        self._clock = FakeClock()
        self._is_failed = False  # the writer has said that it stops
        self._answers: SimpleQueue[tuple[object, Written | Recorded | Exception]] = SimpleQueue()

    def live(self) -> None:
        """Use the journal as several processes, one after the other."""
        for process in range(_PROCESSES):
            self.use(process)

    def use(self, process: int) -> None:
        """Open the journal as a fresh process, do a little of everything, close it."""
        self._is_failed = False
        journal = self._try(self._open)
        if journal is None:
            return
        worker, run = WorkerId(f"w-{process}"), RunId(f"r-{process:08}")
        self._try(lambda: journal.register_worker(worker))
        self._put(journal, b"{}")
        self._record(journal, run)
        claimed = self._write(lambda: journal.claim(run, worker))
        epoch = claimed.epoch if isinstance(claimed, Recorded) else Epoch(1)
        for number in range(_STEPS):
            self._clock.move(0.4)
            self._append(journal, run, epoch, number)
        self._put(journal, b"x" * 3_000)
        self._write(lambda: journal.record(run, RunCancelRequested()))
        self._record(journal, RunId(f"r-{process:07}9"))
        self._try(journal.close)

    def recover(self) -> int:
        """What the next process does, on a disk that is well again; how many calls were done when it had an answer."""
        self.disk.before = None
        self._is_failed = False
        known = len(self.errors)
        calls = 0
        journal = self._try(self._open)
        if journal is not None:
            self._put(journal, b"{}")
            self._record(journal, RunId("r-recovery"))
            calls = len(self.disk.calls)
            self._try(journal.close)
        self.complaints.extend(("stuck", f"the next process was told: {error}") for error in self.errors[known:])
        return calls

    def _open(self) -> SqliteJournal:
        state = os.path.join(self.disk.root, STATE)
        return open_journal(state, clock=self._clock, deliver=self._deliver, disk=self.disk)

    def _deliver(self, delivered: Sequence[tuple[object, Written | Recorded | Exception]]) -> None:
        for one in delivered:
            self._answers.put(one)

    def _put(self, journal: SqliteJournal, data: bytes) -> None:
        name = self._try(lambda: journal.put(data))
        if name is not None:
            self.contents.add(name)

    def _record(self, journal: SqliteJournal, run: RunId) -> None:
        definition = Digest("sha256:" + sha256(b"{}").hexdigest())
        if definition in self.contents:  # a run without its definition is started by nobody
            self._write(lambda: journal.record(run, RunQueued("w", definition, {}, "/src", requester="ada")))

    def _append(self, journal: SqliteJournal, run: RunId, epoch: Epoch, number: int) -> None:
        place, text = Place(f"s{number}"), "x" * number * 4_000
        batch = Batch(
            run,
            epoch,
            Seq(1 << 60),
            (AttemptSucceeded(place, 1, {"text": text}),),
            (AttemptStarted(place, 2, "a", "1", Digest("d")),),
        )

        def append() -> Written:
            token = object()
            journal.append(batch, token)
            while (found := self._answers.get(timeout=PATIENCE_SECONDS))[0] is not token:
                self.complaints.append(("stuck", "something was answered twice"))
            answer = found[1]
            if isinstance(answer, JournalFailed) and isinstance(answer.__cause__, FairleadError):
                raise answer.__cause__
            if isinstance(answer, Written):
                return answer
            raise answer if isinstance(answer, Exception) else AssertionError(answer)

        self._write(append)

    def _write(self, deed: Callable[[], Recorded | Written]) -> Recorded | Written | None:
        """Something for the writer: what it has refused because of the disk it refuses from then on."""
        known = len(self.errors)
        answer = self._try(deed)
        if answer is not None:
            seq = answer.last_seq if isinstance(answer, Written) else answer.seq
            if self._is_failed:
                self.complaints.append(("acknowledged_later", f"event {seq} after the writer had failed"))
            self.seq = max(self.seq, seq)
        elif any(_is_of_the_disk(error) for error in self.errors[known:]):
            self._is_failed = True
        return answer

    def _try(self, deed: Callable[[], T]) -> T | None:
        try:
            return deed()
        except (FairleadError, Fenced) as error:
            self.errors.append(error)
        except Empty:
            self.complaints.append(("stuck", "an answer never came"))
        except Exception as error:
            self.errors.append(error)
            self.complaints.append(("uncoded", f"{type(error).__name__}: {error}"))
        return None


def _is_of_the_disk(error: Exception) -> bool:
    return isinstance(error, FairleadError) and not error.diagnostics[0].code.startswith("FL-R")
