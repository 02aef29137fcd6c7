"""From a machine without advisories to one with fresh ones: what a person sees at each door, in fresh processes."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import junitparser
import pytest

from tests.journeys.door import UNSHARE, Door
from tests.journeys.repositories import commit, git
from tests.proves import proves
from tests.views import log_readers

LOCK = {"lockfileVersion": 3, "packages": {"node_modules/weak-lib": {"version": "1.0.0"}}}
OLD_DAYS = 10
NO_NETWORK = (*UNSHARE, "--net")


def day(days_ago: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days_ago)).strftime("%Y-%m-%d")


def advisory(number: int, ecosystem: str, days_ago: int) -> Mapping[str, Any]:  # as JSON has it
    events = [{"introduced": "0"}, {"fixed": "2.0.0"}]
    package = {"ecosystem": ecosystem, "name": "weak-lib"}
    return {
        "id": f"GHSA-{number}",
        "modified": f"{day(days_ago)}T00:00:00Z",
        "summary": "it gives way",
        "affected": [{"package": package, "ranges": [{"type": "SEMVER", "events": events}]}],
        "database_specific": {"severity": "HIGH"},
    }


def dump(path: Path, days_ago: int) -> Path:
    path.write_text(json.dumps([advisory(1, "npm", days_ago), advisory(2, "PyPI", days_ago)]))
    return path


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    directory = tmp_path / "shop"
    directory.mkdir()
    git(directory, "init", "-q", "-b", "main")
    (directory / "package-lock.json").write_text(json.dumps(LOCK, indent=2) + "\n")
    (directory / ".fairlead" / "workflows").mkdir(parents=True)
    steps = "steps:\n  - id: dependencies\n    agent: dependency-auditor\n"
    (directory / ".fairlead/workflows/deps.yaml").write_text(f"fairlead: 1\nname: deps\n{steps}")
    commit(directory)
    return directory


@proves("C8.8")
def test_old_data_are_said_wherever_somebody_looks(door: Door, shop: Path, tmp_path: Path) -> None:
    brought = door.call(shop, "data", "import", str(dump(tmp_path / "dump.json", OLD_DAYS)), "--source", "a mirror")
    assert brought.exit_code == 0, brought.said
    said = f"advisory data is {OLD_DAYS} days old ({day(OLD_DAYS)})"
    forms = ("sarif", "md", "html", "junit", "gitlab", "rdjson", "csv")
    files = [word for form in forms for word in (f"--{form}", str(tmp_path / f"out.{form}"))]
    summary = tmp_path / "summary.md"
    github = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    review = door.call(shop, "review", *files, "--exit-zero", environ=github)
    assert review.exit_code == 0, review.said
    warnings = [one.data for one in log_readers.github(review.said) if one.name == "warning"]
    assert warnings[0] == f"dependencies: {said}"
    assert said in summary.read_text().replace("\\", "")
    on_one_line = " ".join((review.text + review.said).split())
    assert "dependencies" in on_one_line
    assert said in on_one_line
    shown = door.call(shop, "runs", "show")
    assert said in " ".join(shown.text.split())
    view = door.call(shop, "runs", "show", "--json").json
    assert (view["status"], view["reasons"]) == ("degraded", [f"dependencies: {said}"])
    written = {form: (tmp_path / f"out.{form}").read_text() for form in forms}
    for form in ("sarif", "md", "html", "junit", "gitlab"):
        assert said in " ".join(written[form].replace("\\", "").split()), form
    auditor = next(one for one in json.loads(written["sarif"])["runs"] if "auditor" in one["tool"]["driver"]["name"])
    assert not auditor["invocations"][0]["executionSuccessful"]
    (suite,) = list(junitparser.JUnitXml.fromstring(written["junit"].encode()))
    verdicts = {case.name: [type(one).__name__ for one in case.result] for case in suite}
    assert verdicts["dependencies"] == ["Failure"], "a known weakness is above the limit; the reason is told beside it"
    # These two hold findings and nothing else, as docs/how-to/outputs.md says.
    assert said not in written["rdjson"] + written["csv"]
    exported = door.call(shop, "findings", "export", "--format", "json").json
    assert (exported["status"], exported["reasons"]) == ("degraded", [f"dependencies: {said}"])
    doctor = door.call(shop, "doctor")
    assert f"{OLD_DAYS} days old" in " ".join(doctor.text.split())
    assert door.call(shop, "review", "--strict", "--exit-zero").exit_code == 7


def test_a_machine_without_data_says_so_until_some_are_brought(door: Door, shop: Path, tmp_path: Path) -> None:
    first = door.call(shop, "data").text
    assert "small set that ships" in " ".join(first.split())
    answer = door.call(shop, "run", "deps", "--strict", "--json", within=NO_NETWORK)
    run = answer.json
    assert (answer.exit_code, run["status"]) == (7, "degraded")
    assert "the small set that ships" in run["reasons"][0]
    assert re.search(r"\(\d+ advisories, as of 20\d\d-\d\d-\d\d, \d+ days old\)", run["reasons"][0]), "it is dated"
    for words in (("runs", "show"), ("doctor",), ("findings", "export", "--format", "md")):
        shown = " ".join(door.call(shop, *words).text.replace("\\", "").split())
        assert "the small set that ships" in shown, words
    brought = door.call(shop, "data", "import", "../dump.json", "--json")
    assert brought.exit_code == 2
    assert b"FL-S040" in brought.out + brought.err
    dump(tmp_path / "dump.json", 0)
    brought = door.call(shop, "data", "import", "../dump.json", "--json")
    assert brought.exit_code == 0, brought.said
    assert [(one["ecosystem"], one["advisories"], one["note"]) for one in brought.json["ecosystems"]] == [
        ("PyPI", 1, ""),
        ("npm", 1, ""),
    ]
    run = door.call(shop, "run", "deps", "--json", "--fail-on", "high")
    assert (run.exit_code, run.json["status"]) == (1, "succeeded")
    (finding,) = run.json["findings"]
    assert (finding["rule"], finding["path"], finding["line"]) == (
        "dependencies/known-vulnerability",
        "package-lock.json",
        4,
    )
    state = door.call(shop, "data", "show", "--json").json
    assert state["directory"] == str(tmp_path / "home/.local/share/fairlead")
    assert {one["source"] for one in state["ecosystems"]} == {"dump.json"}


def test_a_dump_that_is_cut_off_is_refused_with_a_code_and_the_data_stay(
    door: Door, shop: Path, tmp_path: Path
) -> None:
    whole = dump(tmp_path / "dump.json", 0)
    assert door.call(shop, "data", "import", str(whole)).exit_code == 0
    cut = tmp_path / "cut.json"
    cut.write_bytes(whole.read_bytes()[:-40])
    refused = door.call(shop, "data", "import", str(cut))
    assert refused.exit_code == 8
    assert "error[FL-N042]" in refused.said
    assert [one["advisories"] for one in door.call(shop, "data", "--json").json["ecosystems"]] == [1, 1]


def test_the_data_may_lie_elsewhere(door: Door, shop: Path, tmp_path: Path) -> None:
    elsewhere = {"FAIRLEAD_DATA_DIR": str(tmp_path / "elsewhere")}
    brought = door.call(shop, "data", "import", str(dump(tmp_path / "dump.json", 0)), environ=elsewhere)
    assert brought.exit_code == 0, brought.said
    assert (tmp_path / "elsewhere/advisories/current.json").is_file()
    assert door.call(shop, "run", "deps", "--json", environ=elsewhere).json["status"] == "succeeded"
    assert door.call(shop, "run", "deps", "--json").json["status"] == "degraded"
