"""The patcher-rules' function: mends one finding, looks again with the scanner that found it, and gives the difference.

All or nothing: a change whose file is no longer valid, that leaves the finding, or that brings another one, is undone
and the outcome is a failure with the reason.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import msgspec

from fairlead.agents.builtin.patcher_rules import table
from fairlead.agents.builtin.patcher_rules.files import TextFile, patch_of
from fairlead.agents.builtin.patcher_rules.remedies import alike, mended_text
from fairlead.agents.builtin.patcher_rules.source import NoFix
from fairlead.core.findings import Finding, path_from_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.patch_texts import parse_patch
from fairlead.core.patches import apply_patch
from fairlead.core.tools import ToolWorld, Unwritable

_HINT = "Mend it by hand, or let an agent with a model try: `agent: patcher`."


class _Silent:
    """The same world, in which a scan that serves to prove a change tells nobody that it found something."""

    def __init__(self, world: ToolWorld) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:  # every other member, whatever its type
        return getattr(self._world, name)

    def progress(self, text: str) -> None: ...
    def found(self, count: int = 1) -> None: ...


class _Scan(NamedTuple):
    """What a scanner says of one file."""

    findings: list[Finding]
    degraded: tuple[str, ...]


def patch(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Mend `finding` in the call's own copy. `advice` is for agents with a model, and is not read here."""
    given = msgspec.convert(inputs["finding"], Finding)
    try:
        if reason := table.why_not(given):
            raise NoFix(reason, "FL-A160")
        return _mended(given, world)
    except NoFix as problem:
        message = f"{given.rule} in {given.path}, line {given.line}, is not mended: {problem.reason}"
        return Failed("agent", problem.code, message, _HINT)


def _mended(given: Finding, world: ToolWorld) -> Succeeded:
    file = TextFile.read(world, path_from_text(given.path), is_python=given.path.endswith(table.PYTHON))
    before = _scan(given, world)
    finding = next((one for one in before.findings if one.fingerprint == given.fingerprint), None)
    if finding is None:
        raise NoFix("The file does not hold it any more; scan again.", "FL-A161")
    same = alike(finding, before.findings, file.text)
    world.progress(f"{finding.rule} in {finding.path}")
    text = mended_text(file.text, [finding, *(one for one in same if one != finding)], world)
    difference = patch_of(file, text)
    _check_patch(file, difference, text)
    _write(world, file.path, file.encoded(text))
    try:
        after = _scan(given, world)
        _judge(before, after, finding, len(same))
    except BaseException:
        _write(world, file.path, file.data)
        raise
    scanned = f"{len(before.findings)} findings before, {len(after.findings)} after"
    places = "" if len(same) == 1 else f" at {len(same)} places that are written alike"
    return Succeeded(
        {
            "patch": difference,
            "files": [finding.path],
            "rule": finding.rule,
            "fingerprint": finding.fingerprint,
            "summary": table.MENDED[finding.rule],
            "changed": True,
            "checks": [
                {"name": "syntax", "ok": True, "detail": "the file is still valid"},
                {"name": "patch", "ok": True, "detail": "it makes this change of the file as it was"},
                {"name": "re-scan", "ok": True, "detail": scanned},
            ],
            "rescan": {
                "findings": [{**msgspec.to_builtins(one), "origin": list(one.origin)} for one in after.findings]
            },
        },
        f"{finding.rule} in {finding.path} mended{places}",
        after.degraded,
    )


def _scan(given: Finding, world: ToolWorld) -> _Scan:
    """The findings of the file by the scanner that the rule belongs to."""
    family = given.rule.partition("/")[0]
    # Whether a manifest is looked up depends on the locks beside it: of dependencies the whole tree is read.
    silent = cast(ToolWorld, _Silent(world))  # a class with `__getattr__` cannot be seen to keep the Protocol
    outcome = _SCANNERS[family]({} if family == "dependencies" else {"paths": [given.path]}, silent)
    if isinstance(outcome, Failed):
        raise NoFix(f"The scanner failed: {outcome.message}.", "FL-A164")
    findings = msgspec.convert(outcome.output["findings"], list[Finding])
    return _Scan([one for one in findings if one.path == given.path], outcome.degraded)


def _check_patch(file: TextFile, difference: str, text: str) -> None:
    """Whether the patch says what was done: what is approved is the patch, and not the copy."""
    before, wanted = (data.decode("utf-8", "surrogateescape") for data in (file.data, file.encoded(text)))
    if apply_patch({file.path: before}, parse_patch(difference)) != {file.path: wanted}:
        raise NoFix("The patch does not make the change that was tried.", "FL-A164")


def _judge(before: _Scan, after: _Scan, finding: Finding, count: int) -> None:
    """Whether the second scan says what it should: *count* findings of the rule are gone, and nothing is new.

    Other findings of the same statement get another fingerprint by the change, so they are compared by their number.
    """
    if left := [one for one in after.findings if one.fingerprint == finding.fingerprint]:
        raise NoFix(f"After the change the scanner still reports it in line {left[0].line}.", "FL-A164")
    more = Counter(one.rule for one in after.findings)
    more.subtract(one.rule for one in before.findings)
    if more[finding.rule] > -count:
        gone = max(0, -more[finding.rule])
        raise NoFix(f"After the change only {gone} of {count} findings of this statement would be gone.", "FL-A164")
    if new := sorted(rule for rule, number in more.items() if number > 0):
        raise NoFix(f"The change would bring another finding: {', '.join(new)}.", "FL-A164")


def _write(world: ToolWorld, path: str, data: bytes) -> None:
    try:
        world.write(path, data)
    except Unwritable as problem:
        raise NoFix(f"The file cannot be written: {problem}.", "FL-A162") from None


def _security(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    from fairlead.agents.builtin.security.scan import scan

    return scan(inputs, world)


def _review(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    from fairlead.agents.builtin.code_reviewer.scan import scan

    return scan(inputs, world)


def _dependencies(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    from fairlead.agents.builtin.dependency_auditor.audit import audit

    return audit(inputs, world)


_SCANNERS: Mapping[str, Callable[[Mapping[str, Json], ToolWorld], Outcome]] = {
    "security": _security,
    "review": _review,
    "dependencies": _dependencies,
}
