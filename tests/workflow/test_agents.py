"""Steps that call agents against their cards."""

import subprocess
import sys

import pytest

from fairlead.agents.shipped import shipped_workflow
from fairlead.workflow import check_inputs, check_workflow, read_workflow
from tests.workflow.samples import HEAD, HERE, catalog, check, codes, underlined


def call(*lines: str) -> str:
    return (
        HEAD
        + "inputs: {p: {type: array}}\nsteps:\n  - id: a\n    agent: scanner\n    with:\n"
        + "".join(f"      {line}\n" for line in lines)
    )


@pytest.mark.parametrize(
    ("lines", "found", "marked"),
    [
        (["paths: [a]"], [], []),
        (["paths: []", "history: false"], [], []),
        (["paths: ${ inputs.p }"], [], []),
        (["paths: ['${ run.id }', 3]"], [], []),
        (["paths: ['']"], ["FL-A111"], ["''"]),
        (["paths: [a, b, {c: 1}]"], ["FL-A111"], ["{c: 1}"]),
        (["paths: a"], ["FL-A111"], ["a"]),
        (["history: 1"], ["FL-A114", "FL-A111"], ["scanner", "1"]),
        (["paths: []", "nope: ${ inputs.p }"], ["FL-A113"], ["nope"]),
        (["paths: []", "nope: 1", "other: 2"], ["FL-A113", "FL-A113"], ["nope", "other"]),
    ],
)
def test_what_an_agent_is_given_is_held_against_its_card(lines: list[str], found: list[str], marked: list[str]) -> None:
    read = check(call(*lines))
    assert codes(read) == found
    assert [underlined(one) for one in read.diagnostics] == marked


def test_without_a_catalog_agents_are_not_asked_for() -> None:
    assert read_workflow("f", (HEAD + "steps:\n  - {id: a, agent: nobody}\n").encode()).diagnostics == ()


def test_one_agent_is_told_at_each_step_that_names_it() -> None:
    text = HEAD + "steps:\n  - {id: a, agent: nobody}\n  - {id: b, agent: nobody}\n"
    assert codes(check(text)) == ["FL-A101", "FL-A101"]


def test_the_fields_of_an_output_are_those_of_the_card() -> None:
    text = call("paths: []") + "outputs:\n  a: ${ steps.a.output.stats.files }\n  b: ${ steps.a.output }\n"
    assert codes(check(text)) == []
    read = check(text + "  c: ${ steps.a.output['finding'] }\n")
    assert codes(read) == ["FL-E014"]
    assert underlined(read.diagnostics[0]) == "'finding'"


def test_the_schema_library_is_loaded_only_for_literal_inputs() -> None:
    program = (
        "import sys; from tests.workflow.samples import check; "
        "assert check(sys.argv[1]).workflow; print('jsonschema_rs' in sys.modules)"
    )
    for line, is_loaded in (("paths: ${ inputs.p }", "False"), ("paths: [a]", "True")):
        done = subprocess.run(
            [sys.executable, "-c", program, call(line)], capture_output=True, text=True, cwd=HERE.parents[1], check=True
        )
        assert done.stdout.strip() == is_loaded


# Step → agent of the review that ships.
STEPS = {
    "inventory": "inventory",
    "secrets": "secret-scanner",
    "security": "security-scanner",
    "review": "code-reviewer",
    "dependencies": "dependency-auditor",
    "compliance": "compliance-checker",
}


def test_the_review_that_ships_is_right_apart_from_its_agents() -> None:
    data = shipped_workflow("review")
    assert data is not None
    read = read_workflow("review.yaml", data)
    assert read.diagnostics == ()
    assert read.workflow is not None
    assert [str(place) for place in read.workflow.plan] == ["checks", *STEPS]
    assert not any(planned.step.optional for planned in read.workflow.plan.values())
    assert check_inputs(read.workflow, {}) == ({"paths": [], "all": False, "history": True}, ())
    missing = check_workflow("review.yaml", data, catalog()).diagnostics
    assert [underlined(found) for found in missing] == list(STEPS.values())


def test_a_workflow_that_does_not_ship_is_none() -> None:
    assert shipped_workflow("reviews") is None
    assert shipped_workflow("../builtin/cards/inventory") is None
