"""JUnit XML as Jenkins and GitLab read it: read back by a library of others and by the standard's."""

from xml.etree import ElementTree as xml

import junitparser
import pytest

from fairlead.views.findings import Acceptance, FindingView
from fairlead.views.junit import LISTED_MAX, junit_text
from fairlead.views.runs import RunView
from tests.views.paper import finding, hostile_run, run, step


def is_over(one: FindingView) -> bool:
    return one.accepted is None and one.severity in ("high", "critical")


def cases(view: RunView) -> dict[str, junitparser.TestCase]:
    (suite,) = list(junitparser.JUnitXml.fromstring(junit_text(view, is_over).encode()))
    return {case.name: case for case in suite}


def verdict(case: junitparser.TestCase) -> tuple[str, str, str]:
    """Kind, message and text of the one verdict that Jenkins reads; empty for a case that passed."""
    assert len(case.result) <= 1
    return next(((type(one).__name__, one.message, one.text or "") for one in case.result), ("", "", ""))


@pytest.mark.parametrize(
    ("status", "more", "kind", "message"),
    [
        ("succeeded", {}, "", ""),
        ("degraded", {"degraded": ("ruff is missing",)}, "Skipped", "degraded: ruff is missing"),
        ("failed", {"fault": "result", "message": "2 of 9 failed", "code": "FL-R210"}, "Failure", "2 of 9 failed"),
        ("failed", {"fault": "agent", "message": "it broke", "code": "FL-A100"}, "Error", "it broke"),
        ("skipped", {"reason": "its condition is false"}, "Skipped", "skipped: its condition is false"),
        ("cancelled", {"message": "enough"}, "Skipped", "cancelled: enough"),
        ("running", {}, "Error", "the step is running"),
        ("pending", {}, "Error", "the step is pending"),
    ],
)
def test_each_status_of_a_step_has_its_verdict(status: str, more: dict[str, object], kind: str, message: str) -> None:
    found = cases(run(steps=(step("scan", status, **more),)))
    assert verdict(found["scan"])[:2] == (kind, message)


def test_findings_that_reach_the_limit_are_one_failure_and_the_others_are_said() -> None:
    accepted = finding(3, "critical", accepted=Acceptance("a test key", "ada"))
    view = run(finding(1), finding(2, "medium"), accepted, steps=(step("security", "degraded", degraded=("half",)),))
    case = cases(view)["security"]
    kind, message, text = verdict(case)
    assert (kind, message) == ("Failure", "1 finding reaches the limit")
    assert "app/f1.py:1" in text
    assert "f2.py" not in text
    said = case.system_out or ""
    assert "degraded: half" in said
    assert "app/f2.py:2" in said
    assert "(accepted: a test key)" in said


def test_blocks_are_no_cases_and_names_are_unique_within_their_class() -> None:
    steps = (step("scans"), step("a", parent="scans"), step("b", parent="scans"))
    root = xml.fromstring(junit_text(run(steps=steps), is_over))
    assert [(case.get("classname"), case.get("name")) for case in root.iter("testcase")] == [
        ("review", "a"),
        ("review", "b"),
    ]


def test_a_long_list_is_cut_aloud() -> None:
    view = run(*(finding(number) for number in range(1, LISTED_MAX + 6)))
    text = verdict(cases(view)["security"])[2]
    assert text.count("finding ") == LISTED_MAX
    assert "… 5 more: fairlead findings list --run r-paper" in text


# What Jenkins demands (junit-10.xsd of its xUnit plugin): these elements, with these attributes and children.
_ALLOWED = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
        {"properties", "testcase"},
    ),
    "properties": (set[str](), {"property"}),
    "property": ({"name", "value"}, set[str]()),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"message", "type"}, set[str]()),
    "error": ({"message", "type"}, set[str]()),
    "skipped": ({"message", "type"}, set[str]()),
    "system-out": (set[str](), set[str]()),
}


@pytest.mark.parametrize("seed", range(30))
def test_foreign_text_stays_text_and_the_counts_are_right(seed: int) -> None:
    view = hostile_run(seed)
    root = xml.fromstring(junit_text(view, is_over))
    for element in root.iter():
        attributes, children = _ALLOWED[element.tag]
        assert set(element.attrib) <= attributes, element.tag
        assert {child.tag for child in element} <= children, element.tag
    suite = root[0]
    found = list(suite.iter("testcase"))
    assert len(found) == len(view.steps) == int(suite.get("tests", ""))
    assert len({case.get("name") for case in found}) == len(found)
    for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        assert sum(1 for case in found if case.find(kind) is not None) == int(suite.get(count, "")), kind
    over = [one for one in view.findings if is_over(one) and one.step == view.steps[0].step]
    if over:
        failure = found[0].find("failure")
        assert failure is not None
        assert all(one.id in (failure.text or "") for one in over)
