"""What a right file becomes; that YAML and JSON give the same workflow; and where the limits of single values lie."""

import json

import pytest

from fairlead.core.workflow import (
    AgentAction,
    GroupAction,
    Input,
    ParallelAction,
    RunAction,
    Step,
    Workflow,
)
from fairlead.workflow import read_values, read_workflow
from tests.proves import proves
from tests.workflow.samples import HEAD, check, codes

WHOLE = """\
# A file with everything that this build performs.
fairlead: 1
name: whole
title: The whole
description: Shows ${ how } a reference is written.
flow: graph
inputs:
  paths: {type: array, default: [], description: What to look at}
  level: {type: string}
defaults: {timeout: 2m}
limits: {parallel: 2}
x-mine: [anything, {at: all}]
steps:
  - id: scan
    name: Scan it
    agent: scanner
    with:
      paths: ${ inputs.paths }
      history: true
    optional: true
    default: {findings: []}
  - id: block
    after: [scan]
    parallel:
      max: 3
      fail_fast: false
      steps:
        - {id: left, run: [echo, "${ inputs.level }"], timeout: 1h}
        - id: right
          needs: [left]
          steps:
            - id: inner
              run: echo 'a b' "${ steps.scan.output.findings }" c\\ d
  - id: report
    needs: [block, scan]
    run: echo ${ steps.inner.output.stdout }
    x-note: kept by nobody
finally:
  - id: tidy
    run: "true"
    timeout: 500ms
outputs:
  found: ${ steps.scan.output.findings }
  plain: 3
"""


def test_everything_that_a_file_may_say_reaches_the_record() -> None:
    read = check(WHOLE)
    assert read.diagnostics == ()
    assert read.workflow == Workflow(
        name="whole",
        title="The whole",
        description="Shows ${ how } a reference is written.",
        flow="graph",
        inputs={
            "paths": Input("array", "What to look at", [], True),
            "level": Input("string"),
        },
        steps=(
            Step(
                "scan",
                AgentAction("scanner"),
                title="Scan it",
                given={"paths": "${ inputs.paths }", "history": True},
                optional=True,
                default={"findings": []},
                has_default=True,
                timeout_s=120,
            ),
            Step(
                "block",
                ParallelAction(
                    (
                        Step("left", RunAction(("echo", "${ inputs.level }")), timeout_s=3600),
                        Step(
                            "right",
                            GroupAction(
                                (
                                    Step(
                                        "inner",
                                        RunAction(("echo", "a b", "${ steps.scan.output.findings }", "c d")),
                                        timeout_s=120,
                                    ),
                                )
                            ),
                            needs=("left",),
                        ),
                    ),
                    max=3,
                    fail_fast=False,
                ),
                after=("scan",),
            ),
            Step(
                "report",
                RunAction(("echo", "${ steps.inner.output.stdout }")),
                needs=("block", "scan"),
                timeout_s=120,
            ),
        ),
        finally_=(Step("tidy", RunAction(("true",)), timeout_s=0.5),),
        outputs={"found": "${ steps.scan.output.findings }", "plain": 3},
        parallel_max=2,
    )


@proves("A1.2")
def test_the_same_tree_as_yaml_and_as_json_has_one_digest() -> None:
    tree = read_values(WHOLE.encode())
    digests = set()
    for text in (WHOLE, json.dumps(tree), json.dumps(tree, indent=2), WHOLE.replace("\n", "\r\n")):
        workflow = read_workflow("any", text.encode()).workflow
        assert workflow is not None
        digests.add(workflow.digest)
    assert len(digests) == 1


def test_another_text_has_another_digest() -> None:
    first, second = (check(HEAD + f"steps:\n  - id: a\n    run: {word}\n").workflow for word in ("date", "time"))
    assert first
    assert second
    assert first.digest != second.digest


def test_every_step_has_the_span_of_its_id() -> None:
    read = check(WHOLE)
    lines = WHOLE.split("\n")
    shown = {name: lines[span.line - 1][span.column - 1 : span.end_column - 1] for name, span in read.spans.items()}
    assert shown == {name: name for name in ("scan", "block", "left", "right", "inner", "report", "tidy")}


def test_a_warning_alone_leaves_the_workflow_there() -> None:
    read = check(HEAD + "steps:\n  - id: a\n    run: date\n    default: 1\n")
    assert codes(read) == ["FL-W111"]
    assert read.workflow is not None


def test_an_error_leaves_no_half_of_a_workflow() -> None:
    read = check(HEAD + "steps:\n  - id: a\n    run: date\n    nope: 1\n")
    assert read.workflow is None
    assert list(read.spans) == ["a"]


def test_the_file_is_told_in_every_diagnostic() -> None:
    assert {found.file for found in check("steps: 1\nx: 1\n", "a/b.yaml").diagnostics} == {"a/b.yaml"}


