"""The life of a run, on hundreds of random workflows: what may start when, how things end, and that it always ends."""

import random
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from fairlead.core.decide import StartAttempt, decide
from fairlead.core.events import (
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    Recorded,
    RunCancelRequested,
    RunClaimed,
    RunEnded,
    RunPauseRequested,
    RunResumeRequested,
    SignalReceived,
    StepOpened,
    WaitBegun,
    decode_event,
    encode_event,
)
from fairlead.core.ids import Micros, Place
from fairlead.core.standing import StepRun
from fairlead.core.state import RunState, apply, fold
from fairlead.core.transitions import ATTEMPT, RUN, RUN_ENDED, STEP, STEP_ENDED
from fairlead.core.workflow import (
    AgentAction,
    GroupAction,
    ParallelAction,
    Step,
    Workflow,
    place_of,
)
from fairlead.testing.simulation.grammar import any_workflow
from tests.core.runs import PaperRun, facts, random_workflow
from tests.proves import proves

SEEDS = range(500)  # a failure names its seed: `performed(seed)` gives that run again


@cache
def performed(seed: int) -> PaperRun:
    """The run of *seed*, with its share of cancels, deaths and pauses."""
    rng = random.Random(seed)
    workflow = random_workflow(rng) if seed % 5 == 0 else any_workflow(rng)
    run = PaperRun(workflow, rng)
    failures = (0.2, 0.5, 0.0, 0.1)[seed % 4]
    run.perform(cancels=seed % 7 % 3, deaths=seed % 3, pauses=seed % 11 % 3, failures=failures)
    return run


def replayed(run: PaperRun) -> Iterator[tuple[Recorded, RunState]]:
    """Each event with the state before it."""
    state = RunState(run.workflow, run.state.run)
    for record in run.records:
        yield record, state
        apply(state, record.event, record.at, record.epoch)
        state.applied = record.seq


@pytest.mark.parametrize("part", range(4))
def test_every_run_ends_and_every_step_with_it(part: int) -> None:
    for seed in SEEDS[part::4]:
        state = performed(seed).state
        assert state.status in RUN_ENDED, seed
        assert {step.status for step in state.steps.values()} <= STEP_ENDED, seed
        assert (state.open_main, state.open_closing) == (0, 0), seed
        left = ("ready", "opening", "judging", "running", "sleeping", "waiting", "doomed", "orphans")
        assert not [name for name in left if getattr(state, name)], seed


@proves("A2.1", "A2.6")
def test_no_step_starts_before_what_it_waits_for_has_ended() -> None:
    for seed in SEEDS:
        run = performed(seed)
        for record, before in replayed(run):
            if not isinstance(record.event, AttemptStarted | WaitBegun):
                continue
            step = before.steps[record.event.place]
            at: StepRun | None = step
            while at is not None:
                _may_begin(before, at, seed)
                at = before.steps[at.parent] if at.parent is not None else None
                assert at is None or at.status == "running", (seed, step.place)
            if step.planned.is_closing:
                main = [one for one in before.steps.values() if not one.planned.is_closing]
                assert {one.status for one in main} <= STEP_ENDED, seed


def _may_begin(before: RunState, step: StepRun, seed: int) -> None:
    if step.kind != "step":
        return
    for needed in step.planned.needs:
        other = before.steps[place_of(needed, step.suffix)]
        is_passed = other.is_by_choice and step.planned.above == needed
        assert other.is_usable or is_passed, (seed, step.place, needed)
    for earlier in step.planned.after:
        assert before.steps[place_of(earlier, step.suffix)].status in STEP_ENDED, (seed, step.place, earlier)


