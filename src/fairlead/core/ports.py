"""What the pure rooms and the loop need from the world. Each Protocol has a contract suite in `tests/contracts`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from fairlead.core.events import AttemptStarted, Event, Recorded, Request, RunImported, RunQueued
from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq, WorkerId
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Outcome
from fairlead.core.receipts import Receipt
from fairlead.core.standing import RunState
from fairlead.core.tools import ProcessResult, ToolCode
from fairlead.core.workflow import Isolate, Level, NotifyAction, Parsing

BEGINNING = Seq(0)


class Clock(Protocol):
    """Two clocks: one for display, one for waiting. Order comes from the journal's seq, never from either."""

    def now(self) -> Micros: ...
    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    """Names that nothing else determines."""

    def run_id(self) -> RunId: ...
    def worker_id(self) -> WorkerId: ...


# ---------------------------------------------------------------------------------------------------------- the journal


class Batch(msgspec.Struct, frozen=True, gc=False):
    """What the owner of a run wants recorded as one commit: outcomes, and the intents that they led to.

    A stale epoch refuses all of it. If requests of this run lie after `applied`, the outcomes are written, the
    intents are not: the owner reads, applies and decides again.
    """

    run: RunId
    epoch: Epoch
    applied: Seq  # the last seq of this run that the owner has applied
    outcomes: tuple[Event, ...]
    intents: tuple[Event, ...]


class Written(msgspec.Struct, frozen=True, gc=False):
    """What became of a batch. It is durable."""

    first_seq: Seq  # of the first event written; they are adjacent
    last_seq: Seq  # of the last event written, or the run's last seq when nothing was
    at: Micros
    are_intents_written: bool


class RunRow(msgspec.Struct, frozen=True):
    """One line of the list of runs: an index over the events, kept in the same commit, rebuildable from them."""

    run: RunId
    workflow: str
    root: str
    status: str  # queued, running, succeeded, degraded, failed, cancelled
    queued_at: Micros
    ended_at: Micros  # 0 while it has not ended
    first_seq: Seq
    last_seq: Seq
    epoch: Epoch
    worker: str  # the last owner, "" before the first claim
    requester: str


class OpenRun(msgspec.Struct, frozen=True, gc=False):
    """One run that has not ended, for whoever goes on with what others have left."""

    run: RunId
    root: str
    status: str
    queued_at: Micros
    last_seq: Seq
    last_request_seq: Seq
    epoch: Epoch
    worker: str  # the last owner, "" before the first claim


Delivery = Callable[[Sequence[tuple[object, "Written | Recorded | Exception"]]], None]


class Journal(Protocol):
    """The only truth: ordered, append-only, hash-chained events of all runs, and the content store beside them.

    Reading is plain and blocking. `append` returns at once; its result comes through the `Delivery` given when the
    journal was opened, once per commit, on the writer's thread. After any error of the disk every later append fails.
    """

    def append(self, batch: Batch, token: object) -> None:
        """Queue *batch* for the next commit; *token* comes back with `Written`, `Fenced` or `JournalFailed`."""
        ...

    def record(self, run: RunId, request: Request, after: Seq | None = None) -> Recorded:
        """Append a request and wait until it is durable. A `run.queued` with a known key gives the earlier record.

        Raises:
            FairleadError: FL-R101 unknown run; FL-R102 it has ended; FL-R105 the run has a later request than *after*.
        """
        ...

    def take_over(self, records: Sequence[Recorded], remark: RunImported) -> Recorded:
        """Write a run that has ended in another journal: its events in order, then *remark*. All of it or nothing.

        Raises:
            FairleadError: FL-R104 there is a run with this id; FL-R103 its key belongs to another start.
        """
        ...

    def claim(self, run: RunId, worker: WorkerId) -> Recorded:
        """Make *worker* the owner: `run.claimed` with the next epoch, durable.

        Raises:
            FairleadError: FL-R101 unknown run; FL-R102 it has ended; FL-R401 another living worker owns it.
        """
        ...

    def claim_later(self, run: RunId, worker: WorkerId, token: object) -> None:
        """As `claim`, with the `Recorded` or the error delivered under *token*: many claims become one commit."""
        ...

    def events_of(self, run: RunId, after: Seq = BEGINNING) -> Iterator[Recorded]:
        """The run's events in order; every payload's digest is checked.

        Raises:
            FairleadError: FL-L0xx when what is read is not what was written.
        """
        ...

    def events_after(self, after: Seq, limit: int = 10_000) -> Sequence[Recorded]:
        """Events of all runs, for followers."""
        ...

    def requests_after(self, after: Seq) -> Sequence[Recorded]:
        """Requests of all runs, in order: how an owner learns that somebody asked for something."""
        ...

    def remarks_on_findings(self) -> Sequence[Recorded]:
        """Every `finding.accepted` and `finding.reopened` of all runs, in order."""
        ...

    def head(self) -> Seq: ...
    def runs(self, limit: int = 50) -> Sequence[RunRow]:
        """Newest first."""
        ...

    def find_run(self, prefix: str) -> Sequence[RunRow]:
        """Runs whose id begins with *prefix*, newest first; at most ten."""
        ...

    def open_runs(self, limit: int) -> Sequence[OpenRun]:
        """The oldest *limit* runs that have not ended, oldest first; what has ended costs nothing."""
        ...

    def has_changed(self) -> bool:
        """Whether another connection has written since this was last asked. Costs microseconds: ask every 50 ms."""
        ...

    def is_alive(self, worker: str) -> bool:
        """Whether *worker* proves life: its lock is held and was touched in the last 30 s."""
        ...

    def beat(self) -> None:
        """Prove that this process's workers live; every 10 s."""
        ...

    def put(self, data: bytes) -> Digest:
        """Keep *data* in the content store, synced, under its digest. Putting it again is free."""
        ...

    def get(self, digest: Digest) -> bytes:
        """What was put under *digest*, checked.

        Raises:
            FairleadError: FL-L0xx when it is missing or altered.
        """
        ...

    def close(self) -> None: ...


