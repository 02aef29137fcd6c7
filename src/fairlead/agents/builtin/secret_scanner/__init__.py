"""The secret-scanner: credentials in the files of a tree and, within a bound, in its git history.

A credential never leaves this package: messages, excerpts and fingerprints are made from masked text.
"""

from collections.abc import Iterable, Mapping

import msgspec

from fairlead.agents.builtin.secret_scanner import formats, history
from fairlead.agents.builtin.secret_scanner.texts import Report, decoded, is_binary_name, scan_text
from fairlead.core.findings import Finding, path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld, TreeFile, Unreadable

_NAME = "secret-scanner"
_VERSION = "1.0.0"
COMMITS_MAX = 500
_PROGRESS_EVERY = 200  # files


def scan(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Search the files of *world*, and the history behind them, for credentials."""
    report = Report()
    for number, file in enumerate(world.files):
        if number % _PROGRESS_EVERY == 0:
            world.progress(f"{number} of {len(world.files)} files")
        _search_file(file, world, report)
    past = history.nothing("it was not asked for")
    if inputs.get("history", True):
        past = history.search(world, report, inputs.get("paths") or (), inputs.get("history_commits_max", COMMITS_MAX))
    gone = past.findings(report)
    world.found(len(gone))
    findings = [*report.findings(past.sightings), *gone]
    degraded = (*report.degraded(), *past.degraded)
    if world.files_left_out:
        degraded += (
            f"{world.files_left_out} files were left out because the tree holds too many;"
            " `fairlead review --all` looks at all.",
        )
    return Succeeded(
        output={
            "findings": [msgspec.to_builtins(finding) for finding in findings],
            "stats": {**report.stats(), "left_out": world.files_left_out, "history": past.stats()},
            "tool": {"name": _NAME, "version": _VERSION, "formats": len(formats.rules()) - 1},
        },
        summary=_summary(findings),
        degraded=degraded,
    )


def _search_file(file: TreeFile, world: ToolWorld, report: Report) -> None:
    if is_binary_name(file.path):
        report.binary += 1
        return
    try:
        data = world.read(file.path)
    except Unreadable as error:
        report.unread(path_text(file.path), str(error))
        world.found()
        return
    text = decoded(data)
    if text is None:
        report.binary += 1
        return
    sightings = scan_text(text, path_text(file.path), report, is_whole=True)
    report.add(text, len(data), sightings)
    if sightings:
        world.found(len(sightings))


def _summary(findings: Iterable[Finding]) -> str:
    unread = sum(finding.rule == formats.UNREAD for finding in findings)
    count = sum(finding.rule != formats.UNREAD for finding in findings)
    said = f"{count or 'no'} finding{'' if count == 1 else 's'}"
    return f"{said} · {unread} file{'' if unread == 1 else 's'} not read" if unread else said
