"""The pattern examples: what each promises is proved from the events that a run of it leaves.

The files are read as they are; only their programs are played by a script, so that a test decides what each puts out
and which is ready first.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fairlead.core.events import AttemptFailed, AttemptStarted, AttemptSucceeded, RoundEnded, StepSkipped
from fairlead.core.json import Json
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.shapes import shapes_of
from fairlead.core.standing import RunState
from fairlead.core.workflow import AgentAction, RunAction, Step, Workflow
from fairlead.service.pinning import rebuilt
from fairlead.testing import ScriptedAgent
from fairlead.workflow import check_inputs, read_workflow
from tests.proves import proves
from tests.runtime.engines import Bench

FOLDER = Path(__file__).resolve().parents[2] / "examples/patterns"
NAMES = ("sequential", "parallel", "conditional", "iterative", "pipeline", "graph")
NO = Failed("result", "FL-R210", "no")
Answer = Callable[[Call], Json]


@pytest.fixture
def bench(directory: str) -> Iterator[Bench]:
    made = Bench(directory)
    yield made
    made.journal.close()


def example(name: str) -> Workflow:
    """The file as it is read; programs become calls of `played`, with their words as `argv`."""
    read = read_workflow(f"{name}.yaml", (FOLDER / f"{name}.yaml").read_bytes())
    assert read.workflow is not None, read.diagnostics
    assert read.diagnostics == ()
    return read.workflow


def played(workflow: Workflow) -> Workflow:
    def change(step: Step) -> Step:
        action = step.action
        if isinstance(action, RunAction):
            words: dict[str, Json] = {"argv": list(action.argv)}
            return msgspec.structs.replace(step, action=AgentAction("played"), given=words)
        if isinstance(action, AgentAction):
            return msgspec.structs.replace(step, action=AgentAction("played"))
        return step

    return msgspec.structs.replace(
        workflow, steps=rebuilt(workflow.steps, change), finally_=rebuilt(workflow.finally_, change)
    )


class Stage:
    """Plays every step: what *answer* gives, an outcome or an output; a place among the *gates* waits for its one."""

    def __init__(self, bench: Bench, answer: Answer) -> None:
        self.bench = bench
        self.answer = answer
        self.calls: list[Call] = []
        self.running = 0
        self.most = 0
        self.gates: dict[str, asyncio.Event] = {}
        bench.agents["played"] = ScriptedAgent("played", self._play)

    async def _play(self, call: Call, world: World) -> Outcome:
        self.calls.append(call)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            if str(call.place) in self.gates:
                await self.gates[str(call.place)].wait()
            else:
                await asyncio.sleep(0)
        finally:
            self.running -= 1
        answer = self.answer(call)
        return answer if isinstance(answer, Failed) else Succeeded(answer if isinstance(answer, dict) else {})

    def run(self, workflow: Workflow, **given: Json) -> RunState:
        inputs, wrong = check_inputs(workflow, given, are_texts=False)
        assert not wrong
        return asyncio.run(self.bench.perform(self.bench.queue(played(workflow), inputs)))

    def events(self, state: RunState) -> list[Any]:  # of every kind
        return [record.event for record in self.bench.journal.events_of(state.run)]

    def trace(self, state: RunState) -> list[str]:
        """`>step` where an attempt starts, `step>` where it ends, in the order of the record."""
        found: list[str] = []
        for event in self.events(state):
            if isinstance(event, AttemptStarted):
                found.append(f">{event.place}")
            elif isinstance(event, AttemptSucceeded | AttemptFailed):
                found.append(f"{event.place}>")
        return found


def out(text: str) -> dict[str, Json]:
    return {"exit_code": 0, "stdout": text}


def statuses(state: RunState) -> dict[str, str]:
    return {str(one.place): one.status for one in state.in_order()}


@proves("A2")
@pytest.mark.parametrize("name", NAMES)
def test_each_example_has_the_shape_that_it_is_named_for(name: str) -> None:
    assert shapes_of(example(name))[0] == name


@proves("A2.1")
def test_sequential_each_start_follows_the_end_above(bench: Bench) -> None:
    stage = Stage(bench, lambda call: out(" one two\n"))
    state = stage.run(example("sequential"))
    assert state.status == "succeeded"
    assert stage.trace(state) == [">write", "write>", ">extend", "extend>", ">read", "read>"]


@proves("A2.1")
def test_sequential_after_a_failure_nothing_begins(bench: Bench) -> None:
    stage = Stage(bench, lambda call: NO if call.place == "extend" else out(""))
    state = stage.run(example("sequential"))
    assert state.status == "failed"
    assert stage.trace(state) == [">write", "write>", ">extend", "extend>"]
    assert statuses(state)["read"] == "skipped"


@proves("A2.2")
def test_parallel_never_more_at_once_and_outputs_in_the_order_of_the_inputs(bench: Bench) -> None:
    stage = Stage(bench, lambda call: out(f"hello {call.inputs['argv'][-1]}\n" if "argv" in call.inputs else ""))
    state = stage.run(example("parallel"))
    assert state.status == "succeeded", state.ended
    assert stage.most == 2
    running = 0
    for moment in stage.trace(state):
        running += 1 if moment.startswith(">") else -1
        assert running <= 2
    assert state.ended is not None
    assert state.ended.outputs == {"greetings": ["hello delta", "hello alpha", "hello charlie", "hello bravo"]}


@proves("A2.2")
def test_parallel_keeps_the_order_when_the_last_is_ready_first(bench: Bench) -> None:
    def answer(call: Call) -> Json:
        return out(f"hello {call.inputs['argv'][-1]}") if "argv" in call.inputs else out("")

    stage = Stage(bench, answer)
    first = stage.gates["greet[delta]"] = asyncio.Event()

    def opening(call: Call) -> Json:
        if call.place == "greet[bravo]":
            first.set()  # only when the last item is there may the first one end
        return answer(call)

    stage.answer = opening
    state = stage.run(example("parallel"))
    ends = [moment for moment in stage.trace(state) if moment.startswith("greet[") and moment.endswith(">")]
    assert ends.index("greet[delta]>") > ends.index("greet[charlie]>")
    assert state.ended is not None
    assert state.ended.outputs["greetings"][0] == "hello delta"


@proves("A2.2")
def test_parallel_without_fail_fast_lets_the_others_end(bench: Bench) -> None:
    stage = Stage(bench, lambda call: NO if call.place == "secrets" else out(""))
    state = stage.run(example("parallel"))
    assert state.status == "failed"
    assert statuses(state)["review"] == statuses(state)["security"] == "succeeded"
    assert statuses(state)["greet"] == "skipped"


@proves("A2.3")
@pytest.mark.parametrize(("size", "taken"), [("small", "quick"), ("large", "thorough"), ("other", "otherwise")])
def test_conditional_the_first_branch_that_holds_and_no_other(bench: Bench, size: str, taken: str) -> None:
    stage = Stage(bench, lambda call: out(""))
    state = stage.run(example("conditional"), size=size)
    assert state.status == "succeeded"
    branches = {"quick", "thorough", "otherwise"}
    assert [str(call.place) for call in stage.calls if call.place in branches] == [taken]
    for event in stage.events(state):
        place = str(getattr(event, "place", ""))
        assert place not in branches - {taken}, "a branch that is not taken leaves nothing of its own"
    assert stage.trace(state)[-2:] == [">last", "last>"]
    assert [event.place for event in stage.events(state) if isinstance(event, StepSkipped)] == ["tell"]


@proves("A2.3")
def test_conditional_a_branch_that_fails_starts_no_other(bench: Bench) -> None:
    stage = Stage(bench, lambda call: NO if call.place == "quick" else out(""))
    state = stage.run(example("conditional"), size="small")
    assert state.status == "failed"
    assert [str(call.place) for call in stage.calls] == ["measure", "quick"]


def rounds(stage: Stage, state: RunState) -> list[tuple[str, float | None, bool]]:
    return [(str(one.place), one.metric, one.is_met) for one in stage.events(state) if isinstance(one, RoundEnded)]


def counting(call: Call) -> Json:
    number = int(str(call.place).partition("#")[2])
    return {**out(""), "counted": {"lines": number}}


@proves("A2.4")
def test_iterative_ends_in_the_first_round_that_is_good_enough(bench: Bench) -> None:
    stage = Stage(bench, counting)
    state = stage.run(example("iterative"), wanted=3)
    assert state.status == "succeeded", state.ended
    assert rounds(stage, state) == [("grow#1", 1, False), ("grow#2", 2, False), ("grow#3", 3, True)]
    assert state.ended is not None
    assert state.ended.outputs == {"lines": 3, "stopped_because": "until"}
    trace = stage.trace(state)
    assert trace.index("count#1>") < trace.index(">add#2")


@proves("A2.4")
def test_iterative_never_makes_more_rounds_than_max(bench: Bench) -> None:
    stage = Stage(bench, counting)
    state = stage.run(example("iterative"), wanted=99)
    assert state.status == "degraded"
    assert [place for place, _, _ in rounds(stage, state)] == [f"grow#{number}" for number in range(1, 6)]


@proves("A2.4")
def test_iterative_a_missing_field_ends_the_step_and_is_no_reason_to_go_on(bench: Bench) -> None:
    stage = Stage(bench, lambda call: out(""))
    state = stage.run(example("iterative"), wanted=3)
    assert state.status == "failed"
    assert state.ended is not None
    assert state.ended.fault == "author"
    assert len([call for call in stage.calls if str(call.place).startswith("add")]) == 1


@proves("A2.5")
def test_pipeline_a_stage_is_given_byte_for_byte_what_the_stage_before_put_out(bench: Bench) -> None:
    nasty = 'it\'s "100 %" ${ inputs.x } $(id) `id`; \x00\x1b\r\n\tünï \U0001f600 {{ y }} \\ end  '
    stage = Stage(bench, lambda call: out(nasty + str(call.place)))
    state = stage.run(example("pipeline"))
    assert state.status == "succeeded", state.ended
    transform, deliver = stage.calls[1:]
    assert transform.inputs["argv"][-1] == nasty + "extract"
    assert deliver.inputs["argv"][-1] == nasty + "transform"
    assert state.ended is not None
    assert state.ended.outputs == {"delivered": nasty + "deliver"}


@proves("A2.5")
def test_a_stage_that_reads_further_back_makes_it_no_pipeline() -> None:
    text = (FOLDER / "pipeline.yaml").read_text("utf-8")
    further = text.replace('sys.argv[1])", "${ steps.transform', 'sys.argv[1])", "${ steps.extract')
    assert further != text
    read = read_workflow("pipeline.yaml", further.encode())
    assert read.workflow is not None
    assert shapes_of(read.workflow) == ("sequential",)


@proves("A2.6")
def test_graph_a_failure_skips_what_needs_it_and_nothing_else(bench: Bench) -> None:
    stage = Stage(bench, lambda call: NO if call.place == "build" else out(""))
    state = stage.run(example("graph"), is_broken=True)
    assert state.status == "failed"
    found = statuses(state)
    assert found == {
        "scan": "succeeded",
        "build": "failed",
        "tests": "skipped",
        "report": "succeeded",
        "tidy": "succeeded",
    }
    trace = stage.trace(state)
    assert trace[-2:] == [">tidy", "tidy>"]
    assert trace.index("scan>") < trace.index(">report")
    tests = next(one for one in state.in_order() if one.place == "tests")
    assert tests.reason == "needs build, which failed"


@proves("A2.6")
def test_graph_only_edges_order(bench: Bench) -> None:
    stage = Stage(bench, lambda call: out(""))
    state = stage.run(example("graph"))
    trace = stage.trace(state)
    assert state.status == "succeeded"
    assert set(trace[:2]) == {">scan", ">build"}, "nothing orders these two"
    assert trace.index("build>") < trace.index(">tests") < trace.index("tests>") < trace.index(">report")
