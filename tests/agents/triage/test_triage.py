"""The triage sorts findings by what can be mended: worst first, each once, and every other one with a reason."""

import random
from pathlib import Path
from typing import Any

import pytest

from fairlead.agents.builtin.triage_rules.triage import TRIED_MAX, triage
from fairlead.agents.catalog import FileCatalog
from fairlead.agents.rules import all_rules
from fairlead.core.ids import Place, RunId
from fairlead.core.outcomes import Failed, Succeeded
from fairlead.core.ports import Call
from fairlead.env.tool_world import LocalToolWorld
from fairlead.gate.contracts import Contracts
from fairlead.workflow import read_values
from tests.agents.patcher.parts import findings_of, write

SEED = 20261121
Found = dict[str, Any]  # a finding as an output has it: fields of several kinds


def finding(
    rule: str = "review/unused-import", severity: str = "low", path: str = "a.py", line: int = 1, **more: Any
) -> Found:
    found: Found = {"rule": rule, "severity": severity, "path": path, "line": line, "column": 1, "message": "It is so."}
    return {**found, "fingerprint": f"{rule} {path} {line}", **more}


def sorted_out(findings: list[Found], root: Path | None = None) -> Found:
    """What the triage says; without *root* the rules that ruff mends are the only ones whose place is not looked at."""
    outcome = triage({"findings": findings}, LocalToolWorld(str(root or Path("/"))))
    assert isinstance(outcome, Succeeded)
    card = FileCatalog(read_values).find("triage-rules")
    assert card is not None
    assert Contracts().judge(card, outcome) == outcome
    return outcome.output


def test_the_worst_comes_first_and_then_what_stands_first() -> None:
    given = [
        finding(severity="low"),
        finding("review/mutable-default", "critical", "z.py"),
        finding(severity="high", line=9),
        finding(severity="high", line=2),
        finding("review/wrong-raise", severity="high", path="a.py", line=2),
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


def test_a_place_that_the_rule_does_not_know_is_said_before_anybody_tries(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "import pickle, yaml\n\n\ndef f(x):\n    y = yaml.load(x)\n    return y, pickle.loads(x)\n")
    found = findings_of(tmp_path, "security/unsafe-deserialisation")
    before = (tmp_path / "a.py").read_bytes()
    output = sorted_out(found, tmp_path)
    assert [one["line"] for one in output["fixable"]] == [5]
    assert [one["why"] for one in output["not_fixable"]] == ["The place is not written in a form that a rule can mend."]
    assert (tmp_path / "a.py").read_bytes() == before
    gone = sorted_out([{**found[0], "path": "b.py"}], tmp_path)
    assert gone["not_fixable"][0]["why"] == "The file cannot be read: it is gone."


def test_beyond_the_limit_only_the_table_is_asked(tmp_path: Path) -> None:
    given = [finding("security/weak-hash", path="gone.py", line=line) for line in range(1, TRIED_MAX + 3)]
    output = sorted_out(given, tmp_path)
    assert (len(output["not_fixable"]), [one["line"] for one in output["fixable"]]) == (TRIED_MAX, [1001, 1002])


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
