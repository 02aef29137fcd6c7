from fairlead import Workflow, git

wf = Workflow(
    "repo-health",
    description="Independent checks side by side, one score, one message if it drops.",
    triggers=[{"schedule": "0 6 * * 1-5", "timezone": "Europe/Vienna"}, "manual"],
    concurrency={"group": f"health-{git.repo}", "on_conflict": "cancel_older"},
    defaults={"timeout": "5m", "cache": "24h", "retry": 1},
)
with wf.parallel("checks", max=4, fail_fast=False) as checks:
    security = wf.agent("security", "security-scanner")
    secrets = wf.agent("secrets", "secret-scanner", cache="off")
    review = wf.agent("review", "code-reviewer", with_={"scope": "repository"})
    dependencies = wf.agent(
        "dependencies", "dependency-auditor", optional=True, default={"findings": [], "stale": True}
    )
    compliance = wf.agent("compliance", "compliance-checker", with_={"profile": "baseline"})
    tests = wf.run("tests", "uv run pytest -q -x", timeout="15m", optional=True)

findings = security.output.findings
for check in (secrets, review, dependencies, compliance):
    findings += check.output.findings
score = wf.agent("score", "health-score", with_={"findings": findings, "degraded": checks.degraded})
wf.notify(
    "tell",
    ["console", "slack:#repo-health", "mailto:platform@example.com"],
    f"{git.repo} health fell to {score.output.score}",
    if_=(score.output.score < score.previous.score - 5) | (checks.degraded.size() > 2),
    body=score.output.markdown,
)
wf.outputs(score=score.output.score)
