"""Which frameworks the manifests declare."""

from collections.abc import Iterable
from functools import cache

from fairlead.agents.builtin.inventory import places
from fairlead.agents.builtin.inventory.manifests import Manifest
from fairlead.agents.builtin.inventory.tables import table
from fairlead.core.findings import path_text
from fairlead.core.json import Json

_ORDER = ("web", "ui", "ml", "data", "queue", "cli", "build", "test")


def declared(manifests: Iterable[tuple[str, Manifest]]) -> list[dict[str, Json]]:
    """Every framework with the first manifest that declares it. *manifests* come with the most telling first."""
    evidence: dict[str, tuple[bool, str]] = {}
    for path, manifest in manifests:
        here = places.is_around(path)
        for names, is_around in ((manifest.dependencies, here), (manifest.for_development, True)):
            for dependency in sorted(names):
                name = _framework(manifest.ecosystem, dependency)
                if name and (name not in evidence or (evidence[name][0] and not is_around)):
                    evidence[name] = (is_around, path)
    rows = table("frameworks")
    listed = [
        {"name": name, "kind": rows[name]["kind"], "evidence": path_text(path), "is_around": is_around}
        for name, (is_around, path) in evidence.items()
    ]
    # In the order of the table within a kind: it names the larger frameworks before the libraries below them.
    rank = {name: number for number, name in enumerate(rows)}
    return sorted(listed, key=lambda row: (row["is_around"], _ORDER.index(row["kind"]), rank[row["name"]]))


def _framework(ecosystem: str, dependency: str) -> str | None:
    exact, prefixes = _index(ecosystem)
    return exact.get(dependency) or next((name for prefix, name in prefixes if dependency.startswith(prefix)), None)


@cache
def _index(ecosystem: str) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    exact: dict[str, str] = {}
    prefixes: list[tuple[str, str]] = []
    for name, row in table("frameworks").items():
        for dependency in row.get(ecosystem, ()):
            if dependency.endswith("*"):
                prefixes.append((dependency[:-1], name))
            else:
                exact[dependency] = name
    return exact, tuple(prefixes)
