"""One number for a repository, out of the findings of any agents. Its formula and weights stand in its output."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from fairlead.core.findings import SEVERITIES, Severity
from fairlead.core.json import Json
from fairlead.core.markdown import inline
from fairlead.core.outcomes import Outcome, Succeeded
from fairlead.core.tools import ToolWorld

_WEIGHTS: dict[Severity, float] = {"info": 0.05, "low": 0.5, "medium": 2.0, "high": 8.0, "critical": 25.0}
_ROOM = 100  # points at which half of the score is gone
WORST_MAX = 10  # rules that are named
REASONS_SHOWN_MAX = 20

_FORMULA = f"score = 100 * {_ROOM} / ({_ROOM} + points); points = the sum of " + ", ".join(
    f"{_WEIGHTS[severity]:g} for each {severity}" for severity in reversed(SEVERITIES)
)


def score(inputs: Mapping[str, Json], world: ToolWorld) -> Outcome:
    """The score by `_FORMULA`, from 0 to 100 with one decimal: a further or a worse finding never raises it.

    A finding that somebody accepted is counted apart and costs nothing. What was degraded costs nothing either, since
    nobody knows what it would have found: the score is then said to be at most this, and the step is degraded.
    """
    found: Sequence[Mapping[str, Json]] = inputs["findings"]
    counted = [one for one in found if not one.get("accepted")]
    reasons = [_reason(one) for one in inputs.get("degraded") or ()]
    by_severity = Counter(str(one["severity"]) for one in counted)
    points = sum(_WEIGHTS[severity] * by_severity[severity] for severity in SEVERITIES)
    number = round(100 * _ROOM / (_ROOM + points), 1)
    output: dict[str, Json] = {
        "score": number,
        "formula": _FORMULA,
        "by_severity": {severity: by_severity[severity] for severity in reversed(SEVERITIES)},
        "by_kind": dict(sorted(Counter(_kind(one) for one in counted).items())),
        "worst_rules": _worst(counted),
        "total": len(counted),
        "accepted": len(found) - len(counted),
        "degraded": reasons,
        "markdown": "",
    }
    output["markdown"] = _markdown(output)
    degraded: tuple[str, ...] = ()
    if reasons:
        few = f"{len(reasons)} of the checks behind it {'was' if len(reasons) == 1 else 'were'} degraded"
        degraded = (f"The score is at most {number:g}, for {few}.",)
    return Succeeded(output, f"{number:g} of 100 · {_counts(output['by_severity'])}", degraded)


def _reason(value: Json) -> str:
    """A step that was degraded, as whoever handed it in says it: a name, or a record of the step with its reasons."""
    if not isinstance(value, Mapping):
        return str(value)
    name = str(value.get("id") or value.get("step") or "a step")
    said = value.get("reasons") or value.get("reason") or value.get("summary") or ""
    return f"{name}: {'; '.join(map(str, said)) if isinstance(said, list) else said}" if said else name


def _kind(finding: Mapping[str, Json]) -> str:
    return str(finding["rule"]).partition("/")[0]


def _worst(findings: Iterable[Mapping[str, Json]]) -> list[Json]:
    """The rules that cost most; those that cost the same by name."""
    points: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for one in findings:
        points[one["rule"]] += round(_WEIGHTS[one["severity"]] * 100)  # in hundredths: sums of floats depend on order
        counts[one["rule"]] += 1
    order = sorted(points, key=lambda rule: (-points[rule], rule))
    return [{"rule": rule, "findings": counts[rule], "points": points[rule] / 100} for rule in order[:WORST_MAX]]


def _counts(by_severity: Mapping[str, Json]) -> str:
    said = [f"{count} {severity}" for severity, count in by_severity.items() if count]
    return ", ".join(said) or "no findings"


def _markdown(output: Mapping[str, Json]) -> str:
    at_most = "at most " if output["degraded"] else ""
    lines = [f"## Health: {at_most}{output['score']:g} of 100", "", _counts(output["by_severity"]) + "."]
    if output["accepted"]:
        lines[-1] += f" {output['accepted']} accepted, which cost nothing."
    if output["worst_rules"]:
        lines += ["", "| Rule | Findings | Points |", "|---|---:|---:|"]
        lines += [f"| {inline(row['rule'])} | {row['findings']} | {row['points']:g} |" for row in output["worst_rules"]]
    if reasons := output["degraded"]:
        lines += ["", "What was degraded, and may hide findings:", ""]
        lines += [f"- {inline(reason)}" for reason in reasons[:REASONS_SHOWN_MAX]]
        if len(reasons) > REASONS_SHOWN_MAX:
            lines.append(f"- and {len(reasons) - REASONS_SHOWN_MAX} more")
    return "\n".join([*lines, "", f"`{output['formula']}`", ""])
