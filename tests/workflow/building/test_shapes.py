"""Every action and every key, in Python and in YAML: the same tree. And what is wrong is shown at the call."""

from collections.abc import Callable

import pytest

from fairlead import FairleadError, Workflow, env, git, inputs, item, output, round_, run, steps, vars
from fairlead.core.json import encode
from fairlead.workflow import read_values, read_workflow
from fairlead.workflow.building import keywords
from fairlead.workflow.building.symbols import Value
from fairlead.workflow.keys import ACTIONS, APPROVE, INPUT, LOOP, STEP, TAKEN_BY, TOP
from tests.proves import proves
from tests.workflow.building.examples.repo_health import wf as health
from tests.workflow.samples import underlined

Write = Callable[[Workflow], object]


def everything(wf: Workflow) -> None:
    paths = wf.input(
        "paths", default=["src"], items={"type": "string"}, description="Where to look", x={"shown": "first"}
    )
    wf.input("deep", "boolean", default=False)
    wf.input("share", default=0.5, minimum=0)
    wf.input("settings", default={"a": 1})
    wf.input("token", "secret")
    wf.var("where", f"{git.branch} of {git.repo}")
    scan = wf.agent(
        "scan",
        "security-scanner",
        name="Look",
        with_={"paths": paths, "if": "text", "needs": [git.branch], "each": {"of": 1}},
        prompt=f"Look at {run.id}",
        if_=inputs.deep | (git.branch == "main"),
        fallback=["other"],
        optional=True,
        default={"findings": [], "more": None},
        retry={"max": 2, "on": ["transient"], "backoff": "linear", "initial": "1s", "jitter": False},
        timeout="5m",
        cache={"ttl": "1d", "also_key": [env.LANG, "host.cpu_model"], "scope": "repo"},
        budget={"usd": 1.5, "launches": 3},
        isolate="worktree",
        sandbox="L2",
        env=["LANG"],
        reads=["src/**"],
        writes=[f"out/{run.id}.txt"],
        in_=steps.tree.output.commit,
        hide=True,
        satisfies=["REQ-1"],
        x={"x-owner": "me", "note": [1]},
    )
    wf.run("tests", ["pytest", f"--id={run.id}"], parse={"unit": {"as": "junit", "file": "j.xml"}}, retry=1)
    with wf.parallel("side", max=2, fail_fast=False, join="at_least(50%)", timeout="10m", needs=[]):
        wf.notify("tell", "console", "Hi", body=f"{scan.output.stats.files} files", retry=2)
        wf.wait("pause", for_="5m", event="go")
        wf.wait("until", until=vars.where, after=["tell"])
    with wf.steps("every", each=paths, as_="path", key=lambda p: p, max_parallel=3, tolerate=1, join="quorum(2)"):
        wf.run("one", f"cat {item('path')}")
    with wf.loop("tune", max=inputs.share, until=True, metric=1.5, start="2", goal="maximize", stall={"rounds": 2}):
        wf.run("bench", "make bench", expect=[{"that": output.exit_code == 0, "say": "no"}])
    with wf.choose("where", if_="true"):
        with wf.when(round_.number > 1):
            wf.workflow("child", "repo-health", with_={"a": None}, cache="1d")
        with wf.otherwise():
            wf.effect("keep", "git.branch", with_={"name": "kept"}, timeout="1m")
    wf.approve(
        "ask",
        "Go on?",
        body="Look first.",
        show=[scan.output.stats, "run.id"],
        from_=[{"user": "me"}],
        not_by=["author"],
        choices=["approve_subset", "reject"],
        select=scan.output.findings,
        timeout="1d",
        on_timeout="escalate",
        escalate_to=["boss"],
        remind=["2h"],
        notify=["console"],
        budget={"wall": "1h"},
    )
    with wf.finally_():
        wf.run("clean", "make clean")
    wf.finally_("bundle", "evidence-bundle", with_={"formats": ["html"]})
    wf.outputs(n=scan.output.findings.size(), fixed=3, several=[scan.ok, {"on": run.id}])


