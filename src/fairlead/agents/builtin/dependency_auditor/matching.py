"""Compares packages with advisories: one finding for each package of a file and each group of advisories.

Databases describe the same weakness under several ids and name each other as aliases; such a group is one finding.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from fairlead.agents.builtin.dependency_auditor.osv import Advisory, affects, fixes
from fairlead.agents.builtin.dependency_auditor.reading import Fault, Package, Reading
from fairlead.agents.builtin.dependency_auditor.remedies import remedy, removal
from fairlead.agents.builtin.dependency_auditor.versions import KEYS, NAMES, Key
from fairlead.core.findings import SEVERITIES, Severity

# The first of these in a group names it: an id of GitHub comes early and stays, a CVE is often added later.
_NAMED_BY = ("MAL-", "GHSA-", "PYSEC-", "CVE-")
_SEVERITY_UNSTATED: Severity = "medium"
_VERSIONS_SHOWN_MAX = 5


class Verdict(NamedTuple):
    """What advisories say of one file."""

    faults: list[Fault]
    incomparable: list[Package]  # nobody can say whether these are affected


def judge(reading: Reading, packages: Sequence[Package], known: Mapping[str, Sequence[Advisory]]) -> Verdict:
    """The findings for *packages* of one file; *known* is by name as names are compared."""
    name_of = NAMES[reading.ecosystem]
    by_name: dict[str, list[Package]] = {}
    for package in packages:
        if (name := name_of(package.name)) in known:
            by_name.setdefault(name, []).append(package)
    verdict = Verdict([], [])
    for name, same in by_name.items():
        affected: list[tuple[Package, Advisory]] = []
        for package in same:
            answers = [(one, affects(one, reading.ecosystem, package.version)) for one in known[name]]
            affected += [(package, one) for one, answer in answers if answer]
            if any(answer is None for _, answer in answers):
                verdict.incomparable.append(package)
        whole = _fixed(reading, list(dict.fromkeys(one for one, _ in affected)), [one for _, one in affected])
        for group in _groups(affected):
            verdict.faults.append(_fault(reading, group, whole))
    return verdict


def _groups(affected: Iterable[tuple[Package, Advisory]]) -> Iterator[list[tuple[Package, Advisory]]]:
    """Pairs whose advisories share an id or an alias, directly or through others."""
    groups: list[tuple[set[str], list[tuple[Package, Advisory]]]] = []
    for package, advisory in affected:
        ids = {advisory.id, *advisory.aliases}
        pairs = [(package, advisory)]
        rest = []
        for known, others in groups:
            if known & ids:
                ids |= known
                pairs = others + pairs
            else:
                rest.append((known, others))
        groups = [*rest, (ids, pairs)]
    yield from (pairs for _, pairs in groups)


def _fault(reading: Reading, group: list[tuple[Package, Advisory]], whole: list[str]) -> Fault:
    packages = list(dict.fromkeys(package for package, _ in group))
    advisories = list({one.id: one for _, one in group}.values())
    first = packages[0]
    ids = sorted({one for advisory in advisories for one in (advisory.id, *advisory.aliases)}, key=_rank)
    versions = sorted(
        {package.version for package in packages}, key=lambda text: (KEYS[reading.ecosystem](text) is None, text)
    )
    shown = ", ".join(versions[:_VERSIONS_SHOWN_MAX]) + (" and others" if len(versions) > _VERSIONS_SHOWN_MAX else "")
    summary = next((one.summary for one in advisories if one.summary), "")
    about = f": {summary.rstrip('.')}." if summary else "."
    other_ids = [one for one in ids if one != _shown_id(ids)]
    also = f" ({', '.join(other_ids)})" if other_ids else ""
    for_work = " Only work on the project needs it." if all(one.is_for_development for one in packages) else ""
    if any(one.is_malware for one in advisories):
        message = f"{first.name} {shown} is malware, says {_shown_id(ids)}{also}{about}"
        return Fault("malicious-package", first.where, message, removal(first.name), "", f"{first.name} {ids[0]}")
    severity = max(
        (one.severity or _SEVERITY_UNSTATED for one in advisories),
        key=lambda word: SEVERITIES.index(word),
    )
    fixed = _fixed(reading, packages, advisories)
    until = f" Fixed in {', '.join(fixed)}." if fixed else ""
    message = f"{first.name} {shown} is affected by {_shown_id(ids)}{also}{about}{until}{for_work}"
    is_direct = any(one.is_direct for one in packages)
    # One update is better than three: the version that mends all that is known of the package, if there is one.
    todo = remedy(reading.kind, first, whole or fixed, is_direct)
    return Fault("known-vulnerability", first.where, message, todo, severity, f"{first.name} {ids[0]}")


def _rank(identifier: str) -> tuple[int, str]:
    place = next((nth for nth, start in enumerate(_NAMED_BY) if identifier.startswith(start)), len(_NAMED_BY))
    return place, identifier


def _shown_id(ids: Sequence[str]) -> str:
    """The id that people search for: the CVE, if there is one."""
    return next((one for one in ids if one.startswith("CVE-")), ids[0])


def _fixed(reading: Reading, packages: Sequence[Package], advisories: Sequence[Advisory]) -> list[str]:
    """For each version that is there, the smallest above it that none of the advisories affects; in order."""
    found: dict[str, Key] = {}
    for version in {package.version for package in packages}:
        candidates = [pair for advisory in advisories for pair in fixes(advisory, reading.ecosystem, version)]
        for key, text in sorted(candidates, key=lambda pair: pair[0]):
            if not any(affects(one, reading.ecosystem, text) for one in advisories):
                found[text] = key
                break
    return sorted(found, key=lambda text: found[text])
