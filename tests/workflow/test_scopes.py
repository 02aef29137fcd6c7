"""What an expression may read at its place: who can be seen, who has ended, which type it has, where secrets may go."""

from pathlib import Path

import pytest

from fairlead.core.workflow import RunAction, Step, Workflow
from fairlead.env.facts import git_facts, host_facts
from fairlead.workflow import check_workflow, roots
from tests.proves import proves
from tests.workflow.explained import check_explained
from tests.workflow.samples import underlined

FILE = """\
fairlead: 1
name: sample
flow: graph
inputs:
  paths: {{type: array, items: {{type: string}}, default: []}}
  rows:
    type: array
    items: {{type: object, properties: {{id: {{type: string}}, size: {{type: integer}}}}}}
    default: []
  count: {{type: integer, default: 1}}
  level: {{type: string, enum: [low, high], default: low}}
  token: {{type: secret}}
vars: {{n: 1, mixed: "x ${{ inputs.count }}"}}
env: [CI]
steps:
  - {{id: first, run: date, parse: {{junit: junit.xml, found: {{as: regex, pattern: 'x(?P<p95>.)'}}}}}}
  - id: turns
    needs: [first]
    loop:
      max: ${{ {loop_max} }}
      until: {until}
      metric: {metric}
      start: {start}
      steps:
        - {{id: bench, run: 'echo {in_round}'}}
        - {{id: after_bench, if: '{in_round_if}', run: date}}
  - id: items
    needs: [first]
    if: {item_if}
    each: {each}
    as: row
    key: {key}
    steps:
      - {{id: inner, run: 'echo {in_item}'}}
    expect: [{{that: '{item_that}', say: 'no'}}]
  - id: way
    needs: [first]
    choose:
      - if: {branch_if}
        steps: [{{id: left, run: date}}]
      - steps: [{{id: right, run: 'echo {in_branch}'}}]
  - {{id: side, run: date}}
  - id: last
    needs: [turns, items, way]
    if: {last_if}
    run: 'echo {last_run}'
    expect: [{{that: '{last_that}', say: '{last_say}'}}]
  - id: ask
    needs: [items]
    approve: {{title: '{title}', choices: [approve_subset, reject], select: inputs.rows, show: ['{show}']}}
finally:
  - {{id: tidy, run: 'echo {tidy}'}}
outputs:
  out: ${{ {output} }}
"""
RIGHT = {
    "loop_max": "inputs.count",
    "until": "round.best < 3 && steps.bench.ok",
    "metric": "steps.bench.output.exit_code",
    "start": "inputs.count",
    "in_round": "${ round.number }",
    "in_round_if": "steps.bench.output.exit_code == 0",
    "item_if": "inputs.rows.size() > 0",
    "each": "inputs.rows",
    "key": "row.id",
    "in_item": "${ row.size + 1 }",
    "item_that": "output.exit_code == 0 && steps.inner.ok && row.size > 0",
    "branch_if": "inputs.level == 'low'",
    "in_branch": "${ steps.first.output.stdout }",
    "last_if": "steps.items.outputs.all(o, o.exit_code == 0) && steps.turns.output.stopped_because != 'max'",
    "last_run": "${ steps.left.status } ${ steps.items.items[0].key } ${ vars.n + 1 } ${ env.CI }",
    "last_that": "output.stdout.size() > 0",
    "last_say": "${ output.exit_code } ${ inputs.level }",
    "title": "${ steps.items.outputs.size() } items on ${ git.branch }",
    "show": "steps.items.items",
    "tidy": "${ steps.last.status } ${ run.status }",
    "output": "steps.ask.output.selected.map(r, r.id)",
}


def file(**changed: str) -> str:
    return FILE.format(**{**RIGHT, **changed})


def test_the_file_is_right() -> None:
    assert check_explained(file()).diagnostics == ()


