"""Repositories written down, advisories imported, audits performed: with real files and the world that ships."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from fairlead.agents.builtin.dependency_auditor.audit import audit
from fairlead.agents.builtin.dependency_auditor.compiling import AdvisorySorter
from fairlead.core.outcomes import Succeeded
from fairlead.env.importing import import_dump
from fairlead.env.tool_world import LocalToolWorld
from tests.corpora import dependencies

Found = dict[str, Any]  # a finding as the output has it: fields of several kinds


def write(root: Path, files: Mapping[str, str]) -> Path:
    """The files below *root*; a text may hold any character that a byte can be."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode("utf-8", "surrogateescape"))
    return root


def import_lines(directory: Path, lines: Iterable[str], *, today: str = dependencies.TODAY) -> Path:
    """A data directory with these advisories in it."""
    dump = directory / "dump.jsonl"
    directory.mkdir(parents=True, exist_ok=True)
    dump.write_text("".join(f"{line}\n" for line in lines))
    data = directory / "data"
    import_dump(str(dump), str(data / "advisories"), AdvisorySorter("planted", today), lambda count: None)
    return data


def audited(root: Path, data: Path | None = None, *, today: str = dependencies.TODAY, **inputs: Any) -> Succeeded:
    """What the auditor says of *root*."""
    paths = inputs.get("paths", ())
    world = LocalToolWorld(str(root), paths=paths, data_dir=str(data) if data else "", today=today)
    outcome = audit(inputs, world)
    assert isinstance(outcome, Succeeded)
    return outcome


def findings(outcome: Succeeded) -> list[Found]:
    found: list[Found] = outcome.output["findings"]
    return found
