"""Reading: plain, blocking, and without a trace. Where no journal is, there is nothing to read, and nothing is made."""

import os
import threading
from collections.abc import Iterator, Sequence

import apsw

from fairlead.core.events import Recorded
from fairlead.core.ids import RunId, Seq
from fairlead.core.json import Digest
from fairlead.core.ports import Clock, OpenRun, RunRow
from fairlead.journal import chain
from fairlead.journal.blobs import Blobs
from fairlead.journal.failures import damaged, diagnose, newer_kind
from fairlead.journal.opening import Places, connect_reader
from fairlead.journal.statements import Values, sql
from fairlead.journal.workers import look_at

_FIRST_ROWS = 8  # many ask only how a run began
_PAGE_ROWS = 1_000  # events read at a time: no reader holds the log back from a checkpoint for longer
FOUND_MAX = 10  # runs that one prefix may give
_START = Seq(0)
_LAST_CHARACTER = "\U0010ffff"


class Reader:
    """Everything that can be asked of a journal without writing. May be used from several threads.

    The connection is opened when it is first needed and belongs to this process: a forked child opens its own journal.
    """

    def __init__(self, places: Places, clock: Clock) -> None:
        self.places = places
        self._clock = clock
        self._blobs = Blobs(self.places)
        self._reading = threading.Lock()  # SQLite allows one thread at a time on a connection
        self._connection: apsw.Connection | None = None
        self._version_seen = 0
        self._process = os.getpid()

    def events_of(self, run: RunId, after: Seq = _START) -> Iterator[Recorded]:
        """The run's events after *after*, in order; every payload's digest is checked. Nothing for an unknown run.

        Raises:
            FairleadError: FL-L002 with the number of the first event that is not what was written.
        """
        wanted = _FIRST_ROWS
        while True:
            rows = self._query("select_events_of_run", (run, after, wanted))
            for values in rows:
                yield self._recorded(chain.Row(*values), run)
            if len(rows) < wanted:
                return
            after, wanted = rows[-1][0], _PAGE_ROWS

    def events_after(self, after: Seq, limit: int = 10_000) -> Sequence[Recorded]:
        """Events of all runs after *after*, at most *limit*."""
        rows = self._query("select_named_events_after", (after, limit))
        return [self._recorded(chain.Row(*values), RunId(run)) for run, *values in rows]

    def requests_after(self, after: Seq) -> Sequence[Recorded]:
        """Requests of all runs after *after*, in order; found by an index over requests alone."""
        rows = self._query("select_requests_after", (after,))
        return [self._recorded(chain.Row(*values), RunId(run)) for run, *values in rows]

    def remarks_on_findings(self) -> Sequence[Recorded]:
        """Every `finding.accepted` and `finding.reopened` of all runs, in order; found by an index over these alone."""
        rows = self._query("select_remarks_on_findings", ())
        return [self._recorded(chain.Row(*values), RunId(run)) for run, *values in rows]

    def head(self) -> Seq:
        """The number of the last event; 0 when there is none."""
        rows = self._query("select_head", ())
        return Seq(rows[0][0] if rows else 0)

    def runs(self, limit: int = 50) -> Sequence[RunRow]:
        """The newest *limit* runs, newest first."""
        return [_run_row(values) for values in self._query("select_runs", (limit,))]

    def find_run(self, prefix: str) -> Sequence[RunRow]:
        """Runs whose id begins with *prefix* (`r-7q2` or `r_7q2`), newest first; at most ten."""
        if prefix[1:2] == "_":
            prefix = prefix[0] + "-" + prefix[2:]
        return [
            _run_row(values)
            for values in self._query("select_runs_between", (prefix, prefix + _LAST_CHARACTER, FOUND_MAX))
        ]

    def open_runs(self, limit: int) -> Sequence[OpenRun]:
        """The oldest *limit* runs that have not ended, oldest first."""
        return [OpenRun(*values) for values in self._query("select_open_runs", (limit,))]

    def has_changed(self) -> bool:
        """Whether the journal has grown since this was last asked, by whomever. Costs microseconds: ask every 50 ms."""
        with self._reading:
            try:
                connection = self._opened()
                version = 0 if connection is None else connection.pragma("data_version")
            except (apsw.Error, OSError) as cause:
                raise diagnose(cause, self.places.directory) from None
            has_changed = version != self._version_seen
            self._version_seen = version
            return has_changed

    def is_alive(self, worker: str) -> bool:
        """Whether *worker* proves life: its lock is held and was touched in the last 30 s."""
        return look_at(self.places, worker, self._clock).is_alive

    def get(self, digest: Digest) -> bytes:
        """What was put under *digest*, checked.

        Raises:
            FairleadError: FL-L006 when it is missing or altered.
        """
        return self._blobs.get(digest)

    def close(self) -> None:
        with self._reading:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _query(self, name: str, bindings: tuple[object, ...]) -> list[Values]:
        with self._reading:
            try:
                connection = self._opened()
                return [] if connection is None else connection.execute(sql(name), bindings).fetchall()
            except (apsw.Error, OSError) as cause:
                raise diagnose(cause, self.places.directory) from None
            except UnicodeDecodeError:
                raise damaged(self.places.directory, 0, "a text in it is not UTF-8") from None

    def _opened(self) -> apsw.Connection | None:
        if self._process != os.getpid():
            raise RuntimeError("the journal belongs to another process: a forked child opens its own")
        if self._connection is None:
            self._connection = connect_reader(self.places)
        return self._connection

    def _recorded(self, row: chain.Row, run: RunId) -> Recorded:
        try:
            return chain.recorded(row, run)
        except chain.NewerKind as cause:
            raise newer_kind(self.places.directory, row.seq, str(cause)) from None
        except chain.Altered as cause:
            raise damaged(self.places.directory, row.seq, str(cause)) from None


def _run_row(values: Values) -> RunRow:
    # The columns of select_runs.sql are the fields of RunRow, in their order.
    return RunRow(*values)
