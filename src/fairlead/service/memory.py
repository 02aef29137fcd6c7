"""What is remembered of a run's findings: accepted, expired, older than a baseline, new or fixed since the run before.

Every door sees a run through `remembered`, so that totals, exit codes, lists and exports can never disagree.
"""

import os.path
from collections.abc import Iterator, Mapping
from itertools import dropwhile, islice
from typing import Literal

import msgspec

from fairlead.core.errors import Diagnostic
from fairlead.core.findings import path_from_text
from fairlead.core.ids import RunId
from fairlead.core.ports import RunRow
from fairlead.core.transitions import RUN_ENDED
from fairlead.service.labels import BASE_COMMIT, BASE_NAME, BASELINE_RUN, is_ours
from fairlead.service.parts import Parts, Project
from fairlead.views.acceptances import FILE, FILE_BYTES_MAX, Acceptances, day_of, read_accepted, recorded_acceptances
from fairlead.views.findings import FindingView, counted, totals
from fairlead.views.reading import Readable
from fairlead.views.runs import Previous, RunView, queued_of
from fairlead.views.sightings import RUNS_MAX, Sighting, is_comparable, news, sightings

COMPARED_MAX = 50  # so many runs back a comparable one is looked for

State = Literal["open", "accepted", "new", "fixed", "all"]


def remembered(parts: Parts, project: Project, view: RunView, journal: Readable) -> RunView:
    """The run with what is remembered of each finding; its totals are of those that count."""
    known = acceptances(parts, view.root, journal)
    today = day_of(parts.clock.now())
    older = _older(parts, project, view, journal)
    findings = tuple(_with_memory(finding, known, today, older) for finding in view.findings)
    return msgspec.structs.replace(
        view,
        findings=findings,
        totals=totals(counted(findings)),
        baseline=view.labels.get(BASE_NAME, ""),
        warnings=known.warnings + (older.warnings if older is not None else ()),
    )


def acceptances(parts: Parts, root: str, journal: Readable | None) -> Acceptances:
    """What was accepted here: by the file in the checkout at *root* (as `path_text`), and in the record."""
    data = parts.files.read(os.path.join(path_from_text(root), FILE), limit=FILE_BYTES_MAX + 1)
    filed, warnings = read_accepted(data) if data is not None else ({}, ())
    recorded = recorded_acceptances(journal.remarks_on_findings()) if journal is not None else {}
    return Acceptances(filed, recorded, warnings)


def with_previous(parts: Parts, project: Project, view: RunView) -> RunView:
    """The run with what is new and what is fixed since the newest comparable run before it, if there is one."""
    journal = parts.reader(project)
    if journal is None or view.status not in RUN_ENDED:
        return view
    pair = _comparable(journal, view.run)
    if pair is None:
        return view
    before, after = pair
    new, fixed = news(before, after)
    fresh = frozenset(new)
    findings = tuple(
        msgspec.structs.replace(finding, is_since_previous=finding.fingerprint in fresh) for finding in view.findings
    )
    return msgspec.structs.replace(view, findings=findings, previous=Previous(before.run, tuple(new), tuple(fixed)))


def _comparable(journal: Readable, run: RunId) -> tuple[Sighting, Sighting] | None:
    """The newest run before *run* that can say what is new in it, and *run* itself."""
    rows = dropwhile(lambda row: row.run != run, rows_of_workflow(journal, run))
    seen = sightings(islice(rows, 1 + COMPARED_MAX), journal)
    after = next(seen, None)
    if after is None:
        return None
    return next(((before, after) for before in seen if is_comparable(before, after)), None)


def rows_of_workflow(journal: Readable, run: RunId) -> Iterator[RunRow]:
    """The runs of the workflow of *run* that people asked for, newest first, among the newest `RUNS_MAX`."""
    rows = journal.runs(RUNS_MAX)
    found = next((row for row in (*rows, *journal.find_run(run)) if row.run == run), None)
    for row in rows:
        if found is None or row.workflow != found.workflow:
            continue
        if not is_ours(queued_of(journal, row.run).labels):
            yield row


def new_ones(view: RunView) -> tuple[FindingView, ...]:
    """Those that count and are new: against the baseline, else since the run that *view* was compared with.

    Where there is nothing to compare with, every one is new.
    """
    return tuple(one for one in counted(view.findings) if one.is_new is not None or one.is_since_previous is not False)


class _Older(msgspec.Struct, frozen=True):
    """What the baseline knows."""

    fingerprints: Mapping[str, object]
    warnings: tuple[Diagnostic, ...]
    commits: frozenset[str]  # of findings that stand in history: those that can be reached from the base

    def has(self, finding: FindingView) -> bool:
        return finding.commit in self.commits if finding.commit else finding.fingerprint in self.fingerprints


def _older(parts: Parts, project: Project, view: RunView, journal: Readable) -> _Older | None:
    """What was there at the baseline of the run; None for a run that was compared with nothing."""
    run = view.labels.get(BASELINE_RUN, "")
    if not run:
        return None
    rows = [row for row in journal.find_run(run) if row.run == run]
    seen = next(sightings(rows, journal), None)
    commits = sorted({finding.commit for finding in view.findings if finding.commit})
    last = view.labels.get(BASE_COMMIT, "")
    reached: frozenset[str] = frozenset()
    if commits and last:
        reached = parts.repository(project).reachable(commits, last)
    if seen is None:
        message = f"{run}, the run to compare with, is not in this record: every finding counts as new"
        missing = Diagnostic("FL-S019", message, True, hints=("fairlead review --new-since REF",))
        return _Older({}, (missing,), reached)
    return _Older(seen.found, tuple(_overlooked(seen, view)), reached)


def _overlooked(seen: Sighting, view: RunView) -> Iterator[Diagnostic]:
    """What the baseline did not look at as a whole, of the steps that this run has."""
    gave = {step.step for step in view.steps if step.status in ("succeeded", "degraded") and step.agent}
    partial = sorted((gave & seen.steps) - seen.complete)
    if partial:
        said = (
            f"{', '.join(partial)} of {seen.run}, the run over {view.labels.get(BASE_NAME, '')}, overlooked something"
        )
        yield Diagnostic("FL-S019", f"{said}: that counts as new", True, hints=(f"fairlead runs show {seen.run}",))


def _with_memory(finding: FindingView, known: Acceptances, today: str, older: _Older | None) -> FindingView:
    accepted = known.holding(finding.fingerprint, today)
    lapsed = known.lapsed(finding.fingerprint, today)
    is_new = None if older is None else not older.has(finding)
    if accepted is None and lapsed is None and is_new is None:
        return finding
    return msgspec.structs.replace(finding, accepted=accepted, lapsed=lapsed, is_new=is_new)
