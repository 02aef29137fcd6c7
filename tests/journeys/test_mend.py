"""From a finding to a tested tree, as the page about it shows: the checkout itself is never touched."""

import re
from pathlib import Path

from tests.journeys.door import Door
from tests.journeys.repositories import commit, differences, git, snapshot

PAGE = Path(__file__).parents[2] / "docs/how-to/mend-findings.md"
HEAD = "fairlead: 1\nname: mend\nflow: graph\nsteps:\n  - id: scan\n    agent: security-scanner\n"
AGAIN = """\
  - id: again
    needs: [combine, tests]
    agent: security-scanner
    in: ${ steps.combine.output.worktree }
"""
TEST = "from web import settings\n\n\ndef test_debug_is_off():\n    assert settings.DEBUG is False\n"


def test_the_steps_of_the_page_mend_what_can_be_mended_and_test_it(door: Door, tmp_path: Path) -> None:
    steps = re.findall(r"(?s)```yaml\n(.*?)```", PAGE.read_text("utf-8"))
    assert len(steps) == 1
    root = tmp_path / "shop"
    for path, text in {
        "web/__init__.py": "",
        "web/settings.py": "DEBUG = True\n",
        "api/config.py": "NAME = 'api'\nDEBUG = True\n",
        "tests/test_settings.py": TEST,
        "conftest.py": "",
        ".gitignore": "__pycache__/\n.pytest_cache/\n",
        ".fairlead/workflows/mend.yaml": HEAD + steps[0] + AGAIN,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    before = snapshot(root)
    answer = door.call(root, "run", "mend", "--json")
    assert answer.exit_code == 0, (answer.text[:2000], answer.said)
    said = {one["step"]: one.get("summary") for one in answer.json["steps"]}
    assert said["triage"] == "2 of 2 findings can be mended by a rule"
    assert said["combine"] == "2 of 2 patches in 2 files"
    assert said["again"].startswith("0 findings")
    after = snapshot(root)
    assert before.keys() == after.keys()
    # Git looks at objects that it finds again by setting their time, which says nothing of their content.
    assert [name for name in differences(before, after) if not name.startswith(".git/objects/")] == []
