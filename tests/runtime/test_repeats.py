"""What is repeated, when, how often and by whom, on a clock that is moved: the table of error classes, row by row."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from fairlead.core.events import AttemptFailed, AttemptStarted
from fairlead.core.ids import Place, RunId
from fairlead.core.outcomes import Failed, Outcome, Succeeded
from fairlead.core.ports import Call, Interrupted, World
from fairlead.core.standing import RunState
from fairlead.core.workflow import ErrorClass, Expectation, Retry, Step, Workflow
from fairlead.testing import FakeClock, ScriptedAgent
from tests.proves import proves
from tests.runtime.engines import Bench, at_once, leaf
from tests.runtime.moving import perform, starts_s

RUN = RunId("r-abcd1234")


def error(name: ErrorClass, code: str = "FL-N201", after_s: float = 0.0) -> Failed:
    fault = "author" if name in ("validation", "file_not_found") else "policy" if name == "permission" else "provider"
    return Failed(fault, code, f"{name or 'no'}", error=name, retry_after_s=after_s)  # type: ignore[arg-type]


class Stage:
    """One worker on a clock that is moved, and what its agents were asked."""

    def __init__(self, directory: str, clock: FakeClock) -> None:
        self.clock = clock
        self.bench = Bench(directory, clock=clock, at_once=at_once)
        self.calls: list[Call] = []

    def plays(self, name: str, *answers: Outcome) -> None:
        """The agent *name* answers with one after the other, the last one again and again."""
        asked = iter(range(10_000))

        async def answer(call: Call, world: World) -> Outcome:
            self.calls.append(call)
            return answers[min(next(asked), len(answers) - 1)]

        self.bench.agents[name] = ScriptedAgent(name, answer)

    def run(self, *steps: Step) -> RunState:
        self.bench.queue(Workflow("w", steps))
        state = asyncio.run(perform(self.bench, self.clock, RUN))
        assert state is not None
        return state

    def agents(self) -> list[str]:
        return [r.event.agent for r in self.bench.journal.events_of(RUN) if isinstance(r.event, AttemptStarted)]


@pytest.fixture
def stage(directory: str) -> Iterator[Stage]:
    made = Stage(directory, FakeClock())
    yield made
    made.bench.journal.close()


def step(name: str = "a", **more: Any) -> Step:  # Any: keyword arguments of one test each
    return leaf(name, "played", **more)


@proves("B2.1", "B2.7")
def test_without_a_line_in_the_file_the_starts_lie_0_5_20_and_50_s_after_the_first(stage: Stage) -> None:
    stage.plays("played", error("transient"))
    state = stage.run(step())
    assert starts_s(stage.bench, RUN) == [0, 5, 20, 50]
    assert state.status == "failed"
    assert state.steps[Place("a")].message == "transient; 4 attempts failed: FL-N201 ×4"


_ROWS: list[tuple[ErrorClass, list[float]]] = [
    ("transient", [0, 5, 20, 50]),
    ("rate_limit", [0, 5, 20, 50]),
    ("timeout", [0, 5, 20, 50]),
    ("resource", [0, 5, 20, 50]),
    ("invalid_output", [0, 0, 0, 0]),
    ("expectation", [0]),
    ("validation", [0]),
    ("permission", [0]),
    ("file_not_found", [0]),
    ("unavailable", [0]),
    ("unknown", [0, 5]),
    ("", [0]),
]


@proves("B2.2")
@pytest.mark.parametrize(("name", "starts"), _ROWS, ids=[row[0] or "answer" for row in _ROWS])
def test_each_class_is_repeated_as_its_row_of_the_table_says(
    stage: Stage, name: ErrorClass, starts: list[float]
) -> None:
    stage.plays("played", error(name))
    assert stage.run(step()).status == "failed"
    assert starts_s(stage.bench, RUN) == starts


@pytest.mark.parametrize(
    ("retry", "starts"),
    [
        (Retry(max=0), [0]),
        (Retry(max=1), [0, 5]),
        (Retry(max=5), [0, 5, 20, 50, 80, 110]),
        (Retry(on=("timeout",)), [0]),
        (Retry(backoff="constant", initial_s=2), [0, 2, 4, 6]),
        (Retry(backoff="linear", initial_s=2, max_delay_s=5), [0, 2, 6, 11]),
        (Retry(max=4, backoff="exponential", initial_s=10, max_delay_s=30), [0, 10, 30, 60, 90]),
    ],
)
def test_what_the_file_says_replaces_the_schedule(stage: Stage, retry: Retry, starts: list[float]) -> None:
    stage.plays("played", error("transient"))
    stage.run(step(retry=retry))
    assert starts_s(stage.bench, RUN) == starts


@proves("B2.6")
@pytest.mark.parametrize(
    ("asked_s", "starts"),
    [
        (-1.0, [0, 5]),  # absurd, or a date that is past
        (0.0, [0, 5]),  # nothing was asked for
        (float("nan"), [0, 5]),
        (42.0, [0, 42]),
        (3_600.0, [0, 3_600]),
        (3_600.5, [0]),
        (1e9, [0]),
        (float("inf"), [0, 5]),
    ],
)
def test_the_wait_that_the_other_side_asks_for_holds_when_it_is_sane(
    stage: Stage, asked_s: float, starts: list[float]
) -> None:
    stage.plays("played", error("rate_limit", after_s=asked_s), Succeeded({}))
    state = stage.run(step())
    assert starts_s(stage.bench, RUN) == starts
    if len(starts) == 1:
        assert "it can be tried again in" in state.steps[Place("a")].message


def test_who_asks_for_too_long_a_wait_is_replaced_at_once(stage: Stage) -> None:
    stage.plays("played", error("rate_limit", after_s=7_200))
    stage.plays("second", Succeeded({}))
    assert stage.run(step(fallback=("second",))).status == "degraded"
    assert (starts_s(stage.bench, RUN), stage.agents()) == ([0, 0], ["played", "second"])


@proves("B2.3")
def test_a_death_in_the_middle_of_the_wait_keeps_the_rest_of_the_wait_and_the_count(directory: str) -> None:
    clock = FakeClock()
    first = Stage(directory, clock)
    first.plays("played", error("transient"))
    first.bench.queue(Workflow("w", (step(),)))
    began = clock.now()

    def is_in_the_long_wait() -> bool:
        embedded = first.bench.engine._runs.get(RUN)
        if len(first.calls) < 2 or embedded is None or embedded._is_writing or embedded._under_way:
            return False
        if embedded._due is None or embedded._due - clock.now() != 15_000_000:
            return False
        clock.move(7)
        return True

    assert asyncio.run(perform(first.bench, clock, RUN, is_in_the_long_wait)) is None
    assert clock.now() - began == 12_000_000
    first.bench.journal.close()
    second = Stage(directory, clock)
    second.plays("played", error("transient"))
    state = asyncio.run(perform(second.bench, clock, RUN))
    assert state is not None
    assert starts_s(second.bench, RUN) == [0, 5, 20, 50]
    assert [call.attempt for call in second.calls] == [3, 4]
    assert state.steps[Place("a")].message == "transient; 4 attempts failed: FL-N201 ×4"
    second.bench.journal.close()


def test_jitter_stays_within_half_and_is_the_same_in_every_replay(directory: str) -> None:
    found: list[list[float]] = []
    for number in range(2):
        stage = Stage(f"{directory}-{number}", FakeClock())
        stage.plays("played", error("transient"))
        state = stage.run(step(retry=Retry(max=6, jitter=True)))
        found.append(starts_s(stage.bench, RUN))
        assert state.status == "failed"
        stage.bench.journal.close()
    assert found[0] == found[1]
    waits = [after - before for before, after in zip(found[0], found[0][1:], strict=False)]
    for wait, planned in zip(waits, (5, 15, 30, 30, 30, 30), strict=True):
        assert 0.5 * planned <= wait <= 1.5 * planned
    assert len({round(wait / planned, 3) for wait, planned in zip(waits, (5, 15, 30, 30, 30, 30), strict=True)}) > 3


@proves("B3.1")
def test_dead_agents_are_each_tried_once_in_the_order_of_the_file_and_at_most_two_of_them(stage: Stage) -> None:
    for name in ("played", "second", "third", "fourth"):
        stage.plays(name, error("unavailable", f"FL-A03{len(name)}"))
    state = stage.run(step(fallback=("played", "second", "third", "fourth")))
    assert stage.agents() == ["played", "second"]
    assert state.status == "failed"
    assert state.steps[Place("a")].message == "unavailable; 2 attempts failed: FL-A036 ×2"


def test_an_alternative_has_one_attempt_and_no_schedule_of_its_own(stage: Stage) -> None:
    stage.plays("played", error("unavailable"))
    stage.plays("second", error("transient"))
    stage.plays("third", Succeeded({"n": 1}))
    state = stage.run(step(fallback=("second", "third")))
    assert (stage.agents(), starts_s(stage.bench, RUN)) == (["played", "second", "third"], [0, 0, 0])
    assert state.status == "degraded"
    assert state.steps[Place("a")].degraded == (
        "played was unavailable (FL-N201: unavailable)",
        "second was unavailable (FL-N201: transient)",
        "third did it instead",
    )


def test_the_same_failure_twice_in_a_row_goes_to_the_alternative_at_once(stage: Stage) -> None:
    stage.plays("played", error("transient", "FL-N201"), error("transient", "FL-N202"), error("transient", "FL-N202"))
    stage.plays("second", Succeeded({}))
    stage.run(step(fallback=("second",)))
    assert (stage.agents(), starts_s(stage.bench, RUN)) == (["played"] * 3 + ["second"], [0, 5, 20, 20])


@pytest.mark.parametrize("name", ["validation", "permission"])
def test_what_is_wrong_or_forbidden_is_not_asked_of_somebody_else(stage: Stage, name: ErrorClass) -> None:
    stage.plays("played", error(name))
    stage.plays("second", Succeeded({}))
    assert stage.run(step(fallback=("second",))).status == "failed"
    assert stage.agents() == ["played"]


@pytest.mark.parametrize(("on", "agents"), [((), ["played"]), (("expectation",), ["played", "played", "second"])])
def test_an_expectation_is_repeated_only_where_the_file_names_it(
    stage: Stage, on: tuple[ErrorClass, ...], agents: list[str]
) -> None:
    stage.plays("played", Succeeded({"n": 1}))
    stage.plays("second", Succeeded({"n": 2}))
    wanted = (Expectation("output.n > 1", "only ${ output.n }"),)
    stage.run(step(fallback=("second",), expect=wanted, retry=Retry(on=on)))
    assert stage.agents() == agents
    assert [call.feedback for call in stage.calls[1:]] == [("only 1",)] * (len(agents) - 1)


@proves("B2.4", "B2.5")
def test_the_next_attempt_hears_why_and_the_next_step_begins_afresh(stage: Stage) -> None:
    stage.plays("played", error("invalid_output"), Succeeded({}), error("invalid_output"), Succeeded({}))
    assert stage.run(step("a"), step("b")).status == "succeeded"
    assert [(call.place, call.attempt, call.feedback) for call in stage.calls] == [
        ("a", 1, ()),
        ("a", 2, ("invalid_output",)),
        ("b", 1, ()),
        ("b", 2, ("invalid_output",)),
    ]


def test_who_repeats_what_was_lost_hears_it_too(directory: str) -> None:
    clock = FakeClock()
    first = Stage(directory, clock)

    async def second_time_for_ever(call: Call, world: World) -> Outcome:
        if call.attempt == 1:
            return error("invalid_output")
        await first.bench.engine.interrupt("Ctrl-C")
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    first.bench.agents["played"] = ScriptedAgent("played", second_time_for_ever)
    first.bench.queue(Workflow("w", (step(),)))
    with pytest.raises(Interrupted):
        asyncio.run(first.bench.engine.perform(RUN))
    first.bench.journal.close()
    second = Stage(directory, clock)
    second.plays("played", Succeeded({}))
    state = asyncio.run(perform(second.bench, clock, RUN))
    assert state is not None
    assert state.status == "succeeded"
    assert [(call.attempt, call.feedback) for call in second.calls] == [(3, ("invalid_output",))]
    second.bench.journal.close()


@proves("B3.2")
def test_low_importance_degrades_the_run_and_a_default_stands_in(stage: Stage) -> None:
    stage.plays("played", error("unavailable"))
    medium = step("a", fallback=("second",), optional=True, default={"n": 7}, has_default=True)
    stage.plays("second", error("unavailable", "FL-N203"))
    last = leaf("last", given={"n": "${ steps.a.output.n }"})
    state = stage.run(medium, last)
    assert (state.status, state.steps[Place("last")].output) == ("degraded", {"was": {"n": 7}})
    assert state.ended is not None
    assert state.ended.reasons == ("a failed: unavailable; 2 attempts failed: FL-N201, FL-N203",)
    failed = [r.event for r in stage.bench.journal.events_of(RUN) if isinstance(r.event, AttemptFailed)]
    assert len(failed) == 2
