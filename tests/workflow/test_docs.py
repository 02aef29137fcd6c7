"""The reference page of workflow files says what the tables say, and its examples are right."""

import re
from pathlib import Path

import pytest

from fairlead.agents.catalog import FileCatalog
from fairlead.core.workflow import STEPS_MAX, TIMEOUT_S_DEFAULT, Workflow
from fairlead.workflow import check_workflow, read_values
from fairlead.workflow.keys import ACTIONS, ACTIONS_LATER, DEFAULTS, INPUT, STEP, TOP
from fairlead.workflow.yaml_tree import ALIASED_MAX, BYTES_MAX
from tests.workflow.samples import HERE

PAGE = (HERE.parents[1] / "docs" / "reference" / "workflow.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def row(title: str, section: str) -> set[str]:
    """The words in code style of the row of a table whose first cell is *title*."""
    (line,) = re.findall(rf"^\| {re.escape(title)} \|(.*)\|$", PAGE.split(f"## {section}")[1], re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", line))


def first_cells(section: str) -> set[str]:
    text = PAGE.split(f"## {section}")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {word for cell in cells for word in re.findall(r"`([^`]+)`", cell)}


def test_every_key_that_is_performed_is_described() -> None:
    assert first_cells("Keys of the file") == {*TOP.performed, "x-…"}
    assert first_cells("Keys of a step") == {*STEP.performed} - {"id", "with"}
    assert set(ACTIONS) <= first_cells("Keys of a step")


def test_every_key_of_a_later_build_is_listed() -> None:
    section = "Known, but not performed yet"
    assert row("the file", section) == set(TOP.later)
    assert row("`defaults`", section) == set(DEFAULTS.later)
    assert row("an input", section) == {*INPUT.later, "secret"}
    assert row("actions", section) == set(ACTIONS_LATER)
    assert row("a step", section) == {*STEP.later, "timeout"} - set(ACTIONS_LATER)


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    for said in (f"{STEPS_MAX:,} in the file", f"{TIMEOUT_S_DEFAULT:g} s without", f"{BYTES_MAX:,} bytes"):
        assert said in PAGE
    assert f"{ALIASED_MAX:,} values" in PAGE
    assert f"({Workflow('x', ()).parallel_max} without it" in PAGE


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_right(text: str) -> None:
    read = check_workflow("example.yaml", text.encode(), FileCatalog(read_values))
    assert read.diagnostics == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 2
    assert Path(HERE.parents[1] / "docs" / "reference" / "codes.md").exists()
