"""The findings of a run: what its agents reported, worst first, each with an id that people can type."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from fairlead.core.findings import SEVERITIES, Finding, Severity
from fairlead.core.ids import Micros
from fairlead.core.json import Json
from fairlead.core.state import RunState, is_leaf
from fairlead.views.reading import Readable

ID_DIGITS_MIN = 6
ACCEPTED_FILE = ".fairlead/accepted.json"  # what a team commits of its acceptances
RECORD = "record"
_RANK = {severity: -rank for rank, severity in enumerate(SEVERITIES)}


# What makes the answer no: findings at least so severe, or only new ones.
FailOn = Severity | Literal["new-info", "new-low", "new-medium", "new-high", "new-critical"]


class Acceptance(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a finding is not counted: a person accepted it, with a reason, perhaps until a day."""

    reason: str
    by: str
    at: Micros = Micros(0)  # 0 when the file does not say
    until: str = ""  # the last day on which it holds, "2027-01-31"; "" for ever
    source: str = ""  # where it stands: `RECORD`, or `ACCEPTED_FILE`


class FindingView(Finding, frozen=True, kw_only=True, omit_defaults=True):
    """A finding as it stands in a list: with its id, who reported it in which step, and what is remembered of it."""

    id: str
    step: str
    agent: str
    accepted: Acceptance | None = None  # set: it is shown, and counts for nothing
    is_new: bool | None = None  # against the baseline that was asked for; None without one
    lapsed: Acceptance | None = None  # an acceptance whose last day has passed: the finding counts again

    is_since_previous: bool | None = None  # new since the comparable run before; only where that was asked for

    @property
    def counts(self) -> bool:
        """Whether it counts: nobody has accepted it, and it is not known to be older than the baseline."""
        return self.accepted is None and self.is_new is not False


def findings_of(state: RunState, journal: Readable) -> tuple[FindingView, ...]:
    """All findings of the run so far: by severity, then in the order in which the agents gave them.

    An agent puts files that were changed first, and that order is kept.
    """
    seen: dict[str, tuple[str, str, Finding]] = {}
    for step_id, agent, finding in _reported(state, journal):
        seen.setdefault(finding.fingerprint, (step_id, agent, finding))
    lengths = _unique_lengths(list(seen))
    views = [
        FindingView(
            **{name: getattr(finding, name) for name in Finding.__struct_fields__},
            id=f"f-{fingerprint[: lengths[fingerprint]]}",
            step=step_id,
            agent=agent,
        )
        for fingerprint, (step_id, agent, finding) in seen.items()
    ]
    return tuple(sorted(views, key=lambda view: _RANK[view.severity]))


def counted(findings: Iterable[FindingView]) -> tuple[FindingView, ...]:
    """Those that count: in totals, for `--fail-on`, and on the first screen."""
    return tuple(finding for finding in findings if finding.counts)


def accepted_text(findings: tuple[FindingView, ...]) -> str:
    """`3 accepted: 2 by .fairlead/accepted.json, 1 recorded here`; "" when there is none."""
    filed = sum(1 for one in findings if one.accepted is not None and one.accepted.source != RECORD)
    recorded = sum(1 for one in findings if one.accepted is not None) - filed
    if not filed and not recorded:
        return ""
    pieces = [f"{filed:,} by {ACCEPTED_FILE}"] * bool(filed) + [f"{recorded:,} recorded here"] * bool(recorded)
    return f"{filed + recorded:,} accepted: {', '.join(pieces)}"


def older_text(findings: tuple[FindingView, ...]) -> str:
    """`12 older ones not shown`; "" when there is none."""
    older = sum(1 for one in findings if one.is_new is False and one.accepted is None)
    return f"{older:,} older {'one' if older == 1 else 'ones'} not shown" if older else ""


def totals(findings: Iterable[Finding]) -> dict[str, int]:
    """How many there are of each severity, worst first; every severity has its number."""
    counts: dict[str, int] = dict.fromkeys(reversed(SEVERITIES), 0)
    for finding in findings:
        counts[finding.severity] += 1
    return counts


def is_over(finding: FindingView, fail_on: FailOn | None) -> bool:
    """Whether this finding alone makes the answer no. `new-high` asks for new ones: against the baseline, else since
    the comparable run before; where there is nothing to compare with, every one is new.
    """
    if fail_on is None or not finding.counts:
        return False
    word, _, severity = fail_on.rpartition("-")
    if _RANK[finding.severity] > _RANK[severity]:  # type: ignore[index]  # what stands behind the hyphen is one
        return False
    return not word or finding.is_new is not None or finding.is_since_previous is not False


def selected(
    findings: Sequence[FindingView], *, severity: Severity | None = None, rule: str = "", path: str = ""
) -> tuple[FindingView, ...]:
    """Those at least as severe as *severity*, of a rule or family of rules, at or below a path."""
    return tuple(
        finding
        for finding in findings
        if (severity is None or _RANK[finding.severity] <= _RANK[severity])
        and (not rule or finding.rule == rule or finding.rule.startswith(rule.rstrip("/") + "/"))
        and (not path or finding.path == path or finding.path.startswith(path.rstrip("/") + "/"))
    )


def with_prefix(findings: Iterable[FindingView], text: str) -> list[FindingView]:
    """The findings whose id begins as *text* does; `f-` may be left out, more digits are fine."""
    digits = text.lower().removeprefix("f-").removeprefix("f_")
    return [finding for finding in findings if digits and finding.fingerprint.startswith(digits)]


def _reported(state: RunState, journal: Readable) -> Iterator[tuple[str, str, Finding]]:
    for step in state.in_order():
        if not is_leaf(step):
            continue
        output: Json = step.output
        if step.output_ref:
            output = msgspec.json.decode(journal.get(step.output_ref))  # strict already: we wrote it
        if not isinstance(output, dict) or not isinstance(output.get("findings"), list):
            continue
        for row in output["findings"]:
            try:
                yield step.place, step.agent, msgspec.convert(row, Finding)
            except msgspec.ValidationError:
                continue  # a program of the user may call something else `findings`


def _unique_lengths(fingerprints: list[str]) -> dict[str, int]:
    """For each fingerprint the number of digits that tells it from all others, at least six."""
    ordered = sorted(fingerprints)
    lengths = {}
    for index, own in enumerate(ordered):
        neighbours = ordered[max(0, index - 1) : index] + ordered[index + 1 : index + 2]
        shared = max((_shared(own, other) for other in neighbours), default=0)
        lengths[own] = max(ID_DIGITS_MIN, shared + 1)
    return lengths


def _shared(one: str, other: str) -> int:
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))
