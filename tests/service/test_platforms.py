"""Which CI platform it is, by what the platforms set; and where the files of the commit can be seen."""

import pytest

from fairlead.service.platforms import describe, detect_platform, link_base
from fairlead.service.surroundings import examine
from tests.service.parts import PaperParts


@pytest.mark.parametrize(
    ("environ", "name", "variable"),
    [
        ({"CI": "true", "GITHUB_ACTIONS": "true"}, "GitHub Actions", "GITHUB_ACTIONS"),
        ({"CI": "true", "GITLAB_CI": "true"}, "GitLab CI", "GITLAB_CI"),
        ({"CI": "true", "BUILDKITE": "true"}, "Buildkite", "BUILDKITE"),
        ({"JENKINS_URL": "https://ci.example.org/"}, "Jenkins", "JENKINS_URL"),
        ({"BUILD_ID": "12", "JOB_NAME": "shop"}, "Jenkins", "BUILD_ID"),
        ({"TF_BUILD": "True"}, "Azure Pipelines", "TF_BUILD"),
        ({"CI": "true", "CIRCLECI": "true"}, "CircleCI", "CIRCLECI"),
        ({"CI": "1"}, "CI", "CI"),
    ],
)
def test_each_platform_is_known_by_what_it_sets(environ: dict[str, str], name: str, variable: str) -> None:
    platform = detect_platform(environ)
    assert platform is not None
    assert (platform.name, platform.variable) == (name, variable)
    assert variable in describe(platform)
    assert ("annotations" in describe(platform)) == (name == "GitHub Actions")


@pytest.mark.parametrize(
    "environ", [{}, {"CI": ""}, {"CI": "false"}, {"GITHUB_ACTIONS": "false"}, {"BUILD_ID": "dontKillMe"}]
)
def test_a_persons_machine_is_no_platform(environ: dict[str, str]) -> None:
    assert detect_platform(environ) is None


def test_links_lead_to_the_commit_and_are_left_out_when_the_platform_does_not_say() -> None:
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_SERVER_URL": "https://github.example.org",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_SHA": "abc",
    }
    assert link_base(github) == "https://github.example.org/o/r/blob/abc"
    assert link_base({**github, "GITHUB_SHA": ""}) == ""
    gitlab = {"GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.example.org/o/r", "CI_COMMIT_SHA": "abc"}
    assert link_base(gitlab) == "https://gitlab.example.org/o/r/-/blob/abc"
    assert link_base({"CI": "true"}) == ""


def test_doctor_says_what_was_detected(parts: PaperParts) -> None:
    assert "ci" not in [probe.area for probe in examine(parts, None).probes]
    parts._environ["GITLAB_CI"] = "true"
    (probe,) = [probe for probe in examine(parts, None).probes if probe.area == "ci"]
    assert (probe.status, probe.text) == (
        "ok",
        "GitLab CI (GITLAB_CI is set): plain output, a folded group for each step",
    )
