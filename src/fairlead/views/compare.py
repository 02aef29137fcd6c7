"""Two runs side by side: what was asked, over which files, by whom, how it went, what was found."""

import re
from collections.abc import Iterable, Sequence

import msgspec

from fairlead.core.findings import Severity
from fairlead.core.ids import Micros, RunId
from fairlead.core.json import Json
from fairlead.views.findings import FindingView
from fairlead.views.rows import block_text
from fairlead.views.runs import RunView, StepView


class Side(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the two runs."""

    run: RunId
    workflow: str
    status: str
    queued_at: Micros
    seconds: float
    commit: str = ""
    branch: str = ""
    changed: int = 0  # files that differed from the commit


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that has a name and another value on each side; None where a side has none."""

    name: str
    before: Json = None
    after: Json = None


class StepChange(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step that ended in another way, or stands on one side only (status "")."""

    step: str
    before: str
    after: str
    reason: str = ""  # why it is less than succeeded after


class Regraded(msgspec.Struct, frozen=True):
    """A finding of both runs whose severity changed."""

    before: Severity
    finding: FindingView  # as it is after


class Comparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is different in *after*. Durations are in the sides; nothing else that differs is left out."""

    before: Side
    after: Side
    same: int  # findings of both
    inputs: tuple[Change, ...] = ()
    agents: tuple[Change, ...] = ()  # name: the step; values: name and version of its agent
    shapes: tuple[Change, ...] = ()  # name: a fan-out or a loop; values: how its items ended, or its rounds came out
    steps: tuple[StepChange, ...] = ()
    new: tuple[FindingView, ...] = ()
    gone: tuple[FindingView, ...] = ()
    regraded: tuple[Regraded, ...] = ()
    files: tuple[str, ...] = ()  # "M app/orders.py": what differs between the two commits
    are_files_known: bool = True  # False: one of the commits is unknown here


def compare(before: RunView, after: RunView, files: Sequence[str] | None) -> Comparison:
    """What *after* has that *before* has not, and the other way round. *files*: None when it cannot be known."""
    old = {finding.fingerprint: finding for finding in before.findings}
    new = {finding.fingerprint: finding for finding in after.findings}
    both = [(old[key], new[key]) for key in new if key in old]
    return Comparison(
        _side(before),
        _side(after),
        len(both),
        inputs=_changes(before.inputs, after.inputs),
        agents=_changes(_agents(before.steps), _agents(after.steps)),
        shapes=_changes(_shapes(before.steps), _shapes(after.steps)),
        steps=_step_changes(before.steps, after.steps),
        new=tuple(finding for key, finding in new.items() if key not in old),
        gone=tuple(finding for key, finding in old.items() if key not in new),
        regraded=tuple(Regraded(one.severity, other) for one, other in both if one.severity != other.severity),
        files=tuple(files or ()),
        are_files_known=files is not None,
    )


def _side(view: RunView) -> Side:
    return Side(
        *(view.run, view.workflow, view.status, view.queued_at, view.seconds, view.commit, view.branch, view.changed)
    )


def _changes(before: dict[str, Json], after: dict[str, Json]) -> tuple[Change, ...]:
    names = sorted(before.keys() | after.keys())
    return tuple(
        Change(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def _agents(steps: Iterable[StepView]) -> dict[str, Json]:
    """By the step as the file has it: all items and rounds of it have one agent."""
    return {re.split(r"[\[#]", step.step)[0]: f"{step.agent} {step.version}".strip() for step in steps if step.agent}


def _shapes(steps: Iterable[StepView]) -> dict[str, Json]:
    """What the fan-outs and the loops came to. What the same items and rounds came to stands among the steps."""
    return {step.step: block_text(step) for step in steps if step.kind in ("each", "loop") and block_text(step)}


def _step_changes(before: Iterable[StepView], after: Iterable[StepView]) -> tuple[StepChange, ...]:
    old = {step.step: step.status for step in before}
    new = {step.step: step for step in after}
    found = [
        StepChange(name, old.get(name, ""), step.status, "; ".join(step.degraded) or step.message or step.reason)
        for name, step in new.items()
        if old.get(name, "") != step.status
    ]
    return (*found, *(StepChange(name, status, "") for name, status in old.items() if name not in new))
