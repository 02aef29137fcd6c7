"""The verdict-writer: does the evidence of a run show what was asked for? A template speaks, and rules decide."""

from collections.abc import Iterator, Mapping
from typing import Literal

from fairlead.agents.builtin.evidence.reading import NOT_ENDED, Evidence, Requirement, Step, read_evidence
from fairlead.core.json import Json
from fairlead.core.markdown import inline
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld

Verdict = Literal["pass", "fail", "incomplete"]
_Reason = tuple[Verdict, str]

_TITLES: dict[Verdict, str] = {"pass": "✓ pass", "fail": "✗ fail", "incomplete": "▲ incomplete"}


def write(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """Give the verdict: `fail` when anything speaks against it, else `incomplete` when anything is missing."""
    verdict, reasons = judge(read_evidence(inputs["evidence"]))
    output: dict[str, Json] = {
        "verdict": verdict,
        "reasons": reasons,
        "markdown": markdown(read_evidence(inputs["evidence"])),
    }
    return Succeeded(output, f"{verdict}: {reasons[0]}" if reasons else verdict)


def judge(evidence: Evidence) -> tuple[Verdict, list[str]]:
    """The verdict and why it is no better, what failed first. What nobody showed is never a pass."""
    found = [*_of_requirements(evidence), *_of_steps(evidence)]
    if not evidence.requirements:
        found.append(("incomplete", "no requirement was handed in, so nothing was shown to be met"))
    failed = [text for verdict, text in found if verdict == "fail"]
    missing = [text for verdict, text in found if verdict == "incomplete"]
    return ("fail" if failed else "incomplete" if missing else "pass"), failed + missing


def markdown(evidence: Evidence) -> str:
    """The verdict for people: why, then every requirement with its evidence, then the steps that need a word."""
    return "\n".join(_lines(evidence)) + "\n"


def _of_requirements(evidence: Evidence) -> Iterator[_Reason]:
    for one in evidence.requirements:
        against = [shown for shown in one.evidence if not shown.holds and not shown.is_warning]
        warned = [shown for shown in one.evidence if not shown.holds and shown.is_warning]
        if against:
            said = "; ".join(f"{shown.step}: {shown.say or shown.check or 'the step failed'}" for shown in against)
            yield "fail", f"{_name(one)} is not met: {said}"
        elif one.status == "failed":
            yield "fail", f"{_name(one)} is not met"
        elif not any(shown.holds for shown in one.evidence):
            yield "incomplete", f"{_name(one)} has no evidence"
        elif one.status not in ("", "met"):
            yield "incomplete", f"{_name(one)} is {one.status.replace('_', ' ')}, not met"
        elif warned:
            said = "; ".join(f"{shown.step}: {shown.say or shown.check}" for shown in warned)
            yield "incomplete", f"{_name(one)} is met with a warning: {said}"


def _of_steps(evidence: Evidence) -> Iterator[_Reason]:
    """A failed step that the run passed over was one that it could do without: then something is missing."""
    for step in evidence.steps:
        if step.status in ("failed", "cancelled"):
            yield "incomplete", f"step {step.id} {step.status}: {step.said}"
        elif step.is_degraded:
            yield "incomplete", f"step {step.id} is degraded: {step.said}"


def _name(one: Requirement) -> str:
    return f"{one.id} ({one.title})" if one.title else one.id


def _lines(evidence: Evidence) -> Iterator[str]:
    verdict, reasons = judge(evidence)
    yield f"## Verdict: {_TITLES[verdict]}"
    if reasons:
        yield ""
        yield from (f"- {inline(reason)}" for reason in reasons)
    if evidence.requirements:
        yield from ("", "| Requirement | Status | Evidence |", "|---|---|---|")
        yield from (_row(one) for one in evidence.requirements)
    told = [step for step in evidence.steps if step.status not in NOT_ENDED]
    if told:
        yield from ("", "| Step | Status | What |", "|---|---|---|")
        yield from (f"| {inline(step.id)} | {inline(step.status)} | {inline(_what(step))} |" for step in told)
    if counts := [f"{count} {severity}" for severity, count in evidence.findings.items() if count]:
        yield from ("", f"Findings: {inline(', '.join(counts))}.")


def _row(one: Requirement) -> str:
    marks = [f"{'✓' if shown.holds else '✗'} {shown.step}{_why(shown.say, shown.holds)}" for shown in one.evidence]
    status = "no evidence" if not one.evidence else one.status.replace("_", " ") or "judged by its checks"
    return f"| {inline(_name(one))} | {inline(status)} | {inline('; '.join(marks) or '–')} |"


def _why(say: str, holds: bool) -> str:
    return f": {say}" if say and not holds else ""


def _what(step: Step) -> str:
    return step.said if step.is_degraded or step.status != "succeeded" else step.summary
