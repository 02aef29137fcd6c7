"""The recorded facts. This file is the table of event kinds: what may stand in the journal, and nothing else.

*Requests* may come from any process and carry no epoch. *Progress* comes only from the owner of the run and names its
epoch. Two events per attempt: the intent and its outcome; states of steps and of the run are folded from them.
`docs/reference/events.md` is printed from these classes.
"""

import msgspec

from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Check, Fault
from fairlead.core.receipts import Receipt
from fairlead.core.workflow import Approvers, Choice, ErrorClass, Workflow

INTERPRETER = 2  # the number of this interpreter: a run is continued only by one that knows its number
INLINE_BYTES_MAX = 256_000  # a larger value travels as a reference into the content store
OUTPUT_BYTES_MAX = 10_000_000  # an output is cut here; the digest of the whole is kept


class _Event(msgspec.Struct, frozen=True, gc=False, tag_field="kind", omit_defaults=True):
    """What all kinds share: strict JSON with the kind in it. None leads back to itself: the collector need not look."""


class RunQueued(_Event, frozen=True, gc=False, tag="run.queued"):
    """A request: perform this workflow with these inputs. The definition lies in the content store under its digest."""

    workflow: str  # its name
    definition: Digest
    inputs: dict[str, Json]
    root: str  # absolute path of the checkout, as `path_text`; where the work is done
    interpreter: int = INTERPRETER
    key: str = ""  # the caller's idempotency key: a repeated start gives the same run
    requester: str = ""  # the operating-system user
    labels: dict[str, str] = {}  # what people call it by; names that begin with `fairlead.` are ours
    rerun_of: str = ""  # the run whose workflow and inputs this one repeats
    commit: str = ""  # what was checked out, when git knows; files that differ from it are counted
    branch: str = ""
    changed: int = 0
    facts: Digest = Digest(
        ""
    )  # what expressions may read of the surroundings, as it was: git, host, data, env, previous
    requirements: Digest = Digest("")  # the file of requirements, as it was
    parent: str = ""  # the run of which this is a child
    parent_place: str = ""  # the step there
    origin: str = ""  # the run whose finished steps this one keeps
    kept: tuple[str, ...] = ()  # ids of the outermost steps whose outcomes are taken over from `origin`
    only: tuple[str, ...] = ()  # ids of the outermost steps that are performed; the others are skipped; none: all
    group: str = ""  # of runs that may not overlap
    group_max: int = 1


class RunCancelRequested(_Event, frozen=True, gc=False, tag="run.cancel_requested"):
    """A request: stop what runs, then do what stands under `finally`. A second one stops that too."""

    requester: str = ""
    reason: str = ""


class RunPauseRequested(_Event, frozen=True, gc=False, tag="run.pause_requested"):
    """A request: let running attempts end, start none, and wait for a person."""

    requester: str = ""
    reason: str = ""


class RunResumeRequested(_Event, frozen=True, gc=False, tag="run.resume_requested"):
    """A request: a person says that a paused run goes on."""

    requester: str = ""


class SignalReceived(_Event, frozen=True, gc=False, tag="signal.received"):
    """A request: data for a run that may be waiting for it, now or later. It is kept; the first one of a name wins."""

    name: str
    data: Json = None
    requester: str = ""


class ApprovalDecided(_Event, frozen=True, gc=False, tag="approval.decided"):
    """A request: a person's decision on one exact question. Only the first valid one of a person counts."""

    place: Place
    approval: str
    choice: Choice
    by: str  # the operating-system user
    shown: Digest  # of what the person saw; a question that has changed since is asked again
    teams: tuple[str, ...] = ()  # of the person, as the people file had them at that moment
    roles: tuple[str, ...] = ()
    selected: tuple[int, ...] = ()  # positions in the list of which a subset may be approved
    covers: Digest = Digest("")  # of the list of what was selected
    comment: str = ""
    is_self: bool = False  # the person decides on what the person asked for


class RunImported(_Event, frozen=True, gc=False, tag="run.imported"):
    """A request: all events of this run before this one were taken over from an export. Its receipts are others'."""

    export: Digest  # of the file's bytes
    requester: str = ""


