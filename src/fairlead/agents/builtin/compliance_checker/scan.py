"""The compliance-checker: reads each file once, lets every part look at it, and judges the controls of a profile."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from fairlead.agents.builtin.compliance_checker import controls, expressions, run_evidence
from fairlead.agents.builtin.compliance_checker.environment import Environment
from fairlead.agents.builtin.compliance_checker.headers import Headers
from fairlead.agents.builtin.compliance_checker.licences import Licences
from fairlead.agents.builtin.compliance_checker.pipelines import Containers, Pipelines
from fairlead.agents.builtin.compliance_checker.records import Check, Violation
from fairlead.agents.builtin.compliance_checker.report import markdown
from fairlead.agents.builtin.compliance_checker.required import Required
from fairlead.agents.builtin.compliance_checker.tree import TextFile, Tree
from fairlead.agents.rules import Rule, load_rules
from fairlead.core.findings import SEVERITIES, Finding, Fingerprints, path_text
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.tools import ToolWorld

_SCOPES: tuple[controls.Scope, ...] = ("licences", "files", "headers", "environment", "ci", "containers", "run")
EXCERPT_MAX = 200
_PROGRESS_EVERY = 500  # files
_SILENCED = re.compile(r"fairlead:\s*ignore(?:\[([^\]]*)\])?", re.IGNORECASE)


class _Part(Protocol):
    """One part of the checker: it wants some files, looks at them, and answers for some controls."""

    limit: int  # bytes; a larger file is told as not read

    def wants(self, path: str) -> bool: ...
    def look_at(self, file: TextFile, tree: Tree) -> None: ...
    def checks(self, tree: Tree) -> dict[str, Check]: ...


def scan(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Check the tree against the rules of `scope` and the controls of `profile`."""
    scope = inputs.get("scope", "all")
    if scope not in ("all", *_SCOPES):
        known = ", ".join(("all", *_SCOPES))
        return Failed("author", "FL-A142", f"there is no scope `{str(scope)[:60]}`", f"use one of: {known}")
    try:
        profile = controls.load_profile(str(inputs.get("profile", "baseline")))
    except controls.NoProfile as error:
        return Failed("author", "FL-A141", str(error), "`fairlead agents show compliance-checker` shows the profiles")
    judge = expressions.Judge(inputs.get("licences_allowed") or expressions.default_allowed())
    if inputs.get("licences_allowed"):
        try:
            judge.check_list()
        except expressions.Unknown as error:
            return Failed(
                "author",
                "FL-A140",
                f"`licences_allowed` holds `{str(error)[:60]}`, which is no licence that SPDX knows",
                "write the identifier as SPDX does, for example `BSD-3-Clause`",
            )
        except ImportError:
            pass  # what cannot be judged without the library is told below
    tree = Tree(world, is_whole=_is_whole(inputs.get("paths")))
    checks, violations, degraded = _gather(scope, tree, world, judge)
    if not tree.paths:
        violations = []  # where nothing is, nothing is missing yet
    if not tree.is_whole or not tree.paths:
        for check in checks.values():
            _excuse(check, "Only some paths were looked at." if tree.paths else "There is no file.")
    if inputs.get("evidence") and scope in ("all", "run"):
        checks.update(run_evidence.checks(inputs["evidence"]))
    return _outcome(inputs, profile, checks, violations, degraded, tree, world)


def _is_whole(paths: Sequence[str] | None) -> bool:
    return not paths or any(posixpath.normpath(path) == "." for path in paths)


def _excuse(check: Check, why: str) -> None:
    """What is missing from a part of the tree may stand in another."""
    if not check.evidence and not check.lacking:
        check.not_applicable = why


