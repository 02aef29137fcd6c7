"""Goes through the tree once and writes down what it is made of."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fairlead.agents.builtin import licence_texts
from fairlead.agents.builtin.inventory import entry_points, frameworks, languages, places
from fairlead.agents.builtin.inventory.manifests import BrokenManifest, Manifest, plain, reader_for
from fairlead.agents.builtin.inventory.tables import table
from fairlead.core.findings import path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

NOT_READ_MAX = 100  # entries of `not_read`; more are counted
PATHS_MAX = 50  # paths listed for one CI system, container kind or packaging tool; more are counted
_LARGEST = 5
_PARTS = ("packaging", "ci", "containers")
_PROGRESS_EVERY = 500  # files
_BINARY_HEAD = 8_000  # bytes: git looks at as many for a NUL


def scan(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Describe the tree, or the part of it below `paths`. Nothing of it is run."""
    survey = _Survey()
    wanted = tuple(str(path).strip("/") for path in inputs.get("paths") or ())
    for number, file in enumerate(_inside(world.files, wanted), 1):
        survey.look_at(file, world)
        if number % _PROGRESS_EVERY == 0:
            world.progress(f"{number} files")
    output = survey.report(world.files_left_out)
    degraded: tuple[str, ...] = ()
    if world.files_left_out:
        degraded = (
            f"{world.files_left_out} files were left out because the tree holds too many;"
            " `fairlead review --all` looks at all.",
        )
    if not world.files:
        degraded += ("There is no file to look at, so nothing here says that anything is well.",)
    line = _summary(output)
    if world.repositories_inside:
        count = len(world.repositories_inside)
        line += f" · {count} {'repository' if count == 1 else 'repositories'} inside, not entered"
    return Succeeded(output, line, degraded)


def _summary(output: Mapping[str, Json]) -> str:
    """The report in one line: `Python 3.12 · FastAPI · uv · 214 files · Dockerfile · 2 workflows`."""
    code = [row["name"] for row in output["languages"] if row["kind"] == "code"]
    parts = code[:1]
    if parts == ["Python"] and output["python"]["lowest"]:
        parts = [f"Python {output['python']['lowest']}"]
    parts += [row["name"] for row in output["frameworks"] if row["kind"] in ("web", "ui") and not row["is_around"]][:2]
    parts += [row["name"] for row in output["packaging"] if row["is_locked"]][:2] or [
        row["name"] for row in output["packaging"]
    ][:1]
    parts.append(_counted(output["size"]["files"], "file"))
    parts += [row["name"] for row in output["containers"]][:2]
    for row in output["ci"]:
        parts.append(_counted(row["count"], "workflow") if row["system"] == "GitHub Actions" else row["system"])
    return " · ".join(parts)


@dataclass
class _Total:
    files: int = 0
    lines: int = 0
    bytes: int = 0

    def add(self, lines: int, size: int) -> None:
        self.files += 1
        self.lines += lines
        self.bytes += size


