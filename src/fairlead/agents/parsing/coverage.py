"""Coverage of a test run: coverage.py's JSON, Cobertura's XML and lcov's trace file, told apart by their beginning.

All shares are worked out here from lines and branches that are counted, file by file; what a report says of itself as a
whole is not believed. Without a single line that could be covered there is no share, and so no report.
"""

from typing import NamedTuple

from fairlead.agents.parsing.texts import NotParsed, said
from fairlead.core.json import Json

FILES_MAX = 100  # the worst; the rest is counted


class FileCoverage(NamedTuple):
    """What was covered of one file."""

    covered: int  # lines
    total: int
    branches_covered: int = 0
    branches: int = 0


def parse(data: bytes) -> Json:
    """Shares of lines and branches, and the files with the least.

    Raises:
        NotParsed: it is none of the three, or counts no line.
    """
    from fairlead.agents.parsing import cobertura, coverage_json, lcov

    begin = data.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\0")[:1]
    reader = {b"{": coverage_json.files_of, b"<": cobertura.files_of}.get(begin, lcov.files_of)
    if not begin:
        raise NotParsed("is empty")
    return _summed(reader(data))


def _summed(files: dict[str, FileCoverage]) -> Json:
    covered = sum(one.covered for one in files.values())
    total = sum(one.total for one in files.values())
    branches = sum(one.branches for one in files.values())
    if not total:
        raise NotParsed("counts no line at all, so that nothing is known of the coverage")
    worst = sorted(files, key=lambda path: (_uncovered_first(files[path]), path))
    return {
        "line": _share(covered, total),
        "branch": _share(sum(one.branches_covered for one in files.values()), branches),
        "covered": covered,
        "total": total,
        "files": {said(path): _row(files[path]) for path in worst[:FILES_MAX]},
        "files_left_out": max(len(worst) - FILES_MAX, 0),
    }


def _uncovered_first(one: FileCoverage) -> float:
    return one.covered / one.total if one.total else 1.0


def _row(one: FileCoverage) -> Json:
    return {
        "line": _share(one.covered, one.total),
        "branch": _share(one.branches_covered, one.branches),
        "covered": one.covered,
        "total": one.total,
    }


def _share(part: int, whole: int) -> float | None:
    """Rounded down, so that a share is never said to be reached that was not."""
    return part * 10_000 // whole / 10_000 if whole else None
