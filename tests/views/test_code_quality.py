"""GitLab's code quality report, held against the rules that GitLab publishes; it ships no schema for this format.

Source: "Code Quality report format" (docs.gitlab.com/ci/testing/code_quality): an array; every entry needs all of
these; the severities are a closed list; paths are relative to the repository and do not begin with `./`; there is no
byte order mark.
"""

import json

import jsonschema_rs
import pytest

from fairlead.core.findings import path_from_text
from fairlead.views.code_quality import code_quality_text
from fairlead.views.findings import Acceptance
from tests.views.paper import finding, hostile_run, run

SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "pattern": r"^[^\x00-\x1f]*$"},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "minLength": 1, "not": {"pattern": r"^(\./|/)"}},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {
                            "begin": {"type": "integer", "minimum": 1},
                            "end": {"type": "integer", "minimum": 1},
                        },
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("seed", range(20))
def test_a_hostile_run_keeps_the_published_rules(seed: int) -> None:
    view = hostile_run(seed)
    text = code_quality_text(view)
    assert not text.startswith("\ufeff")
    entries = json.loads(text)
    assert [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(entries)] == []
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    open_ones = [one for one in view.findings if one.accepted is None]
    found = [entry for entry in entries if not entry["check_name"].startswith("fairlead/")]
    assert [entry["fingerprint"] for entry in found] == [one.fingerprint for one in open_ones]
    assert entries[: -len(found)], "a degraded run says so"


def test_severities_are_mapped_and_accepted_findings_left_out() -> None:
    view = run(
        finding(1, "info"),
        finding(2, "low"),
        finding(3, "medium"),
        finding(4, "high", line=0),
        finding(5, "critical", end_line=8),
        finding(6, "critical", accepted=Acceptance("known", "ada")),
    )
    entries = json.loads(code_quality_text(view))
    assert [(entry["severity"], entry["location"]["lines"]) for entry in entries] == [
        ("blocker", {"begin": 5, "end": 8}),
        ("critical", {"begin": 1}),
        ("major", {"begin": 3}),
        ("minor", {"begin": 2}),
        ("info", {"begin": 1}),
    ]


def test_a_path_is_the_files_own_name_where_text_can_carry_it() -> None:
    view = run(finding(1, path="back\\\\slash.py"), finding(2, path="byte\\xff.py"))
    paths = [entry["location"]["path"] for entry in json.loads(code_quality_text(view))]
    assert paths == [path_from_text("back\\\\slash.py"), "byte\\xff.py"]


def test_the_test_schema_refuses_what_gitlab_would_drop() -> None:
    validator = jsonschema_rs.validator_for(SCHEMA)
    good = json.loads(code_quality_text(run(finding(1))))
    assert validator.is_valid(good)
    for broken in ({"severity": "high"}, {"location": {"path": "./a", "lines": {"begin": 1}}}, {"fingerprint": ""}):
        assert not validator.is_valid([{**good[0], **broken}])
    assert not validator.is_valid({"issues": good})
