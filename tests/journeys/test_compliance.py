"""Somebody checks a repository for compliance, and reads the controls through every door that has them."""

from pathlib import Path

from tests.corpora import compliance
from tests.journeys.door import Door
from tests.journeys.repositories import commit, git

WORKFLOW = """\
fairlead: 1
name: compliance
steps:
  - id: compliance
    agent: compliance-checker
    with:
      profile: soc2-baseline
      licences_allowed: <ALLOWED>
"""


def test_controls_are_read_through_every_door(door: Door, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    files, _ = compliance.JAVASCRIPT.planted()
    workflow = WORKFLOW.replace("<ALLOWED>", "[MIT]").encode()
    for path, data in {**files, ".fairlead/workflows/compliance.yaml": workflow}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)
    git(root, "init", "-q")
    commit(root)

    answer = door.call(root, "run", "compliance", "--json")
    view = answer.json
    assert view["status"] == "succeeded", answer.said
    (step,) = view["steps"]
    assert step["summary"] == "0 of 12 soc2-baseline controls have evidence"
    shown = door.call(root, "runs", "show", view["run"], "--json").json
    assert [control["id"] for control in shown["controls"]] == [f"S{number:02}" for number in range(1, 16)]
    secrets = next(control for control in shown["controls"] if control["id"] == "S07")
    assert (secrets["state"], secrets["criteria"]) == ("open", ["CC6.1"])
    assert "`.env` is a part of the repository." in secrets["lacking"]

    page = door.call(root, "findings", "export", "--run", view["run"], "--format", "md").text
    assert "0 of 12 controls have evidence:" in page
    assert "| S07 Secrets are kept apart from the code | open |" in page
    report = door.call(root, "findings", "export", "--run", view["run"], "--format", "html").text
    assert "Secrets are kept apart from the code" in report
    for text in (answer.text, page, report):
        assert compliance.secret() not in text


def test_a_profile_that_nobody_has_is_refused_before_anything_runs(door: Door, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / ".fairlead/workflows").mkdir(parents=True)
    wrong = WORKFLOW.replace("soc2-baseline", "soc3").replace("<ALLOWED>", "[MIT]")
    (root / ".fairlead/workflows/compliance.yaml").write_text(wrong)
    answer = door.call(root, "run", "compliance", "--json")
    assert answer.exit_code == 2
    assert b"FL-A111" in answer.out + answer.err
    assert b"soc2-baseline" in answer.out + answer.err


def test_an_allow_list_that_means_nothing_fails_the_step_with_its_code(door: Door, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    (root / ".fairlead/workflows").mkdir(parents=True)
    (root / ".fairlead/workflows/compliance.yaml").write_text(WORKFLOW.replace("<ALLOWED>", "[Apache-2]"))
    (step,) = door.call(root, "run", "compliance", "--json").json["steps"]
    assert (step["status"], step["code"]) == ("failed", "FL-A140")
    assert "`Apache-2`" in step["message"]
