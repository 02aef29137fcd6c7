"""One group: what several callers asked for, written as one commit, each judged by the rules of the record.

Requests come from anybody and carry no epoch. Progress comes from the owner of a run and names its epoch and the last
event that it has applied: a stale epoch refuses all of it, and requests in between withhold the intents.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Protocol

import apsw

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    Asking,
    Event,
    Recorded,
    Remark,
    Request,
    RunClaimed,
    RunContinued,
    RunEnded,
    RunImported,
    RunParked,
    RunQueued,
    happening_of,
)
from fairlead.core.ids import Epoch, Micros, RunId, Seq, WorkerId
from fairlead.core.ports import Batch, Fenced, Written
from fairlead.core.transitions import RUN
from fairlead.journal import chain
from fairlead.journal.anchor import Mark
from fairlead.journal.opening import Mode, read_head
from fairlead.journal.refusals import ended, overtaken, owned, payload_too_large, same_id, same_key, unknown_run
from fairlead.journal.statements import Values, sql
from fairlead.journal.workers import Life

PAYLOAD_BYTES_MAX = 16_000_000
_POSITIONS_MAX = 10_000  # runs whose position is remembered; forgetting them costs a query each


class LookAt(Protocol):
    def __call__(self, worker: str) -> Life: ...


class _Position:
    """What the writer knows of a run: where it stands and who owns it."""

    __slots__ = ("ended_at", "epoch", "last_request_seq", "last_seq", "number", "status", "worker")

    def __init__(
        self, number: int, epoch: int, last_request_seq: int, ended_at: int, status: str, worker: str, last_seq: int
    ) -> None:
        self.number = number
        self.epoch = epoch
        self.last_request_seq = last_request_seq
        self.ended_at = ended_at
        self.status = status
        self.worker = worker
        self.last_seq = last_seq


class Groups:
    """Writes groups through one connection. Everything happens inside the transaction that the caller opened."""

    def __init__(self, connection: apsw.Connection, look_at: LookAt, mode: Mode = "full") -> None:
        self._connection = connection
        self._durability = "" if mode == "full" else mode
        self._look_at = look_at
        self._positions: dict[RunId, _Position] = {}
        self._rows: list[tuple[object, ...]] = []  # of this group, not yet given to SQLite
        self._salts = chain.fresh_salts()
        self._at = Micros(0)
        self.strangers = 0  # how often another process has written in between
        self.head = Mark(-1, b"")  # of the whole journal, this group included; -1: not looked at yet

    def begin(self, at: Micros) -> None:
        """Start a group at time *at*. What is remembered holds unless another process has written since."""
        head = read_head(self._connection)
        if head != self.head:
            self.strangers += 1
            self.head = head
            self._positions.clear()
        if len(self._positions) > _POSITIONS_MAX:
            self._positions.clear()
        self._at = at

    def end(self) -> None:
        """Give SQLite what is still held back."""
        if self._rows:
            self._connection.executemany(sql("insert_event"), self._rows)
            self._rows.clear()

    def append(self, batch: Batch) -> Written | FairleadError | Fenced:
        """Write what the owner of a run reports, or say why not."""
        position = self._position(batch.run)
        if position is None:
            return unknown_run(batch.run)
        if batch.epoch != position.epoch:
            return Fenced(f"run {batch.run} is at epoch {position.epoch}; this came from epoch {batch.epoch}")
        if position.ended_at:
            return ended(batch.run, position.status, position.ended_at)
        are_intents_written = position.last_request_seq <= batch.applied
        events = batch.outcomes + batch.intents if are_intents_written else batch.outcomes
        packed = _pack(batch.run, events)
        if isinstance(packed, FairleadError):
            return packed
        before = self.head.seq
        for event, (kind, place, payload) in zip(events, packed, strict=True):
            self._write(position, kind, place, payload, position.epoch)
            if place:
                continue  # of a step: it leaves alone where the run stands
            if isinstance(event, RunEnded):
                self._end_run(position, event)
            elif isinstance(event, RunParked | RunContinued):
                self._stand(position, RUN[position.status][happening_of(event)])
        return Written(
            Seq(before + 1 if packed else 0), Seq(position.last_seq), self._at, are_intents_written=are_intents_written
        )

    def record(self, run: RunId, request: Request, after: Seq | None = None) -> Recorded | FairleadError:
        """Write a request, or give the earlier record of the same start, or say why not."""
        packed = _pack(run, (request,))
        if isinstance(packed, FairleadError):
            return packed
        kind, place, payload = packed[0]
        if isinstance(request, RunQueued):
            earlier = self._earlier(run, request)
            if earlier is not None:
                return earlier
            position = _Position(self.head.seq + 1, 0, 0, 0, "queued", "", 0)
            place = run
        else:
            known = self._position(run)
            if known is None:
                return unknown_run(run)
            if known.ended_at and not isinstance(request, Remark):
                return ended(run, known.status, known.ended_at)
            if after is not None and known.last_request_seq > after:
                return overtaken(run)
            position = known
            if isinstance(request, Asking):
                position.status = RUN[position.status][happening_of(request)]
        self._write(position, kind, place, payload, 0)
        position.last_request_seq = position.last_seq
        if isinstance(request, RunQueued):
            self._add_run(run, position, request)
        else:
            self._stand(position, position.status)
        return Recorded(Seq(position.last_seq), run, Epoch(0), self._at, request)

    def _stand(self, position: _Position, status: str) -> None:
        """Keep where the run stands in the index beside its events."""
        position.status = status
        bindings = (position.status, position.last_request_seq, position.number)
        self._connection.execute(sql("update_run_requested"), bindings)

    def take_over(self, records: Sequence[Recorded], remark: RunImported) -> Recorded | FairleadError:
        """Write a whole run that another journal recorded, with its times and epochs, and *remark* behind it."""
        run, first, last = records[0].run, records[0].event, records[-1].event
        # Who reads an export has checked both.
        assert isinstance(first, RunQueued)
        assert isinstance(last, RunEnded)
        if self._position(run) is not None:
            return same_id(run)
        if first.key and (found := self._fetch("select_run_by_key", first.key)) is not None:
            return same_key(first.key, RunId(found[0]))
        packed = _pack(run, [*(record.event for record in records), remark])
        if isinstance(packed, FairleadError):
            return packed
        position = _Position(self.head.seq + 1, 0, 0, 0, "queued", "", 0)
        now = self._at
        for record, (kind, place, payload) in zip(records, packed, strict=False):
            self._at = record.at
            self._write(position, kind, run if record is records[0] else place, payload, record.epoch)
            if chain.is_request(kind):
                position.last_request_seq = position.last_seq
            if isinstance(record.event, RunClaimed):
                position.epoch, position.worker = record.epoch, record.event.worker
        self._at = records[0].at
        self._add_run(run, position, first)
        claimed = (last.status, position.epoch, position.worker, position.number)
        self._connection.execute(sql("update_run_claimed"), claimed)
        self._at = records[-1].at
        self._end_run(position, last)
        self._at = now
        kind, place, payload = packed[-1]
        self._write(position, kind, place, payload, 0)
        position.last_request_seq = position.last_seq
        self._stand(position, last.status)
        return Recorded(Seq(position.last_seq), run, Epoch(0), now, remark)

    def claim(self, run: RunId, worker: WorkerId) -> Recorded | FairleadError:
        """Make *worker* the owner of *run*, or say why not."""
        position = self._position(run)
        if position is None:
            return unknown_run(run)
        if position.ended_at:
            return ended(run, position.status, position.ended_at)
        if position.worker not in ("", worker):
            life = self._look_at(position.worker)
            if life.is_alive:
                return owned(run, position.worker, life)
        event = RunClaimed(worker, self._durability)
        position.epoch += 1
        position.worker, position.status = worker, RUN[position.status][happening_of(event)]
        kind, place, payload = chain.pack_event(event)
        self._write(position, kind, place, payload, position.epoch)
        self._connection.execute(sql("update_run_claimed"), (position.status, position.epoch, worker, position.number))
        return Recorded(Seq(position.last_seq), run, Epoch(position.epoch), self._at, event)

    def _write(self, position: _Position, kind: int, place: str, payload: bytes, epoch: int) -> None:
        seq = self.head.seq + 1
        salt = next(self._salts)
        digest = sha256(salt + payload).digest()
        h = chain.link(self.head.h, seq, position.number, kind, place.encode(), epoch, self._at, digest)
        self._rows.append((seq, position.number, kind, place, epoch, self._at, payload, salt, digest, h))
        self.head = Mark(seq, h)
        position.last_seq = seq

    def _position(self, run: RunId) -> _Position | None:
        known = self._positions.get(run)
        if known is None:
            found = self._fetch("select_run_position", run)
            if found is None:
                return None
            known = self._positions[run] = _Position(*found)
        return known

    def _fetch(self, name: str, *bindings: str | int) -> Values | None:
        return self._connection.execute(sql(name), bindings).fetchone()

    def _earlier(self, run: RunId, request: RunQueued) -> Recorded | FairleadError | None:
        """What an earlier start with the same key or the same id makes of this one; None when it is the first."""
        if request.key:
            found = self._fetch("select_run_by_key", request.key)
            if found is not None:
                first = self._first_event(RunId(found[0]))
                return first if _is_same_start(first.event, request) else same_key(request.key, first.run)
        return None if self._position(run) is None else same_id(run)

    def _first_event(self, run: RunId) -> Recorded:
        self.end()  # it may be an event of this very group
        values = self._fetch("select_events_of_run", run, 0, 1)
        assert values is not None, run
        return chain.recorded(chain.Row(*values), run)

    def _add_run(self, run: RunId, position: _Position, request: RunQueued) -> None:
        self._positions[run] = position
        self._connection.execute(
            sql("insert_run"),
            (
                position.number,
                run,
                request.key or None,
                request.workflow,
                request.root,
                request.requester,
                self._at,
                position.last_request_seq,
            ),
        )

    def _end_run(self, position: _Position, event: RunEnded) -> None:
        # The time 0 means "not ended"; a clock that stands at 1970 must not hide an end.
        position.status, position.ended_at = event.status, self._at or 1
        self._connection.execute(sql("update_run_ended"), (event.status, position.ended_at, position.number))


def _pack(run: RunId, events: Sequence[Event]) -> list[tuple[int, str, bytes]] | FairleadError:
    packed: list[tuple[int, str, bytes]] = []
    for event in events:
        packed.append(chain.pack_event(event))
        if len(packed[-1][2]) > PAYLOAD_BYTES_MAX:
            return payload_too_large(run, len(packed[-1][2]), PAYLOAD_BYTES_MAX)
    return packed


def _is_same_start(first: Event, request: RunQueued) -> bool:
    """Whether two starts ask for the same work; who asks and with which interpreter does not matter."""
    return isinstance(first, RunQueued) and (first.workflow, first.definition, first.inputs, first.root) == (
        request.workflow,
        request.definition,
        request.inputs,
        request.root,
    )
