"""Runs on paper for the renderers: with everything in them that a repository of strangers could hold."""

import random

from fairlead.core.findings import SEVERITIES, Severity, path_text
from fairlead.core.ids import Micros, RunId, Seq
from fairlead.views.findings import Acceptance, FindingView, totals
from fairlead.views.runs import RunView, StepView

ALL_STATUSES = ("succeeded", "degraded", "failed", "skipped", "cancelled", "running", "pending")
# What some reader would obey, hide or refuse: commands of logs, markup, formulas, control characters, no characters.
HOSTILE = (
    "::set-output name=x::y",
    "  ::add-mask::a",
    "\u00a0::stop-commands::token",
    "before ##[add-mask]secret",
    "##vso[task.setvariable variable=x]y",
    "line\n::error::forged\r::warning::too",
    "\x1b[0Ksection_start:1:x\r\x1b[0Kforged",
    "--- forged group",
    "+++ forged",
    "]]></failure><system-out>&amp;",
    "<script>alert(1)</script> [a](javascript:x) | `b`",
    '=HYPERLINK("x")',
    "+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "＝1",
    "a,b:c%0Ad%25e",
    "\x00\x01\x08\x0b\x7f\x85\u2028\u202e\ufeff\ufffe\U0010ffff",
    "größe 漢字 😀",
    '"quoted", and;semicolon',
    "",
)
HOSTILE_PATHS = (
    "::add-mask::x.py",
    "a ##[add-mask]b.py",
    "new\nline.py",
    "cr\rline.py",
    "co:lon,com=ma%.py",
    "-dash.py",
    "=1+1.csv",
    "esc\x1b[2J.py",
    "byte\udcff.py",
    "back\\slash.py",
    "a b/(c)[d].py",
)


def finding(number: int, severity: Severity = "high", **more: object) -> FindingView:
    made: dict[str, object] = {
        "rule": "security/sql-injection",
        "path": f"app/f{number}.py",
        "line": number,
        "column": 5,
        "end_column": 9,
        "message": f"finding {number}",
        "remedy": "mend it",
        "excerpt": "    name = 1",
        "step": "security",
        "agent": "security-scanner",
        **more,
    }
    fingerprint = f"{number:024x}"
    return FindingView(severity=severity, fingerprint=fingerprint, id=f"f-{fingerprint}", **made)  # type: ignore[arg-type]  # keywords of a test


def step(name: str, status: str = "succeeded", **more: object) -> StepView:
    return StepView(name, status, agent="security-scanner", attempts=1, seconds=1.5, **more)  # type: ignore[arg-type]  # as above


def run(*findings: FindingView, steps: tuple[StepView, ...] = (), status: str = "succeeded", **more: object) -> RunView:
    ordered = tuple(sorted(findings, key=lambda one: -SEVERITIES.index(one.severity)))
    made: dict[str, object] = {"title": "Review", "ended_at": Micros(9_000_000), "seconds": 4.0, **more}
    return RunView(
        RunId("r-paper"),
        "review",
        status,
        "/repo",
        Micros(1_000_000),
        Seq(9),
        steps or (step("security", summary=f"{len(findings)} findings"),),
        totals(ordered),
        ordered,
        **made,  # type: ignore[arg-type]  # as above
    )


def hostile_run(seed: int) -> RunView:
    """A run whose every text is foreign; print the seed to see it again."""
    rng = random.Random(seed)

    def text() -> str:
        return rng.choice(HOSTILE) + rng.choice(("", " ", "x")) + rng.choice(HOSTILE)

    def accepted() -> Acceptance | None:
        return Acceptance(text(), text()) if rng.random() < 0.2 else None

    findings = [
        finding(
            number,
            rng.choice(SEVERITIES),
            path=path_text(rng.choice(HOSTILE_PATHS)),
            rule=rng.choice(("security/sql-injection", f"{text()}x")),
            message=text(),
            remedy=text(),
            excerpt=text(),
            line=rng.choice((0, 1, 7)),
            column=rng.choice((0, 1, 3, 40)),
            end_line=rng.choice((0, 7, 9)),
            end_column=rng.choice((0, 2, 5, 60)),
            commit=rng.choice(("", "", "0123456789abcdef")),
            is_new=rng.choice((None, True, False)),
            accepted=accepted(),
        )
        for number in range(1, 30)
    ]
    steps = tuple(
        step(
            "security" if number == 0 else text() + str(number),
            status,
            summary=text(),
            degraded=(text(),) if status == "degraded" else (),
            reason=text(),
            message=text(),
            hint=text(),
            code="FL-R210" if status == "failed" else "",
            fault=rng.choice(("result", "agent")) if status == "failed" else "",
        )
        for number, status in enumerate((rng.choice(("succeeded", "degraded")), *ALL_STATUSES))
    )
    return run(*findings, steps=steps, status="degraded", reasons=(text(), text()), title=text(), baseline=text())
