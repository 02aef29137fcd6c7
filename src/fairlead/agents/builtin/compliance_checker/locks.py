"""Lock files and bills of materials that state the licence of each package."""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fairlead.agents.builtin.compliance_checker.declared import (
    Broken,
    composer_licence,
    npm_licence,
    parsed_json,
    table,
)
from fairlead.agents.builtin.compliance_checker.tree import TextFile
from fairlead.core.json import Json

_NPM_KEY = re.compile(r'"((?:[^"]*/)?node_modules/[^"]+)"\s*:\s*\{')
_NPM_LICENCE = re.compile(r'\s*"licenses?"\s*:')


class Package(NamedTuple):
    """One package of a lock file. `licence` is "" when the file does not state it."""

    name: str
    licence: str
    line: int
    is_development: bool = False
    is_variant: bool = False  # for one system of many; its siblings say the same of theirs


def reader_for(path: str) -> Callable[[TextFile], list[Package]] | None:
    """The function that reads the lock file *path*, or None if files of this name state no licences."""
    name = path.rpartition("/")[2]
    if name.endswith((".cdx.json", "bom.json")):
        return _from_bill
    return _READERS.get(name)


def _from_npm(file: TextFile) -> list[Package]:
    data = parsed_json(file)
    packages = data.get("packages") if isinstance(data, dict) else None
    if isinstance(packages, dict):
        lines = _npm_lines(file.lines)
        return [
            Package(
                _npm_name(key),
                npm_licence(row),
                lines.get(key, 0),
                bool(row.get("dev") or row.get("devOptional")),
                "cpu" in row or "os" in row,
            )
            for key, row in packages.items()
            if isinstance(row, dict) and "node_modules/" in key and not row.get("link")
        ]
    if isinstance(data, dict) and ("dependencies" in data or "lockfileVersion" in data):
        # The first form of the file names packages, but not their licences.
        return [Package(name, "", file.line_of(re.escape(f'"{name}": {{'))) for name in table(data, "dependencies")]
    raise Broken("is JSON, but no lock file of npm")


def _npm_name(key: str) -> str:
    return key.rpartition("node_modules/")[2]


def _npm_lines(lines: Iterable[str]) -> dict[str, int]:
    """Where the licence of each package stands, or else the package."""
    found: dict[str, int] = {}
    key = ""
    for number, line in enumerate(lines, 1):
        if "node_modules/" in line and (keys := _NPM_KEY.findall(line)):
            key = keys[-1]
            found.update(dict.fromkeys(keys, number))
        elif key and _NPM_LICENCE.match(line):
            found[key] = number
    return found


def _from_composer(file: TextFile) -> list[Package]:
    data = parsed_json(file)
    if not isinstance(data, dict) or not isinstance(data.get("packages"), list):
        raise Broken("is JSON, but no lock file of Composer")
    lines = {match[1]: n for n, line in enumerate(file.lines, 1) if (match := re.match(r'\s*"name": "([^"]+)"', line))}
    return [
        Package(str(row["name"]), composer_licence(row), lines.get(str(row["name"]), 0), group == "packages-dev")
        for group in ("packages", "packages-dev")
        for row in _rows(data.get(group))
        if "name" in row
    ]


def _from_pixi(file: TextFile) -> list[Package]:
    """Lines of a lock file of pixi: an address, and a licence further down in the same entry."""
    found: list[Package] = []
    name = ""
    for number, line in enumerate(file.lines, 1):
        if match := re.match(r"- (?:conda|pypi): (?:\S*/)?([^\s/]+)$", line):
            name = re.sub(r"-[^-]+-[^-]+\.(conda|tar\.bz2)$", "", match[1])
        elif name and (match := re.match(r"  license: ['\"]?([^'\"]+)", line)):
            found.append(Package(name, match[1].strip(), number))
            name = ""
    return found


def _from_bill(file: TextFile) -> list[Package]:
    data = parsed_json(file)
    if not isinstance(data, dict) or data.get("bomFormat") != "CycloneDX":
        raise Broken("is JSON, but no bill of materials of CycloneDX")
    return [
        Package(str(row["name"]), _bill_licence(row), file.line_of(re.escape(f'"{row["name"]}"')))
        for row in _rows(data.get("components"))
        if "name" in row
    ]


def _bill_licence(row: dict[str, Json]) -> str:
    names: list[str] = []
    for one in _rows(row.get("licenses")):
        licence = table(one, "license")
        name = one.get("expression") or licence.get("id") or licence.get("name")
        if isinstance(name, str):
            names.append(f"({name})" if " OR " in name or " AND " in name else name)
    return " AND ".join(names)


def _rows(value: Json) -> Iterator[dict[str, Json]]:
    for row in value if isinstance(value, list) else ():
        if isinstance(row, dict):
            yield row


_READERS: dict[str, Callable[[TextFile], list[Package]]] = {
    "package-lock.json": _from_npm,
    "npm-shrinkwrap.json": _from_npm,
    "composer.lock": _from_composer,
    "pixi.lock": _from_pixi,
}