class Fenced(Exception):
    """The epoch of a batch is stale: another worker has claimed the run. Stop working on it; record nothing more."""


class Interrupted(Exception):
    """Whoever performs the runs was asked to stop: attempts ended as lost, and any worker can go on."""


class JournalFailed(Exception):
    """The disk refused a write. Nothing more is acknowledged by this process; recovery at the next start repairs."""


# ----------------------------------------------------------------------------------------------------------- the engine


class Wake(msgspec.Struct, frozen=True, gc=False):
    """What `Runtime.wait_any` comes back with."""

    finished: tuple[Event, ...]  # outcomes, in the order in which they will be recorded
    is_superseded: bool = False  # somebody asked for something meanwhile: read the run again, then take what finished
    interrupted: str = ""  # why the work stops here: record what finished, and begin nothing


class Child(msgspec.Struct, frozen=True, gc=False):
    """A run to be performed as a step of another one."""

    place: Place
    attempt: int
    run: RunId
    queued: RunQueued
    started: AttemptStarted


class Runtime(Protocol):
    """What the loop needs from an engine. All but `wait_any` and `rest` only note; what is noted is one commit."""

    def step(self, admitted: "Admitted") -> None:
        """Begin this call once its intent is durable."""
        ...

    def child(self, child: Child) -> None:
        """Begin this run, or find it again, once the intent is durable."""
        ...

    def abandon(self, place: Place, reason: str) -> None:
        """Stop the attempt at *place*; it finishes as cancelled. Asking again changes nothing."""
        ...

    def emit(self, event: Event) -> None:
        """Record *event* with the intents."""
        ...

    def seen(self, outcomes: Sequence[Event]) -> None:
        """These finished attempts were applied: they go into the next commit, before what they led to."""
        ...

    async def wait_any(self, due: Micros | None) -> Wake:
        """Commit all that was noted as one group, begin the calls whose intents are now durable, wait for something:
        an end, a request of somebody, or the moment *due*."""
        ...

    async def rest(self) -> bool:
        """Commit what was noted and leave the run to a later claim; False when somebody asked for something."""
        ...

    def refold_of(self, run: RunId) -> RunState:
        """The state of any run, as the journal has it."""
        ...


# ------------------------------------------------------------------------------------------------------------- children


class Confinement(msgspec.Struct, frozen=True):
    """Level L2: the namespaces and limits that a program is started in. Its `cwd` is what it finds at `place`."""

    place: str  # the checkout's own path: the program sees its working copy there
    is_copy: bool = True  # it may write to what it finds there; else that is the checkout, to be read
    memory_max: int = 512_000_000  # bytes, of all its processes together
    processes_max: int = 256
    disk_max: int = 1_000_000_000  # bytes by which the copy may grow
    files_max: int = 20_000  # by which the copy may grow
    shown: tuple[str, ...] = ()  # files to be read besides, at their own paths: those that belong to an agent


