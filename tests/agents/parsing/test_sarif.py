"""SARIF becomes findings: our own as they were, those of others by the rules of code hosts."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from fairlead.agents.own.findings import OUTPUT_SCHEMA
from fairlead.agents.parsing.sarif import FINDINGS_MAX, parse
from fairlead.agents.parsing.texts import NotParsed
from tests.agents.test_hiding import token

Tree = dict[str, Any]  # SARIF as a test writes it: the parser decides what may stand there


def log(*results: Tree, rules: tuple[Tree, ...] = (), name: str = "Lint Er", **run: Any) -> bytes:
    whole = {"tool": {"driver": {"name": name, "rules": list(rules)}}, "results": list(results), **run}
    return json.dumps({"version": "2.1.0", "runs": [whole]}).encode()


def result(uri: Any = "src/a.py", **more: Any) -> Tree:
    place = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 3}}}
    return {"ruleId": "R1", "message": {"text": "It is wrong."}, "locations": [place], **more}


def only(data: bytes, *roots: str) -> Tree:
    [finding] = parse(data, roots)["findings"]
    assert isinstance(finding, dict)
    return finding


def test_a_log_of_ruff_gives_findings_with_paths_from_the_root(reports: Path) -> None:
    found = parse((reports / "ruff.sarif").read_bytes(), [str(reports)])
    assert (found["total"], found["counts"]["high"], found["tools"], found["outside"]) == (3, 3, ["ruff"], 0)
    first = found["findings"][0]
    assert (first["rule"], first["path"], first["line"], first["column"]) == ("ruff/F401", "untidy.py", 1, 8)
    assert first["remedy"] == "Remove unused import: `os`"
    jsonschema_rs.validator_for(OUTPUT_SCHEMA["properties"]["findings"]).validate(found["findings"])


def test_places_outside_of_the_tree_are_counted_and_left_out(reports: Path) -> None:
    found = parse((reports / "ruff.sarif").read_bytes(), ["/elsewhere"])
    assert (found["total"], found["outside"], found["findings"]) == (0, 3, [])


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("src/a%20b.py", "src/a b.py"),
        ("./src/./a.py", "src/a.py"),
        ("src/%C3%A9.py", "src/é.py"),
        ("src/%FF.py", r"src/\xff.py"),
        ("file:///repo/src/a.py", "src/a.py"),
        ("/repo/src/a.py", "src/a.py"),
        ("/tree/src/a.py", "src/a.py"),
        ("file:///repository/a.py", None),
        ("../a.py", None),
        ("src/../../a.py", None),
        ("https://example.org/a.py", None),
        ("/etc/passwd", None),
    ],
)
def test_a_uri_becomes_a_path_of_the_tree_or_nothing(uri: str, path: str | None) -> None:
    found = parse(log(result(uri)), ["/repo/", "/tree"])
    assert [one["path"] for one in found["findings"]] == ([] if path is None else [path])
    assert found["outside"] == (path is None)


def test_a_uri_is_completed_by_its_base() -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": "a.py", "uriBaseId": "SRC"}}}
    bases = {"SRC": {"uri": "file:///repo/src/"}}
    assert only(log(result(locations=[place]), originalUriBaseIds=bases), "/repo")["path"] == "src/a.py"
    assert only(log(result(locations=[place]), originalUriBaseIds={"SRC": {}}))["path"] == "a.py"


def test_a_result_without_a_place_is_about_the_tree() -> None:
    finding = only(log({"ruleId": "R1", "message": {"text": "No licence."}}))
    assert (finding["path"], finding["line"], finding["column"]) == (".", 0, 0)


RULE = {"id": "R1", "defaultConfiguration": {"level": "note"}, "properties": {"security-severity": "7.0"}}


@pytest.mark.parametrize(
    ("own", "rules", "severity"),
    [
        ({}, (), "medium"),
        ({"level": "error"}, (), "high"),
        ({"level": "warning"}, (), "medium"),
        ({"level": "note"}, (), "info"),
        ({"level": "none"}, (), "info"),
        ({}, (RULE,), "high"),
        ({"level": "note"}, (RULE,), "high"),
        ({}, ({"id": "R1", "defaultConfiguration": {"level": "error"}},), "high"),
        ({"properties": {"security-severity": "9.8"}}, (RULE,), "critical"),
        ({"properties": {"security-severity": "3.9"}}, (RULE,), "low"),
        ({"properties": {"security-severity": "0.0"}}, (), "info"),
        ({"properties": {"security-severity": "much"}, "level": "error"}, (), "high"),
        ({"properties": {"severity": "critical"}}, (RULE,), "critical"),
        ({"properties": {"severity": "dreadful"}}, (RULE,), "high"),
        ({"ruleId": None, "ruleIndex": 0}, (RULE,), "high"),
        ({"ruleId": "R1/first"}, (RULE,), "high"),
    ],
)
def test_the_severity_is_our_own_then_the_score_then_the_level(
    own: Tree, rules: tuple[Tree, ...], severity: str
) -> None:
    data = log(result(**own), rules=rules)
    assert only(data)["severity"] == severity
    assert parse(data)["counts"][severity] == 1


@pytest.mark.parametrize(
    ("own", "counted", "suppressed"),
    [
        ({"suppressions": []}, 1, 0),
        ({"suppressions": [{"kind": "inSource"}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "status": "accepted"}]}, 0, 1),
        ({"suppressions": [{"kind": "external", "status": "underReview"}]}, 1, 0),
        ({"suppressions": [{"kind": "external", "status": "rejected"}]}, 1, 0),
        ({"kind": "pass"}, 0, 0),
        ({"kind": "notApplicable"}, 0, 0),
        ({"baselineState": "absent"}, 0, 0),
        ({"baselineState": "unchanged"}, 1, 0),
    ],
)
def test_what_is_suppressed_passed_or_gone_does_not_count(own: Tree, counted: int, suppressed: int) -> None:
    found = parse(log(result(**own)))
    assert (found["total"], found["suppressed"]) == (counted, suppressed)


def test_names_messages_and_fingerprints() -> None:
    rules = ({"id": "R1", "messageStrings": {"two": {"text": "{0} is\nnot {1}"}}},)
    data = log(
        result(message={"id": "two", "arguments": ["one", "two"]}),
        result(ruleId="R2"),
        result(ruleId="R2"),
        rules=rules,
    )
    found = parse(data)["findings"]
    assert [one["rule"] for one in found] == ["lint-er/R1", "lint-er/R2", "lint-er/R2"]
    assert found[0]["message"] == "one is not two"
    assert len({one["fingerprint"] for one in found}) == 3
    assert parse(data)["findings"] == found


def test_our_own_rules_and_fingerprints_are_kept_and_those_of_others_are_not_believed() -> None:
    prints = {"partialFingerprints": {"fairlead/v1": "0" * 24}, "ruleId": "security/eval"}
    own = only(log(result(**prints), name="fairlead/security-scanner"))
    assert (own["rule"], own["fingerprint"]) == ("security/eval", "0" * 24)
    other = only(log(result(**prints)))
    assert (other["rule"], other["fingerprint"] == "0" * 24) == ("lint-er/security/eval", False)


def test_a_credential_that_a_scanner_quotes_is_masked_before_anything_is_made_of_it() -> None:
    secret = token()
    place = {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 1, "snippet": {"text": f'key = "{secret}"'}}}
    leak = result(message={"text": f"{secret} was found"}, locations=[{"physicalLocation": place}])
    finding = only(log(leak))
    assert secret not in json.dumps(finding)
    assert finding["excerpt"].startswith(f'key = "{secret[:4]}…')
    masked = json.loads(json.dumps(leak).replace(secret, f"{secret[:4]}…{secret[-3:]}"))
    assert only(log(masked))["fingerprint"] == finding["fingerprint"], "the fingerprint is one of what is shown"


def test_a_tool_that_says_that_it_did_not_finish_is_named() -> None:
    failed = [{"executionSuccessful": False}]
    assert parse(log(name="semgrep", invocations=failed))["incomplete"] == ["semgrep"]
    assert parse(log(name="semgrep", invocations=[{"executionSuccessful": True}]))["incomplete"] == []


def test_the_worst_are_kept_and_the_rest_is_counted() -> None:
    many = [result(level="note") for _ in range(FINDINGS_MAX)] + [result(level="error")]
    found = parse(log(*many))
    assert (len(found["findings"]), found["findings_left_out"], found["total"]) == (FINDINGS_MAX, 1, FINDINGS_MAX + 1)
    assert found["findings"][0]["severity"] == "high"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"[]", "is no SARIF log: it holds a list, not an object"),
        (b'{"version": "2.0.0", "runs": []}', "is no SARIF 2.1.0 log"),
        (b'{"version": "2.1.0"}', "is no SARIF 2.1.0 log"),
        (b'{"version": "2.1.0", "runs": [1]}', "is no SARIF log: a run is no object"),
        (b'{"version": "2.1.0", "runs": [{}]}', "is no SARIF log: `tool` is no object"),
        (log(name=" "), "is no SARIF log: a tool has no name"),
        (log(results="x"), "is no SARIF log: `results` is no list"),
        (log({"ruleId": "x"}), "is no SARIF log: a result has no `message`"),
        (log(1), "is no SARIF log: a result is no object"),  # type: ignore[arg-type]  # that is the mistake
        (log()[:-3], "is not strict JSON: line 1, column"),
    ],
)
def test_what_is_no_log_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(NotParsed) as refused:
        parse(data)
    assert refused.value.reason.startswith(reason)


def test_a_log_without_results_is_clean() -> None:
    found = parse(log())
    assert (found["total"], found["findings"], set(found["counts"].values())) == (0, [], {0})
