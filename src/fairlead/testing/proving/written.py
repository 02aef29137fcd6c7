"""A journal of which everything is known, and what reads otherwise after something has happened to it.

Read is with plain SQL and plain files, without any check of the journal's own: what they find is judged by it.
"""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import NamedTuple

import apsw

from fairlead.core.events import AttemptStarted, AttemptSucceeded, Recorded, RunEnded, RunQueued
from fairlead.core.ids import Epoch, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest, digest
from fairlead.core.ports import Batch, Clock
from fairlead.core.receipts import Receipt
from fairlead.journal import verify
from fairlead.journal.anchor import read_anchor
from fairlead.journal.backup import back_up
from fairlead.journal.blobs import Blobs
from fairlead.journal.opening import Places
from fairlead.journal.pen import ClaimRun, Pen, RecordRequest
from fairlead.journal.statements import sql
from fairlead.testing.clock import FakeClock

_RUN_LINE = sql("select_run_index")
_EVENT = "SELECT seq, run, kind, CAST(place AS BLOB), epoch, at, payload, salt, digest, h FROM events"
_NUMBERS = ("application_id", "user_version")

Row = tuple[object, ...]


class Truth(NamedTuple):
    """A journal in which everything is right, and what is in it."""

    sound: str  # the state directory; its last commits are in the log only
    older: str  # a copy from earlier
    backup: str
    rows: list[Row]
    runs: list[Row]
    contents: dict[Digest, int]  # and the first event that names each
    numbers: list[object]  # by which a database is known to be a journal


class Harm(NamedTuple):
    """What reads otherwise than it was written."""

    first_bad: int  # the first event; 0 for none
    text: str

    @property
    def is_any(self) -> bool:
        return bool(self.text)


