"""lcov's trace files (geninfo(1), "TRACEFILE FORMAT"): one record per source file, or several that are added up."""

from fairlead.agents.parsing.coverage import FileCoverage
from fairlead.agents.parsing.texts import NotParsed, count_of, said, text_of

# Every kind of line that the format has. A file without them is something else, and says nothing of coverage.
_KINDS = frozenset(
    "TN SF VER FN FNL FNA FNDA FNF FNH BRDA BRF BRH MCDC MCF MCH DA LF LH end_of_record".split()
)  # fmt: skip


class _Record:
    __slots__ = ("branches", "lines")

    def __init__(self) -> None:
        self.lines: dict[int, bool] = {}
        self.branches: dict[str, bool] = {}


def files_of(data: bytes) -> dict[str, FileCoverage]:
    """What is covered of each file.

    Raises:
        NotParsed: another file, or one that breaks off.
    """
    files: dict[str, _Record] = {}
    record: _Record | None = None
    number = 0
    for number, line in enumerate(text_of(data, is_strict=False).splitlines(), 1):
        kind, colon, rest = line.strip().partition(":")
        if not kind or kind.startswith("#"):
            continue
        if kind not in _KINDS:
            raise NotParsed(f"is no coverage report: {said(line.strip())[:60]!r} is no line of an lcov file", number)
        if kind == "SF":
            record = files.setdefault(rest.strip(), _Record())
        elif kind == "end_of_record":
            record = None
        elif colon and kind in ("DA", "BRDA"):
            if record is None:
                raise NotParsed(f"has a line `{kind}` that belongs to no file", number)
            _add(record, kind, rest.split(","), number)
    if record is not None:
        raise NotParsed("breaks off in the middle of a record", number)
    return {path: _summed(one) for path, one in files.items()}


def _add(record: _Record, kind: str, parts: list[str], number: int) -> None:
    line = count_of(parts[0].strip())
    if kind == "DA" and len(parts) >= 2 and line is not None and (hits := count_of(parts[1].strip())) is not None:
        record.lines[line] = record.lines.get(line, False) or hits > 0
    elif kind == "BRDA" and len(parts) >= 4 and line is not None:
        # A branch whose line was never reached has `-`; its name may hold commas, the count stands last.
        place, taken = ",".join(parts[:-1]), parts[-1].strip()
        record.branches[place] = record.branches.get(place, False) or taken not in ("-", "0")
    else:
        raise NotParsed(f"has a line `{kind}` that is not whole", number)


def _summed(one: _Record) -> FileCoverage:
    return FileCoverage(sum(one.lines.values()), len(one.lines), sum(one.branches.values()), len(one.branches))
