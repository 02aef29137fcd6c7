"""Joins what knows advisories with what owns files: the state of the machine's data, and the import of a dump."""

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from fairlead.agents.builtin.dependency_auditor import shards
from fairlead.agents.builtin.dependency_auditor.compiling import AdvisorySorter
from fairlead.agents.builtin.dependency_auditor.known import age_clause, age_text, shipped_counts
from fairlead.core.ports import Clock
from fairlead.env.importing import import_dump
from fairlead.service.parts import AdvisoryData, AdvisoryState, Files, Imported, Probe

_FIX = "fairlead data import DIR"


def advisory_state(files: Files, directory: str, clock: Clock) -> AdvisoryState:
    """What is there for each ecosystem that is read: what was imported, or the small set that ships."""
    data = files.read(os.path.join(directory, shards.POINTER))
    pointer = shards.read_pointer(data) if data is not None else None
    imported = pointer.ecosystems if pointer else {}
    problem = "" if data is None or pointer else "what lies there is damaged, or of another version (FL-A136)"
    today = _today(clock)
    source, day, counts = shipped_counts()
    found: list[AdvisoryData] = []
    for ecosystem, (advisories, packages) in counts.items():
        if ecosystem in imported:
            own = imported[ecosystem]
            note = age_text(own.date, today)
            found.append(
                AdvisoryData(ecosystem, own.advisories, own.packages, own.date, own.source, own.imported, note)
            )
        else:
            note = f"only the small set that ships{age_clause(day, today)}: what it does not know is not clean"
            found.append(AdvisoryData(ecosystem, advisories, packages, day, source, "", note))
    return AdvisoryState(directory, tuple(found), problem)


def advisory_probes(state: AdvisoryState) -> Iterator[Probe]:
    """The lines of `doctor`."""
    if state.problem:
        yield Probe("data", "warn", f"advisory data: {state.problem}", _FIX)
    for one in state.ecosystems:
        what = f"{one.ecosystem} advisories: {one.advisories:,}, as of {one.date or 'no known day'}"
        if not one.note:
            yield Probe("data", "ok", what)
        else:
            yield Probe("data", "warn", f"{what}; {one.note}", _FIX)


def import_advisories(
    path: str,
    source: str,
    directory: str,
    clock: Clock,
    files: Files,
    *,
    is_replacing: bool,
    tell: Callable[[int], None],
) -> Imported:
    """Take a dump over; see `fairlead.env.importing` for what holds when it fails."""
    sorter = AdvisorySorter(source, _today(clock), is_replacing=is_replacing)
    import_dump(path, os.path.join(directory, os.path.dirname(shards.POINTER)), sorter, tell)
    state = advisory_state(files, directory, clock)
    return Imported(
        sorter.entries,
        tuple(one for one in state.ecosystems if one.ecosystem in sorter.counts),
        sorter.broken,
        tuple(sorter.broken_names),
        dict(sorted(sorter.elsewhere.items())),
    )


def _today(clock: Clock) -> str:
    return datetime.fromtimestamp(clock.now() / 1_000_000, UTC).strftime("%Y-%m-%d")
