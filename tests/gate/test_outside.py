"""Effects and messages whose end nobody knows: what may have happened is never done again by itself."""

import asyncio
from pathlib import Path

import pytest

from fairlead.core.events import AttemptUncertain
from fairlead.core.ids import Place
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.ports import EffectCard, EffectWorld
from fairlead.core.workflow import EffectAction, NotifyAction, Retry, Step, Workflow
from fairlead.testing import FakeClock
from tests.proves import proves
from tests.runtime.engines import Bench


class Breaking:
    """Implements `Effect`: it happens, and then the line goes dead."""

    def __init__(self, effect_class: str) -> None:
        self._card = EffectCard("test.break", "Break", "Breaks off.", {"type": "object"}, {}, effect_class)
        self.happened = 0

    def describe(self) -> EffectCard:
        return self._card

    def class_of(self, given: object) -> str:
        return self._card.effect_class

    async def show(self, given: object, world: EffectWorld) -> list[dict[str, object]]:
        return []

    async def find(self, given: object, world: EffectWorld) -> Outcome | None:
        return Succeeded({}) if self.happened and self._card.effect_class == "keyed" else None

    async def perform(self, given: object, world: EffectWorld) -> Outcome:
        self.happened += 1
        raise ConnectionResetError("the line went dead")


@proves("B1.13")
@pytest.mark.parametrize(("effect_class", "status"), [("unkeyed", "waiting"), ("keyed", "succeeded")])
def test_an_effect_that_breaks_off_is_asked_about_unless_its_key_finds_it(
    tmp_path: Path, effect_class: str, status: str
) -> None:
    bench = Bench(str(tmp_path / "state"), FakeClock())
    effect = Breaking(effect_class)
    bench.effects["test.break"] = effect
    bench.allowed.add("test.break")
    retry = Retry(3, backoff="constant", initial_s=0.0)
    run = bench.queue(Workflow("w", (Step("out", EffectAction("test.break"), retry=retry),)))
    state = asyncio.run(bench.perform(run))
    bench.journal.close()
    assert effect.happened == 1
    assert state.steps[Place("out")].status == status


@proves("B1.13")
def test_an_effect_that_is_cut_short_with_its_worker_is_asked_about(tmp_path: Path) -> None:
    bench = Bench(str(tmp_path / "state"), FakeClock())
    effect = Breaking("unkeyed")
    bench.effects["test.break"] = effect
    bench.allowed.add("test.break")

    async def interrupts(given: object, world: EffectWorld) -> Outcome:
        effect.happened += 1
        await bench.engine.interrupt("Ctrl-C")
        await asyncio.Event().wait()
        raise AssertionError("nobody sets the event")

    effect.perform = interrupts  # type: ignore[method-assign]  # this one is cut short instead
    run = bench.queue(Workflow("w", (Step("out", EffectAction("test.break")),)))
    with pytest.raises(Exception, match="Ctrl-C"):
        asyncio.run(bench.perform(run))
    uncertain = [one.event for one in bench.journal.events_of(run) if isinstance(one.event, AttemptUncertain)]
    bench.journal.close()
    after = Bench(str(tmp_path / "state"), FakeClock())
    after.effects["test.break"] = effect
    state = asyncio.run(after.perform(run))
    after.journal.close()
    assert [one.place for one in uncertain] == ["out"]
    assert (effect.happened, state.status) == (1, "waiting")


@proves("B1.13")
def test_a_message_that_breaks_off_is_perhaps_delivered_and_not_sent_again(tmp_path: Path) -> None:
    sent: list[str] = []

    async def breaks(message: NotifyAction, world: EffectWorld, progress: object) -> Outcome:
        sent.append(message.title)
        raise ConnectionResetError("the line went dead")

    bench = Bench(str(tmp_path / "state"), FakeClock(), notices=breaks)
    run = bench.queue(Workflow("w", (Step("tell", NotifyAction(("console",), "done")),)))
    state = asyncio.run(bench.perform(run))
    bench.journal.close()
    assert sent == ["done"]
    assert (state.status, state.steps[Place("tell")].degraded) == (
        "degraded",
        ("perhaps not delivered: notify broke off, ConnectionResetError: the line went dead",),
    )
