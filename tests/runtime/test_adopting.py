"""Going on with what others have left: what is taken up, what is left alone, and in which order."""

import asyncio
import contextlib
from collections.abc import Iterator

import pytest

from fairlead.core.adoption import Adoption
from fairlead.core.events import (
    ApprovalDecided,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    RunClaimed,
    RunPauseRequested,
    RunQueued,
    RunResumeRequested,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest, encode
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import Batch, Call, Interrupted, World
from fairlead.core.workflow import ApproveAction, Step, WaitAction, Workflow
from fairlead.runtime import adopting, loop
from fairlead.runtime.adopting import Adopting
from fairlead.testing import ScriptedAgent
from tests.runtime.engines import Bench, at_once, for_ever, leaf

CHAIN = Workflow("w", (leaf("a"), leaf("b")))
ASKS = Workflow("w", (Step("ask", ApproveAction("Shall it go on?")), leaf("b")))
SLEEPS = Workflow("w", (Step("nap", WaitAction("4s")), leaf("b")))
GONE = WorkerId("w-000000000000")


@pytest.fixture
def bench(directory: str) -> Iterator[Bench]:
    made = Bench(directory, at_once=at_once, for_ever=for_ever)
    yield made
    made.journal.close()


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds among people takes moments here."""
    monkeypatch.setattr(adopting, "_LOOK_S", 0.02)
    monkeypatch.setattr(loop, "_SLEEP_MICROS", 20_000)


def adopting_of(bench: Bench, most: int = 10) -> Adopting:
    return Adopting(bench.engine, bench.journal, bench.clock, "/tree", most, Adoption())


def adopt(bench: Bench, most: int = 10) -> Adoption:
    """Go on with everything, as `resume --all` does."""
    worker = adopting_of(bench, most)
    asyncio.run(watched(bench, worker.perform(stays=False)))
    return worker.tally


async def watched(bench: Bench, work: object) -> None:
    watching = asyncio.create_task(bench.engine.watch_over())
    try:
        await work  # type: ignore[misc]  # a coroutine of `Adopting`
    finally:
        watching.cancel()


def claims(bench: Bench, run: RunId) -> int:
    return sum(isinstance(record.event, RunClaimed) for record in bench.journal.events_of(run))


def left_by_the_dead(bench: Bench, run: str, workflow: Workflow = CHAIN) -> RunId:
    """A run of which a worker that is gone has begun the first step."""
    made = bench.queue(workflow, run=run)
    bench.journal.claim(made, GONE)
    started = AttemptStarted(Place("a"), 1, "at_once", "1", Digest(""))
    bench.journal.append(Batch(made, Epoch(1), bench.journal.head(), (), (started,)), None)
    return made


def test_runs_of_the_dead_and_runs_that_nobody_began_are_performed(bench: Bench) -> None:
    runs = [left_by_the_dead(bench, "r-00000001"), bench.queue(CHAIN, run="r-00000002")]
    tally = adopt(bench)
    assert (tally.adopted, tally.ended) == (2, {"succeeded": 2})
    assert [claims(bench, run) for run in runs] == [2, 1]
    assert bench.journal.open_runs(10) == []


def test_runs_of_the_living_are_left_alone(bench: Bench) -> None:
    run = bench.queue(CHAIN)
    bench.journal.register_worker(GONE)
    bench.journal.claim(run, GONE)
    assert adopt(bench).adopted == 0
    assert claims(bench, run) == 1


def test_what_waits_for_a_person_is_left_alone_until_that_person_has_answered(bench: Bench) -> None:
    run = bench.queue(ASKS)
    assert adopt(bench).waiting == 1
    assert adopt(bench).ended == {}
    assert claims(bench, run) == 1
    asked = bench.folded(ASKS, run).steps[Place("ask")].asked
    assert asked is not None
    bench.journal.record(run, ApprovalDecided(Place("ask"), asked.approval, "approve", "ada", asked.digest))
    assert adopt(bench).ended == {"succeeded": 1}


def test_a_paused_run_stays_paused_until_it_is_resumed(bench: Bench) -> None:
    run = bench.queue(CHAIN)
    bench.journal.claim(run, GONE)
    bench.journal.record(run, RunPauseRequested("ada"))
    assert (adopt(bench).adopted, claims(bench, run)) == (0, 1)
    bench.journal.record(run, RunResumeRequested("ada"))
    assert adopt(bench).ended == {"succeeded": 1}


def test_a_timer_keeps_its_moment_and_holds_nobody_up(bench: Bench) -> None:
    """Of a wait of four seconds all but a part is past when it is adopted; meanwhile the only place is free."""
    run = bench.queue(SLEEPS, run="r-00000001")
    bench.journal.claim(run, GONE)
    due = bench.clock.now() + 500_000
    bench.journal.append(
        Batch(run, Epoch(1), bench.journal.head(), (), (WaitBegun(Place("nap"), 1, due),)),  # type: ignore[arg-type]
        None,
    )
    other = bench.queue(CHAIN, run="r-00000002")
    assert adopt(bench, most=1).ended == {"succeeded": 2}
    ended = {record.run: record.at for record in bench.journal.events_after(Seq(0))}
    assert ended[other] < due <= ended[run]
    waits = [record for record in bench.journal.events_of(run) if isinstance(record.event, WaitBegun)]
    assert len(waits) == 1


def test_no_more_runs_are_performed_side_by_side_than_was_said(bench: Bench) -> None:
    now, most = 0, 0

    async def counts(call: Call, world: World) -> Outcome:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0)
        now -= 1
        return Succeeded({})

    bench.agents["counts"] = ScriptedAgent("counts", counts)
    for number in range(12):
        bench.queue(Workflow("w", (leaf("a", "counts"),)), run=f"r-{number:08}")
    assert adopt(bench, most=3).ended == {"succeeded": 12}
    assert 1 < most <= 3


def test_runs_of_one_group_do_not_overlap_and_are_performed_in_their_order(bench: Bench) -> None:
    went: list[str] = []

    async def notes(call: Call, world: World) -> Outcome:
        went.append(f"{call.run} begins")
        await asyncio.sleep(0.01)
        went.append(f"{call.run} ends")
        return Succeeded({})

    bench.agents["notes"] = ScriptedAgent("notes", notes)
    workflow = Workflow("w", (leaf("a", "notes"),))
    definition = bench.journal.put(encode(workflow))
    for number in range(3):
        queued = RunQueued("w", definition, {}, "/tree", group="deploy", group_max=1)
        bench.journal.record(RunId(f"r-{number:08}"), queued)
    assert adopt(bench).ended == {"succeeded": 3}
    assert went == [f"r-{number:08} {what}" for number in range(3) for what in ("begins", "ends")]


def test_a_run_that_cannot_be_performed_here_is_named_and_keeps_nobody_from_the_others(bench: Bench) -> None:
    bad = RunId("r-00000001")
    bench.journal.record(bad, RunQueued("w", Digest("sha256:" + "0" * 64), {}, "/tree"))
    bench.queue(CHAIN, run="r-00000002")
    tally = adopt(bench)
    assert tally.ended == {"succeeded": 1}
    assert list(tally.problems) == [bad]
    assert "FL-L006" in tally.problems[bad]


def test_runs_of_another_checkout_are_counted_and_left_to_it(bench: Bench) -> None:
    definition = bench.journal.put(encode(CHAIN))
    bench.journal.record(RunId("r-00000001"), RunQueued("w", definition, {}, "/elsewhere"))
    tally = adopt(bench)
    assert (tally.adopted, tally.elsewhere) == (0, 1)


def test_a_run_with_two_deaths_is_performed_with_nothing_beside_it(bench: Bench) -> None:
    """The others wait for it as long as anybody could: it must not come before they have ended."""
    suspect = left_by_the_dead(bench, "r-00000001")
    bench.journal.claim(suspect, WorkerId("w-000000000009"))
    lost = AttemptLost(Place("a"), 1, "gone")
    again = AttemptStarted(Place("a"), 2, "at_once", "1", Digest(""))
    bench.journal.append(Batch(suspect, Epoch(2), bench.journal.head(), (lost,), (again,)), None)
    others = Workflow("w", (leaf("a", "waits"),))
    for number in range(2, 6):
        bench.queue(others, run=f"r-{number:08}")
    went: list[str] = []
    has_come = asyncio.Event()

    async def comes(call: Call, world: World) -> Outcome:
        went.append(call.run)
        has_come.set()
        return Succeeded({})

    async def waits(call: Call, world: World) -> Outcome:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(has_come.wait(), 0.5)
        went.append(call.run)
        return Succeeded({})

    bench.agents |= {"at_once": ScriptedAgent("at_once", comes), "waits": ScriptedAgent("waits", waits)}
    assert adopt(bench).ended == {"succeeded": 5}
    assert went[-2:] == [suspect, suspect]  # both of its steps


def test_who_is_asked_to_stop_closes_what_runs_and_leaves_the_rest_to_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = [bench.queue(Workflow("w", (leaf("a", "for_ever"),)), run=f"r-{number:08}") for number in range(4)]
    worker = adopting_of(bench, most=2)

    async def go() -> None:
        under_way = 0

        async def stops(call: Call, world: World) -> Outcome:
            nonlocal under_way
            under_way += 1
            if under_way == 2:
                await bench.engine.interrupt("stop")
            return await for_ever(call, world)

        bench.agents["for_ever"] = ScriptedAgent("for_ever", stops)
        await worker.perform(stays=True)

    monkeypatch.setattr(adopting, "_BEGIN_S", 0.0)
    with pytest.raises(Interrupted):
        asyncio.run(watched(bench, go()))
    kinds = [[type(record.event).__name__ for record in bench.journal.events_of(run)] for run in runs]
    begun = ["RunQueued", "RunClaimed", "AttemptStarted", "AttemptLost"]
    assert kinds == [begun, begun, begun[:2], begun[:2]]


def test_who_stays_lets_a_run_that_was_just_asked_for_to_whoever_asked(bench: Bench) -> None:
    bench.queue(CHAIN)
    worker = adopting_of(bench)

    async def look() -> bool:
        return await worker._look(adopting._BEGIN_S)

    assert not asyncio.run(look())
    assert AttemptSucceeded not in {type(record.event) for record in bench.journal.events_after(Seq(0))}
