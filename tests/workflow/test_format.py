"""What every key of the format becomes, and what each refuses: one line per case, the whole format in one table."""

import json

import msgspec
import pytest

from fairlead.core.workflow import (
    AgentAction,
    ApproveAction,
    Approvers,
    Branch,
    ChooseAction,
    Concurrency,
    Each,
    EffectAction,
    Expectation,
    Input,
    Join,
    LoopAction,
    NotifyAction,
    ParallelAction,
    Parsing,
    Retry,
    RunAction,
    Stall,
    Step,
    WaitAction,
    Workflow,
    WorkflowAction,
)
from fairlead.workflow import read_values, read_workflow
from tests.proves import proves
from tests.workflow.samples import HEAD, HERE, codes, underlined

DATE = RunAction(("date",))
INNER = "[{id: inner, run: date}]"
IN = (Step("inner", DATE),)


def step(text: str, top: str = "") -> Step:
    """The record of the step with these keys, in a file that is right but for warnings."""
    read = read_workflow("a.yaml", f"{HEAD}{top}steps:\n  - id: a\n{_below(text)}".encode())
    assert read.workflow is not None, read.diagnostics
    return read.workflow.steps[0]


def _below(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.split("\n"))


# The keys of a step → its record.
STEPS: dict[str, Step] = {
    "agent: x\nprompt: Look at ${ run.id }": Step("a", AgentAction("x", prompt="Look at ${ run.id }")),
    "run: a ${ run.id }\nparse: {junit: j.xml, regex: '(?P<n>.)'}": Step(
        "a",
        RunAction(("a", "${ run.id }"), (Parsing("junit", "junit", "j.xml"), Parsing("regex", "regex", "(?P<n>.)"))),
    ),
    "run: a\nparse: {unit: {as: pytest-benchmark, file: b.json}, pytest-benchmark: c.json}": Step(
        "a",
        RunAction(
            ("a",),
            (Parsing("unit", "pytest_benchmark", "b.json"), Parsing("pytest_benchmark", "pytest_benchmark", "c.json")),
        ),
    ),
    "approve: {title: Go on?}": Step("a", ApproveAction("Go on?")),
    "approve:\n  title: T\n  body: B\n  show: [run.id]\n  from: [{team: t, min: 2}, {user: u}, {role: r}]\n"
    "  not_by: [requester]\n  choices: [approve_subset, reject]\n  select: inputs.l\n  timeout: 1d\n"
    "  on_timeout: escalate\n  escalate_to: [boss]\n  remind: [2h, 90m]\n  notify: [console]": Step(
        "a",
        ApproveAction(
            "T",
            "B",
            ("run.id",),
            (Approvers(team="t", min=2), Approvers(user="u"), Approvers(role="r")),
            ("requester",),
            ("approve_subset", "reject"),
            "inputs.l",
            86_400.0,
            "escalate",
            ("boss",),
            (7_200.0, 5_400.0),
            ("console",),
        ),
    ),
    "effect: git.branch\nwith: {name: x}": Step("a", EffectAction("git.branch"), given={"name": "x"}),
    "notify: {to: [console, 'file:a.txt'], title: T, body: B}": Step(
        "a", NotifyAction(("console", "file:a.txt"), "T", "B")
    ),
    "wait: {for: 90s}": Step("a", WaitAction("90s")),
    "wait: {for: '${ inputs.l[0] }', event: go}": Step("a", WaitAction("${ inputs.l[0] }", event="go")),
    "wait: {until: '2026-12-01T06:00:00Z'}": Step("a", WaitAction(until="2026-12-01T06:00:00Z")),
    "workflow: other\nwith: {n: 1}": Step("a", WorkflowAction("other"), given={"n": 1}),
    f"parallel: {{max: 2, fail_fast: false, join: quorum(1), steps: {INNER}}}": Step(
        "a", ParallelAction(IN, 2, False, Join("quorum", count=1))
    ),
    f"loop: {{max: 3, steps: {INNER}}}": Step("a", LoopAction(IN, 3)),
    "loop:\n  max: ${ inputs.l.size() }\n  until: round.number > 2\n  metric: steps.inner.output.exit_code\n"
    f"  goal: maximize\n  start: 4\n  stall: {{rounds: 2, min_gain: 2%}}\n  keep: best\n  on_round_failure: discard\n"
    f"  steps: {INNER}": Step(
        "a",
        LoopAction(
            IN,
            "${ inputs.l.size() }",
            "round.number > 2",
            "steps.inner.output.exit_code",
            "maximize",
            "4",
            Stall(2, 0.02),
            "best",
            "discard",
        ),
    ),
    f"choose: [{{if: inputs.f, steps: {INNER}}}, {{steps: [{{id: other, run: date}}]}}]": Step(
        "a", ChooseAction((Branch(IN, "inputs.f"), Branch((Step("other", DATE),))))
    ),
    "run: date\nif: true": Step("a", DATE, condition="true"),
    "run: date\nif: inputs.f && run.id != ''": Step("a", DATE, condition="inputs.f && run.id != ''"),
    "run: date\neach: inputs.l": Step("a", DATE, each=Each("inputs.l")),
    "run: date ${ x }\neach: inputs.l\nas: x\nkey: x\nmax_parallel: 3\ntolerate: 2": Step(
        "a", RunAction(("date", "${ x }")), each=Each("inputs.l", "x", "x", 3), join=Join(tolerate_count=2)
    ),
    "run: date\neach: inputs.l\ntolerate: 12.5%": Step(
        "a", DATE, each=Each("inputs.l"), join=Join(tolerate_share=0.125)
    ),
    "run: date\neach: inputs.l\njoin: any": Step("a", DATE, each=Each("inputs.l"), join=Join("any")),
    "run: date\neach: inputs.l\njoin: at_least(60%)": Step(
        "a", DATE, each=Each("inputs.l"), join=Join("at_least", share=0.6)
    ),
    "agent: x\nfallback: [y, z]": Step("a", AgentAction("x"), fallback=("y", "z")),
    "run: date\nretry: 7": Step("a", DATE, retry=Retry(max=7)),
    "run: date\nretry: {max: 2, on: [any], backoff: linear, initial: 2s, max_delay: 1m, jitter: true}": Step(
        "a",
        DATE,
        retry=Retry(
            2,
            (
                *("transient", "rate_limit", "timeout", "resource", "invalid_output", "expectation", "validation"),
                *("permission", "file_not_found", "unavailable", "unknown"),
            ),
            "linear",
            2.0,
            60.0,
            True,
        ),
    ),
    "run: date\ntimeout: 90s": Step("a", DATE, timeout_s=90.0),
    "run: date\nexpect: [{that: output.exit_code == 0, say: no, satisfies: [R-1], level: warn}]": Step(
        "a", DATE, expect=(Expectation("output.exit_code == 0", "no", ("R-1",), True),)
    ),
    "run: date\nsatisfies: [R-1]\nreads: ['src/**']\nwrites: ['${ inputs.l[0] }']\nin: ${ inputs.l[0] }": Step(
        "a", DATE, satisfies=("R-1",), reads=("src/**",), writes=("${ inputs.l[0] }",), tree="${ inputs.l[0] }"
    ),
    "run: date\nenv: [CI, _x]\nisolate: worktree\nsandbox: L1\nhide: true\nname: Title": Step(
        "a", DATE, title="Title", env=("CI", "_x"), isolate="worktree", sandbox="L1", is_hidden=True
    ),
    "run: date\ncache: off\nx-mine: 1": Step("a", DATE, cache="off"),
    "run: date\ncache: {ttl: 7d, also_key: [host.cpu_model], scope: repo, mode: read}": Step(
        "a", DATE, cache={"ttl": "7d", "also_key": ["host.cpu_model"], "scope": "repo", "mode": "read"}
    ),
    "run: date\nbudget: {usd: 2.5, tokens: 9, turns: 2, launches: 3, wall: 5m, on_exceeded: ask}": Step(
        "a",
        DATE,
        budget={"usd": 2.5, "tokens": 9, "turns": 2, "launches": 3, "wall": "5m", "on_exceeded": "ask"},
    ),
}
INPUTS = "inputs: {l: {type: array, default: []}, f: {type: boolean, default: false}}\n"


