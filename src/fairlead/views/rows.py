"""The steps of a run as rows: each under the block that holds it, and a large fan-out as one row with its failures.

Ten thousand items are one row and a few failed ones; what is left out is counted in the row.
"""

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from fairlead.views.runs import RunView, StepView

FOLDED_OVER = 12  # a fan-out, or a loop, of more than so many is one row
NAMED_MAX = 5  # failed items that a folded fan-out shows all the same
_TRANSPARENT = ("parallel", "steps")
_BAD = ("failed", "waiting")


class Row(NamedTuple):
    """One row. What stands in *places* is told by it: the step itself, and all in it that has no row of its own."""

    step: StepView
    depth: int
    places: frozenset[str]
    is_block: bool


def rows_of(view: RunView, *, is_whole: bool = False, at: str = "") -> tuple[Row, ...]:
    """The rows in the order of the file; with *is_whole* nothing is folded, with *at* only what is at or in it."""
    below: dict[str, list[StepView]] = {}
    for step in view.steps:
        below.setdefault(step.parent, []).append(step)
    roots = [step for step in view.steps if step.step == at] if at else below.get("", [])
    if not at and len(roots) == 1 and roots[0].kind in _TRANSPARENT:
        return tuple(row for step in below.get(roots[0].step, []) for row in _rows(step, 0, below, is_whole))
    return tuple(row for step in roots for row in _rows(step, 0, below, is_whole))


def calls_of(view: RunView) -> tuple[Row, ...]:
    """The rows without those blocks that only hold others; a folded one says in its summary what it stands for."""
    found = []
    for row in rows_of(view):
        if not row.is_block:
            found.append(row)
        elif len(row.places) > 1 or row.step.kind == "loop":
            said = "; ".join(filter(None, (block_text(row.step), row.step.summary)))
            found.append(row._replace(step=msgspec.structs.replace(row.step, summary=said)))
    return tuple(found)


def block_text(step: StepView) -> str:
    """What there is to say of a block: how its items stand, or how far its rounds have come; "" where nothing is."""
    if step.items:
        total = sum(step.items.values())
        counts = ", ".join(f"{count:,} {status}" for status, count in step.items.items())
        return f"{total:,} {'item' if total == 1 else 'items'}: {counts}"
    if step.kind == "loop" and (step.rounds or step.rounds_max):
        best = f" · best {step.best:g}" if step.best is not None else ""
        why = f" · stopped by {step.stopped_because}" if step.stopped_because else ""
        return f"{len(step.rounds)} of at most {step.rounds_max} rounds{best}{why}"
    return ""


def kept_text(step: StepView) -> str:
    """Where the outcome of a step comes from that was not performed here."""
    return f"kept from {step.kept_from}" if step.kept_from else ""


def round_text(step: StepView, loop: StepView | None) -> str:
    """What a finished round came to: `12.5 · kept`."""
    number = step.step.rpartition("#")[2]
    told = next((one for one in loop.rounds if str(one.number) == number), None) if loop is not None else None
    if told is None:
        return ""
    metric = f"{told.metric:g}" if told.metric is not None else ""
    return " · ".join(filter(None, (metric, "kept" if told.is_kept else "not kept", told.reason)))


def _rows(step: StepView, depth: int, below: dict[str, list[StepView]], is_whole: bool) -> Iterator[Row]:
    inside = below.get(step.step, [])
    shown = inside
    if not is_whole and step.kind == "each" and len(inside) > FOLDED_OVER:
        shown = [one for one in inside if one.status in _BAD][:NAMED_MAX]
    elif not is_whole and step.kind == "loop":
        shown = inside[-FOLDED_OVER:]
    elif not is_whole and step.kind == "round" and step.status in ("succeeded", "degraded"):
        shown = []
    seen = {one.step for one in shown}
    hidden = [one for one in inside if one.step not in seen]
    places = frozenset({step.step, *(place for one in hidden for place in _all(one, below))})
    yield Row(step, depth, places, bool(inside) or step.kind in ("each", "loop"))
    for one in shown:
        yield from _rows(one, depth + 1, below, is_whole)


def _all(step: StepView, below: dict[str, list[StepView]]) -> Iterator[str]:
    yield step.step
    for one in below.get(step.step, []):
        yield from _all(one, below)
