"""JUnit XML, as pytest, Maven, Gradle, Jest, go-junit-report and googletest write it. There is no official schema.

What counts are the cases. Where a suite claims more failures or errors than its cases show, its claim counts: a report
must not become greener by being read.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element  # nosec B405: read by `markup`, which refuses entities

from fairlead.agents.parsing.markup import root_of
from fairlead.agents.parsing.texts import NotParsed, count_of, number_of, said
from fairlead.core.json import Json

NAMES_MAX = 10_000
FAILURES_MAX = 200

_PLACE = re.compile(r"^([^\s:][^:\n]{0,400}\.\w{1,8}):(\d{1,7}):", re.MULTILINE)  # as pytest ends a traceback
_NOT_RUN = frozenset(("notrun", "disabled", "ignored", "skipped", "suppressed"))


def parse(data: bytes) -> Json:
    """Counts, names and failures of a report.

    Raises:
        NotParsed: it is no JUnit report.
    """
    root = root_of(data)
    if root.tag not in ("testsuites", "testsuite"):
        raise NotParsed(f"is no JUnit report: its root is <{said(root.tag)[:60]}>, not <testsuites> or <testsuite>")
    counts = dict.fromkeys(("passed", "failed", "errors", "skipped"), 0)
    names: list[Json] = []
    failures: list[Json] = []
    cases = seconds = 0.0
    for case in root.iter("testcase"):
        cases += 1
        seconds += number_of(case.get("time")) or 0.0
        verdict, element = _verdict(case)
        counts[verdict] += 1
        if len(names) < NAMES_MAX:
            names.append(_name(case))
        if verdict in ("failed", "errors") and len(failures) < FAILURES_MAX:
            failures.append(_failure(case, element))
    listed = counts["failed"] + counts["errors"]
    counts["failed"] = max(counts["failed"], _claimed(root, "failures"))
    counts["errors"] = max(counts["errors"], _claimed(root, "errors"))
    whole = _seconds(root)
    return {
        "total": sum(counts.values()),
        **counts,
        "seconds": round(seconds if whole is None else whole, 6),
        "names": names,
        "names_left_out": int(cases) - len(names),
        "failures": failures,
        "failures_left_out": max(listed, counts["failed"] + counts["errors"]) - len(failures),
    }


def _verdict(case: Element) -> tuple[str, Element | None]:
    for tag, verdict in (("failure", "failed"), ("error", "errors"), ("skipped", "skipped")):
        element = case.find(tag)
        if element is not None:
            return verdict, element
    is_run = (case.get("status") or "").lower() not in _NOT_RUN and (case.get("result") or "").lower() not in _NOT_RUN
    return "passed" if is_run else "skipped", None


def _name(case: Element) -> str:
    """The name by which a person finds the test: class and name, as the runner writes them."""
    name, classname = case.get("name") or "", case.get("classname") or ""
    return said(f"{classname}::{name}" if classname else name)


def _failure(case: Element, element: Element | None) -> Json:
    assert element is not None  # a verdict that is red has one
    text = element.text or ""
    message = element.get("message") or next((line for line in text.splitlines() if line.strip()), "")
    failure: dict[str, Json] = {
        "name": said(case.get("name") or ""),
        "classname": said(case.get("classname") or ""),
        "message": said(message.strip()),
        "is_error": element.tag == "error",
        "file": None,
        "line": None,
    }
    places = _PLACE.findall(text[-50_000:])
    if places:  # the last one is where it happened; attributes name where the test begins
        failure["file"], failure["line"] = said(places[-1][0]), int(places[-1][1])
    elif file := element.get("file") or case.get("file"):
        failure["file"] = said(file)
        failure["line"] = count_of(element.get("line") or case.get("line"))
    return failure


def _claimed(suite: Element, what: str) -> int:
    """How many of *what* the outermost elements claim that say anything about it."""
    own = count_of(suite.get(what))
    return sum(_claimed(inner, what) for inner in _suites(suite)) if own is None else own


def _seconds(suite: Element) -> float | None:
    own = number_of(suite.get("time"))
    if own is not None:
        return own
    inner = [_seconds(one) for one in _suites(suite)]
    return sum(filter(None, inner)) if inner and None not in inner else None


def _suites(suite: Element) -> Iterator[Element]:
    return suite.iterfind("testsuite")
