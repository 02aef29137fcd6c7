"""What an agent promises to give when its file names a contract: `output: findings`. The type checker reads these too.

A contract says what callers may count on; an agent may give more. An `output_schema` of its own takes its place.
"""

from collections.abc import Mapping
from types import MappingProxyType

from fairlead.core.findings import SEVERITIES
from fairlead.core.json import Json

_TEXT: dict[str, Json] = {"type": "string"}
_TEXTS: dict[str, Json] = {"type": "array", "items": _TEXT}
_COUNT: dict[str, Json] = {"type": "integer", "minimum": 0}
_NUMBER: dict[str, Json] = {"type": "number"}

# One finding as an agent gives it; what a program leaves out, Fairlead adds: column, fingerprint and origin.
FINDING: dict[str, Json] = {
    "type": "object",
    "required": ["rule", "severity", "path", "line", "message"],
    "properties": {
        "rule": _TEXT,
        "severity": {"enum": list(SEVERITIES)},
        "path": {"type": "string", "minLength": 1},
        "line": _COUNT,
        "column": _COUNT,
        "end_line": _COUNT,
        "end_column": _COUNT,
        "message": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
        "remedy": _TEXT,
        "reason": _TEXT,
        "excerpt": _TEXT,
        "is_new": {"type": "boolean"},
        "origin": _TEXTS,
    },
}
FINDINGS: dict[str, Json] = {
    "type": "object",
    "required": ["findings"],
    "additionalProperties": True,
    "properties": {"findings": {"type": "array", "items": FINDING}},
}

_PATCH: dict[str, Json] = {
    "type": "object",
    "required": ["patch", "files", "summary"],
    "additionalProperties": True,
    "properties": {
        "patch": {"type": "string", "description": "A unified diff."},
        "files": {"type": "array", "items": _TEXT, "description": "The paths that it changes."},
        "summary": _TEXT,
        "changed": {"type": "boolean"},
        "rule": _TEXT,
        "rescan": {"type": "object", "properties": {"findings": FINDINGS["properties"]["findings"]}},
        "checks": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "ok"],
                "properties": {"name": _TEXT, "ok": {"type": "boolean"}, "detail": _TEXT},
            },
        },
    },
}
_REPORT: dict[str, Json] = {
    "type": "object",
    "additionalProperties": True,
    "properties": {"markdown": _TEXT, "summary": _TEXT},
}
_METRICS: dict[str, Json] = {
    "type": "object",
    "additionalProperties": True,
    "properties": {
        "p50_ms": _NUMBER,
        "p95_ms": _NUMBER,
        "mean_ms": _NUMBER,
        "variation": {"type": "number", "minimum": 0},
        "samples": {"type": ["integer", "array"]},
        "per": {"type": "object", "additionalProperties": {"type": "object", "additionalProperties": True}},
    },
}
_VERDICT: dict[str, Json] = {
    "type": "object",
    "required": ["verdict"],
    "additionalProperties": True,
    "properties": {
        "verdict": {"enum": ["pass", "fail", "incomplete"]},
        "markdown": _TEXT,
        "reasons": _TEXTS,
    },
}

CONTRACTS: Mapping[str, dict[str, Json]] = MappingProxyType(
    {"findings": FINDINGS, "patch": _PATCH, "report": _REPORT, "metrics": _METRICS, "verdict": _VERDICT}
)
