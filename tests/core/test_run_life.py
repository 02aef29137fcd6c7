"""The life of a run, on thousands of random workflows: what may start when, how things end, and that it always ends."""

import random

import pytest

from fairlead.core.decide import StartAttempt, decide
from fairlead.core.events import (
    AttemptOutcome,
    AttemptStarted,
    AttemptSucceeded,
    RunCancelRequested,
    RunClaimed,
    RunEnded,
    RunPauseRequested,
    RunResumeRequested,
)
from fairlead.core.ids import Place
from fairlead.core.state import RunState, apply, fold
from fairlead.core.transitions import ATTEMPT, RUN, RUN_ENDED, STEP, STEP_ENDED
from fairlead.core.workflow import AgentAction, GroupAction, ParallelAction, Step, Workflow
from tests.core.runs import PaperRun, random_workflow
from tests.proves import proves

SEEDS = range(600)


def performed(seed: int, *, cancels: int = 0, deaths: int = 0, pauses: int = 0, failures: float = 0.2) -> PaperRun:
    rng = random.Random(seed)
    run = PaperRun(random_workflow(rng), rng)
    run.perform(cancels=cancels, deaths=deaths, pauses=pauses, failures=failures)
    return run


def facts(state: RunState) -> dict[str, object]:
    """All that can be asked of a state, as one value."""
    steps = {
        place: {name: getattr(step, name) for name in step.__slots__ if name not in ("planned", "held")}
        for place, step in state.steps.items()
    }
    rest = {k: v for k, v in vars(state).items() if k not in ("steps", "workflow", "worst", "queued")}
    return {"steps": steps, "worst": [step.place for step in state.worst], **rest}


@pytest.mark.parametrize("deaths", [0, 3])
@pytest.mark.parametrize("cancels", [0, 1, 2])
def test_every_run_ends_and_every_step_with_it(cancels: int, deaths: int) -> None:
    for seed in SEEDS:
        state = performed(seed, cancels=cancels, deaths=deaths).state
        assert state.status in RUN_ENDED, seed
        assert {step.status for step in state.steps.values()} <= STEP_ENDED, seed


@proves("A2.1")
def test_no_step_starts_before_what_it_waits_for_has_ended() -> None:
    for seed in SEEDS:
        run = performed(seed, deaths=1)
        replay = RunState(run.workflow, run.state.run)
        for record in run.records:
            if isinstance(record.event, AttemptStarted):
                planned = run.workflow.plan[record.event.place]
                for needed in planned.needs:
                    assert replay.steps[needed].is_usable, (seed, record.event.place, needed)
                for earlier in planned.after:
                    assert replay.steps[earlier].status in STEP_ENDED, (seed, record.event.place, earlier)
                if planned.is_closing:
                    main = [p for p, its in run.workflow.plan.items() if not its.is_closing]
                    assert all(replay.steps[p].status in STEP_ENDED for p in main), seed
            apply(replay, record.event, record.at, record.epoch)


@proves("A2.2")
def test_never_more_at_once_than_the_run_and_the_block_allow() -> None:
    for seed in SEEDS:
        run = performed(seed)
        at_once: set[Place] = set()
        for record in run.records:
            event = record.event
            if isinstance(event, AttemptStarted):
                at_once.add(event.place)
                assert len(at_once) <= run.workflow.parallel_max, seed
                parent = run.workflow.plan[event.place].parent
                action = run.workflow.plan[parent].step.action if parent else None
                if isinstance(action, ParallelAction) and action.max:
                    inside = [p for p in at_once if run.workflow.plan[p].parent == parent]
                    assert len(inside) <= action.max, seed
            elif isinstance(event, AttemptOutcome):
                at_once.discard(event.place)


def test_the_same_events_always_give_the_same_state() -> None:
    for seed in range(200):
        run = performed(seed, cancels=1, deaths=1, pauses=1)
        again = fold(run.workflow, run.records)
        assert again is not None
        assert facts(again) == facts(run.state), seed


def test_asking_after_each_event_and_asking_once_give_the_same_commands() -> None:
    for seed in range(150):
        run = performed(seed, cancels=1, deaths=1, pauses=1)
        asked = RunState(run.workflow, run.state.run)
        for number, record in enumerate(run.records, 1):
            apply(asked, record.event, record.at, record.epoch)
            asked.applied = record.seq
            commands = decide(run.workflow, asked, asked.now)
            assert commands == decide(run.workflow, asked, asked.now), seed  # asking changes nothing
            once = fold(run.workflow, run.records[:number])
            assert once is not None
            assert commands == decide(run.workflow, once, once.now), (seed, number)


