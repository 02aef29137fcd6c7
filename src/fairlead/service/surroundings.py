"""What stands around a command: the home screen, `doctor`, `init`, `check`, `journal verify`."""

import os.path

import msgspec

from fairlead.service.approvals import open_approvals
from fairlead.service.isolation import isolation_probe
from fairlead.service.parts import Checkout, Parts, Probe, Project
from fairlead.service.platforms import describe, detect_platform
from fairlead.service.runs import RunList, list_runs
from fairlead.service.starts import PROJECT_WORKFLOWS
from fairlead.views.runs import RunLine


class Next(msgspec.Struct, frozen=True):
    """Something to type, and what it does."""

    command: str
    does: str


class Home(msgspec.Struct, frozen=True):
    """What bare `fairlead` shows."""

    name: str
    root: str
    checkout: Checkout
    notes: tuple[str, ...]
    last: RunLine | None
    open_runs: tuple[RunLine, ...]  # runs that wait for somebody to go on with them
    next: tuple[Next, ...]


class Health(msgspec.Struct, frozen=True):
    """What `doctor` found."""

    probes: tuple[Probe, ...]
    problems: int
    improvements: int


class Written(msgspec.Struct, frozen=True):
    """What `init` did."""

    written: tuple[str, ...]
    kept: tuple[str, ...]  # files that were there already; they are never overwritten


def home(parts: Parts, project: Project) -> Home:
    """Where things stand, and three things to do next."""
    runs: RunList = list_runs(parts, project, limit=20)
    last = runs.runs[0] if runs.runs else None
    waiting = tuple(line for line in runs.runs if line.unowned_since)
    steps: list[Next] = []
    if asked := len(open_approvals(parts, project).approvals):
        many = "a question waits" if asked == 1 else f"{asked} questions wait"
        steps.append(Next("fairlead approvals", f"{many} for somebody's decision"))
    if waiting:
        steps.append(Next(f"fairlead resume {waiting[0].run}", "go on where it stopped"))
    if last is None or last.ended_at:
        steps.append(Next("fairlead review", "look this repository over; nothing leaves the machine"))
    if last is not None:
        steps.append(Next("fairlead findings list", "what the last run found"))
    if not any(True for _ in parts.files.names(os.path.join(project.root, PROJECT_WORKFLOWS))):
        steps.append(Next("fairlead init", "a workflow of your own to start from"))
    steps.append(Next("fairlead agents list", "who does the work"))
    steps.append(Next("fairlead doctor", "is everything ready?"))
    return Home(
        project.name,
        project.root,
        parts.checkout(project),
        project.notes,
        last,
        waiting,
        tuple(steps[:3]),
    )


def examine(parts: Parts, project: Project | None) -> Health:
    """Look at the machine, the repository and the state directory."""
    probes = (*parts.probes(project), isolation_probe(parts, project))
    platform = detect_platform(parts.environ)
    if platform is not None:
        probes = (*probes, Probe("ci", "ok", describe(platform)))
    return Health(
        probes,
        sum(1 for probe in probes if probe.status == "bad"),
        sum(1 for probe in probes if probe.status == "warn"),
    )


_STARTING_WORKFLOW = """\
# yaml-language-server: $schema={schema}
# A workflow of your own, to start from.   fairlead check {name}    is it right?
#                                          fairlead run {name}      perform it
fairlead: 1
name: {name}
title: Review, then the tests

# Inputs are given with -i NAME=VALUE; one without a default must be given.
inputs:
  history:
    type: boolean
    default: false
    description: Whether past commits are searched for secrets too

# Each step has exactly one action: `agent` calls an agent (fairlead agents list), `run` performs a program.
# Steps come one after the other; under `flow: graph` only `needs` and `after` say what comes first.
steps:
  - id: inventory
    agent: inventory

  - id: scans
    parallel:
      fail_fast: false
      steps:
        # An optional step may fail: the run is then degraded, and says why.
        - id: secrets
          agent: secret-scanner
          optional: true
          timeout: 10m
          with:
            history: ${{ inputs.history }}
        - id: security
          agent: security-scanner
          optional: true
          timeout: 10m

  # Put your own tests here, for example: run: python -m pytest -q
  # A program works in a sandbox: a copy of your files, .venv and node_modules to be read, and no network. What it
  # writes stays in the copy, where the next step finds it.   fairlead sandbox show    does that work here?
  - id: tests
    run: git --version
    timeout: 10m
"""


def write_start(parts: Parts, project: Project) -> Written:
    """Write a workflow to start from into the project. Nothing that is there is changed.

    Raises:
        OSError: the directory cannot be written.
    """
    from fairlead.workflow.keys import SCHEMA_ID

    name = "my-review"
    relative = os.path.join(PROJECT_WORKFLOWS, f"{name}.yaml")
    try:
        text = _STARTING_WORKFLOW.format(path=relative, name=name, schema=SCHEMA_ID)
        parts.files.write(os.path.join(project.root, relative), text.encode(), is_new=True)
    except FileExistsError:
        return Written((), (relative,))
    return Written((relative,), ())
