"""What keeps a run from being a whole answer, step by step, for formats that would else show silence as cleanness."""

from collections.abc import Iterator
from typing import NamedTuple

from fairlead.views.rows import calls_of
from fairlead.views.runs import RunView, StepView


class Gap(NamedTuple):
    """One step, or the run itself, that did not do all that was asked of it."""

    step: str  # "" for the run
    status: str
    text: str  # with the step and its status
    code: str = ""

    @property
    def is_partial(self) -> bool:
        """Whether something was looked at all the same."""
        return self.status == "degraded"


def gaps_of(view: RunView) -> tuple[Gap, ...]:
    """The gaps in the order of the steps; a run that succeeded has none, and every other one has at least one."""
    if view.status == "succeeded":
        return ()
    gaps = tuple(gap for row in calls_of(view) for gap in _gaps_of_step(row.step))
    if any(gap.status == view.status for gap in gaps):
        return gaps
    why = "; ".join(view.reasons) or "it did not end as it should"
    return (*gaps, Gap("", view.status, f"{view.run} is {view.status}: {why}", view.code))


def _gaps_of_step(step: StepView) -> Iterator[Gap]:
    if step.status == "degraded":
        yield from (Gap(step.step, step.status, f"{step.step} is degraded: {why}", step.code) for why in step.degraded)
    elif step.status != "succeeded":
        why = step.message or step.reason or "nothing more is known"
        yield Gap(step.step, step.status, f"{step.step} is {step.status}: {why}", step.code)
