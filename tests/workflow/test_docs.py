"""The reference pages of workflow files say what the tables say, and their examples are right."""

import re

import pytest

from fairlead.workflow.keys import ACTIONS
from fairlead.workflow.roots import described
from fairlead.workflow.schema import workflow_schema
from fairlead.workflow.yaml_tree import ALIASED_MAX, BYTES_MAX
from tests.workflow.explained import check_explained
from tests.workflow.samples import HERE

PAGES = HERE.parents[1] / "docs" / "reference"
PAGE = (PAGES / "workflow.md").read_text("utf-8")
KEYS_PAGE = (PAGES / "workflow-file.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_every_action_is_described() -> None:
    cells = re.findall(r"^\| `(\w+)` \|", PAGE.split("## Steps")[1].split("\n## ")[0], re.MULTILINE)
    assert cells == list(ACTIONS)


def test_every_key_and_every_word_is_on_the_printed_page() -> None:
    schema = workflow_schema()
    for table in (schema, *schema["$defs"].values()):
        for name in table.get("properties", ()):
            assert f"| `{name}`" in KEYS_PAGE
    for word, _, _ in described():
        assert f"| `{word}` |" in KEYS_PAGE


def test_the_limits_on_the_page_are_those_of_the_code() -> None:
    assert f"{BYTES_MAX:,} bytes" in PAGE
    assert f"{ALIASED_MAX:,} values" in PAGE


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_right(text: str) -> None:
    assert check_explained(text).diagnostics == ()


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3
    assert (PAGES / "codes.md").exists()
