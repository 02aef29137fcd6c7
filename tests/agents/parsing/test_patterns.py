"""Patterns over what a program printed: values, the first line that matches, and patterns that never come to an end."""

import signal

import pytest

from fairlead.agents.parsing.patterns import LINE_CHARACTERS_MAX, parse
from fairlead.agents.parsing.texts import NotParsed
from fairlead.core.json import Json
from fairlead.core.program_outputs import GROUPS_MAX, PATTERN_CHARACTERS_MAX, pattern_problem


def test_named_groups_of_the_first_line_that_matches_become_fields() -> None:
    printed = b"warming up\np95=12.5 n=300 unit=ms\np95=99 n=1 unit=s\n"
    assert parse(printed, r"p95=(?P<p95>[0-9.]+) n=(?P<n>\d+) (unit=(?P<unit>\w+))?(?P<more>!)?") == {
        "p95": 12.5,
        "n": 300,
        "unit": "ms",
        "more": None,
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("1,000", "1,000"),
        ("nan", "nan"),
        ("inf", "inf"),
        ("1_000", "1_000"),
        ("٣", "٣"),
        ("1e999", "1e999"),
        ("99999999999999999", "99999999999999999"),
        ("", ""),
    ],
)
def test_what_writes_a_number_becomes_one_and_nothing_else_does(text: str, value: Json) -> None:
    found = parse(f"={text};".encode(), "=(?P<x>.*);")
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


def test_windows_line_ends_colours_and_foreign_bytes_do_not_matter() -> None:
    assert parse(b"\x1b[32mtotal: 7\x1b[0m\r\n", r"total: (?P<n>\d+)") == {"n": 7}
    assert parse(b"\x80 \xff n=1 \xc3\n", r"n=(?P<n>\d+)") == {"n": 1}
    assert parse("n=1".encode("utf-16"), r"n=(?P<n>\d+)") == {"n": 1}


def test_no_line_that_matches_is_said_with_the_bound() -> None:
    with pytest.raises(NotParsed, match=r"^has no line that matches n=\(\?P<n>x\)$"):
        parse(b"n=1\n", "n=(?P<n>x)")
    late = b"." * LINE_CHARACTERS_MAX + b"n=1\n"
    with pytest.raises(NotParsed, match=r"lines are searched up to 10,000 characters$"):
        parse(late, r"n=(?P<n>\d)")
    with pytest.raises(NotParsed, match="is empty"):
        parse(b"\n", "(?P<n>.)")


@pytest.mark.parametrize("pattern", ["^(?P<x>(a+)+)$", "^(?P<x>(a|a)*)$", r"^(?P<x>a*a*a*a*a*a*a*b)$", "(?P<x>(.*)*)!"])
def test_a_pattern_that_never_ends_is_stopped(pattern: str) -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(NotParsed, match=r"took more than 0\.05 s"):
        parse(b"a" * 5_000 + b"!c\n" * (pattern[-1] != "!"), pattern, seconds_max=0.05)
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(?P<n>", "the pattern is no regular expression"),
        ("n=([0-9]+)", "the pattern names no group"),
        ("(?P<n>a){99999999999999999999}", "the pattern is no regular expression"),
        ("(?P<n>a)" + "b" * PATTERN_CHARACTERS_MAX, "the pattern has 1,008 characters; at most 1,000 are allowed"),
        ("(?P<n>a)" + "()" * GROUPS_MAX, "the pattern has 51 groups; at most 50 are allowed"),
    ],
)
def test_a_pattern_that_cannot_be_searched_is_refused(pattern: str, problem: str) -> None:
    assert pattern_problem(pattern).startswith(problem)
    with pytest.raises(NotParsed, match="cannot be searched"):
        parse(b"a\n", pattern)


def test_a_good_pattern_has_no_problem() -> None:
    assert pattern_problem("p95=(?P<p95>[0-9.]+)") == ""
