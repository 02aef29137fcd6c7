"""The embedded engine over a real journal: what is recorded, what survives, who may go on."""

import asyncio
import subprocess
import sys

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.events import (
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    RunCancelRequested,
    RunQueued,
    SignalReceived,
)
from fairlead.core.ids import Place, RunId, Seq, WorkerId
from fairlead.core.json import Json, digest, encode
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import AgentCard, Batch, Call, Fenced, Interrupted, World
from fairlead.core.workflow import ParallelAction, Retry, Step, Workflow
from fairlead.testing import ScriptedAgent
from tests.proves import proves
from tests.runtime.engines import Bench, at_once, for_ever, leaf

CHAIN = Workflow("chain", tuple(leaf(f"s{n}") for n in range(5)))


def test_a_chain_is_recorded_step_by_step_with_one_commit_for_an_outcome_and_the_next_intent(directory: str) -> None:
    bench = Bench(directory, at_once=at_once)
    run = bench.queue(CHAIN)
    state = asyncio.run(bench.perform(run))
    assert state.status == "succeeded"
    records = list(bench.journal.events_of(run))
    kinds = [type(record.event).__name__ for record in records]
    pairs = ["AttemptStarted", "AttemptSucceeded"] * 5
    assert kinds == ["RunQueued", "RunClaimed", *pairs, "RunEnded"]
    times = {record.seq: record.at for record in records}
    for record in records:
        if isinstance(record.event, AttemptSucceeded):
            assert times[Seq(record.seq + 1)] == record.at  # its follower is of the same commit
    assert bench.folded(CHAIN, run).status == "succeeded"
    bench.journal.close()


def test_outputs_travel_by_reference_also_when_they_are_large(directory: str) -> None:
    async def large(call: Call, world: World) -> Outcome:
        return Succeeded({"list": [{"n": n, "text": "x" * 100} for n in range(5_000)], "name": "big"})

    workflow = Workflow(
        "hand-over",
        (
            leaf("big", "large"),
            leaf("small", given={"all": "${ steps.big.output.list }", "text": "got ${ steps.big.output.name }"}),
        ),
        outputs={"n": "${ steps.small.output.was.all[4999].n }"},
    )
    bench = Bench(directory, large=large, at_once=at_once)
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    assert state.ended is not None
    assert state.ended.outputs == {"n": 4999}
    big = bench.folded(workflow, run).steps[Place("big")]
    assert big.output is None
    assert big.output_ref.startswith("sha256:")
    bench.journal.close()


def test_an_output_over_ten_megabytes_is_cut_and_the_run_says_so(directory: str) -> None:
    async def flood(call: Call, world: World) -> Outcome:
        return Succeeded({"text": "x" * 11_000_000, "n": 1})

    bench = Bench(directory, flood=flood)
    workflow = Workflow("flood", (leaf("a", "flood"),))
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    assert state.status == "degraded"
    assert "11,000,017 bytes and was cut at 10,000,000" in state.steps[Place("a")].degraded[0]
    receipt = bench.folded(workflow, run).steps[Place("a")].receipt
    assert receipt.output_bytes <= 10_000_000
    assert receipt.output_digest.startswith("sha256:")
    bench.journal.close()


def test_a_missing_field_is_the_authors_failure_and_nothing_was_begun(directory: str) -> None:
    workflow = Workflow("wrong", (leaf("a"), leaf("b", given={"x": "${ steps.a.output.nowhere }"})))
    bench = Bench(directory, at_once=at_once)
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    step = state.steps[Place("b")]
    assert (state.status, step.fault, step.code) == ("failed", "author", "FL-E101")
    started = [r.event.place for r in bench.journal.events_of(run) if isinstance(r.event, AttemptStarted)]
    assert started == ["a"]
    bench.journal.close()


def test_an_unknown_agent_is_refused_at_the_gate(directory: str) -> None:
    bench = Bench(directory)
    run = bench.queue(Workflow("w", (leaf("a", "nobody"),)))
    state = asyncio.run(bench.perform(run))
    assert (state.status, state.steps[Place("a")].code) == ("failed", "FL-A101")
    bench.journal.close()


