"""JUnit reports: what real runners write, what others are known to write, and what is refused."""

from pathlib import Path

import pytest

from fairlead.agents.parsing.junit import FAILURES_MAX, NAMES_MAX, parse
from fairlead.agents.parsing.texts import NotParsed


def counts(text: str) -> dict[str, int]:
    report = parse(text.encode())
    return {key: report[key] for key in ("total", "passed", "failed", "errors", "skipped")}


def test_a_report_of_pytest_gives_counts_names_and_failures_with_their_places(reports: Path) -> None:
    report = parse((reports / "junit.xml").read_bytes())
    seconds = report.pop("seconds")
    assert seconds > 0
    assert report == {
        "total": 5,
        "passed": 2,
        "failed": 1,
        "errors": 1,
        "skipped": 1,
        "names": [f"test_shop::test_{name}" for name in ("plus", "zero", "wrong", "broken", "later")],
        "names_left_out": 0,
        "failures": [
            {
                "name": "test_wrong",
                "classname": "test_shop",
                "message": "AssertionError: minus is not plus\nassert -1 == 1\n +  where -1 = sign(-3)",
                "is_error": False,
                "file": "test_shop.py",
                "line": 12,
            },
            {
                "name": "test_broken",
                "classname": "test_shop",
                "message": 'failed on setup with "RuntimeError: no database"',
                "is_error": True,
                "file": "test_shop.py",
                "line": 16,
            },
        ],
        "failures_left_out": 0,
    }


def test_a_report_of_another_program_is_read_too(reports: Path) -> None:
    report = parse((reports / "ruff.junit").read_bytes())
    assert (report["total"], report["failed"]) == (3, 3)
    assert report["failures"][0]["message"] == "`os` imported but unused"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<testsuite tests='0'/>", (0, 0, 0, 0, 0)),
        ("<testsuite><testcase name='a'/><testcase name='a'/></testsuite>", (2, 2, 0, 0, 0)),
        # googletest says in an attribute what it did not run
        ("<testsuites><testsuite><testcase name='a' status='notrun'/></testsuite></testsuites>", (1, 0, 0, 0, 1)),
        ("<testsuite><testcase name='a' result='suppressed'/></testsuite>", (1, 0, 0, 0, 1)),
        ("<testsuite><testcase name='a' status='run' result='completed'/></testsuite>", (1, 1, 0, 0, 0)),
        # a case that failed and then broke while it was cleaned up is one case
        ("<testsuite><testcase name='a'><failure/><error/></testcase></testsuite>", (1, 0, 1, 0, 0)),
        # a rerun that ended well: Maven keeps the failure beside it under another name
        ("<testsuite><testcase name='a'><flakyFailure message='m'/></testcase></testsuite>", (1, 1, 0, 0, 0)),
        # suites inside suites
        (
            "<testsuites><testsuite><testsuite><testcase/></testsuite><testcase/></testsuite></testsuites>",
            (2, 2, 0, 0, 0),
        ),
        # name spaces
        ("<j:testsuite xmlns:j='urn:j'><j:testcase name='a'><j:failure/></j:testcase></j:testsuite>", (1, 0, 1, 0, 0)),
    ],
)
def test_cases_are_counted(text: str, expected: tuple[int, ...]) -> None:
    assert tuple(counts(text).values()) == expected


def test_a_claim_of_failures_that_no_case_shows_counts_and_a_claim_of_success_does_not() -> None:
    text = "<testsuites><testsuite tests='9' failures='2' errors='1'><testcase name='a'/></testsuite></testsuites>"
    assert counts(text) == {"total": 4, "passed": 1, "failed": 2, "errors": 1, "skipped": 0}
    assert parse(text.encode())["failures_left_out"] == 3
    outer = "<testsuites failures='1'><testsuite failures='7'><testcase><failure/></testcase></testsuite></testsuites>"
    assert counts(outer)["failed"] == 1, "the outermost claim is the sum of the inner ones"


