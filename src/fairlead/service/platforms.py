"""Where a command runs: the CI platforms by the variables that they set, and what each of them shows.

Sources: GitHub "Default environment variables" and "Workflow commands"; GitLab "Predefined CI/CD variables" and "Custom
collapsible sections"; Buildkite "Environment variables" and "Managing log output"; Jenkins "Using environment
variables"; Azure Pipelines "Predefined variables" and "Logging commands"; CircleCI "Built-in environment variables".
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Folding = Literal["github", "gitlab", "buildkite", "azure", "none"]


class Platform(NamedTuple):
    """One CI platform."""

    name: str  # for people
    variable: str  # by which it was known
    folding: Folding = "none"  # how its log folds a group of lines
    has_annotations: bool = False  # whether it reads `::error …` and shows the file behind GITHUB_STEP_SUMMARY


_GITHUB = Platform("GitHub Actions", "GITHUB_ACTIONS", "github", True)
# In this order: Jenkins and Buildkite agents are at times started by other platforms, never the other way round.
_BY_VARIABLE: tuple[Platform, ...] = (
    _GITHUB,
    Platform("GitLab CI", "GITLAB_CI", "gitlab"),
    Platform("Buildkite", "BUILDKITE", "buildkite"),
    Platform("Jenkins", "JENKINS_URL"),
    Platform("Azure Pipelines", "TF_BUILD", "azure"),
    Platform("CircleCI", "CIRCLECI"),
)
_FALSE = frozenset({"", "0", "false", "no", "off"})


def detect_platform(environ: Mapping[str, str]) -> Platform | None:
    """The CI platform that this command runs on; None at a person's machine."""
    for platform in _BY_VARIABLE:
        if environ.get(platform.variable, "").lower() not in _FALSE:
            return platform
    # Jenkins knows its own address only once somebody has set it. BUILD_ID alone is set by others too.
    if environ.get("BUILD_ID") and environ.get("JOB_NAME"):
        return Platform("Jenkins", "BUILD_ID")
    if environ.get("CI", "").lower() not in _FALSE:
        return Platform("CI", "CI")
    return None


def describe(platform: Platform) -> str:
    """What was detected, and what follows, in one line."""
    follows = ["plain output"]
    if platform.folding != "none":
        follows.append("a folded group for each step")
    if platform.has_annotations:
        follows.append("annotations and a step summary (--no-annotations for neither)")
    name = "a CI platform" if platform.name == "CI" else platform.name
    return f"{name} ({platform.variable} is set): {', '.join(follows)}"


def link_base(environ: Mapping[str, str]) -> str:
    """Where the files of the commit at hand can be seen, without their path; "" when the platform does not say."""
    platform = detect_platform(environ)
    if platform is None:
        return ""
    if platform.folding == "github":
        place = [environ.get(name, "") for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_SHA")]
        return f"{place[0]}/{place[1]}/blob/{place[2]}" if all(place) else ""
    if platform.folding == "gitlab":
        project, commit = environ.get("CI_PROJECT_URL", ""), environ.get("CI_COMMIT_SHA", "")
        return f"{project}/-/blob/{commit}" if project and commit else ""
    return ""