def with_schemas(bench: Bench, name: str, inputs: Json, outputs: Json) -> None:
    agent = bench.agents[name]
    assert isinstance(agent, ScriptedAgent)
    card = agent.describe()
    fields = {field: getattr(card, field) for field in card.__struct_fields__}
    agent._card = AgentCard(**(fields | {"input_schema": inputs, "output_schema": outputs}))


@proves("C1.1")
@pytest.mark.parametrize(
    ("given", "code"),
    [({"paths": ["src"]}, ""), ({"paths": "src"}, "FL-A111"), ({"path": ["src"]}, "FL-A111"), ({}, "FL-A111")],
)
def test_only_inputs_that_keep_the_schema_reach_an_agent(directory: str, given: dict[str, Json], code: str) -> None:
    reached: list[Json] = []

    async def note(call: Call, world: World) -> Outcome:
        reached.append(call.inputs)
        return Succeeded({})

    bench = Bench(directory, note=note)
    schema = {
        "type": "object",
        "required": ["paths"],
        "properties": {"paths": {"type": "array", "items": {"type": "string"}}},
        "additionalProperties": False,
    }
    with_schemas(bench, "note", schema, {})
    run = bench.queue(Workflow("w", (leaf("a", "note", given=given),)))
    state = asyncio.run(bench.perform(run))
    assert state.steps[Place("a")].code == code
    assert len(reached) == (0 if code else 1)
    assert "'src'" not in state.steps[Place("a")].message  # the value itself is never quoted
    bench.journal.close()


def test_an_output_that_breaks_its_schema_fails_the_step_and_is_the_agents_fault(directory: str) -> None:
    bench = Bench(directory, at_once=at_once)
    schema = {"type": "object", "required": ["findings"], "properties": {"findings": {"type": "array"}}}
    with_schemas(bench, "at_once", {"type": "object"}, schema)
    run = bench.queue(Workflow("w", (leaf("a"),)))
    step = asyncio.run(bench.perform(run)).steps[Place("a")]
    assert (step.status, step.fault, step.code) == ("failed", "agent", "FL-R220")
    assert "findings" in step.message
    bench.journal.close()


def test_an_adapter_that_raises_ends_its_own_attempt_only(directory: str) -> None:
    async def broken(call: Call, world: World) -> Outcome:
        raise ValueError("no such thing")

    workflow = Workflow(
        "w", (Step("p", ParallelAction((leaf("a", "broken", retry=Retry(max=0)), leaf("b")), fail_fast=False)),)
    )
    bench = Bench(directory, broken=broken, at_once=at_once)
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    assert state.steps[Place("a")].code == "FL-X002"
    assert state.steps[Place("b")].status == "succeeded"
    bench.journal.close()


def test_a_step_that_does_not_end_is_stopped_at_its_time_limit(directory: str) -> None:
    bench = Bench(directory, for_ever=for_ever)
    run = bench.queue(Workflow("w", (leaf("a", "for_ever", timeout_s=0.01, retry=Retry(max=0)),)))
    step = asyncio.run(bench.perform(run)).steps[Place("a")]
    assert (step.status, step.fault, step.code) == ("failed", "agent", "FL-R202")
    bench.journal.close()


def test_fail_fast_stops_the_running_sibling(directory: str) -> None:
    async def fails(call: Call, world: World) -> Outcome:
        return Failed("result", "FL-R210", "no")

    workflow = Workflow("w", (Step("p", ParallelAction((leaf("a", "fails"), leaf("b", "for_ever")))),))
    bench = Bench(directory, fails=fails, for_ever=for_ever)
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    assert state.steps[Place("b")].status == "cancelled"
    assert state.status == "failed"
    bench.journal.close()


