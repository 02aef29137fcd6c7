"""The shapes of a workflow, performed by a real engine over a real journal with agents that play scripts."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.core.events import (
    ApprovalAsked,
    ApprovalDecided,
    AttemptStarted,
    RoundEnded,
    RunContinued,
    RunParked,
    SignalReceived,
    StepOpened,
    StepSkipped,
)
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call, World
from fairlead.core.standing import RunState
from fairlead.core.workflow import (
    ApproveAction,
    Branch,
    ChooseAction,
    Each,
    Expectation,
    GroupAction,
    Input,
    Join,
    LoopAction,
    ParallelAction,
    Retry,
    Stall,
    Step,
    WaitAction,
    Workflow,
    WorkflowAction,
)
from tests.proves import proves
from tests.runtime.engines import Bench, at_once, for_ever, leaf


class Played:
    """Answers by the place that is asked: a value is an output, an outcome is itself, a list one answer an attempt."""

    def __init__(self, **answers: Json) -> None:
        self.answers = answers
        self.calls: list[Call] = []

    async def __call__(self, call: Call, world: World) -> Outcome:
        self.calls.append(call)
        answer = self.answers.get(str(call.place), call.inputs)
        if isinstance(answer, list):
            answer = answer[min(call.attempt, len(answer)) - 1]
        return answer if isinstance(answer, Succeeded | Failed) else Succeeded(answer)


@pytest.fixture
def bench(directory: str) -> Iterator[Bench]:
    made = Bench(directory, at_once=at_once, for_ever=for_ever)
    yield made
    made.journal.close()


def played(bench: Bench, **answers: Json) -> Played:
    agent = Played(**answers)
    from fairlead.testing import ScriptedAgent

    bench.agents["played"] = ScriptedAgent("played", agent)
    return agent


def step(name: str, agent: str = "played", **more: Any) -> Step:  # Any: keyword arguments of one test each
    return leaf(name, agent, **more)


def run(bench: Bench, workflow: Workflow, inputs: dict[str, Json] | None = None) -> RunState:
    return asyncio.run(bench.perform(bench.queue(workflow, inputs)))


def statuses(state: RunState) -> dict[str, str]:
    return {str(one.place): one.status for one in state.in_order()}


def kinds(bench: Bench, state: RunState, *wanted: type) -> list[Any]:
    return [record.event for record in bench.journal.events_of(state.run) if isinstance(record.event, wanted)]


def test_a_condition_that_does_not_hold_skips_its_step_and_not_the_next_one(bench: Bench) -> None:
    agent = played(bench, a={"n": 1})
    steps = (step("a"), step("b", condition="steps.a.output.n > 1"), step("c", condition="!steps.b.ran"))
    state = run(bench, Workflow("w", steps))
    assert statuses(state) == {"a": "succeeded", "b": "skipped", "c": "succeeded"}
    assert state.status == "succeeded"
    assert [call.place for call in agent.calls] == ["a", "c"]
    (skipped,) = kinds(bench, state, StepSkipped)
    assert skipped.reason == "`steps.a.output.n > 1` does not hold"


def test_what_needs_a_step_that_was_skipped_in_a_graph_is_skipped_too(bench: Bench) -> None:
    played(bench)
    steps = (step("a", condition="false"), step("b", needs=("a",)), step("c", after=("a",)))
    state = run(bench, Workflow("w", steps, flow="graph"))
    assert statuses(state) == {"a": "skipped", "b": "skipped", "c": "succeeded"}
    assert state.status == "succeeded"


def test_each_item_is_a_step_of_its_own_and_outputs_keep_the_order_of_the_items(bench: Bench) -> None:
    agent = played(bench)
    fan = step("fan", given={"it": "${ one }"}, each=Each("inputs.names", "one", "one", 2))
    workflow = Workflow(
        "w",
        (fan, step("last", given={"all": "${ steps.fan.outputs.map(o, o.it) }"})),
        inputs={"names": Input("array")},
    )
    state = run(bench, workflow, {"names": ["z", "a", "odd key/1"]})
    assert state.status == "succeeded", state.ended
    assert agent.calls[-1].inputs == {"all": ["z", "a", "odd key/1"]}
    (opened,) = kinds(bench, state, StepOpened)
    assert opened.keys == ("z", "a", "odd key/1")
    places = [str(place) for place in state.steps[Place("fan")].children]
    assert places[:2] == ["fan[z]", "fan[a]"]
    assert places[2].startswith("fan[odd-key-1~")


def test_items_that_fail_within_what_is_tolerated_degrade_the_run(bench: Bench) -> None:
    no = Failed("result", "FL-R210", "no")
    played(bench, **{"fan[1]": no})
    fan = step("fan", each=Each("[0, 1, 2, 3]"), join=Join(tolerate_share=0.25))
    last = step("last", given={"kept": "${ steps.fan.items.filter(i, i.status == 'succeeded').map(i, i.key) }"})
    state = run(bench, Workflow("w", (fan, last)))
    assert state.status == "degraded"
    assert state.ended is not None
    assert state.ended.reasons == ("fan: 1 of 4 failed; fan[1]: no",)


def test_more_failures_than_tolerated_stop_the_rest(bench: Bench) -> None:
    no = Failed("result", "FL-R210", "no")
    agent = played(bench, **{"fan[0]": no, "fan[1]": no})
    fan = step("fan", each=Each("[0, 1, 2, 3]", max_parallel=1), join=Join(tolerate_count=1))
    state = run(bench, Workflow("w", (fan,)))
    assert state.status == "failed"
    assert [str(call.place) for call in agent.calls] == ["fan[0]", "fan[1]"]


@pytest.mark.parametrize(
    ("join", "status"),
    [
        (Join("any"), "degraded"),
        (Join("quorum", count=2), "degraded"),
        (Join("quorum", count=3), "failed"),
        (Join("at_least", share=0.5), "degraded"),
        (Join("at_least", share=0.75), "failed"),
        (Join(), "failed"),
    ],
)
def test_a_join_says_how_many_must_end_well(bench: Bench, join: Join, status: str) -> None:
    no = Failed("result", "FL-R210", "no")
    played(bench, **{"fan[0]": no, "fan[1]": no})
    fan = step("fan", each=Each("[0, 1, 2, 3]", max_parallel=1), join=join)
    assert run(bench, Workflow("w", (fan,))).status == status


def test_items_go_through_their_pipeline_without_waiting_for_each_other(bench: Bench) -> None:
    agent = played(bench)
    inner = GroupAction(
        (step("one", given={"n": "${ item }"}), step("two", given={"n": "${ steps.one.output.n + 1 }"}))
    )
    fan = Step("fan", inner, each=Each("[10, 20]", max_parallel=1))
    state = run(bench, Workflow("w", (fan, step("end", given={"all": "${ steps.fan.outputs }"}))))
    assert state.status == "succeeded", state.ended
    assert [str(call.place) for call in agent.calls] == ["one[0]", "two[0]", "one[1]", "two[1]", "end"]
    assert agent.calls[-1].inputs == {"all": [{"n": 11}, {"n": 21}]}


def test_a_fan_out_says_where_inside_its_items_less_was_done(bench: Bench) -> None:
    played(bench, **{"a[1]": Failed("result", "FL-R210", "no")})
    pair = GroupAction((step("a", optional=True, default={}, has_default=True), step("b")))
    state = run(bench, Workflow("w", (Step("fan", pair, each=Each("[1, 2]")),)))
    assert state.ended is not None
    assert state.ended.reasons == ("fan: 1 of 2 degraded; a[1] failed: no",)


@proves("A2.5")
@pytest.mark.parametrize("size", [1, 300_000])
def test_each_stage_of_a_pipeline_gets_byte_for_byte_what_the_one_before_put_out(bench: Bench, size: int) -> None:
    put_out = {
        "text": "ü漢字 \u0000 \\ ${ not read } " + "x" * size,
        "numbers": [0, -1, 2**53, 1.5, 1e-300, 0.1],
        "deep": {"": [{}, [], None, True, {"a b": [[1]]}]},
    }
    agent = played(bench, first=put_out)
    names = ("second", "third", "fourth")
    before = ("first", *names)
    stages = [
        step(name, given={"got": f"${{ steps.{prior}.output{'' if prior == 'first' else '.got'} }}"})
        for name, prior in zip(names, before, strict=False)
    ]
    assert run(bench, Workflow("w", (step("first"), *stages))).status == "succeeded"
    assert [encode(call.inputs["got"]) for call in agent.calls[1:]] == [encode(put_out)] * 3


def loop(*steps: Step, **more: Any) -> Step:
    return Step("tune", LoopAction(steps, **{"max": 5, **more}))


def test_a_loop_ends_in_the_first_round_that_meets_its_target(bench: Bench) -> None:
    agent = played(bench)
    body = step("body", given={"n": "${ round.number }", "before": "${ round.history.map(h, h.number) }"})
    state = run(bench, Workflow("w", (loop(body, until="steps.body.output.n >= 3"),)))
    assert state.status == "succeeded", state.ended
    assert [call.inputs for call in agent.calls][-1] == {"n": 3, "before": [1, 2]}
    output = state.steps[Place("tune")].output
    assert (output["rounds"], output["stopped_because"]) == (3, "until")
    assert [event.is_met for event in kinds(bench, state, RoundEnded)] == [False, False, True]


def test_a_loop_that_keeps_the_best_stops_when_it_stalls(bench: Bench) -> None:
    played(bench, **{f"body#{n}": {"ms": ms} for n, ms in enumerate((90, 80, 85, 80), 1)})
    tuned = loop(
        step("body"),
        metric="steps.body.output.ms",
        start="100",
        keep="best",
        until="round.best < 50",
        stall=Stall(2, 0.02),
    )
    state = run(bench, Workflow("w", (tuned,)))
    output = state.steps[Place("tune")].output
    assert (output["best"], output["rounds"], output["stopped_because"]) == (80, 4, "stall")
    assert [one["kept"] for one in output["history"]] == [True, True, False, False]
    assert state.status == "degraded"


def test_a_failed_round_is_thrown_away_and_the_next_one_knows(bench: Bench) -> None:
    agent = played(bench, **{"body#1": Failed("result", "FL-R210", "no luck")})
    body = step("body", given={"seen": "${ round.history.map(h, h.summary) }"})
    state = run(bench, Workflow("w", (loop(body, until="round.number == 2", on_round_failure="discard"),)))
    assert state.status == "succeeded", state.ended
    assert agent.calls[-1].inputs == {"seen": ["body#1 failed: no luck"]}


def test_a_missing_field_in_until_is_its_authors_error(bench: Bench) -> None:
    played(bench)
    state = run(bench, Workflow("w", (loop(step("body"), until="steps.body.output.nope > 1"),)))
    assert state.ended is not None
    assert (state.status, state.ended.fault) == ("failed", "author")
    assert statuses(state)["tune"] == "failed"


def test_a_target_that_reads_what_failed_says_so_and_what_to_write(bench: Bench) -> None:
    played(bench, **{"body#1": Failed("result", "FL-R210", "no luck")})
    body = step("body", optional=True)
    state = run(bench, Workflow("w", (loop(body, until="steps.body.output.n == 0"),)))
    assert state.ended is not None
    assert (state.ended.fault, state.ended.code) == ("author", "FL-E101")
    tuned = state.steps[Place("tune")]
    assert tuned.message.startswith("`steps.body` failed and has no `output`")
    assert "a.?b.orValue(0)" in tuned.hint


def test_rounds_without_a_metric_have_no_best(bench: Bench) -> None:
    played(bench)
    state = run(bench, Workflow("w", (loop(step("body"), max=2, until="false"),)))
    assert state.steps[Place("tune")].degraded == ("its target was not met after 2 rounds (max)",)


def test_the_first_branch_that_holds_is_taken_and_no_other(bench: Bench) -> None:
    agent = played(bench)
    choose = Step(
        "pick",
        ChooseAction((Branch((step("a"),), "false"), Branch((step("b"), step("b2")), "true"), Branch((step("c"),)))),
    )
    state = run(bench, Workflow("w", (choose, step("end", given={"b": "${ steps.b.status }"}))))
    assert state.status == "succeeded", state.ended
    assert [str(call.place) for call in agent.calls] == ["b", "b2", "end"]


def test_a_failed_agent_is_replaced_and_that_is_said(bench: Bench) -> None:
    played(bench)
    gone = Failed("platform", "FL-N201", "no model", error="unavailable")

    async def dead(call: Call, world: World) -> Outcome:
        return gone

    from fairlead.testing import ScriptedAgent

    bench.agents["dead"] = ScriptedAgent("dead", dead)
    state = run(bench, Workflow("w", (step("a", "dead", fallback=("dead", "played")),)))
    assert state.status == "degraded"
    assert state.ended is not None
    assert state.ended.reasons[-1] == "a: played did it instead"
    assert [event.agent for event in kinds(bench, state, AttemptStarted)] == ["dead", "played"]


def test_an_attempt_is_repeated_by_the_class_of_its_error(bench: Bench) -> None:
    agent = played(bench, a=[Failed("agent", "FL-R205", "odd", error="invalid_output"), {"n": 1}])
    state = run(bench, Workflow("w", (step("a"),)))
    assert state.status == "succeeded"
    assert agent.calls[1].feedback == ("odd",)
    agent = played(bench, b=Failed("author", "FL-A1", "no", error="validation"))
    state = asyncio.run(bench.perform(bench.queue(Workflow("w", (step("b"),)), run="r-other000")))
    assert (state.status, len(agent.calls)) == ("failed", 1)


def test_an_expectation_that_does_not_hold_fails_the_step_with_its_sentence(bench: Bench) -> None:
    played(bench, a={"n": 1})
    wanted = (
        Expectation("output.n > 0", "", ("REQ-1",)),
        Expectation("output.n > 1", "only ${ output.n }", ("REQ-2",)),
    )
    state = run(bench, Workflow("w", (step("a", expect=wanted),)))
    one = state.steps[Place("a")]
    assert (one.status, one.fault, one.message) == ("failed", "result", "only 1")
    assert [(check.holds, check.satisfies) for check in one.checks] == [(True, ("REQ-1",)), (False, ("REQ-2",))]


def test_a_person_is_asked_and_the_run_holds_no_process_meanwhile(bench: Bench) -> None:
    agent = played(bench, a={"list": ["x", "y"]})
    ask = Step(
        "ok",
        ApproveAction(
            "Go on with ${ steps.a.output.list.size() }?",
            choices=("approve", "approve_subset", "reject"),
            select="steps.a.output.list",
        ),
    )
    workflow = Workflow("w", (step("a"), ask, step("b", given={"chosen": "${ steps.ok.output.selected }"})))
    state = run(bench, workflow)
    assert (state.status, statuses(state)["ok"], statuses(state)["b"]) == ("waiting", "waiting", "pending")
    asked = state.steps[Place("ok")].asked
    assert asked is not None
    assert asked.title == "Go on with 2?"
    stale = ApprovalDecided(Place("ok"), asked.approval, "approve", "eve", encode("other").decode())  # type: ignore[arg-type]
    decided = ApprovalDecided(Place("ok"), asked.approval, "approve_subset", "ann", asked.digest, selected=(1,))
    for one in (stale, decided):
        bench.journal.record(state.run, one)
    state = asyncio.run(bench.perform(state.run))
    assert state.status == "succeeded", state.ended
    assert agent.calls[-1].inputs == {"chosen": ["y"]}
    assert len(kinds(bench, state, RunParked)) == len(kinds(bench, state, RunContinued)) == 1


@proves("A2.2")
def test_a_step_that_waits_holds_no_slot_and_takes_one_again_when_it_goes_on(bench: Bench) -> None:
    agent = played(bench)
    ask = Step("ok", ApproveAction("Go on with ${ item }?"), each=Each("[1, 2, 3]", max_parallel=1))
    beside = Step("beside", ParallelAction((Step("go", WaitAction(event="go")), step("b")), max=1))
    state = run(bench, Workflow("w", (Step("p", ParallelAction((ask, beside))),)))
    assert (state.status, [str(call.place) for call in agent.calls]) == ("waiting", ["b"])
    assert [str(event.place) for event in kinds(bench, state, ApprovalAsked)] == ["ok[0]", "ok[1]", "ok[2]"]
    for number in (2, 0, 1):
        asked = state.steps[Place(f"ok[{number}]")].asked
        assert asked is not None
        bench.journal.record(
            state.run, ApprovalDecided(Place(f"ok[{number}]"), asked.approval, "approve", "ann", asked.digest)
        )
    bench.journal.record(state.run, SignalReceived("go"))
    assert asyncio.run(bench.perform(state.run)).status == "succeeded"


def test_a_no_ends_the_run_as_rejected_and_finally_still_runs(bench: Bench) -> None:
    agent = played(bench)
    workflow = Workflow("w", (Step("ok", ApproveAction("Go on?")), step("b")), finally_=(step("close"),))
    state = run(bench, workflow)
    asked = state.steps[Place("ok")].asked
    assert asked is not None
    bench.journal.record(
        state.run, ApprovalDecided(Place("ok"), asked.approval, "reject", "ann", asked.digest, comment="no")
    )
    state = asyncio.run(bench.perform(state.run))
    assert statuses(state) == {"ok": "failed", "b": "skipped", "close": "succeeded"}
    assert (state.status, state.ended and state.ended.code) == ("rejected", "FL-P001")
    assert [str(call.place) for call in agent.calls] == ["close"]


def test_a_signal_that_comes_early_is_kept_until_somebody_waits_for_it(bench: Bench) -> None:
    agent = played(bench)
    workflow = Workflow(
        "w", (Step("go", WaitAction(event="deployed")), step("b", given={"got": "${ steps.go.output.data }"}))
    )
    queued = bench.queue(workflow)
    bench.journal.record(queued, SignalReceived("deployed", {"n": 7}))
    state = asyncio.run(bench.perform(queued))
    assert state.status == "succeeded", state.ended
    assert agent.calls[-1].inputs == {"got": {"n": 7}}


def test_a_wait_for_a_time_ends_by_itself(bench: Bench) -> None:
    played(bench)
    state = run(bench, Workflow("w", (Step("short", WaitAction(for_="20ms")), step("b"))))
    assert state.status == "succeeded", state.ended


def test_a_child_run_gives_its_outputs_and_its_degraded_reasons(bench: Bench) -> None:
    agent = played(bench, inner=Succeeded({"n": 5}, degraded=("less",)))
    child = Workflow("child", (step("inner"),), outputs={"n": "${ steps.inner.output.n }"})
    bench.journal.put(encode(child))
    parent = Workflow(
        "w", (Step("sub", WorkflowAction("child", child.digest)), step("b", given={"n": "${ steps.sub.output.n }"}))
    )
    state = run(bench, parent)
    assert state.status == "degraded", state.ended
    assert agent.calls[-1].inputs == {"n": 5}
    inner = state.steps[Place("sub")].child
    assert [one.run for one in bench.journal.find_run(inner)] == [inner]
    assert state.ended is not None
    assert state.ended.reasons == (f"sub: {inner}: inner: less",)


def test_a_child_run_that_is_answered_while_its_parent_is_busy_beside_it_goes_on(bench: Bench) -> None:
    child = Workflow("child", (Step("ok", ApproveAction("Go on?")),), outputs={"by": "${ steps.ok.output.by }"})
    bench.journal.put(encode(child))
    parent = Workflow(
        "w", (Step("p", ParallelAction((Step("sub", WorkflowAction("child", child.digest)), step("b")))),)
    )

    async def answers(call: Call, world: World) -> Outcome:
        while not (inner := bench.folded(parent, call.run).steps[Place("sub")].child):
            await asyncio.sleep(0)
        while not (asked := [e for e in told(inner) if isinstance(e, ApprovalAsked)]):
            await asyncio.sleep(0)
        while Place("sub") not in bench.folded(parent, call.run).waiting:
            await asyncio.sleep(0)
        decided = ApprovalDecided(Place("ok"), asked[0].approval, "approve", "ann", asked[0].digest)
        bench.journal.record(RunId(inner), decided)
        return Succeeded({})

    def told(run: str) -> list[Any]:
        if not bench.journal.find_run(run):
            return []
        return [record.event for record in bench.journal.events_of(RunId(run))]

    from fairlead.testing import ScriptedAgent

    bench.agents["played"] = ScriptedAgent("played", answers)
    state = run(bench, parent)
    assert state.status == "succeeded", state.parked
    assert state.steps[Place("sub")].output == {"by": ["ann"]}


def test_a_run_keeps_the_outcomes_of_another_one(bench: Bench) -> None:
    from fairlead.core.events import RunQueued

    agent = played(bench, b=[Failed("result", "FL-R210", "no"), {"n": 2}])
    fan = step("fan", each=Each("[1, 2]"))
    again = loop(step("body"), until="round.number == 2")
    workflow = Workflow("w", (step("a"), fan, again, step("b", retry=Retry(max=0)), step("c")))
    first = run(bench, workflow)
    assert first.status == "failed"
    performed = len(agent.calls)
    agent.answers["b"] = {"n": 2}
    kept = RunQueued("w", workflow.digest, {}, "/tree", origin=first.run, kept=("a", "fan", "tune"))
    bench.journal.record(RunId("r-second00"), kept)
    second = asyncio.run(bench.perform(RunId("r-second00")))
    assert second.status == "succeeded", (second.ended, statuses(second))
    assert [str(call.place) for call in agent.calls[performed:]] == ["b", "c"]
    assert second.steps[Place("a")].kept_from == first.run
