"""`fairlead certify` in a fresh process: a workflow that survives, one that does not, and the same one corrected."""

import json
from pathlib import Path

import pytest

from fairlead.app import main
from tests.journeys.door import Door
from tests.journeys.repositories import commit, git, snapshot_of_content
from tests.proves import proves

DELIVER = """\
fairlead: 1
name: deliver
steps:
  - id: name
    agent: namer
    with: {old: hello}
  - id: ask
    approve: {title: "Ship it?", from: [{team: security, min: 2}]}
  - id: rest
    wait: {for: 1h}
  - id: commit
    effect: git.commit
    with:
      branch: fairlead/out
      diff: |
        --- a/app.txt
        +++ b/app.txt
        @@ -1 +1 @@
        -hello
        +goodbye
  - id: put
    effect: http.request
    with:
      url: https://example.org/items/7
      method: PUT
      idempotent: true
      headers: {Authorization: {secret: CERTIFY_TOKEN, prefix: "Bearer "}}
  - id: tell
    notify: {to: [console], title: done}
  - id: post
    effect: http.request
    with: {url: "https://example.org/items", method: POST, body: {a: 1}}
outputs: {name: "${ steps.name.output.name }", commit: "${ steps.commit.output.commit }"}
"""
NAMER = """\
---
name: namer
description: Names.
model: sonnet
fairlead:
  adapter: llm
  output_schema: {type: object, required: [name], properties: {name: {type: string}}}
---
Name it.
"""
SCRIPT = 'def play(scene):\n    return {"name": scene.inputs["old"].upper()}\n'
PAY = """\
fairlead: 1
name: pay
steps:
  - id: pay
    isolate: none
    run: sh -c 'PROGRAM'
"""
APPENDS = "echo paid >> ../ledger.txt"
LOOKS_FIRST = (
    'grep -sqxF "$FAIRLEAD_IDEMPOTENCY_KEY" ../ledger.txt || echo "$FAIRLEAD_IDEMPOTENCY_KEY" >> ../ledger.txt'
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for path, text in {
        "app.txt": "hello\n",
        "namer.py": SCRIPT,
        ".fairlead/agents/namer.md": NAMER,
        ".fairlead/workflows/deliver.yaml": DELIVER,
        "appends.yaml": PAY.replace("PROGRAM", APPENDS),
        "looks.yaml": PAY.replace("PROGRAM", LOOKS_FIRST),
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


@proves("B11")
def test_effects_of_a_workflow_are_counted_at_every_kind_of_point(project: Path, door: Door, tmp_path: Path) -> None:
    before = snapshot_of_content(project)
    points = ("effect-2-after+commit-1-after", "effect-4-after", "torn-9", "fenced-7")
    only = [word for point in points for word in ("--only", point)]
    report = tmp_path / "certificate.json"
    answer = door.call(
        project, "certify", "deliver", "--agent", "namer=namer.py", *only, "--json", "-q", "--out", str(report)
    )
    assert answer.exit_code == 0, answer.text + answer.said
    found = answer.json
    assert found == json.loads(report.read_text())
    assert found["is_certified"]
    assert found["points"] == {"kill": 1, "kill twice": 1, "torn write": 1, "lost lock": 1}
    assert (found["not_reached"], found["kills"], found["answered"]) == (0, 4, 5)
    effects = {one["step"]: (one["kind"], one["effect_class"], one["times"]) for one in found["effects"]}
    once = {"0": 0, "1": 4, "2+": 0}
    assert effects == {
        "commit": ("git.commit", "keyed", once),
        "put": ("http.request", "keyed", once),
        "tell": ("notify", "at most once", once),
        "post": ("http.request", "unkeyed", once),
    }
    assert found["asked"] == 1, "whether the request that is sent once had been sent"
    assert snapshot_of_content(project) == before


@proves("B11")
def test_a_step_that_may_not_be_repeated_fails_and_the_corrected_one_passes(project: Path, door: Door) -> None:
    door.allow_outside(project)
    found = door.call(
        project, "certify", "appends.yaml", "--outside", "--only", "commit-5-before", "--only", "full-2", "-q"
    )
    assert found.exit_code == 1, found.text
    assert "✗ pay  run  repeatable" in found.text
    assert "end states  1 of 2 equal" in found.text, "a full disk before the program has begun changes nothing"
    assert "commit-5-before  performed again: pay" in found.text
    assert "file ../ledger.txt: 10 bytes, 2 lines" in found.text
    assert "FAIRLEAD_IDEMPOTENCY_KEY" in found.text
    assert "fairlead certify appends.yaml --outside --only commit-5-before --seed 0" in found.text
    corrected = door.call(project, "certify", "looks.yaml", "--outside", "--only", "commit-5-before", "-q")
    assert corrected.exit_code == 0, corrected.text
    assert not (project.parent / "ledger.txt").exists()


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("deliver",), "FL-R810", "--agent namer=namer.json"),
        (("deliver", "--agent", "namer=app.txt"), "FL-R811", "a .json file"),
        (("deliver", "--agent", "namer=gone.py"), "FL-R811", "cannot be read"),
        (("deliver", "--agent", "namer=namer.py", "--agent", "other=namer.py"), "FL-R811", "it calls namer"),
        (("looks.yaml", "--only", "commit-7"), "FL-R812", "commit-7-after"),
        (("looks.yaml", "--points", "0"), "FL-R815", "from 1 to 10,000"),
        (("looks.yaml", "--server", "a b"), "FL-R816", "no name of a variable"),
        (("looks.yaml", "--outside"), "FL-R817", "fairlead sandbox off"),
        (("looks.yaml", "--agent", "namer"), "FL-S002", "NAME=FILE"),
        (("deliver", "--agent", "namer=namer.py", "--signal", "go=x"), "FL-S002", "no JSON"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_tried(
    project: Path,
    words: tuple[str, ...],
    code: str,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("HOME", str(project.parent / "home"))
    monkeypatch.chdir(project)
    assert main(["certify", *words]) == 2
    said = capsys.readouterr().err
    assert code in said
    assert says in said


def test_a_run_that_does_not_end_well_by_itself_is_not_compared_with(project: Path, door: Door) -> None:
    (project / "fails.yaml").write_text("fairlead: 1\nname: fails\nsteps:\n  - id: no\n    run: 'false'\n")
    answer = door.call(project, "certify", "fails.yaml")
    assert answer.exit_code == 2
    assert "FL-R813" in answer.said
    assert "--outside" in answer.said
    assert "step no status: failed" in answer.said
