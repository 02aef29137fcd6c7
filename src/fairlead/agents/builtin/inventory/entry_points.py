"""What a person or a system starts: by manifests, and by files whose name or text says so."""

import re
from collections.abc import Iterable

import msgspec

from fairlead.agents.builtin.inventory import places
from fairlead.agents.builtin.inventory.manifests import Manifest, plain
from fairlead.core.findings import path_text
from fairlead.core.json import Json

STARTS_MAX = 200  # entry points listed; a repository with more has generated ones


class Start(msgspec.Struct, frozen=True, order=True):
    """One entry point."""

    path: str
    kind: str
    name: str
    target: str = ""


_GO_MAIN = re.compile(rb"(?m)^package main\b")
_GO_FUNCTION = re.compile(rb"(?m)^func main\(\)")
_BY_NAME = {
    "manage.py": "Django management",
    "wsgi.py": "WSGI",
    "asgi.py": "ASGI",
    "config.ru": "Rack",
    "artisan": "Laravel console",
}


def by_name(path: str, name: str, shown: str, data: bytes) -> list[Start]:
    """The entry points that the file itself is."""
    folder = path.rpartition("/")[0]
    owner = path_text(folder.rpartition("/")[2])
    if name == "__main__.py":
        return [Start(shown, "python -m", owner)]
    if name in _BY_NAME:
        return [Start(shown, _BY_NAME[name], name)]
    if path.endswith("src/main.rs") or "/src/bin/" in f"/{path}":
        return [Start(shown, "program", path_text(name.removesuffix(".rs")))]
    if name.endswith(".go") and not name.endswith("_test.go") and _GO_MAIN.search(data) and _GO_FUNCTION.search(data):
        return [Start(shown, "program", owner or path_text(name.removesuffix(".go")))]
    return []


def report(starts: Iterable[Start], manifests: Iterable[tuple[str, Manifest]]) -> list[dict[str, Json]]:
    """All entry points by path; those of tests and examples are left out."""
    found = set(starts)
    for path, manifest in manifests:
        if not places.is_around(path):
            found |= {Start(path_text(path), point.kind, point.name, point.target) for point in manifest.entry_points}
    return [
        {"path": start.path, "kind": start.kind, "name": plain(start.name), "target": plain(start.target)}
        for start in sorted(found)[:STARTS_MAX]
    ]
