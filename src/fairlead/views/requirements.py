"""What was asked for beside what one run has shown: each requirement with its evidence, and what nobody asked for.

Evidence is only what Fairlead itself recorded: a check that was judged, or a step that ended, each with the receipt of
the attempt and the digest of what it gave. What a step claims in its output counts for nothing here.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

import msgspec

from fairlead.core.errors import error
from fairlead.core.ids import RunId
from fairlead.core.json import Json, digest, encode
from fairlead.core.requirements import Requirement
from fairlead.core.state import RunState, StepRun, is_leaf
from fairlead.core.transitions import RUN_ENDED, STEP_ENDED
from fairlead.views.reading import Readable

Status = Literal["open", "in_progress", "partial", "met", "failed", "blocked"]
VALUE_CHARACTERS_MAX = 60

# What a check measures, where that is a plain field of the output: its value says more than the check does. What must
# be equal to something is known from the check.
_MEASURED = re.compile(r"output((?:\.[a-z_]\w*)+)\s*(?:<=|>=|<|>)[^&|?]+", re.ASCII | re.IGNORECASE)


class Evidence(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that speaks for or against a requirement."""

    step: str  # its place
    run: RunId  # where the work was done
    holds: bool
    said: str  # a line for people
    check: str = ""  # the expression; "" for the step's own end
    is_warning: bool = False  # it speaks against it, and fails nothing
    receipt: str = ""  # "RUN/PLACE/ATTEMPT", or the id of an approval
    artifact: str = ""  # the digest of what the step gave


class Lack(msgspec.Struct, frozen=True):
    """A claim that came to nothing: the step says that it satisfies the requirement, and there is no evidence."""

    step: str
    reason: str
    is_pending: bool = False  # the step has not ended yet


class RequirementRow(Requirement, frozen=True, kw_only=True, omit_defaults=True):
    """One requirement and where it stands."""

    status: Status
    said: str  # in one line: the value that was measured, why it is not met
    waits_for: tuple[str, ...] = ()  # ids of `depends_on` that are not met
    steps: tuple[str, ...] = ()  # whose evidence or claim it is
    evidence: tuple[Evidence, ...] = ()
    lacking: tuple[Lack, ...] = ()


class Untraced(msgspec.Struct, frozen=True):
    """A step that gave something which no requirement asks for."""

    step: str
    artifact: str


class Trace(msgspec.Struct, frozen=True, omit_defaults=True):
    """The matrix of one run, both ways."""

    workflow: str
    run: RunId
    run_status: str
    coverage: float  # met ÷ all
    counts: dict[str, int]  # of each status
    requirements: tuple[RequirementRow, ...]
    untraced: tuple[Untraced, ...]


class _Claim(NamedTuple):
    step: str  # its id
    check: str  # the expression; "" for the step's own end


def trace_of(state: RunState, journal: Readable) -> Trace:
    """The matrix of the run as far as it has come.

    Raises:
        FairleadError: FL-W306 when the run was started without a requirements file.
    """
    asked = _requirements(state, journal)
    finder = _Finder(state, journal)
    claims = _claims(state)
    found = {one.id: finder.look(one.id, claims.get(one.id, ())) for one in asked}
    rows = _judged(asked, found, state.status in RUN_ENDED)
    counts: dict[str, int] = {status: sum(row.status == status for row in rows) for status in _ORDER}
    return Trace(
        workflow=state.workflow.name,
        run=state.run,
        run_status=state.status,
        coverage=counts["met"] * 10_000 // len(rows) / 10_000 if rows else 0.0,
        counts=counts,
        requirements=rows,
        untraced=tuple(finder.untraced({claim.step for own in claims.values() for claim in own})),
    )


_ORDER: tuple[Status, ...] = ("met", "partial", "in_progress", "open", "blocked", "failed")


def _requirements(state: RunState, journal: Readable) -> Sequence[Requirement]:
    queued = state.queued
    assert queued is not None, "a state that was read begins with run.queued"
    if not queued.requirements:
        said = f"run {state.run} of {state.workflow.name} knows no requirements: its workflow names no file of them"
        hint = "add `requirements: docs/requirements.yaml` to the workflow, and run it again"
        raise error("FL-W306", said, hint, exit_code=2)
    return msgspec.json.decode(journal.get(queued.requirements), type=tuple[Requirement, ...])


