"""The names that things have. Random ids come from the `Ids` port; all others follow from the workflow's shape."""

from typing import NewType

RunId = NewType("RunId", str)  # "r-" and 8 letters or digits
Place = NewType("Place", str)  # where a step run stands: "scan"; items and rounds will add "[key]" and "#2"
WorkerId = NewType("WorkerId", str)  # "w-" and 12 letters or digits
Seq = NewType("Seq", int)  # position in the journal, from 1, over all runs
Epoch = NewType("Epoch", int)  # counts the claims of a run, from 1; 0 for requests
Micros = NewType("Micros", int)  # microseconds since 1970, UTC; for display, never for order


def idempotency_key(run: RunId, place: Place, attempt: int) -> str:
    """The key that makes a repeated effect recognisable: run, place and attempt."""
    return f"{run}/{place}/{attempt}"