def _gather(
    scope: str, tree: Tree, world: ToolWorld, judge: expressions.Judge
) -> tuple[dict[str, Check], list[Violation], list[str]]:
    """Let every part look at the files that it wants, each file read once."""
    licences, headers, environment, required = Licences(judge), Headers(), Environment(), Required()
    parts: dict[_Part, tuple[str, ...]] = {
        licences: ("licences",),
        headers: ("headers",),
        environment: ("environment",),
        Pipelines(): ("ci",),
        Containers(): ("containers",),
    }
    chosen: list[_Part] = [part for part, scopes in parts.items() if scope == "all" or scope in scopes]
    for number, path in enumerate(tree.paths, 1):
        wanting = [part for part in chosen if part.wants(path)]
        if wanting:
            is_needed = any(not isinstance(part, Environment | Headers) for part in wanting)
            file = tree.read(path, max(part.limit for part in wanting), is_needed=is_needed)
            for part in wanting if file is not None else ():
                part.look_at(file, tree)  # type: ignore[arg-type]  # None gives no parts
        if number % _PROGRESS_EVERY == 0:
            world.progress(f"{number} files")
    checks: dict[str, Check] = {}
    for part in chosen:
        checks.update(part.checks(tree))
    if scope in ("all", "files", "ci"):
        checks.update(required.checks(tree))
    wanted = {name for name, (one, _) in controls.CHECKS.items() if scope in ("all", one)}
    rules = {rule for name in wanted for rule in controls.CHECKS[name][1]}
    found = [*licences.violations, *required.violations, *environment.violations, *headers.violations]
    degraded = [*tree.degraded(), *licences.degraded, *headers.degraded]
    return (
        {name: check for name, check in checks.items() if name in wanted},
        [violation for violation in found if violation.rule in rules],
        degraded,
    )


def _outcome(
    inputs: Mapping[str, Json],
    profile: controls.Profile,
    checks: Mapping[str, Check],
    violations: Sequence[Violation],
    degraded: list[str],
    tree: Tree,
    world: ToolWorld,
) -> Outcome:
    rules = load_rules("compliance")
    findings, suppressed = _findings(violations, rules, tree)
    world.found(len(findings))
    rows = controls.judged(profile, checks, [finding.rule for finding in findings])
    states = [row["state"] for row in rows]
    counts = {severity: sum(1 for one in findings if one.severity == severity) for severity in reversed(SEVERITIES)}
    is_passed = not findings if inputs.get("strict") else not counts["critical"]
    if world.files_left_out:
        degraded.append(
            f"{world.files_left_out} files of the tree were left out because there are too many;"
            " `fairlead review --all` looks at all."
        )
    if not tree.paths:
        degraded.append("There is no file to look at, so nothing here says that anything is well.")
    applied = sorted({rule for name in checks for rule in controls.CHECKS[name][1] if rule in rules})
    output: dict[str, Json] = {
        "findings": [{**msgspec.to_builtins(finding), "origin": list(finding.origin)} for finding in findings],
        "controls": rows,
        "summary": {"total": len(findings), "per_severity": counts, "passed": is_passed},
        "markdown": markdown(profile.title, rows, findings),
        "profile": profile.name,
        "scope": inputs.get("scope", "all"),
        "checked_files": len(tree.read_paths),
        "rules_applied": applied,
        "suppressed": suppressed,
        "left_out": world.files_left_out,
    }
    met, applicable = states.count("met"), len(states) - states.count("not applicable")
    summary = f"{met} of {applicable} {profile.name} controls have evidence"
    return Succeeded(output, summary, tuple(degraded))


def _findings(violations: Sequence[Violation], rules: Mapping[str, Rule], tree: Tree) -> tuple[list[Finding], int]:
    """The findings in the order of path and line, each once, and how many a comment silences."""
    fingerprints = Fingerprints()
    found: list[Finding] = []
    suppressed = 0
    files: dict[str, TextFile | None] = {}
    for violation in sorted(set(violations), key=lambda one: (one.path, one.line, one.rule, one.key, one.message)):
        rule = rules[violation.rule]
        line = ""
        if violation.line:
            if violation.path not in files:
                files[violation.path] = tree.read(violation.path, Licences.limit)
            file = files[violation.path]
            line = file.line(violation.line) if file is not None else ""
        fingerprint = fingerprints.of(violation.rule, path_text(violation.path), violation.key)
        if (silenced := _SILENCED.search(line)) and _names(silenced[1], violation.rule):
            suppressed += 1
            continue
        shown = line if violation.excerpt is None else violation.excerpt
        found.append(
            Finding(
                rule=violation.rule,
                severity=violation.severity or rule.severity,
                path=path_text(violation.path),
                line=violation.line,
                column=1 + len(line) - len(line.lstrip()) if violation.line else 0,
                message=_clean(violation.message),
                fingerprint=fingerprint,
                remedy=rule.remedy,
                reason=violation.reason or rule.reason,
                excerpt=_clean(shown.rstrip()[:EXCERPT_MAX]),
                origin=("own",),
            )
        )
    return found, suppressed


def _names(listed: str | None, rule: str) -> bool:
    names = {name.strip() for name in (listed or "").split(",")} - {""}
    return not names or rule in names or rule.partition("/")[2] in names


def _clean(text: str) -> str:
    """Text that strict JSON can carry."""
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode("utf-8")
