"""Controls: evidence, states, profiles, and the summary of a run."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from fairlead.agents.builtin.compliance_checker import scan
from fairlead.agents.builtin.compliance_checker.controls import CHECKS, EVIDENCE_MAX, _profile_names, load_profile
from fairlead.agents.builtin.compliance_checker.records import Check as Learnt
from fairlead.agents.builtin.compliance_checker.records import Place
from fairlead.agents.catalog import FileCatalog
from fairlead.agents.rules import all_rules
from fairlead.core.outcomes import Failed
from fairlead.env.tool_world import LocalToolWorld
from fairlead.workflow import read_values
from tests.agents.compliance.conftest import Check, found, state
from tests.corpora import compliance as corpus
from tests.proves import proves

RULES = all_rules()
PLACE = Place("a", 1, "a")


@proves("C10.3")
@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (Learnt(), "open"),
        (Learnt(evidence=[PLACE]), "met"),
        (Learnt(evidence=[PLACE], lacking=["Something."]), "open"),
        (Learnt(lacking=["Something."]), "open"),
        (Learnt(not_applicable="There is none."), "not applicable"),
        (Learnt(evidence=[PLACE], not_applicable="There is none."), "met"),
        (Learnt(lacking=["Something."], not_applicable="There is none."), "open"),
    ],
)
def test_a_control_without_evidence_is_open(check: Learnt, expected: str) -> None:
    assert check.state == expected


@proves("C10.3")
def test_no_control_of_a_repository_without_evidence_is_met(check: Check) -> None:
    outcome = check({"main.py": "print('x')\n"})
    rows = outcome.output["controls"]
    assert [row["id"] for row in rows if row["state"] == "met"] == []
    for row in rows:
        assert row["lacking"] if row["state"] == "open" else row["reason"]
        assert row["evidence"] == []


@pytest.mark.parametrize("name", corpus.RIGHT)
def test_every_met_control_shows_a_place_that_exists(check: Check, tmp_path: Path, name: str) -> None:
    outcome = check(corpus.RIGHT[name].planted()[0])
    for row in outcome.output["controls"]:
        assert row["state"] == "met", row
        assert row["evidence"], row
        for place in row["evidence"]:
            text = (tmp_path / place["path"]).read_text()
            assert place["line"] <= len(text.splitlines()), place
    assert outcome.summary == "15 of 15 baseline controls have evidence"
    assert outcome.output["summary"] == {
        "total": 0,
        "per_severity": {"critical": 0, "high": 0, "medium": 0, "low": 0, "info": 0},
        "passed": True,
    }


@proves("C10.1")
@pytest.mark.parametrize("name", corpus.PLANTED)
def test_every_rule_is_found_in_each_repository(check: Check, name: str) -> None:
    rules = {rule for rule in RULES if rule.startswith("compliance/")}
    first = check(corpus.PLANTED[name].planted()[0], {"strict": True})
    assert rules - {one["rule"] for one in first.output["findings"]} == {"compliance/licence-mismatch"}
    assert {one["rule"] for one in first.output["findings"]} <= set(first.output["rules_applied"]) <= rules
    assert first.output["summary"]["passed"] is False
    assert first.output["summary"]["total"] == sum(first.output["summary"]["per_severity"].values())


@pytest.mark.parametrize("name", corpus.TWINS)
def test_a_licence_that_disagrees_is_found_where_there_is_a_text(check: Check, name: str) -> None:
    outcome = check(corpus.TWINS[name].planted()[0])
    assert len(found(outcome, "licence-mismatch")) == 1


def test_every_open_control_has_findings_or_names_who_tells(check: Check) -> None:
    for name in corpus.PLANTED:
        outcome = check({f"{name}/{path}": data for path, data in corpus.PLANTED[name].planted()[0].items()})
        assert outcome.output["controls"]
    outcome = check(
        {".github/workflows/a.yml": "jobs:\n  a:\n    steps:\n      - uses: acme/a@v1\n", "Dockerfile": "FROM a\n"}
    )
    for row in outcome.output["controls"]:
        if row["state"] == "open":
            assert row["rules"], row
        assert all(rule in RULES for rule in row["rules"])
    reported = {one["rule"] for one in outcome.output["findings"]}
    assert not [rule for rule in reported if rule.startswith("security/")]


def test_passed_means_nothing_critical_and_strict_nothing_at_all(check: Check) -> None:
    files = corpus.PYTHON_TWIN.planted()[0]
    assert check(files).output["summary"]["passed"] is True
    assert check(files, {"strict": True}).output["summary"]["passed"] is False
    assert check(corpus.PYTHON_RIGHT.planted()[0] | {"pyproject.toml": b""}, {"strict": True}).output["findings"] == []


def test_a_scope_is_one_part(check: Check) -> None:
    files = corpus.PYTHON.planted()[0]
    outcome = check(files, {"scope": "headers"})
    assert [row["id"] for row in outcome.output["controls"]] == ["B14"]
    assert {one["rule"].split("-")[0] for one in outcome.output["findings"]} == {
        "compliance/header",
        "compliance/cookie",
    }
    whole = check(files)
    parts = [
        one["fingerprint"]
        for scope in ("licences", "files", "headers", "environment", "ci", "containers")
        for one in check(files, {"scope": scope}).output["findings"]
    ]
    assert sorted(parts) == sorted(one["fingerprint"] for one in whole.output["findings"])


def test_of_a_part_of_the_tree_nothing_missing_is_reported(check: Check) -> None:
    files = corpus.PYTHON.planted()[0]
    outcome = check(files, {"paths": ["vendor"]})
    assert {one["path"].split("/")[0] for one in outcome.output["findings"]} == {"vendor"}
    assert state(outcome, "B03") == "not applicable"
    assert state(outcome, "B02") == "open"
    assert check(files, {"paths": ["."]}).output == check(files).output


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"scope": "licenses"}, "FL-A142"),
        ({"profile": "soc2"}, "FL-A141"),
        ({"profile": "../baseline"}, "FL-A141"),
        ({"licences_allowed": ["MIT", "Apache-2"]}, "FL-A140"),
        ({"licences_allowed": ["MIT OR ISC"]}, "FL-A140"),
    ],
)
def test_what_nobody_knows_is_refused(tmp_path: Path, inputs: dict[str, object], code: str) -> None:
    outcome = scan(inputs, LocalToolWorld(str(tmp_path)))
    assert isinstance(outcome, Failed)
    assert (outcome.fault, outcome.code) == ("author", code)


def test_the_schema_knows_every_profile_and_scope() -> None:
    card = FileCatalog(read_values).find("compliance-checker")
    assert card is not None
    properties = card.input_schema["properties"]
    assert properties["profile"]["enum"] == _profile_names()
    assert set(properties["scope"]["enum"]) == {"all", *(scope for scope, _ in CHECKS.values())}


@pytest.mark.parametrize("name", _profile_names())
def test_a_profile_that_ships_asks_for_each_check_once(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert len(profile.control) >= 13
    assert sorted(control.check for control in profile.control) == sorted(CHECKS)
    ids = [control.id for control in profile.control]
    assert ids == sorted(set(ids))
    for control in profile.control:
        assert control.wanted.endswith(".")
    assert all(control.criteria for control in profile.control) is (name == "soc2-baseline")
    for _, rules in CHECKS.values():
        assert set(rules) <= RULES.keys()


def test_every_rule_belongs_to_a_control() -> None:
    told = {rule for _, rules in CHECKS.values() for rule in rules}
    assert {rule for rule in RULES if rule.startswith("compliance/")} - told == set()


def test_evidence_beyond_what_is_shown_is_counted(check: Check) -> None:
    names = [f"p{number}" for number in range(EVIDENCE_MAX + 3)]
    outcome = check({f"v/{n}-1.dist-info/METADATA": f"Name: {n}\nLicense-Expression: MIT\n" for n in names})
    row = next(row for row in outcome.output["controls"] if row["id"] == "B02")
    assert (len(row["evidence"]), row["evidence_more"]) == (EVIDENCE_MAX, 3)


@proves("C8.6")
def test_two_runs_give_the_same_output(check: Check) -> None:
    files = corpus.MIXED.planted()[0]
    assert check(files, is_git=True) == check(files, is_git=True)


def test_a_finding_can_be_silenced_and_is_counted(check: Check) -> None:
    files = corpus.MIXED.planted()[0]
    path = "server/shop/settings.py"
    before = check(files)
    files[path] = files[path].replace(
        b"CSRF_COOKIE_SECURE = False", b"CSRF_COOKIE_SECURE = False  # fairlead: ignore[cookie-not-secure]"
    )
    after = check(files)
    assert len(found(before, "cookie-not-secure")) == 2
    assert found(after, "cookie-not-secure") == [(path, 7)]
    assert after.output["suppressed"] == 1


def test_the_documentation_lists_the_controls_as_the_profile_has_them() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/compliance-profiles.md").read_text("utf-8")
    for name in _profile_names():
        for control in load_profile(name).control:
            criteria = f" {', '.join(control.criteria)} |" if control.criteria else ""
            assert f"| {control.id} | {control.title} | {control.wanted} |{criteria}\n" in page


def test_the_allow_list_of_the_documentation_is_the_one_that_ships() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/compliance-profiles.md").read_text("utf-8")
    table = tomllib.loads(
        files("fairlead.agents.builtin.compliance_checker").joinpath("licences.toml").read_text("utf-8")
    )
    for row in table["allowed"].values():
        assert ", ".join(f"`{name}`" for name in row) in page


EVIDENCE: dict[str, Any] = {  # a JSON document
    "run": "r-abcd2345",
    "steps": [
        {"id": "sign_off", "kind": "approve", "status": "succeeded", "decisions": [{"by": "bo", "choice": "approve"}]},
        {"id": "apply", "kind": "effect", "status": "succeeded", "decisions": []},
    ],
    "requirements": [
        {"id": "R-1", "title": "Kept", "evidence": [{"step": "tests", "holds": True}]},
        {"id": "R-2", "evidence": [{"step": "scan", "holds": False, "say": "2 are left", "is_warning": True}]},
        {"id": "R-3", "evidence": []},
    ],
}


@proves("C10.4")
def test_the_evidence_of_a_run_is_judged_when_it_is_handed_in(check: Check) -> None:
    files = {"README.md": "# A\n"}
    assert {row["id"] for row in check(files).output["controls"]}.isdisjoint(("B16", "B17"))
    outcome = check(files, {"evidence": EVIDENCE})
    assert (state(outcome, "B16"), state(outcome, "B17")) == ("met", "met")
    (approved,) = [row for row in outcome.output["controls"] if row["id"] == "B16"]
    assert approved["evidence"] == [{"path": "r-abcd2345/sign_off", "line": 0, "what": "approved by bo"}]
    assert [row["id"] for row in check(files, {"evidence": EVIDENCE, "scope": "run"}).output["controls"]] == [
        "B16",
        "B17",
    ]


@proves("C10.4")
def test_a_change_that_nobody_approved_and_a_check_that_fails_keep_their_controls_open(check: Check) -> None:
    silent = [{**step, "decisions": []} for step in EVIDENCE["steps"]]
    against = [{"id": "R-1", "evidence": [{"step": "tests", "holds": False, "say": "2 tests failed"}]}]
    outcome = check({"README.md": "# A\n"}, {"evidence": {"steps": silent, "requirements": against}})
    assert (state(outcome, "B16"), state(outcome, "B17")) == ("open", "open")
    rows = {row["id"]: row for row in outcome.output["controls"]}
    assert rows["B17"]["lacking"] == ["R-1 is not met: 2 tests failed"]
    nothing = check({"README.md": "# A\n"}, {"evidence": {"steps": [], "requirements": []}})
    assert (state(nothing, "B16"), state(nothing, "B17")) == ("not applicable", "not applicable")


def test_the_table_for_people_has_every_control_and_obeys_no_name(check: Check) -> None:
    outcome = check({"README.md": "# A\n", ".env": "A=b\n"})
    lines = outcome.output["markdown"].splitlines()
    assert sum(line.startswith("| B") for line in lines) == len(outcome.output["controls"])
    assert "| B03 The project explains itself | ✓ met | README.md |" in lines
    evil = check({"a|<b>.py": "import os\nos.environ['A']\n"}).output["markdown"]
    assert "<b>" not in evil