EVERYTHING = """\
fairlead: 1
name: whole
title: All of it
env: [LANG]
limits: {parallel: 3}
triggers: [manual, {event: finding.accepted, filter: event.data.n > 1}]
x-note: {a: [1]}
inputs:
  paths: {type: array, default: [src], items: {type: string}, description: Where to look, x-shown: first}
  deep: {type: boolean, default: false}
  share: {type: number, default: 0.5, minimum: 0}
  settings: {type: object, default: {a: 1}}
  token: {type: secret}
vars: {where: "${ git.branch } of ${ git.repo }"}
steps:
  - id: scan
    name: Look
    agent: security-scanner
    with:
      paths: ${ inputs.paths }
      if: text
      needs: ["${ git.branch }"]
      each: {of: 1}
    prompt: Look at ${ run.id }
    if: inputs.deep || git.branch == 'main'
    fallback: [other]
    optional: true
    default: {findings: [], more: null}
    retry: {max: 2, on: [transient], backoff: linear, initial: 1s, jitter: false}
    timeout: 5m
    cache: {ttl: 1d, also_key: [env.LANG, host.cpu_model], scope: repo}
    budget: {usd: 1.5, launches: 3}
    isolate: worktree
    sandbox: L2
    env: [LANG]
    reads: ["src/**"]
    writes: ["out/${ run.id }.txt"]
    in: ${ steps.tree.output.commit }
    hide: true
    satisfies: [REQ-1]
    x-owner: me
    x-note: [1]
  - id: tests
    run: [pytest, "--id=${ run.id }"]
    parse: {unit: {as: junit, file: j.xml}}
    retry: 1
  - id: side
    timeout: 10m
    needs: []
    parallel:
      max: 2
      fail_fast: false
      join: at_least(50%)
      steps:
        - {id: tell, notify: {to: [console], title: Hi, body: "${ steps.scan.output.stats.files } files"}, retry: 2}
        - {id: pause, wait: {for: 5m, event: go}}
        - {id: until, wait: {until: "${ vars.where }"}, after: [tell]}
  - id: every
    each: inputs.paths
    as: path
    key: path
    max_parallel: 3
    tolerate: 1
    join: quorum(2)
    steps:
      - {id: one, run: "cat ${ path }"}
  - id: tune
    loop:
      max: ${ inputs.share }
      until: true
      metric: 1.5
      start: "2"
      goal: maximize
      stall: {rounds: 2}
      steps:
        - {id: bench, run: make bench, expect: [{that: output.exit_code == 0, say: "no"}]}
  - id: where
    if: "true"
    choose:
      - if: round.number > 1
        steps: [{id: child, workflow: repo-health, with: {a: null}, cache: 1d}]
      - steps: [{id: keep, effect: git.branch, with: {name: kept}, timeout: 1m}]
  - id: ask
    budget: {wall: 1h}
    approve:
      title: Go on?
      body: Look first.
      show: [steps.scan.output.stats, run.id]
      from: [{user: me}]
      not_by: [author]
      choices: [approve_subset, reject]
      select: steps.scan.output.findings
      timeout: 1d
      on_timeout: escalate
      escalate_to: [boss]
      remind: [2h]
      notify: [console]
finally:
  - {id: clean, run: make clean}
  - {id: bundle, agent: evidence-bundle, with: {formats: [html]}}
outputs:
  n: ${ steps.scan.output.findings.size() }
  fixed: 3
  several: ["${ steps.scan.ok }", {"on": "${ run.id }"}]
"""


def whole() -> Workflow:
    wf = Workflow(
        "whole",
        title="All of it",
        env=["LANG"],
        limits={"parallel": 3},
        triggers=["manual", {"event": "finding.accepted", "filter": "event.data.n > 1"}],
        x={"note": {"a": [1]}},
    )
    everything(wf)
    return wf


@proves("A1.2", "J7")
def test_every_key_in_python_is_the_same_tree_as_in_yaml() -> None:
    in_yaml = read_values(EVERYTHING.encode())
    built = read_values(whole().to_json().encode())
    for mine, theirs in zip(built["steps"], in_yaml["steps"], strict=True):
        assert mine == theirs
    assert built == in_yaml


def test_every_key_survives_being_written_as_yaml() -> None:
    wf = whole()
    assert encode(read_values(wf.to_yaml().encode())).decode() == wf.to_json()


AWKWARD = ["", " ", "on", "No", "12:30", "1e3", "0x1f", "0o17", "1_000", "~", "null", "- a", "a: b", "a #b", "#a", "a:"]
AWKWARD += ["'", '"', "&a", "*a", "!x", "%x", "@x", "`x", "{a}", "[a]", "a\nb", "a\tb"]
AWKWARD += ["\u2028", "é ü", "😀", "-", "?"]
AWKWARD += [
    "2025-01-01",
    "${ x }",
    "$${ x }",
    "a, b",
    "\x7f",
    "\ufeff",
    "=",
    ">",
    "|",
    "a\\b",
    "trailing ",
    ".5",
    "+1",
]


def test_every_awkward_text_survives_being_written_as_yaml() -> None:
    wf = Workflow("look")
    wf.var("texts", [*AWKWARD, {text: text for text in AWKWARD}, [[text, [text]] for text in AWKWARD]])
    wf.outputs(**{f"n{nth}": text for nth, text in enumerate(AWKWARD)})
    assert encode(read_values(wf.to_yaml().encode())).decode() == wf.to_json()


KEYWORDS = {
    "agent": keywords.Agents,
    "run": keywords.Runs,
    "approve": keywords.Approvals,
    "effect": keywords.Effects,
    "notify": keywords.Messages,
    "wait": keywords.Modifiers,
    "workflow": keywords.Children,
    "parallel": keywords.Blocks,
    "loop": keywords.Loops,
    "choose": keywords.Blocks,
    "steps": keywords.Blocks,
}
# Keys that stand inside of the action, and are no arguments of their own.
INSIDE = {"approve": APPROVE.names[1:], "notify": ("body",), "loop": LOOP.names[1:-1]}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_type_checker_knows_exactly_the_keys_of_the_format(action: str) -> None:
    known = {name.rstrip("_") for name in KEYWORDS[action].__annotations__}
    taken = {key for key in STEP.names if action in TAKEN_BY.get(key, (action,))} - {"id", *ACTIONS}
    assert known - {"x"} == taken | set(INSIDE.get(action, ()))