@proves("A1.2")
@pytest.mark.parametrize("text", STEPS)
def test_the_keys_of_a_step_become_its_record(text: str) -> None:
    assert step(text, INPUTS) == STEPS[text]


def workflow(text: str) -> Workflow:
    read = read_workflow("a.yaml", f"{HEAD}{text}\nsteps: [{{id: a, run: date}}]\n".encode())
    assert read.workflow is not None, read.diagnostics
    return read.workflow


def test_the_keys_of_the_file_become_its_record() -> None:
    found = workflow(
        "vars: {n: 1, t: 'x ${ inputs.i }'}\nenv: [CI]\nrequirements: docs/r.yaml\npolicies: [default]\n"
        "concurrency: {group: 'g-${ git.repo }', max: 2, on_conflict: cancel_older}\nbudget: {usd: 1}\n"
        "triggers: [manual, {schedule: 0 6 * * 1-5, timezone: Europe/Vienna, catch_up: one}]\nlimits: {parallel: 2}\n"
        "inputs:\n  i: {type: integer, default: 3, minimum: 1, maximum: 4}\n  s: {type: secret}\n"
        "  e: {type: string, enum: [a, b], pattern: ^a, default: a}"
    )
    assert found.vars == {"n": 1, "t": "x ${ inputs.i }"}
    assert (found.env, found.requirements, found.policies) == (("CI",), "docs/r.yaml", ("default",))
    assert found.concurrency == Concurrency("g-${ git.repo }", 2, "cancel_older")
    assert found.triggers == ("manual", {"schedule": "0 6 * * 1-5", "timezone": "Europe/Vienna", "catch_up": "one"})
    assert (found.budget, found.parallel_max) == ({"usd": 1}, 2)
    assert found.inputs == {
        "i": Input("integer", default=3, has_default=True, rules={"minimum": 1, "maximum": 4}),
        "s": Input("secret"),
        "e": Input("string", default="a", has_default=True, rules={"enum": ["a", "b"], "pattern": "^a"}),
    }


