"""Which versions of SQLite are warned of."""

import pytest

from fairlead.journal import library_problem, library_version


@pytest.mark.parametrize("version", ["3.7.0", "3.40.1", "3.51.2"])
def test_what_can_lose_commits_is_named(version: str) -> None:
    assert "can lose commits" in library_problem(version)


@pytest.mark.parametrize("version", ["3.6.23", "3.51.3", "3.53.0", "3.54.1"])
def test_what_was_mended_is_not(version: str) -> None:
    assert library_problem(version) == ""


def test_what_was_withdrawn_is_named() -> None:
    assert "withdrawn" in library_problem("3.52.0")


def test_the_one_that_is_used_here_needs_nothing() -> None:
    assert library_problem(library_version()) == ""
