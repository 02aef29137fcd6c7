"""Workflows of GitHub, pipelines of GitLab and of others, against planted faults."""

import pytest

from fairlead.agents.builtin.security import ci, docker
from fairlead.agents.rules import load_rules
from tests.agents.security.planted import assert_exactly_the_marked
from tests.corpora import marks
from tests.corpora import security_ci as corpus

RULES = load_rules("security-ci") | load_rules("security-docker") | load_rules("security-shell")
FILES = corpus.GITHUB | corpus.GITLAB | corpus.OTHERS


@pytest.mark.parametrize("path", FILES)
def test_exactly_what_is_marked_is_reported(path: str) -> None:
    assert_exactly_the_marked(ci, RULES, path, FILES[path])


def test_every_rule_has_a_planted_fault_and_a_file_without_it() -> None:
    faults = {path: {fault.rule for fault in marks.planted(text).faults} for path, text in FILES.items()}
    wanted = set(load_rules("security-ci"))
    assert wanted <= set.union(*faults.values())
    for rule in wanted:
        assert any(rule not in found for found in faults.values()), rule


@pytest.mark.parametrize(
    ("path", "is_wanted"),
    [
        (".github/workflows/test.yml", True),
        (".github/workflows/docker-compose.yml", True),
        (".gitea/workflows/test.yaml", True),
        ("action.yml", True),
        (".gitlab-ci.yml", True),
        ("Jenkinsfile", True),
        ("azure-pipelines.yml", True),
        (".github/dependabot.yml", False),
        (".github/workflows/readme.md", False),
        ("docs/test.yml", False),
        ("reaction.yml", False),
    ],
)
def test_files_are_known_by_their_places(path: str, is_wanted: bool) -> None:
    assert ci.wants(path) is is_wanted
    assert not docker.wants(path)


def test_a_workflow_that_is_no_yaml_says_where() -> None:
    found = list(ci.scan_file(".github/workflows/a.yml", "on: push\njobs:\n\tbuild: x\n"))
    assert [(match.rule, match.line, match.column) for match in found] == [("security/not-parsed", 3, 1)]


@pytest.mark.parametrize(
    "path", [".github/workflows/a.yml", ".gitlab-ci.yml", "action.yml", ".travis.yml", "Jenkinsfile"]
)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "---",
        "[]",
        "jobs: 1",
        "jobs: {a: [b]}\npermissions: {}",
        "permissions: {}\njobs: {a: {steps: {b: c}}}",
        "permissions: {}\njobs: {a: {steps: [1, null, [x]]}}",
        "a: &a [*a]",
        "a: {<<: *b}",
        "permissions: {}\njobs: {a: &a {<<: *a}}",
        "? [x]\n: y",
        "script: [[[[a]]]]",
    ],
)
def test_a_file_of_another_form_does_no_harm(path: str, text: str) -> None:
    assert {match.rule for match in ci.scan_file(path, text)} <= {"security/not-parsed"}


def test_a_bomb_of_aliases_and_a_very_deep_file_are_survived() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    assert list(ci.scan_file(".travis.yml", bomb)) == []
    deep = "a: " + "[" * 50_000
    assert [match.rule for match in ci.scan_file(".travis.yml", deep)] == ["security/not-parsed"]
