"""coverage.py's JSON report, format versions 2 and 3 (coverage.readthedocs.io, "JSON reporting")."""

from fairlead.agents.parsing.coverage import FileCoverage
from fairlead.agents.parsing.texts import NotParsed, count_of, mapping_of
from fairlead.core.json import Json

_WHAT = "report that coverage.py writes with `coverage json`"


def files_of(data: bytes) -> dict[str, FileCoverage]:
    """What is covered of each file.

    Raises:
        NotParsed: another document, or numbers that cannot be.
    """
    report = mapping_of(data, _WHAT)
    files = report.get("files")
    if not isinstance(files, dict) or "totals" not in report:
        raise NotParsed(f"is no {_WHAT}: it has no `files` and `totals`")
    return {path: _file(path, entry) for path, entry in files.items()}


def _file(path: str, entry: Json) -> FileCoverage:
    summary = entry.get("summary") if isinstance(entry, dict) else None
    if not isinstance(summary, dict):
        raise NotParsed(f"has no `summary` for {path}")
    one = FileCoverage(
        _count(path, summary, "covered_lines"),
        _count(path, summary, "num_statements"),
        _count(path, summary, "covered_branches", 0),
        _count(path, summary, "num_branches", 0),
    )
    if one.covered > one.total or one.branches_covered > one.branches:
        raise NotParsed(f"covers more of {path} than there is")
    return one


def _count(path: str, summary: dict[str, Json], key: str, otherwise: int | None = None) -> int:
    count = otherwise if key not in summary else count_of(summary[key])
    if count is None:
        raise NotParsed(f"has no number `{key}` for {path}")
    return count
