"""The reference model: the life of a run told a second time, in 150 lines and apart from the engine.

It reads the events and what happened outside, nothing else, and keeps its own small tables.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

from fairlead.core import events as e
from fairlead.core.json import Digest
from fairlead.core.workflow import EffectAction, NotifyAction, Step, Workflow
from fairlead.testing.simulation.outside import CLASSES, Happening

# Where it stands → kind of event → where it stands then. What is not in the tables may not be recorded.
_ALWAYS = {"run.cancel_requested": "open", "run.pause_requested": "paused", "run.resume_requested": "open"}
_RUN: dict[str, dict[str, str]] = {
    "": {"run.queued": "open"},
    "open": {**_ALWAYS, "run.claimed": "open", "run.parked": "parked", "run.ended": "ended"},
    "paused": {**_ALWAYS, "run.claimed": "paused", "run.ended": "ended"},
    "parked": {**_ALWAYS, "run.claimed": "parked", "run.continued": "open", "run.ended": "ended"},
    "ended": {},
}
_ENDS = {f"attempt.{end}": end for end in ("succeeded", "failed", "cancelled", "lost", "uncertain")}
_ATTEMPT: dict[str, dict[str, str]] = {
    "": {"attempt.started": "running", "attempt.failed": "failed", "wait.begun": "waiting"},
    "running": {**_ENDS, "wait.begun": "waiting"},
    "waiting": {"attempt.succeeded": "succeeded", "attempt.failed": "failed"},
}
_DECIDED = {"approve": "granted", "approve_subset": "granted", "reject": "denied", "request_changes": "denied"}
_NOT_BY_ITSELF = ("unkeyed", "irreversible", "notify")


class _Life:
    """One run, as far as its events were read."""

    def __init__(self, workflow: Workflow) -> None:
        self.steps = {name: (planned.step, planned.is_closing) for name, planned in workflow.plan.items()}
        self.window = workflow.parallel_max
        self.status, self.epoch, self.cancels, self.parked = "", 0, 0, False
        self.attempts: dict[tuple[str, int], str] = {}
        self.last: Counter[str] = Counter()  # the number of the last attempt at a place
        self.failed: Counter[str] = Counter()
        self.running: set[str] = set()
        self.done: set[str] = set()
        self.questions: dict[str, e.ApprovalAsked] = {}
        self.answers: dict[str, str] = {}  # approval → open, granted or denied
        self.voters: dict[str, set[str]] = {}
        self.unsure: dict[str, str] = {}  # place → the approval that lets it be done again
        self.again: Counter[str] = Counter()
        self.signals: Counter[str] = Counter()

    def step(self, place: str) -> tuple[Step, bool]:
        """The step that a place belongs to, and whether it stands under `finally`."""
        return self.steps[place.partition("[")[0].partition("#")[0]]


def _kind_of(step: Step) -> str:
    if isinstance(step.action, EffectAction):
        return CLASSES[step.action.kind]
    return "notify" if isinstance(step.action, NotifyAction) else ""


def problems_of(
    workflows: Mapping[Digest, Workflow], records: Sequence[e.Recorded], happened: Sequence[Happening]
) -> list[str]:
    """Everything that is wrong with *records*, in which *happened* took place, now that nobody does anything more."""
    lives: dict[str, _Life] = {}
    said: list[str] = []
    counted: Counter[tuple[str, str, str]] = Counter()
    left = sorted(happened, key=lambda one: one.after, reverse=True)
    for number in range(len(records) + 1):
        while left and left[-1].after == number:
            one = left.pop()
            begun = lives[one.run].attempts.get((one.place, one.attempt), "never begun") if one.run in lives else ""
            late = one.kind == "notify" and begun == "succeeded"  # by a worker that slept: it was perhaps delivered
            if begun not in ("running", "lost", "uncertain", "cancelled") and not late:
                said.append(f"{one.run} {one.place}: {one.kind} while attempt {one.attempt} was {begun or 'unknown'}")
            counted[one.run, one.place, CLASSES.get(one.kind, one.kind)] += 1
        if number < len(records):
            record = records[number]
            if isinstance(record.event, e.RunQueued):
                lives.setdefault(record.run, _Life(workflows[record.event.definition]))
            said += [f"{record.seq} {record.run} {problem}" for problem in _read(lives[record.run], record)]
    for (run, place, kind), count in counted.items():
        most = 1 + (lives[run].again[place] if kind in _NOT_BY_ITSELF else 0)
        if count > most:
            said.append(f"{run} {place}: a {kind} effect happened {count} times, at most {most} may")
    places = {(run, place) for run, place, _ in counted}
    for run, life in lives.items():
        if life.status != "ended" and not (life.status in ("parked", "paused") and life.parked):
            said.append(f"{run} neither ended nor waits for a named reason: it is {life.status}")
        for place in life.done:
            if _kind_of(life.step(place)[0]) in ("keyed", "unkeyed", "irreversible") and (run, place) not in places:
                said.append(f"{run} {place} succeeded, and nothing happened outside")
    return said


def _read(life: _Life, record: e.Recorded) -> list[str]:
    """Take one event; gives what is wrong with it."""
    event, kind, said = record.event, str(record.event.__struct_config__.tag), []
    if life.status == "ended":
        said.append(f"{kind} after the end")
    if kind.startswith("run."):
        if kind not in _RUN[life.status]:
            said.append(f"{kind} while {life.status or 'unborn'}")
        life.status = _RUN[life.status].get(kind, life.status)
        life.cancels += kind == "run.cancel_requested"
        life.parked = isinstance(event, e.RunPauseRequested) or bool(getattr(event, "reasons", life.parked))
    if record.epoch != (life.epoch + isinstance(event, e.RunClaimed) if record.epoch else 0):
        said.append(f"{kind} of epoch {record.epoch} while {life.epoch} holds")
    life.epoch = max(life.epoch, record.epoch)
    if isinstance(event, e.RunEnded) and life.running:
        said.append(f"ended while {sorted(life.running)} run")
    elif isinstance(event, e.SignalReceived):
        life.signals[event.name] += 1
    elif isinstance(event, e.ApprovalAsked):
        life.questions[event.approval], life.answers[event.approval] = event, "open"
        if event.about == "uncertain":
            life.unsure[event.place] = event.approval
    elif isinstance(event, e.ApprovalDecided):
        _decide(life, event)
    elif isinstance(event, e.AttemptOutcome | e.AttemptStarted | e.WaitBegun):
        said += [f"{event.place}, attempt {event.attempt}: {problem}" for problem in _attempt(life, event, kind)]
    return said


def _decide(life: _Life, event: e.ApprovalDecided) -> None:
    voters = life.voters.setdefault(event.approval, set())
    if life.answers.get(event.approval) != "open" or event.by in voters:
        return
    voters.add(event.by)
    wanted = max((one.min for one in life.questions[event.approval].approvers), default=1)
    if _DECIDED[event.choice] == "denied" or len(voters) >= wanted:
        life.answers[event.approval] = _DECIDED[event.choice]


def _attempt(life: _Life, event: e.AttemptOutcome | e.AttemptStarted | e.WaitBegun, kind: str) -> list[str]:
    place, number, said = event.place, event.attempt, []
    step, is_closing = life.step(place)
    before = life.attempts.get((place, number), "")
    if kind not in _ATTEMPT.get(before, {}) or number != life.last[place] + (not before) or place in life.done:
        said.append(f"{kind} after {before or life.last[place]}{' and success' * (place in life.done)}")
    life.last[place] = number
    now = life.attempts[place, number] = _ATTEMPT.get(before, {}).get(kind, before)
    (life.running.add if now == "running" else life.running.discard)(place)
    life.failed[place] += now == "failed"
    if life.failed[place] > 1 + step.retry.max + len(step.fallback):
        said.append(f"failed {life.failed[place]} times and was repeated {step.retry.max} times at most")
    life.done |= {place} if now == "succeeded" else set()
    if now == "lost" and _kind_of(step) in _NOT_BY_ITSELF:
        said.append("an effect that may not be repeated was called lost")
    if isinstance(event, e.AttemptStarted):
        if len(life.running) > life.window or life.status == "paused" or life.cancels > is_closing:
            said.append(f"begun with {len(life.running)} running, {life.status}, {life.cancels} times cancelled")
        if event.granted and event.granted != "allowed" and life.answers.get(event.granted) != "granted":
            said.append(f"begun without the yes of {event.granted}")
        if event.effect == "irreversible" and event.granted in ("", "allowed"):
            said.append("an irreversible effect that nobody was asked about")
        if life.unsure.get(place):
            if life.answers[life.unsure[place]] != "granted":
                said.append("repeated while nobody knows whether it happened")
            life.again[place], life.unsure[place] = life.again[place] + 1, ""
    signal = event.output.get("event") if isinstance(event, e.AttemptSucceeded) and event.output else ""
    if signal and before == "waiting":
        life.signals[signal] -= 1
        if life.signals[signal] < 0:
            said.append(f"the signal {signal} was taken and never sent")
    return said