# Place, expression → code and what is marked.
CASES: tuple[tuple[str, str, str, str], ...] = (
    # Steps that are performed several times are seen only from inside.
    ("last_run", "${ steps.bench.output.stdout }", "FL-W134", "bench"),
    ("last_if", "steps.inner.ok", "FL-W134", "inner"),
    ("title", "${ steps.after_bench.status }", "FL-W134", "after_bench"),
    ("tidy", "${ steps.inner.status }", "FL-W134", "inner"),
    ("output", "steps.bench.output", "FL-W134", "bench"),
    ("in_item", "${ steps.bench.status }", "FL-W134", "bench"),
    ("start", "steps.bench.output.exit_code", "FL-W113", "bench"),
    ("loop_max", "steps.bench.output.exit_code", "FL-W113", "bench"),
    # Who may not have ended.
    ("last_run", "${ steps.side.status }", "FL-W113", "side"),
    ("last_run", "${ steps.last.output }", "FL-W113", "last"),
    ("last_that", "steps.last.ok", "FL-W113", "last"),
    ("in_round", "${ steps.after_bench.status }", "FL-W113", "after_bench"),
    ("in_round", "${ steps.turns.status }", "FL-W113", "turns"),
    ("in_branch", "${ steps.left.status }", "FL-W113", "left"),
    ("branch_if", "steps.left.ok", "FL-W113", "left"),
    ("in_item", "${ steps.turns.output.summary }", "FL-W113", "turns"),
    # Words that mean something elsewhere.
    ("last_if", "round.number > 1", "FL-W130", "round"),
    ("start", "round.number", "FL-W130", "round"),
    ("item_if", "row.size > 1", "FL-W129", "row"),
    ("last_if", "row.size > 1", "FL-W129", "row"),
    ("in_round", "${ row.id }", "FL-W129", "row"),
    ("last_if", "output.exit_code == 0", "FL-W136", "output"),
    ("last_if", "item.x == 1", "FL-E003", "item"),
    ("last_if", "secrets.token == ''", "FL-W128", "secrets"),
    # Types.
    ("last_if", "steps.turns.output.stopped_because == 'done'", "FL-E019", "'done'"),
    ("last_if", "steps.first.status == 'success'", "FL-E019", "'success'"),
    ("last_if", "steps.first.output.junit.faild == 0", "FL-E014", "faild"),
    ("last_if", "steps.first.output.found.p96 == 1", "FL-E014", "p96"),
    ("last_if", "steps.items.output == 1", "FL-E005", "output"),
    ("last_if", "steps.way.output == 1", "FL-E008", "output"),
    ("last_if", "steps.first.output.exit_code", "FL-E020", "steps.first.output.exit_code"),
    ("last_if", "inputs.level == 'medium'", "FL-E019", "'medium'"),
    ("last_if", "inputs.count > 'a'", "FL-E018", "inputs.count > 'a'"),
    ("last_if", "vars.m == 1", "FL-E004", "m"),
    ("last_if", "env.HOME == ''", "FL-E004", "HOME"),
    ("until", "round.bests < 1", "FL-E005", "bests"),
    ("until", "round.best", "FL-E020", "round.best"),
    ("metric", "steps.bench.output.stdout", "FL-E020", "steps.bench.output.stdout"),
    ("start", "inputs.level", "FL-E020", "inputs.level"),
    ("loop_max", "inputs.level", "FL-E020", "inputs.level"),
    ("each", "inputs.count", "FL-E020", "inputs.count"),
    ("key", "row.name", "FL-E014", "name"),
    ("in_item", "${ row.size.x }", "FL-E009", "x"),
    ("item_that", "output.outputs == 1", "FL-E014", "outputs"),
    ("last_that", "output.exit_cod == 0", "FL-E014", "exit_cod"),
    ("last_say", "${ output.x }", "FL-E014", "x"),
    ("output", "steps.ask.output.selectd", "FL-E014", "selectd"),
    ("output", "steps.ask.output.selected.map(r, r.name)", "FL-E014", "name"),
    ("output", "steps.ask.output.decision == 'approve'", "FL-E019", "'approve'"),
    ("show", "steps.items.items[0].keys", "FL-E014", "keys"),
    # Secrets.
    ("title", "Use ${ inputs.token }", "FL-W128", "inputs.token"),
    ("in_branch", "${ inputs.token }", "FL-W128", "inputs.token"),
    ("last_say", "${ inputs.token }", "FL-W128", "inputs.token"),
    # The whole.
    ("last_run", "${ steps }", "FL-E006", "steps"),
    ("last_run", "${ steps.first }", "FL-E005", "steps.first"),
    ("last_run", "${ steps[inputs.level].status }", "FL-E006", "steps"),
    ("last_run", "${ git }", "FL-E005", "git"),
)


@proves("A1.1")
@pytest.mark.parametrize(("place", "expression", "code", "marked"), CASES)
def test_what_cannot_be_read_is_marked(place: str, expression: str, code: str, marked: str) -> None:
    read = check_explained(file(**{place: expression}))
    assert (code, marked) in [(one.code, underlined(one)) for one in read.diagnostics], read.diagnostics
    assert read.workflow is None