@dataclass
class _Survey:
    """What was seen so far."""

    all: _Total = field(default_factory=_Total)
    by_language: dict[str, _Total] = field(default_factory=dict)
    unknown: _Total = field(default_factory=_Total)
    tests: _Total = field(default_factory=_Total)
    binary: int = 0
    unread: int = 0
    largest: list[tuple[int, str]] = field(default_factory=list)
    not_read: list[tuple[str, str]] = field(default_factory=list)
    manifests: list[tuple[str, Manifest]] = field(default_factory=list)
    seen: dict[str, dict[str, list[str]]] = field(default_factory=lambda: {part: {} for part in _PARTS})
    starts: list[entry_points.Start] = field(default_factory=list)
    licences: list[tuple[str, str]] = field(default_factory=list)
    python_version: tuple[str, str] = ("", "")

    def look_at(self, file: TreeFile, world: ToolWorld) -> None:
        """Count one file and note what it tells."""
        path = file.path
        shown = path_text(path)
        self.largest = sorted([*self.largest, (-file.size, shown)])[:_LARGEST]
        if not places.is_foreign(path):
            for part in _PARTS:
                for name in places.named(part, path):
                    self.seen[part].setdefault(name, []).append(shown)
        try:
            data = world.read(path)
        except Unreadable as error:
            self.unread += 1
            self.not_read.append((shown, str(error)))
            self.all.add(0, file.size)
            return
        if b"\0" in data[:_BINARY_HEAD]:
            self.binary += 1
            self.all.add(0, file.size)
            return
        lines = data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
        self.all.add(lines, file.size)
        language = languages.language(path, data[:200])
        total = self.by_language.setdefault(language, _Total()) if language else self.unknown
        total.add(lines, file.size)
        is_code = language is not None and languages.kind(language) == "code"
        if not places.is_foreign(path):
            if places.is_test(path, is_code):
                self.tests.add(lines, file.size)
            self._note(path, shown, data)

    def _note(self, path: str, shown: str, data: bytes) -> None:
        name = path.rpartition("/")[2]
        if reader := reader_for(path):
            try:
                self.manifests.append((path, reader(data.decode("utf-8-sig"))))
            except UnicodeDecodeError as error:
                self.not_read.append((shown, f"byte {error.start} is not UTF-8"))
            except BrokenManifest as error:
                self.not_read.append((shown, str(error)))
        elif path.endswith((".yml", ".yaml")):
            if places.is_kubernetes(path, data.decode("utf-8", "replace")):
                self.seen["containers"].setdefault("Kubernetes", []).append(shown)
        elif licence_texts.is_licence(path):
            self.licences.append((path, licence_texts.recognise(data.decode("utf-8", "replace"))))
        elif path == ".python-version":
            self.python_version = (data.decode("ascii", "replace").strip().split("\n")[0][:20], shown)
        if not places.is_around(path):
            self.starts += entry_points.by_name(path, name, shown, data)

    def report(self, left_out: int) -> dict[str, Json]:
        """Everything as strict JSON, in an order that depends on the tree alone."""
        self.manifests.sort(key=lambda entry: (places.is_around(entry[0]), entry[0].count("/"), entry[0]))
        found = frameworks.declared(self.manifests)
        python = self._python()
        not_read = sorted(self.not_read)
        return {
            "languages": [
                {"name": name, "kind": languages.kind(name), **_numbers(total)}
                for name, total in sorted(self.by_language.items(), key=lambda row: (-row[1].lines, row[0]))
            ],
            "frameworks": [row for row in found if row["kind"] != "test"],
            "packaging": self._packaging(),
            "ci": [{"system": row.pop("name"), **row} for row in self._listed("ci")],
            "containers": self._listed("containers"),
            "entry_points": entry_points.report(self.starts, self.manifests),
            "python": python,
            "tests": {"frameworks": [row for row in found if row["kind"] == "test"], **_numbers(self.tests)},
            "licence": self._licence(),
            "size": {
                **_numbers(self.all),
                "binary": self.binary,
                "unread": self.unread,
                "unknown": self.unknown.files,
                "left_out": left_out,
                "largest": [{"path": path, "bytes": -size} for size, path in self.largest],
            },
            "not_read": [{"path": path, "reason": reason} for path, reason in not_read[:NOT_READ_MAX]],
            "not_read_more": max(0, len(not_read) - NOT_READ_MAX),
        }

    def _listed(self, part: str) -> list[dict[str, Json]]:
        """What was seen, in the order of the table: it names the more telling first."""
        rank = {name: number for number, name in enumerate(table("places")[part])}
        return [
            {"name": name, "count": len(paths), "files": sorted(paths)[:PATHS_MAX]}
            for name, paths in sorted(self.seen[part].items(), key=lambda row: (rank.get(row[0], len(rank)), row[0]))
        ]

    def _packaging(self) -> list[dict[str, Json]]:
        for path, manifest in self.manifests:
            if not places.is_around(path):
                for name in manifest.packaging:
                    self.seen["packaging"].setdefault(name, []).append(path_text(path))
        rows = [
            {**row, "files": sorted(set(row["files"])), "is_locked": any(_LOCK.search(path) for path in row["files"])}
            for row in self._listed("packaging")
        ]
        # Files of the project itself first, then what has a lock file: the summary shows the first.
        return sorted(
            rows,
            key=lambda row: (all(map(places.is_around, row["files"])), not row["is_locked"], row["name"]),
        )

    def _python(self) -> dict[str, Json]:
        required = [(m.requires_python, path_text(path)) for path, m in self.manifests if m.requires_python]
        requires, evidence = required[0] if required else self.python_version
        return {"requires": plain(requires), "lowest": _lowest(requires), "evidence": evidence}

    def _licence(self) -> dict[str, Json]:
        declared = [(manifest.licence, path) for path, manifest in self.manifests if manifest.licence]
        texts = sorted((path.count("/"), path, name) for path, name in self.licences)
        if declared and not places.is_around(declared[0][1]):
            return {"name": plain(declared[0][0]), "evidence": path_text(declared[0][1])}
        if texts:
            return {"name": texts[0][2], "evidence": path_text(texts[0][1])}
        return {"name": "", "evidence": ""}


_LOCK = re.compile(
    r"(\.lock|\.lockb|-lock\.(json|yaml|yml)|\.lock\.json|\.lockfile|go\.sum|Package\.resolved|shrinkwrap\.json)$"
)
_LOWEST = re.compile(r"(?:>=|==|~=|\^|~|^)\s*(\d+(?:\.\d+)?)")


def _lowest(requires: str) -> str:
    found = _LOWEST.search(requires)
    return found[1] if found else ""


def _inside(files: Iterable[TreeFile], wanted: tuple[str, ...]) -> Iterable[TreeFile]:
    for file in files:
        path = path_text(file.path)
        if not wanted or any(want in ("", ".", path) or path.startswith(want + "/") for want in wanted):
            yield file


def _numbers(total: _Total) -> dict[str, Json]:
    return {"files": total.files, "lines": total.lines, "bytes": total.bytes}


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
