"""Operations on runs: find, list, look at, follow, cancel."""

import re

import msgspec

from fairlead.core.errors import Diagnostic, FairleadError, error
from fairlead.core.events import RunCancelRequested
from fairlead.core.ids import Micros, RunId, Seq
from fairlead.core.ports import RunRow
from fairlead.core.transitions import RUN_ENDED
from fairlead.service.parts import Parts, Project
from fairlead.views.reading import Readable
from fairlead.views.runs import RunLine, RunView, project_run, run_lines, view_run
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


def list_runs(parts: Parts, project: Project, *, limit: int = LIST_DEFAULT, status: str = "") -> RunList:
    """The newest runs of the project. Nothing recorded yet is an empty list, not an error."""
    journal = parts.reader(project)
    if journal is None:
        return RunList(())
    rows = journal.runs(LIST_MAX if status else min(limit, LIST_MAX))
    return RunList(run_lines([row for row in rows if not status or row.status == status][:limit], journal))


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
    named = next((row.run for row in journal.runs(LIST_MAX) if row.workflow == wanted), None)
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


def _by_word(journal: Readable, wanted: str) -> RunId | None:
    back = re.fullmatch(r"@\{(\d{1,3})\}", wanted)
    if wanted == "last" or back:
        rows = journal.runs(int(back[1]) + 1 if back else 1)
        steps = int(back[1]) if back else 0
        if len(rows) > steps:
            return rows[steps].run
        raise error("FL-S004", f"there are only {len(rows)} runs, so no {wanted}", "fairlead runs list", exit_code=2)
    if wanted == "last-failed":
        for row in journal.runs(LIST_MAX):
            if row.status == "failed":
                return row.run
        raise error("FL-S004", "no run has failed", "fairlead runs list", exit_code=2)
    return None


def row_of(journal: Readable, run: RunId) -> RunRow:
    """The index row of a run that exists."""
    return next(row for row in journal.find_run(run) if row.run == run)


def show_run(parts: Parts, project: Project, run: RunId) -> RunView:
    """One run with its steps and findings, as far as it has come."""
    journal = require_reader(parts, project)
    return view_run(project_run(journal, run).state, journal)


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
    recorded = journal.record(run, RunCancelRequested(parts.user, reason))
    state = project_run(journal, run).state
    is_alive = bool(state.worker) and journal.is_alive(state.worker)
    return Cancelled(run, state.cancels, Micros(0) if is_alive else recorded.at)
