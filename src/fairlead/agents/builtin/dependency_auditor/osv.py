"""Reads advisories in the OSV format and says which versions they affect (specification: ossf.github.io/osv-schema).

What this agent needs of an advisory is a small record for one package, `Advisory`; an entry gives one for each package.
"""

import re
from collections.abc import Iterator

import msgspec

from fairlead.agents.builtin.dependency_auditor import cvss
from fairlead.agents.builtin.dependency_auditor.versions import EXACT, KEYS, NAMES, Key
from fairlead.core.findings import Severity

SUMMARY_CHARACTERS_MAX = 200
_DAY = re.compile(r"\d{4}-\d\d-\d\d(?=T|\Z)", re.ASCII)
_NOT_TEXT = re.compile("[\0-\x1f\x7f-\x9f\ud800-\udfff]+")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII)
_WORDS: dict[str, Severity] = {
    "LOW": "low",
    "MODERATE": "medium",
    "MEDIUM": "medium",
    "HIGH": "high",
    "CRITICAL": "critical",
}
_MALWARE = "CWE-506"  # embedded malicious code
_KINDS = ("introduced", "fixed", "last_affected", "limit")

Events = tuple[tuple[str, str], ...]  # ("introduced", "1.0"), ("fixed", "1.4.2"): in the entry's order


class Advisory(msgspec.Struct, frozen=True, array_like=True):
    """One advisory, as far as it concerns one package."""

    id: str
    modified: str  # the whole time stamp: the newest of two entries with one id counts
    ranges: tuple[Events, ...] = ()
    versions: tuple[str, ...] = ()  # those that the entry lists by themselves
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: str = ""  # a severity of ours; "" when the entry says none that can be read
    is_malware: bool = False
    is_withdrawn: bool = False


class BrokenEntry(Exception):
    """This is no advisory in the OSV format; the text says why."""


class Entry(msgspec.Struct, frozen=True):
    """One entry of a dump."""

    id: str
    day: str  # of its last change
    ecosystems: frozenset[str]  # all that it speaks of, also those that are not read here
    advisories: tuple[tuple[str, str, Advisory], ...]  # ecosystem, name as names are compared, record


class _Package(msgspec.Struct):
    ecosystem: str
    name: str


class _Score(msgspec.Struct):
    type: str = ""
    score: str = ""


class _Range(msgspec.Struct):
    type: str = ""
    events: list[dict[str, str]] | None = None


class _Specific(msgspec.Struct):
    severity: object = None
    cwe_ids: object = None


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    severity: list[_Score] | None = None


class _Written(msgspec.Struct):
    """An entry as the specification writes it; fields that are not read here are left out."""

    id: str
    modified: str
    affected: list[_Affected] | None = None
    aliases: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    severity: list[_Score] | None = None
    withdrawn: str | None = None
    database_specific: _Specific | None = None


_decode = msgspec.json.Decoder(_Written).decode


def read_entry(data: bytes) -> Entry:
    """One entry of a dump.

    Raises:
        BrokenEntry: it is not JSON, or not what the specification says.
    """
    try:
        written = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BrokenEntry(str(error)) from None
    if not _IDENTIFIER.fullmatch(written.id):
        raise BrokenEntry("its `id` is none")
    if not _DAY.match(written.modified):
        raise BrokenEntry("its `modified` is no time")
    affected = written.affected or []
    advisories = tuple(_advisories(written, affected))
    ecosystems = frozenset(one.package.ecosystem.partition(":")[0] for one in affected if one.package)
    return Entry(written.id, written.modified[:10], ecosystems, advisories)