# What is right, though it looks like one of the above.
FINE: tuple[tuple[str, str], ...] = (
    ("last_if", "steps.last.previous.stdout != ''"),
    ("until", "steps.after_bench.ran"),
    ("item_that", "steps.inner.output.stdout.size() > 0"),
    ("last_run", "${ steps.left.output.stdout } ${ steps.right.status } ${ steps.first.output.junit.names }"),
    ("tidy", "${ steps.side.output.stdout } ${ steps.turns.output.history.map(h, h.metric) }"),
    ("output", "inputs.token"),
    ("last_if", "git.changed('src/**').size() > 0 && host.cpus > 1"),
    ("last_if", "inputs.rows.exists(row, row.size > inputs.count)"),
)


@pytest.mark.parametrize(("place", "expression"), FINE)
def test_what_can_be_read_is_right(place: str, expression: str) -> None:
    assert check_explained(file(**{place: expression})).diagnostics == ()


def test_the_expressions_of_a_step_without_an_id_are_checked_too() -> None:
    text = "fairlead: 1\nname: a\nsteps:\n  - run: date\n    expect: [{that: output.exit_cod == 0, say: x}]\n"
    assert [one.code for one in check_explained(text).diagnostics] == ["FL-W023", "FL-E014"]


def test_a_missing_edge_is_written() -> None:
    read = check_explained(file(last_run="${ steps.side.status }"))
    ((code, edit),) = read.edits
    assert code == "FL-W113"
    mended = read.text[: edit.start] + edit.text + read.text[edit.end :]
    assert "needs: [turns, items, way, side]" in mended
    assert check_explained(mended).diagnostics == ()


def test_an_edge_that_would_close_a_circle_is_not_written() -> None:
    text = "fairlead: 1\nname: a\nflow: graph\nsteps:\n  - {id: a, run: 'echo ${ steps.b.status }'}\n"
    assert check_explained(text + "  - {id: b, run: date}\n").edits
    assert not check_explained(text + "  - {id: b, needs: [a], run: date}\n").edits


def test_the_facts_are_those_that_a_run_records(repository: Path) -> None:
    """Both ways: what the check knows is recorded, and what is recorded can be read."""
    facts = git_facts(str(repository), with_changed=False, with_tree=False)
    assert set(facts) == set(roots._GIT.fields)
    assert set(facts["remote"]) == set(roots._GIT.fields["remote"].fields)
    assert set(host_facts()) == set(roots._HOST.fields)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    import subprocess

    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


# ------------------------------------------------------------------------------------------------------ child workflows

HEAD = "fairlead: 1\nname: w0\nsteps:\n"


def chain(length: int) -> dict[str, Workflow]:
    """Workflows of which each performs the next one."""
    from fairlead.core.workflow import WorkflowAction

    found = {f"w{n}": Workflow(f"w{n}", (Step("next", WorkflowAction(f"w{n + 1}")),)) for n in range(1, length - 1)}
    return {**found, f"w{length - 1}": Workflow(f"w{length - 1}", (Step("end", RunAction(("date",))),))}


@pytest.mark.parametrize(("length", "codes"), [(8, []), (9, ["FL-W139"])])
def test_eight_workflows_may_lie_below_one_another(length: int, codes: list[str]) -> None:
    text = HEAD + "  - {id: a, workflow: w1}\n"
    read = check_workflow("w0.yaml", text.encode(), None, workflow_of=chain(length).get)
    assert [one.code for one in read.diagnostics] == codes


def test_what_a_child_workflow_is_given_and_gives_is_checked() -> None:
    from fairlead.core.workflow import Input

    child = Workflow(
        "child",
        (Step("end", RunAction(("date",))),),
        inputs={"n": Input("integer"), "t": Input("string", default="", has_default=True)},
        outputs={"found": 1},
    )

    def codes(text: str) -> list[tuple[str, str]]:
        read = check_workflow("w0.yaml", (HEAD + text).encode(), None, workflow_of={"child": child}.get)
        return [(one.code, underlined(one)) for one in read.diagnostics]

    call = "  - id: a\n    workflow: child\n"
    assert codes(call + "    with: {n: 1, t: x}\noutputs: {o: '${ steps.a.output.found + 1 }'}\n") == []
    assert codes(call) == [("FL-W142", "child")]
    assert codes(call + "    with: {n: x}\n") == [("FL-W142", "x")]
    assert codes(call + "    with: {n: 1, m: 1}\n") == [("FL-W142", "m")]
    assert codes(call + "    with: {n: '${ run.id }'}\n") == [("FL-E020", "run.id")]
    assert codes(call + "    with: {n: 1}\noutputs: {o: '${ steps.a.output.fond }'}\n") == [("FL-E014", "fond")]