CANCEL = """
import sys
from fairlead.core.events import RunCancelRequested
from fairlead.core.ids import RunId
from fairlead.env.clock import SystemClock
from fairlead.journal import open_journal
journal = open_journal(sys.argv[1], clock=SystemClock())
journal.record(RunId(sys.argv[2]), RunCancelRequested("mira", "enough"))
journal.close()
"""


def test_another_process_cancels_and_finally_still_runs(directory: str) -> None:
    workflow = Workflow("w", (leaf("a", "asks"), leaf("b")), finally_=(leaf("close"),))

    async def asks(call: Call, world: World) -> Outcome:
        # The request is made while the step runs, by a process of its own.
        subprocess.run([sys.executable, "-c", CANCEL, directory, call.run], check=True)
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    bench = Bench(directory, asks=asks, at_once=at_once)
    run = bench.queue(workflow)
    state = asyncio.run(bench.perform(run))
    assert state.status == "cancelled"
    assert {p: s.status for p, s in state.steps.items()} == {"a": "cancelled", "b": "cancelled", "close": "succeeded"}
    assert bench.folded(workflow, run).status == "cancelled"
    bench.journal.close()


def test_an_interrupted_run_ends_its_attempts_as_lost_and_another_worker_goes_on(directory: str) -> None:
    workflow = Workflow("w", (leaf("a"), leaf("b", "slow"), leaf("c")))
    bench = Bench(directory, at_once=at_once, slow=for_ever)
    run = bench.queue(workflow)

    async def interrupt_when_b_runs() -> None:
        performing = asyncio.create_task(bench.perform(run))
        while Place("b") not in bench.folded(workflow, run).running:
            await asyncio.sleep(0)
        await bench.engine.interrupt("Ctrl-C")
        await performing

    with pytest.raises(Interrupted):
        asyncio.run(interrupt_when_b_runs())
    lost = [r.event for r in bench.journal.events_of(run) if isinstance(r.event, AttemptLost)]
    assert [(event.place, event.reason) for event in lost] == [("b", "Ctrl-C")]
    bench.journal.close()

    second = Bench(directory, at_once=at_once, slow=at_once)
    state = asyncio.run(second.perform(run))
    assert state.status == "succeeded"
    started = [r.event.place for r in second.journal.events_of(run) if isinstance(r.event, AttemptStarted)]
    assert started == ["a", "b", "b", "c"]
    second.journal.close()


@proves("B8.2")
def test_a_worker_that_lost_its_run_records_nothing_more(directory: str) -> None:
    workflow = Workflow("w", (leaf("a", "gate"), leaf("b")))
    first = Bench(directory, at_once=at_once, gate=at_once)
    run = first.queue(workflow)

    async def both() -> None:
        opened = asyncio.Event()

        async def gate(call: Call, world: World) -> Outcome:
            # The first worker is taken for dead while it performs: its lock is given back behind its back.
            for lock in first.journal._locks.values():
                lock.release()
            first.journal._locks.clear()
            second = Bench(directory, at_once=at_once, gate=at_once)
            state = await second.perform(run)
            assert state.status == "succeeded"
            second.journal.close()
            opened.set()
            return Succeeded({"late": True})

        first.agents["gate"] = ScriptedAgent("gate", gate)
        with pytest.raises(Fenced):
            await first.perform(run)
        assert opened.is_set()

    asyncio.run(both())
    outcomes = [r.event for r in first.journal.events_of(run) if isinstance(r.event, AttemptSucceeded)]
    assert all(event.output != {"late": True} for event in outcomes)
    first.journal.close()


