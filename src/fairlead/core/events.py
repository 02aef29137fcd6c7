"""The recorded facts. This file is the table of event kinds: what may stand in the journal, and nothing else.

*Requests* may come from any process and carry no epoch. *Progress* comes only from the owner of the run and names its
epoch. Two events per attempt: the intent and its outcome; states of steps and of the run are folded from them.
`docs/reference/events.md` is printed from these classes.
"""

import msgspec

from fairlead.core.ids import Epoch, Micros, Place, RunId, Seq
from fairlead.core.json import Digest, Json
from fairlead.core.outcomes import Fault
from fairlead.core.receipts import Receipt
from fairlead.core.workflow import Workflow

INTERPRETER = 1  # the number of this interpreter: a run is continued only by one that knows its number
INLINE_BYTES_MAX = 256_000  # a larger value travels as a reference into the content store
OUTPUT_BYTES_MAX = 10_000_000  # an output is cut here; the digest of the whole is kept


class _Event(msgspec.Struct, frozen=True, tag_field="kind", omit_defaults=True):
    """What all kinds share: strict JSON with the kind in it."""


class RunQueued(_Event, frozen=True, tag="run.queued"):
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


class RunCancelRequested(_Event, frozen=True, tag="run.cancel_requested"):
    """A request: stop what runs, then do what stands under `finally`. A second one stops that too."""

    requester: str = ""
    reason: str = ""


class RunPauseRequested(_Event, frozen=True, tag="run.pause_requested"):
    """A request: let running attempts end, start none, and wait for a person."""

    requester: str = ""
    reason: str = ""


class RunResumeRequested(_Event, frozen=True, tag="run.resume_requested"):
    """A request: a person says that a paused run goes on."""

    requester: str = ""


class RunImported(_Event, frozen=True, tag="run.imported"):
    """A request: all events of this run before this one were taken over from an export. Its receipts are others'."""

    export: Digest  # of the file's bytes
    requester: str = ""


class FindingAccepted(_Event, frozen=True, tag="finding.accepted"):
    """A request: this finding of the run is known and counts for nothing, wherever its fingerprint appears again."""

    fingerprint: str
    rule: str
    path: str  # as `path_text`
    reason: str
    until: str = ""  # the last day on which it holds, "2027-01-31"; "" for ever
    requester: str = ""


class FindingReopened(_Event, frozen=True, tag="finding.reopened"):
    """A request: an acceptance is taken back."""

    fingerprint: str
    reason: str = ""
    requester: str = ""


class RunClaimed(_Event, frozen=True, tag="run.claimed"):
    """A worker owns the run from here on; the epoch in the header is one more than before."""

    worker: str


class AttemptStarted(_Event, frozen=True, tag="attempt.started"):
    """The intent: from here on the call may happen. What an `Admitted` names, in one event."""

    place: Place
    attempt: int
    agent: str  # the agent's name, or "run" for a program
    version: str  # the agent's version and digest: what exactly was called
    call: Digest  # what went in
    level: str = "L1"  # the isolation level given
    tree: str = ""  # the recorded tree that a writing step starts from; "" is the checkout


class AttemptSucceeded(_Event, frozen=True, tag="attempt.succeeded"):
    """The outcome: the work was done and its output kept its contract."""

    place: Place
    attempt: int
    output: Json = None  # the value, when it is small
    output_ref: Digest = Digest("")  # its name in the content store, when it is not
    summary: str = ""
    degraded: tuple[str, ...] = ()
    tree: str = ""  # the tree that the step left, when it may write
    receipt: Receipt = Receipt()


class AttemptFailed(_Event, frozen=True, tag="attempt.failed"):
    """The outcome: the work was not done, or its output broke its contract. Without an intent, nothing was begun."""

    place: Place
    attempt: int
    fault: Fault
    code: str
    message: str
    hint: str = ""
    output: Json = None
    receipt: Receipt = Receipt()


class AttemptCancelled(_Event, frozen=True, tag="attempt.cancelled"):
    """The outcome: it was stopped, because a person asked for it or a sibling failed under `fail_fast`."""

    place: Place
    attempt: int
    reason: str


class AttemptLost(_Event, frozen=True, tag="attempt.lost"):
    """The outcome: its worker died or was interrupted. What it did stays in its disposable copy; it is repeated."""

    place: Place
    attempt: int
    reason: str


class RunEnded(_Event, frozen=True, tag="run.ended"):
    """Nothing is left to do. `status` is the run's last one."""

    status: str
    reasons: tuple[str, ...] = ()  # why it is not simply succeeded, worst first
    fault: Fault | None = None
    code: str = ""
    outputs: dict[str, Json] = {}


Remark = FindingAccepted | FindingReopened | RunImported  # said of a run, also after its end; changes nothing in it
Request = RunQueued | RunCancelRequested | RunPauseRequested | RunResumeRequested | Remark
Progress = RunClaimed | AttemptStarted | AttemptSucceeded | AttemptFailed | AttemptCancelled | AttemptLost | RunEnded
AttemptOutcome = AttemptSucceeded | AttemptFailed | AttemptCancelled | AttemptLost
Event = Request | Progress


def contents_of(event: Event) -> tuple[Digest, ...]:
    """What *event* names in the content store."""
    if isinstance(event, RunQueued):
        return (event.definition,)
    if isinstance(event, AttemptSucceeded) and event.output_ref:
        return (event.output_ref,)
    return ()


def happening_of(event: Request | RunClaimed) -> str:
    """What *event* is called in the table `fairlead.core.transitions.RUN`: "cancel_requested"."""
    return str(event.__struct_config__.tag).removeprefix("run.")


decode_event = msgspec.json.Decoder(Event).decode
encode_event = msgspec.json.Encoder().encode

# A definition lies in the content store in its canonical form (`core.json.encode`).
decode_definition = msgspec.json.Decoder(Workflow).decode


class Recorded(msgspec.Struct, frozen=True):
    """An event with its place in the journal."""

    seq: Seq
    run: RunId
    epoch: Epoch  # 0 for a request
    at: Micros
    event: Event
