"""Random workflows of every shape, performed by the real interpreter on paper: order, hand-over, ends, deaths."""

import random
from collections import Counter
from functools import cache

import pytest

from fairlead.core.decide import decide
from fairlead.core.events import AttemptStarted, AttemptSucceeded, RoundEnded, RunQueued
from fairlead.core.ids import Place, RunId
from fairlead.core.json import Json
from fairlead.core.standing import RunState, StepRun
from fairlead.core.workflow import AgentAction, LoopAction, NotifyAction, Workflow
from fairlead.runtime.contents import Contents
from fairlead.runtime.scope import Scope, output_of
from fairlead.testing.simulation.grammar import any_workflow, inputs_for
from tests.core.runs import facts
from tests.proves import proves
from tests.simulation.paper import RUN, Paper, perform

SEEDS = range(240)  # a failure names its seed: `drawn(seed)` gives that workflow again


@cache
def drawn(seed: int) -> tuple[Workflow, dict[str, Json]]:
    rng = random.Random(seed)
    return any_workflow(rng, is_racing=False), inputs_for(rng)


def performed(seed: int, order: int = 0, *, deaths: float = 0.0) -> tuple[Paper, RunState]:
    """The run of *seed*, its attempts ending in the order that *order* draws."""
    paper = Paper(*drawn(seed), seed)
    return paper, perform(paper, random.Random(f"{seed} {order}"), deaths=deaths)


@cache
def undisturbed(seed: int) -> tuple[Paper, RunState]:
    return performed(seed)


def came_to(paper: Paper, state: RunState) -> dict[str, Json]:
    """The end of a run as its reader sees it: how each step ended and what it gave.

    What a failed fan-out had done before it failed depends on who was faster, and so does what was stopped by it.
    """
    assert state.ended is not None
    steps = {place: step for place, step in state.steps.items() if not _is_below_failed(state, step)}
    failed = {f"of_{place}" for place, step in steps.items() if step.is_each and step.status == "failed"}
    return {
        "status": state.ended.status,
        "steps": {place: (step.status, step.output) for place, step in steps.items()},
        "outputs": {name: value for name, value in state.ended.outputs.items() if name not in failed},
    }


def _is_below_failed(state: RunState, step: StepRun) -> bool:
    while step.parent is not None:
        step = state.steps[step.parent]
        if step.is_each and step.status == "failed":
            return True
    return False


@proves("A2.2")
@pytest.mark.parametrize("part", range(2))
def test_any_order_of_ends_gives_the_same_outputs_and_the_same_end(part: int) -> None:
    reordered = 0
    for seed in SEEDS[part::2]:
        paper, state = undisturbed(seed)
        assert paper.at_once <= state.workflow.parallel_max, seed
        for order in (1, 2):
            other, again = performed(seed, order)
            assert came_to(other, again) == came_to(paper, state), (seed, order)
            reordered += [call[1] for call in other.calls] != [call[1] for call in paper.calls]
    assert reordered > 10


def test_what_lives_in_memory_is_what_the_record_says_whenever_a_run_waits() -> None:
    looked = 0
    for seed in SEEDS[::4]:
        paper = Paper(*drawn(seed), seed)

        def look(run: RunId, paper: Paper = paper, seed: int = seed) -> None:
            nonlocal looked
            live, told = paper.live[run]._state, paper.folded(run)
            live.applied = told.applied
            assert facts(live) == facts(told), (seed, told.applied)
            assert decide(live.workflow, live, paper.now) == decide(told.workflow, told, paper.now), seed
            looked += 1

        paper.look = look
        perform(paper, random.Random(seed))
    assert looked > 150


def _is_repeatable(seed: int) -> bool:
    """Whether a lost message cannot make a difference: one that was perhaps not delivered degrades its step."""
    return not any(isinstance(one.step.action, NotifyAction) for one in drawn(seed)[0].plan.values())


@proves("A2.7")
@pytest.mark.parametrize("part", range(2))
def test_workers_may_die_after_any_commit_and_the_end_is_the_same(part: int) -> None:
    died = 0
    for seed in filter(_is_repeatable, SEEDS[part::2]):
        paper, state = performed(seed, 3, deaths=0.2)
        assert came_to(paper, state) == came_to(*undisturbed(seed)), seed
        done = Counter(one.event.place for one in paper.records[RUN] if isinstance(one.event, AttemptSucceeded))
        assert set(done.values()) <= {1}, seed
        died += state.epoch > 3
    assert died > 15


@proves("A2.7")
def test_who_begins_from_any_prefix_of_the_record_comes_to_the_same_end_and_repeats_nothing_that_ended() -> None:
    prefixes = 0
    for seed in [seed for seed in SEEDS if _is_repeatable(seed)][:40]:
        paper, state = undisturbed(seed)
        whole = paper.records[RUN]
        for length in random.Random(seed).sample(range(1, len(whole)), min(12, len(whole) - 1)):
            again = Paper(*drawn(seed), seed)
            again.contents |= paper.contents
            again.records = {run: list(told) for run, told in paper.records.items() if run != RUN}
            again.records[RUN] = whole[:length]
            again.now = whole[length - 1].at
            ended = {one.event.place for one in whole[:length] if isinstance(one.event, AttemptSucceeded)}
            other = perform(again, random.Random(length))
            assert came_to(again, other) == came_to(paper, state), (seed, length)
            assert not ended & {place for run, place, _ in again.calls if run == RUN}, (seed, length)
            prefixes += 1
    assert prefixes > 200


