"""The files of `init --ci`: right by the published schemas, short, pinned, and never written over others."""

import json
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from fairlead.core.errors import FairleadError
from fairlead.service.ci_files import CiPlatform, write_ci_file
from tests.proves import proves
from tests.service.parts import PaperParts

SCHEMAS: dict[CiPlatform, str] = {"github": "github-workflows", "gitlab": "gitlab-ci", "buildkite": "buildkite"}
PLACES: dict[CiPlatform, tuple[str, str]] = {
    "github": (".github/workflows/fairlead.yml", ""),
    "gitlab": (".gitlab-ci.yml", ".gitlab/ci/fairlead.yml"),
    "buildkite": (".buildkite/pipeline.yml", ".buildkite/fairlead.yml"),
    "jenkins": ("Jenkinsfile", "Jenkinsfile.fairlead"),
}


class _Loader(yaml.SafeLoader):
    """Reads YAML as CI platforms do: `on` is a word."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|false)$"), list("tf"))


def schema_of(platform: CiPlatform) -> jsonschema_rs.Validator:
    """The schema that SchemaStore publishes, as a package carries it; its program is not imported."""
    vendored = distribution("check-jsonschema").locate_file("check_jsonschema/builtin_schemas/vendor")
    place = Path(str(vendored)) / f"{SCHEMAS[platform]}.json"
    return jsonschema_rs.validator_for(json.loads(place.read_text("utf-8")), validate_formats=False)


def written(parts: PaperParts, platform: CiPlatform) -> str:
    made = write_ci_file(parts, parts.project(""), platform, "1.2.3")
    (path,) = made.written
    return (parts.root / path).read_text("utf-8")


@proves("J1.4")
@pytest.mark.parametrize("platform", SCHEMAS)
def test_it_is_right_by_the_published_schema(platform: CiPlatform, parts: PaperParts) -> None:
    document = yaml.load(written(parts, platform), _Loader)
    assert [error.message for error in schema_of(platform).iter_errors(document)] == []
    broken = {**document, "jobs": 1, "steps": 1, "fairlead": 1}
    assert not schema_of(platform).is_valid(broken)


@pytest.mark.parametrize("platform", PLACES)
def test_it_is_short_and_pins_whatever_it_takes_from_others(platform: CiPlatform, parts: PaperParts) -> None:
    text = written(parts, platform)
    assert len(text.splitlines()) <= 30
    assert text.count("fairlead==1.2.3") == 1
    assert "VERSION" not in text
    for line in text.splitlines():
        if "uses:" in line:
            assert re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
        if "image:" in line:
            assert re.search(r"@sha256:[0-9a-f]{64}$", line), line


def test_the_workflow_asks_for_no_more_than_it_needs(parts: PaperParts) -> None:
    document = yaml.load(written(parts, "github"), _Loader)
    assert document["permissions"] == {"contents": "read", "security-events": "write"}
    checkout = document["jobs"]["review"]["steps"][0]
    assert checkout["with"] == {"fetch-depth": 0, "persist-credentials": False}


@pytest.mark.parametrize("platform", PLACES)
def test_nothing_is_overwritten_and_a_second_call_changes_nothing(platform: CiPlatform, parts: PaperParts) -> None:
    usual, beside = PLACES[platform]
    place = parts.root / usual
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("theirs\n")
    if not beside:
        with pytest.raises(FairleadError, match="FL-S033"):
            write_ci_file(parts, parts.project(""), platform, "1.2.3")
        assert place.read_text() == "theirs\n"
        return
    first = write_ci_file(parts, parts.project(""), platform, "1.2.3")
    assert (first.written, first.kept) == ((beside,), ())
    assert len(first.next) == 2  # how the file beside is taken in
    before = (parts.root / beside).read_bytes()
    again = write_ci_file(parts, parts.project(""), platform, "9.9.9")
    assert (again.written, again.kept) == ((), (beside,))
    assert (parts.root / beside).read_bytes() == before
    assert place.read_text() == "theirs\n"
    (parts.root / beside).write_text("theirs too\n")
    with pytest.raises(FairleadError, match="FL-S033"):
        write_ci_file(parts, parts.project(""), platform, "1.2.3")


BASES = {
    "github": ({"GITHUB_BASE_REF": "release 1"}, {"GITHUB_BASE_REF": ""}, "origin/release 1"),
    "gitlab": ({"CI_MERGE_REQUEST_DIFF_BASE_SHA": "4f2c1e9"}, {}, "4f2c1e9"),
}


@pytest.mark.parametrize("platform", ["github", "gitlab"])
def test_in_a_request_a_shell_asks_for_what_is_new_and_elsewhere_for_everything(
    platform: CiPlatform, parts: PaperParts
) -> None:
    document = yaml.load(written(parts, platform), _Loader)
    lines = (
        [step.get("run", "") for step in document["jobs"]["review"]["steps"]]
        if platform == "github"
        else document["fairlead"]["script"]
    )
    (line,) = [line for line in lines if line.startswith("fairlead review ")]

    def words(environ: dict[str, str]) -> list[str]:
        script = f'fairlead() {{ printf "%s\\n" "$@"; }}\n{line}'
        shell = ["bash", "-eu", "-c", script] if platform == "github" else ["sh", "-eu", "-c", script]
        done = subprocess.run(shell, env=environ, capture_output=True, text=True, check=True)
        return done.stdout.splitlines()

    request, push, ref = BASES[platform]
    assert words(request) == [*words(push), "--new-since", ref]
    assert words(push)[0] == "review"
    assert "--new-since" not in words(push)
