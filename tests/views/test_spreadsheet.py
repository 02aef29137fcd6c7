"""CSV that every reader takes apart alike, and in which no cell is a formula."""

import csv
import io

import pytest

from fairlead.core.findings import path_text
from fairlead.views.findings import Acceptance
from fairlead.views.spreadsheet import _COLUMNS, csv_text
from tests.views.paper import HOSTILE, finding, hostile_run, run


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize("seed", range(20))
def test_every_reader_sees_one_header_and_a_row_for_each_finding(seed: int) -> None:
    view = hostile_run(seed)
    text = csv_text(view)
    assert text.endswith("\r\n")
    lines = text.split("\r\n")
    assert lines[0] == ",".join(_COLUMNS)
    # A reader that knows nothing of quotes around line breaks still counts right: no cell has any.
    assert len(lines) == len(view.findings) + 2
    assert not any("\n" in line or "\r" in line for line in lines)
    found = rows(text)
    assert [row["fingerprint"] for row in found] == [one.fingerprint for one in view.findings]
    for row in found:
        assert None not in row
        for cell in row.values():
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r")), cell
            assert cell.isprintable()


@pytest.mark.parametrize("text", HOSTILE)
def test_a_message_comes_back_as_it_was_but_for_what_does_not_print(text: str) -> None:
    (row,) = rows(csv_text(run(finding(1, message=text))))
    back = row["message"].removeprefix("'")
    if text.isprintable():
        assert back == text
    else:
        assert back.isprintable()
        assert "\\" in back


def test_what_is_remembered_of_a_finding_is_in_it() -> None:
    known = Acceptance("a test key", "ada", until="2027-01-31")
    found = rows(csv_text(run(finding(1, is_new=False, accepted=known, path=path_text("@types/a.py"), line=0))))
    assert {
        name: found[0][name] for name in ("is_new", "accepted", "accepted_by", "accepted_until", "path", "line")
    } == {
        "is_new": "no",
        "accepted": "a test key",
        "accepted_by": "ada",
        "accepted_until": "2027-01-31",
        "path": "'@types/a.py",
        "line": "",
    }
