"""Receipts: what a client was told is durable, small enough to be kept elsewhere.

A receipt is the number of an event and the end of the chain there, written `SEQ:H`. The anchor lies on the same disk as
the journal, so rolling both back is noticed by nobody who looks at the disk alone; a receipt that was noted elsewhere
notices it. H covers every event before it too.
"""

import re

import apsw

from fairlead.core.errors import error
from fairlead.journal import chain
from fairlead.journal.anchor import Mark
from fairlead.journal.failures import diagnose
from fairlead.journal.opening import Places, connect_unchecked
from fairlead.journal.statements import Values, sql

_FORM = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{16,64})")


def receipt_text(mark: Mark) -> str:
    """*mark* as clients are given it."""
    return f"{mark.seq}:{mark.h.hex()}"


def receipt_for(directory: str, seq: int) -> str:
    """The receipt for the event *seq* of a state directory; "" when there is no such event."""
    h = _h_of(Places(directory), seq)
    return receipt_text(Mark(seq, h)) if h else ""


def check_form(receipt: str) -> tuple[int, str]:
    """The number and the digits of a receipt, which may be cut to the first 16 of 64.

    Raises:
        FairleadError: FL-L037.
    """
    found = _FORM.fullmatch(receipt.strip().lower())
    if found is None:
        raise error(
            "FL-L037",
            f"{receipt[:100]!r} is no receipt: those are an event, a colon and 16 to 64 hexadecimal digits",
            "copy the field `receipt` of `fairlead runs show --json`",
            exit_code=2,
        )
    return int(found[1]), found[2]


def check_receipt(directory: str, receipt: str, called: str = "") -> None:
    """Check that the journal of a state directory holds what *receipt* says.

    Raises:
        FairleadError: FL-L035 it ends before; FL-L036 another event stands there; FL-L037 it is no receipt.
    """
    seq, digits = check_form(receipt)
    places = Places(directory)
    head = _head_of(places)
    name = called or f"the journal in {directory}"
    if seq > head:
        raise error(
            "FL-L035",
            f"{name} is older than the receipt: it ends at event {head}, not at {seq} or later",
            "put the newer state directory back, or take a later backup: `fairlead restore FROM --force`",
        )
    if not _h_of(places, seq).hex().startswith(digits):
        raise error(
            "FL-L036",
            f"{name} does not hold the receipt: another event {seq} stands there than the one that was acknowledged",
            "name the state directory that the receipt is from with FAIRLEAD_STATE_DIR, or restore a backup of it",
        )


def _h_of(places: Places, seq: int) -> bytes:
    rows = _ask(places, "select_events_from", (seq, 1))
    if not rows:
        return b""
    row = chain.Row(*rows[0])
    return row.h if row.seq == seq and isinstance(row.h, bytes) else b""


def _head_of(places: Places) -> int:
    rows = _ask(places, "select_head", ())
    return int(rows[0][0]) if rows else 0


def _ask(places: Places, name: str, bindings: tuple[int, ...]) -> list[Values]:
    connection: apsw.Connection | None = None
    try:
        connection = connect_unchecked(places)
        return [] if connection is None else connection.execute(sql(name), bindings).fetchall()
    except apsw.Error as cause:
        raise diagnose(cause, places.directory) from None
    finally:
        if connection is not None:
            connection.close()