@proves("A2.2")
def test_never_more_at_once_than_the_run_and_the_blocks_allow() -> None:
    reached: Counter[str] = Counter()
    for seed in SEEDS:
        run = performed(seed)
        for record, before in replayed(run):
            if not isinstance(record.event, AttemptStarted):
                continue
            assert len(before.running) < run.workflow.parallel_max, seed
            step = before.steps[record.event.place]
            parent = before.steps[step.parent] if step.parent is not None else None
            while parent is not None:
                most = _limit(parent)
                at_once = sum(_is_at_work(before, before.steps[place]) for place in parent.children)
                at_once += not _is_at_work(before, step)
                assert not most or at_once <= most, (seed, parent.place)
                reached["full"] += at_once == most
                step, parent = parent, before.steps[parent.parent] if parent.parent is not None else None
    assert reached["full"] > 100


def _limit(block: StepRun) -> int:
    action = block.planned.step.action
    if block.is_each and block.planned.step.each is not None:
        return block.planned.step.each.max_parallel
    return action.max if isinstance(action, ParallelAction) and block.kind != "round" else 0


def _is_at_work(state: RunState, step: StepRun) -> bool:
    """Whether something runs in it."""
    return step.place in state.running or any(_is_at_work(state, state.steps[place]) for place in step.children)


@proves("A2.3")
def test_a_branch_that_is_not_taken_leaves_no_attempt() -> None:
    taken = 0
    for seed in SEEDS:
        run = performed(seed)
        for record in run.records:
            if not isinstance(record.event, StepOpened) or run.state.steps[record.event.place].is_each:
                continue
            for place in run.state.steps[record.event.place].children:
                child = run.state.steps[place]
                if child.kind == "step" and child.planned.branch != record.event.branch and child.planned.branch >= 0:
                    is_choice = type(run.state.steps[record.event.place].planned.step.action).__name__ == "ChooseAction"
                    if is_choice:
                        assert _attempts_below(run.state, child) == 0, (seed, place)
                        taken += 1
    assert taken > 50


def _attempts_below(state: RunState, step: StepRun) -> int:
    return step.attempts + sum(_attempts_below(state, state.steps[place]) for place in step.children)


def test_after_a_no_or_a_cancel_nothing_of_the_main_part_begins() -> None:
    stopped = 0
    for seed in SEEDS:
        is_stopped = False
        for record, before in replayed(performed(seed)):
            is_stopped = is_stopped or bool(before.rejected) or before.cancels > 0
            if is_stopped and isinstance(record.event, AttemptStarted | WaitBegun | StepOpened):
                assert before.steps[record.event.place].planned.is_closing, (seed, record.event)
            if before.cancels > 1:
                assert not isinstance(record.event, AttemptStarted), seed
        stopped += is_stopped
    assert stopped > 50


@proves("B3.1")
def test_each_alternative_is_tried_once_in_order_and_none_twice() -> None:
    replaced = 0
    for seed in SEEDS:
        run = performed(seed)
        tried: dict[Place, list[str]] = {}
        lost: Counter[Place] = Counter()
        for record in run.records:
            if isinstance(record.event, AttemptStarted) and run.state.steps[record.event.place].planned.step.fallback:
                tried.setdefault(record.event.place, []).append(record.event.agent)
            if isinstance(record.event, AttemptLost):
                lost[record.event.place] += 1
        for place, agents in tried.items():
            fallback = run.state.steps[place].planned.step.fallback
            order = list(dict.fromkeys(agents))
            assert order == [name for name in ("scripted", *fallback) if name in order], (seed, place, agents)
            again = sum(agents.count(name) - 1 for name in order if name != "scripted")
            assert again <= lost[place], (seed, place, agents)
            replaced += len(order) > 1
    assert replaced > 5


def test_the_same_events_always_give_the_same_state_also_after_a_trip_through_json() -> None:
    for seed in SEEDS[::3]:
        run = performed(seed)
        read = [
            Recorded(one.seq, one.run, one.epoch, one.at, decode_event(encode_event(one.event))) for one in run.records
        ]
        for records in (run.records, read):
            again = fold(run.workflow, records)
            assert again is not None
            assert facts(again) == facts(run.state), seed