def test_defaults_are_merged_into_the_steps_that_take_them() -> None:
    top = (
        "defaults:\n  timeout: 2m\n  retry: {max: 5, backoff: constant, initial: 3s}\n  cache: 1d\n"
        "  budget: {usd: 2, turns: 4}\n  isolate: worktree\n"
    )
    assert step("run: date", top) == Step(
        "a",
        DATE,
        timeout_s=120.0,
        retry=Retry(5, backoff="constant", initial_s=3.0),
        cache="1d",
        budget={"usd": 2, "turns": 4},
        isolate="worktree",
    )
    own = step("run: date\ntimeout: 1m\nretry: 1\ncache: off\nbudget: {usd: 1}\nisolate: none", top)
    assert own.retry == Retry(1, backoff="constant", initial_s=3.0), "a number sets only the number"
    assert own.budget == {"usd": 1, "turns": 4}
    assert (own.timeout_s, own.cache, own.isolate) == (60.0, "off", "none")
    assert step("approve: {title: x}", top) == Step("a", ApproveAction("x"), timeout_s=120.0)


# Keys of a step, wrong → the code, and the text that is marked.
WRONG: dict[str, tuple[str, str]] = {
    "run: date\neach: inputs.l\njoin: quorum(0)": ("FL-W024", "quorum(0)"),
    "run: date\neach: inputs.l\njoin: at_least(0%)": ("FL-W031", "at_least(0%)"),
    "run: date\neach: inputs.l\njoin: at_least(101%)": ("FL-W031", "at_least(101%)"),
    "run: date\neach: inputs.l\ntolerate: 101%": ("FL-W030", "101%"),
    "run: date\neach: inputs.l\ntolerate: -1": ("FL-W024", "-1"),
    "run: date\neach: inputs.l\nas: Item": ("FL-W025", "Item"),
    "run: date\neach: [1, 2]": ("FL-W020", "[1, 2]"),
    "run: date\neach: inputs.l\nmax_parallel: 0": ("FL-W024", "0"),
    "run: date\nas: x": ("FL-W123", "as"),
    "run: date\ntolerate: 1": ("FL-W123", "tolerate"),
    f"parallel: {{join: quorum(2), steps: {INNER}}}": ("FL-W024", "quorum(2)"),
    f"loop: {{steps: {INNER}}}": ("FL-W023", "loop"),
    "loop: {max: 2}": ("FL-W023", "loop"),
    f"loop: {{max: 51, steps: {INNER}}}": ("FL-W024", "51"),
    f"loop: {{max: 0, steps: {INNER}}}": ("FL-W024", "0"),
    f"loop: {{max: 2, keep: best, steps: {INNER}}}": ("FL-W123", "keep"),
    f"loop: {{max: 2, goal: minimize, steps: {INNER}}}": ("FL-W123", "goal"),
    f"loop: {{max: 2, metric: '1', stall: {{min_gain: 2%}}, steps: {INNER}}}": ("FL-W023", "stall"),
    "choose: []": ("FL-W119", "[]"),
    "choose: [{if: inputs.f}]": ("FL-W023", "{"),
    f"choose: [{{iff: inputs.f, steps: {INNER}}}]": ("FL-W021", "iff"),
    "approve: {}": ("FL-W023", "approve"),
    "approve: {title: x, choices: [approve]}": ("FL-W024", "[approve]"),
    "approve: {title: x, choices: [reject, request_changes]}": ("FL-W024", "[reject, request_changes]"),
    "approve: {title: x, choices: [approve_subset, reject]}": ("FL-W123", "[approve_subset, reject]"),
    "approve: {title: x, select: inputs.l}": ("FL-W123", "select"),
    "approve: {title: x, on_timeout: escalate}": ("FL-W123", "escalate"),
    "approve: {title: x, escalate_to: [y]}": ("FL-W123", "escalate_to"),
    "approve: {title: x, from: [{min: 2}]}": ("FL-W023", "{"),
    "approve: {title: x, from: [{user: u, team: t}]}": ("FL-W124", "team"),
    "approve: {title: x, from: [{user: u, min: 2}]}": ("FL-W024", "2"),
    "approve: {title: x, not_by: [me]}": ("FL-W024", "me"),
    "notify: {to: [], title: x}": ("FL-W024", "[]"),
    "notify: {to: [console]}": ("FL-W023", "notify"),
    "notify: {to: ['No Way'], title: x}": ("FL-W025", "'No Way'"),
    "wait: {}": ("FL-W023", "wait"),
    "wait: {for: soon}": ("FL-W026", "soon"),
    "wait: {for: 1h, until: '2026-12-01T06:00:00Z'}": ("FL-W124", "until"),
    "wait: {until: '2026-12-01'}": ("FL-W032", "'2026-12-01'"),
    "workflow: Not A Name": ("FL-W025", "Not A Name"),
    "effect: Git Commit": ("FL-W025", "Git Commit"),
    "agent: x\nfallback: []": ("FL-W024", "[]"),
    "agent: x\nfallback: [x]": ("FL-W115", "x"),
    "agent: x\nfallback: [y, y]": ("FL-W115", "y"),
    "agent: x\nfallback: [b, c, d]": ("FL-W024", "[b, c, d]"),
    "run: date\nretry: 21": ("FL-W024", "21"),
    "run: date\nretry: {on: [timeout]}": ("FL-W023", "{on: [timeout]}"),
    "run: date\nretry: {max: 1, on: [timeouts]}": ("FL-W024", "timeouts"),
    "run: date\nretry: {max: 1, initial: 5s}": ("FL-W123", "initial"),
    "run: date\nretry: often": ("FL-W020", "often"),
    "run: date\nexpect: [{that: 'true'}]": ("FL-W023", "{"),
    "run: date\nexpect: [{that: 'true', say: x, level: info}]": ("FL-W024", "info"),
    "run: date\nsandbox: L4": ("FL-W024", "L4"),
    "run: date\nisolate: chroot": ("FL-W024", "chroot"),
    "run: date\nenv: [A-B]": ("FL-W025", "A-B"),
    "run: date\nenv: {A: b}": ("FL-W020", "{A: b}"),
    "run: date\ncache: never": ("FL-W026", "never"),
    "run: date\ncache: false": ("FL-W020", "false"),
    "run: date\ncache: {ttl: 0s}": ("FL-W027", "0s"),
    "run: date\nbudget: {}": ("FL-W024", "{}"),
    "run: date\nbudget: {usd: 0}": ("FL-W024", "0"),
    "run: date\nbudget: {tokens: 1.5}": ("FL-W020", "1.5"),
    "run: date\nparse: [junit]": ("FL-W020", "[junit]"),
    "run: date\nparse: {junt: a.xml}": ("FL-W024", "junt"),
    "run: date\nparse: {unit: {as: junit}}": ("FL-W023", "unit"),
    "run: date\nparse: {unit: {as: regex, file: x, pattern: '(?P<a>b)'}}": ("FL-W123", "file"),
    "run: date\nparse: {pytest-benchmark: a, pytest_benchmark: b}": ("FL-W127", "{"),
    "run: date\nparse: {Unit: {as: junit, file: x}}": ("FL-W127", "Unit"),
    "run: date\nhide: yes": ("FL-W020", "yes"),
}