class Program(msgspec.Struct, frozen=True):
    """A program to perform as argv, without a shell, in its own process group and an environment built from empty."""

    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str] = {}
    stdin: bytes = b""
    timeout_s: float = 300.0
    output_max: int = 10_000_000  # bytes, for stdout and stderr each; more kills the group
    log: str = ""  # path of a file that receives stderr and stdout as they come; "" for none
    passed_on: tuple[str, ...] = ()  # names of the worker's own environment that the program may see
    confinement: Confinement | None = None  # none: level L0, only the group, the limits above and the clean start
    watched: str = ""  # the checkout, when nothing keeps the program from it: what changes meanwhile is in the receipt


class ProgramEnd(msgspec.Struct, frozen=True):
    """How a program ended, as its spawner observed it."""

    process: ProcessResult
    receipt: Receipt


class ToolCall(msgspec.Struct, frozen=True):
    """A Python function to call in a forked child: `module:function` of an installed package.

    With `code`, the entry is a `ToolMaker`: it makes the function out of code that does not ship.
    """

    entry: str
    inputs: dict[str, Json]
    root: str  # the tree it may read
    timeout_s: float = 300.0
    memory_max: int = 512_000_000  # bytes of address space added to what the child has at its start
    log: str = ""
    code: ToolCode | None = None
    writes: tuple[str, ...] = ()  # patterns of the paths of `root` that it may write: it is a copy then
    confinement: Confinement | None = None  # of `code`; without it, of the programs that ours performs
    listing: str = ""  # calls with the same word that are under way together share one listing of `root`; "": none


class ToolEnd(msgspec.Struct, frozen=True):
    """How a tool ended: its outcome, or a `Failed` that the spawner made (time limit, killed, exception)."""

    outcome: Outcome
    receipt: Receipt


ProgressLine = Callable[[str, int], None]  # text, findings so far


class Spawner(Protocol):
    """Starts and ends children. Cancelling the awaiting coroutine kills the child's whole process group."""

    async def perform_program(self, program: Program) -> ProgramEnd: ...
    async def call_tool(self, call: ToolCall, progress: ProgressLine) -> ToolEnd: ...


class Trees(Protocol):
    """Working copies of one run, filled from its private git directory; the repository's own `.git` is only read."""

    async def open_copy(self, place: Place, attempt: int, tree: str) -> str:
        """A fresh directory with *tree* in it ("": the checkout as it is: tracked, changed and untracked files)."""
        ...

    async def found(self, tree: str) -> str:
        """The id of *tree*; of "" that of the checkout as it is, the same for the whole life of this object."""
        ...

    async def record_copy(self, path: str) -> str:
        """Record what lies in the copy as a tree, synced; gives its id. Nothing of a step counts before this."""
        ...

    async def drop_changes(self, path: str, tree: str, patterns: Sequence[str]) -> Sequence[str]:
        """Put back what differs in the copy from *tree* and fits none of *patterns*; gives those paths, sorted."""
        ...

    async def drop_copy(self, path: str) -> None: ...


# --------------------------------------------------------------------------------------------------------------- agents


class Setting(msgspec.Struct, frozen=True):
    """One line of what holds for an agent, and why it is what it is."""

    name: str
    value: str
    why: str