def test_mistakes_of_all_layers_are_told_in_one_pass_in_the_order_of_the_file() -> None:
    text = """\
fairlead: 1
name: Bad
flow: graph
steps:
  - id: a
    agent: scaner
    needs: [b]
  - id: b
    needs: [a, zz]
    run: ls | wc
    timeout: 5
  - id: a
    run: [echo, ${ steps.q.output }]
outputs:
  x: ${ inputs.nope }
"""
    read = check(text)
    places = [(found.span.line, found.code) for found in read.diagnostics if found.span]
    assert places == [
        (2, "FL-W025"),
        (6, "FL-A101"),
        (7, "FL-W109"),
        (9, "FL-W107"),
        (10, "FL-W116"),
        (11, "FL-W026"),
        (12, "FL-W102"),
        (13, "FL-W007"),
        (13, "FL-E006"),
        (15, "FL-E004"),
    ]
    assert check(text) == read


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("name: " + "a" * 63, []),
        ("name: " + "a" * 64, ["FL-W025"]),
        ("name: 1a", ["FL-W025"]),
        ("name: a_b", ["FL-W025"]),
        ("title: " + "x" * 256, []),
        ("title: " + "x" * 257, ["FL-W028"]),
        ("description: " + "x" * 10_000, []),
        ("description: " + "x" * 10_001, ["FL-W028"]),
        ("limits: {parallel: 64}", []),
        ("limits: {parallel: 65}", ["FL-W024"]),
        ("limits: {parallel: true}", ["FL-W020"]),
        ("limits: {}", []),
        ("fairlead: true", ["FL-W018"]),
        ("fairlead: '1'", ["FL-W018"]),
        ("flow: [graph]", ["FL-W020"]),
        ("inputs: [a]", ["FL-W020"]),
        ("inputs: {a: {}}", ["FL-W023"]),
        ("inputs: {a: string}", ["FL-W020"]),
        ("inputs: {a: {type: strin}}", ["FL-W024"]),
        ("inputs: {a: {type: string, default: null}}", ["FL-W122"]),
        ("inputs: {a: {type: object, default: {b: '${ run.id }'}}}", ["FL-E007"]),
        ("outputs: [a]", ["FL-W020"]),
        ("finally: []", ["FL-W119"]),
        ("finally: {}", ["FL-W020"]),
        ("steps: {}", ["FL-W020"]),
        ("steps:", ["FL-W020"]),
    ],
)
def test_a_value_at_the_top_is_held_to_its_limit(line: str, found: list[str]) -> None:
    keys = {"fairlead": "fairlead: 1", "name": "name: sample", "steps": "steps: [{id: a, run: date}]"}
    keys[line.split(":")[0]] = line
    assert codes(check("\n".join(keys.values()) + "\n")) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("timeout: 1h", []),
        ("timeout: 59m60s", []),
        ("timeout: 1h1ms", ["FL-W027"]),
        ("timeout: 1.5m", []),
        ("timeout: 1m30", ["FL-W026"]),
        ("timeout: -5m", ["FL-W026"]),
        ("timeout: 5 m", ["FL-W026"]),
        ("timeout: 5M", ["FL-W026"]),
        ("timeout: ''", ["FL-W026"]),
        ("timeout: 1d", ["FL-W027"]),
        ("optional: true", []),
        ("optional: 1", ["FL-W020"]),
        ("name: [x]", ["FL-W020"]),
        ("id: " + "a" * 63, []),
        ("id: " + "a" * 64, ["FL-W101"]),
        ("id: 7", ["FL-W020"]),
        ("id: a-b", ["FL-W101"]),
        ("id: _a", ["FL-W101"]),
        ("id: null", ["FL-W020"]),
        ("id: 'null'", ["FL-W103"]),
        ("run: 3", ["FL-W020"]),
        ("run: ''", ["FL-W024"]),
        ("run: [a, 3]", ["FL-W020"]),
        ("run: [a, '']", ["FL-W024"]),
        ("run: [a, [b]]", ["FL-W020"]),
        ("run: '" + "x" * 1_001 + "'", ["FL-W118"]),
        ("run: a " + "x" * 5_000, []),
        ("run: a " + "x" * 5_001, ["FL-W118"]),
        ("run: a" + " b" * 256, []),
        ("run: a" + " b" * 257, ["FL-W118"]),
        ("needs: []", []),
        ("x-y: {z: [1]}", []),
    ],
)
def test_a_value_of_a_step_is_held_to_its_limit(line: str, found: list[str]) -> None:
    keys = {"id": "id: a", "run": "run: date"}
    keys[line.split(":")[0]] = line
    assert codes(check(HEAD + "flow: graph\nsteps:\n  - " + "\n    ".join(keys.values()) + "\n")) == found


def test_a_workflow_may_have_two_thousand_steps_blocks_included() -> None:
    def blocks(count: int) -> str:
        inner = "".join(f"      - {{id: i{n}, run: date}}\n" for n in range(count - 1))
        return HEAD + "steps:\n  - id: block\n    steps:\n" + inner

    assert codes(check(blocks(2_000))) == []
    assert codes(check(blocks(2_001))) == ["FL-W112"]


def test_a_key_of_an_author_may_stand_in_every_mapping_that_a_file_has() -> None:
    text = HEAD + "x-a: 1\ninputs: {i: {type: string, x-b: 1}}\nsteps:\n  - id: a\n    x-c: 1\n    parallel:\n"
    assert codes(check(text + "      x-d: 1\n      steps: [{id: b, run: date, x-e: 1}]\n")) == []


@pytest.mark.parametrize("data", [b"- a\n- b\n", b"text\n", b"3\n", b"[]\n"])
def test_a_file_that_is_no_mapping_is_refused(data: bytes) -> None:
    assert codes(check(data)) == ["FL-W020"]
