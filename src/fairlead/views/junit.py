"""A run as JUnit XML: one suite for the workflow, one case for each step.

There is no official schema. Written is what both big readers show: Jenkins reads one failure or error of a case, GitLab
takes the suite's name from `classname`, drops a second case of the same name and shows the text of `failure` and
`error`, not their attributes (docs.gitlab.com/ci/testing/unit_test_reports). So a case says everything in one text:

- a step that failed with the fault `result` (a test that is red) is a `failure`, any other failed step an `error`;
- an agent's step with findings that reach the limit is a `failure` that lists them;
- a degraded step without such findings, a skipped and a cancelled one are `skipped`, with the reason;
- a step that has not ended is an `error`: a report of half a run must not look like one of a whole;
- everything else that is known (findings below the limit, accepted ones, reasons) stands in `system-out`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree as xml

from fairlead.core.printable import printable
from fairlead.views.findings import FindingView
from fairlead.views.gaps import Gap, gaps_of
from fairlead.views.rows import Row, calls_of, kept_text
from fairlead.views.runs import RunView

LISTED_MAX = 200  # findings that one case lists; GitLab refuses reports of more than 30 MB


def junit_text(view: RunView, is_over: Callable[[FindingView], bool]) -> str:
    """The report; *is_over* says of a finding whether it reaches the limit of this run."""
    suite = xml.Element("testsuite", {"name": _attribute(view.workflow)})
    properties = xml.SubElement(suite, "properties")
    for name, value in (("run", view.run), ("status", view.status), ("baseline", view.baseline)):
        if value:
            xml.SubElement(properties, "property", {"name": name, "value": _attribute(value)})
    cases = [_case(suite, view, row, is_over) for row in calls_of(view)]
    cases += [_case_of_run(suite, view, gap) for gap in gaps_of(view) if not gap.step]
    counts = {
        "tests": str(len(cases)),
        **{f"{kind}s": str(sum(1 for case in cases if case.find(kind) is not None)) for kind in ("failure", "error")},
        "skipped": str(sum(1 for case in cases if case.find("skipped") is not None)),
        "time": f"{view.seconds:.3f}",
    }
    for name, value in counts.items():
        suite.set(name, value)
    suite.set("timestamp", datetime.fromtimestamp(view.queued_at / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
    whole = xml.Element("testsuites", {"name": "fairlead", **counts})
    whole.append(suite)
    xml.indent(whole)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(whole, encoding="unicode") + "\n"


def _case(suite: xml.Element, view: RunView, row: Row, is_over: Callable[[FindingView], bool]) -> xml.Element:
    step = row.step
    names = {"name": _attribute(step.step), "classname": _attribute(view.workflow), "time": f"{step.seconds:.3f}"}
    case = xml.SubElement(suite, "testcase", names)
    own = [finding for finding in view.findings if finding.step in row.places]
    over = [finding for finding in own if is_over(finding)]
    rest = [finding for finding in own if not is_over(finding)]
    said = [kept_text(step), step.summary, *(f"degraded: {reason}" for reason in step.degraded)]
    match step.status:
        case "failed":
            kind = "failure" if step.fault == "result" else "error"
            why = "\n".join(map(_line, filter(None, (step.message, step.code, step.hint))))
            _verdict(case, kind, step.message or "failed", step.code, why)
            rest = own
        case "succeeded" | "degraded" if over:
            many = "1 finding reaches" if len(over) == 1 else f"{len(over)} findings reach"
            _verdict(case, "failure", f"{many} the limit", "findings", "\n".join(_list(over, view)))
        case "degraded":
            _verdict(case, "skipped", "degraded: " + "; ".join(step.degraded))
        case "skipped" | "cancelled":
            _verdict(case, "skipped", f"{step.status}: {step.reason or step.message}".rstrip(": "))
        case "succeeded":
            pass
        case unfinished:
            _verdict(case, "error", f"the step is {unfinished}", "unfinished", "the run had not ended yet")
    lines = [*map(_line, filter(None, said)), *_list(rest, view)]
    if lines:
        xml.SubElement(case, "system-out").text = "\n".join(lines)
    return case


def _case_of_run(suite: xml.Element, view: RunView, gap: Gap) -> xml.Element:
    """What is wrong with the run and with none of its steps; without a case of its own every case would be green."""
    case = xml.SubElement(suite, "testcase", {"name": _attribute(view.run), "classname": _attribute(view.workflow)})
    kind = "skipped" if gap.is_partial or gap.status == "cancelled" else "error"
    _verdict(case, kind, gap.text, gap.code, "" if kind == "skipped" else _line(gap.text))
    return case


def _verdict(case: xml.Element, kind: str, message: str, sort: str = "", text: str = "") -> None:
    verdict = xml.SubElement(case, kind, {"message": _attribute(message)})
    if sort:
        verdict.set("type", _attribute(sort))
    verdict.text = text or None


def _list(findings: Sequence[FindingView], view: RunView) -> Iterator[str]:
    """One finding a line, and its remedy below it."""
    for finding in findings[:LISTED_MAX]:
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        commit = f" @ {finding.commit[:9]}" if finding.commit else ""
        accepted = f" (accepted: {finding.accepted.reason})" if finding.accepted is not None else ""
        older = " (older than the baseline)" if finding.is_new is False and not accepted else ""
        marks = f"{accepted}{older}"
        yield _line(f"{finding.severity} {finding.rule} {place}{commit} {finding.id}{marks}: {finding.message}")
        if finding.remedy:
            yield _line(f"    fix: {finding.remedy}")
    if len(findings) > LISTED_MAX:
        yield f"… {len(findings) - LISTED_MAX} more: fairlead findings list --run {view.run}"


def _line(text: str) -> str:
    return printable(text)


def _attribute(text: str) -> str:
    return printable(text)