def test_lists_have_a_maximum_and_say_what_they_leave_out() -> None:
    cases = "".join(f"<testcase name='n{n}'><failure message='m'/></testcase>" for n in range(NAMES_MAX + 3))
    report = parse(f"<testsuite>{cases}</testsuite>".encode())
    assert (len(report["names"]), report["names_left_out"]) == (NAMES_MAX, 3)
    assert (len(report["failures"]), report["failures_left_out"]) == (FAILURES_MAX, NAMES_MAX + 3 - FAILURES_MAX)
    assert report["failed"] == NAMES_MAX + 3


def test_seconds_are_those_of_the_outermost_element_that_has_them() -> None:
    inner = "<testsuite time='1.5'><testcase time='9'/></testsuite><testsuite time='1,002.5'/>"
    assert parse(f"<testsuites time='2'>{inner}</testsuites>".encode())["seconds"] == 2
    assert parse(f"<testsuites>{inner}</testsuites>".encode())["seconds"] == 1004
    assert parse(b"<testsuite><testcase time='1'/><testcase time='x'/></testsuite>")["seconds"] == 1


def test_a_place_is_taken_from_attributes_where_the_text_has_none() -> None:
    case = "<testcase name='a' file='src/a.test.js' line='7'><failure>Error: no\n  at eval (1:2)</failure></testcase>"
    failure = parse(f"<testsuite>{case}</testsuite>".encode())["failures"][0]
    assert (failure["message"], failure["file"], failure["line"]) == ("Error: no", "src/a.test.js", 7)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("<?xml version='1.0' encoding='ISO-8859-1'?><testsuite><testcase name='é'/></testsuite>", "latin-1"),
        ("<?xml version='1.0' encoding='windows-1252'?><testsuite><testcase name='é'/></testsuite>", "cp1252"),
        ("<?xml version='1.0'?><testsuite><testcase name='é'/></testsuite>", "utf-8-sig"),
        ("<?xml version='1.0' encoding='utf-16'?><testsuite><testcase name='é'/></testsuite>", "utf-16"),
    ],
)
def test_encodings_are_read_as_the_file_declares_them(data: str, encoding: str) -> None:
    assert parse(data.encode(encoding))["names"] == ["é"]


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"", "is empty", 0),
        (b" \n ", "is empty", 0),
        (b"no XML", "is not well-formed XML: syntax error", 1),
        (b"<testsuite>\n<testcase>", "is not well-formed XML: no element found", 2),
        (b"<coverage/>", "is no JUnit report: its root is <coverage>, not <testsuites> or <testsuite>", 0),
        (b"<?xml version='1.0' encoding='klingon'?><testsuite/>", "has an encoding that cannot be read", 1),
        (b"<testsuite>\xff</testsuite>", "is not well-formed XML: not well-formed (invalid token)", 1),
        (b"<a>" * 101, "is nested deeper than 100 elements", 1),
    ],
)
def test_what_is_no_report_is_refused_with_its_reason(data: bytes, reason: str, line: int) -> None:
    with pytest.raises(NotParsed) as refused:
        parse(data)
    assert refused.value.reason.startswith(reason)
    assert refused.value.line == line


BOMB = """<!DOCTYPE t [
<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
]>
<testsuite name="&b;"/>"""


@pytest.mark.parametrize(
    "text",
    [
        BOMB,
        '<!DOCTYPE t [<!ENTITY x SYSTEM "file:///etc/hosts">]><testsuite><testcase>&x;</testcase></testsuite>',
        '<!DOCTYPE t [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x.dtd">%p;]><testsuite/>',
        '<!DOCTYPE t SYSTEM "x.dtd"><testsuite><testcase>&undefined;</testcase></testsuite>',
    ],
)
def test_entities_are_refused(text: str) -> None:
    with pytest.raises(NotParsed, match="entities, which are not read"):
        parse(text.encode())


def test_a_document_type_without_entities_is_read_and_what_it_names_is_not_fetched() -> None:
    text = '<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:1/nothing.dtd"><testsuite><testcase name="a"/></testsuite>'
    assert counts(text)["passed"] == 1
