"""`workflows list|show|graph|new|format` and `explain KEY` through the door."""

import difflib
import json
from pathlib import Path

import pytest

from fairlead.app import App
from fairlead.service.plans import make_plan
from fairlead.service.starts import find_definition
from fairlead.service.workflow_new import new_workflow
from tests.cli.door import Door
from tests.proves import proves

TEMPLATES = (
    *("review", "feature-validation", "repo-health", "perf-tune", "secure-patch", "build-and-review"),
    *("data-migration", "release", "find-and-verify"),
)
PATTERNS = Path(__file__).resolve().parents[2] / "examples/patterns"


def test_the_list_shows_what_is_no_workflow_as_a_row(clean: Door) -> None:
    clean.write(".fairlead/workflows/good.yaml", "fairlead: 1\nname: good\nsteps:\n  - {id: a, agent: inventory}\n")
    clean.write(".fairlead/workflows/good.json", '{"fairlead": 1, "name": "good", "steps": []}')
    clean.write(".fairlead/workflows/other.yaml", "services:\n  db: {image: postgres}\n")
    clean.write(".fairlead/workflows/torn.yaml", "a: : [\n")
    clean.write(".fairlead/workflows/binary.yml", b"\xff\x00")
    rows = {row["file"].rpartition("/")[2]: row for row in clean.call("workflows", "--json").json["workflows"]}
    assert set(rows) == {"good.yaml", "good.json", "other.yaml", "torn.yaml", "binary.yml", "review.yaml"}
    assert {name for name, row in rows.items() if "problem" in row} == {
        "good.json",
        "other.yaml",
        "torn.yaml",
        "binary.yml",
    }
    assert rows["good.json"]["hidden_by"] == ".fairlead/workflows/good.yaml"
    assert rows["other.yaml"]["problem"].startswith("FL-W")
    assert (rows["good.yaml"]["shape"], rows["good.yaml"]["steps"]) == ("sequential", 1)
    assert rows["review.yaml"]["is_shipped"] is True
    shown = clean.call("workflows").out
    assert "✗ torn" in shown
    assert "fairlead check .fairlead/workflows/torn.yaml" in shown


def test_one_workflow_is_shown_with_its_shape_and_its_digest(clean: Door) -> None:
    text = (PATTERNS / "iterative.yaml").read_text("utf-8")
    clean.write("again.yaml", text)
    found = clean.call("workflows", "show", "again.yaml", "--json").json
    assert list(found["shapes"]) == ["iterative"]
    assert found["digest"] == clean.call("plan", "again.yaml", "--json").json["digest"]
    assert [one["name"] for one in found["inputs"]] == ["wanted"]
    assert [(one["id"], one.get("depth", 0)) for one in found["steps"]] == [("grow", 0), ("add", 1), ("count", 1)]
    assert "again and again" in clean.call("workflows", "show", "again.yaml").out
    assert clean.call("workflows", "show", "agian").code == 2


@proves("A4.3")
def test_pictures_are_given_as_text_mermaid_and_svg(clean: Door) -> None:
    clean.write("graph.yaml", (PATTERNS / "graph.yaml").read_text("utf-8"))
    mermaid = clean.call("workflows", "graph", "graph.yaml", "--format", "mermaid").out
    assert mermaid.startswith("flowchart TD\n")
    assert "  s_tests -.-> s_report\n" in mermaid
    svg = clean.call("workflows", "graph", "graph.yaml", "--format", "svg").out
    assert svg.startswith("<svg ")
    assert svg.count("<rect ") == 6  # the ground, and five steps
    assert "only after" in clean.call("workflows", "graph", "graph.yaml").out


