"""Frozen histories: events of real runs, and what they folded to on the day on which they were frozen.

    NAME.jsonl            {"history": 1, "fairlead": …, "run": …}      the head
                          {"workflow": …}                              the definition that was pinned
                          {"seq": …, "epoch": …, "at": …, "event": …}  each event of the run
    NAME.expected.json    a digest of where the run stood after each event, and where it stood at the end
    SHA256SUMS            the digests of all these files

A file is never written again: `tools/freeze_histories.py` adds new ones. What lies here was recorded by a Fairlead that
somebody has installed, and has to fold as it did for as long as there is a Fairlead.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple, get_args

import msgspec

from fairlead.core.events import Event, Recorded, decode_definition, decode_event
from fairlead.core.ids import Epoch, Micros, RunId, Seq
from fairlead.core.json import Json, encode
from fairlead.core.outcomes import Check
from fairlead.core.receipts import Receipt
from fairlead.core.standing import RunState, StepRun
from fairlead.core.state import apply
from fairlead.core.transitions import ATTEMPT, RUN, STEP
from fairlead.core.workflow import Action, Workflow

HERE = Path(__file__).parent
SUMS = "SHA256SUMS"
KINDS = "kinds.json"
FORMAT = 1


class History(NamedTuple):
    """One frozen run."""

    name: str
    workflow: Workflow
    records: tuple[Recorded, ...]


class Expected(msgspec.Struct, frozen=True):
    """What a history folded to when it was frozen."""

    digest: str  # of where the run stood after each of its events
    end: dict[str, Json]  # where it stood after the last one


class _Head(msgspec.Struct, frozen=True):
    history: int
    fairlead: str
    run: str


class _Definition(msgspec.Struct, frozen=True):
    workflow: msgspec.Raw


class _Line(msgspec.Struct, frozen=True):
    seq: int
    epoch: int
    at: int
    event: msgspec.Raw


def names(folder: Path = HERE) -> list[str]:
    return sorted(path.name.removesuffix(".jsonl") for path in folder.glob("*.jsonl"))


def read_history(name: str, folder: Path = HERE) -> History:
    """A frozen run as it was recorded."""
    lines = (folder / f"{name}.jsonl").read_bytes().splitlines()
    head = msgspec.json.decode(lines[0], type=_Head)
    assert head.history == FORMAT, name
    workflow = decode_definition(msgspec.json.decode(lines[1], type=_Definition).workflow)
    records = []
    for line in lines[2:]:
        found = msgspec.json.decode(line, type=_Line)
        event: Event = decode_event(found.event)
        records.append(Recorded(Seq(found.seq), RunId(head.run), Epoch(found.epoch), Micros(found.at), event))
    return History(name, workflow, tuple(records))


def history_bytes(version: str, definition: bytes, records: list[Recorded], hide: Any) -> bytes:
    """A run as it is frozen; *hide* takes what tells whose machine it was out of a text."""
    encode_line = msgspec.json.Encoder().encode
    lines = [encode_line(_Head(FORMAT, version, records[0].run))]
    lines.append(encode_line(_Definition(msgspec.Raw(definition))))
    lines += [encode_line(_Line(r.seq, r.epoch, r.at, msgspec.Raw(encode_line(r.event)))) for r in records]
    text: str = hide(b"".join(line + b"\n" for line in lines).decode())
    return text.encode()


def read_expected(name: str, folder: Path = HERE) -> Expected:
    return msgspec.json.decode((folder / f"{name}.expected.json").read_bytes(), type=Expected)


def fold_history(history: History) -> Expected:
    """Fold it anew."""
    whole = sha256()
    end: dict[str, Json] = {}
    for state in states(history):
        end = where_it_stands(state)
        whole.update(encode(end))
    return Expected(f"sha256:{whole.hexdigest()}", end)


def states(history: History) -> Iterator[RunState]:
    """The state after each event; always the same object."""
    state = RunState(history.workflow, history.records[0].run)
    for record in history.records:
        apply(state, record.event, record.at, record.epoch)
        state.applied = record.seq
        yield state


def where_it_stands(state: RunState) -> dict[str, Json]:
    """What can be said of a run for ever, whatever its records are called inside: change this only to keep its words.

    What only makes deciding quick is left out, for it may be worked out in another way tomorrow.
    """
    ended = state.ended
    return {
        "status": state.status,
        "epoch": state.epoch,
        "worker": state.worker,
        "cancels": state.cancels,
        "rejected": state.rejected,
        "is_paused": state.pause is not None,
        "parked": list(state.parked),
        "is_imported": state.imported is not None,
        "ended": None if ended is None else [ended.status, list(ended.reasons), ended.fault, ended.code],
        "outputs": None if ended is None else _short(ended.outputs),
        "ready": sorted(state.ready),
        "running": sorted(state.running),
        "waiting": sorted(state.waiting),
        "signals": {name: len(kept) for name, kept in sorted(state.signals.items()) if kept},
        "granted": {str(digest): approval for digest, approval in sorted(state.granted.items())},
        "trees": dict(sorted(state.lineage.items())),
        "steps": {str(place): _step(step) for place, step in sorted(state.steps.items())},
    }


_RUN = (
    *("cancels", "rejected", "is_paused", "parked", "is_imported", "ended", "outputs"),
    *("ready", "running", "waiting", "signals", "granted", "trees"),
)
_STEP_MORE = ("output", "degraded", "checks", "decisions", "asked", "rounds")
_STEP = (
    *("kind", "status", "reason", "attempts", "attempt_status", "agent", "version", "summary", "fault", "code"),
    *("message", "hint", "output_ref", "tree", "tree_before", "effect", "child", "kept_from", "let_by"),
    *("alternative", "retries", "lost", "questions", "granted", "key", "number"),
)


def _step(step: StepRun) -> dict[str, Json]:
    """What holds for one step; what is empty is left out."""
    found: dict[str, Json] = {name: getattr(step, name) for name in _STEP}
    found["output"] = _short(step.output)
    found["degraded"] = list(step.degraded)
    found["checks"] = [[check.that, check.holds] for check in step.checks]
    found["decisions"] = [[decided.by, decided.choice] for decided in step.decisions]
    found["asked"] = step.asked.approval if step.asked is not None else ""
    if step.rounds is not None:
        done: list[Json] = [[one.number, one.status, one.is_kept, one.metric, one.tree] for one in step.rounds.done]
        found["rounds"] = [step.rounds.best, step.rounds.tree, done]
    return {name: value for name, value in found.items() if value or value is False}


def _short(value: Json) -> Json:
    """A value, or its digest when it is long."""
    data = encode(value)
    return value if len(data) <= 200 else f"sha256:{sha256(data).hexdigest()}"


# ---------------------------------------------------------------------------------------------------- what must occur


def all_kinds() -> tuple[type[Any], ...]:  # classes of events, whose fields are looked at
    return _classes_of(Event)


def tag_of(kind: type[Any]) -> str:
    return str(kind.__struct_config__.tag)


def wanted() -> set[str]:
    """Every kind, and every field of it: `attempt.failed`, `attempt.failed.hint`, `receipt.bounds`, `check.say`."""
    fields = {f"{tag_of(kind)}.{field.name}" for kind in all_kinds() for field in msgspec.structs.fields(kind)}
    receipt = {f"receipt.{field.name}" for field in msgspec.structs.fields(Receipt)}
    check = {f"check.{field.name}" for field in msgspec.structs.fields(Check)}
    return {tag_of(kind) for kind in all_kinds()} | fields | receipt | check


def shown_by(event: Event) -> set[str]:
    """What of `wanted` occurs in *event*: its kind, and each field that is not what it is when it is absent."""
    tag = tag_of(type(event))
    found = {tag} | {f"{tag}.{name}" for name in _said(event)}
    found |= {f"receipt.{name}" for name in _said(getattr(event, "receipt", Receipt()))}
    checks: tuple[Check, ...] = getattr(event, "checks", ())
    for check in checks:
        found |= {f"check.{name}" for name in _said(check)}
    return found


def all_statuses() -> set[str]:
    """Every status that a run, a step or an attempt can have, every form of a step, and all that is said of them."""
    tables: dict[str, Iterable[str]] = {"run": RUN, "step": STEP, "attempt": ATTEMPT}
    found = {f"{name}: {status}" for name, table in tables.items() for status in table if status}
    forms = _classes_of(Action)
    said = {f"said of a run: {name}" for name in _RUN} | {f"said of a step: {name}" for name in (*_STEP, *_STEP_MORE)}
    return found | said | {f"form: {form.__name__}" for form in forms}


def _classes_of(union: Any) -> tuple[type[Any], ...]:  # of a union as it is written down, which has no type
    return get_args(union)


def statuses_of(state: RunState) -> set[str]:
    """What of `all_statuses` occurs in *state*."""
    where = where_it_stands(state)
    found = {f"run: {state.status}"} | {f"said of a run: {name}" for name in _RUN if where[name]}
    for step in state.steps.values():
        found |= {f"step: {step.status}", f"form: {type(step.planned.step.action).__name__}"}
        found |= {f"said of a step: {name}" for name in _step(step)}
        if step.attempt_status:
            found.add(f"attempt: {step.attempt_status}")
    return found


def shown_in(history: History) -> set[str]:
    """All that one history shows; besides what must be shown, every change of a status: `step: ready > running`."""
    found: set[str] = set()
    before: dict[str, str] = {}
    for record, state in zip(history.records, states(history), strict=True):
        found |= shown_by(record.event) | statuses_of(state)
        after = {"run": state.status} | {f"step {place}": step.status for place, step in state.steps.items()}
        for name, status in after.items():
            if before.get(name, "") != status:
                found.add(f"{name.split()[0]}: {before.get(name, '')} > {status}")
        before = after
    return found


def _said(record: Any) -> Iterator[str]:  # a record of any class
    for field in msgspec.structs.fields(type(record)):
        if field.required:
            yield field.name
            continue
        made = field.default_factory
        absent = field.default if made is msgspec.NODEFAULT else made()
        if getattr(record, field.name) != absent:
            yield field.name
