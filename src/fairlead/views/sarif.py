"""Findings as SARIF 2.1.0 (OASIS): one run per agent, so that each tool's rules and failures stand by themselves.

GitHub refuses a file with more than 20 runs or a run with more than 25,000 results, and shows the 5,000 worst of them
("SARIF results exceed limits" in its documentation of code scanning). So agents beyond the nineteenth share a run, and
results are sorted and cut; how many were left out is said in the run's notifications. What somebody accepted is a
suppressed result, and a comparison with a baseline is the result's `baselineState`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from fairlead.core.json import Json
from fairlead.views.findings import FindingView
from fairlead.views.gaps import gaps_of
from fairlead.views.paths import uri_of
from fairlead.views.rules import RuleText
from fairlead.views.runs import RunView, StepView

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_FINGERPRINT = "fairlead/v1"
_HOME = "https://fairlead.example"

RUNS_MAX = 20
RESULTS_MAX = 25_000  # of a run
_OTHERS = "other-agents"  # the run that holds the agents for which there is none left

_LEVELS = {"info": "note", "low": "note", "medium": "warning", "high": "error", "critical": "error"}
# Code hosts read the number, not the word: above 9.0 critical, 7.0 to 8.9 high, 4.0 to 6.9 medium, below that low.
_SECURITY_FAMILIES = frozenset({"security", "secrets", "dependencies"})
_SECURITY = {"info": "0.0", "low": "2.0", "medium": "5.0", "high": "8.0", "critical": "9.5"}


def sarif_text(view: RunView, version: str, rules: Mapping[str, RuleText], versions: Mapping[str, str]) -> str:
    """The document, sorted so that a reader who cuts it keeps the worst."""
    return msgspec.json.format(msgspec.json.encode(_tree(view, version, rules, versions)), indent=2).decode() + "\n"


def _tree(view: RunView, version: str, rules: Mapping[str, RuleText], versions: Mapping[str, str]) -> dict[str, Json]:
    """The document as a tree. *version* is Fairlead's, *versions* those of the agents."""
    agents: dict[str, list[StepView]] = {}
    for step in view.steps:
        if step.agent and (step.agent != "run" or step.status != "succeeded"):
            agents.setdefault(step.agent, []).append(step)
    for finding in view.findings:
        agents.setdefault(finding.agent, [])
    own = list(agents) if len(agents) <= RUNS_MAX else list(agents)[: RUNS_MAX - 1]
    findings: dict[str, list[FindingView]] = {
        agent: [] for agent in (*own, *([_OTHERS] if len(own) < len(agents) else []))
    }
    for finding in view.findings:
        findings[finding.agent if finding.agent in findings else _OTHERS].append(finding)
    rest = [step for agent, steps in agents.items() if agent not in own for step in steps]
    runs = [
        _run(view, agent, rest if agent == _OTHERS else agents[agent], found, version, rules, versions)
        for agent, found in findings.items()
    ]
    whole = [gap for gap in gaps_of(view) if not gap.step]
    if whole and not runs:
        runs = [_run(view, "run", (), (), version, rules, versions)]
    for gap in whole:  # of the run and of no step: every reader of one agent's run must see it
        for one in runs:
            invocation = one["invocations"][0]
            invocation["executionSuccessful"] = False
            level = "warning" if gap.is_partial else "error"
            invocation["toolExecutionNotifications"].append(_notice(level, gap.text, gap.code))
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": runs}


def _run(
    view: RunView,
    agent: str,
    steps: Sequence[StepView],
    findings: Sequence[FindingView],
    version: str,
    rules: Mapping[str, RuleText],
    versions: Mapping[str, str],
) -> dict[str, Json]:
    left_out = len(findings) - RESULTS_MAX
    findings = findings[:RESULTS_MAX]  # worst first
    invocation = _invocation(view, steps)
    if left_out > 0:
        text = (
            f"{left_out} findings are left out: code hosts take {RESULTS_MAX} of a run. Export by --severity or --path."
        )
        invocation["toolExecutionNotifications"].append(_notice("warning", text))
    names = list(dict.fromkeys(finding.rule for finding in findings))
    indexes = {name: index for index, name in enumerate(names)}
    first = {finding.rule: finding for finding in reversed(findings)}
    return {
        "tool": {
            "driver": {
                "name": f"fairlead/{agent}",
                "fullName": f"Fairlead {version}, agent {agent}",
                "version": versions.get(agent, version),
                "semanticVersion": version,
                "informationUri": _HOME,
                "rules": [_rule(name, rules.get(name), first[name]) for name in names],
            }
        },
        "automationDetails": {"id": f"fairlead/{view.workflow}/{agent}/{view.run}"},
        "invocations": [invocation],
        "originalUriBaseIds": {"ROOT": {"description": {"text": "The root of the checkout that was looked at."}}},
        "columnKind": "unicodeCodePoints",
        "results": [_finding(finding, rules.get(finding.rule), indexes[finding.rule]) for finding in findings],
        "properties": {"run": view.run, "status": view.status},
    }


