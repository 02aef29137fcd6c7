"""Starts of one group: what each `on_conflict` does with three that overlap."""

import pytest

from fairlead.core.errors import FairleadError
from fairlead.core.groups import open_runs, runs_before
from fairlead.core.ids import RunId, WorkerId
from fairlead.core.json import Json
from fairlead.journal import SqliteJournal
from fairlead.service.runs import pause_run, show_run
from fairlead.service.starts import Definition, Started, start_again, start_run
from fairlead.views.runs import project_run
from tests.proves import proves
from tests.service.parts import PaperParts

WORKFLOW = """\
fairlead: 1
name: deploy
inputs: {to: {type: string, default: test}}
concurrency: {group: "deploy-${ inputs.to }", max: MAX, on_conflict: WORD}
steps:
  - {id: look, agent: inventory}
"""


def start(parts: PaperParts, word: str, to: str = "test", most: int = 1) -> Started:
    text = WORKFLOW.replace("WORD", word).replace("MAX", str(most))
    given: dict[str, Json] = {"to": to}
    return start_run(parts, parts.project(""), Definition("deploy.yaml", text.encode()), given)


def claimed(parts: PaperParts, run: RunId) -> None:
    worker = WorkerId(f"w-{run[2:]:0>12}"[:14])
    journal = parts.journal(parts.project(""))
    assert isinstance(journal, SqliteJournal)
    journal.register_worker(worker)
    journal.claim(run, worker)


def before(parts: PaperParts, started: Started) -> list[str]:
    return [row.run for row in runs_before(parts.journal(parts.project("")), started.run)]


def cancels(parts: PaperParts, started: Started) -> int:
    return project_run(parts.journal(parts.project("")), started.run).state.cancels


@proves("A5.2")
def test_three_that_queue_take_turns_in_the_order_of_their_starts(parts: PaperParts) -> None:
    first, second, third = (start(parts, "queue") for _ in range(3))
    claimed(parts, first.run)
    assert before(parts, first) == []
    assert before(parts, second) == [first.run]
    assert before(parts, third) == [first.run, second.run]
    assert [cancels(parts, one) for one in (first, second, third)] == [0, 0, 0]
    view = show_run(parts, parts.project(""), third.run)
    assert (view.group, view.behind, view.unowned_since) == ("deploy-test", (first.run, second.run), 0)
    # Another value of the input is another group, and a larger one has room for two.
    assert before(parts, start(parts, "queue", "prod")) == []
    wide = [start(parts, "queue", "wide", 2) for _ in range(3)]
    assert [len(before(parts, one)) for one in wide] == [0, 0, 2]


@proves("A5.2")
def test_of_three_the_older_ones_are_asked_to_stop(parts: PaperParts) -> None:
    first = start(parts, "cancel_older")
    claimed(parts, first.run)
    second = start(parts, "cancel_older")
    third = start(parts, "cancel_older")
    assert [cancels(parts, one) for one in (first, second, third)] == [1, 1, 0]
    assert before(parts, third) == [first.run]  # it is waited for: its `finally` may still be at work
    assert before(parts, second) == []  # cancelled before anybody began it, it only has to end


@proves("A5.2")
def test_of_three_the_newer_ones_are_recorded_and_cancelled_at_once(parts: PaperParts) -> None:
    first, second, third = (start(parts, "cancel_newer") for _ in range(3))
    assert [cancels(parts, one) for one in (first, second, third)] == [0, 1, 1]
    assert second.unwanted == f"{first.run} of the group deploy-test came first"
    again = start_again(parts, parts.project(""), first.run)
    assert cancels(parts, again) == 1


@proves("A5.2")
def test_of_three_the_newer_ones_are_refused_before_anything_is_recorded(parts: PaperParts) -> None:
    first = start(parts, "fail")
    for _ in range(2):
        with pytest.raises(FairleadError, match=f"FL-R110: {first.run} of the group deploy-test is not at an end"):
            start(parts, "fail")
    assert [row.run for row in open_runs(parts.journal(parts.project("")), "deploy-test")] == [first.run]


def test_a_run_whose_worker_is_gone_holds_nobody_up_unless_it_waits_for_a_person(parts: PaperParts) -> None:
    first, second = (start(parts, "queue") for _ in range(2))
    parts.journal(parts.project("")).claim(first.run, WorkerId("w-gone00000000"))
    assert before(parts, second) == []
    pause_run(parts, parts.project(""), first.run)
    assert before(parts, second) == [first.run]