class FindingAccepted(_Event, frozen=True, gc=False, tag="finding.accepted"):
    """A request: this finding of the run is known and counts for nothing, wherever its fingerprint appears again."""

    fingerprint: str
    rule: str
    path: str  # as `path_text`
    reason: str
    until: str = ""  # the last day on which it holds, "2027-01-31"; "" for ever
    requester: str = ""


class FindingReopened(_Event, frozen=True, gc=False, tag="finding.reopened"):
    """A request: an acceptance is taken back."""

    fingerprint: str
    reason: str = ""
    requester: str = ""


class RunClaimed(_Event, frozen=True, gc=False, tag="run.claimed"):
    """A worker owns the run from here on; the epoch in the header is one more than before."""

    worker: str
    durability: str = ""  # what it records survives only this: "process"; "" is everything, also a power cut


class RunParked(_Event, frozen=True, gc=False, tag="run.parked"):
    """Nothing can go on before a person decides, or a signal comes. No process is held."""

    reasons: tuple[str, ...] = ()


class RunContinued(_Event, frozen=True, gc=False, tag="run.continued"):
    """What a parked run waited for has come."""


class StepSkipped(_Event, frozen=True, gc=False, tag="step.skipped"):
    """Its own condition did not hold."""

    place: Place
    reason: str


class StepOpened(_Event, frozen=True, gc=False, tag="step.opened"):
    """A block whose shape depends on values begins: which items, which branch, how many rounds."""

    place: Place
    keys: tuple[str, ...] = ()  # of `each`: one per item, in input order
    items: Json = None  # the list, when it is small
    items_ref: Digest = Digest("")  # its name in the content store, when it is not
    branch: int = -1  # of `choose`; -1: none holds
    rounds_max: int = 0  # of `loop`
    start: float | None = None  # the metric before the first round
    tree: str = ""  # that the first round starts from


class RoundEnded(_Event, frozen=True, gc=False, tag="round.ended"):
    """What a finished round came to; whether another follows is folded from it."""

    place: Place  # of the round: "tune#2"
    metric: float | None = None
    is_met: bool = False  # `until` holds
    tree: str = ""  # that it left


class ApprovalAsked(_Event, frozen=True, gc=False, tag="approval.asked"):
    """A question to a person. The run goes on only where it does not depend on the answer."""

    place: Place
    approval: str  # its id
    about: str  # approve: a step of that kind; effect: what an effect would do; uncertain: whether one happened
    title: str
    body: str = ""
    shown: Json = None  # what the person sees, when it is small: a list of {name, value}
    shown_ref: Digest = Digest("")
    digest: Digest = Digest("")  # of all that is asked, with the exact arguments
    covers: tuple[Digest, ...] = ()  # values that are granted with it: effects with exactly these ask no second time
    choices: tuple[Choice, ...] = ("approve", "reject")
    approvers: tuple[Approvers, ...] = ()
    not_by: tuple[str, ...] = ()
    selectable: int = 0  # how many items the list has of which a subset may be approved
    selectable_ref: Digest = Digest("")  # the list, in the content store
    due: Micros = Micros(0)  # when it lapses; 0: never
    on_timeout: str = "hold"
    effect: str = ""  # the class of what would be performed
    before: str = ""  # the approval of the same step that holds no longer


class WaitBegun(_Event, frozen=True, gc=False, tag="wait.begun"):
    """A step waits and holds no process: for a moment, for a signal, or for a child run that itself waits."""

    place: Place
    attempt: int
    due: Micros = Micros(0)
    signal: str = ""
    child: str = ""  # a run


class AttemptStarted(_Event, frozen=True, gc=False, tag="attempt.started"):
    """The intent: from here on the call may happen. What an `Admitted` names, in one event."""

    place: Place
    attempt: int
    agent: str  # the agent's name, or "run" for a program
    version: str  # the agent's version and digest: what exactly was called
    call: Digest  # what went in
    level: str = "L1"  # the isolation level given
    tree: str = ""  # the recorded tree that a writing step starts from; "" is the checkout
    child: str = ""  # the run that performs it, when it is a workflow
    effect: str = ""  # read_only, keyed, unkeyed or irreversible: what may be done when its end is unknown
    kept_from: str = ""  # the run that did this work; nothing was performed here
    granted: str = ""  # the approval that allows it; "allowed": a person lets such effects happen in this project


