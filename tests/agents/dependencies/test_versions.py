"""Versions are ordered as PEP 440 and semver.org say, and what is no version is never guessed at."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from fairlead.agents.builtin.dependency_auditor.cvss import base_score, severity_of
from fairlead.agents.builtin.dependency_auditor.versions import npm_exact, npm_key, python_exact, python_key

# The example of the specification, §11.4, with what it says of numbers before and of build data after.
IN_ORDER = (
    "0.9.9 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 1.0.1"
    " 1.1.0-0 1.1.0-0.0 1.1.0-a-b 1.1.0 1.10.0 2.0.0 10.0.0"
).split()


def test_npm_versions_are_ordered_as_the_specification_says() -> None:
    keys = [key for text in IN_ORDER if (key := npm_key(text)) is not None]
    assert len(keys) == len(IN_ORDER)
    assert sorted(keys) == keys
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("one", "other"), [("1.0.0", "v1.0.0"), ("1.0.0+a", "1.0.0+b.7"), ("1.0", "1.0.0"), ("=1", "1.0.0")]
)
def test_npm_versions_that_are_the_same(one: str, other: str) -> None:
    assert npm_key(one) == npm_key(other)


@pytest.mark.parametrize(
    "text", ["", "latest", "^1.0.0", "1.x", "1.0.0.0", "1.0.0-", "1.0.0-a..b", "１.0.0", "git+https://x"]
)
def test_what_is_no_npm_version_has_no_key(text: str) -> None:
    assert npm_key(text) is None


IDENTIFIER = st.from_regex(r"\A(?:0|[1-9][0-9]{0,3}|[a-z][a-z0-9-]{0,3})\Z")
NPM = st.builds(
    lambda numbers, before: ".".join(map(str, numbers)) + ("-" + ".".join(before) if before else ""),
    st.tuples(*[st.integers(0, 12)] * 3),
    st.lists(IDENTIFIER, max_size=3),
)


def _precedes(one: str, other: str) -> bool:
    """The prose of semver.org §11, step by step."""
    (left, _, before), (right, _, behind) = (text.partition("-") for text in (one, other))
    numbers = [[int(part) for part in text.split(".")] for text in (left, right)]
    if numbers[0] != numbers[1]:
        return numbers[0] < numbers[1]
    if not before or not behind:
        return bool(before) and not behind
    for mine, theirs in zip(before.split("."), behind.split("."), strict=False):
        if mine == theirs:
            continue
        if mine.isdigit() and theirs.isdigit():
            return int(mine) < int(theirs)
        if mine.isdigit() != theirs.isdigit():
            return mine.isdigit()
        return mine < theirs
    return before.count(".") < behind.count(".")


@settings(max_examples=300, deadline=None)
@given(NPM, NPM)
def test_any_two_npm_versions_are_ordered_as_the_prose_says(one: str, other: str) -> None:
    left, right = npm_key(one), npm_key(other)
    assert left is not None
    assert right is not None
    assert (left < right) == _precedes(one, other)


@pytest.mark.parametrize(
    ("written", "same"),
    [("1.4", "1.4.0"), ("1.0.0+local.1", "1"), ("1.0a1", "1.0.0.alpha1"), ("1.0-1", "1.0.post1"), ("v2", "2.0")],
)
def test_python_versions_that_are_the_same(written: str, same: str) -> None:
    assert python_exact(written) == python_exact(same)


def test_python_versions_that_packaging_refuses_have_no_key() -> None:
    assert python_key("2004d") is None
    assert python_exact("2004d") == "2004d"
    assert python_key("1!1.0") == Version("1!1.0")


def test_what_an_npm_version_is_called_in_a_list() -> None:
    assert npm_exact(" v1.2.3+build ") == "1.2.3"


@pytest.mark.parametrize(
    ("vector", "score"),
    [
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
        ("CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H", 7.2),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
        ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H", 7.4),
        ("CVSS:3.1/AV:N/AC:H/PR:L/UI:N/S:U/C:H/I:L/A:H", 7.1),
        ("CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 8.8),
        ("CVSS:3.0/AV:N/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H/E:P", 8.8),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", 7.5),
        ("CVSS:3.1/AV:P/AC:H/PR:H/UI:R/S:U/C:N/I:N/A:N", 0.0),
    ],
)
def test_base_scores_as_the_calculators_give_them(vector: str, score: float) -> None:
    assert base_score(vector) == score


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "AV:N/AC:L/Au:N/C:P/I:P/A:P",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H",
        "CVSS:3.1/AV:N/S:U",
        "CVSS:3.1/S:U/AV:Q",
    ],
)
def test_what_is_no_vector_of_version_3_has_no_score(vector: str) -> None:
    assert base_score(vector) is None


def test_words_for_scores() -> None:
    words = [severity_of(score) for score in (0.0, 0.1, 3.9, 4.0, 6.9, 7.0, 8.9, 9.0, 10.0)]
    assert words == ["info", "low", "low", "medium", "medium", "high", "high", "critical", "critical"]