def _rule(name: str, rule: RuleText | None, first: FindingView) -> dict[str, Json]:
    severity = rule.severity if rule is not None else first.severity
    entry: dict[str, Json] = {
        "id": name,
        "defaultConfiguration": {"level": _LEVELS[severity]},
        "properties": {"tags": ["quality"]},
    }
    if _is_security(name, rule):
        tags = ["security"] + ([f"external/cwe/{rule.cwe.lower()}"] if rule is not None and rule.cwe else [])
        entry["properties"] = {"security-severity": _SECURITY[severity], "tags": tags}
    if rule is None:
        return entry
    entry["name"] = "".join(word.capitalize() for word in name.replace("/", "-").split("-"))
    entry["shortDescription"] = {"text": rule.title}
    entry["fullDescription"] = {"text": rule.what}
    text = f"{rule.what}\n\n{rule.why}\n\n{rule.remedy}\n\nBad:\n{rule.bad}\n\nGood:\n{rule.good}"
    shown = f"{rule.what}\n\n{rule.why}\n\n{rule.remedy}\n\n{_fenced(rule.bad, 'Bad')}\n\n{_fenced(rule.good, 'Good')}"
    entry["help"] = {"text": text, "markdown": shown}
    return entry


def _is_security(name: str, rule: RuleText | None) -> bool:
    """A code host calls everything with a `security-severity` a vulnerability; a long function is none."""
    return name.partition("/")[0] in _SECURITY_FAMILIES or (rule is not None and bool(rule.cwe))


def _fenced(code: str, name: str) -> str:
    fence = "```"
    while fence in code:
        fence += "`"
    return f"{name}:\n\n{fence}\n{code.rstrip()}\n{fence}"


def _invocation(view: RunView, steps: Sequence[StepView]) -> dict[str, Json]:
    """What of this agent's work did not succeed. A reader must not take silence for a clean tree."""
    notices: list[dict[str, Json]] = []
    for step in steps:
        for reason in step.degraded:
            notices.append(_notice("warning", f"{step.step}: {reason}"))
        if step.status in ("failed", "cancelled", "skipped", "pending", "ready", "running"):
            why = step.message or step.reason or f"the step is {step.status}"
            notices.append(_notice("error", f"{step.step} {step.status}: {why}", step.code))
    is_whole = all(step.status == "succeeded" for step in steps)
    invocation: dict[str, Json] = {
        "executionSuccessful": is_whole,
        "startTimeUtc": _time(view.queued_at),
        "toolExecutionNotifications": notices,
    }
    if view.ended_at:
        invocation["endTimeUtc"] = _time(view.ended_at)
    return invocation


def _notice(level: str, text: str, code: str = "") -> dict[str, Json]:
    notice: dict[str, Json] = {"level": level, "message": {"text": text}}
    if code:
        notice["descriptor"] = {"id": code}
    return notice


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _finding(finding: FindingView, rule: RuleText | None, index: int) -> dict[str, Json]:
    physical: dict[str, Json] = {
        "artifactLocation": {"uri": uri_of(finding.path), "uriBaseId": "ROOT"},
    }
    if finding.line:
        physical["region"] = _region(finding)
    text = finding.message + (f" {finding.remedy}" if finding.remedy else "")
    properties: dict[str, Json] = {"id": finding.id, "severity": finding.severity}
    for name in ("reason", "commit"):
        if getattr(finding, name):
            properties[name] = getattr(finding, name)
    if _is_security(finding.rule, rule):
        properties["security-severity"] = _SECURITY[finding.severity]
    if finding.origin:
        properties["origin"] = list(finding.origin)
    entry: dict[str, Json] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {_FINGERPRINT: finding.fingerprint},
        "properties": properties,
    }
    is_new = finding.is_new if finding.is_new is not None else finding.is_since_previous
    if is_new is not None:
        entry["baselineState"] = "new" if is_new else "unchanged"
    if finding.accepted is not None:
        kept = {"by": finding.accepted.by, "until": finding.accepted.until, "source": finding.accepted.source}
        entry["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": finding.accepted.reason,
                "properties": {name: value for name, value in kept.items() if value},
            }
        ]
    return entry


def _region(finding: FindingView) -> dict[str, Json]:
    region: dict[str, Json] = {"startLine": finding.line}
    if finding.column:
        region["startColumn"] = finding.column
    if finding.end_line >= finding.line:
        region["endLine"] = finding.end_line
    # Without a begin on the same line an end column says nothing.
    if (
        finding.column
        and finding.end_column
        and (finding.end_line > finding.line or finding.end_column >= finding.column)
    ):
        region["endColumn"] = finding.end_column
    if finding.excerpt:
        region["snippet"] = {"text": finding.excerpt}
    return region
