"""The examples that `explain` shows are true: the bad one gets its code, the good one none, and an edit mends it."""

import pytest

from fairlead.core.codes import Code, all_codes
from fairlead.workflow.mending import mend
from fairlead.workflow.source import Edit
from tests.proves import proves
from tests.workflow.explained import check_explained, whole

# Whose examples are no workflow file: values that somebody types, Python, a file of requirements; those that would be
# too long to read; and those of what is said only while a run is performed.
NO_FILES = frozenset(
    [
        *("FL-W131", "FL-W133", "FL-E021", "FL-W300", "FL-W301", "FL-W302", "FL-W305", "FL-W306"),
        *("FL-W005", "FL-W011", "FL-W012"),
        *("FL-E040", "FL-E041", "FL-E042", "FL-E044"),
    ]
)
OF_PYTHON = ("FL-W32", "FL-W33")  # said of a workflow in Python: tests/workflow/building
OURS = [code for code in sorted(all_codes().values()) if code.code[3] in "WE" and code.bad]
EXPLAINED = {code.code: code for code in OURS if code.code not in NO_FILES and not code.code.startswith(OF_PYTHON)}
# Said of every trigger, right or wrong.
BESIDE = dict.fromkeys(("FL-W201", "FL-W202", "FL-W203"), frozenset(["FL-W200"]))

# The codes whose bad example leaves nothing to decide, so that `check --fix` mends it.
MENDED = frozenset(
    [
        *("FL-W004", "FL-W006", "FL-W007", "FL-W008", "FL-W016", "FL-W020", "FL-W021", "FL-W025", "FL-W026"),
        *("FL-W106", "FL-W107", "FL-W115", "FL-W116", "FL-W141", "FL-W203", "FL-W303"),
        *("FL-E001", "FL-E004", "FL-E005", "FL-E006", "FL-E013", "FL-E014"),
    ]
)


def said_of(text: str | bytes) -> set[str]:
    return {found.code for found in check_explained(text).diagnostics}


@proves("A1.1", "J2")
@pytest.mark.parametrize("name", EXPLAINED)
def test_a_bad_example_gets_its_code_and_no_other(name: str) -> None:
    text = whole(EXPLAINED[name].bad)
    assert said_of(text) == {name, *BESIDE.get(name, ())}, text


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_good_example_is_right(name: str) -> None:
    text = whole(EXPLAINED[name].good)
    assert said_of(text) == set(BESIDE.get(name, ())), text


def mended(code: Code) -> tuple[str, set[str]]:
    """The bad example after all edits, and the codes of what they mended."""

    def edits_of(data: bytes) -> tuple[str, tuple[tuple[str, Edit], ...]]:
        read = check_explained(data)
        return read.text, read.edits

    found = mend(whole(code.bad).encode(), edits_of)
    return found.data.decode(), set(found.codes)


@proves("A1")
@pytest.mark.parametrize("name", EXPLAINED)
def test_an_edit_leaves_a_file_that_is_right(name: str) -> None:
    text, codes = mended(EXPLAINED[name])
    assert (name in codes) == (name in MENDED)
    if codes:
        assert said_of(text) == set(BESIDE.get(name, ())), text