class AgentCard(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of an agent without running it."""

    name: str
    title: str
    description: str
    adapter: str  # "tool" in this build
    entry: str  # what the adapter calls
    version: str
    digest: Digest  # of the card and the code behind it: a changed file is a new digest
    input_schema: dict[str, Json]
    output_schema: dict[str, Json]
    source: str  # where the card lies, for people
    body: str = ""  # its documentation, Markdown
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    network: str = "none"
    risk: str = "low"
    effect_class: str = "read_only"
    is_deterministic: bool = True
    timeout_s: float = 300.0
    memory_max: int = 512_000_000
    tags: tuple[str, ...] = ()
    problem: str = ""  # why it cannot be used; "" when it can
    notes: tuple[str, ...] = ()  # what else a person should know: its level, what cannot be read without running it
    shadowed: tuple[str, ...] = ()  # what hides it, or what it hides: other agents of the same name
    needs: str = ""  # what a call lacks here, "a model provider: none is configured"; "" when it can be performed
    fallback: tuple[str, ...] = ()  # agents that take over when this one cannot, in their order
    isolate: str = ""  # none, worktree, container, vm; "" when it asks for nothing
    level: str = ""  # the least isolation that it asks for: L1, L2, L3; "" when it asks for nothing
    at: str = ""  # the input that names the tree it works on; "" when there is none
    contract: str = ""  # what it gives, by name: findings, patch, report, metrics, verdict; or a file with the schema
    tools: tuple[str, ...] = ()  # what it may call, as its file says
    model: str = ""
    budget: dict[str, Json] = {}
    cache: dict[str, Json] = {}
    health: dict[str, Json] = {}
    fields: dict[str, Json] = {}  # of its file, besides name, description and `fairlead`; kept as they stand
    warnings: tuple[str, ...] = ()  # what is wrong with its file and does not keep it from working, with codes
    settings: tuple[Setting, ...] = ()  # what holds for it and why; filled in when one agent is shown


class Call(msgspec.Struct, frozen=True, gc=False):
    """One concrete request through the gate."""

    run: RunId
    place: Place
    attempt: int
    agent: str  # "run" for a program
    inputs: dict[str, Json]
    root: str  # the checkout
    argv: tuple[str, ...] = ()
    timeout_s: float = 300.0
    tree: str = ""
    definition: Digest = Digest("")  # of an agent of the project, as it was when the run began; "" for one that ships
    parse: tuple[Parsing, ...] = ()  # what of a program's files and output becomes fields of its output
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()  # patterns of what it may change; none: what the agent's card says
    sandbox: Level = ""  # the level that the step asks for at least
    isolate: Isolate = ""
    env: tuple[str, ...] = ()  # names of the person's environment that a program may see
    effect: str = ""  # the kind of an effect; "" for everything else
    message: NotifyAction | None = None  # of a `notify` step, its texts filled in
    granted: str = ""  # the approval that allows this call, if it still is what was asked about
    asked: Digest = Digest("")  # of what was asked about; "": of nothing that could have changed
    feedback: tuple[str, ...] = ()  # why the attempt before was not good enough


class EffectCard(msgspec.Struct, frozen=True):
    """What is known of a kind of effect without performing one."""

    kind: str  # git.commit
    title: str
    description: str
    input_schema: dict[str, Json]
    output_schema: dict[str, Json]
    effect_class: str  # read_only, keyed, unkeyed or irreversible
    covered_by: tuple[str, ...] = ()  # arguments: an approval that granted all of their values grants the effect


class EffectWorld(msgspec.Struct, frozen=True):
    """Where an effect is performed: the person's checkout, and the trees that the run has recorded."""

    root: str  # absolute path of the checkout
    trees: str  # path of the run's private git directory, in which recorded trees can be found
    run: RunId
    key: str  # the same for every attempt of this step: how an effect that has happened is found again
    log: str  # path of a file for what programs write
    timeout_s: float = 300.0


class Effect(Protocol):
    """One kind of change outside, performed by the platform itself."""

    def describe(self) -> EffectCard: ...
    def class_of(self, given: dict[str, Json]) -> str:
        """The class of exactly this effect: that of its card, or a milder one that the arguments allow."""
        ...

    async def show(self, given: dict[str, Json], world: EffectWorld) -> list[dict[str, Json]]:
        """What exactly would happen, for the person who decides: {name, value} in reading order. Changes nothing."""
        ...

    async def find(self, given: dict[str, Json], world: EffectWorld) -> Outcome | None:
        """The outcome of an earlier attempt with this key, when the effect has happened; None when it has not."""
        ...

    async def perform(self, given: dict[str, Json], world: EffectWorld) -> Outcome:
        """Do it. What cannot be done is `Failed`, and then nothing was changed."""
        ...


class Admitted(msgspec.Struct, frozen=True, gc=False):
    """The first half's yes: the intent that is recorded, and the call that it allows."""

    call: Call
    started: AttemptStarted
    key: str  # idempotency key


class World(Protocol):
    """The only way an adapter reaches anything."""

    async def call_tool(
        self,
        entry: str,
        inputs: dict[str, Json],
        memory_max: int,
        code: ToolCode | None = None,
        writes: tuple[str, ...] = (),
    ) -> Outcome: ...
    async def perform_program(
        self, argv: Sequence[str], stdin: bytes = b"", passed_on: Sequence[str] = (), shown: Sequence[str] = ()
    ) -> ProcessResult: ...
    def progress(self, text: str, found: int = 0) -> None: ...


class Agent(Protocol):
    """Anything that does work."""

    def describe(self) -> AgentCard: ...
    async def perform(self, call: Call, world: World) -> Outcome: ...


class Catalog(Protocol):
    """Which agents there are, from their cards, without importing their code."""

    def cards(self) -> Sequence[AgentCard]: ...
    def find(self, name: str) -> AgentCard | None: ...
