"""The dependency-auditor: reads what a project depends on, and asks the advisories of this machine about it."""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from fairlead.agents.builtin.dependency_auditor import consistency, files, matching
from fairlead.agents.builtin.dependency_auditor.json_places import places_of
from fairlead.agents.builtin.dependency_auditor.known import Known
from fairlead.agents.builtin.dependency_auditor.reading import Broken, Fault, Package, Places, Reading, Where
from fairlead.agents.builtin.dependency_auditor.versions import NAMES
from fairlead.agents.rules import Rule, load_rules
from fairlead.core.findings import Finding, Fingerprints, Severity, path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld

EXCERPT_CHARACTERS_MAX = 200
_INCOMPARABLE_SHOWN_MAX = 3
_CREDENTIAL = re.compile(r"(?<=://)[^/@\s]*@")
_FOR_JSON = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class _Seen:
    """What one audit found."""

    def __init__(self) -> None:
        self.readings: dict[str, Reading] = {}
        self.faults: dict[str, list[Fault]] = {}
        self.degraded: list[str] = []
        self.unread = 0
        self.planted = 0
        self.not_checked: dict[str, int] = {}
        self.looked_up = 0  # packages in an exact version, each file by itself
        self.sources: list[Reading] = []  # the files that they stand in
        self.incomparable = 0

    def add(self, path: str, fault: Fault) -> None:
        self.faults.setdefault(path, []).append(fault)

    def broken(self, path: str, why: Broken) -> None:
        """A file that says nothing is said to be so, as a finding and as a reason."""
        self.unread += 1
        self.degraded.append(f"{path_text(path)} is not checked ({why.code}): {why}.")
        self.add(path, Fault("unread-file", Where(), f"The file is not checked ({why.code}): {why}.", subject="unread"))


