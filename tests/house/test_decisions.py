"""Each page of docs/decisions has context, decision and cost, and stands in the index under its own title."""

import re
from pathlib import Path

from tests.house.source import plant

_PAGE = re.compile(r"\d{4}-[a-z0-9-]+\.md")
_TITLE = re.compile(r"# (\d{4}) · (.+)")
_PARTS = ["## Context", "## Decision", "## Cost"]


def faults(root: Path) -> list[str]:
    """What is wrong with the pages and their index."""
    folder = root / "docs/decisions"
    index = (folder / "README.md").read_text("utf-8")
    found = []
    for page in sorted(folder.glob("*.md")):
        if page.name == "README.md":
            continue
        lines = page.read_text("utf-8").splitlines()
        title = _TITLE.fullmatch(lines[0])
        if not _PAGE.fullmatch(page.name) or title is None or title[1] != page.name[:4]:
            found.append(f"{page.name}: begin with `# NNNN · title`, with the number of the file's name")
        elif f"| [{title[1]}]({page.name}) | {title[2]} |" not in index:
            found.append(f"{page.name}: the index has no line with this page and its title")
        if [line for line in lines if line.startswith("## ")] != _PARTS:
            found.append(f"{page.name}: the parts are context, decision and cost")
    linked = re.findall(r"\]\((\d{4}[^)]*)\)", index)
    return found + [f"the index names {name}, which does not exist" for name in linked if not (folder / name).exists()]


def test_every_decision_has_its_parts_and_stands_in_the_index(project: Path) -> None:
    assert faults(project) == []


def test_a_page_without_cost_and_an_index_out_of_date_are_found(tmp_path: Path) -> None:
    plant(tmp_path, "docs/decisions/README.md", "| [0002](0002-gone.md) | Gone |\n")
    plant(tmp_path, "docs/decisions/0001-a.md", "# 0001 · A\n## Context\n## Decision\n")
    assert faults(tmp_path) == [
        "0001-a.md: the index has no line with this page and its title",
        "0001-a.md: the parts are context, decision and cost",
        "the index names 0002-gone.md, which does not exist",
    ]
