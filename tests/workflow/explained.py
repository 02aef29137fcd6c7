"""The examples of `explain` as whole files: a fragment is put where its keys belong, into a file that is right."""

import re
from functools import cache

from fairlead.agents.catalog import FileCatalog
from fairlead.core.ports import EffectCard
from fairlead.core.workflow import RunAction, Step, Workflow
from fairlead.env.effects import effects
from fairlead.workflow import ReadWorkflow, check_workflow, read_values
from fairlead.workflow.keys import ACTIONS, LOOP, STEP, TOP

TOP_PART = """\
fairlead: 1
name: sample
flow: graph
requirements: docs/requirements.yaml
inputs:
  paths: {type: array, default: []}
  name: {type: string, default: x}
  level: {type: string, default: low}
  ticket: {type: string, default: x}
  tag: {type: string, default: x}
  deep: {type: boolean, default: false}
  count: {type: integer, default: 0}
  home: {type: path, default: x}
  token: {type: secret}
"""
STEPS_PART = """\
steps:
  - {id: scan, agent: security-scanner}
  - {id: security, agent: security-scanner}
  - id: checks
    parallel: {steps: [{id: left, run: date}]}
  - id: the_block
    parallel: {steps: [{id: step_inside_a_block, run: date}]}
  - id: the_loop
    loop: {max: 3, steps: [{id: inside_the_loop, run: date}]}
  - id: tune
    loop: {max: 3, steps: [{id: turn, run: date}]}
  - {id: bench, workflow: publish}
"""
ABOVE = "scan, security, checks, the_block, the_loop, tune, bench"
WORKFLOWS = {
    name: Workflow(
        name, (Step("a", RunAction(("date",))),), outputs=dict.fromkeys(("seconds", "total", "count"), "${ 1 }")
    )
    for name in ("publish", "release")
}
# Keys that stand deeper inside a step, and what is written around them.
INSIDE: tuple[tuple[str, str, str], ...] = (
    (r"until: \d", "    wait:\n", "      "),
    (r"that:", "    agent: security-scanner\n    expect:\n      - say: no\n", "        "),
    (r"regex:", "    run: date\n    parse:\n", "      "),
    (r"body:", "    notify:\n      to: [console]\n      title: x\n", "      "),
    (r"title:", "    notify:\n      to: [console]\n", "      "),
    (rf"({'|'.join(name for name in LOOP.names if name not in STEP.names)}):", "", ""),
)


def whole(fragment: str) -> str:
    """A whole file that holds *fragment*."""
    name = "release" if fragment.startswith("# in release.yaml") else "sample"
    top = TOP_PART.replace("name: sample", f"name: {name}")
    body = fragment.removeprefix("# in release.yaml\n")
    first = re.match(r"[\w-]*", body.removeprefix('"'))
    key = first[0] if first else ""
    if not body.strip() or body.startswith("#"):
        return fragment + "\n"
    if body.startswith("- "):
        flow = "" if re.search(r"needs:|after:", body) else "sequence"
        return (top if not flow else top.replace("graph", flow)) + "steps:\n" + _indented(body, "  ") + "\n"
    if re.search(r"^(steps|flow|fairlead|name|requirements|triggers):", body, re.MULTILINE):
        return _as_top(body, key)
    if key in ("schedule", "timezone"):
        rest = "" if key == "schedule" else "schedule: 0 6 * * *, "
        return top + f"triggers:\n  - {{{rest}{body}}}\n" + STEPS_PART
    if re.match(r"\w+:\n  type:", body):
        return top.replace("inputs:\n", "inputs:\n" + _indented(body, "  ") + "\n") + STEPS_PART
    if key in ("seed", "a", "true"):
        return top + STEPS_PART + "x-data:\n" + _indented(body, "  ") + "\n"
    for pattern, before, indent in INSIDE:
        if re.match(pattern, body):
            if not before:
                before, indent = "    loop:\n      max: 3\n      steps: [{id: inner, run: date}]\n", "      "
            return top + STEPS_PART + _step(before + _indented(body, indent))
    if key in STEP.names or key == "timout":
        return top + STEPS_PART + _step(_indented(body, "    ") + _action(body))
    return top + STEPS_PART + "outputs:\n" + _indented(body, "  ") + "\n"


def _as_top(body: str, key: str) -> str:
    """A fragment of keys of the file; what a file needs besides is added."""
    text = body + "\n"
    for name, line in (("name", "name: sample\n"), ("fairlead", "fairlead: 1\n")):
        if not re.search(rf"^{name}:", body, re.MULTILINE):
            text = line + text
    has_steps = re.search(r"^steps:", body, re.MULTILINE)
    return text if has_steps or key not in TOP.names else text + "steps:\n  - {id: only, run: date}\n"


def _step(body: str) -> str:
    needs = "" if "needs:" in body else f"    needs: [{ABOVE}]\n"
    own = "" if re.search(r"^    id:", body, re.MULTILINE) else "    id: the_step\n"
    first, rest = (
        (own or body.split("\n", 1)[0] + "\n"),
        body if own else body.split("\n", 1)[1] if "\n" in body else "",
    )
    return "  - " + first.lstrip() + needs + rest.rstrip("\n") + "\n"


def _action(body: str) -> str:
    """An action for a step that lacks one."""
    if re.search(rf"^({'|'.join(ACTIONS)}):", body, re.MULTILINE):
        return ""
    if body.startswith("with:"):
        return "\n    agent: " + ("triage-rules" if "findings" in body else "security-scanner")
    return "\n    run: date"


def _indented(text: str, indent: str) -> str:
    return "\n".join(indent + line if line else line for line in text.rstrip("\n").split("\n"))


@cache
def cards() -> dict[str, EffectCard]:
    return {kind: effect.describe() for kind, effect in effects().items()}


@cache
def catalog() -> FileCatalog:
    return FileCatalog(read_values)


def check_explained(text: str | bytes, path: str = "sample.yaml") -> ReadWorkflow:
    """Check against the agents and effects that ship, two other workflows, and a small file of requirements."""
    data = text.encode() if isinstance(text, str) else text
    ids = {"docs/requirements.yaml": {"REQ-SEC-1"}}
    return check_workflow(path, data, catalog(), effects=cards(), workflow_of=WORKFLOWS.get, requirements_of=ids.get)