def _claims(state: RunState) -> dict[str, list[_Claim]]:
    """What each step of the workflow says that it satisfies, whether or not it was performed."""
    claims: dict[str, list[_Claim]] = {}
    for planned in state.workflow.plan.values():
        step = planned.step
        for name in step.satisfies:
            claims.setdefault(name, []).append(_Claim(step.id, ""))
        for one in step.expect:
            for name in one.satisfies:
                claims.setdefault(name, []).append(_Claim(step.id, one.that))
    return claims


class _Finder:
    """Finds the evidence of one run."""

    def __init__(self, state: RunState, journal: Readable) -> None:
        self.state = state
        self.journal = journal
        self.by_id: dict[str, list[StepRun]] = {}
        for step in state.in_order():
            if self._counts(step):
                self.by_id.setdefault(step.planned.step.id, []).append(step)

    def look(self, requirement: str, claims: Sequence[_Claim]) -> tuple[list[Evidence], list[Lack]]:
        """What speaks for and against *requirement*, and the claims that came to nothing."""
        evidence: list[Evidence] = []
        lacking: list[Lack] = []
        for claim in claims:
            steps = self._claiming(claim)
            if not steps:
                lacking.append(Lack(claim.step, "it was not reached, or not kept", self.state.status not in RUN_ENDED))
            for step in steps:
                own = list(self._evidence(step, requirement, claim))
                evidence += own
                lacking += [] if own else [_lack(step)]
        return evidence, lacking

    def _claiming(self, claim: _Claim) -> Sequence[StepRun]:
        """The step runs that must answer for a claim: a check is made of each item, an end is that of the whole."""
        steps = self.by_id.get(claim.step, [])
        items = [step for step in steps if is_leaf(step)] if claim.check else []
        return items or [step for step in steps if step.kind == "step"]

    def _evidence(self, step: StepRun, requirement: str, claim: _Claim) -> Iterator[Evidence]:
        if step.status not in STEP_ENDED:
            return
        receipt, artifact = self._receipt(step), self._artifact(step)
        is_shown = bool(receipt and artifact)  # what speaks for a requirement, somebody must be able to look at
        run = RunId(step.kept_from) if step.kept_from else self.state.run
        if not claim.check:
            ended = _ended(step)
            if ended is not None and (is_shown or not ended[0]):
                holds, said = ended
                is_warning = step.status == "degraded"
                yield Evidence(str(step.place), run, holds, said, "", is_warning, receipt, artifact)
            return
        for check in step.checks:
            if check.that == claim.check and requirement in check.satisfies and (is_shown or not check.holds):
                said = self._value(step, check.that) if check.holds else check.say or f"not so: {check.that}"
                is_warning = check.is_warning and not check.holds
                yield Evidence(str(step.place), run, check.holds, said, check.that, is_warning, receipt, artifact)

    def _value(self, step: StepRun, check: str) -> str:
        """What the check saw: the value that it measures, else what the step says of itself, else the check."""
        measured = _MEASURED.fullmatch(check)
        if measured and not step.planned.step.is_hidden:
            value = self._output(step)
            for name in measured[1].split(".")[1:]:
                value = value.get(name) if isinstance(value, dict) else None
            if isinstance(value, str | int | float) and len(str(value)) <= VALUE_CHARACTERS_MAX:
                return str(value)
        return step.summary or check

    def _output(self, step: StepRun) -> Json:
        return msgspec.json.decode(self.journal.get(step.output_ref)) if step.output_ref else step.output

    def _receipt(self, step: StepRun) -> str:
        """The name under which the record holds what was observed; "" when nothing was."""
        if step.asked is not None:
            return step.asked.approval
        if is_leaf(step):
            return f"{step.kept_from or self.state.run}/{step.place}/{step.attempts}" if step.attempts else ""
        return next(filter(None, map(self._receipt, self._inside(step))), "")

    def _artifact(self, step: StepRun) -> str:
        if step.output_ref:
            return step.output_ref
        if step.output is not None:
            return digest(encode(step.output))
        if step.asked is not None:
            return step.asked.digest
        if step.receipt.output_digest:
            return step.receipt.output_digest
        return next(filter(None, map(self._artifact, self._inside(step))), "")

    def _inside(self, step: StepRun) -> Iterator[StepRun]:
        """What is inside a block, the last one first: that is what the block came to."""
        return (self.state.steps[place] for place in reversed(step.children))

    def _counts(self, step: StepRun) -> bool:
        """Whether the step is no part of a round that was thrown away."""
        place = step.place if step.kind == "round" else step.parent
        while place is not None:
            above = self.state.steps[place]
            if above.kind == "round" and above.parent is not None:
                rounds = self.state.steps[above.parent].rounds
                kept = max((one.number for one in rounds.done if one.is_kept), default=0) if rounds else 0
                if above.number != kept:
                    return False
            place = above.parent
        return True

    def untraced(self, claiming: set[str]) -> Iterator[Untraced]:
        """Steps that ended with something, which neither they nor a block around them claims for a requirement."""
        for step in self.state.in_order():
            artifact = self._artifact(step) if is_leaf(step) and step.is_usable and step.attempts else ""
            if artifact and not claiming.intersection(self._names_around(step)):
                yield Untraced(str(step.place), artifact)

    def _names_around(self, step: StepRun) -> Iterator[str]:
        yield step.planned.step.id
        place = step.parent
        while place is not None:
            yield self.state.steps[place].planned.step.id
            place = self.state.steps[place].parent


