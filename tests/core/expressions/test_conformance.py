"""The published conformance tests of CEL: all that are about the profile pass, the others are named by reason."""

import re
from collections import Counter

import pytest

from fairlead.core.expressions import EvaluationFailed, Malformed, evaluate, parse
from fairlead.core.json import Json
from tests.core.expressions.conformance import FILES, PACKAGE, Case, cases_of

pytestmark = pytest.mark.skipif(not PACKAGE.exists(), reason="`make setup` could not fetch the conformance tests")

# What stands in the expression or the name of a test → why it is not about the profile.
LEFT_OUT: dict[str, str] = {
    r"\b\d+u\b|\b0x[0-9a-f]+u\b|\buint\(": "unsigned numbers: JSON has none",
    r"\b[bB][rR]?['\"]|\bbytes\(": "bytes: JSON has none",
    r"\w[ \t]*\{|TestAllTypes|google\.protobuf": "messages: JSON has none",
    r"\btimestamp\(|\bduration\(": "timestamps, and durations that are no numbers",
    r"\btype\(": "types as values",
    r"[{,]\s*(\d+|true|false)\s*:": "names of fields that are no text",
    r"0\.0\s*/\s*0\.0|/ 0\.0|8\.988466e|\b(NaN|Infinity)\b": "infinity and NaN: JSON has neither",
    r"`": "field names in backquotes",
    r"optional\.|optMap|optFlatMap|\[\?\{|\{\?'": "making optional values; they are only read",
    r"\.charAt\(|strings\.quote|\.format\(": "functions of texts that the profile does not have",
    r"^fields/qualified_identifier_resolution/": "names with dots in them",
    r"big_double|lossy_double|double_big|int_negative_min|int64_min": "numbers beyond 2**53",
    r"map_null_entry_no_such_key": "`.?` on null is nothing",
}


def _answer(case: Case) -> tuple[Json, str]:
    try:
        return evaluate(parse(case.text), case.bindings), ""
    except Malformed as malformed:
        return None, str(malformed)
    except EvaluationFailed as failed:
        return None, f"{failed.code} {failed.message}"


def _left_out(case: Case) -> str:
    return next((why for words, why in LEFT_OUT.items() if re.search(words, f"{case.name}\n{case.text}", re.M)), "")


@pytest.mark.parametrize("file", FILES)
def test_every_conformance_test_of_the_profile_passes(file: str) -> None:
    wrong, counts = [], Counter[str]()
    for case, name in cases_of(file):
        if case is None or (why := _left_out(case)):
            counts["left out" if case is None else why] += 1
            continue
        value, error = _answer(case)
        counts["compared"] += 1
        is_right = bool(error) if case.is_error else not error and _same(value, case.value)
        if not is_right:
            wrong.append(f"{name}: {case.text!r} gives {error or value!r}, not {case.value!r}")
    assert wrong == [], dict(counts)
    assert counts["compared"] > 0


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return type(one) is type(other) and bool(one == other)


def test_most_of_the_conformance_tests_are_about_the_profile() -> None:
    every = [case for file in FILES for case, _ in cases_of(file) if case is not None]
    compared = [case for case in every if not _left_out(case)]
    assert len(compared) > 550
    assert {_left_out(case) for case in every} - {""} == set(LEFT_OUT.values())