@proves("A2.2")
def test_each_item_gets_its_own_value_and_the_outputs_lie_in_the_order_of_the_items() -> None:
    handed = 0
    for seed in SEEDS:
        paper, state = undisturbed(seed)
        load = Contents(paper.contents.__getitem__, paper.put)
        for step in list(state.steps.values()):
            action = step.planned.step.action
            if not (step.is_each and step.status in ("succeeded", "degraded") and isinstance(action, AgentAction)):
                continue
            items = load(step.opened_ref) if step.opened_ref else step.item
            seen = Scope(state, load, step)["steps"][step.planned.step.id]
            assert [item["key"] for item in seen["items"]] == [str(number) for number in range(len(items))], seed
            for item, output in zip(items, seen["outputs"], strict=True):
                assert output is None or output["was"]["item"] == item, seed
                handed += output is not None
    assert handed > 50


@proves("A2.4")
def test_a_loop_ends_in_the_first_round_that_meets_its_target_and_never_after_its_last() -> None:
    ends: Counter[str] = Counter()
    for seed in SEEDS:
        paper, state = undisturbed(seed)
        met: dict[Place, list[bool]] = {}
        for record in paper.records[RUN]:
            if isinstance(record.event, RoundEnded):
                loop = state.steps[record.event.place].parent
                met.setdefault(loop or Place(""), []).append(record.event.is_met)
        for place, rounds in met.items():
            loop_run = state.steps[place]
            assert not any(rounds[:-1]), (seed, place)
            assert loop_run.rounds is not None
            assert len(loop_run.children) <= loop_run.rounds.max, (seed, place)
            action = loop_run.planned.step.action
            assert isinstance(action, LoopAction)
            if loop_run.status in ("succeeded", "degraded") and isinstance(loop_run.output, dict):
                why = str(loop_run.output["stopped_because"])
                ends[why] += 1
                assert (why == "until") == rounds[-1], (seed, place)
                assert loop_run.output["rounds"] == len(loop_run.children), (seed, place)
                if action.until == "round.number >= 2" and why == "until":
                    assert len(loop_run.children) == 2, (seed, place)
    assert set(ends) == {"until", "max", "stall", "failure"}, ends


def test_what_is_kept_of_another_run_is_not_done_again_and_gives_the_same() -> None:
    kept_at_all = 0
    for seed in SEEDS[::2]:
        paper, first = undisturbed(seed)
        inside = [step for step in first.steps.values() if not step.planned.is_closing]
        main = [step for step in inside if step.parent is None]
        if any(step.status not in ("succeeded", "degraded") and not step.is_by_choice for step in inside):
            continue  # what failed is done again, and with it all that stands behind it
        again = Paper(*drawn(seed), seed, failures=1.0)  # whatever is performed again fails
        again.contents |= paper.contents
        again.records = {run: list(told) for run, told in paper.records.items()}
        kept = tuple(step.planned.step.id for step in main)
        queued = paper.records[RUN][0].event
        assert isinstance(queued, RunQueued)
        second = RunId("r-second00")
        again.request(
            second, RunQueued(queued.workflow, queued.definition, queued.inputs, queued.root, origin=RUN, kept=kept)
        )
        state = perform(again, random.Random(seed), run=second)
        load = Contents(again.contents.__getitem__, again.put)
        for name in kept:
            assert state.steps[Place(name)].status == first.steps[Place(name)].status, (seed, name)
            gave = [output_of(one, Place(name), load) for one in (state, first)]
            assert gave[0] == gave[1], (seed, name)
        assert not {_outermost(state, state.steps[place]) for run, place, _ in again.calls if run == second} & set(kept)
        kept_at_all += bool(kept)
    assert kept_at_all > 20


def _outermost(state: RunState, step: StepRun) -> str:
    while step.parent is not None:
        step = state.steps[step.parent]
    return step.planned.step.id


@pytest.mark.parametrize("part", range(2))
def test_shapes_in_which_the_faster_one_wins_end_too(part: int) -> None:
    for seed in range(1_000 + part, 1_300, 2):
        rng = random.Random(seed)
        workflow, inputs = any_workflow(rng), inputs_for(rng)
        paper = Paper(workflow, inputs, seed, failures=0.3)
        state = perform(paper, rng, deaths=0.1)
        assert state.ended is not None, seed
        assert paper.at_once <= workflow.parallel_max, seed
        again = paper.folded(RUN)
        live = {place: (step.status, step.output) for place, step in state.steps.items()}
        assert {place: (step.status, step.output) for place, step in again.steps.items()} == live, seed
        started = Counter(one.event.place for one in paper.records[RUN] if isinstance(one.event, AttemptStarted))
        assert max(started.values(), default=0) <= 100, seed