def test_a_worker_that_lost_its_run_and_reads_it_again_is_told(directory: str) -> None:
    bench = Bench(directory)
    run = bench.queue(Workflow("w", (leaf("a", "sleeps"),)))

    async def sleeps(call: Call, world: World) -> Outcome:
        # Taken for dead: another worker owns the run, has begun the step again, and somebody has asked for something.
        for lock in bench.journal._locks.values():
            lock.release()
        bench.journal._locks.clear()
        claimed = bench.journal.claim(run, WorkerId("w-000000000other"))
        lost = AttemptLost(call.place, 1, "gone")
        again = AttemptStarted(call.place, 2, "sleeps", "1", digest(b""))
        bench.journal.append(Batch(run, claimed.epoch, claimed.seq, (lost,), (again,)), None)
        asked = bench.journal.record(run, SignalReceived("go"))
        bench.engine._runs[run].supersede(asked.seq)
        return Succeeded({"late": True})

    bench.agents["sleeps"] = ScriptedAgent("sleeps", sleeps)
    with pytest.raises(Fenced, match="epoch 2"):
        asyncio.run(bench.perform(run))
    assert not any(isinstance(one.event, AttemptSucceeded) for one in bench.journal.events_of(run))
    bench.journal.close()


def test_a_cancel_between_two_commits_withholds_the_next_intent(directory: str) -> None:
    workflow = Workflow("w", (leaf("a", "asks"), leaf("b")))

    async def asks(call: Call, world: World) -> Outcome:
        subprocess.run([sys.executable, "-c", CANCEL, directory, call.run], check=True)
        return Succeeded({})

    bench = Bench(directory, asks=asks, at_once=at_once)
    run = bench.queue(workflow)
    # Nobody watches for requests here: only the commit itself can notice that one lies in between.
    state = asyncio.run(bench.engine.perform(run))
    assert state.status == "cancelled"
    assert state.steps[Place("a")].status == "succeeded"
    assert state.steps[Place("b")].attempts == 0
    bench.journal.close()


def test_200_steps_side_by_side_keep_their_window(directory: str) -> None:
    at_the_same_time = 0
    most = 0
    begun = [asyncio.Event() for _ in range(200)]

    async def counts(call: Call, world: World) -> Outcome:
        nonlocal at_the_same_time, most
        number = int(call.place[1:])
        begun[number].set()
        at_the_same_time += 1
        most = max(most, at_the_same_time)
        # Each ends when the window behind it is full, so that one ends while the others run.
        await begun[min(number + 6, 199)].wait()
        at_the_same_time -= 1
        return Succeeded({})

    steps = tuple(leaf(f"s{n}", "counts") for n in range(200))
    bench = Bench(directory, counts=counts)
    run = bench.queue(Workflow("w", (Step("p", ParallelAction(steps)),), parallel_max=7))
    state = asyncio.run(bench.perform(run))
    assert state.status == "succeeded"
    assert most == 7
    bench.journal.close()


def test_many_runs_share_one_engine(directory: str) -> None:
    bench = Bench(directory, at_once=at_once)
    runs = [bench.queue(CHAIN, run=f"r-many{n:04d}") for n in range(30)]

    async def all_of_them() -> list[str]:
        return [state.status for state in await asyncio.gather(*(bench.engine.perform(run) for run in runs))]

    assert asyncio.run(all_of_them()) == ["succeeded"] * 30
    bench.journal.close()


def test_a_request_is_recorded_without_an_owner(directory: str) -> None:
    bench = Bench(directory, at_once=at_once)
    run = bench.queue(CHAIN)
    bench.journal.record(run, RunCancelRequested("mira"))
    state = asyncio.run(bench.perform(run))
    assert state.status == "cancelled"
    assert not [r for r in bench.journal.events_of(RunId(run)) if isinstance(r.event, AttemptStarted | AttemptFailed)]
    bench.journal.close()


def test_a_run_of_another_interpreter_is_left_alone(directory: str) -> None:
    bench = Bench(directory, at_once=at_once)
    definition = bench.journal.put(encode(CHAIN))
    bench.journal.record(RunId("r-abcd1234"), RunQueued("chain", definition, {}, "/tree", interpreter=99))
    with pytest.raises(FairleadError, match="was queued for interpreter 99"):
        asyncio.run(bench.perform(RunId("r-abcd1234")))
    assert not [r for r in bench.journal.events_of(RunId("r-abcd1234")) if isinstance(r.event, AttemptStarted)]
    bench.journal.close()
