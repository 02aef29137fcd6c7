"""What the journal answers when a run, not the disk, is the reason why something cannot be written."""

from datetime import UTC, datetime

from fairlead.core.errors import FairleadError, error
from fairlead.core.ids import RunId
from fairlead.journal.workers import SILENT_SECONDS, Life


def unknown_run(run: RunId) -> FairleadError:
    return error("FL-R101", f"no run has the id {run}", "see the ids with `fairlead runs list`")


def ended(run: RunId, status: str, at: int) -> FairleadError:
    return error(
        "FL-R102",
        f"run {run} takes nothing more: it ended as {status} at {_time(at)}",
        f"start a new run, or read this one with `fairlead runs show {run}`",
    )


def same_key(key: str, run: RunId) -> FairleadError:
    return error(
        "FL-R103",
        f"the key {key!r} belongs to run {run}, which was started with another workflow, other inputs or elsewhere",
        f"use a new key, or read that run with `fairlead runs show {run}`",
    )


def overtaken(run: RunId) -> FairleadError:
    hint = f"read it again with `fairlead runs show {run}`"
    return error("FL-R105", f"somebody else has asked something of run {run} meanwhile", hint)


def same_id(run: RunId) -> FairleadError:
    return error("FL-R104", f"there is already a run with the id {run}", "start it again: it gets another id")


def owned(run: RunId, worker: str, life: Life) -> FairleadError:
    who = f"worker {worker}"
    if life.sheet is not None:
        who += f" (process {life.sheet.pid}, since {_time(life.sheet.since)})"
    return error(
        "FL-R401",
        f"run {run} is being performed by {who}, which is alive",
        f"follow it with `fairlead runs watch {run}`, stop it with `fairlead cancel {run}`,"
        f" or wait: a worker that is silent for {SILENT_SECONDS:.0f} s loses its runs",
    )


def payload_too_large(run: RunId, size: int, limit: int) -> FairleadError:
    return error(
        "FL-L007",
        f"an event of run {run} has {size} bytes; the journal takes {limit}",
        "give large values as files: they travel as references into the content store",
    )


def queue_full(limit: int) -> FairleadError:
    return error(
        "FL-L008",
        f"{limit} batches wait for the disk; the journal takes no more before they are written",
        "perform less at once (`limits.run.parallel`), or use a faster disk",
    )


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