def test_asking_after_each_event_and_asking_once_give_the_same_commands() -> None:
    for seed in SEEDS[::5]:
        run = performed(seed)
        asked = RunState(run.workflow, run.state.run)
        for number, record in enumerate(run.records, 1):
            apply(asked, record.event, record.at, record.epoch)
            asked.applied = record.seq
            for now in (asked.now, Micros(asked.now + 60_000_000)):
                commands = decide(run.workflow, asked, now)
                assert commands == decide(run.workflow, asked, now), seed  # asking changes nothing
                if number % 3 == 0 or number == len(run.records):
                    once = fold(run.workflow, run.records[:number])
                    assert once is not None
                    assert commands == decide(run.workflow, once, now), (seed, number)
                    assert facts(once) == facts(asked), (seed, number)


def test_a_finished_step_is_never_started_again() -> None:
    for seed in SEEDS:
        done: set[Place] = set()
        for record in performed(seed).records:
            if isinstance(record.event, AttemptSucceeded):
                done.add(record.event.place)
            if isinstance(record.event, AttemptStarted | WaitBegun):
                assert record.event.place not in done, seed


def test_every_signal_is_taken_once() -> None:
    taken = 0
    for seed in SEEDS:
        run = performed(seed)
        got = sum(isinstance(one.event, SignalReceived) for one in run.records)
        used = [
            one.event.output["data"]
            for one in run.records
            if isinstance(one.event, AttemptSucceeded)
            and isinstance(one.event.output, dict)
            and "data" in one.event.output
        ]
        kept = sum(len(queue) for queue in run.state.signals.values())
        assert kept + sum(bool(name) for name in used) == got, seed
        taken += sum(bool(name) for name in used)
    assert taken > 20


class Noting(dict[str, str]):
    """A row of a table that notes which of its changes were asked for."""

    def __init__(self, name: str, row: dict[str, str], asked: set[tuple[str, str]]) -> None:
        super().__init__(row)
        self._name = name
        self._asked = asked

    def __getitem__(self, happening: str) -> str:
        self._asked.add((self._name, happening))
        return super().__getitem__(happening)


def test_every_change_that_the_tables_allow_happens_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[tuple[str, str]] = set()
    wanted: set[tuple[str, str]] = set()
    tables: dict[str, dict[str, dict[str, Any]]] = {"run": RUN, "step": STEP, "attempt": ATTEMPT}  # Any: three kinds
    for name, table in tables.items():
        for before, changes in list(table.items()):
            wanted |= {(f"{name} {before}", happening) for happening in changes}
            monkeypatch.setitem(table, before, Noting(f"{name} {before}", changes, asked))
    for seed in SEEDS:
        fold(performed(seed).workflow, performed(seed).records)
    # Some changes are rare: as many further runs as it takes, up to a limit.
    for seed in range(len(SEEDS), 4_000):
        if asked == wanted:
            break
        performed.__wrapped__(seed)
    assert not wanted - asked, "; ".join(map(" → ".join, sorted(wanted - asked)))


def test_while_a_run_is_paused_nothing_begins_and_nothing_is_lost() -> None:
    paused_at_all = 0
    for seed in SEEDS:
        is_paused = False
        for record in performed(seed).records:
            match record.event:
                case RunPauseRequested():
                    is_paused = True
                    paused_at_all += 1
                case RunResumeRequested() | RunCancelRequested():
                    is_paused = False
                case AttemptStarted() | WaitBegun(child="") | StepOpened():
                    assert not is_paused, seed
    assert paused_at_all > 100


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


@pytest.mark.parametrize(("failing", "status"), [((), "succeeded"), (("a",), "degraded"), (("a", "b"), "degraded")])
def test_a_block_of_optional_steps_was_not_skipped_when_something_in_it_was_done(
    failing: tuple[str, ...], status: str
) -> None:
    scans = ParallelAction((leaf("a", optional=True), leaf("b", optional=True)), fail_fast=False)
    run = one(Step("scans", scans), leaf("tests"))
    for name in ("a", "b"):
        settle(run, name, fails=name in failing)
    assert run.state.steps[Place("scans")].status == status
    assert Place("tests") in run.state.running


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