def test_a_finished_step_is_never_started_again() -> None:
    for seed in SEEDS:
        run = performed(seed, deaths=4)
        done: set[Place] = set()
        for record in run.records:
            if isinstance(record.event, AttemptSucceeded):
                done.add(record.event.place)
            if isinstance(record.event, AttemptStarted):
                assert record.event.place not in done, seed


def test_every_change_that_the_tables_allow_happens_somewhere() -> None:
    seen: set[tuple[str, str, str]] = set()
    for seed in range(1500):
        run = performed(seed, cancels=seed % 3, deaths=seed % 4, pauses=seed % 5)
        state = RunState(run.workflow, run.state.run)
        for record in run.records:
            before = {p: (s.status, s.attempt_status, s.attempts) for p, s in state.steps.items()}
            run_before = state.status
            apply(state, record.event, record.at, record.epoch)
            if state.status != run_before:
                seen.add(("run", run_before, state.status))
            for place, step in state.steps.items():
                status, attempt, attempts = before[place]
                if step.status != status:
                    seen.add(("step", status, step.status))
                if (step.attempt_status, step.attempts) != (attempt, attempts):
                    seen.add(("attempt", attempt if step.attempts == attempts else "", step.attempt_status))
    allowed = {
        (name, before, after)
        for name, table in (("run", RUN), ("step", STEP), ("attempt", ATTEMPT))
        for before, changes in table.items()
        for after in changes.values()
        if before != after
    }
    # `apply` passes through `ready` and `running` within one event, so some single changes show only as their sum.
    passing = {("step", "pending", "failed"), ("step", "pending", "degraded"), ("step", "pending", "succeeded")}
    assert seen - passing <= allowed
    missing = allowed - seen
    assert not missing, missing


def test_while_a_run_is_paused_nothing_begins_and_nothing_is_lost() -> None:
    paused_at_all = 0
    for seed in range(300):
        run = performed(seed, pauses=3, failures=0.0)
        is_paused = False
        for record in run.records:
            match record.event:
                case RunPauseRequested():
                    is_paused = True
                    paused_at_all += 1
                case RunResumeRequested():
                    is_paused = False
                case AttemptStarted():
                    assert not is_paused, seed
        assert run.state.ended is not None, seed
        assert run.state.ended.status in ("succeeded", "degraded", "failed"), seed
    assert paused_at_all > 300


def test_cancelling_a_paused_run_lets_it_do_what_stands_under_finally() -> None:
    run = one(leaf("a"), finally_=(leaf("tidy"),))
    run.record(RunPauseRequested("somebody"), is_request=True)
    run.obey()
    assert run.state.status == "waiting"
    assert not run.state.running
    run.record(RunCancelRequested("somebody"), is_request=True)
    run.obey()
    assert list(run.state.running) == ["tidy"]
    assert run.state.steps[Place("a")].status == "cancelled"


def one(*steps: Step, **more: object) -> PaperRun:
    workflow = Workflow("w", steps, **more)  # type: ignore[arg-type]  # keyword arguments of one test each
    run = PaperRun(workflow, random.Random(1))
    run.begin()
    return run


def leaf(name: str, **more: object) -> Step:
    return Step(name, AgentAction("scripted"), **more)  # type: ignore[arg-type]  # as above


def settle(run: PaperRun, place: str, *, fails: bool = False) -> None:
    run.obey()
    run.finish(Place(place), 1.1 if fails else -1.0)
    run.obey()


def starts(run: PaperRun) -> list[str]:
    return [c.place for c in decide(run.workflow, run.state, run.state.now) if isinstance(c, StartAttempt)]


@proves("A2.1")
def test_after_a_failure_nothing_later_in_a_sequence_starts_and_the_reason_names_the_need() -> None:
    run = one(leaf("a"), leaf("b"), leaf("c"))
    settle(run, "a", fails=True)
    assert run.state.status == "failed"
    assert run.state.steps[Place("b")].status == "skipped"
    assert run.state.steps[Place("b")].reason == "needs a, which failed"
    assert run.state.steps[Place("c")].reason == "needs b, which was skipped"


