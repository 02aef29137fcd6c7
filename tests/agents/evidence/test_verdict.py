"""The verdict: never a pass for what nobody showed, and never better for a check that does not hold."""

from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.agents.builtin.evidence.verdict import write
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from tests.agents.cards import schemas_of
from tests.proves import proves

WORLD: Any = None  # it looks at nothing
INPUT, OUTPUT = (jsonschema_rs.validator_for(schema) for schema in schemas_of("verdict-writer")[:2])
ORDER = ("fail", "incomplete", "pass")  # from the worst


def check(holds: bool = True, **more: Json) -> dict[str, Json]:
    return {"step": "tests", "check": "output.exit_code == 0", "holds": holds, "say": "", **more}


def requirement(*evidence: Json, status: str = "met", **more: Json) -> dict[str, Json]:
    return {"id": "REQ-1", "title": "Behaviour is kept", "status": status, "evidence": list(evidence), **more}


def step(status: str = "succeeded", **more: Json) -> dict[str, Json]:
    return {"id": "tests", "status": status, "summary": "412 passed", "degraded": False, "reasons": [], **more}


def written(requirements: list[Json], steps: list[Json], **more: Json) -> Succeeded:
    outcome = write({"evidence": {"requirements": requirements, "steps": steps, **more}}, WORLD)
    assert isinstance(outcome, Succeeded)
    return outcome


def verdict(requirements: list[Json], steps: list[Json]) -> str:
    said: str = written(requirements, steps).output["verdict"]
    return said


@proves("C8.16")
@pytest.mark.parametrize(
    ("requirements", "steps", "wanted", "reason"),
    [
        ([requirement(check())], [step()], "pass", None),
        ([requirement(check(), status="")], [step()], "pass", None),
        ([requirement(check())], [step(), step("running", id="verdict")], "pass", None),
        ([requirement(check())], [step(), step("skipped", id="intent")], "pass", None),
        (
            [requirement(check(False, say="3 of 412 tests failed"))],
            [step()],
            "fail",
            "REQ-1 (Behaviour is kept) is not met: tests: 3 of 412 tests failed",
        ),
        ([requirement(check(), check(False))], [step()], "fail", "REQ-1 (Behaviour is kept) is not met: tests: output"),
        ([requirement(check(), status="failed")], [step()], "fail", "REQ-1 (Behaviour is kept) is not met"),
        ([requirement(status="met")], [step()], "incomplete", "REQ-1 (Behaviour is kept) has no evidence"),
        ([requirement(status="open", title="")], [step()], "incomplete", "REQ-1 has no evidence"),
        (
            [requirement(check(), status="partial")],
            [step()],
            "incomplete",
            "REQ-1 (Behaviour is kept) is partial, not met",
        ),
        ([requirement(check(), status="in_progress")], [step()], "incomplete", "is in progress, not met"),
        ([requirement(check(), status="blocked")], [step()], "incomplete", "is blocked, not met"),
        (
            [requirement(check(), check(False, is_warning=True, say="slow"))],
            [step()],
            "incomplete",
            "is met with a warning: tests: slow",
        ),
        ([requirement(check(False, is_warning=True))], [step()], "incomplete", "has no evidence"),
        (
            [requirement(check())],
            [step("degraded", reasons=["no model"])],
            "incomplete",
            "step tests is degraded: no model",
        ),
        ([requirement(check())], [step(degraded=True)], "incomplete", "step tests is degraded: 412 passed"),
        ([requirement(check())], [step(degraded=["old data"])], "incomplete", "step tests is degraded: old data"),
        (
            [requirement(check())],
            [step("failed", id="intent", reasons=["no model"])],
            "incomplete",
            "step intent failed: no",
        ),
        (
            [requirement(check())],
            [step("cancelled", summary="")],
            "incomplete",
            "step tests cancelled: no reason was given",
        ),
        ([], [step()], "incomplete", "no requirement was handed in, so nothing was shown to be met"),
        ([], [], "incomplete", "no requirement was handed in, so nothing was shown to be met"),
    ],
)
def test_the_rules_decide(requirements: list[Json], steps: list[Json], wanted: str, reason: str | None) -> None:
    outcome = written(requirements, steps)
    assert outcome.output["verdict"] == wanted
    if reason is None:
        assert outcome.output["reasons"] == []
    else:
        assert reason in outcome.output["reasons"][0]
    OUTPUT.validate(outcome.output)


def test_what_failed_stands_before_what_is_missing() -> None:
    outcome = written([requirement(), requirement(check(False), id="REQ-2", title="")], [step("degraded")])
    assert outcome.output["verdict"] == "fail"
    assert [reason.split()[0] for reason in outcome.output["reasons"]] == ["REQ-2", "REQ-1", "step"]
    assert outcome.summary.startswith("fail: REQ-2 is not met")


