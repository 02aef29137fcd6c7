"""Which runs saw a finding: what each run found, read from its events alone, without folding the run.

A run proves that a finding is gone when the step of the finding's agent succeeded without a reason to be degraded and
looked at the finding's place. Anything less proves nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import msgspec

from fairlead.core.events import AttemptSucceeded, RunEnded, RunQueued
from fairlead.core.ids import Micros, Place, RunId
from fairlead.core.json import Digest, Json
from fairlead.core.ports import RunRow
from fairlead.views.reading import Readable

RUNS_MAX = 1_000  # the newest ones are looked at; who reads an answer is told the bound

_NOTHING: Mapping[str, Json] = MappingProxyType({})


class Seen(msgspec.Struct, frozen=True):
    """The little of a finding that comparing needs."""

    fingerprint: str
    path: str = ""
    commit: str = ""


class Sighting(msgspec.Struct, frozen=True):
    """What one run found, by step, and which steps looked at everything that they should."""

    run: RunId
    at: Micros
    inputs: Mapping[str, Json]
    root: str
    is_ended: bool
    found: dict[str, dict[Place, Seen]]  # fingerprint → step → finding
    steps: frozenset[Place]  # those that gave findings, or an empty list of them
    complete: frozenset[Place]  # those of them that were not degraded

    def covers(self, other: "Sighting", step: Place, finding: Seen) -> bool:
        """Whether this run would have reported *finding*, which *other* reported in *step*, if it were there."""
        if not self.is_ended or step not in self.complete:
            return False
        if finding.commit and not self.inputs.get("history", True):
            return False
        mine, theirs = _without_scope(self.inputs), _without_scope(other.inputs)
        return mine == theirs and _looks_at(self.inputs.get("paths"), finding.path)


def sightings(rows: Iterable[RunRow], journal: Readable) -> Iterator[Sighting]:
    """What each of these runs found, in their order; a run that cannot be read as one is passed over."""
    for row in rows:
        seen = _sighting(row.run, journal)
        if seen is not None:
            yield seen


class Course(msgspec.Struct, frozen=True, omit_defaults=True):
    """The life of one finding over the runs of a workflow."""

    first_run: RunId
    first_seen: Micros
    last_run: RunId
    last_seen: Micros
    fixed_by: RunId = RunId("")  # the first complete run after the last sighting that no longer reports it
    fixed_at: Micros = Micros(0)


def course_of(fingerprint: str, newest_first: Iterable[Sighting]) -> Course | None:
    """When a finding was first and last seen, and by which run it was fixed; None when no run has it."""
    first = last = None
    later: list[Sighting] = []
    for seen in newest_first:
        if fingerprint in seen.found:
            first, last = seen, last or seen
        elif last is None:
            later.append(seen)
    if first is None or last is None:
        return None
    fixing = next(
        (
            after
            for after in reversed(later)
            if any(after.covers(last, step, finding) for step, finding in last.found[fingerprint].items())
        ),
        None,
    )
    return Course(
        *(first.run, first.at, last.run, last.at),
        fixed_by=fixing.run if fixing else RunId(""),
        fixed_at=fixing.at if fixing else Micros(0),
    )


def news(before: Sighting, after: Sighting) -> tuple[list[str], list[str]]:
    """The fingerprints that *after* has and *before* has not, and those that *after* proves to be gone."""
    new = [fingerprint for fingerprint in after.found if fingerprint not in before.found]
    fixed = [
        fingerprint
        for fingerprint, places in before.found.items()
        if fingerprint not in after.found
        and any(after.covers(before, step, finding) for step, finding in places.items())
    ]
    return new, fixed


def is_comparable(before: Sighting, after: Sighting) -> bool:
    """Whether *before* can say what is new in *after*: the same tree, the same steps, and nothing of it out of sight.

    A step of *before* may be degraded: what it overlooked then counts as new, which is the safe side.
    """
    if not before.is_ended or before.root != after.root or not after.steps or not after.steps <= before.steps:
        return False
    if _without_scope(before.inputs) != _without_scope(after.inputs):
        return False
    if after.inputs.get("history", True) and not before.inputs.get("history", True):
        return False
    paths = after.inputs.get("paths")
    wanted = [str(one) for one in paths] if isinstance(paths, list) and paths else [""]
    return all(_looks_at(before.inputs.get("paths"), one) for one in wanted)


def _sighting(run: RunId, journal: Readable) -> Sighting | None:
    queued: RunQueued | None = None
    at = Micros(0)
    is_ended = False
    found: dict[str, dict[Place, Seen]] = {}
    steps: set[Place] = set()
    complete: set[Place] = set()
    for record in journal.events_of(run):
        match record.event:
            case RunQueued():
                queued, at = record.event, record.at
            case AttemptSucceeded(place, _, output, output_ref, _, degraded):
                seen = _findings(output, output_ref, journal)
                if seen is None:
                    continue
                steps.add(place)
                if not degraded:
                    complete.add(place)
                for finding in seen:
                    found.setdefault(finding.fingerprint, {})[place] = finding
            case RunEnded():
                is_ended = True
            case _:
                pass
    if queued is None:
        return None
    return Sighting(
        run, at, queued.inputs or _NOTHING, queued.root, is_ended, found, frozenset(steps), frozenset(complete)
    )


def _findings(output: Json, output_ref: Digest, journal: Readable) -> list[Seen] | None:
    if output_ref:
        output = msgspec.json.decode(journal.get(output_ref))  # strict already: we wrote it
    rows = output.get("findings") if isinstance(output, dict) else None
    if not isinstance(rows, list):
        return None
    try:
        return msgspec.convert(rows, list[Seen])
    except msgspec.ValidationError:
        return None  # a program of the user may call something else `findings`


def _without_scope(inputs: Mapping[str, Json]) -> dict[str, Json]:
    """The inputs that must be alike: not what a run looks at, which is compared finding by finding."""
    return {name: value for name, value in inputs.items() if name not in ("paths", "history", "all")}


def _looks_at(paths: Json, path: str) -> bool:
    if not isinstance(paths, list) or not paths:
        return True
    wanted = [str(one).rstrip("/") for one in paths]
    return any(one in ("", ".") or path == one or path.startswith(one + "/") for one in wanted)
