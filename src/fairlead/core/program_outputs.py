"""What a `run` step gives, as JSON Schemas: the type checker of expressions reads them, and the parsers keep them."""

import re
from collections.abc import Iterable

from fairlead.core.findings import SEVERITIES
from fairlead.core.json import Json
from fairlead.core.workflow import Parsing

PATTERN_CHARACTERS_MAX = 1_000
GROUPS_MAX = 50

# What a group of a pattern has to be in order to become a number.
NUMBER = re.compile(r"[+-]?(?:\d{1,17}(?:\.\d{0,17})?|\.\d{1,17})(?:[eE][+-]?\d{1,3})?", re.ASCII)

Schema = dict[str, Json]

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_NUMBER: Schema = {"type": "number"}
_SHARE: Schema = {"type": "number", "minimum": 0, "maximum": 1}
_SHARE_OR_NONE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1}


def _object(optional: Schema | None = None, /, **properties: Schema) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": {**properties, **(optional or {})},
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _mapping(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


_COVERED = {"line": _SHARE_OR_NONE, "branch": _SHARE_OR_NONE, "covered": _COUNT, "total": _COUNT}
_NUMBER_OR_NONE: Schema = {"type": ["number", "null"]}
_TIMES = {
    **dict.fromkeys(("mean_ms", "stddev_ms", "min_ms", "p50_ms"), _NUMBER),
    **dict.fromkeys(("p95_ms", "p99_ms"), _NUMBER_OR_NONE),
    "max_ms": _NUMBER,
    "runs": _COUNT,
}
_COMMAND = {**_TIMES, "failed_runs": _COUNT}
_FINDING = _object(
    {
        "remedy": _TEXT,
        "reason": _TEXT,
        "excerpt": _TEXT,
        "end_line": _COUNT,
        "end_column": _COUNT,
        "origin": _list(_TEXT),
    },
    rule=_TEXT,
    severity={"enum": list(SEVERITIES)},
    path=_TEXT,
    line=_COUNT,
    column=_COUNT,
    message=_TEXT,
    fingerprint=_TEXT,
)

# Parser → what it gives. `regex` gives what its pattern names, `json` whatever the file holds.
OUTPUTS: dict[str, Schema] = {
    "junit": _object(
        total=_COUNT,
        passed=_COUNT,
        failed=_COUNT,
        errors=_COUNT,
        skipped=_COUNT,
        seconds=_NUMBER,
        names=_list(_TEXT),
        names_left_out=_COUNT,
        failures=_list(
            _object(
                name=_TEXT,
                classname=_TEXT,
                message=_TEXT,
                is_error={"type": "boolean"},
                file={"type": ["string", "null"]},
                line={"type": ["integer", "null"]},
            )
        ),
        failures_left_out=_COUNT,
    ),
    "coverage": _object(
        line=_SHARE,
        branch=_SHARE_OR_NONE,
        covered=_COUNT,
        total=_COUNT,
        files=_mapping(_object(**_COVERED)),
        files_left_out=_COUNT,
    ),
    "sarif": _object(
        total=_COUNT,
        counts=_object(**dict.fromkeys(reversed(SEVERITIES), _COUNT)),
        findings=_list(_FINDING),
        findings_left_out=_COUNT,
        suppressed=_COUNT,
        outside=_COUNT,
        tools=_list(_TEXT),
        incomplete=_list(_TEXT),
    ),
    "json": {},
    "hyperfine": _object(**_COMMAND, per=_mapping(_object(**_COMMAND))),
    "pytest_benchmark": _object(benchmarks=_COUNT, slowest=_TEXT, per=_mapping(_object(**_TIMES))),
    "regex": _mapping({"type": ["number", "string", "null"]}),
}

# These are made by a program: one that lay there before it began says nothing of it. Any document may be a `json`.
REPORTS = frozenset(OUTPUTS) - {"json", "regex"}


def schema_of_run(parse: Iterable[Parsing] = ()) -> Schema:
    """What a `run` step gives that reads these files."""
    return _object(
        exit_code={"type": "integer"},
        stdout=_TEXT,
        stderr=_TEXT,
        **{one.name: _schema_of(one) for one in parse},
    )


def _schema_of(one: Parsing) -> Schema:
    if one.parser != "regex" or pattern_problem(one.source):
        return OUTPUTS[one.parser]
    compiled = re.compile(one.source)
    return _object(**{name: {"type": ["number", "string", "null"]} for name in compiled.groupindex})


def pattern_problem(pattern: str) -> str:
    """Why *pattern* cannot be searched in what a program prints; "" when it can."""
    if len(pattern) > PATTERN_CHARACTERS_MAX:
        return f"the pattern has {len(pattern):,} characters; at most {PATTERN_CHARACTERS_MAX:,} are allowed"
    try:
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return f"the pattern is no regular expression: {error}"
    if not compiled.groupindex:
        return "the pattern names no group: write (?P<name>…) around what is wanted"
    if compiled.groups > GROUPS_MAX:
        return f"the pattern has {compiled.groups} groups; at most {GROUPS_MAX} are allowed"
    return ""
