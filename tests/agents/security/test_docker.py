"""Dockerfiles, Containerfiles and Compose files, against planted faults."""

import pytest

from fairlead.agents.builtin.security import docker
from fairlead.agents.rules import load_rules
from tests.agents.security.planted import assert_exactly_the_marked
from tests.corpora import marks
from tests.corpora import security_docker as corpus

RULES = load_rules("security-docker") | load_rules("security-shell") | load_rules("security-python")
WHOLE = {path: text for path, text in (corpus.DOCKER | corpus.COMPOSE).items() if path != "broken/docker-compose.yml"}


@pytest.mark.parametrize("path", WHOLE)
def test_exactly_what_is_marked_is_reported(path: str) -> None:
    assert_exactly_the_marked(docker, RULES, path, WHOLE[path])


def test_every_rule_has_a_planted_fault_and_a_file_without_it() -> None:
    faults = {path: {fault.rule for fault in marks.planted(text).faults} for path, text in WHOLE.items()}
    wanted = set(load_rules("security-docker")) | set(load_rules("security-shell"))
    assert wanted <= set.union(*faults.values())
    for rule in wanted:
        assert any(rule not in found for found in faults.values()), rule


@pytest.mark.parametrize(
    ("path", "is_wanted"),
    [
        ("Dockerfile", True),
        ("deploy/Dockerfile.prod", True),
        ("web.Dockerfile", True),
        ("Containerfile", True),
        ("docker-compose.override.yml", True),
        ("compose.yaml", True),
        ("Dockerfile.md", False),
        ("docker.py", False),
        ("dockerfile.go", False),
        (".dockerignore", False),
        ("compose.py", False),
        ("my-compose-notes.txt", False),
    ],
)
def test_files_are_known_by_their_names(path: str, is_wanted: bool) -> None:
    assert docker.wants(path) is is_wanted


def test_a_compose_file_that_is_no_yaml_says_where() -> None:
    text = 'services:\n  web:\n    image: "acme\n   x: y\n'
    found = list(docker.scan_file("docker-compose.yml", text))
    assert [(m.rule, m.line) for m in found] == [("security/not-parsed", 5)]
    assert "not valid YAML" in found[0].message


@pytest.mark.parametrize(
    "text", ["", "\n\n", "FROM", "FROM \\", "RUN <<", "# escape=`\n`", "\\\n\\\n", "ONBUILD", "ONBUILD ONBUILD"]
)
def test_a_stub_of_a_dockerfile_does_no_harm(text: str) -> None:
    assert not [m for m in docker.scan_file("Dockerfile", text) if m.rule != "security/container-root"]


@pytest.mark.parametrize(
    "text", ["", "[]", "services: 1", "services: [a]", "services: {a: }", "services:\n  a: {ports: {b: c}}", "&a [*a]"]
)
def test_a_compose_file_of_another_form_does_no_harm(text: str) -> None:
    assert list(docker.scan_file("compose.yml", text)) == []


def test_a_file_of_one_very_long_line_takes_linear_time() -> None:
    docker.scan_file("Dockerfile", "FROM a@sha256:0\nUSER a\nRUN " + "curl https://a/ && wget b | " * 20_000)
    docker.scan_file("Dockerfile", "FROM a@sha256:0\nUSER a\nRUN " + "curl " * 100_000)
