"""Every format is found and named exactly, and nothing that only looks like one is reported."""

import random
from pathlib import Path

import pytest

from fairlead.agents.builtin.secret_scanner import scan
from fairlead.agents.rules import Rule
from fairlead.core.json import Json
from fairlead.core.outcomes import Succeeded
from tests.agents.conftest import DirectoryWorld
from tests.corpora import secrets

EACH = 5


def findings_of(root: Path) -> list[dict[str, Json]]:
    outcome = scan({"history": False}, DirectoryWorld(root))
    assert isinstance(outcome, Succeeded)
    found: list[dict[str, Json]] = outcome.output["findings"]
    return found


def write(root: Path, path: str, text: str) -> None:
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")


def test_there_are_at_least_sixty_formats() -> None:
    assert len(secrets.rules_with_samples()) >= 60


@pytest.mark.parametrize("rule", secrets.rules_with_samples(), ids=lambda rule: rule.id)
def test_every_planted_credential_is_found_once_and_named(rule: Rule, tmp_path: Path) -> None:
    chance = random.Random(f"{secrets.SEED} {rule.id}")
    planted = {f"{number}/": secrets.plant(rule, chance) for number in range(EACH)}
    for folder, plant in planted.items():
        write(tmp_path, folder + plant.path, f"# first\n{plant.text}\n# last\n")
    found = [(finding["path"], finding["rule"], finding["line"]) for finding in findings_of(tmp_path)]
    wanted = [(folder + plant.path, rule.id, 2 + _line_of(plant)) for folder, plant in planted.items()]
    assert found == wanted, (secrets.SEED, [plant.text for plant in planted.values()])


def _line_of(planted: secrets.Planted) -> int:
    """A credential of several lines is shown where its header stands, another where it begins."""
    before = planted.text.partition(planted.secret)[0]
    return 0 if "\n" in planted.secret else before.count("\n")


def test_placeholders_are_no_findings(tmp_path: Path) -> None:
    for number, (path, text) in enumerate(secrets.placeholders()):
        write(tmp_path / str(number), path, text + "\n")
    assert findings_of(tmp_path) == []


@pytest.mark.parametrize(("path", "line"), secrets.CLEAN_LINES)
def test_clean_lines_are_no_findings(path: str, line: str, tmp_path: Path) -> None:
    write(tmp_path, path, line + "\n")
    assert findings_of(tmp_path) == []
