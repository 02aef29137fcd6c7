"""The rule tables: their form, and what a broken one says."""

import msgspec
import pytest

from fairlead.agents import rules
from fairlead.agents.rules import BrokenTable, Rule, all_rules

ROW = {
    "id": "sample/one",
    "title": "One",
    "severity": "low",
    "reason": "r.",
    "what": "w.",
    "why": "y.",
    "remedy": "m.",
    "bad": "b",
    "good": "g",
}


def test_keys_of_the_scanner_go_into_details() -> None:
    rule = rules._rule({**ROW, "pattern": "x+", "keywords": ["x"]}, "sample")
    assert rule.details == {"pattern": "x+", "keywords": ["x"]}
    assert rule.cwe == ""


@pytest.mark.parametrize("field", [name for name in ROW if name != "id"])
def test_a_missing_field_is_named_with_its_rule(field: str) -> None:
    row = {name: value for name, value in ROW.items() if name != field}
    with pytest.raises(BrokenTable, match=rf"sample\.toml: the rule sample/one: .*`{field}`"):
        rules._rule(row, "sample")


def test_an_unknown_severity_is_refused() -> None:
    with pytest.raises(BrokenTable, match="severity"):
        rules._rule({**ROW, "severity": "terrible"}, "sample")


def test_a_missing_table_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        rules.load_rules("no-such-table")


def test_every_rule_that_ships_is_complete() -> None:
    found = all_rules()
    assert found
    for rule in found.values():
        texts = msgspec.structs.asdict(rule)
        empty = [name for name, value in texts.items() if value == "" and name != "cwe"]
        assert not empty, f"{rule.id}: {empty}"
        assert rule.id.count("/") == 1
        assert isinstance(rule, Rule)
