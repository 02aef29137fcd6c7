"""What a run costs grows with its steps and not with their square: counted in lines of ours that were performed."""

import random
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from fairlead.core.events import ApprovalDecided, SignalReceived
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call
from fairlead.core.workflow import (
    AgentAction,
    ApproveAction,
    Each,
    GroupAction,
    Join,
    ParallelAction,
    Step,
    WaitAction,
    Workflow,
)
from tests.simulation.paper import RUN, Paper, perform_once

FEW, MANY = 60, 240
AGENT = AgentAction("scripted")


def fan(**more: Any) -> Step:  # Any: keyword arguments of one shape each
    return Step("fan", more.pop("action", AGENT), each=Each("inputs.items"), **more)


def chain(count: int) -> tuple[Step, ...]:
    return tuple(
        Step(f"s{n}", AGENT, given={"before": f"${{ steps.s{n - 1}.output.n }}" if n else 0}) for n in range(count)
    )


SHAPES: dict[str, Callable[[int], tuple[Step, ...]]] = {
    "chain": chain,
    "fan-out": lambda count: (fan(given={"item": "${ item }"}),),
    "fan-out in a fan-out": lambda count: (fan(action=GroupAction((Step("in", AGENT, each=Each("[1, 2]")),))),),
    "first one wins": lambda count: (fan(join=Join("any")),),
    "one fails": lambda count: (fan(join=Join(tolerate_count=count)),),
    "all repeated": lambda count: (fan(),),
    "window": lambda count: (Step("p", ParallelAction(tuple(Step(f"s{n}", AGENT) for n in range(count)), max=3)),),
    "waits": lambda count: (fan(action=WaitAction(for_="${ string(item % 7 + 1) }s")),),
    "signals": lambda count: (fan(action=WaitAction(event="go")),),
    "questions": lambda count: (fan(action=ApproveAction("Go on with ${ item }?")),),
}


def answer_of(shape: str, call: Call) -> Outcome:
    if shape == "all repeated" and call.attempt == 1:
        return Failed("provider", "FL-N201", "no", error="transient")
    if shape == "one fails" and "[7]" in call.place:
        return Failed("result", "FL-R210", "no")
    return Succeeded({"n": 1})


def lines_of(shape: str, count: int) -> int:
    """How many lines of the engine are performed for a run of so many steps, from its start to its end."""
    workflow = Workflow("w", SHAPES[shape](count))
    inputs: dict[str, Json] = {"items": list(range(count))}
    paper = Paper(workflow, inputs, 1)
    paper.answer = lambda call: answer_of(shape, call)  # type: ignore[method-assign]  # every shape its own
    lines = 0

    def count_line(frame: FrameType, event: str, argument: object) -> Any:  # Any: what the interpreter wants
        nonlocal lines
        lines += event == "line"
        return count_line

    def look(frame: FrameType, event: str, argument: object) -> Any:  # as above
        return count_line if "/fairlead/" in frame.f_code.co_filename else None

    before: Any = sys.gettrace()  # as above
    sys.settrace(look)
    try:
        state = perform_once(paper, RUN, random.Random(1))
        if shape == "signals":
            for number in range(count):
                paper.request(RUN, SignalReceived("go", number))
        for place in state.waiting:
            if (asked := state.steps[place].asked) is not None:
                paper.request(RUN, ApprovalDecided(place, asked.approval, "approve", "ann", asked.digest))
        if state.ended is None:
            state = perform_once(paper, RUN, random.Random(1))
    finally:
        sys.settrace(before)
    assert state.status == ("degraded" if shape == "one fails" else "succeeded"), state.ended
    return lines


@pytest.mark.parametrize("shape", SHAPES)
def test_four_times_the_steps_cost_four_times_the_lines(shape: str) -> None:
    few, many = lines_of(shape, FEW), lines_of(shape, MANY)
    assert many / few < 1.25 * MANY / FEW, (few, many)
