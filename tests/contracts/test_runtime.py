"""What every `Runtime` promises the loop: what was noted is one commit, and nothing happens before it is durable.

The one implementation is `EmbeddedRun`, over a real journal and a real gate; its agents play scripts.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from fairlead.core.events import (
    AttemptCancelled,
    AttemptFailed,
    AttemptLost,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    RunCancelRequested,
    RunParked,
    RunQueued,
    SignalReceived,
    StepSkipped,
    WaitBegun,
)
from fairlead.core.ids import Epoch, Micros, Place, RunId
from fairlead.core.json import Digest, encode
from fairlead.core.outcomes import Outcome
from fairlead.core.ports import Admitted, Call, Child, Fenced, Runtime, World
from fairlead.core.workflow import AgentAction, Step, WaitAction, Workflow
from fairlead.runtime.contents import Definitions
from fairlead.runtime.embedded import EmbeddedRun
from fairlead.testing import FakeClock
from tests.runtime.engines import Bench, at_once, for_ever, leaf

AT_ONCE = Micros(1)  # a moment that has long been due: whoever waits comes back after the commit
WORKFLOW = Workflow("w", (leaf("a"), leaf("b"), leaf("c")), flow="graph")


class Ticking(FakeClock):
    """A clock on which no two moments are the same, so that commits can be told apart."""

    def now(self) -> Micros:
        self.move(1e-6)
        return super().now()


class Stage:
    """A claimed run with its runtime, and what the agents were asked."""

    def __init__(self, directory: Path) -> None:
        self.calls: list[Call] = []
        self.clock = Ticking()
        self.bench = Bench(
            str(directory), clock=self.clock, at_once=self._noting(at_once), for_ever=self._noting(for_ever)
        )
        self.run = self.bench.queue(WORKFLOW)
        claimed = self.bench.journal.claim(self.run, self.bench.worker)
        self._embedded = self.claimed(self.run, claimed.epoch)
        self.runtime: Runtime = self._embedded

    def claimed(self, run: RunId, epoch: Epoch) -> EmbeddedRun:
        bench = self.bench
        embedded = EmbeddedRun(
            run,
            epoch,
            bench.journal,
            bench.engine._gate,
            bench.clock,
            bench.engine.perform,
            Definitions(bench.journal.get),
        )
        embedded.refold()
        return embedded

    def _noting(
        self, script: Callable[[Call, World], Coroutine[Any, Any, Outcome]]
    ) -> Callable[[Call, World], Coroutine[Any, Any, Outcome]]:
        async def noting(call: Call, world: World) -> Outcome:
            self.calls.append(call)
            return await script(call, world)

        return noting

    async def admitted(self, place: str, agent: str = "at_once", run: RunId | None = None) -> Admitted:
        call = Call(run or self.run, Place(place), 1, agent, {}, "/tree")
        admitted = await self.bench.engine._gate.admit(call, lambda names: "")
        assert isinstance(admitted, Admitted)
        return admitted

    def perform(self, play: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Play on a loop to which the journal delivers; whatever still runs at the end is stopped."""

        async def joined() -> None:
            self.bench.engine._loop = asyncio.get_running_loop()
            try:
                await play()
            finally:
                await self._embedded.stop_all()

        asyncio.run(asyncio.wait_for(joined(), 30))

    def commits(self) -> list[int]:
        """How many events each commit of the run had, but for the request and the claim."""
        times = Counter(record.at for record in list(self.bench.journal.events_of(self.run))[2:])
        return [times[moment] for moment in sorted(times)]

    def recorded(self) -> list[Event]:
        """What the journal holds beside the request and the claim."""
        return [record.event for record in self.bench.journal.events_of(self.run)][2:]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path / "state")
    yield stage
    stage.bench.journal.close()


def names(events: "list[Event] | tuple[Event, ...]") -> list[tuple[str, str]]:
    return [(type(event).__name__, getattr(event, "place", "")) for event in events]


def failed(place: str) -> AttemptFailed:
    return AttemptFailed(Place(place), 1, "author", "FL-A101", "as told")


