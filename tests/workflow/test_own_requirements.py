"""The requirements that the examples name are read without a word of complaint, and are the ones that are asked for."""

from pathlib import Path

from fairlead.workflow.requirements import read_requirements

FILE = Path(__file__).parents[2] / "docs/requirements.yaml"
PRIORITIES = {
    "REQ-CORE-1": "critical",
    "REQ-CORE-2": "high",
    "REQ-QA-2": "medium",
    "REQ-SEC-1": "critical",
    "REQ-SEC-2": "high",
    "REQ-SEC-9": "medium",
    "REQ-GOV-3": "high",
    "REQ-CMP-1": "high",
    "REQ-CMP-4": "medium",
}


def test_every_requirement_of_the_examples_is_read() -> None:
    read = read_requirements("docs/requirements.yaml", FILE.read_bytes())
    assert read.diagnostics == ()
    assert {one.id: one.priority for one in read.requirements} == PRIORITIES
    assert all(one.title and one.acceptance for one in read.requirements)
    assert {one.id: one.depends_on for one in read.requirements if one.depends_on} == {
        "REQ-CORE-2": ("REQ-CORE-1",),
        "REQ-QA-2": ("REQ-CORE-1",),
        "REQ-SEC-2": ("REQ-SEC-1",),
        "REQ-CMP-4": ("REQ-GOV-3",),
    }


def test_a_requirement_that_nobody_knows_would_be_noticed() -> None:
    data = FILE.read_bytes().replace(b"depends_on: [REQ-GOV-3]", b"depends_on: [REQ-GOV-4]")
    read = read_requirements("docs/requirements.yaml", data)
    assert [one.code for one in read.diagnostics] != []
