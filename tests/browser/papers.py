"""Reports on paper: small ones with one of everything, and large ones."""

import random

from fairlead.core.json import Json
from fairlead.views.findings import Acceptance, FindingView
from fairlead.views.runs import RunView
from tests.views.paper import finding, run, step

RULES = ("security/sql-injection", "security/weak-hash", "secrets/private-key", "own/rule-of-a-stranger", "alone")
FOLDERS = ("app", "app/core", "app/core/deep", "tests", "")
WORDS = ("select", "Token", "größe", "request", "f-0000", "app/core", "ADA", "x" * 40)
SEVERITIES = ("critical", "high", "medium", "low", "info")

OUTPUTS: dict[str, Json] = {
    "inventory": {"languages": [{"name": "Python", "files": 3}], "licence": "Apache-2.0"},
    "controls": {
        "score": 92.5,
        "metrics": {"controls": 2, "met": 1},
        "controls": [
            {
                "id": "C-1",
                "title": "A licence stands at the top",
                "status": "pass",
                "evidence": ["LICENSE", "README.md"],
            },
            {"id": "C-2", "title": "Actions are pinned", "status": "fail", "evidence": [{"path": "ci.yml", "line": 3}]},
        ],
    },
}


def small() -> RunView:
    """One of everything, and of some things one that is too long."""
    return run(
        finding(1, "critical", path="app/" + "very_long_" * 40 + ".py", message="one"),
        finding(2, "high", is_new=True, excerpt="y" * 200, message="m" * 300, origin=("bandit", "own")),
        finding(3, "medium", is_new=False, rule="own/rule-of-a-stranger", remedy=""),
        finding(4, "low", accepted=Acceptance("A fixture of the tests.", "ada", until="2027-01-31")),
        finding(5, "info", line=0, column=0, excerpt="", commit="4f2c1e9"),
        steps=(
            step("inventory", summary="3 files"),
            step("security", "degraded", degraded=("ruff is missing: its rules were not checked.",)),
            step("controls", summary="1 of 2 met"),
            step("tests", "failed", message="2 of 9 failed", code="FL-R210", hint="look at the tests"),
        ),
        status="degraded",
        reasons=("security: ruff is missing: its rules were not checked.",),
        branch="main",
        commit="4f2c1e9",
        changed=2,
        baseline="origin/main @ 4f2c1e9",
        labels={"ticket": "SHOP-1"},
    )


def many(count: int, seed: int) -> RunView:
    """Findings of all kinds; print the seed to see them again."""
    rng = random.Random(seed)

    def one(number: int) -> FindingView:
        folder = rng.choice(FOLDERS)
        return finding(
            number,
            rng.choice(SEVERITIES),  # type: ignore[arg-type]  # five of five
            rule=rng.choice(RULES),
            path=f"{folder}/f{number % 37}.py".lstrip("/"),
            message=" ".join(rng.sample(WORDS, 3)),
            excerpt=f"    {rng.choice(WORDS)} = 1",
            is_new=rng.choice((True, False)),
            accepted=Acceptance("because", rng.choice(("ada", "ben"))) if rng.random() < 0.2 else None,
        )

    return run(*(one(number) for number in range(1, count + 1)))