def _advisories(written: _Written, affected: list[_Affected]) -> Iterator[tuple[str, str, Advisory]]:
    """One record for each package: an entry may name a package several times, once for each branch of it."""
    parts: dict[tuple[str, str], list[_Affected]] = {}
    for one in affected:
        if one.package is not None and one.package.ecosystem in NAMES:
            name = NAMES[one.package.ecosystem](_text(one.package.name))
            if name:
                parts.setdefault((one.package.ecosystem, name), []).append(one)
    aliases = tuple(alias for alias in written.aliases or () if _IDENTIFIER.fullmatch(alias))
    specific = written.database_specific or _Specific()
    is_malware = any(name.startswith("MAL-") for name in (written.id, *aliases)) or (
        isinstance(specific.cwe_ids, list) and _MALWARE in specific.cwe_ids
    )
    summary = _text(written.summary or (written.details or "").strip().partition("\n")[0])
    for (ecosystem, name), branches in parts.items():
        ranges = tuple(_ranges(branches))
        versions = tuple(dict.fromkeys(version for one in branches for version in one.versions or ()))
        if not ranges and not versions and any(one.ranges for one in branches):
            continue  # only commits of its repository: no version can be compared with them
        yield (
            ecosystem,
            name,
            Advisory(
                written.id,
                written.modified,
                ranges,
                versions,
                aliases,
                summary[:SUMMARY_CHARACTERS_MAX],
                "critical" if is_malware else _severity(specific, written.severity, branches),
                is_malware,
                bool(written.withdrawn),
            ),
        )


def _ranges(branches: list[_Affected]) -> Iterator[Events]:
    for one in branches:
        for span in one.ranges or ():
            if span.type in ("SEMVER", "ECOSYSTEM"):
                events = tuple(
                    (kind, event[kind]) for event in span.events or () for kind in _KINDS if event.get(kind) is not None
                )
                if events:
                    yield events


def _severity(specific: _Specific, scores: list[_Score] | None, branches: list[_Affected]) -> str:
    """The stated word; else the highest score of a vector of CVSS 3 for the package or for the entry."""
    if isinstance(specific.severity, str) and specific.severity.upper() in _WORDS:
        return _WORDS[specific.severity.upper()]
    own = [score for one in branches for score in one.severity or ()]
    known = [value for score in own or scores or () if (value := cvss.base_score(score.score)) is not None]
    return cvss.severity_of(max(known)) if known else ""


def _text(text: str) -> str:
    return _NOT_TEXT.sub(" ", text).strip()


# ---------------------------------------------------------------------------------------------------- what is affected


def affects(advisory: Advisory, ecosystem: str, version: str) -> bool | None:
    """Whether *version* is affected; None when the version, or the advisory's own, cannot be compared."""
    exact = EXACT[ecosystem]
    if advisory.versions and exact(version) in {exact(one) for one in advisory.versions}:
        return True
    if not advisory.ranges:
        return not advisory.versions  # an entry that names no version at all speaks of every version
    key = KEYS[ecosystem](version)
    if key is None:
        return None
    answers = [_lies_in(events, ecosystem, key) for events in advisory.ranges]
    return True if True in answers else None if None in answers else False


def fixes(advisory: Advisory, ecosystem: str, version: str) -> list[tuple[Key, str]]:
    """The versions above *version* that end a range of the advisory, lowest first."""
    key_of = KEYS[ecosystem]
    own = key_of(version)
    if own is None:
        return []
    found = {
        text: key
        for events in advisory.ranges
        for kind, text in events
        if kind == "fixed" and (key := key_of(text)) is not None and key > own
    }
    return sorted(((key, text) for text, key in found.items()), key=lambda pair: pair[0])


def _lies_in(events: Events, ecosystem: str, key: Key) -> bool | None:
    """The specification's walk over the events of one range, in the order of their versions."""
    key_of = KEYS[ecosystem]
    known: list[tuple[Key, str]] = []
    is_affected, is_limited = False, True
    limits: list[Key] = []
    for kind, text in events:
        if kind == "introduced" and text == "0":
            is_affected = True  # before every version there is
            continue
        if kind == "limit" and text == "*":
            is_limited = False
            continue
        point = key_of(text)
        if point is None:
            return None
        if kind == "limit":
            limits.append(point)
        else:
            known.append((point, kind))
    if is_limited and limits and not any(key < limit for limit in limits):
        return False
    for point, kind in sorted(known, key=lambda pair: pair[0]):  # stable: equal versions stay in the entry's order
        if kind == "introduced" and key >= point:
            is_affected = True
        elif (kind == "fixed" and key >= point) or (kind == "last_affected" and key > point):
            is_affected = False
    return is_affected
