"""Reads the locks of npm: package-lock.json and npm-shrinkwrap.json in the versions 1, 2 and 3; and Pipfile.lock."""

from collections.abc import Iterator

from fairlead.agents.builtin.dependency_auditor.json_places import read_json
from fairlead.agents.builtin.dependency_auditor.manifests import NPM_GROUPS
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
    table,
    text_of,
)
from fairlead.core.json import Json

_DEPTH_MAX = 200  # of dependencies within dependencies; npm itself never nests so deep
_ELSEWHERE = ("git", "http:", "https:", "github:", "gitlab:", "bitbucket:")


def read_package_lock(path: str, text: str) -> Reading:
    """package-lock.json or npm-shrinkwrap.json."""
    refuse_conflict(text)
    data = read_json(text)
    version = data.get("lockfileVersion", 1)
    if version not in (1, 2, 3) or isinstance(version, bool):
        raise Broken("FL-A133", f"its version is {str(version)[:40]!r}, which this build does not read")
    reading = Reading(path, "package-lock.json", "npm", text, is_lock=True)
    if "packages" in data:
        if not isinstance(data["packages"], dict):
            raise Broken("FL-A132", "`packages` is no object")
        _read_packages(data["packages"], reading)
    else:
        if not isinstance(data.get("dependencies", {}), dict):
            raise Broken("FL-A132", "`dependencies` is no object")
        # Version 1 does not say what the project itself asks for: what lies at the top may be either.
        for name, entry, keys in _nested(table(data, "dependencies")):
            _take(name, text_of(entry, "version"), text_of(entry, "resolved"), entry, keys, False, reading)
    return reading


def _read_packages(packages: dict[str, Json], reading: Reading) -> None:
    asked: dict[str, dict[str, str]] = {}
    for key, entry in packages.items():
        if isinstance(entry, dict) and "node_modules/" not in f"{key}/":
            asked[key] = {
                name: wanted
                for group in NPM_GROUPS
                for name, wanted in table(entry, group).items()
                if isinstance(wanted, str)
            }
    reading.asked = asked
    direct = asked.get("", {})
    for key, entry in packages.items():
        if "node_modules/" not in key or not isinstance(entry, dict) or entry.get("link"):
            continue
        short = key.rpartition("node_modules/")[2]
        is_direct = key == f"node_modules/{short}" and short in direct
        name = text_of(entry, "name") or short
        _take(name, text_of(entry, "version"), text_of(entry, "resolved"), entry, ("packages", key), is_direct, reading)


def _take(
    name: str,
    version: str,
    resolved: str,
    entry: dict[str, Json],
    keys: tuple[str, ...],
    is_direct: bool,
    reading: Reading,
) -> None:
    where = Where(keys=keys)
    if version.startswith("npm:"):
        name, _, version = version[4:].rpartition("@")
    if version.startswith("file:") or resolved.startswith("file:"):
        return
    if version.startswith(_ELSEWHERE):
        resolved, version = version, ""
    has_digest = bool(text_of(entry, "integrity"))
    if resolved.startswith(("git", "ssh:")) and not is_fixed_source(resolved):
        message = f"{name} comes from {shown_address(resolved)} without a commit: what is there can be exchanged."
        reading.faults.append(Fault("unfixed-source", where, message, subject=name))
    if is_insecure(resolved) and not has_digest and not resolved.startswith("git+"):
        message = f"{name} is fetched from {shown_address(resolved)}, and no digest says what must come."
        reading.faults.append(Fault("insecure-source", where, message, subject=name))
    if version:
        is_for_development = entry.get("dev") is True or entry.get("devOptional") is True
        reading.packages.append(Package(name, version, where, is_direct, is_for_development))


def _nested(top: dict[str, Json]) -> Iterator[tuple[str, dict[str, Json], tuple[str, ...]]]:
    waiting: list[tuple[dict[str, Json], tuple[str, ...]]] = [(top, ("dependencies",))]
    while waiting:
        dependencies, keys = waiting.pop()
        if len(keys) > 2 * _DEPTH_MAX:
            raise Broken("FL-A132", f"it is nested deeper than {_DEPTH_MAX} packages")
        for name, entry in dependencies.items():
            if isinstance(entry, dict):
                yield name, entry, (*keys, name)
                if inner := table(entry, "dependencies"):
                    waiting.append((inner, (*keys, name, "dependencies")))


def read_pipfile_lock(path: str, text: str) -> Reading:
    """Pipfile.lock."""
    refuse_conflict(text)
    data = read_json(text)
    version = table(data, "_meta").get("pipfile-spec")
    if version != 6:
        raise Broken("FL-A133", f"its version is {str(version)[:40]!r}, which this build does not read")
    reading = Reading(path, "Pipfile.lock", "PyPI", text, is_lock=True)
    for group in ("default", "develop"):
        for name, entry in table(data, group).items():
            where = Where(keys=(group, name))
            address = text_of(entry, "git")
            if address and not is_fixed_source(f"{address}@{text_of(entry, 'ref')}"):
                message = (
                    f"{name} comes from {shown_address(address)} without a commit: what is there can be exchanged."
                )
                reading.faults.append(Fault("unfixed-source", where, message, subject=name))
            found = text_of(entry, "version")
            if found.startswith("=="):
                package = Package(name, found.lstrip("="), where, is_for_development=group == "develop")
                reading.packages.append(package)
    return reading
