"""How long expressions take: those of the four example workflows; writes results/expressions.json and .md.

Each is evaluated many times over a scope of realistic size; parsing and compiling happen once for an expression and are
measured apart.
"""

import json
import statistics
import time
from pathlib import Path

from benchmarks.machine import described
from fairlead.core.expressions import evaluate, parse
from fairlead.core.expressions.parser import Expression
from fairlead.core.json import Json

RESULTS = Path(__file__).parent / "results"
GOAL_MICROSECONDS = 50.0
ROUNDS = 2_000


def _findings(step: str) -> Json:
    return [
        {
            "rule": f"FS-{number}",
            "severity": ("info", "low", "medium", "high", "critical")[number % 5],
            "path": f"src/{step}/{number}.py",
            "line": number,
            "fingerprint": f"{number:016x}",
            "is_new": number % 3 == 0,
        }
        for number in range(25)
    ]


def _step(**output: Json) -> Json:
    return {"output": output, "outputs": [], "status": "succeeded", "ran": True, "degraded": [], "previous": None}


SCOPE: dict[str, Json] = {
    "inputs": {
        "ticket": "docs/feature.md",
        "min_coverage": 0.8,
        "target_p95_ms": 120,
        "rounds": 6,
        "min_severity": "medium",
        "profile": "soc2-baseline",
    },
    "output": {
        "exit_code": 0,
        "junit": {"failed": 2, "total": 412, "names": [f"test_{number}" for number in range(412)]},
        "coverage": {"line": 0.87},
        "findings": _findings("any"),
        "criteria": [{"text": "works", "met": True}, {"text": "is fast", "met": False}],
        "variation": 0.03,
        "p95_ms": 118.0,
        "rescan": {"findings": _findings("any")},
    },
    "steps": {
        "scope": _step(files=["a.py", "b.py"], diff="…"),
        "tests": _step(junit={"failed": 0, "total": 412, "names": ["a"]}),
        "verdict": _step(verdict="yes", markdown="# yes"),
        "baseline": _step(p95_ms=140.5),
        "bench": _step(p95_ms=121.5),
        "profile": _step(hot_spots=[]),
        "tune": _step(best_commit="0" * 40, summary="faster", stopped_because="until"),
        "verify": _step(p95_ms=119.0),
        **{name: _step(findings=_findings(name)) for name in ("security", "secrets", "review", "dependencies", "scan")},
        "compliance": _step(findings=_findings("any"), markdown="# fine"),
        "checks": _step(),
        "score": {**_step(score=71, markdown="# 71"), "previous": {"score": 80}},
        "triage": _step(fixable=_findings("triage")[:5], advice={"0" * 16: "update"}, summary="5 of 25"),
        "patch": {**_step(), "outputs": [{"patch": "…"}] * 5},
        "combine": _step(patches=["…"] * 5, worktree="sha256:0", diff="…"),
        "sign_off": _step(selected=["…"] * 4),
        "apply": _step(commit="0" * 40, branch="fix"),
        "pull_request": _step(url="https://example.com/1"),
    },
    "round": {"number": 3, "best": 121.5, "history": [{"summary": "one"}, {"summary": "two"}]},
    "finding": _findings("one")[0],
    "git": {"base": "0" * 40, "branch": "main", "repo": "shop", "remote": {"kind": "github"}},
    "run": {"id": "r-7q2k0000", "short_id": "7q2k", "status": "succeeded", "evidence": []},
    "host": {"cpu_model": "any"},
    "data": {"advisories": {"revision": "2026-11-01"}},
}

EXPRESSIONS = (
    "git.base",
    "output.exit_code == 0",
    "output.junit.failed",
    "output.coverage.line >= inputs.min_coverage",
    "output.coverage.line",
    "steps.scope.output.files",
    "output.findings.filter(f, f.is_new && f.severity in ['high', 'critical']).size() == 0",
    "steps.tests.output.junit.names",
    "output.criteria.all(c, c.met)",
    "output.criteria.filter(c, !c.met).size()",
    "run.evidence",
    "host.cpu_model",
    "output.variation <= 0.05",
    "steps.baseline.output.p95_ms > inputs.target_p95_ms",
    "inputs.rounds",
    "steps.bench.output.p95_ms",
    "round.best <= inputs.target_p95_ms",
    "round.history.map(h, h.summary)",
    "steps.tune.ran",
    "output.p95_ms < steps.baseline.output.p95_ms * 0.98",
    "steps.tune.output.stopped_because == 'until'",
    "steps.security.output.findings + steps.secrets.output.findings + steps.review.output.findings"
    " + steps.dependencies.output.findings + steps.compliance.output.findings",
    "steps.checks.degraded",
    "steps.score.output.score < steps.score.previous.score - 5 || steps.checks.degraded.size() > 2",
    "data.advisories.revision",
    "steps.scan.output.findings + steps.dependencies.output.findings",
    "steps.triage.output.fixable.size() > 0",
    "steps.triage.output.fixable",
    "finding.fingerprint",
    "steps.triage.output.advice[finding.fingerprint]",
    "output.rescan.findings.all(f, f.fingerprint != finding.fingerprint)",
    "steps.patch.outputs",
    "steps.combine.output.patches.size()",
    "steps.sign_off.output.selected",
    "output.findings.filter(f, f.severity == 'critical').size() == 0",
    "git.remote.kind == 'github'",
    "steps.pull_request.output.url",
)


def microseconds(expression: Expression) -> list[float]:
    """The time of each of many evaluations."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter_ns()
        evaluate(expression, SCOPE)
        times.append((time.perf_counter_ns() - began) / 1e3)
    return sorted(times)


def parsing_microseconds(text: str) -> float:
    """The median time to parse *text* and to evaluate it for the first time."""
    times = []
    for _ in range(50):
        parse.cache_clear()
        began = time.perf_counter_ns()
        evaluate(parse(text), SCOPE)
        times.append((time.perf_counter_ns() - began) / 1e3)
    return statistics.median(times)


def main() -> None:
    """Measure, print and write the results."""
    rows = []
    for text in EXPRESSIONS:
        first = parsing_microseconds(text)
        times = microseconds(parse(text))
        p50, p95 = times[len(times) // 2], times[len(times) * 95 // 100]
        rows.append({"expression": text, "p50_us": round(p50, 2), "p95_us": round(p95, 2), "first_us": round(first, 1)})
    slowest = max(float(str(row["p50_us"])) for row in rows)
    header = (
        f"Measured on {described()}. Goal: at most {GOAL_MICROSECONDS:.0f} µs each; the slowest median: {slowest} µs."
    )
    lines = ["# Expressions", "", header, "", "| Expression | p50 µs | p95 µs | parsed and evaluated once µs |"]
    lines += ["|---|---|---|---|"]
    for row in rows:
        shown = str(row["expression"]).replace("|", "\\|")
        lines.append(f"| `{shown}` | {row['p50_us']} | {row['p95_us']} | {row['first_us']} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "expressions.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (RESULTS / "expressions.json").write_text(
        json.dumps({"machine": described(), "rows": rows}, indent=1) + "\n", "utf-8"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
