"""rdjson, held against the rules of reviewdog's message definitions, written here as a schema of our own.

Source: `proto/rdf/reviewdog.proto` of reviewdog/reviewdog, whose published JSON schema knows the types only. Beside
them the comments of the definition demand: lines and columns from 1, columns in bytes of UTF-8, an exclusive end.
"""

import json

import jsonschema_rs
import pytest

from fairlead.agents.rules import all_rules
from fairlead.views.findings import Acceptance
from fairlead.views.rdjson import rdjson_text
from tests.views.paper import finding, hostile_run, run

_POSITION = {
    "type": "object",
    "additionalProperties": False,
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
_SOURCE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name"],
    "properties": {"name": {"type": "string"}, "url": {"type": "string", "pattern": "^https://"}},
}
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["diagnostics"],
    "properties": {
        "source": _SOURCE,
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["message", "location"],
                "properties": {
                    "message": {"type": "string"},
                    "location": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["path"],
                        "properties": {
                            "path": {"type": "string", "minLength": 1},
                            "range": {
                                "type": "object",
                                "additionalProperties": False,
                                "required": ["start"],
                                "properties": {"start": _POSITION, "end": _POSITION},
                            },
                        },
                    },
                    "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
                    "source": _SOURCE,
                    "code": {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["value"],
                        "properties": {"value": {"type": "string"}, "url": {"type": "string", "pattern": "^https://"}},
                    },
                },
            },
        },
    },
}


@pytest.mark.parametrize("seed", range(20))
def test_a_hostile_run_keeps_the_rules_of_the_format(seed: int) -> None:
    document = json.loads(rdjson_text(hostile_run(seed), all_rules()))
    assert [error.message for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(document)] == []
    for one in document["diagnostics"]:
        place = one["location"].get("range", {})
        if "end" in place:
            # A range has columns on both ends or on none, and ends behind its beginning.
            assert ("column" in place["start"]) == ("column" in place["end"])
            ends = [(at["line"], at.get("column", 0)) for at in (place["start"], place["end"])]
            assert ends == sorted(ends)


@pytest.mark.parametrize(
    ("excerpt", "column", "end_column", "expected"),
    [
        ("    name = 1", 5, 9, {"start": {"line": 7, "column": 5}, "end": {"line": 7, "column": 9}}),
        ("a = 'größe' + x", 15, 16, {"start": {"line": 7, "column": 17}, "end": {"line": 7, "column": 18}}),
        ("😀😀 = x", 6, 7, {"start": {"line": 7, "column": 12}, "end": {"line": 7, "column": 13}}),
        ("KEY = 'AK…XY'  ", 7, 14, {"start": {"line": 7, "column": 7}}),
        ("KEY = 'AK…XY' + z", 17, 18, {"start": {"line": 7}}),
        ("short", 40, 44, {"start": {"line": 7}}),
        ("anything", 0, 0, {"start": {"line": 7}}),
    ],
)
def test_columns_are_bytes_or_are_not_told(
    excerpt: str, column: int, end_column: int, expected: dict[str, object]
) -> None:
    one = finding(1, line=7, excerpt=excerpt, column=column, end_column=end_column)
    (diagnostic,) = json.loads(rdjson_text(run(one), {}))["diagnostics"]
    assert diagnostic["location"]["range"] == expected


def test_severity_code_and_source_are_told_and_accepted_findings_are_not() -> None:
    view = run(finding(1), finding(2, "low", rule="own/rule"), finding(3, accepted=Acceptance("known", "ada")))
    high, low = json.loads(rdjson_text(view, all_rules()))["diagnostics"]
    assert (high["severity"], low["severity"]) == ("ERROR", "INFO")
    assert high["code"] == {
        "value": "security/sql-injection",
        "url": "https://cwe.mitre.org/data/definitions/89.html",
    }
    assert low["code"] == {"value": "own/rule"}
    assert high["source"] == {"name": "fairlead/security-scanner"}
