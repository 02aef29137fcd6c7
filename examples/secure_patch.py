"""The workflow of `secure-patch.yaml`, written in Python: `fairlead run examples/secure_patch.py`."""

from fairlead import Workflow, data, expect, git, item, output, run

wf = Workflow(
    "secure-patch",
    description="Scan, triage, patch each fixable finding, approve, apply, review, prove compliance, "
    "open a pull request.",
    flow="graph",
    requirements="docs/requirements.yaml",
    policies=["default", "two-person-write"],
    budget={"usd": 15.00, "wall": "90m", "on_exceeded": "ask"},
    defaults={
        "retry": {
            "max": 3,
            "on": ["transient", "rate_limit", "timeout"],
            "backoff": "exponential",
            "initial": "2s",
            "max_delay": "30s",
        }
    },
)
min_severity = wf.input("min_severity", enum=["low", "medium", "high", "critical"], default="medium")
profile = wf.input("profile", default="soc2-baseline")

scan = wf.agent(
    "scan",
    "security-scanner",
    with_={"min_severity": min_severity},
    cache={"ttl": "24h", "also_key": [data.advisories.revision]},
    satisfies=["REQ-SEC-1"],
)

dependencies = wf.agent(
    "dependencies",
    "dependency-auditor",
    fallback=["dependency-auditor-offline"],
    optional=True,
    default={"findings": []},
    cache="6h",
)

triage = wf.agent(
    "triage",
    "finding-triage",
    needs=[scan],
    after=[dependencies],
    fallback=["triage-rules"],
    with_={"findings": scan.output.findings + dependencies.output.findings},
    budget={"usd": 1.00},
)

finding = item("finding")  # a symbol: records what you do with it, holds no value
patch = wf.agent(
    "patch",
    "patcher",
    needs=[triage],
    if_=triage.output.fixable.size() > 0,
    each={
        "over": triage.output.fixable,
        "as_": "finding",
        "key": lambda f: f.fingerprint,
        "max_parallel": 4,
        "tolerate": "25%",
    },
    fallback=["patcher-rules"],
    isolate="worktree",
    writes=[finding.path, "tests/**"],
    with_={"finding": finding, "advice": triage.output.advice[finding.fingerprint]},
    budget={"usd": 0.80, "turns": 25},
    timeout="15m",
    expect=[
        expect(
            output.rescan.findings.all(lambda f: f.fingerprint != finding.fingerprint),
            f"The patch does not remove {finding.rule} in {finding.path}",
            ["REQ-SEC-2"],
        )
    ],
)

combine = wf.agent("combine", "patch-combiner", needs=[patch], with_={"patches": patch.outputs})
tests = wf.run(
    "tests",
    "uv run pytest -q --junitxml=junit.xml",
    needs=[combine],
    parse={"junit": "junit.xml"},
    in_=combine.output.worktree,
    timeout="15m",
)

sign_off = wf.approve(
    "sign_off",
    f"Apply {combine.output.patches.size()} patches to {git.branch}?",
    needs=[combine, tests],
    show=[combine.output.diff, tests.output.junit, triage.output.summary],
    from_=[{"team": "security", "min": 1}, {"role": "maintainer", "min": 1}],
    not_by=["requester"],
    choices=["approve", "approve_subset", "request_changes", "reject"],
    select=combine.output.patches,
    timeout="24h",
    on_timeout="hold",
    remind=["2h", "8h"],
    notify=["slack:#sec-approvals"],
    satisfies=["REQ-GOV-3"],
)

apply = wf.effect(
    "apply",
    "git.commit",
    needs=[sign_off],
    with_={"patches": sign_off.output.selected, "branch": f"fairlead/secure-patch-{run.short_id}"},
)
review = wf.agent(
    "review",
    "code-reviewer",
    needs=[apply],
    with_={"ref": apply.output.commit},
    expect=[
        expect(
            output.findings.filter(lambda f: f.severity == "critical").size() == 0,
            "The reviewer found a critical problem in the patched code",
        )
    ],
)
compliance = wf.agent(
    "compliance",
    "compliance-checker",
    needs=[review],
    with_={"ref": apply.output.commit, "profile": profile, "evidence": run.evidence},
    satisfies=["REQ-CMP-1", "REQ-CMP-4"],
)
pull_request = wf.effect(
    "pull_request",
    "github.pull_request",
    needs=[compliance],
    if_=git.remote.kind == "github",
    with_={
        "branch": apply.output.branch,
        "title": f"Fix {sign_off.output.selected.size()} findings ({run.short_id})",
        "body": compliance.output.markdown,
    },
)
wf.finally_("evidence", "evidence-bundle", with_={"formats": ["sarif", "in-toto", "html"], "evidence": run.evidence})
wf.outputs(status=run.status, pull_request=pull_request.output.url)
