"""No rule ships without a planted case, a case in which it must be silent, and an explanation with both examples."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from fairlead.agents.builtin.security.scan import scan
from fairlead.agents.rules import Rule, all_rules, load_rules
from fairlead.core.outcomes import Succeeded
from fairlead.env.tool_world import LocalToolWorld
from fairlead.service.explain import explain
from fairlead.service.parts import Parts
from tests.corpora import secrets
from tests.corpora.cases import Corpus, all_corpora

RULES = all_rules()
# Where an example of the rules of a table would stand.
FILES: Mapping[str, tuple[str, ...]] = {
    "security-python": ("app.py", "settings.py"),
    "security-javascript": ("app.js", "app.ts", "app.jsx"),
    "security-docker": ("Dockerfile", "docker-compose.yml"),
    "security-shell": ("Dockerfile",),
    "security-ci": (".github/workflows/ci.yml", ".gitlab-ci.yml"),
}


@pytest.fixture(scope="module")
def corpora() -> list[Corpus]:
    return all_corpora()


def test_every_rule_is_planted_at_least_once(corpora: list[Corpus]) -> None:
    planted = {place.rule for corpus in corpora for place in corpus.wanted}
    assert RULES.keys() - planted == set()


def test_no_case_is_planted_for_a_rule_that_nobody_ships(corpora: list[Corpus]) -> None:
    planted = {place.rule for corpus in corpora for place in corpus.wanted}
    assert planted - RULES.keys() == set()


def test_every_rule_has_a_file_of_its_kind_in_which_it_must_be_silent(corpora: list[Corpus]) -> None:
    silent: Counter[str] = Counter()
    for corpus in corpora:
        for rule in {place.rule for place in corpus.wanted}:
            silent[rule] += corpus.negatives(rule)
    # One file holds what only bandit and ruff find: there every marked line has a right one beside it.
    alone = {place.rule for corpus in corpora if len(corpus.files) == 1 for place in corpus.wanted}
    assert RULES.keys() - {rule for rule, count in silent.items() if count} - alone == set()


def test_every_format_of_a_credential_has_two_look_alikes() -> None:
    formats = [rule for rule in RULES if rule.startswith("secrets/") and rule != "secrets/unread-file"]
    assert len(secrets.placeholders()) == 2 * len(formats)


def test_every_corpus_is_found_by_its_name() -> None:
    """A table of marked files in a module that nobody reads would prove nothing."""
    modules = {path.stem for path in Path(secrets.__file__).parent.glob("security_*.py")}
    read = {corpus.name for corpus in all_corpora()} | {"python", "tools"}
    assert {module.removeprefix("security_") for module in modules} - read == set()


def test_every_rule_can_be_explained() -> None:
    for rule in RULES:
        told = explain(cast(Parts, _OnlyRules()), rule)
        assert (told.name, told.kind) == (rule, "rule")
        texts = (told.title, told.severity, told.reason, told.what, told.why, told.hint, told.bad, told.good)
        assert all(text.strip() for text in texts), rule
        assert told.bad != told.good, rule


class _OnlyRules:
    """What `explain` asks of the program's parts."""

    def rules(self) -> Mapping[str, Rule]:
        return RULES


def test_every_table_of_rules_has_a_place_for_its_examples() -> None:
    names = {path.stem for path in (Path(scan.__code__.co_filename).parents[1] / "rules").glob("security-*.toml")}
    assert {name for name in names if load_rules(name)} - FILES.keys() == set()


def test_no_rule_objects_to_its_own_good_example(tmp_path: Path) -> None:
    """Who does what `fairlead explain` says must be rid of the finding."""
    rules = [(rule, paths) for table, paths in FILES.items() for rule in _rules_of(table)]
    for number, (rule, paths) in enumerate(rules):
        for path in paths:
            (tmp_path / f"{number}" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / f"{number}" / path).write_text(rule.good + "\n")
    outcome = scan({}, LocalToolWorld(str(tmp_path)))
    assert isinstance(outcome, Succeeded)
    found = {(int(one["path"].partition("/")[0]), one["rule"]) for one in outcome.output["findings"]}
    assert [rule.id for number, (rule, _) in enumerate(rules) if (number, rule.id) in found] == []


def _rules_of(table: str) -> list[Rule]:
    try:
        return list(load_rules(table).values())
    except FileNotFoundError:
        return []  # no such table yet
