"""A workflow as the engine knows it: checked, immutable, named by its digest. Files and builders both end here.

Strings called *text* may hold `${ expression }` parts; strings called *expression* are bare expressions.
"""

from functools import cache, cached_property
from typing import Literal

import msgspec

from fairlead.core.ids import Place
from fairlead.core.json import Digest, Json, digest, encode

Flow = Literal["sequence", "graph"]
InputType = Literal["string", "number", "integer", "boolean", "array", "object", "path", "secret"]
Goal = Literal["minimize", "maximize"]
Choice = Literal["approve", "approve_subset", "request_changes", "reject"]
Isolate = Literal["", "none", "worktree", "container", "vm"]
Level = Literal["", "L0", "L1", "L2", "L3"]
ErrorClass = Literal[
    "",  # an answer, not an error: never repeated
    "transient",
    "rate_limit",
    "timeout",
    "resource",
    "invalid_output",
    "expectation",
    "validation",
    "permission",
    "file_not_found",
    "unavailable",  # the agent cannot be reached at all: a fallback may do it, waiting does not help
    "unknown",
]

TIMEOUT_S_DEFAULT = 300.0
TIMEOUT_S_MAX = 3600.0
PARALLEL_DEFAULT = 4
STEPS_MAX = 2_000
ITEMS_MAX = 10_000
ROUNDS_MAX = 50
RETRIES_MAX = 20
FALLBACKS_MAX = 2
APPROVAL_S_DEFAULT = 86_400.0


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """A declared input of a workflow. An input without a default must be given."""

    type: InputType
    description: str = ""
    default: Json = None
    has_default: bool = False
    rules: dict[str, Json] = {}  # the JSON Schema keywords beside the type: enum, minimum, pattern, items …


class Retry(msgspec.Struct, frozen=True, omit_defaults=True):
    """When a failed attempt is repeated, by the class of its error."""

    max: int = 3  # after the first attempt
    on: tuple[ErrorClass, ...] = ("transient", "rate_limit", "timeout", "resource", "invalid_output")
    backoff: Literal["schedule", "constant", "linear", "exponential"] = "schedule"  # the schedule is 5, 15, 30, 30 … s
    initial_s: float = 1.0
    max_delay_s: float = 30.0
    jitter: bool = False


class Each(msgspec.Struct, frozen=True, omit_defaults=True):
    """The step is performed once per item of a list."""

    over: str  # expression: a list
    alias: str = "item"
    key: str = ""  # expression: what names an item; "" is its position
    max_parallel: int = 0  # 0: as many as the run allows


class Join(msgspec.Struct, frozen=True, omit_defaults=True):
    """How many of the steps side by side must end well."""

    kind: Literal["all", "any", "quorum", "at_least"] = "all"
    count: int = 0  # of quorum
    share: float = 0.0  # of at_least, 0…1
    tolerate_count: int = 0  # with "all": so many may fail
    tolerate_share: float = 0.0


class Expectation(msgspec.Struct, frozen=True, omit_defaults=True):
    """What must hold of a step's output."""

    that: str  # expression; reads `output`
    say: str  # text, for when it does not hold
    satisfies: tuple[str, ...] = ()
    is_warning: bool = False  # the step is degraded, not failed


class Parsing(msgspec.Struct, frozen=True):
    """One file, or the standard output, of a program that becomes a field of the step's output."""

    name: str  # of the field
    parser: str  # junit, coverage, sarif, json, hyperfine, pytest_benchmark, regex
    source: str  # a path in the working copy; for regex the pattern


