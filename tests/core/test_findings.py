"""Fingerprints outlive the moves of a line and tell equal lines apart; every path has a text of its own."""

import os
import random

import pytest

from fairlead.core.findings import Fingerprints, path_from_text, path_text
from fairlead.core.json import encode, parse

SEED = 20261121
RULE = "security/sql-injection"


def of(*lines: str, rule: str = RULE, path: str = "app/db.py") -> list[str]:
    """The fingerprints of *lines* as one scan gives them."""
    fingerprints = Fingerprints()
    return [fingerprints.of(rule, path, line) for line in lines]


def test_a_fingerprint_is_what_earlier_versions_gave() -> None:
    """Baselines and exported reports hold them: a change of the recipe makes every old finding new."""
    assert of("eval(x)", "eval(x)") == ["0da2556065e6ffe2f1e63e85", "3db9b31694da1583d5c99e4c"]


@pytest.mark.parametrize(
    "again",
    [
        "db.execute(query)",
        "    db.execute(query)",
        "\tdb.execute( query )  ",
        "db.execute(\u00a0query)\r",
        "db .execute(query)",
    ],
)
def test_white_space_does_not_count(again: str) -> None:
    assert of(again) == of("db.execute(query)")


def test_other_lines_before_it_do_not_count() -> None:
    before = of("a()", "eval(x)", "b()", "eval(x)")
    after = of("new()", "a()", "b()", "eval(x)", "more()", "eval(x)")
    assert (before[1], before[3]) == (after[3], after[5])


def test_equal_lines_are_told_apart_by_their_order() -> None:
    first, second, third = of("eval(x)", "eval( x )", "eval(x)")
    assert len({first, second, third}) == 3
    assert of("eval(x)", "eval(x)") == [first, second], "the first ones keep theirs when the last one goes"


def test_rule_path_and_text_all_count() -> None:
    found = [
        *of("eval(x)"),
        *of("eval(y)"),
        *of("eval(X)"),
        *of("eval(x)", rule="security/other"),
        *of("eval(x)", path="app/db2.py"),
        *of("eval(x)", path="app/d", rule="b.py"),
        *of(""),
    ]
    assert len(set(found)) == len(found)


def test_the_parts_cannot_be_moved_from_one_to_the_next() -> None:
    assert of("", rule="a", path="bc") != of("c", rule="a", path="b")
    assert of("", rule="a/b", path="c") != of("", rule="a", path="b/c")


def test_a_text_that_is_no_text_has_one_too() -> None:
    odd = of("eval(\udcff)", "eval(\ud800)", "eval(\\udcff)")
    assert all(len(one) == 24 and set(one) <= set("0123456789abcdef") for one in odd)
    assert len(set(odd)) == 3


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (b"app/db.py", "app/db.py"),
        ("größe/漢.py".encode(), "größe/漢.py"),
        (b"caf\xe9.py", "caf\\xe9.py"),
        (b"back\\slash", "back\\\\slash"),
        (b"back\\xe9", "back\\\\xe9"),
        (b"\\\xff\\", "\\\\\\xff\\\\"),
        (b"line\nbreak\x1b[31m", "line\nbreak\x1b[31m"),
    ],
)
def test_a_path_as_text_and_back(name: bytes, text: str) -> None:
    path = os.fsdecode(name)
    assert path_text(path) == text
    assert os.fsencode(path_from_text(text)) == name


def test_any_path_has_a_text_of_its_own_that_strict_json_carries() -> None:
    chance = random.Random(SEED)
    pieces = [
        b"\\",
        b"x",
        b"e9",
        b"\xe9",
        b"\xff",
        b"\x80",
        "é".encode(),
        "😀".encode(),
        b"/",
        b"a",
        b"\n",
        b"\\x",
        b"\xed\xa0\x80",
    ]
    texts: dict[str, bytes] = {}
    for _ in range(5_000):
        name = b"".join(chance.choice(pieces) for _ in range(chance.randrange(1, 7)))
        text = path_text(os.fsdecode(name))
        assert texts.setdefault(text, name) == name, (SEED, name)
        assert os.fsencode(path_from_text(text)) == name, (SEED, name)
        assert parse(encode(text)) == text, (SEED, name)
    assert len(texts) > 2_000
