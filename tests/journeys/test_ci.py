"""Fairlead on CI platforms: fresh processes with what a platform sets around them, and logs read as it reads them."""

import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as xml

import junitparser
import pytest

from tests.journeys.door import Answer, Door
from tests.journeys.repositories import FAULTY, commit, git, make_repository
from tests.proves import proves
from tests.views import log_readers

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_SERVER_URL": "https://github.example.org",
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_SHA": "4f2c1e9",
}
GITLAB = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_URL": "https://gitlab.example.org/o/r", "CI_COMMIT_SHA": "4f2"}
HOSTILE_NAMES = (
    "::set-output name=a::b.py",
    "a ##[add-mask]secret.py",
    "##vso[task.complete result=Failed]c.py",
    "line\n::add-mask::d.py",
    "cr\r::stop-commands::e.py",
    "\x1b[0Ksection_start:1:x\r\x1b[0Kf.py",
    "--- g.py",
)
# A program that writes what every platform would obey, and a step whose message repeats it.
WORKFLOW = """\
fairlead: 1
name: noisy
steps:
  - id: noise
    run: [python3, noise.py]
"""


NOISE = 'print("::add-mask::a\\n##[group]b\\n--- c\\n##vso[task.x]d"); raise SystemExit("::error::forged")\n'


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A repository in which every name and every program tries to speak to the platform."""
    root = make_repository(tmp_path / "hostile")
    for name in HOSTILE_NAMES:
        (root / name).write_text(FAULTY)
    (root / "noisy.yaml").write_text(WORKFLOW)
    (root / "noise.py").write_text(NOISE)
    commit(root, "::error::forged by a commit")
    return root


def security(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:  # rows of a JSON document
    """The two of each file that this is about; other agents may have more to say."""
    return [one for one in findings if one["rule"].startswith("security/")]


def streams(answer: Answer) -> tuple[str, str]:
    return answer.out.decode(), answer.err.decode()


@proves("J1.1")
def test_a_review_on_github_annotates_summarises_folds_and_obeys_nobody(
    hostile: Path, door: Door, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    environ = {**GITHUB, "GITHUB_STEP_SUMMARY": str(summary)}
    answer = door.call(hostile, "review", "--sarif", "out/a.sarif", "--junit", "out/a.xml", environ=environ)
    out, err = streams(answer)
    assert answer.exit_code == 1
    assert "GitHub Actions (GITHUB_ACTIONS is set)" in err
    assert "\x1b" not in out + err
    assert log_readers.github(out) == []
    read = log_readers.github(err)
    groups = [one for one in read if one.name == "group"]
    assert {one.name for one in read} <= {"group", "endgroup", "error", "warning", "notice"}
    assert len(groups) == len([one for one in read if one.name == "endgroup"]) >= 3
    errors = [one for one in read if one.name == "error"]
    assert len(errors) == 10
    assert {one.properties["title"] for one in errors} <= {
        "critical: security/command-injection",
        "high: security/tls-verification-off",
    }
    named = {one.properties["file"] for one in errors}
    assert named <= {*(name.replace("\x1b", "\\e") for name in HOSTILE_NAMES), "app.py"}
    for one in errors:
        assert one.properties["line"] in ("8", "12")
    text = summary.read_text("utf-8")
    assert text.startswith("## ✗ ")
    assert "(https://github.example.org/o/r/blob/4f2c1e9/app.py#L8)" in text
    assert re.search(r"\d+ of \d+ findings are annotated", text)
    assert [one.result for one in next(iter(junitparser.JUnitXml.fromfile(str(hostile / "out/a.xml"))))]
    assert json.loads((hostile / "out/a.sarif").read_text())["runs"]


def test_annotations_leave_a_json_answer_whole_and_can_be_refused(hostile: Path, door: Door, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    environ = {**GITHUB, "GITHUB_STEP_SUMMARY": str(summary)}
    answer = door.call(hostile, "review", "--json", "--exit-zero", environ=environ)
    assert len(security(answer.json["findings"])) == 16
    assert log_readers.github(answer.text) == []
    assert "error" in {one.name for one in log_readers.github(answer.said)}
    assert {one["path"] for one in answer.json["findings"]} >= {"app.py", "a ##[add-mask]secret.py"}
    summary.unlink()
    refused = door.call(hostile, "review", "--json", "--exit-zero", "--no-annotations", environ=environ)
    assert {one.name for one in log_readers.github(refused.said)} == {"group", "endgroup"}
    assert not summary.exists()


@pytest.mark.parametrize("form", ["sarif", "json", "md", "junit", "gitlab", "rdjson", "csv", "summary"])
def test_no_export_on_stdout_speaks_to_the_platform(form: str, noisy: tuple[Path, Door]) -> None:
    root, door = noisy
    answer = door.call(root, "findings", "export", "--format", form, environ=GITHUB)
    assert answer.exit_code == 0, answer.said
    assert log_readers.github(answer.text) + log_readers.github(answer.said) == []
    assert log_readers.azure(answer.text) == []
    if form in ("sarif", "json", "gitlab", "rdjson"):
        assert "##[add-mask]secret.py" in str(answer.json) or form == "sarif"
    if form == "junit":
        assert "##[add-mask]secret.py" in "".join(xml.fromstring(answer.text).itertext())


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Door]:
    """The hostile repository after one review, for exports that only read."""
    folder = tmp_path_factory.mktemp("noisy")
    door = Door(folder / "home")
    root = make_repository(folder / "hostile")
    for name in HOSTILE_NAMES:
        (root / name).write_text(FAULTY)
    commit(root)
    assert door.review(root).exit_code == 1
    return root, door


@pytest.mark.parametrize(
    "environ",
    [GITHUB, GITLAB, {"CI": "true", "BUILDKITE": "true"}, {"TF_BUILD": "True"}],
    ids=lambda one: list(one)[-1],
)
def test_what_a_program_writes_is_text_on_every_platform(environ: dict[str, str], hostile: Path, door: Door) -> None:
    answers = [door.call(hostile, "run", "noisy.yaml", environ=environ), door.call(hostile, "logs", environ=environ)]
    assert answers[0].exit_code == 1
    assert "add-mask" in answers[0].text + answers[0].said
    for answer in answers:
        out, err = streams(answer)
        for text in (out, err):
            ours = [one for one in log_readers.github(text) if one.name not in ("group", "endgroup")]
            # The one annotation says that the run has failed; what the program wrote is in none.
            assert all((one.name, one.properties.get("file")) == ("error", None) for one in ours)
            assert all(re.fullmatch("fairlead: r-[a-z0-9]{8} is failed", one.properties["title"]) for one in ours)
            assert not any("forged" in one.data for one in ours)
            assert set(log_readers.azure(text)) <= {"##[group]", "##[endgroup]"}
            assert all("noise" in line or "fairlead" in line for line in log_readers.buildkite(text))
            assert all(name.startswith("fairlead_0_noise") for _, name in log_readers.gitlab(text))


def test_a_review_on_gitlab_folds_each_step_and_writes_its_reports(hostile: Path, door: Door) -> None:
    words = ("review", "--gitlab", "gl-code-quality-report.json", "--junit", "fairlead.xml")
    answer = door.call(hostile, *words, environ=GITLAB)
    out, err = streams(answer)
    assert answer.exit_code == 1
    assert log_readers.gitlab(out) == []
    sections = log_readers.gitlab(err)
    names = [name for kind, name in sections if kind == "start"]
    assert sections == [(kind, name) for name in names for kind in ("start", "end")]
    assert {"fairlead_0_inventory", "fairlead_1_secrets", "fairlead_2_security"} <= set(names)
    assert "::error" not in err
    entries = json.loads((hostile / "gl-code-quality-report.json").read_text())
    assert len({entry["fingerprint"] for entry in entries if entry["check_name"].startswith("security/")}) == 16
    assert {entry["location"]["path"] for entry in entries} >= {"app.py", "line\n::add-mask::d.py"}


def test_an_output_that_cannot_be_written_is_8_after_the_run_and_the_others_are_there(
    repository: Path, door: Door
) -> None:
    words = ("--sarif", "app.py/x.sarif", "--csv", "out.csv", "--exit-zero")
    answer = door.call(repository, "review", *words)
    assert answer.exit_code == 8
    assert "FL-S014" in answer.said
    assert "security/command-injection" in answer.text
    assert (repository / "out.csv").read_text().count("security/") == 2
    as_json = door.call(repository, "review", "--json", *words)
    assert as_json.exit_code == 8
    assert as_json.json["status"] == "succeeded"
    twice = door.call(repository, "review", "--sarif", "a", "--junit", "./a")
    assert twice.exit_code == 2
    assert "FL-S030" in twice.said


def test_the_written_ci_files_have_nothing_for_our_own_agents_to_find(repository: Path, door: Door) -> None:
    for platform in ("github", "gitlab", "buildkite", "jenkins"):
        answer = door.call(repository, "init", "--ci", platform, "--json")
        assert answer.exit_code == 0, answer.said
        assert answer.json["platform"] == platform
        assert len(answer.json["written"]) == 1
        assert answer.json["next"]
        again = door.call(repository, "init", "--ci", platform, "--json")
        assert (again.json["written"], again.json["kept"]) == ([], answer.json["written"])
    commit(repository, "Review in CI")
    written = {".github/workflows/fairlead.yml", ".gitlab-ci.yml", ".buildkite/pipeline.yml", "Jenkinsfile"}
    found = door.review(repository).json["findings"]
    assert [one for one in found if one["path"] in written or one["rule"].startswith("security/ci-")] == []
    assert len(security(found)) == 2
    assert door.call(repository, "init", "--ci", "travis").exit_code == 2


def test_a_state_that_a_cache_brings_back_goes_on_in_another_checkout(
    repository: Path, door: Door, tmp_path: Path
) -> None:
    first = door.review(repository).json
    before = repository.rename(tmp_path / "before")
    git(tmp_path, "clone", "-q", str(before), str(repository))
    shutil.copytree(before / ".git" / "fairlead", repository / ".git" / "fairlead")
    second = door.review(repository).json
    known = security(second["findings"])[0]["id"]
    assert door.call(repository, "findings", "show", known, "--json").json["first_run"] == first["run"]
    door.verify(repository)
