"""Operations on runs: find, list, look at, follow, cancel."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.ids import Micros, RunId, Seq
from fairlead.core.ports import RunRow
from fairlead.core.transitions import RUN_ENDED
from fairlead.service.labels import NO_LABELS, is_ours
from fairlead.service.parts import Parts, Project
from fairlead.service.trees import cancel_tree, pause_tree, resume_tree, runs_below
from fairlead.views.reading import Readable
from fairlead.views.runs import RunLine, RunView, project_run, queued_of, run_lines, view_run
from fairlead.views.watch import LIVE_BYTES_MAX, Watch

LIST_MAX = 1_000
LIST_DEFAULT = 50


class RunList(msgspec.Struct, frozen=True):
    """A page of runs, newest first."""

    runs: tuple[RunLine, ...]


class Cancelled(msgspec.Struct, frozen=True):
    """What a request to cancel led to."""

    run: RunId
    requests: int  # how often it was asked for; the second one stops `finally` too
    unowned_since: Micros = Micros(0)  # set when nobody works on the run: `fairlead resume` does what is left


class Which(msgspec.Struct, frozen=True):
    """Which runs a list shall hold."""

    status: str = ""
    workflow: str = ""
    labels: Mapping[str, str] = NO_LABELS
    is_whole: bool = False  # also those that fairlead made for itself, to compare with


class Paused(msgspec.Struct, frozen=True):
    """What a request to pause led to."""

    run: RunId
    running: int  # steps that still run; they may end


def list_runs(parts: Parts, project: Project, which: Which = Which(), *, limit: int = LIST_DEFAULT) -> RunList:  # noqa: B008 - frozen
    """The newest runs of the project. Nothing recorded yet is an empty list, not an error."""
    journal = parts.reader(project)
    if journal is None:
        return RunList(())
    found: list[RunRow] = []
    for row in journal.runs(LIST_MAX):
        if len(found) >= limit:
            break
        if which.status not in ("", row.status) or which.workflow not in ("", row.workflow):
            continue
        labels = queued_of(journal, row.run).labels
        if is_ours(labels) and not which.is_whole:
            continue
        if all(labels.get(name) == value for name, value in which.labels.items()):
            found.append(row)
    return RunList(run_lines(found, journal))


def require_reader(parts: Parts, project: Project) -> Readable:
    """The journal for reading.

    Raises:
        FairleadError: FL-S004 when nothing was ever recorded here.
    """
    journal = parts.reader(project)
    if journal is None:
        raise error("FL-S004", f"there is no run in {project.name} yet", "fairlead review", exit_code=2)
    return journal


def find_run(parts: Parts, project: Project, text: str) -> RunId:
    """The run that *text* means: `last`, `last-failed`, `@{2}`, a workflow's name, or a unique prefix of an id.

    Raises:
        FairleadError: FL-S004 nothing recorded, FL-R101 nothing matches, FL-S003 more than one id begins so.
    """
    journal = require_reader(parts, project)
    wanted = text.strip()
    by_word = _by_word(journal, wanted)
    if by_word is not None:
        return by_word
    digits = wanted.lower().removeprefix("r-").removeprefix("r_")
    rows = journal.find_run(f"r-{digits}") if digits else []
    if len(rows) == 1 or (rows and rows[0].run == f"r-{digits}"):
        return rows[0].run
    named = next((row.run for row in _of_people(journal) if row.workflow == wanted), None)
    if named is not None:
        return named
    if rows:
        raise FairleadError(
            Diagnostic(
                "FL-S003",
                f"{len(rows)} runs begin with {wanted}: {', '.join(row.run for row in rows)}",
                hints=("type more of the id", "fairlead runs list"),
            )
        )
    raise error(
        "FL-R101",
        f"no run is called {wanted}; an id, its beginning, a workflow's name, `last`, `last-failed`, `@{{2}}` will do",
        "fairlead runs list",
        exit_code=2,
    )


def _of_people(journal: Readable) -> Iterator[RunRow]:
    """Runs that somebody asked for, newest first; what fairlead made to compare with, or below a run, is left out."""
    for row in journal.runs(LIST_MAX):
        queued = queued_of(journal, row.run)
        if not is_ours(queued.labels) and not queued.parent:
            yield row


def _by_word(journal: Readable, wanted: str) -> RunId | None:
    back = re.fullmatch(r"@\{(\d{1,3})\}", wanted)
    if wanted == "last" or back:
        steps = int(back[1]) if back else 0
        rows = list(islice(_of_people(journal), steps + 1))
        if len(rows) > steps:
            return rows[steps].run
        raise error("FL-S004", f"there are only {len(rows)} runs, so no {wanted}", "fairlead runs list", exit_code=2)
    if wanted == "last-failed":
        for row in _of_people(journal):
            if row.status == "failed":
                return row.run
        raise error("FL-S004", "no run has failed", "fairlead runs list", exit_code=2)
    return None


def row_of(journal: Readable, run: RunId) -> RunRow:
    """The index row of a run that exists."""
    return next(row for row in journal.find_run(run) if row.run == run)


def show_run(parts: Parts, project: Project, run: RunId) -> RunView:
    """One run with its steps and findings, as far as it has come, and with what is remembered of them."""
    from fairlead.service.memory import remembered

    journal = require_reader(parts, project)
    view = remembered(parts, project, view_run(project_run(journal, run).state, journal), journal)
    return msgspec.structs.replace(view, receipt=receipt_of(project, view.seq))


def receipt_of(project: Project, seq: Seq) -> str:
    """The receipt for an event of the project's record: whoever keeps it can tell later whether it is still there."""
    from fairlead.journal.receipts import receipt_for

    return receipt_for(project.state_dir, seq)


