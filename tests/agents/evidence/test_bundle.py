"""The bundle: bytes that its digests name, the same for the same evidence, and a word on what it does not write."""

import hashlib
import json
import string
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from fairlead.agents.builtin.evidence.bundle import bundle
from fairlead.agents.hiding import hidden
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from tests.agents.cards import schemas_of
from tests.proves import proves

WORLD: Any = None  # it looks at nothing
EVIDENCE: dict[str, Json] = {
    "requirements": [
        {
            "id": "REQ-1",
            "title": "Behaviour is kept",
            "status": "met",
            "evidence": [{"step": "tests", "check": "output.exit_code == 0", "holds": True, "say": ""}],
        }
    ],
    "steps": [{"id": "tests", "status": "succeeded", "summary": "412 passed", "degraded": False, "reasons": []}],
}


def bundled(**inputs: Json) -> Succeeded:
    outcome = bundle(inputs, WORLD)
    assert isinstance(outcome, Succeeded)
    jsonschema_rs.validator_for(schemas_of("evidence-bundle").output).validate(outcome.output)
    return outcome


def digest_of(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@proves("C8.16")
def test_each_digest_is_that_of_its_content(proven: Succeeded) -> None:
    rows = proven.output["files"]
    assert [(row["path"], row["format"]) for row in rows] == [
        ("evidence/evidence.json", "json"),
        ("evidence/verdict.md", "markdown"),
    ]
    for row in rows:
        assert row["digest"] == digest_of(row["content"])
        assert row["bytes"] == len(row["content"].encode())
    pairs = [[row["path"], row["digest"]] for row in rows]
    assert proven.output["digest"] == digest_of(json.dumps(pairs, separators=(",", ":")))
    assert proven.degraded == ()


@pytest.fixture
def proven() -> Succeeded:
    return bundled(evidence=EVIDENCE, formats=["markdown", "json", "json"])


def test_the_plain_bundle_holds_the_evidence_and_its_verdict() -> None:
    (row,) = bundled(evidence=EVIDENCE).output["files"]
    assert json.loads(row["content"]) == {
        "fairlead_evidence": 1,
        "verdict": "pass",
        "reasons": [],
        "evidence": EVIDENCE,
    }


@proves("C8.6")
def test_the_same_evidence_in_another_order_gives_the_same_bytes(proven: Succeeded) -> None:
    turned: dict[str, Json] = {name: EVIDENCE[name] for name in reversed(EVIDENCE)}
    assert bundled(evidence=turned, formats=["json", "markdown"]).output == proven.output


def test_other_evidence_gives_another_digest(proven: Succeeded) -> None:
    other = bundled(evidence={**EVIDENCE, "steps": []}, formats=["markdown"])
    assert other.output["digest"] != proven.output["digest"]


@proves("C8.16")
def test_formats_that_are_not_written_are_named_and_the_step_is_degraded() -> None:
    outcome = bundled(evidence=EVIDENCE, formats=["sarif", "in-toto", "markdown", "html"])
    assert outcome.output["not_written"] == ["sarif", "in-toto", "html"]
    assert [row["format"] for row in outcome.output["files"]] == ["json", "markdown"]
    assert outcome.degraded == ("Not written, because this build has no such format: sarif, in-toto, html.",)


@proves("C8.16")
def test_a_bundle_without_evidence_says_so_and_never_passes() -> None:
    outcome = bundled(formats=[])
    assert outcome.degraded == (
        "No evidence was handed in, so the bundle is empty: give it `evidence: ${ run.evidence }`.",
    )
    assert json.loads(outcome.output["files"][0]["content"])["verdict"] == "incomplete"


def test_a_credential_is_masked_before_its_digest_is_taken() -> None:
    letters = Random(7)
    token = "ghp_" + "".join(letters.choice(string.ascii_letters + string.digits) for _ in range(36))
    steps = [{"id": "tests", "status": "succeeded", "summary": f'token = "{token}"'}]
    outcome = bundled(evidence={**EVIDENCE, "steps": steps}, formats=["markdown"])
    assert token not in str(outcome)
    assert hidden(outcome) == outcome, "what is recorded is what the digests name"


@pytest.mark.parametrize(
    "inputs",
    [
        {"formats": "sarif"},
        {"formats": ["SARIF"]},
        {"formats": [""]},
        {"formats": ["a/b"]},
        {"evidence": []},
        {"run": "x"},
    ],
)
def test_wrong_inputs_are_refused_by_its_schema(inputs: Json) -> None:
    assert not jsonschema_rs.validator_for(schemas_of("evidence-bundle").input).is_valid(inputs)