CHECKS = st.lists(st.builds(check, st.booleans(), is_warning=st.booleans()), max_size=3)
STATUSES = st.sampled_from(["", "open", "in_progress", "partial", "met", "failed", "blocked", "new word"])
REQUIREMENTS = st.lists(
    st.builds(lambda checks, status: requirement(*checks, status=status), CHECKS, STATUSES), max_size=4
)
STEPS = st.lists(
    st.builds(
        lambda status, degraded: step(status, degraded=degraded),
        st.sampled_from(["succeeded", "degraded", "failed", "skipped", "cancelled", "running", "pending"]),
        st.one_of(st.booleans(), st.lists(st.text(max_size=5), max_size=2)),
    ),
    max_size=4,
)


@proves("C8.16")
@settings(max_examples=50, deadline=None)
@given(REQUIREMENTS, STEPS)
def test_a_pass_means_that_everything_was_shown_and_nothing_was_less_than_asked(
    requirements: list[Json], steps: list[Json]
) -> None:
    if verdict(requirements, steps) != "pass":
        return
    assert requirements
    for one in requirements:
        assert any(shown["holds"] for shown in one["evidence"])
        assert all(shown["holds"] for shown in one["evidence"])
        assert one["status"] in ("", "met")
    assert not any(one["status"] in ("degraded", "failed", "cancelled") or one["degraded"] for one in steps)


@proves("C8.16")
@settings(max_examples=50, deadline=None)
@given(REQUIREMENTS, STEPS, st.data())
def test_a_check_that_does_not_hold_never_makes_it_better(
    requirements: list[Json], steps: list[Json], data: st.DataObject
) -> None:
    if not requirements:
        return
    place = data.draw(st.integers(0, len(requirements) - 1))
    worse = list(requirements)
    worse[place] = {**worse[place], "evidence": [*worse[place]["evidence"], check(False)]}
    assert ORDER.index(verdict(worse, steps)) <= ORDER.index(verdict(requirements, steps))
    assert verdict(worse, steps) == "fail"


@proves("C8.6")
@settings(max_examples=50, deadline=None)
@given(REQUIREMENTS, STEPS)
def test_the_same_evidence_gives_the_same_words_in_the_promised_form(
    requirements: list[Json], steps: list[Json]
) -> None:
    INPUT.validate({"evidence": {"requirements": requirements, "steps": steps}})
    first = written(requirements, steps)
    assert first == written(requirements, steps)
    OUTPUT.validate(first.output)


def test_the_text_names_every_requirement_and_every_step_that_has_ended() -> None:
    requirements: list[Json] = [
        requirement(check()),
        requirement(id="REQ-2", title="Criteria are met", status="open"),
        requirement(check(False, step="cover", say="0.71 is below 0.8"), id="REQ-3", title="", status="failed"),
    ]
    steps: list[Json] = [step(), step("failed", id="intent", reasons=["no model"]), step("running", id="verdict")]
    text = written(requirements, steps, findings={"high": 2, "low": 0}).output["markdown"]
    assert text == (
        "## Verdict: ✗ fail\n\n"
        "- REQ-3 is not met: cover: 0.71 is below 0.8\n"
        "- REQ-2 (Criteria are met) has no evidence\n"
        "- step intent failed: no model\n\n"
        "| Requirement | Status | Evidence |\n|---|---|---|\n"
        "| REQ-1 (Behaviour is kept) | met | ✓ tests |\n"
        "| REQ-2 (Criteria are met) | no evidence | – |\n"
        "| REQ-3 | failed | ✗ cover: 0.71 is below 0.8 |\n\n"
        "| Step | Status | What |\n|---|---|---|\n"
        "| tests | succeeded | 412 passed |\n"
        "| intent | failed | no model |\n\n"
        "Findings: 2 high.\n"
    )


def test_foreign_text_in_the_verdict_is_text() -> None:
    odd = "x | y\n## Verdict: pass <b>"
    text = written([requirement(check(False, say=odd), title=odd)], [step(summary=odd)]).output["markdown"]
    assert [line for line in text.splitlines() if line.startswith("#")] == ["## Verdict: ✗ fail"]
    assert "<b>" not in text.replace("\\<b\\>", "")


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"evidence": []},
        {"evidence": None},
        {"evidence": {"requirements": [{"title": "x"}]}},
        {"evidence": {"requirements": [{"id": "R", "evidence": [{"step": "a"}]}]}},
        {"evidence": {"requirements": [{"id": "R", "evidence": [{"step": "a", "holds": "yes"}]}]}},
        {"evidence": {"steps": [{"id": "a"}]}},
        {"evidence": {}, "model": "x"},
    ],
)
def test_evidence_of_another_form_is_refused_by_its_schema(inputs: Json) -> None:
    assert not INPUT.is_valid(inputs)


def test_what_evidence_says_besides_is_passed_over() -> None:
    more = {
        "run": "r-abcdefgh",
        "findings": {"high": 1, "by_rule": {"x": 1}},
        "requirements": [requirement(check(), tree="a")],
    }
    outcome = write({"evidence": {**more, "steps": [step(seconds=3)]}}, WORLD)
    assert isinstance(outcome, Succeeded)
    assert outcome.output["verdict"] == "pass"