def pause_run(parts: Parts, project: Project, run: RunId, *, reason: str = "") -> Paused:
    """Ask for a run to wait: what runs may end, nothing begins, until `resume`.

    Raises:
        FairleadError: FL-S060 when it has ended or waits already; its state is as before.
    """
    state = project_run(require_reader(parts, project), run).state
    if state.status in RUN_ENDED:
        why = f"run {run} cannot be paused: it has ended as {state.status}"
        raise error("FL-S060", why, f"fairlead rerun {run}", exit_code=2)
    if state.pause is not None:
        raise error("FL-S060", f"run {run} is paused already", f"fairlead resume {run}", exit_code=2)
    return Paused(run, pause_tree(parts.journal(project), run, parts.user, reason))


def unpause_run(parts: Parts, project: Project, run: RunId) -> bool:
    """Say that a paused run goes on, with all runs below it. False when nothing of it was paused or waits."""
    state = project_run(require_reader(parts, project), run).state
    is_whole = state.status != "waiting" and not state.deaths
    if is_whole and not any(runs_below(require_reader(parts, project), state)):
        return False
    return resume_tree(parts.journal(project), run, parts.user)


def watch_run(parts: Parts, project: Project, run: RunId, *, after: Seq | None = None) -> Watch:
    """Follow a run. Each `poll` gives what happened since the last one; it never waits."""
    path = parts.live_path(project, run)
    return Watch(
        require_reader(parts, project),
        run,
        parts.clock.monotonic,
        after=after or Seq(0),
        read_live=lambda offset: parts.files.read(path, offset=offset, limit=LIVE_BYTES_MAX),
    )


def cancel_run(parts: Parts, project: Project, run: RunId, *, reason: str = "") -> Cancelled:
    """Ask for a run to stop. Whoever performs it stops what runs within ten seconds, then does `finally`.

    Raises:
        FairleadError: FL-S005 when the run has ended.
    """
    row = row_of(require_reader(parts, project), run)
    if row.status in RUN_ENDED:
        raise error(
            "FL-S005",
            f"run {run} cannot be cancelled: it has ended as {row.status}",
            f"fairlead runs show {run}",
            exit_code=2,
        )
    journal = parts.journal(project)
    state = cancel_tree(journal, run, parts.user, reason)
    is_alive = bool(state.worker) and journal.is_alive(state.worker)
    return Cancelled(run, state.cancels, Micros(0) if is_alive else state.now)
