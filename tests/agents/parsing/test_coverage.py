"""Coverage in its three formats: real reports agree, and none of them gives a share that was not measured."""

import json
from pathlib import Path

import pytest

from fairlead.agents.parsing.coverage import FILES_MAX, parse
from fairlead.agents.parsing.texts import NotParsed

SHOP = {"line": 0.875, "branch": 1.0, "covered": 7, "total": 8}


@pytest.mark.parametrize("name", ["coverage.json", "coverage.xml", "coverage.lcov"])
def test_the_three_reports_of_coverage_py_say_the_same(reports: Path, name: str) -> None:
    assert parse((reports / name).read_bytes()) == {**SHOP, "files": {"shop.py": SHOP}, "files_left_out": 0}


def lcov(*records: str) -> bytes:
    return "".join(f"{record}\nend_of_record\n" for record in records).encode()


def test_records_of_one_file_are_added_up() -> None:
    data = lcov("TN:one\nSF:a.c\nDA:1,0\nDA:2,5\nBRDA:1,0,0,-", "TN:two\nSF:a.c\nDA:1,2,abc\nDA:3,0\nBRDA:1,0,0,4")
    assert parse(data)["files"] == {"a.c": {"line": 0.6666, "branch": 1.0, "covered": 2, "total": 3}}


def test_a_share_is_rounded_down_so_that_nothing_seems_reached_that_was_not() -> None:
    data = lcov("SF:a.c\n" + "\n".join(f"DA:{n},{int(n != 7)}" for n in range(30_000)))
    report = parse(data)
    assert (report["covered"], report["total"], report["line"]) == (29_999, 30_000, 0.9999)


def test_without_branches_nothing_is_known_of_them() -> None:
    assert parse(lcov("SF:a.c\nDA:1,1"))["branch"] is None


def test_the_worst_files_are_listed_and_the_rest_is_counted() -> None:
    records = [f"SF:f{n:03}.c\nDA:1,1\nDA:2,{int(n >= 20)}" for n in range(FILES_MAX + 30)]
    report = parse(lcov(*records))
    assert len(report["files"]) == FILES_MAX
    assert report["files_left_out"] == 30
    assert [row["line"] for row in report["files"].values()] == [0.5] * 20 + [1.0] * (FILES_MAX - 20)
    assert report["total"] == 2 * (FILES_MAX + 30), "the shares are those of all files"


def test_a_file_that_several_classes_share_is_counted_once() -> None:
    line = '<line number="{}" hits="{}" branch="true" condition-coverage="50% (1/2)"/>'
    text = (
        '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
        "<coverage line-rate='1'><packages><package><classes>"
        f"<class name='A' filename='a.java'><methods><method><lines>{line.format(1, 0)}</lines></method></methods>"
        f"<lines>{line.format(1, 0)}{line.format(2, 0)}</lines></class>"
        f"<class name='A$B' filename='a.java'><lines>{line.format(2, 3)}</lines></class>"
        "</classes></package></packages></coverage>"
    )
    assert parse(text.encode())["files"] == {"a.java": {"line": 0.5, "branch": 0.5, "covered": 1, "total": 2}}


def summary(**changed: object) -> bytes:
    facts = {"covered_lines": 1, "num_statements": 2, **changed}
    return json.dumps({"files": {"a.py": {"summary": facts}}, "totals": {"percent_covered": 100.0}}).encode()


def test_the_totals_that_a_report_claims_are_not_believed() -> None:
    assert parse(summary())["line"] == 0.5


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_mark_of_the_encoding_does_not_matter(encoding: str) -> None:
    assert parse(summary().decode().encode(encoding))["line"] == 0.5
    assert parse(lcov("SF:a.c\nDA:1,1").decode().encode(encoding))["line"] == 1.0


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"", "is empty", 0),
        (b"\xef\xbb\xbf\n", "is empty", 0),
        (b"PK\x03\x04", "is no coverage report: 'PK", 1),
        (b"TN:\nSF:a.c\nDA:1,1\n", "breaks off in the middle of a record", 3),
        (b"SF:a.c\nDA:1\nend_of_record\n", "has a line `DA` that is not whole", 2),
        (b"SF:a.c\nDA:1,-2\nend_of_record\n", "has a line `DA` that is not whole", 2),
        (b"TN:x\nDA:1,1\n", "has a line `DA` that belongs to no file", 2),
        (b"TN:nothing\n", "counts no line at all", 0),
        (b"<coverage/>", "counts no line at all", 0),
        (b"<report/>", "is no Cobertura report: its root is a JaCoCo report", 0),
        (b"<coverage><project/></coverage>", "is a Clover report", 0),
        (b"<coverage><class><line number='1'/></class></coverage>", "has a <line> without `number` and `hits`", 0),
        (b"{}", "is no report that coverage.py writes with `coverage json`: it has no `files` and `totals`", 0),
        (b'{"files": {}, "totals": {}}', "counts no line at all", 0),
        (b'{"files": {"a.py": {}}, "totals": {}}', "has no `summary` for a.py", 0),
        (b'{"files": {}, "files": {}}', "is not strict JSON: the key 'files' stands twice", 0),
        (summary(covered_lines=3), "covers more of a.py than there is", 0),
        (summary(covered_lines="x"), "has no number `covered_lines` for a.py", 0),
        (summary(num_statements=-2), "has no number `num_statements` for a.py", 0),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(data: bytes, reason: str, line: int) -> None:
    with pytest.raises(NotParsed) as refused:
        parse(data)
    assert refused.value.reason.startswith(reason)
    assert refused.value.line == line
