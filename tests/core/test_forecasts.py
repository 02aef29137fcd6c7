"""What is foreseen is what happens: random workflows are performed, and their forecasts compared step by step."""

import random
from collections import Counter

import pytest

from fairlead.core.forecasts import Forecast, Known, forecast
from fairlead.core.json import Json
from fairlead.core.standing import RunState
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.testing.simulation.grammar import any_workflow, inputs_for
from fairlead.workflow import read_workflow
from tests.proves import proves
from tests.simulation.paper import Paper, perform

SEEDS = range(160)  # a failure names its seed


def foreseen(workflow: Workflow, inputs: dict[str, Json]) -> dict[str, Forecast]:
    return forecast(workflow, {"inputs": inputs})


def went_well(state: RunState) -> bool:
    """Whether nothing happened that a plan does not suppose: nothing failed, nobody said no."""
    return all(
        step.status in ("succeeded", "degraded") or (step.status == "skipped" and step.is_by_choice)
        for step in state.steps.values()
    )


def differences(workflow: Workflow, inputs: dict[str, Json], state: RunState) -> list[str]:
    found: list[str] = []
    well = went_well(state)
    for name, told in foreseen(workflow, inputs).items():
        steps = [step for step in state.steps.values() if step.planned.step.id == name and step.kind == "step"]
        has_begun = [step for step in steps if step.attempts or step.status in ("succeeded", "degraded")]
        if told.will == "skip" and has_begun:
            found.append(f"{name} was to be skipped ({told.reason}), and is {has_begun[0].status}")
        if told.will == "fail" and any(step.status in ("succeeded", "degraded") for step in steps):
            found.append(f"{name} was to fail ({told.reason}), and did not")
        if told.will == "run" and well and any(step.status == "skipped" for step in steps):
            found.append(f"{name} was to run, and was skipped: {steps[0].reason}")
        if told.items is not None and not has_begun:
            continue
        if told.items is not None and any(len(step.children) != told.items for step in steps if step.children):
            found.append(f"{name} was to have {told.items} items")
    return found


@proves("A4.2")
@pytest.mark.parametrize("failures", [0.0, 0.15])
def test_what_is_foreseen_is_what_happens(failures: float) -> None:
    told: Counter[str] = Counter()
    well = 0
    for seed in SEEDS:
        rng = random.Random(seed)
        workflow, inputs = any_workflow(rng, is_racing=False), inputs_for(rng)
        paper = Paper(workflow, inputs, seed, failures=failures)
        state = perform(paper, random.Random(seed))
        assert not differences(workflow, inputs, state), f"seed {seed}"
        told.update(one.will for one in foreseen(workflow, inputs).values())
        well += went_well(state)
    assert told["skip"] > 100
    assert told["run"] > 300
    assert told["maybe"] > 50
    assert failures or well > 50


def read(steps: str, head: str = "") -> Workflow:
    found = read_workflow("w.yaml", f"fairlead: 1\nname: w\n{head}steps:\n{steps}".encode())
    assert found.workflow is not None, found.diagnostics
    return found.workflow


GRAPH = """\
  - {id: scan, agent: inventory}
  - {id: deep, needs: [scan], if: inputs.deep, agent: inventory}
  - {id: late, needs: [deep], agent: inventory}
  - {id: told, after: [deep], if: "!steps.deep.ran", agent: inventory}
  - {id: open, needs: [scan], if: steps.scan.output.n > 1, agent: inventory}
  - {id: behind, needs: [open], agent: inventory}
"""
HEAD = "flow: graph\ninputs: {deep: {type: boolean}}\n"


def test_a_known_condition_decides_and_an_unknown_one_leaves_both_ways_open() -> None:
    found = foreseen(read(GRAPH, HEAD), {"deep": False})
    assert {name: one.will for name, one in found.items()} == {
        "scan": "run",
        "deep": "skip",
        "late": "skip",
        "told": "run",
        "open": "maybe",
        "behind": "maybe",
    }
    assert found["deep"].reason == "`inputs.deep` does not hold"
    assert found["late"].reason == "needs deep, which is skipped"
    assert found["open"].reason == "if `steps.scan.output.n > 1`"
    assert foreseen(read(GRAPH, HEAD), {"deep": True})["late"].will == "run"


def test_nothing_known_stays_open_and_reads_nothing_wrong() -> None:
    found = forecast(read(GRAPH, HEAD), {"inputs": Known({})})
    assert found["deep"].will == found["late"].will == found["told"].will == "maybe"


def test_of_a_choice_the_branches_that_cannot_be_taken_are_skipped() -> None:
    steps = """\
  - {id: scan, agent: inventory}
  - id: pick
    choose:
      - {if: inputs.n > 5, steps: [{id: a, agent: inventory}]}
      - {if: steps.scan.output.n > 1, steps: [{id: b, agent: inventory}]}
      - {if: inputs.n > 1, steps: [{id: c, agent: inventory}]}
      - steps: [{id: d, agent: inventory}]
"""
    workflow = read(steps, "inputs: {n: {type: integer}}\n")
    wills = {name: one.will for name, one in foreseen(workflow, {"n": 3}).items()}
    assert wills == {"scan": "run", "pick": "run", "a": "skip", "b": "maybe", "c": "maybe", "d": "skip"}
    assert foreseen(workflow, {"n": 9})["a"].will == "run"


def test_who_cannot_be_performed_fails_and_hits_what_needs_it() -> None:
    workflow = read(
        "  - {id: a, agent: gone, optional: true, default: {}}\n  - {id: b, agent: gone}\n"
        "  - {id: c, agent: inventory}\n"
    )

    def failing(step: Step) -> str:
        return "needs a model" if isinstance(step.action, AgentAction) and step.action.name == "gone" else ""

    found = forecast(workflow, {}, failing)
    assert {name: one.will for name, one in found.items()} == {"a": "fail", "b": "fail", "c": "skip"}
    assert found["c"].reason == "needs b, which fails"


def test_items_and_rounds_are_counted_when_they_are_known() -> None:
    steps = """\
  - {id: fan, each: inputs.names, agent: inventory}
  - {id: none, each: "[]", agent: inventory}
  - {id: open, each: steps.fan.outputs, agent: inventory}
  - id: again
    loop: {max: "${ inputs.most }", steps: [{id: inner, agent: inventory}]}
"""
    workflow = read(steps, "inputs: {names: {type: array}, most: {type: integer}}\n")
    found = foreseen(workflow, {"names": ["a", "b"], "most": 4})
    assert (found["fan"].items, found["none"].items, found["open"].items) == (2, 0, None)
    assert found["again"].rounds == 4
    assert found["inner"].will == "run"


def test_a_condition_that_cannot_be_told_is_the_author_s_failure() -> None:
    workflow = read(
        "  - {id: a, if: inputs.name.size() > 1 / inputs.zero, agent: inventory}\n",
        "inputs: {name: {type: string}, zero: {type: integer}}\n",
    )
    assert foreseen(workflow, {"name": "x", "zero": 0})["a"].will == "fail"
