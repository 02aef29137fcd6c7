"""What a view says of attempts: those before the last one, when the next one is due, and what a step waits for."""

import io

from fairlead.cli.look import Look
from fairlead.cli.run_screen import steps_lines
from fairlead.cli.times import clock_text, day_text
from fairlead.core.events import AttemptFailed, AttemptStarted, AttemptSucceeded, WaitBegun
from fairlead.core.ids import Micros, Place
from fairlead.core.json import Digest
from fairlead.core.workflow import AgentAction, Step, WaitAction, Workflow
from fairlead.service.runs import show_run, watch_run
from fairlead.views.runs import AttemptView, StepView
from tests.proves import proves
from tests.service.parts import PaperParts

WORKFLOW = Workflow("w", (Step("look", AgentAction("inventory")), Step("nap", WaitAction(for_="2h"))), flow="graph")
PLACE = Place("look")


def begun(attempt: int) -> AttemptStarted:
    return AttemptStarted(PLACE, attempt, "inventory", "1", Digest("sha256:1"))


def broke(attempt: int) -> AttemptFailed:
    return AttemptFailed(PLACE, attempt, "provider", "FL-R203", f"busy {attempt}", error="rate_limit")


class Shown:
    """One run as a person sees it."""

    def __init__(self, parts: PaperParts, *events: object) -> None:
        project = parts.project("")
        run = parts.record_run("r-paper1234", events, WORKFLOW)  # type: ignore[arg-type]  # events of several kinds
        view = show_run(parts, project, run)
        self.steps: dict[str, StepView] = {step.step: step for step in view.steps}
        look = Look(io.StringIO(), {"COLUMNS": "100"})
        look.is_ascii = False
        self.text = "\n".join(steps_lines(view, look))
        self.whole = "\n".join(steps_lines(view, look, is_whole=True))
        self.facts = watch_run(parts, project, run).poll()


@proves("A8.4")
def test_a_step_that_is_tried_again_says_when_and_what_went_before(parts: PaperParts) -> None:
    due = Micros(parts.clock.now() + 7_200_000_000)
    shown = Shown(parts, begun(1), broke(1), WaitBegun(Place("nap"), 1, due))
    step = shown.steps["look"]
    assert step.retry_at == parts.fake_clock.now() - 60_000_000 + 5_000_000  # after 5 s, as the schedule has it
    assert f"due at {clock_text(step.retry_at)}" in shown.text
    assert f"until {day_text(due)}" in shown.text
    told = {(fact.type, fact.step): fact for fact in shown.facts}
    assert told["step.retrying", "look"].due == step.retry_at
    assert told["step.retrying", "look"].error == "rate_limit"
    assert told["step.waiting", "nap"].due == due


@proves("A8.4")
def test_every_attempt_before_the_last_one_is_named_with_its_class_and_its_wait(parts: PaperParts) -> None:
    shown = Shown(parts, begun(1), broke(1), begun(2), broke(2), begun(3), AttemptSucceeded(PLACE, 3))
    assert shown.steps["look"].earlier == (
        AttemptView(1, "inventory", "failed", "rate_limit", "FL-R203", "busy 1"),
        AttemptView(2, "inventory", "failed", "rate_limit", "FL-R203", "busy 2"),
    )
    assert shown.steps["look"].attempts == 3
    assert "attempt 1 by inventory: failed FL-R203 rate_limit busy 1" in shown.whole
    assert "busy 1" not in shown.text
