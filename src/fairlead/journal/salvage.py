"""Reading what a damaged database still holds, event by event.

SQLite refuses a whole batch because of one bad page, and a bad page may also give events out of order. Where that
happens each event of the batch is asked for by its own number, so that exactly those that are lost are missing.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import apsw

from fairlead.journal import chain
from fairlead.journal.statements import Values, sql

_AT_ONCE = 1_000  # rows read at a time
_GAP_MAX = 100_000  # events that are believed to be missing between two that can be read


class Unreadable(NamedTuple):
    """An event that SQLite refuses to give."""

    seq: int
    text: str  # what SQLite said


def rows_where_readable(connection: apsw.Connection, seq: int, known: int) -> Iterator[chain.Row | Unreadable]:
    """All rows from *seq* on in their order, and what cannot be read among them.

    *known* is the last event that somebody remembers: so far events are asked for one by one, if need be.
    """
    while True:
        refusal = ""
        try:
            rows = _batch(connection, seq, _AT_ONCE)
        except apsw.Error as cause:
            rows, refusal = [], _text(cause)
        if not refusal and _are_in_order(rows, seq):
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            seq = rows[-1].seq + 1
            continue
        singles = (_single(connection, one) for one in range(seq, seq + _AT_ONCE))
        found = [one for one in singles if one is not None]
        while len(found) > 1 and _is_beyond(found[-1], known) and _is_beyond(found[-2], known):
            found.pop()  # nobody says that there was an event
        if all(isinstance(one, chain.Row) for one in found):
            # What was refused as a whole lies behind what can be read one by one.
            after = found[-1].seq + 1 if found else seq
            found.append(Unreadable(after, refusal or "the order of its pages was altered"))
        yield from found
        seq += _AT_ONCE
        if seq > known and not isinstance(found[-1], chain.Row):
            return


def _is_beyond(one: chain.Row | Unreadable, known: int) -> bool:
    return isinstance(one, Unreadable) and one.seq > known


def _batch(connection: apsw.Connection, seq: int, limit: int) -> list[chain.Row]:
    found: Iterable[Values] = connection.execute(sql("select_events_from"), (seq, limit))
    return [chain.Row(*values) for values in found]


def _single(connection: apsw.Connection, seq: int) -> chain.Row | Unreadable | None:
    try:
        rows = _batch(connection, seq, 1)
    except apsw.Error as cause:
        return Unreadable(seq, _text(cause))
    return rows[0] if rows and rows[0].seq == seq else None


def _are_in_order(rows: list[chain.Row], seq: int) -> bool:
    for row in rows:
        if type(row.seq) is not int or row.seq < seq:
            return False
        seq = row.seq + 1
    return True


def _text(cause: apsw.Error) -> str:
    return str(cause) or type(cause).__name__


class Cursor:
    """The events of one database, asked for by ever higher numbers."""

    def __init__(self, connection: apsw.Connection | None, known: int) -> None:
        self._rows = iter(()) if connection is None else rows_where_readable(connection, 1, known)
        self._next: chain.Row | Unreadable | None = None
        self.seen = 0  # the last event that could be read

    def at(self, seq: int) -> chain.Row | None:
        """The event *seq*; None when it is not there or cannot be read."""
        while self._next is None or self._next.seq < seq:
            self._next = self._step()
            if self._next is None:
                return None
        return self._next if isinstance(self._next, chain.Row) and self._next.seq == seq else None

    def last(self) -> int:
        """The last event of all that can be read."""
        while self._step() is not None:
            pass
        return self.seen

    def _step(self) -> chain.Row | Unreadable | None:
        found = next(self._rows, None)
        # The number of a damaged row may be anything.
        if isinstance(found, chain.Row) and self.seen < found.seq < self.seen + _GAP_MAX:
            self.seen = found.seq
        return found
