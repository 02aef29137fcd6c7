"""What a plan says. A plan is a forecast, never an outcome: nothing of it is kept, and nothing in it was performed."""

from typing import Literal

import msgspec

from fairlead.core.errors import Diagnostic
from fairlead.core.json import Digest, Json

Will = Literal["run", "skip", "maybe", "fail", "ask"]


class Seconds(msgspec.Struct, frozen=True):
    """How long something took in the runs of this workflow that ended well: the shortest and the longest."""

    low: float
    high: float
    runs: int


class Cost(msgspec.Struct, frozen=True):
    """What something costs, in US dollars, and why that can be said."""

    low: float
    high: float
    basis: str


class PlannedAgent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the agents that may do a step, in the order in which they are tried."""

    name: str
    lacks: str = ""  # why it cannot be performed here; "" when it can


class PlannedApproval(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question that a run would ask."""

    step: str
    title: str
    asks: str  # who must decide, in words
    choices: tuple[str, ...] = ()
    timeout_s: float = 0.0
    on_timeout: str = "hold"
    lacking: tuple[str, ...] = ()  # why nobody here could answer it


class PlannedEffect(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change of the world outside that a run would make."""

    step: str
    kind: str
    effect_class: str
    is_asked: bool  # whether somebody is asked first
    why: str = ""  # why nobody is, or may be


class PlanStep(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a plan."""

    id: str
    action: str  # agent, run, approve, …
    what: str  # the agent, the words of the program, the kind of the effect …
    will: Will
    reason: str = ""  # why it is not simply performed, or what is unusual about it
    stage: int = 0  # from 1; 0 for a block
    inside: str = ""  # the block that holds it
    depth: int = 0  # how many blocks hold it
    title: str = ""
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    condition: str = ""
    over: str = ""  # of a fan-out: where its items come from
    items: int | None = None  # how many, when that is known
    at_once: int = 0  # items, or steps of a block, at most; 0: as many as the run allows
    rounds: int | None = None  # of a loop, at most, when that is known
    until: str = ""
    branch: str = ""  # the condition of the branch that holds it; "else" for the last one without one
    agents: tuple[PlannedAgent, ...] = ()
    level: str = ""  # of isolation that it gets
    level_problem: str = ""  # why it would not be given what it asks for
    writes: tuple[str, ...] = ()
    is_optional: bool = False
    is_closing: bool = False  # stands under `finally`
    seconds: Seconds | None = None  # none: fewer than three runs have performed it
    cost: Cost | None = None  # none: unknown
    child: "tuple[PlanStep, ...]" = ()  # the steps of the workflow that it performs


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a run of a workflow with these inputs would do, as far as that can be told. It starts nothing."""

    workflow: str
    digest: Digest
    file: str
    shape: str
    inputs: dict[str, Json]
    steps: tuple[PlanStep, ...]
    stages: tuple[tuple[str, ...], ...]
    counts: dict[str, int]  # steps that are no blocks, by what would become of them
    title: str = ""
    approvals: tuple[PlannedApproval, ...] = ()
    effects: tuple[PlannedEffect, ...] = ()
    levels: dict[str, int] = {}  # steps by the isolation that they get
    sandbox: str = ""  # why programs cannot be isolated on this machine; "" when they can, or none is called
    critical_path: tuple[str, ...] = ()
    critical_path_basis: str = ""  # seconds, or steps where no times are known
    isolated: tuple[str, ...] = ()  # outermost steps of a graph that no edge joins to another
    seconds: Seconds | None = None
    cost: Cost | None = None
    unknowns: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()  # why a run would not start, or not end well
    warnings: tuple[Diagnostic, ...] = ()