def test_noting_alone_records_nothing_and_calls_nobody(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a"))
        stage.runtime.emit(failed("b"))
        await asyncio.sleep(0)

    stage.perform(play)
    assert (stage.recorded(), stage.calls) == ([], [])


def test_a_call_is_begun_once_and_its_intent_comes_first(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a"))
        wake = await stage.runtime.wait_any(None)
        assert names(wake.finished) == [("AttemptSucceeded", "a")]
        assert not wake.is_superseded
        # The outcome is only told so far: it is recorded together with what it led to.
        assert names(stage.recorded()) == [("AttemptStarted", "a")]
        stage.runtime.seen(wake.finished)
        stage.runtime.step(await stage.admitted("b"))
        await stage.runtime.wait_any(None)

    stage.perform(play)
    assert names(stage.recorded())[:3] == [("AttemptStarted", "a"), ("AttemptSucceeded", "a"), ("AttemptStarted", "b")]
    assert stage.commits() == [1, 2], "the outcome and the next intent are one commit"
    assert [call.place for call in stage.calls] == ["a", "b"]


def test_the_same_step_noted_twice_is_one_call(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a"))
        stage.runtime.step(await stage.admitted("a"))
        await stage.runtime.wait_any(None)

    stage.perform(play)
    assert [call.place for call in stage.calls] == ["a"]
    assert names(stage.recorded()) == [("AttemptStarted", "a")]


def test_what_is_noted_is_recorded_in_its_order(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.emit(failed("b"))
        stage.runtime.step(await stage.admitted("a", "for_ever"))
        stage.runtime.emit(failed("c"))
        wake = await stage.runtime.wait_any(AT_ONCE)
        assert wake.finished == ()

    stage.perform(play)
    assert names(stage.recorded()) == [("AttemptFailed", "b"), ("AttemptStarted", "a"), ("AttemptFailed", "c")]


def test_an_abandoned_attempt_finishes_as_cancelled_with_its_reason_and_only_once(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a", "for_ever"))
        stage.runtime.step(await stage.admitted("b"))
        wake = await stage.runtime.wait_any(None)
        assert names(wake.finished) == [("AttemptSucceeded", "b")]
        stage.runtime.seen(wake.finished)
        stage.runtime.abandon(Place("a"), "a sibling failed")
        stage.runtime.abandon(Place("a"), "another reason")
        stage.runtime.abandon(Place("b"), "it has ended already")
        stage.runtime.abandon(Place("nowhere"), "it never was")
        wake = await stage.runtime.wait_any(None)
        assert wake.finished == (AttemptCancelled(Place("a"), 1, "a sibling failed"),)
        stage.runtime.seen(wake.finished)
        stage.runtime.emit(failed("c"))
        wake = await stage.runtime.wait_any(AT_ONCE)
        assert wake.finished == ()

    stage.perform(play)
    assert names(stage.recorded()) == [
        ("AttemptStarted", "a"),
        ("AttemptStarted", "b"),
        ("AttemptSucceeded", "b"),
        ("AttemptCancelled", "a"),
        ("AttemptFailed", "c"),
    ]


def test_a_request_in_between_withholds_the_intents_and_asks_to_read_again(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a"))
        wake = await stage.runtime.wait_any(None)
        stage.runtime.seen(wake.finished)
        stage.runtime.step(await stage.admitted("b"))
        stage.bench.journal.record(stage.run, RunCancelRequested("mira"))
        wake = await stage.runtime.wait_any(None)
        assert wake.is_superseded
        assert wake.finished == ()

    stage.perform(play)
    assert [call.place for call in stage.calls] == ["a"]
    assert names(stage.recorded()) == [("AttemptStarted", "a"), ("RunCancelRequested", ""), ("AttemptSucceeded", "a")]


def test_a_request_while_waiting_wakes_and_what_has_finished_is_recorded_first(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a", "for_ever"))
        stage.runtime.emit(failed("c"))
        await stage.runtime.wait_any(AT_ONCE)
        waiting = asyncio.create_task(stage.runtime.wait_any(None))
        await asyncio.sleep(0)
        asked = stage.bench.journal.record(stage.run, RunCancelRequested("mira"))
        stage._embedded.supersede(asked.seq)
        wake = await waiting
        assert wake.is_superseded
        state = stage._embedded.refold()
        assert (state.cancels, state.applied) == (1, asked.seq)
        stage.runtime.abandon(Place("a"), "it was cancelled")
        wake = await stage.runtime.wait_any(None)
        assert names(wake.finished) == [("AttemptCancelled", "a")]

    stage.perform(play)


def test_who_lost_the_run_is_told_and_begins_nothing(stage: Stage) -> None:
    async def play() -> None:
        stage.bench.journal.claim(stage.run, stage.bench.worker)  # a newer epoch
        stage.runtime.step(await stage.admitted("a"))
        with pytest.raises(Fenced):
            await stage.runtime.wait_any(None)

    stage.perform(play)
    assert stage.calls == []
    assert not [event for event in stage.recorded() if isinstance(event, AttemptStarted | AttemptSucceeded)]


def test_calls_of_two_runs_do_not_meet(stage: Stage) -> None:
    other = stage.bench.queue(WORKFLOW, run="r-other000")
    claimed = stage.bench.journal.claim(other, stage.bench.worker)
    second = stage.claimed(other, claimed.epoch)

    async def play() -> None:
        second.step(await stage.admitted("a", run=other))
        stage.runtime.step(await stage.admitted("a"))
        mine, theirs = await asyncio.gather(stage.runtime.wait_any(None), second.wait_any(None))
        assert names(mine.finished) == names(theirs.finished) == [("AttemptSucceeded", "a")]

    stage.perform(play)
    assert sorted(call.run for call in stage.calls) == sorted([stage.run, other])


def test_a_moment_that_comes_wakes_and_says_that_nothing_finished(stage: Stage) -> None:
    async def play() -> None:
        due = Micros(stage.clock.now() + 5_000_000)
        stage.runtime.step(await stage.admitted("a", "for_ever"))
        waiting = asyncio.create_task(stage.runtime.wait_any(due))
        while not stage.calls:
            await asyncio.sleep(0)
        stage.clock.move(4)
        stage._embedded.tick()
        await asyncio.sleep(0)
        assert not waiting.done()
        stage.clock.move(2)
        stage._embedded.tick()
        wake = await waiting
        assert (wake.finished, wake.is_superseded) == ((), False)

    stage.perform(play)
    assert names(stage.recorded()) == [("AttemptStarted", "a")]


def test_what_was_noted_is_recorded_before_the_run_rests(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.emit(RunParked(("a waits",)))
        assert await stage.runtime.rest()

    stage.perform(play)
    assert stage.recorded() == [RunParked(("a waits",))]


def test_a_run_for_which_somebody_asked_meanwhile_does_not_rest(stage: Stage) -> None:
    async def play() -> None:
        stage.bench.journal.record(stage.run, RunCancelRequested("mira"))
        stage.runtime.emit(RunParked(("a waits",)))
        assert not await stage.runtime.rest()
        stage._embedded.refold()
        assert await stage.runtime.rest(), "what was asked for has been read"

    stage.perform(play)
    assert names(stage.recorded()) == [("RunCancelRequested", "")]


@pytest.mark.parametrize("is_parked", [False, True])
def test_a_child_run_is_begun_after_its_intent_and_its_end_or_rest_is_that_of_the_step(
    stage: Stage, is_parked: bool
) -> None:
    action = WaitAction(event="go") if is_parked else AgentAction("at_once")
    definition = stage.bench.journal.put(encode(Workflow("inner", (Step("x", action),))))
    inner = RunId("r-inner000")
    queued = RunQueued("inner", definition, {}, "/tree", parent=stage.run, parent_place="a")
    started = AttemptStarted(Place("a"), 1, "workflow inner", "1", Digest(""), child=inner)

    async def play() -> None:
        stage.runtime.child(Child(Place("a"), 1, inner, queued, started))
        assert not stage.bench.journal.find_run(inner)
        wake = await stage.runtime.wait_any(None)
        expected = WaitBegun(Place("a"), 1, child=inner) if is_parked else None
        assert wake.finished == (expected or AttemptSucceeded(Place("a"), 1, {}, summary=f"run {inner}"),)

    stage.perform(play)
    assert stage.recorded() == [started]
    assert stage.runtime.refold_of(inner).status == ("waiting" if is_parked else "succeeded")


def test_what_finished_while_somebody_asked_comes_with_the_news(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a"))
        waiting = asyncio.create_task(stage.runtime.wait_any(None))
        while not stage.calls:
            await asyncio.sleep(0)
        stage._embedded.supersede(stage.bench.journal.record(stage.run, SignalReceived("go")).seq)
        wake = await waiting
        assert wake.is_superseded
        assert names(wake.finished) == [("AttemptSucceeded", "a")]
        stage._embedded.refold()
        stage.runtime.seen(wake.finished)
        assert await stage.runtime.rest()

    stage.perform(play)
    assert names(stage.recorded()) == [("AttemptStarted", "a"), ("SignalReceived", ""), ("AttemptSucceeded", "a")]


def test_who_is_interrupted_is_told_what_was_lost_and_records_it_at_rest(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a", "for_ever"))
        waiting = asyncio.create_task(stage.runtime.wait_any(None))
        while not stage.calls:
            await asyncio.sleep(0)
        await stage._embedded.interrupt("Ctrl-C")
        wake = await waiting
        assert (wake.finished, wake.interrupted) == ((AttemptLost(Place("a"), 1, "Ctrl-C"),), "Ctrl-C")
        stage.runtime.seen(wake.finished)
        assert await stage.runtime.rest()

    stage.perform(play)
    assert names(stage.recorded()) == [("AttemptStarted", "a"), ("AttemptLost", "a")]


def test_nothing_begins_after_an_interruption_but_what_was_found_out_is_kept(stage: Stage) -> None:
    async def play() -> None:
        stage.runtime.step(await stage.admitted("a"))
        stage.runtime.emit(StepSkipped(Place("b"), "it was not wanted"))
        await stage._embedded.interrupt("SIGTERM")
        wake = await stage.runtime.wait_any(None)
        assert (wake.finished, wake.interrupted) == ((), "SIGTERM")
        assert await stage.runtime.rest()

    stage.perform(play)
    assert names(stage.recorded()) == [("StepSkipped", "b")]
    assert not stage.calls
