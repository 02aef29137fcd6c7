"""What the calls of the builder may be given by name, for editors and type checkers: the keys of the format.

A name that Python keeps for itself ends with `_`. A test compares these tables with those of `fairlead.workflow.keys`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, TypedDict

from fairlead.workflow.building.symbols import Symbol, Value

Condition: TypeAlias = Symbol | str | bool
Expression: TypeAlias = Symbol | str
Number: TypeAlias = Symbol | str | int | float
Text: TypeAlias = Symbol | str
Given: TypeAlias = Mapping[str, Value]
Key: TypeAlias = Symbol | str | Callable[[Symbol], Value]


class Each(TypedDict, total=False):
    """A fan-out: `over` is the list, `key` what names an item."""

    over: Expression
    as_: str
    key: Key
    max_parallel: int
    tolerate: int | str
    join: str


class Cache(TypedDict, total=False):
    """How long an output may be used again."""

    ttl: str
    also_key: Sequence[Expression]
    scope: str
    mode: str


class Modifiers(TypedDict, total=False):
    """What every step may be given."""

    name: str
    if_: Condition
    needs: Sequence[Symbol | str]
    after: Sequence[Symbol | str]
    each: Each | Expression
    as_: str
    key: Key
    max_parallel: int
    tolerate: int | str
    join: str
    optional: bool
    default: Value
    budget: Given
    expect: "Sequence[Given]"
    satisfies: Sequence[str]
    hide: bool
    x: Mapping[str, Value]


class Blocks(Modifiers, total=False):
    """What a block may be given too."""

    timeout: str


class Calls(Blocks, total=False):
    """What a step that calls something may be given too."""

    retry: int | Given


class Programs(Calls, total=False):
    """What `agent` and `run` may be given too."""

    in_: Text
    env: Sequence[str]
    reads: Sequence[Text]
    writes: Sequence[Text]
    isolate: str
    sandbox: str
    cache: str | Cache


class Agents(Programs, total=False):
    """What `agent` may be given too."""

    with_: Given
    prompt: Text
    fallback: Sequence[str]


class Runs(Programs, total=False):
    """What `run` may be given too."""

    parse: Given


class Effects(Calls, total=False):
    """What `effect` may be given too."""

    with_: Given


class Children(Calls, total=False):
    """What `workflow` may be given too."""

    with_: Given
    cache: str | Cache


class Approvals(Modifiers, total=False):
    """What `approve` may be given too."""

    body: Text
    show: Sequence[Expression]
    from_: Sequence[Given]
    not_by: Sequence[str]
    choices: Sequence[str]
    select: Expression
    timeout: str
    on_timeout: Literal["hold", "reject", "escalate"]
    escalate_to: Sequence[str]
    remind: Sequence[str]
    notify: Sequence[str]


class Messages(Calls, total=False):
    """What `notify` may be given too."""

    body: Text


class Loops(Blocks, total=False):
    """What `loop` may be given too."""

    until: Condition
    metric: Number
    goal: Literal["minimize", "maximize"]
    start: Number
    stall: Given
    keep: Literal["best", "last"]
    on_round_failure: Literal["discard", "stop", "fail"]