class Approvers(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who may decide, and how many of them must."""

    user: str = ""
    team: str = ""
    role: str = ""
    min: int = 1


class AgentAction(msgspec.Struct, frozen=True, tag="agent", omit_defaults=True):
    """Call the agent *name*: the one that ships, or with a digest the project's own, as it was when the run began."""

    name: str
    definition: Digest = Digest("")
    prompt: str = ""  # text


class RunAction(msgspec.Struct, frozen=True, tag="run", omit_defaults=True):
    """Perform a program as argv, without a shell. A word may hold `${ expression }` parts, which stay inside it."""

    argv: tuple[str, ...]
    parse: tuple[Parsing, ...] = ()


class ApproveAction(msgspec.Struct, frozen=True, tag="approve", omit_defaults=True):
    """A person decides. No process is held meanwhile."""

    title: str  # text
    body: str = ""  # text
    show: tuple[str, ...] = ()  # expressions
    approvers: tuple[Approvers, ...] = ()  # the file's `from`; nobody named: anybody but whom `not_by` names
    not_by: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ("approve", "reject")
    select: str = ""  # expression: the list of which a subset may be approved
    timeout_s: float = APPROVAL_S_DEFAULT
    on_timeout: Literal["hold", "reject", "escalate"] = "hold"
    escalate_to: tuple[str, ...] = ()
    remind_s: tuple[float, ...] = ()
    notify: tuple[str, ...] = ()


class EffectAction(msgspec.Struct, frozen=True, tag="effect"):
    """Change the world outside: performed by the platform itself, never by an agent."""

    kind: str


class NotifyAction(msgspec.Struct, frozen=True, tag="notify", omit_defaults=True):
    """Tell somebody. A message that cannot be delivered degrades the step."""

    to: tuple[str, ...]
    title: str  # text
    body: str = ""  # text


class WaitAction(msgspec.Struct, frozen=True, tag="wait", omit_defaults=True):
    """Wait for a time to pass, for a moment, or for a signal; with a signal, the time is its limit."""

    for_: str = ""  # text: a duration
    until: str = ""  # text: a moment, ISO 8601
    event: str = ""  # the name of a signal


class WorkflowAction(msgspec.Struct, frozen=True, tag="workflow", omit_defaults=True):
    """Perform another workflow as a run of its own. *definition* is what it was when this run began."""

    name: str
    definition: Digest = Digest("")


class ParallelAction(msgspec.Struct, frozen=True, tag="parallel", omit_defaults=True):
    """Steps side by side. With `fail_fast`, the first failure skips the rest and cancels what runs."""

    steps: "tuple[Step, ...]"
    max: int = 0  # 0: as many as the run allows
    fail_fast: bool = True
    join: Join = Join()


class GroupAction(msgspec.Struct, frozen=True, tag="steps"):
    """Steps one after the other, as one step."""

    steps: "tuple[Step, ...]"


class Stall(msgspec.Struct, frozen=True):
    """Stop after so many rounds in a row that gain less than this share."""

    rounds: int
    min_gain: float = 0.0


class LoopAction(msgspec.Struct, frozen=True, tag="loop", omit_defaults=True):
    """The steps again and again, round by round, each from what was kept."""

    steps: "tuple[Step, ...]"
    max: Json  # a number, or text
    until: str = ""  # expression
    metric: str = ""  # expression
    goal: Goal = "minimize"
    start: str = ""  # expression: the metric before the first round
    stall: Stall | None = None
    keep: Literal["best", "last"] = "last"
    on_round_failure: Literal["discard", "stop", "fail"] = "fail"


class Branch(msgspec.Struct, frozen=True, omit_defaults=True):
    """Steps that are performed when this is the first branch whose condition holds; "" always does."""

    steps: "tuple[Step, ...]"
    condition: str = ""  # expression


class ChooseAction(msgspec.Struct, frozen=True, tag="choose"):
    """The first branch whose condition holds."""

    branches: tuple[Branch, ...]


Action = (
    AgentAction
    | RunAction
    | ApproveAction
    | EffectAction
    | NotifyAction
    | WaitAction
    | WorkflowAction
    | ParallelAction
    | GroupAction
    | LoopAction
    | ChooseAction
)
Block = ParallelAction | GroupAction | LoopAction | ChooseAction


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit of a workflow: exactly one action, and how its end counts."""

    id: str
    action: Action
    title: str = ""
    given: dict[str, Json] = {}  # the file's `with`; strings are texts
    condition: str = ""  # the file's `if`: expression
    each: Each | None = None
    join: Join = Join()  # of the items of `each`
    needs: tuple[str, ...] = ()  # must be usable
    after: tuple[str, ...] = ()  # must have ended
    fallback: tuple[str, ...] = ()  # agents that are tried when this one cannot do it
    fallback_definitions: tuple[Digest, ...] = ()  # theirs, as `AgentAction.definition`
    optional: bool = False
    default: Json = None
    has_default: bool = False
    retry: Retry = Retry()
    timeout_s: float = TIMEOUT_S_DEFAULT
    expect: tuple[Expectation, ...] = ()
    satisfies: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()  # texts: patterns
    writes: tuple[str, ...] = ()  # texts: patterns of what may be changed; none: what the agent's card says
    tree: str = ""  # the file's `in`: text, the tree that it works on
    env: tuple[str, ...] = ()  # names of the person's environment that a program may see
    isolate: Isolate = ""
    sandbox: Level = ""  # the level it needs at least; "" is what its kind of agent needs
    is_hidden: bool = False  # the file's `hide`: its output is not shown
    cache: Json = None  # as the file has it; kept, and performed by a later version
    budget: Json = None


class Concurrency(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which runs may overlap."""

    group: str  # text
    max: int = 1
    on_conflict: Literal["queue", "cancel_older", "cancel_newer", "fail"] = "queue"


class Workflow(msgspec.Struct, frozen=True, omit_defaults=True, dict=True):
    """A checked definition."""

    name: str
    steps: tuple[Step, ...]
    title: str = ""
    description: str = ""
    flow: Flow = "sequence"
    inputs: dict[str, Input] = {}
    finally_: tuple[Step, ...] = ()
    outputs: dict[str, Json] = {}
    parallel_max: int = PARALLEL_DEFAULT  # `agent` and `run` steps at once
    vars: dict[str, Json] = {}
    env: tuple[str, ...] = ()  # names of the person's environment that expressions may read
    requirements: str = ""  # path of the file that says what was asked for
    concurrency: Concurrency | None = None
    policies: tuple[str, ...] = ()
    triggers: tuple[Json, ...] = ()  # kept, and fired by a later version
    budget: Json = None

    @cached_property
    def digest(self) -> Digest:
        """Names this definition: equal definitions have equal digests, however they were written."""
        return digest(encode(_bare(self)))

    @cached_property
    def plan(self) -> "dict[str, Planned]":
        """Every step by its id, with its edges resolved, in file order. Computed once; the engine works on this."""
        plan: dict[str, Planned] = {}
        _lay(self.steps, self.flow == "sequence", None, False, 0, 0, plan)
        _lay(self.finally_, True, None, True, 0, 0, plan)
        for name, planned in plan.items():
            for needed in planned.needs:
                plan[needed].successors.append(name)
            for earlier in planned.after:
                plan[earlier].successors.append(name)
        return plan


class Planned(msgspec.Struct):
    """A step with its edges. `parent` is the block that holds it; a block ends when all its children have ended."""

    step: Step
    index: int
    parent: str | None
    needs: list[str]  # must be usable
    after: list[str]  # must have ended
    is_closing: bool  # stands under `finally`
    depth: int  # how many `each` and `loop` it stands in: so many parts its place has after the id
    branch: int  # of the `choose` that holds it
    above: str = ""  # the step above in a sequence: one that its own condition skipped does not stop this one
    children: list[str] = []
    successors: list[str] = []

    @property
    def is_block(self) -> bool:
        """Whether it is performed by the steps inside it."""
        return isinstance(self.step.action, Block)

    @property
    def inner_depth(self) -> int:
        """The depth of its children."""
        return self.depth + (self.step.each is not None) + isinstance(self.step.action, LoopAction)


def _lay(
    steps: tuple[Step, ...],
    is_sequence: bool,
    parent: str | None,
    is_closing: bool,
    depth: int,
    branch: int,
    plan: "dict[str, Planned]",
) -> list[str]:
    """Put *steps* and everything inside them into *plan*; gives the ids of *steps* themselves."""
    names: list[str] = []
    for step in steps:
        needs, after, above = list(step.needs), list(step.after), ""
        if is_sequence and names:
            # Under `finally` every step runs whatever became of the one before: closing work must not be lost. An
            # optional step without a default gives nothing that the next one could need: it only comes first.
            above = names[-1]
            before = plan[names[-1]].step
            is_order_only = (is_closing and parent is None) or (before.optional and not before.has_default)
            (after if is_order_only else needs).append(names[-1])
        planned = Planned(step, len(plan), parent, needs, after, is_closing, depth, branch, above)
        plan[step.id] = planned
        names.append(step.id)
        inner = planned.inner_depth
        match step.action:
            case ParallelAction(inside):
                planned.children = _lay(inside, False, step.id, is_closing, inner, 0, plan)
            case GroupAction(inside) | LoopAction(inside):
                planned.children = _lay(inside, True, step.id, is_closing, inner, 0, plan)
            case ChooseAction(branches):
                for number, one in enumerate(branches):
                    planned.children += _lay(one.steps, True, step.id, is_closing, inner, number, plan)
            case _:
                pass
    return names


def _bare(value: Json) -> Json:
    """*value* without what says nothing. `omit_defaults` leaves out the same object only, and not an equal one."""
    if isinstance(value, msgspec.Struct):
        defaults = _defaults_of(type(value))
        given = {name: getattr(value, name) for name in value.__struct_fields__}
        found = {name: _bare(one) for name, one in given.items() if name not in defaults or one != defaults[name]}
        tag = value.__struct_config__.tag
        return found if tag is None else {"type": tag, **found}
    if isinstance(value, dict):
        return {name: _bare(one) for name, one in value.items()}
    return [_bare(one) for one in value] if isinstance(value, list | tuple) else value


@cache
def _defaults_of(kind: type[msgspec.Struct]) -> dict[str, Json]:
    found = {}
    for one in msgspec.structs.fields(kind):
        if one.default_factory is not msgspec.NODEFAULT:
            found[one.name] = one.default_factory()
        elif one.default is not msgspec.NODEFAULT:
            found[one.name] = one.default
    return found


def place_of(name: str, suffix: tuple[str, ...]) -> Place:
    """Where the step *name* stands in the items and rounds that *suffix* names: `fix[a1]`, `bench#2`."""
    return Place(name + "".join(suffix))