def test_the_top_of_a_file_can_be_said_in_full() -> None:
    code = Workflow.__init__.__code__
    names = set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]) - {"self", "x"}
    elsewhere = {"fairlead", "inputs", "vars", "steps", "finally", "outputs"}
    assert names == set(TOP.names) - elsewhere
    assert "default" in INPUT.names


REFUSED: dict[str, tuple[str, Write]] = {
    "an unknown key": ("FL-W320", lambda wf: wf.agent("a", "x", time_out="5m")),  # type: ignore[call-arg]
    "a key of another action": ("FL-W320", lambda wf: wf.wait("a", for_="5m", retry=1)),  # type: ignore[call-arg]
    "an unknown rule": ("FL-W320", lambda wf: wf.input("a", maximun=3)),
    "each without its list": ("FL-W320", lambda wf: wf.agent("a", "x", each={"as_": "b"})),
    "each with a misspelt key": ("FL-W320", lambda wf: wf.agent("a", "x", each={"over": "b", "max": 1})),  # type: ignore[arg-type]
    "finally without an agent": ("FL-W320", lambda wf: wf.finally_("a")),  # type: ignore[call-overload]
    "an object": ("FL-W321", lambda wf: wf.agent("a", "x", with_={"y": object()})),  # type: ignore[dict-item]
    "a set": ("FL-W321", lambda wf: wf.agent("a", "x", with_={"y": {1}})),  # type: ignore[dict-item]
    "a function": ("FL-W321", lambda wf: wf.outputs(y=print)),  # type: ignore[arg-type]
    "no number": ("FL-W321", lambda wf: wf.outputs(y=float("inf"))),
    "a large number": ("FL-W321", lambda wf: wf.outputs(y=2**60)),
    "a key that is no text": ("FL-W321", lambda wf: wf.outputs(y={1: 2})),  # type: ignore[dict-item]
    "half a character": ("FL-W321", lambda wf: wf.outputs(y="\ud800")),
    "needs no step": ("FL-W321", lambda wf: wf.agent("a", "x", needs=[run.id])),
    "too deep": ("FL-W012", lambda wf: wf.outputs(y=_deep(80))),
    "a branch outside": ("FL-W327", lambda wf: wf.when(True).__enter__()),
    "a step between branches": ("FL-W327", lambda wf: _between(wf)),
}


def _deep(levels: int) -> list[Value]:
    found: list[Value] = []
    for _ in range(levels):
        found = [found]
    return found


def _between(wf: Workflow) -> None:
    with wf.choose("where"):
        wf.run("a", "date")


@proves("J7")
@pytest.mark.parametrize("name", REFUSED)
def test_what_a_workflow_cannot_hold_is_refused_at_the_call(name: str) -> None:
    code, write = REFUSED[name]
    with pytest.raises(FairleadError) as refused:
        write(Workflow("look"))
    found = refused.value.diagnostics[0]
    assert (refused.value.code, found.file) == (code, __file__)
    assert refused.value.hint
    assert found.span is not None
    assert "wf." in found.source


def test_after_a_refusal_inside_a_block_the_next_step_stands_outside() -> None:
    wf = Workflow("look")
    with pytest.raises(FairleadError), wf.parallel("side"):
        wf.run("a", "date", nothing=1)  # type: ignore[call-arg]  # what the test is about
    wf.run("b", "date")
    assert [step["id"] for step in wf.tree["steps"]] == ["side", "b"]


@proves("J7")
def test_the_check_of_a_built_workflow_shows_the_calls() -> None:
    wf = Workflow("look", flow="graph")
    wf.run("a", "date", timeout="soon")
    wf.run("b", f"echo {steps.a.output.exitcode}", needs=["c"])
    wf.run("a", "date")
    wf.agent("d", "x", expect=[{"that": "output.", "say": "no"}])
    found = {one.code: one for one in wf.check()}
    assert sorted(found) == ["FL-E010", "FL-E014", "FL-W026", "FL-W102", "FL-W107"]
    assert underlined(found["FL-W026"]) == 'wf.run("a", "date", timeout="soon")'
    assert underlined(found["FL-W107"]).startswith('wf.run("b", ')
    with pytest.raises(FairleadError) as refused:
        wf.digest  # noqa: B018  # what the test is about
    assert set(refused.value.diagnostics) == set(wf.check())


def test_a_built_workflow_has_the_warnings_of_its_yaml() -> None:
    read = read_workflow("a.yaml", health.to_yaml().encode())
    assert [one.code for one in health.check()] == [one.code for one in read.diagnostics]