def test_an_optional_failure_degrades_the_run_and_the_sequence_goes_on() -> None:
    run = one(leaf("a", optional=True), leaf("b"))
    settle(run, "a", fails=True)
    run.finish(Place("b"), -1.0)
    run.obey()
    assert run.state.steps[Place("a")].status == "failed"
    assert run.state.status == "degraded"
    assert run.state.ended is not None
    assert run.state.ended.reasons[0] == "a failed: it failed"


def test_a_default_stands_in_for_the_output_of_an_optional_step() -> None:
    run = one(leaf("a", optional=True, default={"n": 0}, has_default=True), leaf("b", needs=("a",)), flow="graph")
    settle(run, "a", fails=True)
    assert run.state.output_of(Place("a")) == {"n": 0}
    assert Place("b") in run.state.running


@proves("A2.6")
def test_after_runs_and_finally_runs_when_a_need_failed() -> None:
    run = one(leaf("a"), leaf("b", needs=("a",)), leaf("c", after=("a",)), flow="graph", finally_=(leaf("close"),))
    settle(run, "a", fails=True)
    assert run.state.steps[Place("b")].status == "skipped"
    assert Place("c") in run.state.running
    settle(run, "c")
    assert Place("close") in run.state.running
    settle(run, "close")
    assert run.state.status == "failed"


@proves("A2.6")
def test_finally_runs_after_a_cancel_and_a_second_cancel_stops_it() -> None:
    run = one(leaf("a"), leaf("b"), finally_=(leaf("close"),))
    run.obey()
    run.record(RunCancelRequested("mira"), is_request=True)
    run.obey()
    run.finish(Place("a"), 0.0)
    run.obey()
    assert run.state.steps[Place("b")].status == "cancelled"
    assert Place("close") in run.state.running
    run.record(RunCancelRequested("mira"), is_request=True)
    run.obey()
    run.finish(Place("close"), 0.0)
    run.obey()
    assert run.state.status == "cancelled"
    assert run.state.steps[Place("close")].status == "cancelled"


def test_fail_fast_skips_what_has_not_begun_and_stops_what_runs() -> None:
    block = Step("block", ParallelAction((leaf("a"), leaf("b"), leaf("c")), max=2))
    run = one(block)
    run.obey()
    assert set(run.state.running) == {"a", "b"}
    run.finish(Place("a"), 1.1)
    run.obey()
    assert run.state.steps[Place("c")].status == "skipped"
    assert run.stopping == {Place("b")}
    run.finish(Place("b"), 0.0)
    run.obey()
    assert run.state.steps[Place("b")].status == "cancelled"
    assert run.state.steps[Place("block")].status == "failed"
    assert run.state.status == "failed"


def test_without_fail_fast_the_siblings_go_on() -> None:
    run = one(Step("block", ParallelAction((leaf("a"), leaf("b")), fail_fast=False)))
    run.obey()
    run.finish(Place("a"), 1.1)
    run.finish(Place("b"), -1.0)
    run.obey()
    assert run.state.steps[Place("b")].status == "succeeded"
    assert run.state.status == "failed"


def test_an_attempt_lost_while_it_should_stop_is_not_repeated() -> None:
    run = one(leaf("a"), leaf("b"))
    run.obey()
    run.record(RunCancelRequested("mira"), is_request=True)
    run.record(RunClaimed("w-2"))
    run.obey()
    run.obey()
    assert run.state.steps[Place("a")].status == "cancelled"
    assert run.state.steps[Place("a")].attempts == 1
    assert run.state.status == "cancelled"


def test_equal_definitions_have_equal_digests_and_another_one_has_another() -> None:
    first = Workflow("w", (leaf("a"), Step("g", GroupAction((leaf("b"),)))))
    same = Workflow("w", (leaf("a"), Step("g", GroupAction((leaf("b"),)))))
    other = Workflow("w", (leaf("a"), Step("g", GroupAction((leaf("c"),)))))
    assert first.digest == same.digest
    assert first.digest != other.digest


def test_a_run_that_ended_says_so_once() -> None:
    run = performed(5)
    assert [record.seq for record in run.records if isinstance(record.event, RunEnded)] == [len(run.records)]
    assert decide(run.workflow, run.state, run.state.now) == ()
