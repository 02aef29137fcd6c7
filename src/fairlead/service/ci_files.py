"""`init --ci`: one short file for a CI platform, with everything pinned that it takes from others.

Actions are named by their commit and the image by its digest, because tags can be moved; which release that is stands
beside it. Each commit was compared with the tag in the action's own repository, the digest with several public files.

In a pull or merge request only what is new in it makes the answer no, where the platform says what it is compared with
and has fetched that: GitHub's `GITHUB_BASE_REF` is empty for a push, GitLab's `CI_MERGE_REQUEST_DIFF_BASE_SHA` is not
set. Buildkite and Jenkins name a branch, but fetch it or not as somebody has set them up.
"""

import os.path
from typing import Literal, NamedTuple

import msgspec

from fairlead.core.errors import error
from fairlead.service.parts import Parts, Project
from fairlead.service.surroundings import Next

CiPlatform = Literal["github", "gitlab", "buildkite", "jenkins"]

_OURS = "fairlead init --ci"  # stands in the first line of each file that we wrote


class CiWritten(msgspec.Struct, frozen=True):
    """What `init --ci` did."""

    platform: str
    written: tuple[str, ...]
    kept: tuple[str, ...]  # files that were there already; they are never overwritten
    needs: str  # what must be there on the platform; "" for nothing but itself
    next: tuple[Next, ...]


class _CiFile(NamedTuple):
    path: str  # where the platform looks for it
    beside: str  # where it goes when something else is there already; "" when nothing else can be
    text: str
    include: tuple[str, str] = ("", "")  # how a file beside the usual one is taken in, and what that does
    needs: str = ""  # what must be there on the platform


_GITHUB = """\
# Made by `fairlead init --ci github`; yours to change. Actions are pinned by commit: a tag can be moved.
name: fairlead
on:
  pull_request:
  push: { branches: [main, master] }
permissions: { contents: read, security-events: write }
jobs:
  review:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with: { fetch-depth: 0, persist-credentials: false }
      - uses: actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0
        with: { python-version: "3.13" }
      - run: echo "TREE=$(git rev-parse 'HEAD^{tree}')" >> "$GITHUB_ENV"
      - uses: actions/cache/restore@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5
        with: { path: .git/fairlead, key: "fairlead-${{ env.TREE }}", restore-keys: fairlead- }
      - run: python -m pip install fairlead==VERSION
      - run: fairlead review --sarif fairlead.sarif ${GITHUB_BASE_REF:+--new-since "origin/$GITHUB_BASE_REF"}
      - uses: actions/cache/save@27d5ce7f107fe9357f9df03efb73ab90386fccae # v5.0.5
        if: ${{ !cancelled() }}
        with: { path: .git/fairlead, key: "fairlead-${{ env.TREE }}" }
      - uses: github/codeql-action/upload-sarif@8aad20d150bbac5944a9f9d289da16a4b0d87c1e # v4.36.2
        if: ${{ !cancelled() && hashFiles('fairlead.sarif') != '' }}
        with: { sarif_file: fairlead.sarif }
"""

_GITLAB = """\
# Made by `fairlead init --ci gitlab`; yours to change. The image is pinned by digest: a tag can be moved.
fairlead:
  image: python:3.13.15-bookworm@sha256:933b46a028fd786c9c3d426ebabc237e29a15912231ea8de576e95f0e4f41a4c
  timeout: 20 minutes
  variables: { GIT_DEPTH: "0" }
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  cache:
    key: fairlead-$CI_COMMIT_REF_SLUG
    fallback_keys: [fairlead-$CI_DEFAULT_BRANCH]
    paths: [.git/fairlead/]
    when: always
  script:
    - python -m pip install --quiet fairlead==VERSION
    - >-
      fairlead review --gitlab gl-code-quality-report.json --junit fairlead.xml
      ${CI_MERGE_REQUEST_DIFF_BASE_SHA:+--new-since "$CI_MERGE_REQUEST_DIFF_BASE_SHA"}
  artifacts:
    when: always
    reports: { codequality: gl-code-quality-report.json, junit: fairlead.xml }
"""

