"""Somebody measures the code of a project in a run, before and after a change, and has the verdict written."""

import hashlib
from pathlib import Path

from tests.journeys.door import Door
from tests.journeys.repositories import commit, git
from tests.proves import proves

SUITE = "import os\n\nprint(os.getcwd())\n\n\ndef bench_{name}():\n    sum(range(100))\n"
WORKFLOW = """\
fairlead: 1
name: measure
inputs:
  before:
    type: string
steps:
  - id: scope
    agent: change-scope
    with:
      base: ${ inputs.before }
  - id: now
    agent: benchmark
    with:
      suite: benchmarks/api.py
      repeats: 3
    expect:
      - that: output.p95_ms < 60000
        say: It takes ${ output.p95_ms } ms
  - id: before
    agent: benchmark
    with:
      suite: benchmarks/api.py
      repeats: 3
      ref: ${ inputs.before }
  - id: where
    agent: profiler
    with:
      suite: benchmarks/api.py
  - id: score
    agent: health-score
    with:
      findings: []
      degraded: [nothing was looked at]
  - id: verdict
    agent: verdict-writer
    with:
      evidence: ${ run.evidence }
finally:
  - id: bundle
    agent: evidence-bundle
    with:
      formats: [sarif]
      evidence: ${ run.evidence }
outputs:
  files: ${ steps.scope.output.files }
  now: ${ steps.now.output.slowest }
  before: ${ steps.before.output.slowest }
  hot: ${ steps.where.output.hot_spots[0].file }
  verdict: ${ steps.verdict.output.verdict }
  bundle: ${ steps.bundle.output.files[0] }
"""


def shop(root: Path) -> str:
    """A repository whose suite has another name since its first commit; gives that commit."""
    (root / "benchmarks").mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    (root / "benchmarks/api.py").write_text(SUITE.format(name="old"))
    commit(root)
    (root / "benchmarks/api.py").write_text(SUITE.format(name="new"))
    (root / ".fairlead/workflows").mkdir(parents=True)
    (root / ".fairlead/workflows/measure.yaml").write_text(WORKFLOW)
    commit(root, "Change")
    return git(root, "rev-parse", "HEAD~1").decode().strip()


@proves("C8.13", "C8.16")
def test_a_suite_is_measured_as_it_is_and_as_it_was(door: Door, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    before = shop(root)
    answer = door.call(root, "run", "measure", "-i", f"before={before}", "--json")
    view = answer.json
    assert view["status"] == "degraded", answer.said
    outputs = view["outputs"]
    assert outputs["files"] == [".fairlead/workflows/measure.yaml", "benchmarks/api.py"]
    assert (outputs["now"], outputs["before"]) == ("bench_new", "bench_old")
    assert outputs["verdict"] == "incomplete"
    bundle = outputs["bundle"]
    assert bundle["digest"] == "sha256:" + hashlib.sha256(bundle["content"].encode()).hexdigest()
    steps = {step["step"]: step for step in view["steps"]}
    assert {name: steps[name].get("isolation", "") for name in steps} == {
        **dict.fromkeys(("scope", "score", "verdict", "bundle"), ""),
        **dict.fromkeys(("now", "before", "where"), "L2"),
    }
    assert steps["score"]["degraded"] == ["The score is at most 100, for 1 of the checks behind it was degraded."]
    assert git(root, "status", "--porcelain") == b"", "measuring leaves the checkout as it is"


def test_a_suite_that_is_not_there_fails_the_step_with_a_code(door: Door, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    before = shop(root)
    path = root / ".fairlead/workflows/measure.yaml"
    path.write_text(WORKFLOW.replace("suite: benchmarks/api.py", "suite: benchmarks/gone.py", 1))
    answer = door.call(root, "run", "measure", "-i", f"before={before}", "--json")
    steps = {step["step"]: step for step in answer.json["steps"]}
    assert steps["now"]["code"] == "FL-A180"
    assert answer.exit_code == 2