class AttemptSucceeded(_Event, frozen=True, gc=False, tag="attempt.succeeded"):
    """The outcome: the work was done and its output kept its contract."""

    place: Place
    attempt: int
    output: Json = None  # the value, when it is small
    output_ref: Digest = Digest("")  # its name in the content store, when it is not
    summary: str = ""
    degraded: tuple[str, ...] = ()
    tree: str = ""  # the tree that the step left, when it may write
    tree_before: str = ""  # the tree that it found, also where that was the checkout as it is
    receipt: Receipt = Receipt()
    checks: tuple[Check, ...] = ()  # what was expected of it


class AttemptFailed(_Event, frozen=True, gc=False, tag="attempt.failed"):
    """The outcome: the work was not done, or its output broke its contract. Without an intent, nothing was begun."""

    place: Place
    attempt: int
    fault: Fault
    code: str
    message: str
    hint: str = ""
    output: Json = None
    receipt: Receipt = Receipt()
    output_ref: Digest = Digest("")  # the name of a large output in the content store
    error: ErrorClass = ""  # decides whether it is repeated
    retry_after_s: float = 0.0  # what the other side asked for; 0: nothing
    checks: tuple[Check, ...] = ()


class AttemptUncertain(_Event, frozen=True, gc=False, tag="attempt.uncertain"):
    """The outcome: an effect began and nobody knows its end. A person decides; it is never repeated by itself."""

    place: Place
    attempt: int
    reason: str


class AttemptCancelled(_Event, frozen=True, gc=False, tag="attempt.cancelled"):
    """The outcome: it was stopped, because a person asked for it or a sibling failed under `fail_fast`."""

    place: Place
    attempt: int
    reason: str


class AttemptLost(_Event, frozen=True, gc=False, tag="attempt.lost"):
    """The outcome: its worker died or was interrupted. What it did stays in its disposable copy; it is repeated."""

    place: Place
    attempt: int
    reason: str


class RunEnded(_Event, frozen=True, gc=False, tag="run.ended"):
    """Nothing is left to do. `status` is the run's last one."""

    status: str
    reasons: tuple[str, ...] = ()  # why it is not simply succeeded, worst first
    fault: Fault | None = None
    code: str = ""
    outputs: dict[str, Json] = {}


Remark = FindingAccepted | FindingReopened | RunImported  # said of a run, also after its end; changes nothing in it
Asking = RunCancelRequested | RunPauseRequested | RunResumeRequested  # changes the status of the run at once
Request = RunQueued | Asking | SignalReceived | ApprovalDecided | Remark
AttemptOutcome = AttemptSucceeded | AttemptFailed | AttemptCancelled | AttemptLost | AttemptUncertain
Turn = StepSkipped | StepOpened | RoundEnded | ApprovalAsked | WaitBegun  # what the owner found out about a step
Standing = RunClaimed | RunParked | RunContinued  # changes the status of the run, by its owner
Progress = Standing | Turn | AttemptStarted | AttemptOutcome | RunEnded
Event = Request | Progress


def contents_of(event: Event) -> tuple[Digest, ...]:
    """What *event* names in the content store."""
    named: tuple[Digest, ...] = ()
    match event:
        case RunQueued():
            named = (event.definition, event.facts, event.requirements)
        case AttemptSucceeded() | AttemptFailed():
            named = (event.output_ref,)
        case StepOpened():
            named = (event.items_ref,)
        case ApprovalAsked():
            named = (event.shown_ref, event.selectable_ref)
        case _:
            pass
    return tuple(one for one in named if one)


def happening_of(event: RunQueued | Asking | Standing) -> str:
    """What *event* is called in the table `fairlead.core.transitions.RUN`: "cancel_requested"."""
    return str(event.__struct_config__.tag).removeprefix("run.")


decode_event = msgspec.json.Decoder(Event).decode
encode_event = msgspec.json.Encoder().encode

# A definition lies in the content store in its canonical form (`core.json.encode`).
decode_definition = msgspec.json.Decoder(Workflow).decode


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """An event with its place in the journal."""

    seq: Seq
    run: RunId
    epoch: Epoch  # 0 for a request
    at: Micros
    event: Event