def audit(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Read the dependency files of *world* and say what is known of the packages in them."""
    return audit_with(inputs, world, Known(world))


def audit_with(inputs: Mapping[str, Json], world: ToolWorld, known: Known) -> Outcome:
    """The audit by the advisories of *known*."""
    seen = _Seen()
    chosen = _choose(world, inputs.get("paths") or (), seen)
    world.progress(f"{len(chosen)} dependency files")
    for path in chosen:
        _read(world, path, seen)
    _follow_includes(world, seen)
    locks = [one for one in seen.readings.values() if one.is_lock]
    _compare(seen, locks, is_whole=not inputs.get("paths"))
    _look_up(world, seen, locks, known)
    if world.files_left_out:
        seen.degraded.append(
            f"{world.files_left_out} files of the tree were left out because there are too many;"
            " `fairlead review --all` looks at all."
        )
    findings = _findings(seen)
    world.found(len(findings))
    seen.degraded += known.degraded()
    output: dict[str, Json] = {
        "findings": [{**msgspec.to_builtins(finding), "origin": list(finding.origin)} for finding in findings],
        "stats": {
            "files": len(seen.readings),
            "locks": len(locks),
            "packages": seen.looked_up,
            "unread": seen.unread,
            "incomparable": seen.incomparable,
            "left_out": world.files_left_out,
            "test_data": seen.planted,
            "not_checked": dict(sorted(seen.not_checked.items())),
        },
        "data": [
            {"ecosystem": one.ecosystem, "date": one.date, "advisories": one.advisories, "shipped": one.is_shipped}
            for one in known.bases
        ],
    }
    return Succeeded(output, _summary(seen, findings, known.date), tuple(seen.degraded))


def _choose(world: ToolWorld, paths: Sequence[str], seen: _Seen) -> list[str]:
    """The dependency files of the tree, by path; what is left out is counted."""
    wanted = {posixpath.normpath(path) for path in paths}
    chosen: list[str] = []
    for file in world.files:
        name = file.path.rpartition("/")[2]
        if files.is_foreign(file.path) or not (wanted <= {"."} or _lies_in(file.path, wanted)):
            continue
        if name in files.NOT_READ:
            seen.not_checked[name] = seen.not_checked.get(name, 0) + 1
        elif files.name_of(file.path):
            if files.is_planted(file.path):
                seen.planted += 1
            else:
                chosen.append(file.path)
    chosen.sort()
    if len(chosen) > files.FILES_MAX:
        left = len(chosen) - files.FILES_MAX
        seen.degraded.append(
            f"{left} dependency files are not checked (FL-A138): at most {files.FILES_MAX:,} are read."
        )
    return chosen[: files.FILES_MAX]


def _lies_in(path: str, wanted: Iterable[str]) -> bool:
    return any(one in ("", ".") or path == one or path.startswith(one + "/") for one in wanted)


def _read(world: ToolWorld, path: str, seen: _Seen, *, is_included: bool = False) -> None:
    try:
        reading = files.read(world, path, is_included=is_included)
    except Broken as why:
        seen.broken(path, why)
        return
    if reading is not None:
        seen.readings[path] = reading


def _follow_includes(world: ToolWorld, seen: _Seen) -> None:
    """Read what requirements files name with -r and -c; what names itself, or is not there, is a finding."""
    waiting = [path for path, one in seen.readings.items() if one.includes]
    tried = set(seen.readings) | set(seen.faults)
    while waiting:
        path = waiting.pop()
        for name, where in seen.readings[path].includes:
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), name))
            if "://" in name or "${" in name:
                seen.add(path, Fault("broken-include", where, f"{name[:200]} is not read.", subject=name))
            elif target not in tried and len(tried) < 2 * files.FILES_MAX:
                tried.add(target)
                try:
                    included = files.read(world, target, is_included=True)
                except Broken as why:
                    if why.code == "FL-A134":
                        message = f"{path_text(name[:200])} cannot be read ({why.code}): {why}."
                        seen.add(path, Fault("broken-include", where, message, subject=name))
                        seen.degraded.append(
                            f"{path_text(target)}, which {path_text(path)} names, is not checked (FL-A135): {why}."
                        )
                    else:
                        seen.broken(target, why)
                    continue
                if included is not None:
                    seen.readings[target] = included
                    if included.includes:
                        waiting.append(target)
    for path, where, name in _cycles(seen.readings):
        message = f"{path_text(name[:200])} leads back to this file, and pip refuses that."
        seen.add(path, Fault("broken-include", where, message, subject=name))
        seen.degraded.append(
            f"{path_text(path)} and the files it names include each other (FL-A135): each is read once."
        )


def _cycles(readings: Mapping[str, Reading]) -> Iterable[tuple[str, Where, str]]:
    """Every include that closes a circle, seen from the first of its files in alphabetical order."""
    done: set[str] = set()
    for start in sorted(readings):
        if start in done or not readings[start].includes:
            continue
        path = [start]
        open_includes = [iter(readings[start].includes)]
        while path:
            step = next(open_includes[-1], None)
            if step is None:
                done.add(path.pop())
                open_includes.pop()
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path[-1]), step[0]))
            if target in path:
                yield path[-1], step[1], step[0]
            elif target in readings and target not in done:
                path.append(target)
                open_includes.append(iter(readings[target].includes))


def _compare(seen: _Seen, locks: Sequence[Reading], *, is_whole: bool) -> None:
    """What needs no advisory. Of a part of a tree nobody can say that a lock is missing."""
    manifests = [one for one in seen.readings.values() if not one.is_lock]
    own_names = {one.own_name: one.path for one in manifests if one.own_name}
    pinned = [one for one in manifests if one.kind == "requirements" and any(wish.is_exact for wish in one.wishes)]
    for reading in seen.readings.values():
        for fault in reading.faults:
            seen.add(reading.path, fault)
    for manifest in manifests:
        lock = consistency.lock_over(manifest, locks)
        if manifest.kind == "requirements":
            faults = consistency.loose_requirements(manifest)
        elif lock is not None:
            faults = consistency.out_of_step(manifest, lock, own_names)
        elif manifest.kind == "package.json" and is_whole:
            faults = consistency.loose_manifest(manifest)
        else:
            continue
        for fault in faults:
            seen.add(manifest.path, fault)
    if is_whole:
        # A lock that cannot be read is there all the same.
        there = [Reading(path, "", _ecosystem_of(path), "") for path in seen.faults if _is_unread_lock(path, seen)]
        for reading, fault in consistency.missing_locks(manifests, [*locks, *there], pinned):
            seen.add(reading.path, fault)


def _is_unread_lock(path: str, seen: _Seen) -> bool:
    return path not in seen.readings and files.name_of(path) not in (
        "requirements",
        "package.json",
        "pyproject.toml",
        "",
    )


def _ecosystem_of(path: str) -> str:
    is_npm = files.name_of(path) in ("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml")
    return "npm" if is_npm else "PyPI"


def _look_up(world: ToolWorld, seen: _Seen, locks: Sequence[Reading], known: Known) -> None:
    """Ask the advisories about every package of an exact version; a lock answers for the manifests below it."""
    asked: list[tuple[Reading, Sequence[Package]]] = []
    for reading in seen.readings.values():
        is_answered = reading.kind in ("pyproject.toml", "package.json") and consistency.lock_over(reading, locks)
        if reading.packages and not is_answered:
            asked.append((reading, reading.packages))
            seen.sources.append(reading)
            seen.looked_up += len({(package.name, package.version) for package in reading.packages})
    if asked:
        world.progress(f"{seen.looked_up} packages")
    for ecosystem, name_of in NAMES.items():
        names = {
            name_of(package.name)
            for reading, packages in asked
            if reading.ecosystem == ecosystem
            for package in packages
        }
        if not names:
            continue
        advisories = known.of(ecosystem, names)
        for reading, packages in asked:
            if reading.ecosystem == ecosystem:
                verdict = matching.judge(reading, packages, advisories)
                for fault in verdict.faults:
                    seen.add(reading.path, fault)
                _say_incomparable(seen, reading, verdict.incomparable)


def _say_incomparable(seen: _Seen, reading: Reading, packages: Sequence[Package]) -> None:
    if not packages:
        return
    seen.incomparable += len(packages)
    shown = ", ".join(f"{one.name[:80]} {one.version[:40]}" for one in packages[:_INCOMPARABLE_SHOWN_MAX])
    more = f" and {len(packages) - _INCOMPARABLE_SHOWN_MAX} more" if len(packages) > _INCOMPARABLE_SHOWN_MAX else ""
    seen.degraded.append(
        f"{path_text(reading.path)}: nobody can say whether an advisory is about {_plain(shown)}{more} (FL-A137):"
        " the versions cannot be compared."
    )


def _findings(seen: _Seen) -> list[Finding]:
    rules = {rule_id.partition("/")[2]: rule for rule_id, rule in load_rules("dependencies").items()}
    fingerprints = Fingerprints()
    found: list[Finding] = []
    for path in sorted(seen.faults):
        reading = seen.readings.get(path)
        places = Places(reading.text) if reading else None
        keys = {fault.where.keys for fault in seen.faults[path] if fault.where.keys}
        spans = places_of(reading.text, keys) if reading and keys else {}
        placed = []
        for fault in seen.faults[path]:
            start, end = spans.get(fault.where.keys, fault.where[:2])
            line, column = places.of(start) if places and start >= 0 else (0, 0)
            end_line, end_column = places.of(end) if places and start >= 0 else (0, 0)
            placed.append(((line, column, fault.rule, fault.message), fault, (end_line, end_column)))
        for (line, column, _, _), fault, end_place in sorted(placed, key=lambda one: one[0]):
            excerpt = _excerpt(places, line) if places and line else ""
            found.append(_finding(rules[fault.rule], path, fault, (line, column), end_place, excerpt, fingerprints))
    return found


def _finding(
    rule: Rule,
    path: str,
    fault: Fault,
    place: tuple[int, int],
    end: tuple[int, int],
    excerpt: str,
    fingerprints: Fingerprints,
) -> Finding:
    severity: Severity = msgspec.convert(fault.severity, Severity) if fault.severity else rule.severity
    is_stated = rule.id == "dependencies/known-vulnerability"
    return Finding(
        rule=rule.id,
        severity=severity,
        path=path_text(path),
        line=place[0],
        column=place[1],
        message=_plain(fault.message),
        fingerprint=fingerprints.of(rule.id, path_text(path), _plain(fault.subject or fault.message)),
        remedy=fault.remedy or rule.remedy,
        reason=f"The advisories say {severity}, or say nothing." if is_stated else rule.reason,
        excerpt=excerpt,
        end_line=end[0],
        end_column=end[1],
        origin=("own",),
    )


def _excerpt(places: Places, line: int) -> str:
    """The line, without a password in an address; nothing of a line that a program wrote for programs."""
    text = places.line(line)
    return (
        "" if len(text) > 10 * EXCERPT_CHARACTERS_MAX else _plain(_CREDENTIAL.sub("…@", text))[:EXCERPT_CHARACTERS_MAX]
    )


def _plain(text: str) -> str:
    return _FOR_JSON.sub("\ufffd", text)


def _summary(seen: _Seen, findings: Sequence[Finding], day: str) -> str:
    not_checked = ", ".join(sorted(seen.not_checked))
    if not seen.readings and not seen.faults:
        return f"no dependency files that are read here ({not_checked})" if not_checked else "no dependency files"
    count = sum(finding.rule != "dependencies/unread-file" for finding in findings)
    parts = [f"{count or 'no'} finding{'' if count == 1 else 's'}"]
    if seen.looked_up:
        number = len(seen.sources)
        kind = "lock file" if all(one.is_lock for one in seen.sources) else "file"
        many = f"{seen.looked_up} package{'' if seen.looked_up == 1 else 's'}"
        parts.append(f"{many} in {number} {kind}{'' if number == 1 else 's'}")
        parts.append(f"data of {day}")
    else:
        parts.append("no package with an exact version")
    if seen.unread:
        parts.append(f"{seen.unread} file{'' if seen.unread == 1 else 's'} not read")
    if not_checked:
        parts.append(f"not checked: {not_checked}")
    return " · ".join(parts)
