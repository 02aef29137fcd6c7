"""Reads yarn.lock, in the form of Yarn 1 and in that of Yarn 2 and later, and pnpm-lock.yaml: line by line.

Programs write these files, always in the same shape; a line of another shape is a broken file, not a thing to guess.
"""

import re
from collections.abc import Iterator

from fairlead.agents.builtin.dependency_auditor.reading import (
    Broken,
    Fault,
    Package,
    Reading,
    Where,
    is_fixed_source,
    is_insecure,
    refuse_conflict,
    shown_address,
)

_BERRY_VERSIONS = range(3, 10)
_PNPM_VERSIONS = ("5", "6", "7", "9")
_PNPM_TABLES = ("importers", "packages", "snapshots")
_PNPM_LOCAL = ("workspace:", "link:", "file:")
_FIELD = re.compile(r'  (?P<key>version|resolved|resolution|integrity|checksum|linkType):? +"?(?P<value>[^"\n]*)"?\s*')
_PNPM_KEY = re.compile(r"  (?P<quote>['\"]?)(?P<key>\S.*?)(?P=quote):(?: *\{.*\})?\s*")
_PNPM_OLD = re.compile(r"(?:[^/]*)/(?P<name>(?:@[^/]+/)?[^/@]+)/(?P<version>\d[^/_(]*)")
_PNPM_NEW = re.compile(r"(?:[^/@]*/)?(?P<name>(?:@[^/@]+/)?[^@/()]+)@(?P<version>[^()]+)(?:\(.*\))?")


class _Entry:
    """One block of a yarn.lock."""

    def __init__(self, specs: list[str], where: Where) -> None:
        self.specs = specs
        self.where = where
        self.fields: dict[str, str] = {}


def read_yarn(path: str, text: str) -> Reading:
    """yarn.lock."""
    refuse_conflict(text)
    reading = Reading(path, "yarn.lock", "npm", text, is_lock=True)
    entries = list(_entries(text))
    berry = next((one for one in entries if one.specs == ["__metadata"]), None)
    if berry is not None:
        reading.kind = "yarn.lock of Yarn 2"
        version = berry.fields.get("version", "")
        if not version.isdigit() or int(version) not in _BERRY_VERSIONS:
            raise Broken("FL-A133", f"its version is {version[:40]!r}, which this build does not read")
    elif "# yarn lockfile v1" not in text[:1_000] and entries:
        raise Broken("FL-A133", "it does not say its version")
    for entry in entries:
        if entry is not berry:
            _take(entry, berry is not None, reading)
    reading.asked = {"": {spec: "" for entry in entries for spec in entry.specs}}
    return reading


def _entries(text: str) -> Iterator[_Entry]:
    entry: _Entry | None = None
    offset = 0
    for number, line in enumerate(text.split("\n"), 1):
        at, offset = offset, offset + len(line) + 1
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        if not line.startswith(" "):
            if entry is not None:
                yield entry
            if not line.endswith(":"):
                raise Broken("FL-A132", f"line {number} is no entry of a yarn.lock")
            specs = [spec.strip().strip('"') for spec in line[:-1].split(", ")]
            entry = _Entry(specs, Where(at, at + len(line) - 1))
        elif entry is None:
            raise Broken("FL-A132", f"line {number} belongs to no entry")
        elif found := _FIELD.fullmatch(line):
            entry.fields[found["key"]] = found["value"]
    if entry is not None:
        yield entry


def _take(entry: _Entry, is_berry: bool, reading: Reading) -> None:
    spec = entry.specs[0]
    name, _, wanted = _split(spec)
    version = entry.fields.get("version", "")
    if not name or not version:
        raise Broken("FL-A132", f"the entry {spec[:80]} has no version")
    resolved = entry.fields.get("resolved", "")
    if is_berry:
        if entry.fields.get("linkType") == "soft" or version == "0.0.0-use.local":
            return
        name, _, resolved = _split(entry.fields.get("resolution", spec))
    elif wanted.startswith("npm:"):
        name = _split(wanted[4:])[0] or name
    if wanted.startswith(("file:", "link:", "portal:")):
        return
    has_digest = bool(entry.fields.get("integrity") or entry.fields.get("checksum") or _has_sha1(resolved))
    bare = resolved.removeprefix("git@")
    if ("git" in bare.partition("://")[0] or ".git#" in bare) and not is_fixed_source(resolved.replace("commit=", "")):
        message = f"{name} comes from {shown_address(resolved)} without a commit: what is there can be exchanged."
        reading.faults.append(Fault("unfixed-source", entry.where, message, subject=name))
    if is_insecure(resolved) and not has_digest:
        message = f"{name} is fetched from {shown_address(resolved)}, and no digest says what must come."
        reading.faults.append(Fault("insecure-source", entry.where, message, subject=name))
    reading.packages.append(Package(name, version, entry.where))