def _ended(step: StepRun) -> tuple[bool, str] | None:
    """Whether the step's own end speaks for what it claims, and in which words; None when it says nothing of it."""
    match step.status:
        case "succeeded":
            return True, step.summary or step.planned.step.title or "succeeded"
        case "degraded":
            return False, "; ".join(step.degraded) or "degraded"
        case "failed" if step.fault in ("result", "person"):
            return False, step.message
    return None  # it was not done, so that nothing is known


def _lack(step: StepRun) -> Lack:
    if step.status not in STEP_ENDED:
        return Lack(str(step.place), f"it is {step.status}", True)
    return Lack(str(step.place), step.message or step.reason or f"it {step.status} without evidence")


def _judged(
    asked: Sequence[Requirement], found: dict[str, tuple[list[Evidence], list[Lack]]], is_over: bool
) -> tuple[RequirementRow, ...]:
    """A row for each requirement. One is met only when everything that it depends on is met too."""
    needs = {one.id: {name for name in one.depends_on if name in found} for one in asked}
    followers: dict[str, list[str]] = {name: [] for name in needs}
    for name, own in needs.items():
        for need in own:
            followers[need].append(name)
    unmet: dict[str, tuple[str, ...]] = {}
    status: dict[str, Status] = {}
    # In the order of the dependencies; what waits for itself never comes up, and so is never met.
    ready = [name for name, own in needs.items() if not own]
    while ready:
        name = ready.pop()
        status[name] = _status(*found[name], unmet.setdefault(name, ()), is_over)
        for follower in followers[name]:
            needs[follower].discard(name)
            if status[name] != "met":
                unmet[follower] = (*unmet.get(follower, ()), name)
            if not needs[follower]:
                ready.append(follower)
    return tuple(
        _row(one, status.get(one.id, "blocked"), found[one.id], {*needs[one.id], *unmet.get(one.id, ())})
        for one in asked
    )


def _status(evidence: list[Evidence], lacking: list[Lack], waits_for: tuple[str, ...], is_over: bool) -> Status:
    if any(not one.holds and not one.is_warning for one in evidence):
        return "failed"
    if not is_over and any(one.is_pending for one in lacking):
        return "in_progress"
    if waits_for:
        return "blocked"
    if evidence:
        return "partial" if lacking or not all(one.holds for one in evidence) else "met"
    return "open"


def _row(one: Requirement, status: Status, found: tuple[list[Evidence], list[Lack]], unmet: set[str]) -> RequirementRow:
    evidence, lacking = found
    waits_for = tuple(name for name in one.depends_on if name in unmet)
    named = [*(each.step for each in evidence), *(each.step for each in lacking)]
    return RequirementRow(
        **msgspec.structs.asdict(one),
        status=status,
        said=_said(status, evidence, lacking, waits_for),
        waits_for=waits_for,
        steps=tuple(dict.fromkeys(named)),
        evidence=tuple(evidence),
        lacking=tuple(lacking),
    )


def _said(status: Status, evidence: list[Evidence], lacking: list[Lack], waits_for: tuple[str, ...]) -> str:
    against = [one.said for one in evidence if not one.holds]
    lacks = [f"{one.step}: {one.reason}" for one in lacking]
    match status:
        case "failed":
            told = against
        case "met":
            told = [one.said for one in evidence]
        case "blocked":
            told = [f"waits for {', '.join(waits_for)}", *against, *lacks]
        case _:
            told = [*lacks, *against]
    told = list(dict.fromkeys(filter(None, told)))
    if not told:
        return "" if evidence else "not claimed by any step"
    return told[0] + (f" (+{len(told) - 1} more)" if len(told) > 1 else "")
