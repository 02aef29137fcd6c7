"""Every place of the corpus is mended as it says, and a second scan reports it no more, nor anything else.

All cases stand in one tree, so that each scanner reads them once before and once after.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from fairlead.agents.builtin.patcher_rules.python_fixes import FIXES
from fairlead.agents.builtin.patcher_rules.remedies import alike, mended_text
from fairlead.agents.builtin.patcher_rules.ruff_fixes import RULES
from fairlead.agents.builtin.patcher_rules.source import NoFix
from fairlead.agents.builtin.patcher_rules.table import MENDED as IN_TABLE
from fairlead.agents.builtin.patcher_rules.table import why_not
from fairlead.agents.builtin.patcher_rules.text_fixes import TEXT_FIXES
from fairlead.agents.builtin.patcher_rules.versions import VERSION_FIXES
from fairlead.core.findings import Finding
from tests.agents.patcher.parts import all_findings, world_over, write
from tests.corpora.patches import MENDED, REFUSED
from tests.proves import proves

RULES_MENDED = {*FIXES, *RULES, *TEXT_FIXES, *VERSION_FIXES}
_Found = dict[str, list[Finding]]  # by path


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("corpus")
    for number, case in enumerate(MENDED.values()):
        write(root, f"c{number}/{case.path}", case.before)
    return root


@pytest.fixture(scope="module")
def before(tree: Path) -> _Found:
    return all_findings(tree)


@pytest.fixture(scope="module")
def texts(tree: Path, before: _Found) -> dict[str, str]:
    """What the remedies make of each case, by its name; a refusal is told as text."""
    made: dict[str, str] = {}
    for number, (name, case) in enumerate(MENDED.items()):
        found = before.get(f"c{number}/{case.path}", [])
        first = next((one for one in found if one.rule == case.rule), None)
        try:
            same = alike(first, found, case.before) if first else []
            made[name] = mended_text(case.before, same, world_over(tree)) if first else "not found"
        except NoFix as problem:
            made[name] = f"refused: {problem.reason}"
    return made


@pytest.mark.parametrize("name", MENDED)
def test_a_place_is_mended_as_the_corpus_says(name: str, texts: dict[str, str]) -> None:
    assert texts[name] == MENDED[name].after


@pytest.mark.parametrize("name", [name for name, case in MENDED.items() if not case.path.endswith(".js")])
def test_lines_that_end_otherwise_go_on_doing_so(name: str, before: _Found, tree: Path) -> None:
    number, case = list(MENDED).index(name), MENDED[name]
    text = case.before.replace("\n", "\r\n")
    found = before[f"c{number}/{case.path}"]
    same = alike(next(one for one in found if one.rule == case.rule), found, text)
    assert mended_text(text, same, world_over(tree)) == case.after.replace("\n", "\r\n")


@proves("C11")
def test_a_second_scan_finds_none_of_them_and_the_same_scanner_nothing_else(
    texts: dict[str, str], before: _Found, tmp_path: Path
) -> None:
    for number, (name, case) in enumerate(MENDED.items()):
        write(tmp_path, f"c{number}/{case.path}", texts[name])
    after = all_findings(tmp_path)
    for number, (name, case) in enumerate(MENDED.items()):
        path = f"c{number}/{case.path}"
        family = case.rule.partition("/")[0]
        rules = Counter(one.rule for one in after.get(path, []) if one.rule.startswith(family))
        assert rules[case.rule] == 0, name
        assert rules - Counter(one.rule for one in before[path]) == Counter(), name


def test_every_finding_of_the_corpus_is_worth_trying(before: _Found) -> None:
    for number, case in enumerate(MENDED.values()):
        mine = [one for one in before[f"c{number}/{case.path}"] if one.rule == case.rule]
        assert [why_not(one) for one in mine] == [""] * len(mine)


def test_the_table_names_exactly_what_there_are_remedies_for() -> None:
    assert set(IN_TABLE) == RULES_MENDED


def test_the_page_lists_exactly_what_the_table_does() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/mend-findings.md").read_text("utf-8")
    assert dict(re.findall(r"(?m)^\| `(\w+/[\w-]+)` \| (.+) \|$", page)) == IN_TABLE


def test_every_remedy_has_a_case() -> None:
    """Those of dependencies need advisories, and have a file of their own."""
    cases = {case.rule for case in MENDED.values()}
    assert {rule for rule in RULES_MENDED - cases if not rule.startswith("dependencies/")} == set()
    assert len(cases) >= 15


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Why each place is left alone; "" for one that was mended all the same."""
    root = tmp_path_factory.mktemp("refused")
    for number, case in enumerate(REFUSED.values()):
        write(root, f"c{number}/main.py", case.text)
    found = all_findings(root)
    reasons: dict[str, str] = {}
    for number, (name, case) in enumerate(REFUSED.items()):
        first = next(one for one in found[f"c{number}/main.py"] if one.rule == case.rule)
        try:
            mended_text(case.text, [first], world_over(root))
            reasons[name] = ""
        except NoFix as problem:
            reasons[name] = problem.reason
    return reasons


@pytest.mark.parametrize("name", REFUSED)
def test_a_place_with_no_right_answer_is_left_alone(name: str, reasons: dict[str, str]) -> None:
    assert REFUSED[name].reason in reasons[name]