def _has_sha1(resolved: str) -> bool:
    """Yarn 1 wrote the digest behind the address."""
    return re.search(r"\.tgz#[0-9a-f]{40}$", resolved) is not None


def _split(spec: str) -> tuple[str, str, str]:
    """`@scope/name@range` in its parts."""
    at = spec.find("@", 1)
    return (spec, "", "") if at < 0 else (spec[:at], "@", spec[at + 1 :])


def read_pnpm(path: str, text: str) -> Reading:
    """pnpm-lock.yaml."""
    refuse_conflict(text)
    reading = Reading(path, "pnpm-lock.yaml", "npm", text, is_lock=True)
    found = re.search(r"(?m)^lockfileVersion: *['\"]?(?P<version>[\w.]+)", text)
    version = found["version"] if found else ""
    if version.partition(".")[0] not in _PNPM_VERSIONS:
        shown = f"its version is {version[:40]!r}" if version else "it does not say its version"
        raise Broken("FL-A133", f"{shown}, which this build does not read")
    is_old = version.startswith("5")
    section = ""
    sections = set[str]()
    offset = 0
    importers = _Importers()
    for number, raw in enumerate(text.split("\n"), 1):
        at, offset = offset, offset + len(raw) + 1
        line = raw.rstrip("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith(" "):
            section, _, value = line.partition(":")
            if (":" not in line and line != "---") or (section in _PNPM_TABLES and value.strip() not in ("", "{}")):
                raise Broken("FL-A132", f"line {number} is no line of a pnpm-lock.yaml")
            sections.add(section)
        elif section == "packages" and line.startswith("  ") and not line.startswith("   "):
            key = _PNPM_KEY.fullmatch(line)
            if not key:
                raise Broken("FL-A132", f"line {number} is no package of a pnpm-lock.yaml")
            _take_pnpm(key["key"], Where(at + 2, at + len(line.rstrip().removesuffix(":"))), is_old, reading)
        elif section == "importers":
            importers.take(line)
    wishes = [wish for asked in importers.asked.values() for wish in asked.values()]
    if "packages" not in sections and not all(wish.startswith(_PNPM_LOCAL) for wish in wishes):
        raise Broken("FL-A132", "it ends before its packages")
    reading.asked = importers.asked or None
    return reading


def _take_pnpm(key: str, where: Where, is_old: bool, reading: Reading) -> None:
    if key.startswith(("file:", "link:")) or "@file:" in key or "@link:" in key:
        return
    # An address instead of a version: it names a commit or a file with its digest.
    found = (
        None
        if "://" in key or "codeload." in key
        else (_PNPM_OLD if is_old else _PNPM_NEW).match(key.removeprefix("/") if not is_old else key)
    )
    if found and found["version"][:1].isdigit():
        reading.packages.append(Package(found["name"], found["version"], where))
    elif "://" in key and is_insecure(key[key.index("://") - 4 :]):
        reading.faults.append(
            Fault("insecure-source", where, f"A package is fetched from {shown_address(key)}.", subject=key)
        )


class _Importers:
    """What each project of a workspace asked for when the lock was made: folder, group, name, specifier."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[str, str]] = {}
        self._path: list[str] = []

    def take(self, line: str) -> None:
        indent = (len(line) - len(line.lstrip())) // 2
        key, _, value = line.strip().partition(": ") if not line.strip().endswith(":") else (line.strip()[:-1], "", "")
        self._path[indent - 1 :] = [key.strip("'\"")]
        if len(self._path) == 4 and self._path[3] == "specifier":
            folder = "" if self._path[0] == "." else self._path[0]
            self.asked.setdefault(folder, {})[self._path[2]] = value.strip().strip("'\"")
        elif len(self._path) == 1:
            self.asked.setdefault("" if key.strip("'\"") == "." else key.strip("'\""), {})
