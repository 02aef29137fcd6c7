"""One finding, mended: with the real scanner, the real patcher, real files and the world that ships."""

from pathlib import Path
from typing import Any

import msgspec

from fairlead.agents.builtin.code_reviewer.scan import scan as review
from fairlead.agents.builtin.dependency_auditor.audit import audit
from fairlead.agents.builtin.patcher_rules.patch import patch
from fairlead.agents.builtin.security.scan import scan
from fairlead.core.findings import Finding
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.env.tool_world import LocalToolWorld

Found = dict[str, Any]  # a finding as the output has it: fields of several kinds
SCANNERS = {"security": scan, "review": review, "dependencies": audit}


def world_over(root: Path, data: Path | None = None) -> LocalToolWorld:
    return LocalToolWorld(str(root), writes=["**"], data_dir=str(data) if data else "", today="2026-11-21")


def all_findings(root: Path) -> dict[str, list[Finding]]:
    """What the scanners of code say of the whole tree, by path."""
    found: dict[str, list[Finding]] = {}
    for scanner in (scan, review):
        outcome = scanner({}, world_over(root))
        assert isinstance(outcome, Succeeded)
        for one in msgspec.convert(outcome.output["findings"], list[Finding]):
            found.setdefault(one.path, []).append(one)
    return found


def findings_of(root: Path, rule: str, data: Path | None = None) -> list[Found]:
    """What the scanner of *rule* finds by it, in the whole tree."""
    outcome = SCANNERS[rule.partition("/")[0]]({}, world_over(root, data))
    assert isinstance(outcome, Succeeded)
    return [one for one in outcome.output["findings"] if one["rule"] == rule]


def write(root: Path, path: str, text: str | bytes) -> Path:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def mend(root: Path, finding: Found, data: Path | None = None) -> Outcome:
    return patch({"finding": finding, "advice": None}, world_over(root, data))


def mended(root: Path, finding: Found, data: Path | None = None) -> Found:
    """The output of a patch that was made."""
    outcome = mend(root, finding, data)
    assert isinstance(outcome, Succeeded), outcome
    return outcome.output


def refused(root: Path, finding: Found, data: Path | None = None) -> Failed:
    """The failure of one that was not."""
    outcome = mend(root, finding, data)
    assert isinstance(outcome, Failed), outcome
    return outcome