@proves("A1.1")
@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_value_is_marked_with_its_code(text: str) -> None:
    read = read_workflow("a.yaml", f"{HEAD}{INPUTS}steps:\n  - id: a\n{_below(text)}".encode())
    found = [one for one in read.diagnostics if not one.is_warning]
    assert [(one.code, underlined(one)) for one in found] == [WRONG[text]]
    assert read.workflow is None


WRONG_TOP: dict[str, tuple[str, str]] = {
    "vars: [1]": ("FL-W020", "[1]"),
    "vars: {A: 1}": ("FL-W025", "A"),
    "vars: {a: '${ vars.b }', b: 1}": ("FL-W113", "vars"),
    "vars: {a: '${ steps.a.output }'}": ("FL-W113", "steps"),
    "vars: {a: '${ data.advisories.revision }'}": ("FL-W113", "data"),
    "concurrency: {max: 2}": ("FL-W023", "concurrency"),
    "concurrency: {group: x, on_conflict: wait}": ("FL-W024", "wait"),
    "policies: [No]": ("FL-W025", "No"),
    "limits: {parallel: 65}": ("FL-W024", "65"),
    "defaults: {retries: 2}": ("FL-W021", "retries"),
    "budget: 5": ("FL-W020", "5"),
    "inputs: {a: {type: string, minimum: 1}}": ("FL-W123", "minimum"),
    "inputs: {a: {type: secret, default: x}}": ("FL-W122", "x"),
    "inputs: {a: {type: integer, enum: [1, b]}}": ("FL-W122", "b"),
    "inputs: {a: {type: integer, minimum: 3, default: 1}}": ("FL-W122", "1"),
    "inputs: {a: {type: string, pattern: '('}}": ("FL-W033", "'('"),
    "inputs: {a: {type: array, items: {type: nothing}}}": ("FL-W033", "{type: nothing}"),
    "inputs: {a: {type: array, items: {type: integer}, default: [x]}}": ("FL-W122", "[x]"),
    "inputs: {a: {type: object, required: [b], default: {}}}": ("FL-W122", "{}"),
    "triggers: [{schedule: '61 * * * *'}]": ("FL-W202", "'61 * * * *'"),
    "triggers: [{schedule: '* * *'}]": ("FL-W202", "'* * *'"),
    "triggers: [{schedule: '0 0 31 2 *'}]": ("FL-W202", "'0 0 31 2 *'"),
    "triggers: [{schedule: '0 5-3 * * *'}]": ("FL-W202", "'0 5-3 * * *'"),
    "triggers: [{schedule: '*/0 * * * *'}]": ("FL-W202", "'*/0 * * * *'"),
    "triggers: [{schedule: '0 6 * * *', timezone: Mars/Base}]": ("FL-W203", "Mars/Base"),
    "triggers: [{schedule: '0 6 * * *', catch_up: some}]": ("FL-W024", "some"),
    "triggers: [{git: {on: [push, pull]}}]": ("FL-W024", "pull"),
    "triggers: [{git: {branches: [main]}}]": ("FL-W023", "git"),
    "triggers: [{webhook: {secret: S}}]": ("FL-W023", "webhook"),
    "triggers: [{event: No Way}]": ("FL-W025", "No Way"),
    "triggers: [{event: a.b, filter: 3}]": ("FL-W020", "3"),
    "triggers: [daily]": ("FL-W201", "daily"),
}


