"""One number from findings: more or worse findings never raise it, and nothing that was degraded is silent."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.agents.builtin import health_score
from fairlead.agents.builtin.health_score import _FORMULA, _ROOM, _WEIGHTS, score
from fairlead.core.findings import SEVERITIES
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from tests.agents.cards import schemas_of
from tests.proves import proves

Found = dict[str, Json]
WORLD: Any = None  # it looks at nothing
INPUT, OUTPUT = (jsonschema_rs.validator_for(schema) for schema in schemas_of("health-score")[:2])
RULES = ("security/sql-injection", "review/complex-function", "secrets/token", "odd")
FINDINGS = st.lists(
    st.fixed_dictionaries(
        {"rule": st.sampled_from(RULES), "severity": st.sampled_from(SEVERITIES)},
        optional={"accepted": st.sampled_from([None, False, {"reason": "known"}]), "path": st.just("a.py")},
    ),
    max_size=40,
)


def scored(findings: list[Found], degraded: list[Json] | None = None) -> Succeeded:
    inputs: dict[str, Json] = {"findings": findings, **({} if degraded is None else {"degraded": degraded})}
    outcome = score(inputs, WORLD)
    assert isinstance(outcome, Succeeded)
    return outcome


def number(findings: list[Found]) -> float:
    value: float = scored(findings).output["score"]
    return value


def many(severity: str, count: int, rule: str = RULES[0]) -> list[Found]:
    return [{"rule": rule, "severity": severity} for _ in range(count)]


@proves("C8.15")
@pytest.mark.parametrize(
    ("findings", "wanted"),
    [
        ([], 100.0),
        (many("info", 1), 100.0),
        (many("info", 20), 99.0),
        (many("low", 10), 95.2),
        (many("medium", 5), 90.9),
        (many("high", 1), 92.6),
        (many("critical", 1), 80.0),
        (many("critical", 4), 50.0),
        (many("critical", 100_000), 0.0),
    ],
)
def test_known_findings_give_known_scores(findings: list[Found], wanted: float) -> None:
    assert number(findings) == wanted


@proves("C8.15")
@settings(max_examples=50, deadline=None)
@given(FINDINGS, st.sampled_from(SEVERITIES), st.sampled_from(RULES))
def test_a_further_finding_never_raises_the_score(findings: list[Found], severity: str, rule: str) -> None:
    assert number([*findings, {"rule": rule, "severity": severity}]) <= number(findings)


@proves("C8.15")
@settings(max_examples=50, deadline=None)
@given(FINDINGS, st.data())
def test_a_worse_finding_never_raises_the_score(findings: list[Found], data: st.DataObject) -> None:
    if not findings:
        return
    place = data.draw(st.integers(0, len(findings) - 1))
    severity = SEVERITIES.index(findings[place]["severity"])
    worse = data.draw(st.sampled_from(SEVERITIES[severity:]))
    changed = [*findings[:place], {**findings[place], "severity": worse}, *findings[place + 1 :]]
    assert number(changed) <= number(findings)


@proves("C8.6")
@settings(max_examples=50, deadline=None)
@given(FINDINGS, st.randoms(use_true_random=False))
def test_the_order_of_findings_does_not_matter(findings: list[Found], random: Any) -> None:
    shuffled = list(findings)
    random.shuffle(shuffled)
    assert scored(shuffled) == scored(findings)


@settings(max_examples=50, deadline=None)
@given(
    FINDINGS, st.lists(st.one_of(st.text(max_size=9), st.fixed_dictionaries({"id": st.text(max_size=9)})), max_size=3)
)
def test_whatever_comes_in_the_output_keeps_its_schema(findings: list[Found], degraded: list[Json]) -> None:
    inputs = {"findings": findings, "degraded": degraded}
    INPUT.validate(inputs)
    outcome = scored(findings, degraded)
    OUTPUT.validate(outcome.output)
    assert outcome.output["total"] + outcome.output["accepted"] == len(findings)
    assert sum(outcome.output["by_severity"].values()) == outcome.output["total"]


def test_the_formula_that_is_printed_is_the_one_that_counts() -> None:
    findings = [*many("low", 3), *many("high", 2), *many("critical", 1)]
    points = sum(float(words[0]) * count for words, count in _terms(findings))
    assert number(findings) == round(100 * _ROOM / (_ROOM + points), 1)
    assert scored([]).output["formula"] == _FORMULA


def _terms(findings: list[Found]) -> list[tuple[list[str], int]]:
    terms = [part.split(" for each ") for part in _FORMULA.partition("the sum of ")[2].split(", ")]
    return [(words, sum(one["severity"] == words[1] for one in findings)) for words in terms]


def test_weights_rise_with_the_severity() -> None:
    weights = [_WEIGHTS[severity] for severity in SEVERITIES]
    assert weights == sorted(set(weights))


def test_an_accepted_finding_is_counted_apart_and_costs_nothing() -> None:
    accepted: Found = {"rule": RULES[0], "severity": "critical", "accepted": {"reason": "known"}}
    outcome = scored([accepted, *many("low", 1)])
    assert (outcome.output["score"], outcome.output["accepted"], outcome.output["total"]) == (99.5, 1, 1)
    assert "1 accepted, which cost nothing" in outcome.output["markdown"]


@proves("C8.15")
def test_what_was_degraded_lowers_nothing_and_is_said_everywhere() -> None:
    findings = many("medium", 5)
    outcome = scored(
        findings, ["secrets", {"id": "dependencies", "reasons": ["data is 90 days old", "one file unread"]}]
    )
    assert outcome.output["score"] == number(findings)
    assert outcome.output["degraded"] == ["secrets", "dependencies: data is 90 days old; one file unread"]
    assert outcome.degraded == ("The score is at most 90.9, for 2 of the checks behind it were degraded.",)
    markdown = outcome.output["markdown"]
    assert "at most 90.9" in markdown
    assert "- secrets\n- dependencies: data is 90 days old; one file unread\n" in markdown
    assert "at most" not in scored(findings).output["markdown"]
    assert scored(findings).degraded == ()


def test_more_reasons_than_are_shown_are_counted() -> None:
    outcome = scored([], [f"step {n}" for n in range(health_score.REASONS_SHOWN_MAX + 5)])
    assert len(outcome.output["degraded"]) == health_score.REASONS_SHOWN_MAX + 5
    assert "- and 5 more\n" in outcome.output["markdown"]


def test_the_rules_that_cost_most_are_named_first() -> None:
    outcome = scored([*many("low", 30, "a/low"), *many("high", 2, "b/high"), *many("info", 1, "c/info")])
    assert [row["rule"] for row in outcome.output["worst_rules"]] == ["b/high", "a/low", "c/info"]
    assert outcome.output["worst_rules"][0] == {"rule": "b/high", "findings": 2, "points": 16.0}
    assert outcome.output["by_kind"] == {"a": 30, "b": 2, "c": 1}
    crowd = scored([{"rule": f"x/{n:03}", "severity": "low"} for n in range(50)])
    assert len(crowd.output["worst_rules"]) == health_score.WORST_MAX


def test_foreign_text_in_the_markdown_is_text() -> None:
    outcome = scored([{"rule": "a|b\n# x", "severity": "low"}], ["<script>\n## Health: 100"])
    lines = outcome.output["markdown"].splitlines()
    assert sum(line.startswith("#") for line in lines) == 1
    assert "| a\\|b\\\\n\\# x | 1 | 0.5 |" in lines
    assert "- \\<script\\>\\\\n\\#\\# Health: 100" in lines


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"findings": None},
        {"findings": [{"rule": "a/b"}]},
        {"findings": [{"rule": "a/b", "severity": "severe"}]},
        {"findings": [], "degraded": "secrets"},
        {"findings": [], "degraded": [1]},
        {"findings": [], "found": []},
    ],
)
def test_inputs_that_it_would_misread_are_refused_by_its_schema(inputs: Json) -> None:
    assert not INPUT.is_valid(inputs)