_BUILDKITE = """\
# Made by `fairlead init --ci buildkite`; yours to change. `$$` is a `$` of the shell.
steps:
  - label: fairlead
    timeout_in_minutes: 20
    command: |
      python3 -m venv .git/fairlead-venv
      PATH="$$PWD/.git/fairlead-venv/bin:$$PATH"
      pip install --quiet fairlead==VERSION
      code=0
      fairlead review --junit fairlead.xml --sarif fairlead.sarif || code=$$?
      if fairlead findings export --format summary -o fairlead.md; then
        buildkite-agent annotate --context fairlead --style info < fairlead.md
      fi
      exit $$code
    artifact_paths: [fairlead.xml, fairlead.sarif, fairlead.md]
"""

_JENKINS = """\
// Made by `fairlead init --ci jenkins`; yours to change.
pipeline {
  agent any
  options { timeout(time: 20, unit: 'MINUTES') }
  stages {
    stage('fairlead') {
      steps {
        sh 'python3 -m venv .git/fairlead-venv && .git/fairlead-venv/bin/pip install --quiet fairlead==VERSION'
        sh '.git/fairlead-venv/bin/fairlead review --sarif fairlead.sarif --junit fairlead.xml'
      }
    }
  }
  post {
    always {
      recordIssues tool: sarif(pattern: 'fairlead.sarif')
      junit testResults: 'fairlead.xml', allowEmptyResults: true
    }
  }
}
"""

_FILES: dict[CiPlatform, _CiFile] = {
    "github": _CiFile(
        ".github/workflows/fairlead.yml",
        "",
        _GITHUB,
        needs="code scanning, which public repositories have; others need GitHub Advanced Security",
    ),
    "gitlab": _CiFile(
        ".gitlab-ci.yml",
        ".gitlab/ci/fairlead.yml",
        _GITLAB,
        ("include: [{local: .gitlab/ci/fairlead.yml}]", "this line in your .gitlab-ci.yml takes it in"),
    ),
    "buildkite": _CiFile(
        ".buildkite/pipeline.yml",
        ".buildkite/fairlead.yml",
        _BUILDKITE,
        ("buildkite-agent pipeline upload .buildkite/fairlead.yml", "as a command of your pipeline takes it in"),
        needs="Python 3.11 or newer and git on the agent",
    ),
    "jenkins": _CiFile(
        "Jenkinsfile",
        "Jenkinsfile.fairlead",
        _JENKINS,
        ("Script Path: Jenkinsfile.fairlead", "in the settings of a new Pipeline"),
        needs="Python 3.11 or newer and git on the agent, and the plugins Warnings and JUnit",
    ),
}


def write_ci_file(parts: Parts, project: Project, platform: CiPlatform, version: str) -> CiWritten:
    """Write the file of *platform* into the project. Nothing that is there is changed.

    Raises:
        FairleadError: FL-S033 when there is something else at every place where it could go.
        OSError: the directory cannot be written.
    """
    chosen = _FILES[platform]
    for path in filter(None, (chosen.path, chosen.beside)):
        place = os.path.join(project.root, path)
        first = (parts.files.read(place, limit=200) or b"").decode("utf-8", "replace")
        if _OURS in first:
            return CiWritten(platform, (), (path,), chosen.needs, _next(chosen, path))
        if parts.files.exists(place):
            continue
        try:
            parts.files.write(place, chosen.text.replace("VERSION", version).encode(), is_new=True)
        except FileExistsError:
            continue  # somebody was faster
        return CiWritten(platform, (path,), (), chosen.needs, _next(chosen, path))
    taken = " and ".join(filter(None, (chosen.path, chosen.beside)))
    raise error("FL-S033", f"{taken}: something else is there already", "move it away, or take ours in by hand")


def _next(chosen: _CiFile, path: str) -> tuple[Next, ...]:
    steps = [Next(f"git add {path}", "commit and push it: the next pipeline reviews")]
    if path == chosen.beside:
        steps.append(Next(*chosen.include))
    return tuple(steps)
