"""Look at all of a journal: the chain, every payload, the anchor, the index of runs, the content store, SQLite's pages.

Nothing is repaired and nothing is written. The first bad event is named by its number, and what comes after it is still
looked at, so that one report says how far the damage goes.
"""

import apsw
import msgspec

from fairlead.core.errors import FairleadError
from fairlead.core.ids import Seq
from fairlead.core.ports import Clock
from fairlead.journal import chain
from fairlead.journal.anchor import Mark, read_anchor
from fairlead.journal.blobs import Blobs
from fairlead.journal.disk import REAL, Disk
from fairlead.journal.failures import diagnose
from fairlead.journal.opening import Places, connect_unchecked
from fairlead.journal.run_index import RunIndex
from fairlead.journal.salvage import Unreadable, rows_where_readable
from fairlead.journal.statements import Values, sql

PROBLEMS_MAX = 100  # more than these help nobody; the report says when there were more


class Problem(msgspec.Struct, frozen=True):
    """One thing that is not as it was written."""

    seq: Seq  # the event that it is about; 0 when it is about no single one
    code: str
    text: str


class Report(msgspec.Struct, frozen=True):
    """What was looked at, and what was found."""

    events: int
    runs: int
    blobs: int  # contents whose bytes were checked
    head: Seq
    h: str  # of the head, hexadecimal: note it elsewhere, and a rollback of the whole directory can be found
    problems: tuple[Problem, ...]  # ordered by event; those about no single event come last
    are_problems_left_out: bool
    seconds: float


def verify(directory: str, *, clock: Clock, full: bool = True, disk: Disk = REAL) -> Report:
    """Verify the journal of a state directory, while others may go on writing.

    With *full* false only the events since the last anchor are looked at, as at every start.
    """
    began = clock.monotonic()
    verification = _Verification(Places(directory, disk))
    verification.look(full)
    return verification.report(clock.monotonic() - began)


class _Verification:
    def __init__(self, places: Places) -> None:
        self._places = places
        self._problems: list[Problem] = []
        self._events = 0
        self._blobs = 0
        self._head = Mark(0, chain.START)
        self._is_followed = True  # whether the h of the event before is known
        self._index = RunIndex()

    def look(self, full: bool) -> None:
        # The anchor first: it is never ahead of the journal, so a commit in between does no harm.
        marks = read_anchor(self._places.anchor, self._places.disk)
        try:
            connection = connect_unchecked(self._places)
        except FairleadError as cause:
            # Where nothing can be read, the first event that somebody remembers is the first bad one.
            seq = 1 if cause.code == "FL-L002" and marks and marks[-1].seq else 0
            self._note(seq, cause.code, cause.diagnostics[0].message)
            return
        if connection is None:
            self._compare_anchor(marks or [])
            return
        try:
            connection.execute("BEGIN")  # one view of the database for all that follows
            self._look_at(connection, marks, full)
        except apsw.Error as cause:
            seq = self._head.seq + 1 if isinstance(cause, apsw.CorruptError) else 0
            self._note(seq, diagnose(cause, self._places.directory).diagnostics[0].code, f"SQLite says: {cause}")
        finally:
            connection.close()

    def report(self, seconds: float) -> Report:
        ordered = sorted(self._problems, key=lambda problem: problem.seq or 1 << 63)
        return Report(
            events=self._events,
            runs=len(self._index.lines),
            blobs=self._blobs,
            head=Seq(self._head.seq),
            h=self._head.h.hex(),
            problems=tuple(ordered[:PROBLEMS_MAX]),
            are_problems_left_out=len(ordered) > PROBLEMS_MAX,
            seconds=seconds,
        )

    def _look_at(self, connection: apsw.Connection, marks: list[Mark] | None, full: bool) -> None:
        if not marks:
            self._note(0, "FL-L005", f"the anchor is {'missing' if marks is None else 'damaged in both slots'}")
        start = marks[0] if marks and not full else Mark(0, chain.START)
        self._walk(connection, start, {mark.seq: mark for mark in marks or []})
        if full:
            self._compare_runs(connection)
            self._check_contents()
            for (text,) in connection.execute("PRAGMA integrity_check"):
                if text != "ok":
                    self._note(0, "FL-L002", f"SQLite says: {text}")

    def _walk(self, connection: apsw.Connection, start: Mark, marks: dict[int, Mark]) -> None:
        """Check each event from *start* on, which is known to be right itself."""
        self._head = start
        for row in rows_where_readable(connection, start.seq + 1, max(marks, default=0)):
            self._check_order(row.seq)
            if isinstance(row, Unreadable):
                self._note(row.seq, "FL-L002", f"it cannot be read: SQLite says: {row.text}")
                self._head, self._is_followed = Mark(row.seq, b""), False
                continue
            self._events += 1
            self._check_row(row)
            mark = marks.get(row.seq)
            if mark is not None and mark.h != row.h:
                self._note(row.seq, "FL-L002", "it is not the event that the anchor remembers")
            self._head, self._is_followed = Mark(row.seq, row.h if isinstance(row.h, bytes) else b""), True
        self._compare_anchor(sorted(marks.values()))

    def _check_order(self, seq: int) -> None:
        expected = self._head.seq + 1
        if seq != expected:
            several = f"events {expected} to {seq - 1} are" if seq > expected + 1 else "it is"
            self._note(expected, "FL-L002", f"{several} missing")
            self._is_followed = False

    def _check_row(self, row: chain.Row) -> None:
        is_linked = True
        try:
            if self._is_followed:
                chain.check_link(self._head.h, row)
        except chain.Altered as cause:
            is_linked = False
            self._note(row.seq, "FL-L002", str(cause))
        try:
            self._index.follow(row, chain.event_of(row))
        except chain.NewerKind as cause:
            self._note(row.seq, "FL-L004" if is_linked else "FL-L002", str(cause))
        except chain.Altered as cause:
            self._note(row.seq, "FL-L002", str(cause))

    def _compare_anchor(self, marks: list[Mark]) -> None:
        if marks and marks[-1].seq > self._head.seq:
            text = f"the journal ends at event {self._head.seq}; the anchor remembers event {marks[-1].seq}"
            self._note(self._head.seq + 1, "FL-L003", text)

    def _compare_runs(self, connection: apsw.Connection) -> None:
        try:
            found: dict[int, Values] = {values[0]: values for values in connection.execute(sql("select_run_index"))}
        except UnicodeDecodeError:
            self._note(0, "FL-L009", "a text in the table of runs is not UTF-8")
            return
        for number in sorted(found.keys() | self._index.lines.keys()):
            if found.get(number) != tuple(self._index.lines.get(number, ())):
                self._note(number, "FL-L009", "the table of runs does not say what the events of this run say")

    def _check_contents(self) -> None:
        blobs = Blobs(self._places)
        for digest, seq in self._index.named.items():
            try:
                blobs.get(digest)
                self._blobs += 1
            except FairleadError as cause:
                self._note(seq, "FL-L006", cause.diagnostics[0].message)

    def _note(self, seq: int, code: str, text: str) -> None:
        # One more than is shown, so that the report can say that there were more.
        if len(self._problems) <= PROBLEMS_MAX:
            self._problems.append(Problem(Seq(seq), code, text))
