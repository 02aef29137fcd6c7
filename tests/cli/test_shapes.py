"""Fan-outs, loops and outputs of a workflow as a person meets them at the door."""

from tests.cli.door import Door
from tests.proves import proves

WORKFLOW = """\
fairlead: 1
name: shapes
inputs: {names: {type: array, default: [a, b, c, d, e, f, g, h, i, j, k, l, m]}}
steps:
  - id: fan
    each: inputs.names
    as: one
    key: one
    tolerate: 1
    run: [sh, -c, 'echo "said $1"; test "$1" != c', sh, "${ one }"]
  - id: tune
    loop:
      max: 2
      goal: minimize
      metric: steps.measure.output.exit_code
      steps:
        - {id: measure, run: echo measured}
outputs:
  rounds: ${ steps.tune.output.rounds }
"""


@proves("A8.4")
def test_a_run_of_many_items_is_short_and_everything_in_it_can_be_asked_for(clean: Door) -> None:
    clean.allow_outside()
    clean.write("shapes.yaml", WORKFLOW)
    answer = clean.call("run", "shapes.yaml")
    assert answer.code == 0, answer.err
    told = [line.split()[2:4] for line in answer.err.splitlines()]
    assert [words for words in told if words[1:] and words[1].startswith("fan[")] == [["failed", "fan[c]"]]
    lines = answer.out.splitlines()
    assert any(line.startswith("  ▲ fan ") for line in lines), answer.out
    assert "13 items: 12 succeeded, 1 failed" in answer.out
    assert [line.split()[1] for line in lines if "fan[" in line and line.startswith("  ✗")] == ["fan[c]"]
    assert any(line.startswith("  ✓   tune#2      0 · kept") for line in lines), answer.out
    assert "2 rounds · best 0 · stopped by max" in answer.out
    assert "  output  rounds = 2" in lines
    whole = clean.call("runs", "show", "last", "--all").out
    assert whole.count("fan[") >= 13
    one = clean.call("runs", "show", "last", "--step", "fan[a]")
    assert ("fan[a]" in one.out, "fan[k]" in one.out, "tune#1" in one.out) == (True, False, False)
    wrong = clean.call("runs", "show", "last", "--step", "fan[z]")
    assert (wrong.code, "FL-S015" in wrong.err, "did you mean fan[" in wrong.err) == (2, True, True)
    logs = clean.call("logs", "last", "step:fan")
    assert sorted(logs.out.split()[2::3]) == list("abcdefghijklm")
