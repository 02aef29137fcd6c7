"""What a run's events mean to people: every step is told once, and what the journal holds, a view says."""

import random
from pathlib import Path

import pytest

from fairlead.core.events import RunEnded
from fairlead.core.state import is_leaf
from fairlead.core.transitions import RUN_ENDED, STEP_ENDED
from fairlead.core.workflow import AgentAction, Step, Workflow
from fairlead.journal import open_journal, open_reader
from fairlead.views.facts import STEP_END, Fact, Projection
from fairlead.views.runs import project_run, run_lines, view_run
from fairlead.views.watch import QUEUED_SECONDS_MAX, Watch
from tests.core.runs import RUN, PaperRun, random_workflow
from tests.journal.parts import Deliveries, FakeClock
from tests.views.kept import Keeper


def paper(seed: int, *, cancels: int = 0, deaths: int = 0) -> PaperRun:
    rng = random.Random(seed)
    run = PaperRun(random_workflow(rng), rng)
    run.perform(cancels=cancels, deaths=deaths)
    return run


def facts_of(run: PaperRun) -> list[Fact]:
    return Projection(run.workflow, RUN).take_all(run.records)


@pytest.mark.parametrize("seed", range(60))
def test_every_step_that_ends_is_told_once_with_its_last_status(seed: int) -> None:
    run = paper(seed, cancels=seed % 3, deaths=seed % 4)
    told: dict[str, list[str]] = {}
    for fact in facts_of(run):
        if fact.type in STEP_END.values():
            told.setdefault(fact.step, []).append(fact.type)
    leaves = {place: step for place, step in run.state.steps.items() if is_leaf(step) and step.status in STEP_ENDED}
    assert told == {place: [STEP_END[step.status]] for place, step in leaves.items()}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_not_simply_succeeded_says_why(seed: int) -> None:
    for fact in facts_of(paper(seed, cancels=1, deaths=1)):
        if fact.type in ("step.failed", "step.degraded", "step.skipped", "step.cancelled"):
            assert fact.message or fact.reasons, fact


def test_a_lost_attempt_is_told_as_a_retry_and_the_next_claim_as_going_on() -> None:
    rng = random.Random(4)
    run = PaperRun(Workflow("w", (Step("one", AgentAction("scripted")),)), rng)
    run.begin()
    run.obey()
    from fairlead.core.events import RunClaimed

    run.record(RunClaimed("w-2"))
    run.obey()
    types = [fact.type for fact in facts_of(run)]
    assert types == ["run.queued", "run.started", "step.started", "run.resumed", "step.retrying"]


@pytest.mark.parametrize("seed", range(4))
def test_list_detail_and_watch_agree_after_every_event(seed: int, tmp_path: Path) -> None:
    run = paper(seed, cancels=seed % 2, deaths=seed % 2)
    clock, deliveries = FakeClock(), Deliveries()
    journal = open_journal(str(tmp_path), clock=clock, deliver=deliveries)
    keeper = Keeper(journal, deliveries, run.workflow, RUN)
    reader = open_reader(str(tmp_path), clock=clock)
    watch = Watch(reader, RUN, clock.monotonic)
    expected = Projection(run.workflow, RUN)
    try:
        for record in run.records:
            keeper.keep([record.event])
            told = watch.poll()
            assert [(f.type, f.step, f.reasons) for f in told] == [
                (f.type, f.step, f.reasons) for f in expected.take(record)
            ]
            row = next(iter(reader.runs()))
            view = view_run(project_run(reader, RUN).state, reader)
            assert row.status == view.status == expected.state.status
            assert {step.step: step.status for step in view.steps} == {
                place: step.status for place, step in expected.state.steps.items()
            }
        assert watch.is_ended
        assert run.state.status in RUN_ENDED
    finally:
        reader.close()
        journal.close()


def test_a_watch_that_comes_later_is_told_only_what_came_after(tmp_path: Path) -> None:
    run = paper(11)
    clock, deliveries = FakeClock(), Deliveries()
    journal = open_journal(str(tmp_path), clock=clock, deliver=deliveries)
    Keeper(journal, deliveries, run.workflow, RUN).keep(record.event for record in run.records)
    everything = Watch(journal, RUN, clock.monotonic).poll()
    middle = everything[len(everything) // 2].seq
    late = Watch(journal, RUN, clock.monotonic, after=middle)
    assert late.poll() == [fact for fact in everything if fact.seq > middle]
    assert late.poll() == []
    assert late.is_ended
    journal.close()


def test_a_run_whose_worker_is_gone_is_told_as_unowned_and_never_listed_as_plain_running(tmp_path: Path) -> None:
    rng = random.Random(5)
    run = PaperRun(Workflow("w", (Step("one", AgentAction("scripted")),)), rng)
    run.begin()
    clock, deliveries = FakeClock(), Deliveries()
    journal = open_journal(str(tmp_path), clock=clock, deliver=deliveries)
    Keeper(journal, deliveries, run.workflow, RUN).keep(record.event for record in run.records)
    watch = Watch(journal, RUN, clock.monotonic)
    assert "run.unowned" not in [fact.type for fact in watch.poll()]
    clock.move(QUEUED_SECONDS_MAX)
    assert [fact.type for fact in watch.poll()] == ["run.unowned"]
    assert watch.is_unowned
    assert watch.poll() == []
    (line,) = run_lines(journal.runs(), journal)
    assert (line.status, bool(line.unowned_since)) == ("running", True)
    journal.close()


def test_progress_is_told_only_of_steps_that_run_and_whole_lines_only(tmp_path: Path) -> None:
    rng = random.Random(6)
    run = PaperRun(Workflow("w", (Step("one", AgentAction("scripted")), Step("two", AgentAction("scripted")))), rng)
    run.begin()
    run.obey()
    clock, deliveries = FakeClock(), Deliveries()
    journal = open_journal(str(tmp_path), clock=clock, deliver=deliveries)
    Keeper(journal, deliveries, run.workflow, RUN).keep(record.event for record in run.records)
    live = bytearray(
        b'{"place":"one","text":"a","found":1}\nno json\n{"place":"two","text":"x"}\n{"place":"one","text":"b","fou'
    )
    watch = Watch(journal, RUN, clock.monotonic, read_live=lambda offset: bytes(live[offset:]))
    assert [(f.step, f.summary, f.found) for f in watch.poll() if f.type == "step.progress"] == [("one", "a", 1)]
    live += b'nd":2}\n'
    assert [(f.step, f.summary, f.found) for f in watch.poll()] == [("one", "b", 2)]
    journal.close()


def test_the_end_of_a_run_carries_its_reasons_and_its_fault() -> None:
    run = PaperRun(Workflow("w", (Step("one", AgentAction("scripted")),)), random.Random(7))
    run.begin()
    run.obey()
    run.finish(next(iter(run.state.running)), 1.0)
    run.obey()
    ended = run.records[-1].event
    assert isinstance(ended, RunEnded)
    last = facts_of(run)[-1]
    assert (last.type, last.reasons, last.fault) == ("run.failed", ended.reasons, ended.fault)