@proves("A9")
def test_each_template_passes_check_and_plan_untouched(clean: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [one["name"] for one in clean.call("workflows", "new", "--json").json["templates"]] == list(TEMPLATES)
    monkeypatch.setenv("HOME", str(clean.root.parent))
    parts = App()
    try:
        project = parts.project(str(clean.root))
        for name in TEMPLATES:
            made = new_workflow(parts, project, f"my-{name}", template=name, is_forced=False)
            assert bool(made.needs) == (name == "perf-tune")
            definition = find_definition(parts, project, project.root, f"my-{name}")
            plan = make_plan(parts, project, definition, {})
            assert {one.will for one in plan.steps} & {"run", "ask"}, name
            assert [one.code for one in plan.warnings] == (["FL-A030"] if made.needs else [])  # it needs a model
    finally:
        parts.close()
    formatted = clean.call("workflows", "format", "--check")
    assert formatted.code == 0, formatted.out


# The others wait for a person, need a model, or are the same steps again.
@proves("A9")
@pytest.mark.parametrize("name", ["feature-validation", "find-and-verify", "secure-patch"])
def test_a_template_runs_untouched(clean: Door, name: str) -> None:
    assert clean.call("workflows", "new", "mine", "--template", name).code == 0
    done = clean.call("run", "mine", "--json")
    assert (done.code, done.json["status"]) == (0, "succeeded"), done.err


@proves("A2")
@pytest.mark.parametrize(
    ("name", "outputs"),
    [
        ("iterative", {"lines": 3.0, "stopped_because": "until"}),
        ("pipeline", {"delivered": 'IT\'S "100 %" $HOME ${X}; \n'}),
    ],
)
def test_a_pattern_runs_with_its_own_programs(clean: Door, name: str, outputs: dict[str, object]) -> None:
    clean.write(f"{name}.yaml", (PATTERNS / f"{name}.yaml").read_text("utf-8"))
    done = clean.call("run", f"{name}.yaml", "--json")
    assert (done.code, done.json["outputs"]) == (0, outputs), done.err


@proves("A9")
def test_nothing_is_overwritten_unless_it_is_said_and_shown(clean: Door) -> None:
    assert clean.call("workflows", "new", "mine").code == 0
    path = clean.root / ".fairlead/workflows/mine.yaml"
    assert clean.call("workflows", "new", "mine").out.startswith(".fairlead/workflows/mine.yaml is the same already")
    path.write_text("mine: own\n", "utf-8")
    refused = clean.call("workflows", "new", "mine")
    assert refused.code == 2
    assert "error[FL-S072]" in refused.err
    assert path.read_text("utf-8") == "mine: own\n"
    forced = clean.call("workflows", "new", "mine", "--force")
    assert "-mine: own" in forced.out
    assert path.read_text("utf-8").startswith("# Review the repository")
    (clean.root / ".fairlead/workflows/other.json").write_text("{}", "utf-8")
    assert clean.call("workflows", "new", "other").code == 2


def test_wrong_names_and_templates_are_answered_with_near_ones(clean: Door) -> None:
    name = clean.call("workflows", "new", "Nightly Review")
    assert (name.code, "fairlead workflows new nightly-review" in name.err) == (2, True)
    template = clean.call("workflows", "new", "x", "--template", "repo-helth")
    assert "error[FL-S071]" in template.err
    assert "did you mean repo-health" in template.err
    for sentence in ("", " ", "x" * 10_001):
        assert "error[FL-S073]" in clean.call("workflows", "new", "x", "--from", sentence).err
    assert not (clean.root / ".fairlead").exists()


@proves("A3.3")
def test_a_draft_of_a_sentence_is_checked_and_says_why(clean: Door) -> None:
    sentence = 'Repeat until "fast", ${ then } migrate 40 files of the database: github, slack, s3?'
    made = clean.call("workflows", "new", "tidy", "--from", sentence, "--json").json["suggestion"]
    assert made["shape"] == "iterative"
    assert made["words"]["iterative"] == ["repeat", "until"]
    assert made["effort"] == {
        "score": 89,
        "size": "epic",
        "parts": {"files": 40, "data migration": 15, "outside systems": 32, "open questions": 2},
    }
    text = (clean.root / ".fairlead/workflows/tidy.yaml").read_text("utf-8")
    assert "choose:" in text
    assert clean.call("check", "tidy").code == 0
    assert "iterative" in clean.call("workflows", "new", "tidy2", "--from", sentence).out


def test_format_shows_writes_and_keeps_the_digest_and_the_comments(clean: Door) -> None:
    text = (PATTERNS / "iterative.yaml").read_text("utf-8")
    head, _, steps = text.partition("steps:\n")
    moved = head.replace("fairlead: 1\nname: iterative\n", "name: iterative   \nfairlead: 1\n") + "steps:\n" + steps
    clean.write(".fairlead/workflows/it.yaml", moved)
    digest = clean.call("workflows", "show", "it", "--json").json["digest"]
    shown = clean.call("workflows", "format")
    assert "-name: iterative" in shown.out
    assert clean.call("workflows", "format", "--check").code == 1
    assert (clean.root / ".fairlead/workflows/it.yaml").read_text("utf-8") == moved
    assert clean.call("workflows", "format", "--write").code == 0
    assert (clean.root / ".fairlead/workflows/it.yaml").read_text("utf-8") == text
    assert clean.call("workflows", "format", "--check").code == 0
    assert clean.call("workflows", "show", "it", "--json").json["digest"] == digest
    clean.write("torn.yaml", "a: : [\n")
    assert clean.call("workflows", "format", "torn.yaml").code == 2


def test_a_key_of_a_workflow_file_is_explained_from_the_table(clean: Door) -> None:
    found = clean.call("explain", "loop", "--json").json
    assert {(one["of"], one["name"]) for one in found["keys"]} >= {("step", "loop"), ("loop", "until"), ("loop", "max")}
    retry = clean.call("explain", "retry").out
    assert "retry.backoff" in retry
    assert "fairlead explain timeout" in clean.call("explain", "timeot").err
    schema = json.loads(clean.call("schema", "workflow").out)
    for name in (*schema["properties"], *schema["$defs"]["step"]["properties"]):
        if difflib.get_close_matches(name, ("loop", "retry", "finally", "each"), 1, 0.99):
            assert clean.call("explain", name).code == 0