@proves("A5")
@pytest.mark.parametrize("text", WRONG_TOP)
def test_a_wrong_value_of_the_file_is_marked_with_its_code(text: str) -> None:
    read = read_workflow("a.yaml", f"{HEAD}{text}\nsteps:\n  - id: a\n    run: date\n".encode())
    found = [one for one in read.diagnostics if not one.is_warning]
    assert [(one.code, underlined(one)) for one in found] == [WRONG_TOP[text]]


@pytest.mark.parametrize(
    "schedule", ["* * * * *", "*/5 0-6,22 1 jan,dec sun", "0 0 29 2 *", "0 6 * * 1-5/2", "0 0 31 2 mon"]
)
def test_a_schedule_that_comes_to_pass_is_right(schedule: str) -> None:
    read = read_workflow(
        "a.yaml", f"{HEAD}triggers: [{{schedule: '{schedule}'}}]\nsteps: [{{id: a, run: date}}]\n".encode()
    )
    assert codes(read) == ["FL-W200"]


@pytest.mark.parametrize("name", ["feature-validation", "perf-tune", "repo-health", "secure-patch"])
def test_the_four_examples_are_read_without_an_error(name: str) -> None:
    read = read_workflow(f"{name}.yaml", (HERE / "examples" / f"{name}.yaml").read_bytes())
    assert read.workflow is not None
    assert {one.code for one in read.diagnostics} <= {"FL-W110", "FL-W200"}


@proves("A1.2")
@pytest.mark.parametrize("name", ["feature-validation", "perf-tune", "repo-health", "secure-patch"])
def test_an_example_as_json_is_the_same_workflow(name: str) -> None:
    data = (HERE / "examples" / f"{name}.yaml").read_bytes()
    written = read_workflow(f"{name}.yaml", data).workflow
    as_json = read_workflow(f"{name}.json", json.dumps(read_values(data), indent=1).encode()).workflow
    assert written is not None
    assert as_json is not None
    assert as_json.digest == written.digest


@pytest.mark.parametrize("text", STEPS)
def test_a_record_survives_its_own_json(text: str) -> None:
    record = STEPS[text]
    assert msgspec.json.decode(msgspec.json.encode(record), type=Step) == record
