"""The proof of crash points finds nothing in the real engine, and each weakened one."""

import msgspec
import pytest

from fairlead.core import decide, state
from fairlead.core.events import Event, RunClaimed
from fairlead.core.ids import Epoch
from fairlead.core.ports import Batch, Call, EffectWorld, Written
from fairlead.core.proofs import Figure
from fairlead.core.standing import RunState
from fairlead.gate.outside import Outside
from fairlead.runtime import loop
from fairlead.runtime.embedded import EmbeddedRun
from fairlead.testing.memory import MemoryJournal
from fairlead.testing.proving import crash_points
from fairlead.testing.proving.crash_points import try_crash_points
from fairlead.testing.simulation import again
from fairlead.testing.simulation.cases import case_of
from tests.proves import proves


@pytest.fixture(autouse=True)
def _is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_points, "SHRUNK_MAX", 0)


def tried(workflows: int, seed: int, *faults: str) -> Figure:
    return try_crash_points(workflows, seed, lambda text: None, faults=frozenset(faults))


@proves("B1.13", "B10.1")
def test_workers_may_die_anywhere() -> None:
    figure = try_crash_points(12, 40, lambda text: None)
    assert figure.problems == ()
    assert figure.counts["workflows"] == 12
    assert figure.counts["crash_points"] > 100
    assert figure.counts["second_crashes"] > 100
    assert figure.counts["effects"] > 100


@proves("B1.13")
def test_workers_may_die_anywhere_over_the_real_journal() -> None:
    figure = tried(1, 56, "files", "people", "answers")
    assert figure.problems == ()
    assert figure.counts["with_files"] == 1
    assert figure.counts["crash_points"] >= 5


def test_repeats_are_counted_over_all_workers() -> None:
    assert tried(1, 49).problems == ()


def test_a_journal_that_takes_what_a_stale_owner_says_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = MemoryJournal._append

    def unfenced(journal: MemoryJournal, batch: Batch) -> Written | Exception:
        epoch = Epoch(journal.memory.runs[batch.run].epoch)
        return honest(journal, msgspec.structs.replace(batch, epoch=epoch))

    monkeypatch.setattr(MemoryJournal, "_append", unfenced)
    assert tried(3, 1, "zombie").counts["bad"]


def test_an_effect_that_begins_before_its_intent_is_durable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = EmbeddedRun._send

    def hasty(run: EmbeddedRun) -> None:
        run._awaited = run._admitted
        run._begin()
        run._admitted = {}
        honest(run)

    monkeypatch.setattr(EmbeddedRun, "_send", hasty)
    figure = tried(1, 40)
    assert "was never begun" in figure.problems[0]


def test_a_key_that_changes_with_the_attempt_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Outside._world

    def keyed_anew(outside: Outside, call: Call) -> EffectWorld:
        world = honest(outside, call)
        return msgspec.structs.replace(world, key=f"{world.key}/{call.attempt}")

    monkeypatch.setattr(Outside, "_world", keyed_anew)
    figure = tried(3, 40)
    assert "a keyed effect happened 2 times, at most 1 may" in figure.problems[0]


def test_an_unkeyed_effect_that_is_repeated_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (decide, loop):
        monkeypatch.setattr(module, "how_lost", lambda step: "lost")
    figure = tried(3, 40)
    assert "an effect that may not be repeated was called lost" in figure.problems[0]


def test_a_count_of_retries_that_a_restart_resets_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = state._apply_to_run

    def forgetful(run: RunState, event: Event, epoch: Epoch) -> None:
        honest(run, event, epoch)  # type: ignore[arg-type]  # what it is called with
        if isinstance(event, RunClaimed):
            for step in run.steps.values():
                step.retries = 0

    monkeypatch.setattr(state, "_apply_to_run", forgetful)
    figure = tried(1, 49)
    assert "times and was repeated" in " ".join(figure.problems)


def test_a_failure_is_made_small_and_its_line_shows_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_points, "SHRUNK_MAX", 1)
    for module in (decide, loop):
        monkeypatch.setattr(module, "how_lost", lambda step: "lost")
    figure = tried(3, 40, "order", "slow")
    line = figure.problems[0].split("again(")[1].strip("')")
    case = case_of(line)
    assert (case.faults, case.second) == (frozenset(), -1), "no fault and no second death is needed for it"
    assert any("called lost" in problem for problem in again(line))
    monkeypatch.undo()
    assert again(line) == []


def test_a_case_is_one_line() -> None:
    for line in ("7 none -1 -1 0", "12 clock+slow 3 14 2"):
        assert case_of(line).text == line
