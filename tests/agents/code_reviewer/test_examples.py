"""What `fairlead explain` shows: bad examples are reported, and who does as the good one says is rid of the finding."""

import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from fairlead.agents.builtin.code_reviewer.scan import scan
from fairlead.agents.rules import Rule, load_rules
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld

TABLES = ("review-structure", "review-placeholders", "review-python")
RULES = {rule.id: rule for table in TABLES for rule in load_rules(table).values()}
# Their bad examples are told in words: a file of 3 MB is not shown.
IN_WORDS = {
    *("review/unread-file", "review/not-parsed", "review/missing-tests"),
    *("review/complex-function", "review/long-function"),
}
# Examples in which a name stands for something that the reader knows.
_BEFORE = "from shop import fees, load, log, match, order, rows, send, store, work, known  # noqa\n\n"


def rules_in(rules: list[Rule], good: bool, root: Path) -> set[str]:
    """Which rules speak of their own example."""
    for number, rule in enumerate(rules):
        text = rule.good if good else rule.bad
        (root / f"{number}.py").write_text(_BEFORE + text + "\n")
    outcome = scan({}, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    found = {(one["path"], one["rule"]) for one in outcome.output["findings"]}
    return {rule.id for number, rule in enumerate(rules) if (f"{number}.py", rule.id) in found}


def test_every_bad_example_is_found(tmp_path: Path) -> None:
    rules = [rule for rule in RULES.values() if rule.id not in IN_WORDS]
    assert {rule.id for rule in rules} - rules_in(rules, False, tmp_path) == set()


def test_no_good_example_is_found(tmp_path: Path) -> None:
    rules = [rule for rule in RULES.values() if rule.id not in IN_WORDS - {"review/complex-function"}]
    assert rules_in(rules, True, tmp_path) == set()


@pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))
def test_every_rule_says_of_which_kind_it_is(rule: Rule) -> None:
    assert rule.details["kind"] in ("quality", "performance", "best-practice")
    assert set(rule.details) <= {"kind", "tests", "examples", "codes"}


def test_every_code_of_ruff_leads_to_a_rule_and_none_is_left_out_too() -> None:
    text = files("fairlead.agents.builtin").joinpath("rules", "review-python-tools.toml").read_text("utf-8")
    table = tomllib.loads(text)
    assert {f"review/{row['rule']}" for row in table["rules"].values()} == load_rules("review-python").keys()
    assert table["rules"].keys() & table["left_out"].keys() == set()
