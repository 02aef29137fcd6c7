"""The triage sorts findings by what can be mended: worst first, each once, and every other one with a reason."""

import random
from pathlib import Path
from typing import Any

import pytest

from fairlead.agents.builtin.triage_rules.triage import triage
from fairlead.agents.catalog import FileCatalog
from fairlead.agents.rules import all_rules
from fairlead.core.ids import Place, RunId
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.ports import Call
from fairlead.env.tool_world import LocalToolWorld
from fairlead.gate.contracts import Contracts
from fairlead.workflow import read_values

SEED = 20261121
Found = dict[str, Any]  # a finding as an output has it: fields of several kinds


def finding(
    rule: str = "security/weak-hash", severity: str = "low", path: str = "a.py", line: int = 1, **more: Any
) -> Found:
    found: Found = {"rule": rule, "severity": severity, "path": path, "line": line, "column": 1, "message": "It is so."}
    return {**found, "fingerprint": f"{rule} {path} {line}", **more}


def sorted_out(findings: list[Found]) -> Found:
    outcome = triage({"findings": findings}, LocalToolWorld(str(Path("/"))))
    assert isinstance(outcome, Succeeded)
    card = FileCatalog(read_values).find("triage-rules")
    assert card is not None
    assert Contracts().judge(card, outcome) == outcome
    return outcome.output


def test_the_worst_comes_first_and_then_what_stands_first() -> None:
    given = [
        finding(severity="low"),
        finding("security/command-injection", "critical", "z.py"),
        finding(severity="high", line=9),
        finding(severity="high", line=2),
        finding("security/xxe", severity="high", path="a.py", line=2),
    ]
    output = sorted_out(given)
    assert output["fixable"] == [given[1], given[3], given[4], given[2], given[0]]
    for _ in range(20):
        mixed = random.Random(SEED).sample(given, len(given))
        assert sorted_out(mixed) == output, SEED


def test_everything_is_in_exactly_one_list_with_an_advice_or_a_reason() -> None:
    given = [
        finding(rule, path=path) for rule in all_rules() for path in ("a.py", "b.js", "requirements.txt", "Dockerfile")
    ]
    output = sorted_out(given)
    fixable = [one["fingerprint"] for one in output["fixable"]]
    others = [one["fingerprint"] for one in output["not_fixable"]]
    assert sorted(fixable + others) == sorted(one["fingerprint"] for one in given)
    assert set(output["advice"]) == set(fixable)
    assert all(text.endswith((".", "`")) for text in output["advice"].values())
    assert all(one["why"].endswith(".") for one in output["not_fixable"])
    assert output["summary"] == f"{len(fixable)} of {len(given)} findings can be mended by a rule"


def test_a_finding_that_two_scanners_gave_counts_once() -> None:
    """A workflow makes one patch for each fingerprint."""
    first = finding(message="By the first.")
    output = sorted_out([first, finding(message="By the second.")])
    assert output["fixable"] == [first]
    assert output["summary"] == "1 of 1 finding can be mended by a rule"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (finding("secrets/aws-access-key"), "must be changed where it is valid"),
        (finding(commit="0" * 40), "only in history"),
        (
            finding("dependencies/known-vulnerability", path="uv.lock", message="x 1 is affected. Fixed in 2."),
            "its own program",
        ),
        (finding("dependencies/known-vulnerability", path="requirements.txt"), "No version is known"),
        (finding("security/js-tls-verification-off", path="a.py"), "decision of whoever wrote it"),
        (finding("own/rule"), "decision of whoever wrote it"),
    ],
)
def test_what_cannot_be_mended_says_why(found: Found, why: str) -> None:
    output = sorted_out([found])
    assert output["fixable"] == []
    assert why in output["not_fixable"][0]["why"]


def test_nothing_gives_nothing() -> None:
    assert sorted_out([]) == {
        "fixable": [],
        "advice": {},
        "not_fixable": [],
        "summary": "0 of 0 findings can be mended by a rule",
    }


def test_what_is_no_finding_reaches_nobody() -> None:
    card = FileCatalog(read_values).find("triage-rules")
    assert card is not None
    for wrong in ({}, {"findings": [{"rule": "x"}]}, {"findings": "all"}, {"findings": [], "more": 1}):
        refusal = Contracts().refuse(card, Call(RunId("r"), Place("s"), 1, card.name, wrong, "/"))
        assert isinstance(refusal, Failed)
        assert refusal.code == "FL-A111"