def harm_of(directory: str, truth: Truth) -> Harm:
    """Compare everything with what was written, without any check of the journal's own."""
    places = Places(directory)
    first_bad, text = 0, ""
    try:
        connection = apsw.Connection(places.database, flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error as cause:
        return Harm(1, f"the database cannot be opened: {cause}")
    with closing(connection):
        first_bad = _first_bad(connection, truth.rows)
        if first_bad:
            text = f"event {first_bad} reads otherwise"
        elif _rows(connection, f"{_EVENT} ORDER BY seq") != truth.rows:
            text = "the events in their order read otherwise"
        elif _rows(connection, _RUN_LINE) != truth.runs:
            text = "the list of runs reads otherwise"
        elif not _reads_by_run(connection, truth):
            text = "the events of a run read otherwise"
        elif _asked(lambda: [connection.pragma(name) for name in _NUMBERS]) != truth.numbers:
            text = "the schema's number reads otherwise"
    bad = [seq for name, seq in truth.contents.items() if _content(places, name) != name]
    if bad and not text:
        text = f"a content of event {min(bad)} reads otherwise"
    marks = _asked(lambda: read_anchor(places.anchor))
    if not text and not marks:
        text = "the anchor says nothing any more"
    return Harm(first_bad, text)


def _first_bad(connection: apsw.Connection, rows: list[Row]) -> int:
    """The first event that reads otherwise, by its number or in the row of all."""
    scanned: list[Row] = []
    with suppress(apsw.Error, UnicodeDecodeError):
        for row in connection.execute(f"{_EVENT} ORDER BY seq"):
            scanned.append(row)
    if scanned == rows:
        return 0
    for number, row in enumerate(rows, start=1):
        single = _rows(connection, f"{_EVENT} WHERE seq = ?", number)
        if single != [row]:
            return number
    return len(rows) + 1 if len(scanned) > len(rows) else 0


def _reads_by_run(connection: apsw.Connection, truth: Truth) -> bool:
    for line in truth.runs:
        wanted = [row for row in truth.rows if row[1] == line[0]]
        asked = f"{_EVENT} WHERE run = (SELECT number FROM runs WHERE id = ?) ORDER BY seq"
        if _rows(connection, asked, line[1]) != wanted:
            return False
    return True


def _rows(connection: apsw.Connection, statement: str, *bindings: object) -> object:
    return _asked(lambda: list(connection.execute(statement, bindings)))


def _asked(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except (apsw.Error, UnicodeDecodeError, OSError):
        return None


def _content(places: Places, name: Digest) -> str:
    try:
        with open(Blobs(places).path(name), "rb") as file:
            return digest(file.read())
    except OSError:
        return ""


def write_truth(root: str, draw: random.Random) -> Truth:
    """Runs that succeed, run and wait; the last commits in the log only, an earlier copy, and a backup of all."""
    live, older = os.path.join(root, "live"), os.path.join(root, "older")
    sound, backup = os.path.join(root, "sound"), os.path.join(root, "backup")
    clock, writer = FakeClock(), _Writer(Places(live), draw)
    with _open_pen(writer.places, clock) as pen:
        writer.perform_runs(pen)
    with _open_pen(writer.places, clock) as pen:  # closing the one before has carried its commits to the database
        writer.perform_runs(pen)
        shutil.copytree(live, older)
        writer.perform_runs(pen)
    with _open_pen(writer.places, clock) as pen:
        writer.perform_runs(pen)
        back_up(live, backup, clock=clock)
        shutil.copytree(live, sound)  # as a crash leaves it: the last commits are in the log only
    for directory in (older, sound):
        os.unlink(os.path.join(directory, "journal.db-shm"))
    report = verify(sound, clock=clock)
    with closing(apsw.Connection(Places(live).database, flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        rows = list(connection.execute(f"{_EVENT} ORDER BY seq"))
        runs = list(connection.execute(_RUN_LINE))
        numbers: list[object] = [connection.pragma(name) for name in _NUMBERS]
    if report.problems or report.head != len(rows) or report.blobs != len(writer.contents):
        raise AssertionError(f"the journal is not sound to begin with: {report}")
    return Truth(sound, older, backup, rows, runs, writer.contents, numbers)


@contextmanager
def _open_pen(places: Places, clock: Clock) -> Iterator[Pen]:
    pen = Pen(places, clock, "full")
    yield pen
    pen.close(is_sound=True)


class _Writer:
    """Runs with steps, contents and payloads of many sizes."""

    def __init__(self, places: Places, draw: random.Random) -> None:
        self.places = places
        self.contents: dict[Digest, int] = {}
        self._draw = draw
        self._blobs = Blobs(places)
        self._runs = 0

    def perform_runs(self, pen: Pen) -> None:
        """Three runs: two come to their end, one is left at work."""
        for number in range(3):
            self._runs += 1
            run = RunId(f"r-{self._runs:08}")
            definition = self._put(pen, b'{"definition": %d}' % self._runs)
            pen.write([RecordRequest(run, RunQueued("shape", definition, {"n": number}, "/src", requester="ada"))])
            (claimed,) = pen.write([ClaimRun(run, WorkerId(f"w-{self._runs}"))])
            assert isinstance(claimed, Recorded)
            for step in range(self._draw.randrange(4, 9)):
                self._perform_step(pen, run, claimed.epoch, Place(f"step-{step}"))
            if number < 2:
                pen.write([Batch(run, claimed.epoch, Seq(1 << 60), (RunEnded("succeeded"),), ())])

    def _perform_step(self, pen: Pen, run: RunId, epoch: Epoch, place: Place) -> None:
        pen.write(
            [Batch(run, epoch, Seq(1 << 60), (), (AttemptStarted(place, 1, "agent", "1", digest(place.encode())),))]
        )
        size = self._draw.choice((0, 0, 40, 40, 400, 400, 4_000, 20_000))  # the last one needs pages of its own
        text = self._draw.randbytes(size // 2).hex()
        outcome = AttemptSucceeded(place, 1, {"text": text}, receipt=Receipt(seconds=0.5))
        if self._draw.random() < 0.3:
            name = self._put(pen, text.encode() + b"!")
            outcome = AttemptSucceeded(place, 1, output_ref=name, receipt=Receipt(seconds=0.5))
        pen.write([Batch(run, epoch, Seq(1 << 60), (outcome,), ())])

    def _put(self, pen: Pen, data: bytes) -> Digest:
        """Keep *data*, which the next event but one names at the latest."""
        name = self._blobs.put(data)
        self.contents.setdefault(name, pen.groups.head.seq + 1 if pen.groups.head.seq > 0 else 1)
        return name
