from fairlead import Workflow, expect, git, is_in, output, run

wf = Workflow(
    "feature-validation",
    description="Does this branch do what its ticket asked for, and is it safe to review?",
    requirements="docs/requirements.yaml",
    budget={"usd": 2.00, "wall": "20m"},
)
ticket = wf.input("ticket", default="docs/feature.md", description="File or URL with the acceptance criteria")
min_coverage = wf.input("min_coverage", default=0.8, minimum=0, maximum=1)

scope = wf.agent("scope", "change-scope", with_={"base": git.base})
tests = wf.run(
    "tests",
    "uv run pytest -q --cov --cov-report=json --junitxml=junit.xml",
    parse={"coverage": "coverage.json", "junit": "junit.xml"},
    reads=["src/**", "tests/**", "pyproject.toml"],
    cache="7d",
    timeout="10m",
    expect=[
        expect(
            output.exit_code == 0,
            f"{output.junit.failed} of {output.junit.total} tests failed",
            ["REQ-CORE-1"],
        ),
        expect(
            output.coverage.line >= min_coverage,
            f"Line coverage {output.coverage.line} is below {min_coverage}",
            ["REQ-QA-2"],
        ),
    ],
)
new_and_bad = output.findings.filter(lambda f: f.is_new & is_in(f.severity, ["high", "critical"]))
security = wf.agent(
    "security",
    "security-scanner",
    with_={"paths": scope.output.files, "base": scope.output.base},
    expect=[expect(new_and_bad.size() == 0, "This branch introduces high or critical findings", ["REQ-SEC-1"])],
)
intent = wf.agent(
    "intent",
    "feature-validator",
    optional=True,
    with_={"ticket": ticket, "diff": scope.output.diff, "test_names": tests.output.junit.names},
    budget={"usd": 0.60, "turns": 20},
    expect=[
        expect(
            output.criteria.all(lambda c: c.met),
            f"{output.criteria.filter(lambda c: ~c.met).size()} acceptance criteria are not met",
            ["REQ-CORE-2"],
        )
    ],
)
verdict = wf.agent("verdict", "verdict-writer", with_={"evidence": run.evidence})
wf.outputs(verdict=verdict.output.verdict, summary=verdict.output.markdown)
