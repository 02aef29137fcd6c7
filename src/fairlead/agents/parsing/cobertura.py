"""Cobertura's XML (coverage-04.dtd), as coverage.py, gcovr, Istanbul, coverlet and PHPUnit write it."""

import re
from xml.etree.ElementTree import Element  # nosec B405: read by `markup`, which refuses entities

from fairlead.agents.parsing.coverage import FileCoverage
from fairlead.agents.parsing.markup import root_of
from fairlead.agents.parsing.texts import NotParsed, count_of, said

_CONDITIONS = re.compile(r"\((\d{1,9})/(\d{1,9})\)")  # of condition-coverage="50% (1/2)"


def files_of(data: bytes) -> dict[str, FileCoverage]:
    """What is covered of each file. Several classes may lie in one file, and a line may stand in several of them.

    Raises:
        NotParsed: another document, or lines without numbers.
    """
    root = root_of(data)
    if root.tag != "coverage":
        other = {"report": "a JaCoCo report", "project": "a Clover report"}.get(root.tag, f"<{said(root.tag)[:60]}>")
        raise NotParsed(f"is no Cobertura report: its root is {other}, not <coverage>")
    if root.find("project") is not None:
        raise NotParsed("is a Clover report, not a Cobertura report")
    files: dict[str, dict[int, _Line]] = {}
    for entry in root.iter("class"):
        lines = files.setdefault(entry.get("filename") or entry.get("name") or "", {})
        for line in entry.iter("line"):
            _add(lines, line)
    return {path: _summed(lines) for path, lines in files.items()}


class _Line:
    __slots__ = ("branches", "branches_covered", "is_covered")

    def __init__(self) -> None:
        self.is_covered = False
        self.branches = 0
        self.branches_covered = 0


def _add(lines: dict[int, _Line], element: Element) -> None:
    number, hits = count_of(element.get("number")), count_of(element.get("hits"))
    if number is None or hits is None:
        raise NotParsed("has a <line> without `number` and `hits`")
    line = lines.setdefault(number, _Line())
    line.is_covered = line.is_covered or hits > 0
    conditions = _CONDITIONS.search(element.get("condition-coverage") or "")
    if conditions and element.get("branch") == "true":
        line.branches = max(line.branches, int(conditions[2]))
        line.branches_covered = min(max(line.branches_covered, int(conditions[1])), line.branches)


def _summed(lines: dict[int, _Line]) -> FileCoverage:
    return FileCoverage(
        sum(line.is_covered for line in lines.values()),
        len(lines),
        sum(line.branches_covered for line in lines.values()),
        sum(line.branches for line in lines.values()),
    )
