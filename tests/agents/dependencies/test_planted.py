"""Every planted fault is found at its exact place and with its severity, and nothing else is reported."""

import re
from collections import Counter
from pathlib import Path

import pytest

from fairlead.agents.rules import load_rules
from tests.agents.dependencies.parts import audited, findings, import_lines, write
from tests.corpora import dependencies, marks
from tests.corpora.dependencies import FILES_WITH, REASONS, REPOSITORIES

RULES = load_rules("dependencies")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return import_lines(tmp_path_factory.mktemp("machine"), dependencies.ADVISORIES)


@pytest.mark.parametrize("name", REPOSITORIES)
def test_what_is_planted_is_found_at_its_place_and_nothing_else(name: str, data: Path, tmp_path: Path) -> None:
    planted = {path: marks.planted(text, "dependencies") for path, text in REPOSITORIES[name].items()}
    write(tmp_path, {path: file.text for path, file in planted.items()})
    outcome = audited(tmp_path, data)
    wanted = {
        (path, f.rule, f.line, f.column, f.end_line, f.end_column, f.severity or RULES[f.rule].severity)
        for path, file in planted.items()
        for f in file.faults
    }
    wanted |= {
        (path, f"dependencies/{rule}", 0, 0, 0, 0, RULES[f"dependencies/{rule}"].severity)
        for path, rules in FILES_WITH.get(name, {}).items()
        for rule in rules
    }
    places = ("path", "rule", "line", "column")
    found = [
        (*(one[key] for key in places), one.get("end_line", 0), one.get("end_column", 0), one["severity"])
        for one in findings(outcome)
    ]
    assert set(found) == wanted
    assert len(found) == len(set(found))
    codes = Counter(code for reason in outcome.degraded for code in re.findall(r"FL-A\d+", reason))
    assert codes == Counter(REASONS.get(name, ())), outcome.degraded


@pytest.mark.parametrize("name", REPOSITORIES)
def test_two_audits_of_one_tree_say_the_same(name: str, data: Path, tmp_path: Path) -> None:
    write(tmp_path, {path: marks.planted(text).text for path, text in REPOSITORIES[name].items()})
    assert audited(tmp_path, data) == audited(tmp_path, data)
